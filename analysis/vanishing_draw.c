/* The pictures and the chapter of `tilemark vanishing`. */
#include "vanishing.h"

#include "chapter.h"
#include "folder.h"
#include "plot.h"
#include "size.h"

#include <math.h>
#include <string.h>

#define CHAPTER_PLACE 50
#define MOST_ROWS                                                                                  \
    120 /* of the heat map: deeper networks show every second layer, or third, ...                 \
         */

static const char norms_name[] = "vanishing-norms", saturation_name[] = "vanishing-saturation",
                  sweep_name[] = "vanishing-sweep";
static const char cases_table[] = "vanishing-cases", layers_table[] = "vanishing-layers",
                  sweep_table[] = "vanishing-sweep-table";

static void put_values(FILE *file, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(file, isfinite(values[i]) ? ",%.9g" : ",NaN", values[i]);
    fputc('\n', file);
}

/* A row for each layer of each case: what norms and saturation are drawn from. */
static void put_layers(const struct tmk_vanishing *v, FILE *file)
{
    fputs("case,init,layer,da,da_lo,da_hi,db,db_lo,db_hi,theory_da,theory_db,bound,saturated,"
          "saturated_lo,saturated_hi\n",
          file);
    for (size_t c = 0; c < v->ncases; c++) {
        for (size_t i = 0; i < v->cases[c].plan.spec.depth; i++) {
            const struct tmk_decay_layer *layer = &v->cases[c].layers[i];
            const double values[] = {layer->da.median,
                                     layer->da.lo,
                                     layer->da.hi,
                                     layer->db.median,
                                     layer->db.lo,
                                     layer->db.hi,
                                     layer->theory_da,
                                     layer->theory_db,
                                     layer->bound,
                                     100 * layer->saturated.median,
                                     100 * layer->saturated.lo,
                                     100 * layer->saturated.hi};
            fprintf(file, "%zu,", c + 1);
            tmk_plot_put_text(file, v->cases[c].label);
            fprintf(file, ",%zu", i + 1);
            put_values(file, values, sizeof values / sizeof *values);
        }
    }
}

/* Case c's name as variable `name`c, with the decades it loses if there are several. */
static void set_labels(const struct tmk_vanishing *v, struct tmk_plot *plot)
{
    for (size_t c = 0; c < v->ncases; c++) {
        char variable[32], label[96];
        double decades = v->cases[c].fit.decades.median;
        snprintf(variable, sizeof variable, "label%zu", c + 1);
        snprintf(label, sizeof label, isfinite(decades) ? "%s: %.2g" : "%s", v->cases[c].label,
                 decades);
        tmk_plot_set_text(plot, variable, label);
    }
}

static enum tmk_status draw_layers(const struct tmk_vanishing *v, const char *folder,
                                   const char *name, const char *heading, const char *subtitle,
                                   const char *template)
{
    struct tmk_plot plot;
    TMK_TRY(tmk_plot_begin(&plot, folder, name, heading));
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "depth", (double)v->cases[0].plan.spec.depth);
    tmk_plot_set_number(&plot, "ncases", (double)v->ncases);
    tmk_plot_set_number(&plot, "has_theory", v->cases[0].has_theory);
    set_labels(v, &plot);
    put_layers(v, plot.table);
    enum tmk_status included = tmk_plot_include(&plot, "vanishing");
    enum tmk_status finished = tmk_plot_finish(&plot, template);
    return included == TMK_OK ? finished : included;
}

/* "30 sigmoid layers of 128 units" */
static char *describe(const struct tmk_mlp_spec *spec, char *buf, size_t size)
{
    snprintf(buf, size, "%zu %s%s layers of %zu units%s", spec->depth,
             spec->residual ? "residual " : "", spec->activation->name, spec->width,
             spec->dtype == TMK_F32 ? " in f32" : "");
    return buf;
}

static void make_heading(const struct tmk_vanishing *v, char *buf, size_t size)
{
    const struct tmk_decay *first = &v->cases[0];
    double decades = first->fit.decades.median;
    double across = first->layers[0].delta;
    if (v->ncases > 1)
        snprintf(buf, size, "The initialisation decides whether a gradient arrives");
    else if (!isfinite(decades))
        snprintf(buf, size, "%s: norms of the gradients by layer", first->label);
    else if (decades >= 0)
        snprintf(buf, size, "%s: gradients lose %.2g decades in every layer, %.3g in all",
                 first->label, decades, -across);
    else
        snprintf(buf, size, "%s: gradients grow %.2g decades in every layer, %.3g in all",
                 first->label, -decades, across);
}

static enum tmk_status draw_norms(const struct tmk_vanishing *v, const char *folder,
                                  const char *heading)
{
    char what[128], subtitle[320];
    size_t seeds = v->cases[0].plan.seeds;
    describe(&v->cases[0].plan.spec, what, sizeof what);
    if (seeds > 1)
        snprintf(subtitle, sizeof subtitle,
                 "%s: median and 10 to 90 %% of %zu seeds. Dashed: mean field.%s", what, seeds,
                 v->ncases > 1 ? " Numbers: decades lost per layer." : "");
    else
        snprintf(subtitle, sizeof subtitle, "%s, seed %u.%s", what, v->cases[0].plan.first,
                 v->cases[0].has_theory ? " Dashed: mean field." : "");
    return draw_layers(v, folder, norms_name, heading, subtitle,
                       v->ncases > 1 ? "vanishing-cases" : "vanishing-norms");
}

static enum tmk_status draw_saturation(const struct tmk_vanishing *v, const char *folder)
{
    char what[128], subtitle[320];
    describe(&v->cases[0].plan.spec, what, sizeof what);
    snprintf(subtitle, sizeof subtitle, "%s: share with a slope below a tenth of the steepest, %s.",
             what, v->cases[0].plan.seeds > 1 ? "median and 10 to 90 % of the seeds" : "one seed");
    return draw_layers(v, folder, saturation_name,
                       strcmp(v->cases[0].plan.spec.activation->name, "relu")
                           ? "How many units are saturated, and pass hardly any gradient on"
                           : "How many units are off, and pass no gradient on",
                       subtitle, "vanishing-saturation");
}

static void put_sweep(const struct tmk_sigma_sweep *sweep, size_t step, FILE *file)
{
    fputs("sigma_w,layer,delta_log10,decades,decades_lo,decades_hi,theory_decades\n", file);
    for (size_t p = 0; p < sweep->points; p++) {
        const struct tmk_decay *decay = &sweep->decays[p];
        for (size_t i = 0; i < sweep->plan.spec.depth; i += step) {
            const double values[] = {decay->layers[i].delta, decay->fit.decades.median,
                                     decay->fit.decades.lo, decay->fit.decades.hi,
                                     decay->fit.theory_decades};
            fprintf(file, "%.9g,%zu", sweep->sigma_w[p], i + 1);
            put_values(file, values, sizeof values / sizeof *values);
        }
    }
}

static enum tmk_status draw_sweep(const struct tmk_sigma_sweep *sweep, const char *folder)
{
    struct tmk_plot plot;
    char what[128], heading[192], subtitle[320];
    size_t depth = sweep->plan.spec.depth, step = tmk_ceil_div(depth, MOST_ROWS);
    if (isnan(sweep->crossing))
        snprintf(heading, sizeof heading, "How gradients depend on the spread of the weights");
    else
        snprintf(heading, sizeof heading,
                 "Gradients vanish below sigma_w = %.3g and explode above it", sweep->crossing);
    snprintf(subtitle, sizeof subtitle,
             "%s, weights N(0, sigma_w^2/n), median of %zu seeds. Line: mean field.",
             describe(&sweep->plan.spec, what, sizeof what), sweep->plan.seeds);
    TMK_TRY(tmk_plot_begin(&plot, folder, sweep_name, heading));
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "depth", (double)depth);
    tmk_plot_set_number(&plot, "step", (double)step);
    tmk_plot_set_number(&plot, "rows", (double)tmk_ceil_div(depth, step));
    tmk_plot_set_number(&plot, "points", (double)sweep->points);
    tmk_plot_set_number(&plot, "sigma_lo", sweep->sigma_w[0]);
    tmk_plot_set_number(&plot, "sigma_hi", sweep->sigma_w[sweep->points - 1]);
    tmk_plot_set_number(&plot, "critical", sweep->plan.spec.residual ? 0 : sweep->critical);
    put_sweep(sweep, step, plot.table);
    return tmk_plot_finish(&plot, "vanishing-sweep");
}

static enum tmk_status write_layers(const struct tmk_vanishing *v, FILE *file, bool csv)
{
    return tmk_vanishing_write(&v->cases[0], file, csv);
}

static enum tmk_status write_sweep(const struct tmk_vanishing *v, FILE *file, bool csv)
{
    return tmk_vanishing_write_sweep(&v->sweep, file, csv);
}

static enum tmk_status
write_table(const struct tmk_vanishing *v, const char *folder, const char *name,
            enum tmk_status (*write)(const struct tmk_vanishing *, FILE *, bool))
{
    FILE *file;
    TMK_TRY(tmk_folder_create(folder, name, "csv", &file));
    enum tmk_status written = write(v, file, true);
    enum tmk_status closed = tmk_folder_close(file, name);
    return written == TMK_OK ? closed : written;
}

/* What was found, in sentences. Empty ones are left out. */
struct findings {
    char cases[512], sweep[512];
};

static void find(const struct tmk_vanishing *v, struct findings *out)
{
    const struct tmk_decay *worst = NULL;
    *out->cases = *out->sweep = '\0';
    for (size_t c = 0; c < v->ncases; c++) {
        const struct tmk_decay *decay = &v->cases[c];
        if (isfinite(decay->fit.ratio) &&
            (!worst || fabs(decay->fit.ratio - 1) > fabs(worst->fit.ratio - 1)))
            worst = decay;
    }
    if (worst)
        snprintf(out->cases, sizeof out->cases,
                 "Mean-field theory foretells the factor by which a gradient changes in a layer to "
                 "within %.1f %% (%s: measured %.4g, foretold %.4g).",
                 100 * fabs(worst->fit.ratio - 1), worst->label,
                 pow(10, -worst->fit.decades.median), pow(10, -worst->fit.theory_decades));
    if (!v->swept || isnan(v->sweep.crossing))
        return;
    int used =
        snprintf(out->sweep, sizeof out->sweep,
                 "The decay vanishes at sigma_w = %.3g in these networks", v->sweep.crossing);
    if (!v->sweep.plan.spec.residual)
        used += snprintf(out->sweep + used, sizeof out->sweep - (size_t)used,
                         ", at %.4g in infinitely wide ones (mean field)", v->sweep.critical);
    snprintf(out->sweep + used, sizeof out->sweep - (size_t)used, "%s",
             v->sweep.plan.spec.activation->rate > 0
                 ? ". A wider spread saturates more units, and the few in between carry ever "
                   "larger gradients, which is why narrow networks stray from the theory there."
                 : ".");
}

static enum tmk_status write_chapter(const struct tmk_vanishing *v, const char *heading,
                                     const char *folder)
{
    struct findings found;
    find(v, &found);
    const char *paragraphs[5] = {
        "On its way back a gradient is multiplied by A^T and by the slopes of the units in every "
        "layer. The slope of the sigmoid is 1/4 at most, so that a layer shrinks it at least by "
        "1/4 ||A||_2 (Hochreiter 1991; Pascanu et al. 2013); how much it really shrinks, "
        "mean-field theory tells (Schoenholz et al. 2017). Norms are kept beyond the range of "
        "double, and slopes are computed without cancellation."};
    struct tmk_chapter_item pictures[4] = {{0}}, tables[4] = {{0}};
    int n = 1, p = 0, t = 0;
    if (*found.cases)
        paragraphs[n++] = found.cases;
    if (*found.sweep)
        paragraphs[n++] = found.sweep;
    if (v->ncases) {
        pictures[p++] = (struct tmk_chapter_item){
            norms_name, "Norms of the gradients by layer, from the loss at the left back to the "
                        "input at the right. A straight line loses the same share in every layer."};
        pictures[p++] = (struct tmk_chapter_item){
            saturation_name, "Units whose slope is below a tenth of the steepest."};
        tables[t++] = (struct tmk_chapter_item){
            cases_table, "Decades lost per layer: measured, foretold by mean field, and at least, "
                         "by the bound; how far the measured factor is from mean field's."};
        if (v->ncases == 1)
            tables[t++] =
                (struct tmk_chapter_item){layers_table, "Layer by layer; norms as log10."};
    }
    if (v->swept) {
        pictures[p++] = (struct tmk_chapter_item){
            sweep_name, "Above: decades lost per layer. Below: log10 of ||dL/dZ_l|| over the last "
                        "layer's; white: unchanged. The curves say where mean field puts losses "
                        "of 7 decades, f32's precision, and of 38, its range."};
        tables[t++] = (struct tmk_chapter_item){sweep_table, "The same by sigma_w."};
    }
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = v->ncases ? heading : "Vanishing gradients",
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = v->argc,
                                        .argv = v->argv};
    return tmk_chapter_write(folder, &chapter);
}

static enum tmk_status write_cases(const struct tmk_vanishing *v, const char *folder,
                                   const char *heading)
{
    TMK_TRY(draw_norms(v, folder, heading));
    TMK_TRY(draw_saturation(v, folder));
    TMK_TRY(write_table(v, folder, cases_table, tmk_vanishing_summarise));
    return v->ncases == 1 ? write_table(v, folder, layers_table, write_layers) : TMK_OK;
}

enum tmk_status tmk_vanishing_draw(const struct tmk_vanishing *v, const char *folder)
{
    char heading[192] = "";
    if (v->ncases) {
        make_heading(v, heading, sizeof heading);
        TMK_TRY(write_cases(v, folder, heading));
    }
    if (v->swept) {
        TMK_TRY(draw_sweep(&v->sweep, folder));
        TMK_TRY(write_table(v, folder, sweep_table, write_sweep));
    }
    TMK_TRY(write_chapter(v, heading, folder));
    if (v->ncases) {
        TMK_TRY(tmk_plot_draw(folder, norms_name));
        TMK_TRY(tmk_plot_draw(folder, saturation_name));
    }
    return v->swept ? tmk_plot_draw(folder, sweep_name) : TMK_OK;
}
