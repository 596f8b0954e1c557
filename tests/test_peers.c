/* Peers: finding, loading and naming libraries, and calling them, on libraries made for the purpose
 * (fake_blas.c). The real ones are tested in test_rivals.c. */
#include "check.h"
#include "conv2d_random.h"
#include "isa.h"
#include "matmul_cases.h"
#include "peers.h"
#include "search.h"

#include "conv2d_run.h"

#include <stdlib.h>
#include <unistd.h>

static const char *path_of(const char *fake)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/libfake_blas_%s.so", getenv("TMK_FAKE_DIR"), fake);
    return path;
}

static enum tmk_status add(const char *name, const char *path)
{
    char spec[4200];
    snprintf(spec, sizeof spec, "%s=%s", name, path);
    return tmk_peer_add(spec);
}

/* The implementation made of a fake that bears its name. */
static const struct tmk_impl *impl_of(const struct tmk_op *of, const char *name)
{
    const char *fake = strncmp(name, "im2col_", 7) == 0 ? name + 7 : name;
    if (add(fake, path_of(fake)) != TMK_OK)
        fail_msg("%s", tmk_message());
    const struct tmk_impl *impl = tmk_op_impl(of, name);
    assert_non_null(impl);
    return impl;
}

static struct tmk_verdict verdict_of(const struct tmk_impl *impl, const struct tmk_problem *problem,
                                     enum tmk_dir dir, int threads)
{
    struct tmk_reference reference;
    struct tmk_verdict verdict = {.passed = false};
    if (tmk_reference_make(problem, dir, 3, &reference) != TMK_OK ||
        tmk_check_impl(&reference, impl, threads, &verdict) != TMK_OK)
        fail_msg("%s: %s", impl->name, tmk_message());
    tmk_reference_free(&reference);
    return verdict;
}

static void assert_right(const struct tmk_impl *impl, const struct tmk_problem *problem,
                         int threads)
{
    char text[TMK_DESC_MAX];
    problem->op->format(problem, text, sizeof text);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        const char *refusal = tmk_impl_refusal_on(impl, problem, (enum tmk_dir)dir, threads);
        if (refusal)
            fail_msg("%s %s: %s", impl->name, text, refusal);
        struct tmk_verdict verdict = verdict_of(impl, problem, (enum tmk_dir)dir, threads);
        if (!verdict.passed)
            fail_msg("%s %s %s on %d: %s", impl->name, text, tmk_dir_name[dir], threads,
                     verdict.text);
    }
}

/* Plain, transposed, broadcast either way and both, batch axes that merge and that do not, strides
 * with gaps, vectors. */
static const char *const products[] = {"5x3:3x4",
                                       "--stag=ba --wtag=ba 65x7:7x33",
                                       "1x3x4:5x4x2",
                                       "5x3x4:1x4x2",
                                       "3x1x2x4:1x5x4x2",
                                       "6x6x5x4:4x3",
                                       "1x1:1x1",
                                       "1x30:30x1",
                                       "100x1:1x7",
                                       "4x1x5x3:1x1x3x2",
                                       "--strides=120x1::100x1 10x30:30x20",
                                       "--strides=1x11:1x33: 10x30:30x20",
                                       "2x1x2x1x2x1x3x4:1x2x1x2x1x2x4x5"};

static void test_products(void **state)
{
    (void)state;
    static const char *const fakes[] = {"plain", "wide"};
    for (size_t f = 0; f < COUNT(fakes); f++) {
        for (size_t i = 0; i < 2 * COUNT(products); i++) {
            struct tmk_matmul p = problem_of(products[i / 2], (enum tmk_dtype)(i % 2));
            assert_right(impl_of(&tmk_op_matmul, fakes[f]), &p.base, 1);
        }
    }
}

static void test_random_products(void **state)
{
    (void)state;
    const struct tmk_impl *impl = impl_of(&tmk_op_matmul, "plain");
    struct tmk_random random;
    tmk_random_seed(&random, 9);
    size_t taken = 0;
    for (uint32_t i = 0; i < 600; i++) {
        struct tmk_matmul p = random_problem(&random, (enum tmk_dtype)(i % TMK_NDTYPES));
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            if (tmk_impl_refusal(impl, &p.base, (enum tmk_dir)dir))
                continue;
            taken++;
            struct tmk_verdict verdict = verdict_of(impl, &p.base, (enum tmk_dir)dir, 1);
            if (!verdict.passed)
                fail_msg("seed 9, problem %u, %s: %s", i, tmk_dir_name[dir], verdict.text);
        }
    }
    assert_true(taken > 600); /* most have unit strides */
}

static void test_convolutions(void **state)
{
    (void)state;
    const struct tmk_impl *impl = impl_of(&tmk_op_conv2d, "im2col_plain");
    static struct tmk_random random;
    tmk_random_seed(&random, 4);
    for (int i = 0; i < 120; i++) {
        char desc[TMK_DESC_MAX];
        random_descriptor(&random, desc, sizeof desc);
        const struct tmk_conv2d p = variant_of(desc, i % 3, i % VARIANTS);
        assert_right(impl, &p.base, 1);
    }
}

static void test_symbols_of_two_libraries_do_not_meet(void **state)
{
    (void)state;
    const struct tmk_impl *plain = impl_of(&tmk_op_matmul, "plain");
    const struct tmk_impl *twice = impl_of(&tmk_op_matmul, "twice");
    const struct tmk_matmul p = problem_of("5x3:3x4", TMK_F32);
    for (int i = 0; i < 2; i++) {
        assert_false(verdict_of(twice, &p.base, TMK_FWD, 1).passed);
        assert_true(verdict_of(plain, &p.base, TMK_FWD, 1).passed);
    }
}

/* --- threads --- */

static void test_threads_that_cannot_be_counted_are_refused(void **state)
{
    (void)state;
    const struct tmk_impl *impl = impl_of(&tmk_op_matmul, "plain");
    const struct tmk_matmul p = problem_of("5x3:3x4", TMK_F32);
    assert_null(tmk_impl_refusal_on(impl, &p.base, TMK_FWD, 1));
    assert_non_null(strstr(tmk_impl_refusal_on(impl, &p.base, TMK_FWD, 2), "cannot be counted"));
    struct tmk_peer_calls calls = {.peer = TMK_PEERS_KNOWN};
    const struct tmk_exec exec = {.threads = 2};
    assert_int_equal(tmk_peer_run(&calls, &exec), TMK_EUNSUPPORTED);
}

static void test_libraries_on_openmp_take_any_number(void **state)
{
    (void)state;
    const struct tmk_impl *impl = impl_of(&tmk_op_matmul, "team");
    for (size_t i = 0; i < COUNT(products); i++) {
        struct tmk_matmul p = problem_of(products[i], TMK_F32);
        assert_right(impl, &p.base, 1 + (int)i % 3);
    }
    const struct tmk_conv2d conv = variant_of("g3mb2ic6oc9ih9kh3", true, 0);
    assert_right(impl_of(&tmk_op_conv2d, "im2col_team"), &conv.base, 3);
}

/* Its jobs wait for one another, so each needs a thread of the team. */
static void test_jobs_of_a_pool_run_on_the_team(void **state)
{
    (void)state;
    const struct tmk_impl *impl = impl_of(&tmk_op_matmul, "pool");
    static const int counts[] = {1, 2, 4, 3};
    for (size_t i = 0; i < 2 * COUNT(products); i++) {
        struct tmk_matmul p = problem_of(products[i / 2], (enum tmk_dtype)(i % 2));
        assert_right(impl, &p.base, counts[i % COUNT(counts)]);
    }
    const struct tmk_matmul p = problem_of("5x3:3x4", TMK_F32);
    assert_non_null(strstr(tmk_impl_refusal_on(impl, &p.base, TMK_FWD, 7), "not built for 7"));
}

/* --- what is told --- */

static int number_of(const char *name)
{
    int number = 0;
    while (number < TMK_PEERS && strcmp(tmk_peer_name[number], name) != 0)
        number++;
    assert_true(number < TMK_PEERS);
    return number;
}

static void test_facts(void **state)
{
    (void)state;
    impl_of(&tmk_op_matmul, "plain");
    impl_of(&tmk_op_matmul, "pool");
    impl_of(&tmk_op_matmul, "team");
    const struct tmk_peer_facts *plain = tmk_peer_facts(number_of("plain"));
    assert_non_null(strstr(plain->path, "/libfake_blas_plain.so"));
    assert_string_equal(plain->version, "unknown");
    assert_string_equal(plain->threading, "one thread only");
    assert_non_null(strstr(tmk_peer_facts(number_of("team"))->threading, "OpenMP ("));
    assert_true(tmk_peer_gflops(number_of("team")) > 0);
    const struct tmk_peer_facts *pool = tmk_peer_facts(number_of("pool"));
    assert_string_equal(pool->version, "OpenBLAS 9.8.7");
    assert_non_null(strstr(pool->threading, "jobs on this program's OpenMP team"));
}

/* It falls to old kernels unless a variable names better ones. */
static void test_kernels_for_our_isa_are_chosen(void **state)
{
    (void)state;
    impl_of(&tmk_op_matmul, "pool");
    const struct tmk_peer_facts *facts = tmk_peer_facts(number_of("pool"));
    switch (tmk_isa()) {
    case TMK_ISA_AVX512:
        assert_string_equal(facts->kernel, "SkylakeX");
        assert_string_equal(facts->setting, "OPENBLAS_CORETYPE=SKYLAKEX");
        break;
    case TMK_ISA_AVX2:
        assert_string_equal(facts->kernel, "Haswell");
        assert_string_equal(facts->setting, "OPENBLAS_CORETYPE=HASWELL");
        break;
    default:
        assert_string_equal(facts->kernel, "Prescott");
        assert_string_equal(facts->setting, "");
    }
}

static void test_views_that_blas_cannot_take(void **state)
{
    (void)state;
    const struct tmk_impl *impl = impl_of(&tmk_op_matmul, "plain");
    const struct tmk_matmul p = problem_of("--strides=90x3:: 10x30:30x20", TMK_F32);
    assert_non_null(strstr(tmk_impl_refusal(impl, &p.base, TMK_FWD), "reads matrices"));
    assert_non_null(strstr(tmk_impl_refusal(impl, &p.base, TMK_BWD_D), "writes matrices"));
    struct tmk_args args = {{{.ndim = 0}}};
    struct tmk_exec exec = {.threads = 1};
    assert_int_equal(tmk_op_operands(&p.base, &args), TMK_OK);
    assert_int_equal(tmk_impl_prepare(impl, &p.base, TMK_FWD, &args, &exec), TMK_EUNSUPPORTED);
}

/* --- folding --- */

/* The products that are left of the batch, and the size of one. */
static void assert_folds(const char *text, enum tmk_dir dir, size_t kept, size_t reduced,
                         size_t rows, size_t cols, size_t depth)
{
    const struct tmk_matmul p = problem_of(text, TMK_F32);
    struct tmk_args args;
    assert_int_equal(tmk_op_operands(&p.base, &args), TMK_OK);
    struct tmk_product product = tmk_matmul_as_product(&p.base, dir, &args);
    product = tmk_product_fold(&product);
    const int row = product.out.ndim - 2;
    const size_t want[] = {kept, reduced, rows, cols, depth};
    const size_t got[] = {tmk_product_positions(&product, false),
                          tmk_product_positions(&product, true), product.out.shape[row],
                          product.out.shape[row + 1], product.left.shape[row + 1]};
    for (size_t i = 0; i < COUNT(want); i++) {
        if (want[i] != got[i])
            fail_msg("%s %s: number %zu is %zu, not %zu", text, tmk_dir_name[dir], i, got[i],
                     want[i]);
    }
    assert_int_equal(product.right.shape[row], product.left.shape[row + 1]);
}

static void test_batches_fold_into_matrices(void **state)
{
    (void)state;
    assert_folds("5x3:3x4", TMK_FWD, 1, 1, 5, 4, 3);
    assert_folds("6x7x5x3:3x4", TMK_FWD, 1, 1, 6 * 7 * 5, 4, 3);
    assert_folds("6x7x5x3:3x4", TMK_BWD_W, 1, 1, 3, 4, 6 * 7 * 5);
    assert_folds("6x7x5x3:3x4", TMK_BWD_D, 1, 1, 6 * 7 * 5, 3, 4);
    assert_folds("6x5x3:6x3x4", TMK_FWD, 6, 1, 5, 4, 3);
    assert_folds("1x5x3:6x3x4", TMK_FWD, 6, 1, 5, 4, 3); /* columns of C would not follow */
    assert_folds("1x5x3:6x3x4", TMK_BWD_D, 1, 6, 5, 3, 4);
    assert_folds("2x6x5x3:2x1x3x4", TMK_FWD, 2, 1, 6 * 5, 4, 3);
    assert_folds("2x6x5x3:2x1x3x4", TMK_BWD_W, 2, 1, 3, 4, 6 * 5);
    assert_folds("--stag=ba 6x5x3:3x4", TMK_FWD, 6, 1, 5, 4, 3);
}

/* --- naming and finding --- */

static void test_names_join_the_lists(void **state)
{
    (void)state;
    impl_of(&tmk_op_matmul, "plain");
    assert_ptr_equal(tmk_op_impl(&tmk_op_matmul, "plain")->name, tmk_peer_name[number_of("plain")]);
    assert_non_null(tmk_op_impl(&tmk_op_conv2d, "im2col_plain"));
    assert_null(tmk_op_impl(&tmk_op_matmul, ""));
    const struct tmk_impl *impl;
    for (size_t i = 0; (impl = tmk_op_impl_at(&tmk_op_matmul, i)); i++)
        assert_true(impl->name[0]);
}

static void assert_refused(const char *spec, enum tmk_status status, const char *why)
{
    if (tmk_peer_add(spec) != status || !strstr(tmk_message(), why))
        fail_msg("%s: wanted '%s', got '%s'", spec, why, tmk_message());
}

static void test_specs_that_are_refused(void **state)
{
    (void)state;
    char text_file[] = "/tmp/tmk-peers-XXXXXX", spec[4200];
    assert_refused("plain", TMK_EINVAL, "write NAME=");
    assert_refused("=x.so", TMK_EINVAL, "write NAME=");
    assert_refused("a-b=x.so", TMK_EINVAL, "write NAME=");
    assert_refused("a_name_that_is_much_too_long=x.so", TMK_EINVAL, "write NAME=");
    assert_refused("missing=/nonexistent/lib.so", TMK_EIO, "no such file");
    assert_refused("onednn_sgemm=x.so", TMK_EINVAL, "stands for oneDNN");
    close(mkstemp(text_file));
    snprintf(spec, sizeof spec, "text=%s", text_file);
    assert_refused(spec, TMK_EIO, "cannot load");
    unlink(text_file);
    snprintf(spec, sizeof spec, "other=%s", path_of("not"));
    assert_refused(spec, TMK_EIO, "has no cblas_sgemm");
    assert_null(tmk_op_impl(&tmk_op_matmul, "text")); /* nothing is left of them */
    assert_null(tmk_op_impl(&tmk_op_matmul, "other"));
}

static void test_a_library_has_one_name_and_a_name_one_library(void **state)
{
    (void)state;
    char spec[4200];
    impl_of(&tmk_op_matmul, "plain");
    assert_int_equal(add("plain", path_of("plain")), TMK_OK);
    snprintf(spec, sizeof spec, "plain=%s", path_of("twice"));
    assert_refused(spec, TMK_EINVAL, "stands for");
    snprintf(spec, sizeof spec, "again=%s", path_of("plain"));
    assert_refused(spec, TMK_EIO, "is plain already");
}

static void make_file(const char *folder, const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static void test_searching(void **state)
{
    (void)state;
    static const char *const names[] = {"libx.so.1", "libx.so.2", "liby.so"};
    static const char *const patterns[] = {"libx.so.*", "liby.so", "libx.so.2", NULL};
    static const char *const nothing[] = {"libno-such-library.so", NULL};
    static struct tmk_search found;
    char folder[] = "/tmp/tmk-peers-XXXXXX", value[64];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT(names); i++)
        make_file(folder, names[i]);
    snprintf(value, sizeof value, "/nonexistent:%s", folder);
    setenv("TILEMARK_PEERS", value, 1);
    tmk_search(patterns, &found);
    static const char *const wanted[] = {"libx.so.2", "libx.so.1", "liby.so"};
    assert_true(found.count >= COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++)
        assert_string_equal(strrchr(found.path[i], '/') + 1, wanted[i]);
    tmk_search(nothing, &found);
    assert_int_equal(found.count, 0);
    setenv("TILEMARK_PEERS", "none", 1);
    tmk_search(patterns, &found);
    assert_int_equal(found.count, 0);
    unsetenv("TILEMARK_PEERS");
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void test_missing_libraries_say_how_to_get_them(void **state)
{
    (void)state;
    static const char *const remedies[TMK_PEERS_KNOWN] = {[TMK_PEER_OPENBLAS] =
                                                              "libopenblas0-openmp",
                                                          [TMK_PEER_BLIS] = "libblis4-openmp",
                                                          [TMK_PEER_MKL] = "pip install mkl",
                                                          [TMK_PEER_ONEDNN] = "libdnnl-dev"};
    const struct tmk_matmul p = problem_of("5x3:3x4", TMK_F32);
    for (int peer = 0; peer < TMK_PEERS_KNOWN; peer++) {
        const struct tmk_impl *impl = tmk_op_impl(&tmk_op_matmul, tmk_peer_name[peer]);
        assert_non_null(impl);
        assert_int_equal(tmk_impl_absent(impl), !tmk_peer_found(peer));
        if (tmk_impl_absent(impl))
            assert_non_null(strstr(tmk_impl_refusal(impl, &p.base, TMK_FWD), remedies[peer]));
    }
}

/* Last: it fills the list. */
static void test_names_run_out(void **state)
{
    (void)state;
    static const char *const fakes[] = {"plain", "twice", "wide", "pool", "team", "spare"};
    enum tmk_status status = TMK_OK;
    for (size_t i = 0; i < COUNT(fakes) && status == TMK_OK; i++)
        status = add(fakes[i], path_of(fakes[i]));
    assert_int_equal(status, TMK_OK);
    assert_refused("one_more=/lib/libc.so.6", TMK_EINVAL, "there are 10 libraries already");
}

int main(void)
{
    unsetenv("OPENBLAS_CORETYPE");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_random_products),
        cmocka_unit_test(test_convolutions),
        cmocka_unit_test(test_symbols_of_two_libraries_do_not_meet),
        cmocka_unit_test(test_threads_that_cannot_be_counted_are_refused),
        cmocka_unit_test(test_libraries_on_openmp_take_any_number),
        cmocka_unit_test(test_jobs_of_a_pool_run_on_the_team),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_kernels_for_our_isa_are_chosen),
        cmocka_unit_test(test_views_that_blas_cannot_take),
        cmocka_unit_test(test_batches_fold_into_matrices),
        cmocka_unit_test(test_names_join_the_lists),
        cmocka_unit_test(test_specs_that_are_refused),
        cmocka_unit_test(test_a_library_has_one_name_and_a_name_one_library),
        cmocka_unit_test(test_searching),
        cmocka_unit_test(test_missing_libraries_say_how_to_get_them),
        cmocka_unit_test(test_names_run_out),
    };
    return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
