/* Deep networks: a published case, gradients by differences, signals beyond double, seeds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "matmul.h"
#include "mlp.h"
#include "ensemble.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LAYERS 1000

static struct tmk_mlp_layer layers[MOST_LAYERS];

static const struct tmk_impl *impl(const char *name)
{
    return tmk_op_impl(&tmk_op_matmul, name);
}

static struct tmk_mlp_spec make_spec(const char *activation, const char *init, size_t depth,
                                     size_t width)
{
    return (struct tmk_mlp_spec){.depth = depth,
                                 .width = width,
                                 .batch = 1,
                                 .activation = tmk_activation_find(activation),
                                 .init = tmk_init_find(init),
                                 .sigma_w = 1,
                                 .dtype = TMK_F64,
                                 .impl = impl("naive")};
}

static void check_ok(enum tmk_status status)
{
    if (status != TMK_OK)
        fail_msg("%s", tmk_message());
}

static struct tmk_mlp_result run(const struct tmk_mlp_spec *spec, uint32_t seed, bool spectral)
{
    struct tmk_mlp *mlp;
    struct tmk_mlp_result result = {.layers = layers};
    check_ok(tmk_mlp_make(spec, 1, &mlp));
    check_ok(tmk_mlp_run(mlp, seed, spectral, NULL, &result));
    tmk_mlp_free(mlp);
    return result;
}

static void assert_close(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance * fabs(wanted)))
        fail_msg("%.17g, wanted %.17g", got, wanted);
}

/* Where the compiler fuses multiply and add, the last digits of the published case differ. */
#ifdef __FP_FAST_FMA
#define PUBLISHED_TOLERANCE 1e-15
#else
#define PUBLISHED_TOLERANCE 0
#endif

static void published_case_to_the_last_digit(void **state)
{
    (void)state;
    static const double norms[] = {9.793e-5, 7.587e-4, 2.4357e-3, 4.1337e-2, 0.18032, 2.36072};
    struct tmk_mlp_spec spec = make_spec("sigmoid", "u01", 6, 4);
    struct tmk_mlp_result result = run(&spec, 0, false);
    assert_close(tmk_scaled_value(result.da_first), 2.3942661528497978e-05, PUBLISHED_TOLERANCE);
    assert_close(tmk_scaled_value(result.loss), 0.8844542732203245, PUBLISHED_TOLERANCE);
    spec.textbook = true;
    result = run(&spec, 0, false);
    assert_close(tmk_scaled_value(result.da_first), 2.3942661528497968e-05, PUBLISHED_TOLERANCE);
    for (int i = 0; i < 6; i++)
        assert_close(tmk_scaled_value(layers[i].da), norms[i], 1e-4);
}

static void textbook_slopes_lose_saturated_units(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("sigmoid", "u01", 20, 64);
    run(&spec, 105, false);
    double exact = tmk_scaled_log10(layers[0].da);
    assert_close(exact, -215.129488415, 1e-11);
    spec.textbook = true;
    run(&spec, 105, false);
    assert_true(fabs(tmk_scaled_log10(layers[0].da) - exact) > 1e-5);
}

/* A central difference of the loss with respect to one weight, in networks too shallow to need
 * scaling: redrawn with that weight moved. */
struct probe {
    const struct tmk_mlp_spec *spec;
    size_t moved_layer;
    double by;
};

static double loss_of(const struct probe *probe)
{
    const struct tmk_mlp_spec *s = probe->spec;
    struct tmk_random random;
    double y[64], z[64], weights[64], biases[8], target[8], loss = 0;
    tmk_random_seed(&random, 7);
    for (size_t i = 0; i < s->batch * s->width; i++)
        y[i] = tmk_random_f32(&random);
    for (size_t i = 0; i < s->batch; i++)
        target[i] = tmk_random_f32(&random);
    for (size_t l = 1; l <= s->depth; l++) {
        size_t shape[] = {l == s->depth ? 1 : s->width, s->width};
        struct tmk_view view;
        check_ok(tmk_view_make(&view, TMK_F64, 2, shape, weights, sizeof weights));
        tmk_init_draw(s->init, s->sigma_w, &random, &view, biases);
        weights[0] += l == probe->moved_layer ? probe->by : 0;
        for (size_t b = 0; b < s->batch; b++) {
            for (size_t i = 0; i < shape[0]; i++) {
                z[b * s->width + i] = biases[i];
                for (size_t j = 0; j < s->width; j++)
                    z[b * s->width + i] += weights[i * s->width + j] * y[b * s->width + j];
            }
            for (size_t i = 0; l < s->depth && i < s->width; i++)
                y[b * s->width + i] = s->activation->value(z[b * s->width + i]) +
                                      (s->residual ? y[b * s->width + i] : 0);
        }
    }
    for (size_t b = 0; b < s->batch; b++)
        loss += (z[b * s->width] - target[b]) * (z[b * s->width] - target[b]);
    return loss / (2 * (double)s->batch);
}

static void check_gradient(const char *activation, const char *init, bool residual, size_t batch)
{
    struct tmk_mlp_spec spec = make_spec(activation, init, 4, 5);
    const double h = 1e-5;
    spec.residual = residual;
    spec.batch = batch;
    struct tmk_mlp_result result = run(&spec, 7, false);
    struct probe up = {&spec, 1, h}, down = {&spec, 1, -h}, still = {&spec, 0, 0};
    double slope = (loss_of(&up) - loss_of(&down)) / (2 * h);
    assert_close(tmk_scaled_value(result.loss), loss_of(&still), 1e-13);
    if (fabs(tmk_scaled_value(result.da_first) - slope) > 1e-9 * (1 + loss_of(&still)))
        fail_msg("%s %s residual %d batch %zu: %.12g, by differences %.12g", activation, init,
                 residual, batch, tmk_scaled_value(result.da_first), slope);
}

static void gradients_equal_differences(void **state)
{
    (void)state;
    for (const struct tmk_activation *a = tmk_activations; a->name; a++)
        for (const struct tmk_init *i = tmk_inits; i->name; i++)
            for (int residual = 0; residual < 2; residual++)
                for (size_t batch = 1; batch <= 3; batch += 2)
                    check_gradient(a->name, i->name, residual, batch);
}

/* All norms finite, forward and backward. */
static void assert_finite(size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        assert_true(isfinite(tmk_scaled_log10(layers[i].da)));
        assert_true(isfinite(tmk_scaled_log10(layers[i].db)));
        assert_true(isfinite(tmk_scaled_log10(layers[i].delta)));
    }
}

static void a_thousand_layers_stay_finite(void **state)
{
    (void)state;
    static const char *const inits[] = {"torch", "glorot", "gain4", "normal", "u01"};
    for (size_t i = 0; i < sizeof inits / sizeof *inits; i++) {
        struct tmk_mlp_spec spec = make_spec("sigmoid", inits[i], 1000, 64);
        run(&spec, 3, false);
        assert_finite(1000);
        if (!strcmp(inits[i], "torch"))
            assert_true(tmk_scaled_log10(layers[0].da) < -800);
        if (!strcmp(inits[i], "u01"))
            assert_true(tmk_scaled_log10(layers[0].da) < -11000);
    }
}

static void signals_that_grow_or_shrink_stay_finite(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("relu", "normal", 1000, 32);
    spec.sigma_w = 30; /* forward times 21 in every layer */
    run(&spec, 1, false);
    assert_finite(1000);
    spec.dtype = TMK_F32;
    run(&spec, 1, false);
    assert_finite(1000);
    spec.residual = true;
    run(&spec, 1, false);
    assert_finite(1000);
    spec = make_spec("tanh", "normal", 1000, 32);
    spec.sigma_w = 0.01; /* forward a hundredth in every layer */
    run(&spec, 1, false);
    assert_finite(1000);
    assert_close(tmk_scaled_log10(layers[0].delta), -2000, 0.02);
}

/* Units of 1e-889 slopes in a wide saturated layer, in f32 too. */
static void slopes_beyond_double(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("sigmoid", "u01", 3, 2048);
    spec.impl = impl("blocked");
    run(&spec, 0, false);
    assert_finite(3);
    double wide = tmk_scaled_log10(layers[0].da);
    assert_true(wide < -400);
    spec.dtype = TMK_F32;
    run(&spec, 0, false);
    assert_close(tmk_scaled_log10(layers[0].da), wide, 1e-4);
}

static void f32_agrees_with_f64(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("sigmoid", "gain4", 12, 48);
    spec.batch = 5;
    run(&spec, 2, false);
    double wide = tmk_scaled_log10(layers[0].da);
    spec.dtype = TMK_F32;
    run(&spec, 2, false);
    assert_true(fabs(tmk_scaled_log10(layers[0].da) - wide) < 1e-5);
}

static void implementations_agree(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("tanh", "he", 9, 37);
    spec.batch = 7;
    run(&spec, 5, false);
    double naive = tmk_scaled_log10(layers[0].da);
    for (size_t i = 0; tmk_op_matmul.impls[i]; i++) {
        spec.impl = tmk_op_matmul.impls[i];
        run(&spec, 5, false);
        assert_true(fabs(tmk_scaled_log10(layers[0].da) - naive) < 1e-11);
    }
}

static void weights_kept_equal_weights_drawn_again(void **state)
{
    (void)state;
    struct tmk_mlp_layer kept[5];
    struct tmk_mlp_spec spec = make_spec("sigmoid", "normal", 5, 11);
    spec.keep_bytes = 1 << 20;
    run(&spec, 3, true);
    memcpy(kept, layers, sizeof kept);
    spec.keep_bytes = 0;
    run(&spec, 3, true);
    assert_memory_equal(layers, kept, sizeof kept);
}

static void one_sample_has_equal_norms_of_bias_and_delta(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("sigmoid", "torch", 7, 9);
    run(&spec, 1, false);
    for (int i = 0; i < 7; i++)
        assert_true(tmk_scaled_log10(layers[i].db) == tmk_scaled_log10(layers[i].delta));
}

/* About 2 sigma_w for a wide normal matrix, n/2 for uniform [0, 1). */
static void spectral_norms(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("sigmoid", "normal", 3, 300);
    spec.sigma_w = 3;
    run(&spec, 1, true);
    assert_close(layers[0].spectral, 6, 0.04);
    assert_close(layers[1].spectral, 6, 0.04);
    assert_close(layers[2].spectral, 3, 0.15); /* one row: its length */
    spec = make_spec("sigmoid", "u01", 2, 300);
    spec.batch = 2;
    run(&spec, 1, true);
    assert_close(layers[0].spectral, 150, 0.02);
    run(&spec, 1, false);
    assert_true(layers[0].spectral == 0);
}

static void gradients_obey_the_product_bound(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 5; seed++) {
        struct tmk_mlp_spec spec = make_spec("sigmoid", seed % 2 ? "gain4" : "u01", 12, 20);
        run(&spec, seed, true);
        for (int i = 0; i + 1 < 12; i++)
            assert_true(tmk_scaled_log10(layers[i].delta) <=
                        tmk_scaled_log10(layers[i + 1].delta) +
                            log10(0.25 * layers[i + 1].spectral) + 1e-3);
    }
}

static void seeds_in_parallel_equal_one_by_one(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("sigmoid", "glorot", 8, 16);
    struct tmk_ensemble_plan plan = {spec, 40, 9, 3, true, {0}};
    struct tmk_ensemble ensemble;
    check_ok(tmk_ensemble_run(&plan, &ensemble));
    for (size_t s = 0; s < 9; s++) {
        struct tmk_mlp_result alone = run(&spec, 40 + (uint32_t)s, s == 0);
        assert_memory_equal(layers, ensemble.results[s].layers, 8 * sizeof *layers);
        assert_true(tmk_scaled_value(alone.loss) == tmk_scaled_value(ensemble.results[s].loss));
    }
    tmk_ensemble_free(&ensemble);
}

static bool count_down(void *left)
{
    int before;
#pragma omp atomic capture
    before = (*(int *)left)--;
    return before > 0;
}

static void a_watcher_stops_all_threads(void **state)
{
    (void)state;
    int left = 60;
    struct tmk_ensemble_plan plan = {
        make_spec("sigmoid", "glorot", 50, 16), 0, 20, 2, false, {count_down, &left}};
    struct tmk_ensemble ensemble;
    assert_int_equal(tmk_ensemble_run(&plan, &ensemble), TMK_EINTR);
    assert_true(left >= -4 && left < 0);
}

static void impossible_networks_are_refused(void **state)
{
    (void)state;
    struct tmk_mlp *mlp;
    struct tmk_ensemble ensemble;
    struct tmk_mlp_spec spec = make_spec("sigmoid", "u01", 0, 4);
    assert_int_equal(tmk_mlp_make(&spec, 1, &mlp), TMK_EINVAL);
    spec = make_spec("sigmoid", "u01", 4, 0);
    assert_int_equal(tmk_mlp_make(&spec, 1, &mlp), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "width 0"));
    spec = make_spec("sigmoid", "u01", 4, 4);
    spec.batch = 0;
    assert_int_equal(tmk_mlp_make(&spec, 1, &mlp), TMK_EINVAL);
    spec = make_spec("sigmoid", "u01", 4, (size_t)1 << 40);
    assert_int_equal(tmk_mlp_make(&spec, 1, &mlp), TMK_EINVAL);
    spec = make_spec("sigmoid", "u01", 1000, 4000000);
    assert_int_equal(tmk_mlp_make(&spec, 1, &mlp), TMK_ENOMEM);
    struct tmk_ensemble_plan plan = {make_spec("sigmoid", "u01", 4, 4), 0, 0, 1, false, {0}};
    assert_int_equal(tmk_ensemble_run(&plan, &ensemble), TMK_EINVAL);
}

static void the_shallowest_networks(void **state)
{
    (void)state;
    struct tmk_mlp_spec spec = make_spec("sigmoid", "u01", 1, 1);
    struct tmk_mlp_result result = run(&spec, 0, true);
    double y = tmk_scaled_value(result.output);
    assert_true(isfinite(y) && isfinite(tmk_scaled_log10(layers[0].da)));
    spec = make_spec("relu", "he", 2, 3);
    spec.residual = true;
    run(&spec, 0, true);
    assert_finite(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_case_to_the_last_digit),
        cmocka_unit_test(textbook_slopes_lose_saturated_units),
        cmocka_unit_test(gradients_equal_differences),
        cmocka_unit_test(a_thousand_layers_stay_finite),
        cmocka_unit_test(signals_that_grow_or_shrink_stay_finite),
        cmocka_unit_test(slopes_beyond_double),
        cmocka_unit_test(f32_agrees_with_f64),
        cmocka_unit_test(implementations_agree),
        cmocka_unit_test(weights_kept_equal_weights_drawn_again),
        cmocka_unit_test(one_sample_has_equal_norms_of_bias_and_delta),
        cmocka_unit_test(spectral_norms),
        cmocka_unit_test(gradients_obey_the_product_bound),
        cmocka_unit_test(seeds_in_parallel_equal_one_by_one),
        cmocka_unit_test(a_watcher_stops_all_threads),
        cmocka_unit_test(impossible_networks_are_refused),
        cmocka_unit_test(the_shallowest_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
