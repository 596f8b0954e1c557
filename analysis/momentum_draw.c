/* The pictures and the chapter of `tilemark momentum`. */
#include "momentum.h"

#include "chapter.h"
#include "folder.h"
#include "plot.h"
#include "size.h"

#include <math.h>

#define CHAPTER_PLACE 60
#define WINDOWS 400 /* points of a curve of differences */

static const char rounding_name[] = "momentum-rounding", change_name[] = "momentum-change";
static const char rounding_table[] = "momentum-constant", change_table[] = "momentum-changed";

static enum tmk_status draw_rounding(const struct tmk_momentum *m, const char *folder)
{
    struct tmk_plot plot;
    double step[WINDOWS], ulps[WINDOWS];
    char subtitle[256];
    size_t steps = m->constant[0].plan.steps, windows = TMK_MIN((size_t)WINDOWS, steps);
    snprintf(subtitle, sizeof subtitle,
             "Largest difference of a coordinate in units in the last place of the largest; "
             "beta %g, maxima of stretches of %zu steps.",
             m->constant[0].plan.beta, tmk_ceil_div(steps, windows));
    TMK_TRY(tmk_plot_begin(
        &plot, folder, rounding_name,
        "With a constant step size the two forms of momentum differ by rounding only"));
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "steps", (double)steps);
    fputs("race,function,dtype,step,ulp\n", plot.table);
    for (int i = 0; i < TMK_RACES; i++) {
        const struct tmk_momentum_plan *plan = &m->constant[i].plan;
        char variable[16], name[32];
        snprintf(variable, sizeof variable, "race%d", i + 1);
        snprintf(name, sizeof name, "%s, %s", plan->landscape.name, tmk_dtype_name[plan->dtype]);
        tmk_plot_set_text(&plot, variable, name);
        tmk_momentum_envelope(&m->constant[i], windows, step, ulps);
        for (size_t w = 0; w < windows; w++)
            fprintf(plot.table, isnan(ulps[w]) ? "%d,%s,%s,%g,NaN\n" : "%d,%s,%s,%g,%.6g\n", i + 1,
                    plan->landscape.name, tmk_dtype_name[plan->dtype], step[w], ulps[w]);
    }
    return tmk_plot_finish(&plot, "momentum-rounding");
}

static enum tmk_status draw_change(const struct tmk_race *race, const char *folder)
{
    struct tmk_plot plot;
    char heading[128], subtitle[256];
    size_t from, to;
    const struct tmk_momentum_plan *plan = &race->plan;
    tmk_momentum_window(plan, &from, &to);
    snprintf(heading, sizeof heading,
             "When alpha changes, form II obeys at once, form I over %.0f steps",
             1 / (1 - plan->beta));
    snprintf(subtitle, sizeof subtitle,
             "Quadratic of condition %g, beta %g: alpha is %g, then %g from step %zu on.",
             plan->landscape.condition, plan->beta, plan->alpha, plan->alpha * plan->factor,
             plan->change);
    TMK_TRY(tmk_plot_begin(&plot, folder, change_name, heading));
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "change", (double)plan->change);
    tmk_plot_set_number(&plot, "from", (double)from);
    tmk_plot_set_number(&plot, "to", (double)to);
    fputs("step,stride_I,stride_II,stride_I_rescaled,distance_I,distance_II,distance_I_rescaled\n",
          plot.table);
    for (size_t s = from; s < to; s++) {
        fprintf(plot.table, "%zu", s);
        for (int form = 0; form < TMK_NFORMS; form++)
            fprintf(plot.table, ",%.9g", tmk_trajectory_stride(&race->forms[form], s));
        for (int form = 0; form < TMK_NFORMS; form++)
            fprintf(plot.table, ",%.9g", tmk_trajectory_distance(&race->forms[form], s));
        fputc('\n', plot.table);
    }
    return tmk_plot_finish(&plot, "momentum-change");
}

static enum tmk_status
write_table(const struct tmk_momentum *m, const char *folder, const char *name,
            enum tmk_status (*write)(const struct tmk_momentum *, FILE *, bool))
{
    FILE *file;
    TMK_TRY(tmk_folder_create(folder, name, "csv", &file));
    enum tmk_status written = write(m, file, true);
    enum tmk_status closed = tmk_folder_close(file, name);
    return written == TMK_OK ? closed : written;
}

static enum tmk_status write_chapter(const struct tmk_momentum *m, const char *folder)
{
    static const char *const paragraphs[] = {
        "Form I: theta^(n+1) = theta^n - alpha g^n + beta (theta^n - theta^(n-1)). Form II: "
        "v^(n+1) = g^n + beta v^n, theta^(n+1) = theta^n - alpha v^(n+1). With a constant alpha "
        "they are one sequence (Polyak 1964), and what is left between them is rounding. Near the "
        "minimum form II comes closer: its velocity has digits of its own, while form I's is a "
        "difference of rounded positions, which keep it moving by some ulp.",
        "They part when alpha changes. With u^n = theta^(n+1) - theta^n, form I is u^n = -alpha_n "
        "g^n + beta u^(n-1): gradients of the past keep the step size they were taken with. Form "
        "II is u^n = -alpha_n g^n + beta (alpha_n / alpha_(n-1)) u^(n-1): the new step size "
        "applies to all of them at once. A schedule tuned for one form is another schedule for "
        "the other; form I with its velocity times alpha_n / alpha_(n-1) is form II again.",
        NULL};
    static const struct tmk_chapter_item pictures[] = {
        {rounding_name, "Differences between the forms over thousands of steps, in f32 and f64, on "
                        "a convex and on a non-convex function."},
        {change_name, "Above: the length of each step. Below: the distance from the minimum. "
                      "Dashed: form I with its velocity rescaled, which lies on form II."},
        {NULL, NULL}};
    static const struct tmk_chapter_item tables[] = {
        {rounding_table, "Constant alpha: differences in ulp, and how far each form came."},
        {change_table, "Changed alpha: lengths of the step before the change and at it."},
        {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = "Two forms of momentum",
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = m->argc,
                                        .argv = m->argv};
    return tmk_chapter_write(folder, &chapter);
}

enum tmk_status tmk_momentum_draw(const struct tmk_momentum *m, const char *folder)
{
    TMK_TRY(draw_rounding(m, folder));
    TMK_TRY(draw_change(&m->changed[0], folder));
    TMK_TRY(write_table(m, folder, rounding_table, tmk_momentum_write_constant));
    TMK_TRY(write_table(m, folder, change_table, tmk_momentum_write_changed));
    TMK_TRY(write_chapter(m, folder));
    TMK_TRY(tmk_plot_draw(folder, rounding_name));
    return tmk_plot_draw(folder, change_name);
}
