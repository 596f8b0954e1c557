/* The libraries that this machine has, held against the oracle; skipped where there are none. */
#include "check.h"
#include "conv2d_random.h"
#include "matmul_cases.h"
#include "peers.h"

#include "conv2d_run.h"

static const int thread_counts[] = {1, 2};

static void check_impl(const struct tmk_impl *impl, const struct tmk_problem *problem,
                       const struct tmk_reference *reference, int threads, const char *text)
{
    struct tmk_verdict verdict;
    if (tmk_impl_refusal_on(impl, problem, reference->dir, threads))
        return;
    enum tmk_status status = tmk_check_impl(reference, impl, threads, &verdict);
    if (status != TMK_OK || !verdict.passed)
        fail_msg("%s:%s --impl %s --dir %s --dtype %s --layout %s --threads %d: %s",
                 problem->op->name, text, impl->name, tmk_dir_name[reference->dir],
                 tmk_dtype_name[problem->dtype], tmk_layout_name[problem->layout], threads,
                 status ? tmk_message() : verdict.text);
}

/* Every peer that is here, in every direction. */
static void check_peers(const struct tmk_problem *problem, int threads)
{
    char text[TMK_DESC_MAX];
    problem->op->format(problem, text, sizeof text);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        struct tmk_reference reference;
        if (tmk_reference_make(problem, (enum tmk_dir)dir, 6, &reference) != TMK_OK)
            fail_msg("%s", tmk_message());
        for (const struct tmk_impl *const *impl = problem->op->peers; *impl && (*impl)->name[0];
             impl++)
            check_impl(*impl, problem, &reference, threads, text);
        tmk_reference_free(&reference);
    }
}

static bool has_peers(const struct tmk_op *of)
{
    for (const struct tmk_impl *const *impl = of->peers; *impl && (*impl)->name[0]; impl++) {
        if (!tmk_impl_absent(*impl))
            return true;
    }
    return false;
}

static void test_products(void **state)
{
    (void)state;
    static const char *const texts[] = {"65x67:67x33",
                                        "--stag=ba --wtag=ba 65x67:67x33",
                                        "1x3x4:5x4x2",
                                        "7x32x16:1x16x8",
                                        "3x1x20x4:1x5x4x12",
                                        "6x6x5x4:4x3",
                                        "1x300:300x1",
                                        "100x1:1x17",
                                        "6x17x33:6x33x9",
                                        "1x512:512x200",
                                        "--strides=120x1::100x1 10x30:30x20",
                                        "2x1x2x1x2x1x3x4:1x2x1x2x1x2x4x5"};
    for (size_t i = 0; i < 2 * COUNT(texts); i++) {
        struct tmk_matmul p = problem_of(texts[i / 2], (enum tmk_dtype)(i % 2));
        check_peers(&p.base, thread_counts[i % COUNT(thread_counts)]);
    }
}

static void test_random_products(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 12);
    for (uint32_t i = 0; i < 100; i++) {
        struct tmk_matmul p = random_problem(&random, (enum tmk_dtype)(i % TMK_NDTYPES));
        check_peers(&p.base, 1);
    }
}

static void test_convolutions(void **state)
{
    (void)state;
    static const char *const descs[] = {"mb2ic16oc32ih14kh3ph1",     "mb1ic3oc24ih25kh7sh2ph3",
                                        "mb2ic35oc17ih13kh1",        "g32mb1ic32oc32ih12kh3ph1",
                                        "g4mb2ic12oc8ih15kh3sh2ph1", "mb1ic16oc16ih12kh3dh1ph2"};
    for (size_t i = 0; i < COUNT(descs) * VARIANTS; i++) {
        const struct tmk_conv2d p = variant_of(descs[i / VARIANTS], i % 3, (int)(i % VARIANTS));
        check_peers(&p.base, thread_counts[i / 2 % COUNT(thread_counts)]);
    }
}

static void test_random_convolutions(void **state)
{
    (void)state;
    static struct tmk_random random;
    tmk_random_seed(&random, 13);
    for (int i = 0; i < 100; i++) {
        char desc[TMK_DESC_MAX];
        random_descriptor(&random, desc, sizeof desc);
        const struct tmk_conv2d p = variant_of(desc, i % 3, i % VARIANTS);
        check_peers(&p.base, 1);
    }
}

/* They say what they are. */
static void test_facts(void **state)
{
    (void)state;
    for (int peer = 0; peer < TMK_PEERS_KNOWN; peer++) {
        const char *refusal = tmk_peer_refusal(peer);
        if (refusal) {
            assert_true(refusal[0]);
            continue;
        }
        const struct tmk_peer_facts *facts = tmk_peer_facts(peer);
        assert_true(facts->path[0] == '/');
        assert_non_null(strchr(facts->version, ' '));
        assert_true(facts->kernel[0] && facts->threading[0]);
        assert_true(tmk_peer_gflops(peer) > 0);
    }
}

int main(void)
{
    if (!has_peers(&tmk_op_matmul) && !has_peers(&tmk_op_conv2d)) {
        print_message("1..0 # SKIP no rival library is installed\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),     cmocka_unit_test(test_random_products),
        cmocka_unit_test(test_convolutions), cmocka_unit_test(test_random_convolutions),
        cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests_name("rivals", tests, NULL, NULL);
}
