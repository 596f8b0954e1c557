/* How the blocked engine walks an index: axes, positions and runs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "axes.h"

static struct tmk_axes axes_of(const struct tmk_gemm_index *index, const ptrdiff_t *y,
                               const ptrdiff_t *x)
{
    struct tmk_axes axes = {0};
    tmk_axes_make(&axes, index, y, x);
    return axes;
}

static void neighbouring_axes_merge(void **state)
{
    (void)state;
    struct tmk_gemm_index index = {3, {2, 3, 4}, {12, 4, 1}, {24, 8, 2}};
    struct tmk_axes axes = axes_of(&index, NULL, NULL);
    assert_int_equal(axes.n, 1);
    assert_int_equal(axes.axis[0].extent, 24);
    assert_int_equal(axes.axis[0].step[TMK_STEP_SECOND], 2);
}

static void axes_merge_only_if_both_operands_run_on(void **state)
{
    (void)state;
    struct tmk_gemm_index index = {2, {3, 4}, {4, 1}, {5, 1}};
    assert_int_equal(axes_of(&index, NULL, NULL).n, 2);
    ptrdiff_t y[] = {1, 0}, x[] = {0, 1};
    struct tmk_gemm_index image = {2, {3, 4}, {4, 1}, {4, 1}};
    assert_int_equal(axes_of(&image, NULL, NULL).n, 1);
    assert_int_equal(axes_of(&image, y, x).n, 2);
}

static void axes_of_one_position_vanish(void **state)
{
    (void)state;
    struct tmk_gemm_index index = {3, {1, 5, 1}, {7, 2, 3}, {0, 1, 9}};
    struct tmk_axes axes = axes_of(&index, NULL, NULL);
    assert_int_equal(axes.n, 1);
    assert_int_equal(axes.axis[0].step[TMK_STEP_FIRST], 2);
    struct tmk_gemm_index scalar = {1, {1}, {7}, {7}};
    axes = axes_of(&scalar, NULL, NULL);
    assert_int_equal(axes.n, 0);
    assert_int_equal(tmk_axes_count(&axes), 1);
}

static void positions_start_anywhere(void **state)
{
    (void)state;
    struct tmk_gemm_index index = {2, {3, 4}, {10, 1}, {1, 3}};
    struct tmk_axes axes = axes_of(&index, NULL, NULL);
    ptrdiff_t first[6], second[6];
    tmk_axes_positions(&axes, 3, 6, first, second, NULL, NULL);
    const ptrdiff_t want_first[] = {3, 10, 11, 12, 13, 20}, want_second[] = {9, 1, 4, 7, 10, 2};
    assert_memory_equal(first, want_first, sizeof first);
    assert_memory_equal(second, want_second, sizeof second);
}

static void runs_are_as_few_as_can_be(void **state)
{
    (void)state;
    struct tmk_gemm_index rows = {2, {3, 4}, {10, 1}, {8, 2}};
    struct tmk_axes axes = axes_of(&rows, NULL, NULL);
    struct tmk_run runs[8];
    assert_int_equal(tmk_axes_runs(&axes, TMK_STEP_FIRST, false, 3, 6, runs), 3);
    assert_int_equal(runs[0].length, 1);
    assert_int_equal(runs[0].offset, 3);
    assert_int_equal(runs[1].start, 1);
    assert_int_equal(runs[1].length, 4);
    assert_int_equal(runs[1].offset, 10);
    assert_int_equal(runs[2].offset, 20);
    assert_int_equal(tmk_axes_runs(&axes, TMK_STEP_SECOND, false, 3, 6, runs), 1);
    assert_int_equal(runs[0].length, 6);
    assert_int_equal(runs[0].step, 2);
    ptrdiff_t step;
    assert_false(tmk_axes_linear(&axes, TMK_STEP_FIRST, &step));
    assert_true(tmk_axes_linear(&axes, TMK_STEP_SECOND, &step));
    assert_int_equal(step, 2);
}

static void runs_break_at_a_new_image_row(void **state)
{
    (void)state;
    struct tmk_gemm_index image = {2, {3, 4}, {4, 1}, {4, 1}};
    ptrdiff_t y[] = {2, 0}, x[] = {0, 3};
    struct tmk_axes axes = axes_of(&image, y, x);
    struct tmk_run runs[12];
    assert_int_equal(tmk_axes_runs(&axes, TMK_STEP_FIRST, true, 2, 10, runs), 3);
    assert_int_equal(runs[0].length, 2);
    assert_int_equal(runs[0].x, 6);
    assert_int_equal(runs[2].start, 6);
    assert_int_equal(runs[2].y, 4);
    assert_int_equal(runs[2].x_step, 3);
    assert_int_equal(tmk_axes_runs(&axes, TMK_STEP_SECOND, false, 2, 10, runs), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbouring_axes_merge),
        cmocka_unit_test(axes_merge_only_if_both_operands_run_on),
        cmocka_unit_test(axes_of_one_position_vanish),
        cmocka_unit_test(positions_start_anywhere),
        cmocka_unit_test(runs_are_as_few_as_can_be),
        cmocka_unit_test(runs_break_at_a_new_image_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
