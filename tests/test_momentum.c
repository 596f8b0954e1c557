/* The two forms of momentum: by hand, against each other, and the command. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "momentum_forms.h"
#include "program.h"

#include <math.h>

static struct tmk_momentum_plan make_plan(struct tmk_landscape landscape, double alpha,
                                          size_t steps)
{
    return (struct tmk_momentum_plan){.landscape = landscape,
                                      .dtype = TMK_F64,
                                      .alpha = alpha,
                                      .beta = 0.9,
                                      .change = steps,
                                      .factor = 1,
                                      .steps = steps};
}

static struct tmk_trajectory run(const struct tmk_momentum_plan *plan, enum tmk_momentum_form form)
{
    struct tmk_trajectory trajectory;
    assert_int_equal(tmk_momentum_run(plan, form, &trajectory), TMK_OK);
    return trajectory;
}

static void assert_close(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance))
        fail_msg("%.17g, wanted %.17g", got, wanted);
}

/* One coordinate by hand, curvature 1, from -1 towards 1: g = theta - 1. */
static void first_steps_by_hand(void **state)
{
    (void)state;
    struct tmk_momentum_plan plan = make_plan(tmk_quadratic(1), 0.5, 3);
    static const double theta[] = {-1, 0, 0.5 + 0.9, 1.4 - 0.2 + 0.9 * 1.4};
    for (int form = 0; form < TMK_NFORMS; form++) {
        struct tmk_trajectory t = run(&plan, (enum tmk_momentum_form)form);
        for (size_t s = 0; s < 4; s++)
            for (size_t i = 0; i < t.n; i++)
                assert_close(t.theta[s * t.n + i], theta[s], 1e-15);
        tmk_trajectory_free(&t);
    }
}

static void curvatures_span_the_condition(void **state)
{
    (void)state;
    struct tmk_landscape landscape = tmk_quadratic(100);
    double theta[10], gradient[10];
    for (int i = 0; i < 10; i++)
        theta[i] = 2;
    landscape.gradient_f64(&landscape, theta, gradient);
    assert_close(gradient[0], 0.01, 1e-16);
    assert_close(gradient[9], 1, 1e-16);
    assert_close(gradient[5] / gradient[4], pow(100, 1.0 / 9), 1e-14);
}

static void gradient_of_rosenbrock(void **state)
{
    (void)state;
    struct tmk_landscape landscape = tmk_rosenbrock();
    const double at[2] = {-1.2, 1}, minimum[2] = {1, 1};
    double gradient[2];
    landscape.gradient_f64(&landscape, at, gradient);
    assert_close(gradient[0], -215.6, 1e-12);
    assert_close(gradient[1], -88, 1e-12);
    landscape.gradient_f64(&landscape, minimum, gradient);
    assert_true(gradient[0] == 0 && gradient[1] == 0);
}

/* The most that I and II are apart, in ulp; both must arrive. */
static double most_ulps(const struct tmk_momentum_plan *plan, double distance)
{
    struct tmk_trajectory one = run(plan, TMK_FORM_I), two = run(plan, TMK_FORM_II);
    double most = 0;
    for (size_t s = 0; s <= plan->steps; s++)
        most = fmax(most, tmk_trajectory_ulps(&one, &two, s));
    assert_true(tmk_trajectory_distance(&one, plan->steps) < distance);
    assert_true(tmk_trajectory_distance(&two, plan->steps) < distance);
    tmk_trajectory_free(&one);
    tmk_trajectory_free(&two);
    return most;
}

static void constant_alpha_gives_one_sequence_to_rounding(void **state)
{
    (void)state;
    struct tmk_momentum_plan plan = make_plan(tmk_quadratic(100), 1, 5000);
    assert_true(most_ulps(&plan, 1e-13) < 200);
    plan.dtype = TMK_F32;
    assert_true(most_ulps(&plan, 1e-4) < 200);
    plan = make_plan(tmk_rosenbrock(), 5e-4, 5000);
    assert_true(most_ulps(&plan, 1e-4) < 2e4);
    plan.dtype = TMK_F32;
    assert_true(most_ulps(&plan, 1e-3) < 2e5);
}

static void without_momentum_the_forms_are_equal_bit_for_bit(void **state)
{
    (void)state;
    struct tmk_momentum_plan plan = make_plan(tmk_quadratic(10), 0.7, 200);
    plan.beta = 0;
    assert_true(most_ulps(&plan, 1e-4) <= 1);
}

/* II's step is the unchanged run's times the factor; I's differs from it by beta u (1 - factor). */
static void a_changed_alpha_parts_them_as_the_algebra_says(void **state)
{
    (void)state;
    static const double factors[] = {0.1, 2.5};
    for (int f = 0; f < 2; f++) {
        struct tmk_momentum_plan plan = make_plan(tmk_quadratic(100), 1, 60);
        struct tmk_trajectory same = run(&plan, TMK_FORM_II);
        plan.change = 30;
        plan.factor = factors[f];
        struct tmk_trajectory one = run(&plan, TMK_FORM_I), two = run(&plan, TMK_FORM_II);
        size_t n = same.n;
        for (size_t i = 0; i < n; i++) {
            double unchanged = same.theta[31 * n + i] - same.theta[30 * n + i];
            double before = one.theta[30 * n + i] - one.theta[29 * n + i];
            double u_one = one.theta[31 * n + i] - one.theta[30 * n + i];
            double u_two = two.theta[31 * n + i] - two.theta[30 * n + i];
            assert_close(u_two, factors[f] * unchanged, 1e-13);
            assert_close(u_one - u_two, 0.9 * (1 - factors[f]) * before, 1e-13);
        }
        tmk_trajectory_free(&same);
        tmk_trajectory_free(&one);
        tmk_trajectory_free(&two);
    }
}

static void a_rescaled_velocity_makes_one_form_of_both(void **state)
{
    (void)state;
    struct tmk_momentum_plan plan = make_plan(tmk_quadratic(100), 1, 500);
    plan.change = 30;
    plan.factor = 0.1;
    struct tmk_trajectory rescaled = run(&plan, TMK_FORM_I_RESCALED);
    struct tmk_trajectory two = run(&plan, TMK_FORM_II);
    for (size_t s = 0; s <= plan.steps; s++)
        assert_true(tmk_trajectory_ulps(&rescaled, &two, s) < 2000);
    tmk_trajectory_free(&rescaled);
    tmk_trajectory_free(&two);
}

static void ulps_count_from_the_largest_coordinate(void **state)
{
    (void)state;
    double a_theta[] = {1, 1e-9}, b_theta[] = {1 + 0x1p-51, 1e-9};
    struct tmk_trajectory a = {0, 2, TMK_F64, a_theta}, b = {0, 2, TMK_F64, b_theta};
    assert_true(tmk_trajectory_ulps(&a, &b, 0) == 2);
    assert_true(tmk_trajectory_ulps(&a, &a, 0) == 0);
    b_theta[0] = 1 + 0x1p-22;
    a.dtype = b.dtype = TMK_F32;
    assert_true(tmk_trajectory_ulps(&a, &b, 0) == 2);
}

static void the_command_compares_both(void **state)
{
    (void)state;
    expect("momentum 2>&1", 0, "quadratic   f32");
    said("rosenbrock  f64");
    said("I rescaled from II");
    expect("momentum --beta 0 --steps 100 --change 5:2 --alpha 0.5 2>&1", 0, "1/(1 - beta) = 1 ");
    expect("momentum --help", 0, "beta (alpha_n / alpha_(n-1)) u^(n-1)");
}

static void wrong_input_is_refused_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *words, *message;
    } cases[] = {
        {"--steps 0", "--steps: '0'"},
        {"--steps 99999999", "--steps: 99999999 are too many"},
        {"--beta 1", "--beta: 1 does not converge"},
        {"--beta -0.1", "--beta: -0.1"},
        {"--alpha 0", "--alpha: 0"},
        {"--alpha 3.9", "stay above 0 and below 2 (1 + beta) = 3.8"},
        {"--alpha 1 --change 30:4", "--alpha: 1, or 4 times it"},
        {"--condition 0.5", "--condition: 0.5"},
        {"--change 30", "--change: '30'"},
        {"--change 30:", "--change: '30:'"},
        {"--change 0:2", "--change: step 0 is not on the way"},
        {"--change 3000:2", "--change: step 3000 is not on the way"},
        {"--change 30:-1", "--change: '30:-1'"},
        {"extra", "'extra' is not understood"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[128];
        snprintf(words, sizeof words, "momentum %s 2>&1", cases[i].words);
        expect(words, 2, cases[i].message);
        assert_ptr_equal(strchr(program_output, '\n'), program_output + strlen(program_output) - 1);
    }
}

static void pictures_tables_and_a_chapter(void **state)
{
    (void)state;
    expect_picture("momentum", "momentum-rounding");
    expect_picture("momentum --steps 50 --change 10:3", "momentum-change");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_steps_by_hand),
        cmocka_unit_test(curvatures_span_the_condition),
        cmocka_unit_test(gradient_of_rosenbrock),
        cmocka_unit_test(constant_alpha_gives_one_sequence_to_rounding),
        cmocka_unit_test(without_momentum_the_forms_are_equal_bit_for_bit),
        cmocka_unit_test(a_changed_alpha_parts_them_as_the_algebra_says),
        cmocka_unit_test(a_rescaled_velocity_makes_one_form_of_both),
        cmocka_unit_test(ulps_count_from_the_largest_coordinate),
        cmocka_unit_test(the_command_compares_both),
        cmocka_unit_test(wrong_input_is_refused_in_one_line),
        cmocka_unit_test(pictures_tables_and_a_chapter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
