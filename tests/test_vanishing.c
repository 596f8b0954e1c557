/* Vanishing gradients: the theory's figures, theory against measurement, and the command. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vanishing_cases.h"
#include "program.h"

static void assert_close(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance))
        fail_msg("%.9g, wanted %.9g to within %g", got, wanted, tolerance);
}

/* q*, chi, its root and the decades lost, to the digits printed for the sigmoid with sigma_b = 0.
 */
static void fixed_points_of_the_sigmoid(void **state)
{
    (void)state;
    static const struct {
        double sigma_w2, q, q_digit, chi, chi_digit, root, decades;
    } rows[] = {
        {1.0 / 3, 0.085, 1e-3, 0.0200, 1e-4, 0.141, 0.849},
        {1, 0.265, 1e-3, 0.0557, 1e-4, 0.236, 0.627},
        {2, 0.555, 1e-3, 0.101, 1e-3, 0.318, 0.498},
        {16, 5.86, 1e-2, 0.399, 1e-3, 0.632, 0.200},
    };
    const struct tmk_activation *sigmoid = tmk_activation_find("sigmoid");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double q = tmk_meanfield_fixed_point(sigmoid, rows[i].sigma_w2, 0);
        double chi = tmk_meanfield_chi(sigmoid, rows[i].sigma_w2, q);
        assert_close(q, rows[i].q, 0.51 * rows[i].q_digit);
        assert_close(chi, rows[i].chi, 0.51 * rows[i].chi_digit);
        assert_close(sqrt(chi), rows[i].root, 0.51e-3);
        assert_close(-0.5 * log10(chi), rows[i].decades, 0.51e-3);
    }
}

static void critical_spreads(void **state)
{
    (void)state;
    double sigmoid = tmk_meanfield_critical(tmk_activation_find("sigmoid"));
    assert_close(sigmoid, 103.0, 0.05);
    assert_close(sqrt(sigmoid), 10.15, 0.005);
    assert_close(tmk_meanfield_critical(tmk_activation_find("tanh")), 1, 1e-6);
    assert_close(tmk_meanfield_critical(tmk_activation_find("relu")), 2, 1e-6);
}

/* E[relu'^2] = 1/2 and E[relu^2] = q/2; tanh is the identity near 0; E[sigmoid] = 1/2. */
static void expectations_known_in_closed_form(void **state)
{
    (void)state;
    const struct tmk_activation *relu = tmk_activation_find("relu");
    const struct tmk_activation *tanh_ = tmk_activation_find("tanh");
    assert_close(tmk_meanfield_chi(relu, 3, 7), 1.5, 1e-12);
    assert_close(tmk_meanfield_fixed_point(relu, 1, 0.3), 0.6, 1e-12);
    assert_true(isinf(tmk_meanfield_fixed_point(relu, 2, 0.1)));
    assert_true(tmk_meanfield_fixed_point(tanh_, 0.5, 0) == 0);
    assert_close(tmk_meanfield_chi(tanh_, 0.5, 0), 0.5, 1e-15);
    assert_close(tmk_meanfield_chi(tanh_, 1, 1e-6), 1 - 2e-6, 1e-11);
    /* of phi'(z)^2 = sigma^2 (1 - sigma)^2 under N(0, q), q large: (1/6) / sqrt(2 pi q) */
    double q = 1e8, chi = tmk_meanfield_chi(tmk_activation_find("sigmoid"), 1, q);
    assert_close(chi * sqrt(2 * M_PI * q), 1.0 / 6, 1e-8);
}

/* Samples uniform in [0, 1): E[x^2] = 1/3; from there q_l runs to q*. */
static void layers_near_the_input_have_their_own_q(void **state)
{
    (void)state;
    struct tmk_ensemble_plan plan = make_plan("sigmoid", "normal", 4, 12, 100, 1);
    struct tmk_meanfield_layer layers[12];
    assert_true(tmk_meanfield_predict(&plan.spec, layers));
    double q_star = tmk_meanfield_fixed_point(plan.spec.activation, 16, 0);
    assert_close(layers[0].q, 16.0 / 3, 1e-12);
    assert_close(layers[10].q, q_star, 1e-6);
    assert_close(layers[9].log10_delta - layers[10].log10_delta,
                 0.5 * log10(tmk_meanfield_chi(plan.spec.activation, 16, q_star)), 1e-6);
    plan.spec.init = tmk_init_find("u01");
    assert_false(tmk_meanfield_predict(&plan.spec, layers));
}

static void mean_field_holds_within_3_percent(void **state)
{
    (void)state;
    check_mean_field(8, 512, 20);
}

/* Simulated at width 128: .234, .314, .607. */
static void narrower_networks_stray_a_little(void **state)
{
    (void)state;
    static const double sigma_w2[] = {1, 2, 16}, factor[] = {0.234, 0.314, 0.607};
    for (int i = 0; i < 3; i++) {
        struct tmk_ensemble_plan plan =
            make_plan("sigmoid", "normal", sqrt(sigma_w2[i]), 20, 128, 20);
        struct tmk_decay decay = make_decay(&plan, false);
        assert_close(pow(10, -decay.fit.decades.median) / factor[i], 1, 0.03);
        tmk_decay_free(&decay);
    }
}

static void mean_field_of_other_networks(void **state)
{
    (void)state;
    static const struct {
        const char *activation, *init;
        double sigma_w;
        bool residual;
    } cases[] = {
        {"sigmoid", "torch", 1, false}, {"sigmoid", "glorot", 1, false},
        {"sigmoid", "gain4", 1, false}, {"tanh", "normal", 0.9, false},
        {"tanh", "normal", 1.5, false}, {"tanh", "torch", 1, false},
        {"relu", "he", 1, false},       {"relu", "normal", 3, false},
        {"sigmoid", "glorot", 1, true}, {"tanh", "glorot", 1, true},
        {"relu", "normal", 0.5, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tmk_ensemble_plan plan =
            make_plan(cases[i].activation, cases[i].init, cases[i].sigma_w, 10, 256, 10);
        plan.spec.residual = cases[i].residual;
        struct tmk_decay decay = make_decay(&plan, false);
        if (!(fabs(decay.fit.ratio - 1) < 0.03))
            fail_msg("%s %s residual %d: factor off by %.2f %%", cases[i].activation, cases[i].init,
                     cases[i].residual, 100 * (decay.fit.ratio - 1));
        for (size_t l = 0; l < 9; l++)
            assert_close(decay.layers[l].q / decay.layers[l].theory_q, 1, 0.2);
        tmk_decay_free(&decay);
    }
}

/* With one sample dL/dA_l is an outer product: its theory lies on the measured axes. */
static void theory_of_weights_and_biases_lies_on_the_measured(void **state)
{
    (void)state;
    struct tmk_ensemble_plan plan = make_plan("sigmoid", "normal", 1, 12, 256, 20);
    struct tmk_decay decay = make_decay(&plan, false);
    for (size_t l = 0; l < 12; l++) {
        assert_close(decay.layers[l].theory_db, decay.layers[l].db.median, 0.1);
        assert_close(decay.layers[l].theory_da, decay.layers[l].da.median, 0.1);
    }
    tmk_decay_free(&decay);
}

static void the_bound_bounds(void **state)
{
    (void)state;
    static const char *const inits[] = {"torch", "gain4", "u01", "normal"};
    for (int i = 0; i < 4; i++) {
        struct tmk_ensemble_plan plan = make_plan("sigmoid", inits[i], 6, 15, 24, 1);
        plan.spectral = true;
        struct tmk_decay decay = make_decay(&plan, false);
        for (size_t l = 0; l < 15; l++)
            assert_true(decay.layers[l].db.median <= decay.layers[l].bound + 1e-4);
        assert_true(decay.fit.decades.median >= decay.fit.bound_decades);
        tmk_decay_free(&decay);
    }
}

static void textbook_slopes_err_where_units_saturate(void **state)
{
    (void)state;
    struct tmk_ensemble_plan mild = make_plan("sigmoid", "u01", 1, 6, 4, 1);
    struct tmk_ensemble_plan hard = make_plan("sigmoid", "u01", 1, 6, 64, 1);
    struct tmk_decay decay = make_decay(&mild, true);
    assert_true(decay.layers[0].textbook_error < 1e-14);
    tmk_decay_free(&decay);
    decay = make_decay(&hard, true);
    assert_true(decay.layers[0].textbook_error > 1e-6);
    assert_close(decay.layers[2].saturated.median, 1, 0);
    tmk_decay_free(&decay);
}

static void shallow_networks_have_no_slope(void **state)
{
    (void)state;
    for (size_t depth = 1; depth <= 2; depth++) {
        struct tmk_ensemble_plan plan = make_plan("sigmoid", "glorot", 1, depth, 4, 3);
        struct tmk_decay decay = make_decay(&plan, false);
        assert_true(isnan(decay.fit.decades.median) && isnan(decay.fit.ratio));
        assert_true(isfinite(decay.layers[0].da.median));
        tmk_decay_free(&decay);
    }
}

static void a_sweep_finds_where_the_decay_vanishes(void **state)
{
    (void)state;
    struct tmk_sigma_sweep sweep;
    struct tmk_ensemble_plan plan = make_plan("sigmoid", "normal", 1, 20, 128, 8);
    assert_int_equal(tmk_sigma_sweep_make(&plan, 5, 20, 5, &sweep), TMK_OK);
    assert_close(sweep.sigma_w[2], 10, 1e-9);
    assert_close(sweep.critical, 10.15, 0.005);
    assert_close(sweep.crossing / sweep.critical, 1, 0.15);
    assert_true(sweep.decays[0].fit.decades.median > 0);
    assert_true(sweep.decays[4].fit.decades.median < 0);
    tmk_sigma_sweep_free(&sweep);
    assert_int_equal(tmk_sigma_sweep_make(&plan, 1, 2, 2, &sweep), TMK_OK);
    assert_true(isnan(sweep.crossing));
    tmk_sigma_sweep_free(&sweep);
}

/* Every published number of the six-layer case. */
static void the_default_prints_the_published_case(void **state)
{
    (void)state;
    expect("vanishing 2>&1", 0, "loss 0.8844542732203245");
    said("dL/dA_1[0][0] = 2.394266152849797");
    said("9.79334e-05");
    said("0.000758743");
    said("0.00243573");
    said("0.0413368");
    said("0.180324");
    said("2.36072");
#ifndef __FP_FAST_FMA
    said("with textbook slopes s(1-s): loss 0.8844542732203245, "
         "dL/dA_1[0][0] = 2.3942661528497968e-05");
#endif
}

static void the_published_case_by_every_implementation(void **state)
{
    (void)state;
    expect("vanishing --impl strided 2>&1", 0, "0.884454273220324");
    expect("vanishing --impl blocked 2>&1", 0, "products by blocked");
    said("9.79334e-05");
}

static void a_thousand_layers(void **state)
{
    (void)state;
    expect("vanishing --depth 1000 --width 64 --init torch 2>/dev/null", 0, "e-85");
    said("\n 1000 ");
    assert_null(strstr(program_output, "inf"));
    assert_null(strstr(program_output, "nan"));
}

static void several_initialisations_are_compared(void **state)
{
    (void)state;
    expect("vanishing --init torch,he,normal --sigma-w 1,10.15 --depth 8 --width 40 --seeds 5 2>&1",
           0, "4 initialisations");
    said("normal, sigma_w 10.15");
    said("decades/layer");
}

static void options_reach_the_network(void **state)
{
    (void)state;
    expect("vanishing --activation relu --residual --batch 3 --dtype f32 --seed 9 --init he 2>&1",
           0, "relu units, residual, batch 3, f32");
    said("seed 9: loss");
    expect("vanishing --textbook --depth 5 --width 64 2>&1", 0, "s(1-s) errs by");
    expect("vanishing --threads 2 --seeds 4 --init glorot 2>&1", 0, "10 to 90 % of the seeds");
    expect("vanishing --sweep --range 8:13:3 --depth 6 --width 32 --seeds 3 2>&1", 0,
           "sigma_w = 10.15");
    expect("vanishing --help", 0, "1/4 ||A_l||_2");
}

static void wrong_input_is_refused_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *words, *message;
    } cases[] = {
        {"--width 0", "--width: '0'"},
        {"--depth 0", "--depth: '0'"},
        {"--depth -3", "--depth: '-3'"},
        {"--batch x", "--batch: 'x'"},
        {"--seeds 0", "--seeds: '0'"},
        {"--seed -1", "--seed: -1"},
        {"--init foo", "'foo' is unknown: choose from torch"},
        {"--init ''", "'' is unknown"},
        {"--activation step", "'step' is unknown: choose from sigmoid"},
        {"--dtype f16", "'f16' is unknown"},
        {"--impl mkl9", "'mkl9' is unknown: choose from naive"},
        {"--sigma-w 0", "--sigma-w: '0'"},
        {"--sigma-w 1,,2", "--sigma-w: ''"},
        {"--sigma-w nan", "--sigma-w: 'nan'"},
        {"--init he --sigma-w 2", "--sigma-w is read by --init normal"},
        {"--sigma-w 1,2,3,4,5,6,7,8,9", "more than 8 cases"},
        {"--range 1:2:3", "--range is read by --sweep"},
        {"--sweep --range 1:2", "--range: '1:2'"},
        {"--sweep --range 2:1:5", "2:1 runs backwards"},
        {"--sweep --range 1:2:1", "--range: '1:2:1'"},
        {"--threads 99999", "--threads"},
        {"extra", "'extra' is not understood"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[128];
        snprintf(words, sizeof words, "vanishing %s 2>&1", cases[i].words);
        expect(words, 2, cases[i].message);
        assert_ptr_equal(strchr(program_output, '\n'), program_output + strlen(program_output) - 1);
    }
    expect("vanishing --depth 1000 --width 3000000 2>&1", 4, "choose a smaller network");
}

static void pictures_tables_and_a_chapter(void **state)
{
    (void)state;
    expect_picture("vanishing", "vanishing-norms");
    expect_picture("vanishing --depth 4 --seeds 2 --init he", "vanishing-saturation");
    expect_picture("vanishing --init he,torch --depth 5 --width 9 --seeds 3", "vanishing-norms");
    expect_picture("vanishing --sweep --depth 6 --width 16 --range 1:20:5", "vanishing-sweep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_points_of_the_sigmoid),
        cmocka_unit_test(critical_spreads),
        cmocka_unit_test(expectations_known_in_closed_form),
        cmocka_unit_test(layers_near_the_input_have_their_own_q),
        cmocka_unit_test(mean_field_holds_within_3_percent),
        cmocka_unit_test(narrower_networks_stray_a_little),
        cmocka_unit_test(mean_field_of_other_networks),
        cmocka_unit_test(theory_of_weights_and_biases_lies_on_the_measured),
        cmocka_unit_test(the_bound_bounds),
        cmocka_unit_test(textbook_slopes_err_where_units_saturate),
        cmocka_unit_test(shallow_networks_have_no_slope),
        cmocka_unit_test(a_sweep_finds_where_the_decay_vanishes),
        cmocka_unit_test(the_default_prints_the_published_case),
        cmocka_unit_test(the_published_case_by_every_implementation),
        cmocka_unit_test(a_thousand_layers),
        cmocka_unit_test(several_initialisations_are_compared),
        cmocka_unit_test(options_reach_the_network),
        cmocka_unit_test(wrong_input_is_refused_in_one_line),
        cmocka_unit_test(pictures_tables_and_a_chapter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
