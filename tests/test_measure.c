/* Statistics and noise. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "noise.h"
#include "random.h"
#include "stats.h"

/* n samples 1, 2, ..., n in a scrambled order */
static void fill_ranks(double *values, size_t n, uint32_t seed)
{
    struct tmk_random random;
    tmk_random_seed(&random, seed);
    for (size_t i = 0; i < n; i++) {
        size_t j = tmk_random_below(&random, (uint32_t)i + 1);
        values[i] = values[j];
        values[j] = (double)(i + 1);
    }
}

static void test_median_of_odd_and_even(void **state)
{
    (void)state;
    assert_true(tmk_summarise((double[]){3, 1, 2}, 3).median == 2);
    assert_true(tmk_summarise((double[]){4, 1, 3, 2}, 4).median == 2.5);
    assert_true(tmk_summarise((double[]){7}, 1).median == 7);
    assert_true(tmk_summarise((double[]){5, 5, 5, 5}, 4).median == 5);
}

static void test_no_samples_are_nan(void **state)
{
    (void)state;
    struct tmk_summary none = tmk_summarise(NULL, 0);
    assert_int_equal(none.n, 0);
    assert_int_equal(none.outliers, 0);
    assert_true(isnan(none.median) && isnan(none.min) && isnan(none.max) && isnan(none.ci_lo) &&
                isnan(none.ci_hi) && isnan(none.mad));
    assert_true(isinf(tmk_relative_half_width(&none)));
}

/* Ranks by hand, z = 1.96: n = 6: floor(.5995) = 0 and ceil(6.4005) = 7, both clamped; n = 9: 1.56
 * and 8.44; n = 10: 1.901 and 9.099; n = 16: 4.08 and 12.92; n = 20: 5.617 and 15.383; n =
 * 100: 40.2 and 60.8; n = 101: 40.65 and 61.35; n = 1000: 469.01 and 531.99. */
static void test_interval_ranks_by_hand(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double lo, hi;
    } cases[] = {{1, 1, 1},     {2, 1, 2},     {5, 1, 5},       {6, 1, 6},
                 {9, 1, 9},     {10, 1, 10},   {16, 4, 13},     {20, 5, 16},
                 {100, 40, 61}, {101, 40, 62}, {1000, 469, 532}};
    double values[1000];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill_ranks(values, cases[i].n, 7);
        struct tmk_summary summary = tmk_summarise(values, cases[i].n);
        assert_int_equal(summary.n, cases[i].n);
        assert_true(summary.ci_lo == cases[i].lo);
        assert_true(summary.ci_hi == cases[i].hi);
        assert_true(summary.min == 1 && summary.max == (double)cases[i].n);
    }
}

static void test_samples_are_not_changed(void **state)
{
    (void)state;
    double values[] = {3, 1, 2, 9, 4, 4, 0}, copy[7];
    memcpy(copy, values, sizeof values);
    tmk_summarise(values, 7);
    tmk_paired_ratio(values, copy, 6, 1);
    assert_memory_equal(values, copy, sizeof values);
}

/* 1 2 3 4 5: median 3, distances 2 1 0 1 2, MAD 1. */
static void test_mad_and_outliers(void **state)
{
    (void)state;
    assert_true(tmk_summarise((double[]){5, 1, 4, 2, 3}, 5).mad == 1);
    /* median 3, MAD 1: 17.8 is exactly 14.8 MADs off and stays; 17.9 and -12 are beyond */
    assert_int_equal(tmk_summarise((double[]){2, 3, 4, 3, 2, 4, 17.75}, 7).outliers, 0);
    assert_int_equal(tmk_summarise((double[]){2, 3, 4, 3, 2, 4, 17.9}, 7).outliers, 1);
    assert_int_equal(tmk_summarise((double[]){2, 3, 4, 3, 2, 4, 17.9, -12, 3}, 9).outliers, 2);
    struct tmk_summary flat = tmk_summarise((double[]){1, 1, 1, 1, 2}, 5);
    assert_true(flat.mad == 0);
    assert_int_equal(flat.outliers, 1);
}

static void test_half_width(void **state)
{
    (void)state;
    double values[100];
    fill_ranks(values, 100, 3);
    struct tmk_summary summary = tmk_summarise(values, 100);
    assert_true(tmk_relative_half_width(&summary) == 0.5 * (61 - 40) / 50.5);
    summary = tmk_summarise(values, 5);
    assert_true(isinf(tmk_relative_half_width(&summary)));
}

/* The interval between ranks l and h holds the true median if l..h-1 of the samples lie below it,
 * so its coverage is a sum of binomial terms: above 95 % for few samples, towards it for many. The
 * samples are log-normal, skewed as timings are. */
static void test_interval_covers_the_median(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double coverage;
    } cases[] = {{10, 0.99805}, {25, 0.98537}, {100, 0.96480}, {1000, 0.95371}};
    const int trials = 1000;
    double values[1000];
    struct tmk_random random;
    tmk_random_seed(&random, 20240);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int covered = 0;
        for (int t = 0; t < trials; t++) {
            for (size_t i = 0; i < cases[c].n; i++)
                values[i] = exp(tmk_random_normal(&random));
            struct tmk_summary summary = tmk_summarise(values, cases[c].n);
            covered += summary.ci_lo <= 1 && 1 <= summary.ci_hi;
        }
        double p = cases[c].coverage, sigma = sqrt(p * (1 - p) / trials);
        if (fabs((double)covered / trials - p) > 4 * sigma)
            fail_msg("n = %zu: %d of %d intervals cover (seed 20240)", cases[c].n, covered, trials);
    }
}

static void test_paired_ratio_by_hand(void **state)
{
    (void)state;
    struct tmk_ratio same =
        tmk_paired_ratio((double[]){2, 4, 8, 2, 6, 10, 2}, (double[]){1, 2, 4, 1, 3, 5, 1}, 7, 1);
    assert_true(fabs(same.ratio - 2) < 1e-15 && fabs(same.ci_lo - 2) < 1e-15 &&
                fabs(same.ci_hi - 2) < 1e-15);
    /* ratios 1, 2, 8: median 2; too few for a bootstrap, so the ends bound it */
    struct tmk_ratio few = tmk_paired_ratio((double[]){1, 2, 8}, (double[]){1, 1, 1}, 3, 1);
    assert_true(fabs(few.ratio - 2) < 1e-14 && few.ci_lo == 1 && fabs(few.ci_hi - 8) < 1e-14);
    /* an even number: the geometric mean of the middle two, 2 and 8 */
    struct tmk_ratio even = tmk_paired_ratio((double[]){1, 2, 8, 9}, (double[]){1, 1, 1, 1}, 4, 1);
    assert_true(fabs(even.ratio - 4) < 1e-14);
    assert_true(isnan(tmk_paired_ratio(NULL, NULL, 0, 1).ratio));
}

/* Paired rounds cancel what both share: the machine's speed wanders by a factor of 10, the ratio is
 * 1.5 within a few per cent. */
static void test_paired_ratio_cancels_common_noise(void **state)
{
    (void)state;
    struct tmk_random random;
    int covered = 0, trials = 200;
    for (int t = 0; t < trials; t++) {
        double a[40], b[40];
        tmk_random_seed(&random, 100 + (uint32_t)t);
        for (int i = 0; i < 40; i++) {
            double speed = exp(2.3 * tmk_random_f64(&random));
            a[i] = 1.5 * speed * exp(0.02 * tmk_random_normal(&random));
            b[i] = speed * exp(0.02 * tmk_random_normal(&random));
        }
        struct tmk_ratio ratio = tmk_paired_ratio(a, b, 40, 5);
        assert_true(ratio.ci_lo <= ratio.ratio && ratio.ratio <= ratio.ci_hi);
        assert_true(ratio.ci_hi - ratio.ci_lo < 0.1);
        covered += ratio.ci_lo <= 1.5 && 1.5 <= ratio.ci_hi;
        struct tmk_ratio inverse = tmk_paired_ratio(b, a, 40, 5);
        assert_true(fabs(inverse.ratio * ratio.ratio - 1) < 1e-12);
    }
    if (covered < 180)
        fail_msg("%d of %d bootstrap intervals cover (seeds 100 on)", covered, trials);
}

static void test_paired_ratio_depends_on_its_seed_only(void **state)
{
    (void)state;
    double a[] = {1, 2, 3, 4, 5, 6, 7, 8}, b[] = {8, 1, 7, 2, 6, 3, 5, 4};
    struct tmk_ratio one = tmk_paired_ratio(a, b, 8, 42), two = tmk_paired_ratio(a, b, 8, 42);
    assert_memory_equal(&one, &two, sizeof one);
}

static void test_means(void **state)
{
    (void)state;
    assert_true(fabs(tmk_geometric_mean((double[]){1, 10, 100}, 3) - 10) < 1e-13);
    assert_true(fabs(tmk_harmonic_mean((double[]){1, 2, 4}, 3) - 12.0 / 7) < 1e-15);
    assert_true(isnan(tmk_geometric_mean(NULL, 0)) && isnan(tmk_harmonic_mean(NULL, 0)));
}

static void test_steal_is_the_eighth_number(void **state)
{
    (void)state;
    assert_true(tmk_steal_parse("cpu  1 2 3 4 5 6 7 250 9 10\ncpu0 1 2 3\n", 100) == 2.5);
    assert_true(tmk_steal_parse("cpu  1 2 3 4 5 6 7\n", 100) == 0);
    assert_true(tmk_steal_parse("intr 1 2 3 4 5 6 7 8\n", 100) == 0);
    assert_true(tmk_steal_parse("", 100) == 0);
}

static void test_steal_never_runs_backwards(void **state)
{
    (void)state;
    double before = tmk_steal_seconds();
    assert_true(before >= 0);
    assert_true(tmk_steal_seconds() >= before);
}

static void test_canary_takes_its_time(void **state)
{
    (void)state;
    double best = INFINITY;
    for (int i = 0; i < 10; i++)
        best = fmin(best, tmk_canary_seconds());
    assert_true(best > 2e-5 && best < 2e-2);
}

static void test_canaries_keep_the_latest(void **state)
{
    (void)state;
    struct tmk_canaries canaries = {0};
    for (int i = 0; i < 4; i++)
        tmk_canaries_add(&canaries, 3);
    assert_true(isnan(tmk_canaries_median(&canaries)));
    tmk_canaries_add(&canaries, 9);
    assert_true(tmk_canaries_median(&canaries) == 3);
    for (int i = 0; i < TMK_CANARIES; i++)
        tmk_canaries_add(&canaries, 5);
    assert_true(tmk_canaries_median(&canaries) == 5);
}

static void test_what_is_noisy(void **state)
{
    (void)state;
    assert_false(tmk_round_is_noisy(1.25, 1, 0, 1, 2));
    assert_true(tmk_round_is_noisy(1.26, 1, 0, 1, 2));
    assert_false(tmk_round_is_noisy(100, NAN, 0, 1, 2));
    assert_false(tmk_round_is_noisy(1, 1, 0.04, 1, 2)); /* of two CPUs' seconds, exactly 2 % */
    assert_true(tmk_round_is_noisy(1, 1, 0.05, 1, 2));
    assert_true(tmk_round_is_noisy(1, NAN, 0.05, 1, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_median_of_odd_and_even),
        cmocka_unit_test(test_no_samples_are_nan),
        cmocka_unit_test(test_interval_ranks_by_hand),
        cmocka_unit_test(test_samples_are_not_changed),
        cmocka_unit_test(test_mad_and_outliers),
        cmocka_unit_test(test_half_width),
        cmocka_unit_test(test_interval_covers_the_median),
        cmocka_unit_test(test_paired_ratio_by_hand),
        cmocka_unit_test(test_paired_ratio_cancels_common_noise),
        cmocka_unit_test(test_paired_ratio_depends_on_its_seed_only),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_steal_is_the_eighth_number),
        cmocka_unit_test(test_steal_never_runs_backwards),
        cmocka_unit_test(test_canary_takes_its_time),
        cmocka_unit_test(test_canaries_keep_the_latest),
        cmocka_unit_test(test_what_is_noisy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
