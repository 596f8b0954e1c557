/* Every operator's gradient against central differences, on random shapes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv2d.h"
#include "gradcheck.h"
#include "matmul.h"

#include <string.h>

static void assert_case(size_t i, uint32_t seed, const struct tmk_graph_options *options)
{
    struct tmk_gradcheck result;
    enum tmk_status status = tmk_gradcheck_run(i, seed, options, &result);
    if (status != TMK_OK)
        fail_msg("%s %s %s, seed %u: %s", result.name, result.note, result.shapes, seed,
                 tmk_message());
    if (!result.passed)
        fail_msg("%s %s %s, seed %u, %d threads: error %.3g in %zu elements", result.name,
                 result.note, result.shapes, seed, options->threads, result.error, result.elements);
}

static void every_case_on_random_shapes(void **state)
{
    (void)state;
    struct tmk_graph_options options = {.threads = 1};
    for (size_t i = 0; i < tmk_gradcheck_count(); i++) {
        for (uint32_t seed = 1; seed <= 10; seed++)
            assert_case(i, seed, &options);
    }
}

static void every_case_on_three_threads(void **state)
{
    (void)state;
    struct tmk_graph_options options = {.threads = 3};
    for (size_t i = 0; i < tmk_gradcheck_count(); i++)
        assert_case(i, 11, &options);
}

/* The cases of one operator by each of its implementations. */
static void check_impls(const struct tmk_op *op)
{
    for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
        const struct tmk_impl *const chosen[] = {*impl, tmk_op_impl(op, "naive"), NULL};
        struct tmk_graph_options options = {.threads = 2};
        if (op == &tmk_op_conv2d)
            options.conv2d = chosen;
        else
            options.matmul = chosen;
        for (size_t i = 0; i < tmk_gradcheck_count(); i++) {
            struct tmk_gradcheck result;
            assert_int_equal(tmk_gradcheck_run(i, 12, &options, &result), TMK_OK);
            if (strcmp(result.name, op->name) == 0)
                assert_case(i, 12, &options);
        }
    }
}

static void matmul_by_every_implementation(void **state)
{
    (void)state;
    check_impls(&tmk_op_matmul);
}

static void conv2d_by_every_implementation(void **state)
{
    (void)state;
    check_impls(&tmk_op_conv2d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_on_random_shapes),
        cmocka_unit_test(every_case_on_three_threads),
        cmocka_unit_test(matmul_by_every_implementation),
        cmocka_unit_test(conv2d_by_every_implementation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
