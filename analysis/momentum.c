/* tilemark momentum: the two forms of momentum, the same until the step size changes. */
#include "momentum.h"
#include "commands.h"
#include "numbers.h"

#include "cli.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROSENBROCK_ALPHA 5e-4 /* the largest curvature on the way is about 1300 */
#define MOST_STEPS 1000000

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...]",
    .about =
        "Run gradient descent with momentum (Polyak 1964) in its two forms side by side:\n"
        "  I   theta^(n+1) = theta^n - alpha g^n + beta (theta^n - theta^(n-1))\n"
        "  II  v^(n+1) = g^n + beta v^n,  theta^(n+1) = theta^n - alpha v^(n+1)   (PyTorch's)\n"
        "from theta^(-1) = theta^0, v^0 = 0, on two functions with their minimum at 1:\n"
        "  quadratic   sum h_i (theta_i - 1)^2 / 2, ten curvatures from 1/condition to 1\n"
        "  rosenbrock  (1 - x)^2 + 100 (y - x^2)^2, not convex\n"
        "With a constant alpha the sequences differ by rounding only: shown in ulp of the largest\n"
        "coordinate, in f32 and f64. With u^n = theta^(n+1) - theta^n, they are\n"
        "  I   u^n = -alpha_n g^n + beta u^(n-1)\n"
        "  II  u^n = -alpha_n g^n + beta (alpha_n / alpha_(n-1)) u^(n-1)\n"
        "so that they part when alpha changes: I keeps in its velocity the step sizes of the past\n"
        "and forgets them over some 1/(1 - beta) steps, II scales the whole velocity at once.\n"
        "I with its velocity times alpha_n / alpha_(n-1) is II again.",
    .examples = "tilemark momentum\n"
                "tilemark momentum --beta 0.99 --condition 1000 --steps 20000\n"
                "tilemark momentum --change 30:3\n"
                "tilemark momentum --out results/momentum",
};

struct options {
    char *steps, *change, *out;
    double alpha, beta, condition;
};

/* "STEP:FACTOR" */
static enum tmk_status read_change(const char *text, size_t steps, size_t *at, double *factor)
{
    char step[32], *end = step;
    size_t length = strcspn(text, ":");
    snprintf(step, sizeof step, "%.*s", (int)length, text);
    if (text[length] == ':')
        *factor = strtod(text + length + 1, &end);
    if (length >= sizeof step || text[length] != ':' || *end || end == text + length + 1 ||
        !tmk_parse_size(step, at) || !(*factor > 0) || !isfinite(*factor))
        return tmk_fail(TMK_EINVAL, "--change: '%s' is no change: write STEP:FACTOR, as in 30:0.1",
                        text);
    if (*at == 0 || *at >= steps)
        return tmk_fail(TMK_EINVAL, "--change: step %zu is not on the way: choose 1 to %zu", *at,
                        steps - 1);
    return TMK_OK;
}

static enum tmk_status check_numbers(const struct options *o, size_t steps, double factor)
{
    double most = 2 * (1 + o->beta);
    if (steps > MOST_STEPS)
        return tmk_fail(TMK_EINVAL, "--steps: %zu are too many: choose up to %d", steps,
                        MOST_STEPS);
    if (!(o->beta >= 0 && o->beta < 1))
        return tmk_fail(TMK_EINVAL, "--beta: %g does not converge: choose 0 or more, below 1",
                        o->beta);
    if (!(o->alpha > 0 && o->alpha < most && o->alpha * factor < most))
        return tmk_fail(TMK_EINVAL,
                        "--alpha: %g, or %g times it after the change, does not converge: stay "
                        "above 0 and below 2 (1 + beta) = %g",
                        o->alpha, factor, most);
    if (!(o->condition >= 1 && o->condition <= 1e12))
        return tmk_fail(TMK_EINVAL, "--condition: %g is none: choose 1 to 1e12", o->condition);
    return TMK_OK;
}

static enum tmk_status run_race(struct tmk_race *race)
{
    for (int form = 0; form < TMK_NFORMS; form++)
        TMK_TRY(tmk_momentum_run(&race->plan, (enum tmk_momentum_form)form, &race->forms[form]));
    const struct tmk_trajectory *second = &race->forms[TMK_FORM_II];
    for (size_t s = 0; s <= race->plan.steps; s++) {
        double ulps = tmk_trajectory_ulps(&race->forms[TMK_FORM_I], second, s);
        if (ulps > race->most_ulps) {
            race->most_ulps = ulps;
            race->most_at = s;
        }
        race->rescaled_ulps = fmax(
            race->rescaled_ulps, tmk_trajectory_ulps(&race->forms[TMK_FORM_I_RESCALED], second, s));
    }
    return TMK_OK;
}

static enum tmk_status run_all(struct tmk_momentum *m, const struct tmk_momentum_plan *quadratic)
{
    struct tmk_momentum_plan plans[2] = {*quadratic, *quadratic};
    plans[1].landscape = tmk_rosenbrock();
    plans[1].alpha = ROSENBROCK_ALPHA;
    for (int i = 0; i < TMK_RACES; i++) {
        m->constant[i].plan = plans[i / 2];
        m->constant[i].plan.dtype = i % 2 ? TMK_F64 : TMK_F32;
        m->constant[i].plan.factor = 1;
        TMK_TRY(run_race(&m->constant[i]));
    }
    for (int i = 0; i < 2; i++) {
        m->changed[i].plan = plans[i];
        TMK_TRY(run_race(&m->changed[i]));
    }
    return TMK_OK;
}

static enum tmk_status answer(const struct options *o, struct tmk_momentum *m)
{
    struct tmk_momentum_plan plan = {
        .dtype = TMK_F64, .alpha = o->alpha, .beta = o->beta, .steps = 3000};
    if (o->steps)
        TMK_TRY(tmk_parse_positive("--steps", o->steps, &plan.steps));
    TMK_TRY(read_change(o->change ? o->change : "30:0.1", plan.steps, &plan.change, &plan.factor));
    TMK_TRY(check_numbers(o, plan.steps, plan.factor));
    plan.landscape = tmk_quadratic(o->condition);
    TMK_TRY(run_all(m, &plan));
    TMK_TRY(tmk_momentum_print(m, !o->out));
    return o->out ? tmk_momentum_draw(m, o->out) : TMK_OK;
}

static void free_race(struct tmk_race *race)
{
    for (int form = 0; form < TMK_NFORMS; form++)
        tmk_trajectory_free(&race->forms[form]);
}

static void free_all(struct options *o, struct tmk_momentum *m)
{
    for (int i = 0; i < TMK_RACES; i++)
        free_race(&m->constant[i]);
    for (int i = 0; i < 2; i++)
        free_race(&m->changed[i]);
    free(o->steps);
    free(o->change);
    free(o->out);
}

int tmk_command_momentum(int argc, const char **argv)
{
    struct options o = {.alpha = 1, .beta = 0.9, .condition = 100};
    struct tmk_momentum m = {.argc = argc, .argv = argv};
    const struct poptOption table[] = {
        {"steps", 0, POPT_ARG_STRING, &o.steps, 0, "of each run (3000)", "N"},
        {"alpha", 0, POPT_ARG_DOUBLE, &o.alpha, 0,
         "the quadratic's step size, below 2 (1 + beta) (1); rosenbrock's is 0.0005", "A"},
        {"beta", 0, POPT_ARG_DOUBLE, &o.beta, 0, "momentum, 0 to 1 (0.9)", "B"},
        {"condition", 0, POPT_ARG_DOUBLE, &o.condition, 0,
         "of the quadratic: largest curvature over smallest (100)", "K"},
        {"change", 0, POPT_ARG_STRING, &o.change, 0,
         "in the second comparison alpha is multiplied there (30:0.1)", "STEP:FACTOR"},
        {"out", 0, POPT_ARG_STRING, &o.out, 0, "pictures, tables, a chapter of the report", "DIR"},
        POPT_TABLEEND,
    };
    bool done;
    enum tmk_status status = tmk_cli_parse_options(argc, argv, table, &usage, &done);
    if (status == TMK_OK && !done)
        status = answer(&o, &m);
    free_all(&o, &m);
    return tmk_cli_finish(argv[0], status);
}
