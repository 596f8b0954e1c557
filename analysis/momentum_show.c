/* What `tilemark momentum` says on a terminal, and its tables as CSV. */
#include "momentum.h"

#include "plot.h"
#include "size.h"
#include "table.h"

#include <math.h>

#define WINDOWS 60 /* of the text plot */

void tmk_momentum_window(const struct tmk_momentum_plan *plan, size_t *from, size_t *to)
{
    size_t memory = (size_t)ceil(1 / (1 - plan->beta));
    *from = plan->change - TMK_MIN(plan->change, 2 * memory);
    *to = TMK_MIN(plan->steps, plan->change + 6 * memory);
}

void tmk_momentum_envelope(const struct tmk_race *race, size_t windows, double *step, double *ulps)
{
    size_t steps = race->plan.steps;
    for (size_t w = 0; w < windows; w++) {
        size_t from = w * steps / windows, to = (w + 1) * steps / windows;
        double most = 0;
        for (size_t s = from; s <= to; s++)
            most = fmax(
                most, tmk_trajectory_ulps(&race->forms[TMK_FORM_I], &race->forms[TMK_FORM_II], s));
        step[w] = 0.5 * (double)(from + to);
        ulps[w] = most > 0 ? most : NAN;
    }
}

enum tmk_status tmk_momentum_write_constant(const struct tmk_momentum *m, FILE *file, bool csv)
{
    static const struct tmk_column columns[] = {
        {"function", false},      {"dtype", false},      {"alpha", true},
        {"steps", true},          {"ulp at most", true}, {"after step", true},
        {"ulp at the end", true}, {"distance I", true},  {"distance II", true}};
    struct tmk_table table = TMK_TABLE(columns);
    for (int i = 0; i < TMK_RACES; i++) {
        const struct tmk_race *race = &m->constant[i];
        const struct tmk_trajectory *one = &race->forms[TMK_FORM_I];
        const struct tmk_trajectory *two = &race->forms[TMK_FORM_II];
        size_t steps = race->plan.steps;
        tmk_table_cell(&table, "%s", race->plan.landscape.name);
        tmk_table_cell(&table, "%s", tmk_dtype_name[race->plan.dtype]);
        tmk_table_cell(&table, "%g", race->plan.alpha);
        tmk_table_cell(&table, "%zu", steps);
        tmk_table_cell(&table, "%.4g", race->most_ulps);
        tmk_table_cell(&table, "%zu", race->most_at);
        tmk_table_cell(&table, "%.4g", tmk_trajectory_ulps(one, two, steps));
        tmk_table_cell(&table, "%.6g", tmk_trajectory_distance(one, steps));
        tmk_table_cell(&table, "%.6g", tmk_trajectory_distance(two, steps));
    }
    return tmk_table_print(&table, file, csv);
}

enum tmk_status tmk_momentum_write_changed(const struct tmk_momentum *m, FILE *file, bool csv)
{
    static const struct tmk_column columns[] = {{"function", false},
                                                {"at step", true},
                                                {"alpha", true},
                                                {"then", true},
                                                {"stride before", true},
                                                {"stride I", true},
                                                {"stride II", true},
                                                {"II over I", true},
                                                {"ulp apart at most", true},
                                                {"I rescaled from II", true}};
    struct tmk_table table = TMK_TABLE(columns);
    for (int i = 0; i < 2; i++) {
        const struct tmk_race *race = &m->changed[i];
        size_t at = race->plan.change;
        double one = tmk_trajectory_stride(&race->forms[TMK_FORM_I], at);
        double two = tmk_trajectory_stride(&race->forms[TMK_FORM_II], at);
        tmk_table_cell(&table, "%s", race->plan.landscape.name);
        tmk_table_cell(&table, "%zu", at);
        tmk_table_cell(&table, "%g", race->plan.alpha);
        tmk_table_cell(&table, "%g", race->plan.alpha * race->plan.factor);
        tmk_table_cell(&table, "%.4g", tmk_trajectory_stride(&race->forms[TMK_FORM_I], at - 1));
        tmk_table_cell(&table, "%.4g", one);
        tmk_table_cell(&table, "%.4g", two);
        tmk_table_cell(&table, "%.4g", two / one);
        tmk_table_cell(&table, "%.3g", race->most_ulps);
        tmk_table_cell(&table, "%.3g", race->rescaled_ulps);
    }
    return tmk_table_print(&table, file, csv);
}

static enum tmk_status plot_ulps(const struct tmk_momentum *m)
{
    static const char *const names[TMK_RACES] = {"quadratic f32", "quadratic f64", "rosenbrock f32",
                                                 "rosenbrock f64"};
    double step[WINDOWS], ulps[TMK_RACES][WINDOWS];
    const double *series[TMK_RACES];
    size_t windows = TMK_MIN((size_t)WINDOWS, m->constant[0].plan.steps);
    for (int i = 0; i < TMK_RACES; i++) {
        tmk_momentum_envelope(&m->constant[i], windows, step, ulps[i]);
        series[i] = ulps[i];
    }
    const struct tmk_text_plot plot = {.title = "Difference of I and II, constant alpha",
                                       .x_label = "step",
                                       .y_label = "ulp",
                                       .log_y = true,
                                       .nseries = TMK_RACES,
                                       .names = names,
                                       .points = windows,
                                       .x = step,
                                       .y = series};
    return tmk_plot_text(&plot);
}

static enum tmk_status plot_strides(const struct tmk_race *race)
{
    static const char *const names[2] = {"I", "II"};
    double step[WINDOWS], strides[2][WINDOWS];
    size_t from, to;
    tmk_momentum_window(&race->plan, &from, &to);
    size_t points = TMK_MIN((size_t)WINDOWS, to - from);
    for (size_t p = 0; p < points; p++) {
        size_t s = from + p * (to - from) / points;
        step[p] = (double)s;
        for (int form = 0; form < 2; form++)
            strides[form][p] = tmk_trajectory_stride(&race->forms[form], s);
    }
    const double *const series[2] = {strides[0], strides[1]};
    const struct tmk_text_plot plot = {.title =
                                           "Length of a step on the quadratic as alpha changes",
                                       .x_label = "step",
                                       .y_label = "length",
                                       .log_y = true,
                                       .nseries = 2,
                                       .names = names,
                                       .points = points,
                                       .x = step,
                                       .y = series};
    return tmk_plot_text(&plot);
}

enum tmk_status tmk_momentum_print(const struct tmk_momentum *m, bool plots)
{
    const struct tmk_momentum_plan *plan = &m->changed[0].plan;
    printf("constant alpha, beta %g: the two forms differ by rounding, in ulp of the largest "
           "coordinate\n\n",
           plan->beta);
    TMK_TRY(tmk_momentum_write_constant(m, stdout, false));
    printf(
        "\nNear the minimum II comes closer: its velocity has digits of its own, while I's is a\n"
        "difference of rounded positions.\n");
    if (plots)
        TMK_TRY(plot_ulps(m));
    printf("\nalpha times %g from step %zu on, f64: length of the step before it and at it\n\n",
           plan->factor, plan->change);
    TMK_TRY(tmk_momentum_write_changed(m, stdout, false));
    printf("\nII applies the new alpha to its whole velocity at once; I keeps the old one in it\n"
           "and forgets it over some 1/(1 - beta) = %.0f steps. I with its velocity times\n"
           "alpha_n/alpha_(n-1) is II again, to rounding (last column, ulp).\n",
           1 / (1 - plan->beta));
    return plots ? plot_strides(&m->changed[0]) : TMK_OK;
}
