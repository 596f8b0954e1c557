/* Random sums of results: what is right passes, and one wrong element anywhere is found. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"
#include "conv2d_random.h"
#include "matmul.h"
#include "sets.h"

#include "conv2d_run.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct tmk_impl *honest;
static struct tmk_random stream;

enum fault { ONE_OFF, ONE_UNWRITTEN };
static enum fault fault;

static void random_place(const struct tmk_view *view, size_t *index)
{
    for (int d = 0; d < view->ndim; d++)
        index[d] = tmk_random_below(&stream, (uint32_t)view->shape[d]);
}

/* What the honest one does, then the fault. */
static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    size_t a[TMK_MAX_DIMS];
    const struct tmk_view *out = &args->operand[tmk_dir_output[dir]];
    TMK_TRY(honest->run(problem, dir, args, exec));
    random_place(out, a);
    if (fault == ONE_OFF)
        tmk_view_set(out, a, tmk_view_get(out, a) + 1);
    else if (fault == ONE_UNWRITTEN)
        tmk_view_set(out, a, NAN);
    return TMK_OK;
}

static size_t workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, int threads)
{
    (void)self;
    return tmk_impl_workspace(honest, problem, dir, threads);
}

static const struct tmk_impl spoiled = {.name = "spoiled", .workspace = workspace, .run = run};

static struct tmk_verdict judge(const struct tmk_problem *problem, enum tmk_dir dir,
                                const struct tmk_impl *impl)
{
    struct tmk_reference reference;
    struct tmk_verdict verdict;
    assert_int_equal(tmk_reference_make_sums(problem, dir, 5, &reference), TMK_OK);
    assert_true(problem->dtype == TMK_F64 || reference.thin);
    assert_int_equal(tmk_check_impl(&reference, impl, 2, &verdict), TMK_OK);
    tmk_reference_free(&reference);
    return verdict;
}

/* Each of ours passes; blocked, spoiled, does not. */
static void check(const struct tmk_problem *problem, const char *text)
{
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        for (const struct tmk_impl *const *impl = problem->op->impls; *impl; impl++) {
            if (tmk_impl_refusal(*impl, problem, (enum tmk_dir)dir))
                continue;
            struct tmk_verdict verdict = judge(problem, (enum tmk_dir)dir, *impl);
            if (!verdict.passed)
                fail_msg("%s %s %s: %s", text, tmk_dir_name[dir], (*impl)->name, verdict.text);
        }
        honest = tmk_op_impl(problem->op, "blocked");
        for (fault = 0; fault <= ONE_UNWRITTEN; fault++) {
            if (judge(problem, (enum tmk_dir)dir, &spoiled).passed)
                fail_msg("%s %s: fault %d was not found", text, tmk_dir_name[dir], fault);
        }
    }
}

static void products(void **state)
{
    (void)state;
    static const char *const texts[] = {"17x40:40x23",
                                        "1x1:1x1",
                                        "1x300:300x7",
                                        "7x1:1x1500",
                                        "--stag=ba --wtag=ba 19x8:8x5",
                                        "7x4x16:1x16x8",
                                        "1x3x4:5x4x2",
                                        "--strides=120x1::100x1 10x30:30x20"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct tmk_context context = {.dtype = i % 4 == 3 ? TMK_F64 : TMK_F32};
        struct tmk_list list = {0};
        char text[TMK_DESC_MAX];
        snprintf(text, sizeof text, "matmul:%s", texts[i]);
        assert_int_equal(tmk_list_descriptor(&list, text, &context), TMK_OK);
        check(list.items[0].problem, texts[i]);
        tmk_list_free(&list);
    }
}

static void convolutions(void **state)
{
    (void)state;
    tmk_random_seed(&stream, 12);
    for (int i = 0; i < 60; i++) {
        char desc[TMK_DESC_MAX] = "g2mb2ic6oc10ih9kh3ph1";
        if (i >= VARIANTS)
            random_descriptor(&stream, desc, sizeof desc);
        const struct tmk_conv2d p = variant_of(desc, i % 3 > 0, i % VARIANTS);
        check(&p.base, desc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products),
        cmocka_unit_test(convolutions),
    };
    return cmocka_run_group_tests_name("sums", tests, NULL, NULL);
}
