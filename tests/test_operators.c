/* Operators against closed forms and at the edges of their domains. */
#include "nodes.h"

static void formulas(void **state)
{
    (void)state;
    struct tmk_node *a = VECTOR(1, -2, 4), *b = VECTOR(2, 8, -0.5), *p = VECTOR(1, 4, 9);
    ASSERT_VALUE(tmk_ad_add(a, b), 3, 6, 3.5);
    ASSERT_VALUE(tmk_ad_sub(a, b), -1, -10, 4.5);
    ASSERT_VALUE(tmk_ad_mul(a, b), 2, -16, -2);
    ASSERT_VALUE(tmk_ad_div(a, b), 0.5, -0.25, -8);
    ASSERT_VALUE(tmk_ad_pow(p, b), 1, 65536, 1 / 3.);
    ASSERT_VALUE(tmk_ad_add_scalar(a, 0.5), 1.5, -1.5, 4.5);
    ASSERT_VALUE(tmk_ad_mul_scalar(a, -3), -3, 6, -12);
    ASSERT_VALUE(tmk_ad_div_scalar(a, 4), 0.25, -0.5, 1);
    ASSERT_VALUE(tmk_ad_pow_scalar(a, 3), 1, -8, 64);
    ASSERT_VALUE(tmk_ad_neg(a), -1, 2, -4);
    ASSERT_VALUE(tmk_ad_exp(a), exp(1), exp(-2), exp(4));
    ASSERT_VALUE(tmk_ad_log(p), 0, log(4), log(9));
    ASSERT_VALUE(tmk_ad_relu(a), 1, 0, 4);
    ASSERT_VALUE(tmk_ad_sigmoid(a), 1 / (1 + exp(-1)), 1 / (1 + exp(2)), 1 / (1 + exp(-4)));
    ASSERT_VALUE(tmk_ad_tanh(a), tanh(1), tanh(-2), tanh(4));
    ASSERT_VALUE(tmk_ad_squared_norm(a), 21);
}

static void relu_has_slope_0_at_0(void **state)
{
    (void)state;
    struct tmk_node *x = VECTOR(-1, 0, -0.0, 1e-300, NAN), *y = tmk_ad_relu(x);
    struct tmk_view value = value_of(y);
    assert_true(isnan(((double *)value.data)[4]));
    backward(total(tmk_ad_slice(y, 0, 0, 4)));
    ASSERT_GRADIENT(x, 0, 0, 0, 1, 0);
}

static void sigmoid_and_tanh_far_out(void **state)
{
    (void)state;
    struct tmk_node *x = VECTOR(-1000, -40, 40, 1000);
    struct tmk_node *sigmoid = tmk_ad_sigmoid(x), *tanh_ = tmk_ad_tanh(x);
    ASSERT_VALUE(sigmoid, 0, exp(-40), 1, 1);
    backward(total(sigmoid));
    double *slope = gradient_of(x).data;
    assert_true(slope[0] == 0 && slope[3] == 0);
    assert_true(fabs(slope[1] / exp(-40) - 1) < 1e-15 && slope[1] == slope[2]);
    backward(total(tanh_));
    slope = gradient_of(x).data;
    assert_true(slope[0] == 0 && slope[3] == 0);
    assert_true(fabs(slope[1] / (4 * exp(-80)) - 1) < 1e-15 && slope[1] == slope[2]);
}

/* ln a is not evaluated where only a has a gradient. */
static void powers_of_negative_numbers(void **state)
{
    (void)state;
    struct tmk_node *a = VECTOR(-2, 0, 3), *two = tmk_ad_scalar(graph, TMK_F64, 2);
    backward(total(tmk_ad_pow(a, two)));
    ASSERT_GRADIENT(a, -4, 0, 6);
    backward(total(tmk_ad_pow_scalar(a, 2)));
    ASSERT_GRADIENT(a, -4, 0, 6);
    backward(total(tmk_ad_pow_scalar(a, 0)));
    ASSERT_GRADIENT(a, 0, 0, 0);
    struct tmk_node *zero = VECTOR(0), *b = VECTOR(2);
    backward(total(tmk_ad_pow(zero, b)));
    ASSERT_GRADIENT(zero, 0);
    ASSERT_GRADIENT(b, 0);
}

static void broadcasts_sum_their_gradients(void **state)
{
    (void)state;
    struct tmk_node *row = VECTOR(1, 2, 3), *column = parameter(2, SHAPE(2, 1), VALUES(10, 20));
    struct tmk_node *one = SCALAR(100), *product = tmk_ad_mul(tmk_ad_add(row, column), one);
    ASSERT_VALUE(product, 1100, 1200, 1300, 2100, 2200, 2300);
    backward(total(product));
    ASSERT_GRADIENT(row, 200, 200, 200);
    ASSERT_GRADIENT(column, 300, 300);
    ASSERT_GRADIENT(one, 102);
}

static void reductions_over_axes(void **state)
{
    (void)state;
    double numbers[12];
    for (int i = 0; i < 12; i++)
        numbers[i] = i;
    struct tmk_node *x = parameter(3, SHAPE(2, 3, 2), numbers);
    ASSERT_VALUE(tmk_ad_sum(x, 1, (int[]){-1}, false), 1, 5, 9, 13, 17, 21);
    ASSERT_VALUE(tmk_ad_sum(x, 2, (int[]){0, 2}, true), 14, 22, 30);
    ASSERT_VALUE(total(x), 66);
    struct tmk_node *kept = built(tmk_ad_sum(x, 2, (int[]){0, -1}, true));
    assert_int_equal(kept->value.ndim, 3);
    assert_int_equal(kept->value.shape[1], 3);
    assert_refused(tmk_ad_sum(x, 1, (int[]){3}, false), TMK_EINVAL, "no axis 3");
    x = parameter(2, SHAPE(2, 2), NULL);
    assert_refused(tmk_ad_sum(x, 2, (int[]){1, -1}, false), TMK_EINVAL, "twice");
}

static void nothing_sums_to_0(void **state)
{
    (void)state;
    struct tmk_node *x = parameter(2, SHAPE(0, 3), NULL), *y = parameter(2, SHAPE(3, 0), NULL);
    ASSERT_VALUE(tmk_ad_sum(x, 1, (int[]){0}, false), 0, 0, 0);
    struct tmk_node *sum = total(tmk_ad_exp(x));
    ASSERT_VALUE(sum, 0);
    backward(sum);
    assert_int_equal(tmk_view_count(&(struct tmk_view){.ndim = 0}), 1);
    ASSERT_VALUE(tmk_ad_matmul(y, x), 0, 0, 0, 0, 0, 0, 0, 0, 0);
    backward(total(tmk_ad_matmul(y, x)));
    assert_refused(tmk_ad_log_sum_exp(x, 1, (int[]){0}, false), TMK_EINVAL, "no elements");
}

static void log_sum_exp_neither_overflows_nor_underflows(void **state)
{
    (void)state;
    struct tmk_node *x = parameter(2, SHAPE(3, 2), VALUES(1000, 1000, -1000, -1001, 5, -INFINITY));
    struct tmk_node *y = tmk_ad_log_sum_exp(x, 1, (int[]){1}, false);
    ASSERT_VALUE(y, 1000 + log(2), -1000 + log1p(exp(-1)), 5);
    backward(total(y));
    ASSERT_GRADIENT(x, 0.5, 0.5, 1 / (1 + exp(-1)), 1 / (1 + exp(1)), 1, 0);
}

static void views_and_copies(void **state)
{
    (void)state;
    struct tmk_node *x = parameter(2, SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6));
    struct tmk_node *turned = tmk_ad_transpose(x, -1, -2);
    ASSERT_VALUE(turned, 1, 4, 2, 5, 3, 6);
    ASSERT_VALUE(tmk_ad_reshape(turned, 1, SHAPE(6)), 1, 4, 2, 5, 3, 6);
    assert_ptr_equal(tmk_ad_contiguous(x), x);
    ASSERT_VALUE(tmk_ad_slice(x, 1, 1, 2), 2, 3, 5, 6);
    ASSERT_VALUE(tmk_ad_concat((struct tmk_node *[]){x, tmk_ad_slice(x, 1, 0, 1)}, 2, 1), 1, 2, 3,
                 1, 4, 5, 6, 4);
    backward(total(tmk_ad_mul(tmk_ad_slice(x, 1, 1, 2), tmk_ad_slice(x, 1, 0, 2))));
    ASSERT_GRADIENT(x, 2, 4, 2, 5, 10, 5);
    struct tmk_node *flat = built(tmk_ad_flatten(SCALAR(3)));
    assert_int_equal(flat->value.ndim, 2);
    assert_refused(tmk_ad_reshape(x, 1, SHAPE(5)), TMK_EINVAL, "keep the number");
    x = VECTOR(1, 2);
    assert_refused(tmk_ad_concat((struct tmk_node *[]){x, SCALAR(1)}, 2, 0), TMK_EINVAL, "part 1");
    assert_refused(tmk_ad_slice(VECTOR(1), 0, 1, 1), TMK_EINVAL, "slice");
    assert_refused(tmk_ad_broadcast_to(VECTOR(1, 2), 1, SHAPE(3)), TMK_EINVAL, "broadcast");
    assert_refused(tmk_ad_broadcast_to(VECTOR(1, 2), 9, NULL), TMK_EINVAL, "dimensions");
}

/* 1 + 2^-24 is no float, but sums of many are kept in double. */
static void f32_sums_are_taken_in_double(void **state)
{
    (void)state;
    enum { COUNT = 1 << 16 };
    struct tmk_variable *ones = variable(TMK_F32, 1, SHAPE(COUNT), NULL);
    for (int i = 0; i < COUNT; i++)
        ((float *)ones->view.data)[i] = 1 + 0x1p-23f;
    struct tmk_variable *scalar = variable(TMK_F32, 0, NULL, VALUES(1));
    struct tmk_node *x = tmk_ad_parameter(graph, ones), *s = tmk_ad_parameter(graph, scalar);
    assert_true(number_of(total(x)) == COUNT + COUNT * 0x1p-23);
    backward(total(tmk_ad_mul(x, s)));
    assert_true(*(float *)gradient_of(s).data == (float)(COUNT + COUNT * 0x1p-23));
}

static void max_pool_takes_the_first_of_equals(void **state)
{
    (void)state;
    struct tmk_node *x = parameter(4, SHAPE(1, 1, 2, 4), VALUES(3, 3, NAN, 9, 3, 3, 9, 9));
    struct tmk_node *y = tmk_ad_max_pool(x, &(struct tmk_ad_pool){.kernel_h = 2, .kernel_w = 2});
    double *value = value_of(y).data;
    assert_true(value[0] == 3 && isnan(value[1]));
    backward(total(y));
    ASSERT_GRADIENT(x, 1, 0, 1, 0, 0, 0, 0, 0);
}

static void max_pool_overlaps_and_pads(void **state)
{
    (void)state;
    struct tmk_ad_pool pool = {.kernel_h = 1, .kernel_w = 3, .stride_w = 2, .pad_w = 1};
    struct tmk_node *x = parameter(4, SHAPE(1, 1, 1, 5), VALUES(-1, -2, 7, -4, -5));
    struct tmk_node *y = tmk_ad_max_pool(x, &pool);
    ASSERT_VALUE(y, -1, 7, -4);
    pool = (struct tmk_ad_pool){.kernel_h = 1, .kernel_w = 3, .stride_w = 1};
    y = tmk_ad_max_pool(x, &pool);
    backward(total(y));
    ASSERT_GRADIENT(x, 0, 0, 3, 0, 0);
    assert_refused(tmk_ad_max_pool(x, &(struct tmk_ad_pool){.kernel_h = 2, .kernel_w = 1}),
                   TMK_EINVAL, "window of 2");
    x = parameter(4, SHAPE(1, 1, 1, 5), NULL);
    assert_refused(
        tmk_ad_max_pool(x, &(struct tmk_ad_pool){.kernel_h = 1, .kernel_w = 3, .pad_w = 2}),
        TMK_EINVAL, "padding");
}

/* As PyTorch: padding counts as zeros, what lies beyond it (ceil_mode) does not count. */
static void avg_pool_counts_its_padding(void **state)
{
    (void)state;
    struct tmk_node *x = parameter(4, SHAPE(1, 1, 1, 4), VALUES(1, 2, 3, 4));
    struct tmk_ad_pool pool = {
        .kernel_h = 1, .kernel_w = 3, .stride_w = 2, .pad_w = 1, .ceil_mode = true};
    ASSERT_VALUE(tmk_ad_avg_pool(x, &pool), 1, 3, 2);
    pool.ceil_mode = false;
    ASSERT_VALUE(tmk_ad_avg_pool(x, &pool), 1, 3);
    ASSERT_VALUE(tmk_ad_adaptive_avg_pool(x, 1, 3), 1.5, 2.5, 3.5);
    ASSERT_VALUE(tmk_ad_adaptive_avg_pool(x, 1, 1), 2.5);
}

static void batch_norm_normalises(void **state)
{
    (void)state;
    struct tmk_node *x = parameter(2, SHAPE(4, 2), VALUES(1, 10, 2, 10, 3, 10, 4, 14));
    struct tmk_node *gamma = VECTOR(2, 1), *beta = VECTOR(5, 0);
    struct tmk_node *y = tmk_ad_batch_norm(x, gamma, beta, 0);
    double s = 2 / sqrt(1.25), t = 1 / sqrt(3);
    ASSERT_VALUE(y, 5 - 1.5 * s, -t, 5 - 0.5 * s, -t, 5 + 0.5 * s, -t, 5 + 1.5 * s, 3 * t);
    struct tmk_variable *mean = variable(TMK_F64, 1, SHAPE(2), VALUES(1, 1));
    struct tmk_variable *variance = variable(TMK_F64, 1, SHAPE(2), VALUES(1, 1));
    assert_int_equal(tmk_ad_batch_norm_track(y, 0.1, mean, variance), TMK_OK);
    ASSERT_NEAR(mean->view, 1e-15, 0.9 + 0.25, 0.9 + 1.1);
    ASSERT_NEAR(variance->view, 1e-15, 0.9 + 0.1 * 5 / 3, 0.9 + 0.1 * 4);
    struct tmk_node *m = tmk_ad_input(graph, mean), *v = tmk_ad_input(graph, variance);
    struct tmk_view fixed = value_of(tmk_ad_batch_norm_fixed(x, gamma, beta, m, v, 1));
    double first = 2 * (1 - 1.15) / sqrt(0.9 + 0.5 / 3 + 1) + 5;
    assert_true(fabs(*(double *)fixed.data - first) < 1e-14);
    assert_int_equal(tmk_ad_batch_norm_track(x, 0.1, mean, variance), TMK_EINVAL);
    assert_refused(tmk_ad_batch_norm(x, VECTOR(1), beta, 0), TMK_EINVAL, "2 channels");
    x = parameter(2, SHAPE(0, 1), NULL);
    assert_refused(tmk_ad_batch_norm(x, VECTOR(1), VECTOR(1), 0), TMK_EINVAL, "no elements");
}

static void cross_entropy_is_the_log_of_the_share(void **state)
{
    (void)state;
    struct tmk_node *z = parameter(2, SHAPE(2, 3), VALUES(10000, 10000, 0, 1, 2, 3));
    struct tmk_variable *labels = variable(TMK_F64, 1, SHAPE(2), VALUES(1, 0));
    struct tmk_node *loss = tmk_ad_cross_entropy(z, tmk_ad_input(graph, labels));
    double s = exp(1) + exp(2) + exp(3);
    ASSERT_VALUE(loss, (log(2) + log(s) - 1) / 2);
    backward(loss);
    ASSERT_GRADIENT(z, 0.25, -0.25, 0, (exp(1) / s - 1) / 2, exp(2) / s / 2, exp(3) / s / 2);
    double number;
    ((double *)tmk_variable_write(labels)->data)[1] = 3;
    assert_int_equal(tmk_ad_number(loss, &number), TMK_EINVAL);
    assert_string_equal(tmk_message(), "cross_entropy: label 3 of row 1 is no class: use 0 to 2");
    ((double *)tmk_variable_write(labels)->data)[1] = 2;
    ASSERT_VALUE(loss, (log(2) + log(s) - 3) / 2);
    assert_refused(tmk_ad_cross_entropy(VECTOR(1), VECTOR(1)), TMK_EINVAL, "logits (N, C)");
}

static void conv2d_refuses_what_does_not_fit(void **state)
{
    (void)state;
    struct tmk_ad_conv2d plain = {.groups = 1};
#define IMAGE parameter(4, SHAPE(1, 2, 3, 3), NULL)
    assert_refused(tmk_ad_conv2d(IMAGE, VECTOR(1), NULL, &plain), TMK_EINVAL, "dimensions");
    assert_refused(tmk_ad_conv2d(IMAGE, parameter(4, SHAPE(1, 3, 1, 1), NULL), NULL, &plain),
                   TMK_EINVAL, "channels");
    assert_refused(tmk_ad_conv2d(IMAGE, parameter(4, SHAPE(1, 2, 4, 1), NULL), NULL, &plain),
                   TMK_EINVAL, "pad more");
    assert_refused(
        tmk_ad_conv2d(IMAGE, parameter(4, SHAPE(2, 2, 1, 1), NULL), VECTOR(1, 2, 3), &plain),
        TMK_EINVAL, "bias of 3");
    assert_refused(tmk_ad_conv2d(IMAGE, parameter(4, SHAPE(1, 2, 0, 1), NULL), NULL, &plain),
                   TMK_EINVAL, "size 0");
    assert_refused(tmk_ad_matmul(VECTOR(1), VECTOR(1)), TMK_EINVAL, "reshape vectors");
    assert_refused(tmk_ad_matmul(parameter(2, SHAPE(2, 3), NULL), parameter(2, SHAPE(2, 3), NULL)),
                   TMK_EINVAL, "3 columns");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(formulas),
        TEST(relu_has_slope_0_at_0),
        TEST(sigmoid_and_tanh_far_out),
        TEST(powers_of_negative_numbers),
        TEST(broadcasts_sum_their_gradients),
        TEST(reductions_over_axes),
        TEST(nothing_sums_to_0),
        TEST(log_sum_exp_neither_overflows_nor_underflows),
        TEST(views_and_copies),
        TEST(f32_sums_are_taken_in_double),
        TEST(max_pool_takes_the_first_of_equals),
        TEST(max_pool_overlaps_and_pads),
        TEST(avg_pool_counts_its_padding),
        TEST(batch_norm_normalises),
        TEST(cross_entropy_is_the_log_of_the_share),
        TEST(conv2d_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
