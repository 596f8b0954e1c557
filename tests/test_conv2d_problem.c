/* conv2d: the numbers that follow from a problem: FLOPs, bytes, depth, operands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "columns.h"
#include "conv2d_random.h"
#include "conv2d_run.h"

static const struct tmk_op *const op = &tmk_op_conv2d;

static struct tmk_conv2d problem_of(const char *desc)
{
    return variant_of(desc, true, 0);
}

static void test_known_flops(void **state)
{
    (void)state;
    struct tmk_conv2d p = problem_of("mb1ic3ih224oc64oh112kh7sh2ph3");
    for (int dir = 0; dir < TMK_NDIRS; dir++)
        assert_true(op->flops(&p.base, (enum tmk_dir)dir) == 2.0 * 118013952);
    p = problem_of("mb1ic1ih3oc1kh3ph1"); /* taps inside an axis: 2 + 3 + 2 */
    assert_true(op->flops(&p.base, TMK_FWD) == 2.0 * 81);
    assert_true(op->flops_unpadded(&p.base, TMK_FWD) == 2.0 * 49);
    p = problem_of("g4mb3ic8ih5oc12kh2");
    assert_true(op->flops_unpadded(&p.base, TMK_BWD_W) == 2.0 * 3 * 12 * 2 * 16 * 4);
    assert_true(op->flops(&p.base, TMK_BWD_W) == op->flops_unpadded(&p.base, TMK_BWD_W));
}

static unsigned count_taps(size_t in, size_t out, size_t taps, size_t stride, size_t dilation,
                           size_t pad)
{
    unsigned count = 0;
    for (size_t o = 0; o < out; o++) {
        for (size_t k = 0; k < taps; k++)
            count += o * stride + k * dilation >= pad && o * stride + k * dilation - pad < in;
    }
    return count;
}

static void test_unpadded_flops_by_counting(void **state)
{
    (void)state;
    static struct tmk_random random;
    tmk_random_seed(&random, 99);
    for (int i = 0; i < 2000; i++) {
        char desc[TMK_DESC_MAX];
        random_descriptor(&random, desc, sizeof desc);
        const struct tmk_conv2d p = problem_of(desc);
        const double expected = 2.0 * (double)(p.mb * p.oc * (p.ic / p.g)) *
                                count_taps(p.ih, p.oh, p.kh, p.sh, p.dh, p.ph) *
                                count_taps(p.iw, p.ow, p.kw, p.sw, p.dw, p.pw);
        if (op->flops_unpadded(&p.base, TMK_FWD) != expected)
            fail_msg("seed 99, problem %d: %s", i, desc);
    }
}

static void test_bytes_and_depth(void **state)
{
    (void)state;
    struct tmk_conv2d p = problem_of("g2mb3ic4ih5iw6oc8kh2kw3"); /* y 4x4 */
    const double elements = 3 * 4 * 5 * 6 + 8 * 2 * 2 * 3 + 3 * 8 * 4 * 4;
    assert_true(op->bytes(&p.base, TMK_FWD) == 4 * (elements + 8));
    assert_true(op->bytes(&p.base, TMK_BWD_D) == 4 * elements);
    assert_true(op->bytes(&p.base, TMK_BWD_W) == 4 * (elements + 8));
    assert_int_equal(op->depth(&p.base, TMK_FWD), 2 * 2 * 3);
    assert_int_equal(op->depth(&p.base, TMK_BWD_D), 4 * 2 * 3);
    assert_int_equal(op->depth(&p.base, TMK_BWD_W), 3 * 4 * 4);
    p.base.dtype = TMK_F64;
    p.bias = false;
    assert_true(op->bytes(&p.base, TMK_FWD) == 8 * elements);
}

static void test_bytes_of_columns_are_those_of_their_shape(void **state)
{
    (void)state;
    static struct tmk_random random;
    tmk_random_seed(&random, 98);
    for (int i = 0; i < 500; i++) {
        char desc[TMK_DESC_MAX];
        random_descriptor(&random, desc, sizeof desc);
        const struct tmk_conv2d p = problem_of(desc);
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            struct tmk_columns_product product;
            assert_int_equal(tmk_columns_shape(&p.base, (enum tmk_dir)dir, &product), TMK_OK);
            const double elements = (double)(p.mb * tmk_view_count(&product.columns));
            if (tmk_columns_bytes(&p.base, (enum tmk_dir)dir) != 2 * 4 * elements)
                fail_msg("seed 98, problem %d: %s %s", i, desc, tmk_dir_name[dir]);
        }
    }
}

static void assert_operand(const struct tmk_conv2d *p, enum tmk_operand operand,
                           const char *expected)
{
    struct tmk_view view;
    size_t count;
    char text[128];
    assert_int_equal(op->operand(&p->base, operand, &view, &count), TMK_OK);
    tmk_view_format(&view, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(count, tmk_view_count(&view));
    assert_null(view.data);
}

static void test_operands(void **state)
{
    (void)state;
    struct tmk_conv2d p = problem_of("g2mb3ic4ih5iw6oc8kh2kw3");
    assert_operand(&p, TMK_SRC, "f32 (3, 4, 5, 6):(120, 30, 6, 1)");
    assert_operand(&p, TMK_WEI, "f32 (8, 2, 2, 3):(12, 6, 3, 1)");
    assert_operand(&p, TMK_BIA, "f32 (8):(1)");
    assert_operand(&p, TMK_DST, "f32 (3, 8, 4, 4):(128, 16, 4, 1)");
    p.base.layout = TMK_NHWC;
    p.bias = false;
    assert_operand(&p, TMK_SRC, "f32 (3, 4, 5, 6):(120, 1, 24, 4)");
    assert_operand(&p, TMK_WEI, "f32 (8, 2, 2, 3):(12, 1, 6, 2)");
    assert_operand(&p, TMK_BIA, "f32 (0):(1)");
    assert_operand(&p, TMK_DST, "f32 (3, 8, 4, 4):(128, 1, 32, 8)");
}

static void test_padding(void **state)
{
    (void)state;
    struct tmk_conv2d p = problem_of("mb1ic1oc1ih7oh3kh2sh3ph1_iw9ow2kw3sw2pw0");
    assert_int_equal(tmk_conv2d_pad_bottom(&p), 0);
    assert_int_equal(tmk_conv2d_pad_right(&p), -4);
}

static void test_groups(void **state)
{
    (void)state;
    struct tmk_conv2d p = problem_of("g3mb2ic6oc3ih4kh1");
    struct tmk_data data = make_data(&p);
    const struct tmk_view *x = &data.args.operand[TMK_SRC];
    const struct tmk_view group = tmk_conv2d_group(x, 1, 3, 2);
    assert_int_equal(group.shape[0], 2);
    assert_int_equal(group.shape[1], 2);
    assert_ptr_equal(group.data, (float *)x->data + 4 * 16);
    tmk_data_free(&data);
}

static void assert_axis(struct tmk_window_axis got, struct tmk_window_axis expected)
{
    assert_memory_equal(&got, &expected, sizeof got);
}

static void test_windows(void **state)
{
    (void)state;
    const struct tmk_conv2d p = problem_of("mb1ic1oc1ih9oh4kh3sh2dh1ph2_iw5ow5kw3pw1");
    assert_axis(tmk_conv2d_window(&p, TMK_FWD).h, (struct tmk_window_axis){9, 4, 3, 2, 2, 1, 2});
    assert_axis(tmk_conv2d_window(&p, TMK_FWD).w, (struct tmk_window_axis){5, 5, 3, 1, 1, 1, 1});
    assert_axis(tmk_conv2d_window(&p, TMK_BWD_W).h, (struct tmk_window_axis){9, 3, 4, 2, 2, 1, 2});
    assert_axis(tmk_conv2d_window(&p, TMK_BWD_D).h, (struct tmk_window_axis){4, 9, 3, 1, 2, 2, 2});
    assert_axis(tmk_conv2d_window(&p, TMK_BWD_D).w, (struct tmk_window_axis){5, 5, 3, 1, 1, 1, 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_flops),
        cmocka_unit_test(test_unpadded_flops_by_counting),
        cmocka_unit_test(test_bytes_and_depth),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_bytes_of_columns_are_those_of_their_shape),
    };
    return cmocka_run_group_tests_name("conv2d_problem", tests, NULL, NULL);
}
