/* What deep networks are made of: scaled numbers, activations, initialisations, quantiles. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ensemble.h"

#include <math.h>
#include <string.h>

static void check_ok(enum tmk_status status)
{
    if (status != TMK_OK)
        fail_msg("%s", tmk_message());
}

static void assert_close(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance * fabs(wanted)))
        fail_msg("%.17g, wanted %.17g", got, wanted);
}

static void scaled_numbers(void **state)
{
    (void)state;
    char text[64];
    struct tmk_scaled tiny = tmk_scaled_make(1.0, -1661);
    assert_close(tmk_scaled_log10(tiny), -1661 * log10(2), 1e-15);
    assert_true(tmk_scaled_value(tiny) == 0);
    assert_string_equal(tmk_scaled_format(tiny, 4, text, sizeof text), "9.754e-501");
    tiny.mantissa = -tiny.mantissa;
    assert_string_equal(tmk_scaled_format(tiny, 2, text, sizeof text), "-9.8e-501");
    assert_string_equal(tmk_scaled_format(tmk_scaled_make(0.5, 3), 4, text, sizeof text), "4");
    assert_string_equal(tmk_scaled_format(tmk_scaled_make(0, 9), 4, text, sizeof text), "0");
    assert_true(isinf(tmk_scaled_log10(tmk_scaled_make(0, 0))));
    struct tmk_scaled huge = tmk_scaled_make(1, 16609640); /* 9.9999...e4999999 */
    assert_non_null(strstr(tmk_scaled_format(huge, 3, text, sizeof text), "e+"));
}

static void norms_at_both_ends_of_double(void **state)
{
    (void)state;
    const double small[] = {3e-320, 4e-320}, large[] = {3e307, 4e307};
    const float floats[] = {3e-38f, 4e-38f};
    assert_close(tmk_scaled_value(tmk_scaled_norm(TMK_F64, large, 2, 0)), 5e307, 1e-15);
    assert_close(tmk_scaled_log10(tmk_scaled_norm(TMK_F64, small, 2, 0)), log10(5e-320), 1e-4);
    assert_close(tmk_scaled_value(tmk_scaled_norm(TMK_F32, floats, 2, 0)), 5e-38, 1e-6);
    assert_true(tmk_scaled_norm(TMK_F64, small, 0, 5).mantissa == 0);
}

static void slopes_without_cancellation(void **state)
{
    (void)state;
    const struct tmk_activation *sigmoid = tmk_activation_find("sigmoid");
    const struct tmk_activation *tanh_ = tmk_activation_find("tanh");
    assert_close(tmk_activation_slope(sigmoid, 40), exp(-40), 1e-14);
    assert_close(tmk_activation_slope(sigmoid, -40), exp(-40), 1e-14);
    assert_close(tmk_activation_slope(tanh_, 20), 4 * exp(-40), 1e-14);
    assert_true(sigmoid->textbook_slope(40) == 0);
    /* exp(-2000) * 2^2885 = exp(-2000 + 2885 ln 2) */
    assert_close(tmk_activation_slope_scaled(sigmoid, 2000, 2885),
                 exp(2885 * 0.69314718055994531 - 2000), 1e-11);
    for (const struct tmk_activation *a = tmk_activations; a->name; a++)
        for (double z = -3.05; z < 3; z += 0.1) {
            double difference = (a->value(z + 1e-6) - a->value(z - 1e-6)) / 2e-6;
            assert_true(fabs(tmk_activation_slope(a, z) - difference) < 1e-9);
            assert_true(fabs(a->textbook_slope(z) - tmk_activation_slope(a, z)) < 1e-15);
        }
    assert_true(tmk_activation_slope(tmk_activation_find("relu"), 0) == 0);
}

static void saturation_starts_where_the_header_says(void **state)
{
    (void)state;
    const struct tmk_activation *sigmoid = tmk_activation_find("sigmoid");
    assert_false(tmk_activation_is_saturated(sigmoid, 3.63));
    assert_true(tmk_activation_is_saturated(sigmoid, -3.65));
    assert_true(tmk_activation_is_saturated(tmk_activation_find("tanh"), 1.83));
    assert_true(tmk_activation_is_saturated(tmk_activation_find("relu"), 0));
    assert_false(tmk_activation_is_saturated(tmk_activation_find("relu"), 1e-9));
}

static void moments_of_initialisations(void **state)
{
    (void)state;
    for (const struct tmk_init *init = tmk_inits; init->name; init++) {
        enum { ROWS = 300, COLS = 200 };
        static double weights[ROWS * COLS], biases[ROWS];
        size_t shape[] = {ROWS, COLS};
        struct tmk_view view;
        struct tmk_random random;
        double mean = 0, square = 0, bias_mean = 0, bias_square = 0;
        check_ok(tmk_view_make(&view, TMK_F64, 2, shape, weights, sizeof weights));
        tmk_random_seed(&random, 4);
        tmk_init_draw(init, 1.7, &random, &view, biases);
        for (size_t i = 0; i < ROWS * COLS; i++)
            mean += weights[i] / (ROWS * COLS);
        for (size_t i = 0; i < ROWS * COLS; i++)
            square += (weights[i] - mean) * (weights[i] - mean) / (ROWS * COLS);
        for (size_t i = 0; i < ROWS; i++)
            bias_mean += biases[i] / ROWS;
        for (size_t i = 0; i < ROWS; i++)
            bias_square += (biases[i] - bias_mean) * (biases[i] - bias_mean) / ROWS;
        struct tmk_init_moments moments = tmk_init_moments(init, 1.7, COLS, ROWS);
        assert_true(fabs(mean - moments.mean) < 4 * sqrt(moments.variance / (ROWS * COLS)));
        assert_close(square, moments.variance, 0.03);
        if (moments.bias_variance == 0)
            assert_true(bias_square == 0 && bias_mean == 0);
        else
            assert_close(bias_square, moments.bias_variance, 0.15);
    }
}

static void spread_of_values(void **state)
{
    (void)state;
    double values[] = {5, 1, 2, 3, 4, 9, 8, 7, 6, 10, 0}, two[] = {-INFINITY, 1}, one = 3;
    struct tmk_quantiles spread = tmk_quantiles_of(values, 11);
    assert_true(spread.lo == 1 && spread.median == 5 && spread.hi == 9);
    assert_true(isinf(tmk_quantiles_of(two, 2).median));
    assert_true(tmk_quantiles_of(&one, 1).lo == 3);
    assert_true(isnan(tmk_quantiles_of(NULL, 0).median));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scaled_numbers),
        cmocka_unit_test(norms_at_both_ends_of_double),
        cmocka_unit_test(slopes_without_cancellation),
        cmocka_unit_test(saturation_starts_where_the_header_says),
        cmocka_unit_test(moments_of_initialisations),
        cmocka_unit_test(spread_of_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
