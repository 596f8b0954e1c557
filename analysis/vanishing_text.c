/* What `tilemark vanishing` says on a terminal, and its tables as CSV. */
#include "vanishing.h"

#include "plot.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_TRIP 17 /* digits that tell a double from its neighbours; fewer if they do too */

/* 10^log, though it underflow; as CSV the logarithm. "-" for what does not apply. */
static void power_cell(struct tmk_table *table, int digits, double log, bool csv)
{
    char text[64];
    if (csv) {
        tmk_table_cell(table, "%.10g", log);
    } else if (!isfinite(log)) {
        tmk_table_cell(table, "%s", isnan(log) ? "-" : log < 0 ? "0" : "inf");
    } else {
        double whole = floor(log / log10(2));
        struct tmk_scaled norm = tmk_scaled_make(pow(10, log - whole * log10(2)), (long)whole);
        tmk_table_cell(table, "%s", tmk_scaled_format(norm, digits, text, sizeof text));
    }
}

/* "-" for what does not apply. */
static void number_cell(struct tmk_table *table, const char *format, double value, bool csv)
{
    char text[64];
    snprintf(text, sizeof text, format, value);
    tmk_table_cell(table, "%s", csv || !isnan(value) ? text : "-");
}

/* Columns of the table of layers: a number of layer i + 1, and when it is worth showing. */
static double layer_number(const struct tmk_decay *decay, size_t i)
{
    (void)decay;
    return (double)(i + 1);
}

static double da(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].da.median;
}

static double da_lo(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].da.lo;
}

static double da_hi(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].da.hi;
}

static double db(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].db.median;
}

static double factor(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].factor;
}

static double theory_factor(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].theory_factor;
}

static double bound_factor(const struct tmk_decay *decay, size_t i)
{
    if (i + 1 == decay->plan.spec.depth)
        return NAN;
    return decay->layers[i].bound - decay->layers[i + 1].bound;
}

static double mean_square(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].q;
}

static double theory_q(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].theory_q;
}

static double saturated_percent(const struct tmk_decay *decay, size_t i)
{
    return 100 * decay->layers[i].saturated.median;
}

static double textbook_error(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].textbook_error;
}

static bool always(const struct tmk_decay *decay)
{
    (void)decay;
    return true;
}

static bool has_spread(const struct tmk_decay *decay)
{
    return decay->plan.seeds > 1;
}

static bool has_theory(const struct tmk_decay *decay)
{
    return decay->has_theory;
}

static bool has_textbook(const struct tmk_decay *decay)
{
    return !isnan(decay->layers[0].textbook_error);
}

static const struct {
    const char *head, *csv_head;
    const char *format; /* NULL: what is got is a logarithm, shown as its power to */
    int digits;         /* so many digits */
    double (*get)(const struct tmk_decay *decay, size_t i);
    bool (*shown)(const struct tmk_decay *decay);
} fields[] = {
    {"layer", "layer", "%.0f", 0, layer_number, always},
    {"dL/dA", "dA_log10", NULL, 6, da, always},
    {"10 %", "dA_log10_p10", NULL, 6, da_lo, has_spread},
    {"90 %", "dA_log10_p90", NULL, 6, da_hi, has_spread},
    {"dL/db", "db_log10", NULL, 6, db, always},
    {"factor", "factor_log10", NULL, 4, factor, always},
    {"mean field", "theory_factor_log10", NULL, 4, theory_factor, has_theory},
    {"bound", "bound_factor_log10", NULL, 4, bound_factor, always},
    {"q", "q", "%.4g", 0, mean_square, always},
    {"mean field", "theory_q", "%.4g", 0, theory_q, has_theory},
    {"saturated %", "saturated_percent", "%.3g", 0, saturated_percent, always},
    {"s(1-s) errs by", "textbook_error", "%.2g", 0, textbook_error, has_textbook},
};
#define NFIELDS (sizeof fields / sizeof *fields)

enum tmk_status tmk_vanishing_write(const struct tmk_decay *decay, FILE *file, bool csv)
{
    struct tmk_column columns[NFIELDS];
    struct tmk_table table = {.columns = columns};
    for (size_t f = 0; f < NFIELDS; f++)
        if (csv || fields[f].shown(decay))
            columns[table.ncolumns++] =
                (struct tmk_column){csv ? fields[f].csv_head : fields[f].head, true};
    for (size_t i = 0; i < decay->plan.spec.depth; i++) {
        for (size_t f = 0; f < NFIELDS; f++) {
            if (!csv && !fields[f].shown(decay))
                continue;
            double value = fields[f].get(decay, i);
            if (fields[f].format)
                number_cell(&table, fields[f].format, value, csv);
            else
                power_cell(&table, fields[f].digits, value, csv);
        }
    }
    return tmk_table_print(&table, file, csv);
}

/* The fewest digits that read back as the same number. */
static const char *shortest(struct tmk_scaled x, char *buf, size_t size)
{
    for (int digits = 15; digits <= ROUND_TRIP; digits++) {
        tmk_scaled_format(x, digits, buf, size);
        if (strtod(buf, NULL) == tmk_scaled_value(x))
            break;
    }
    return buf;
}

static void print_first_seed(const struct tmk_decay *decay, bool textbook)
{
    char loss[64], first[64];
    printf("\nseed %u: loss %s, dL/dA_1[0][0] = %s\n", decay->plan.first,
           shortest(decay->loss, loss, sizeof loss),
           shortest(decay->da_first, first, sizeof first));
    if (textbook)
        printf("  with textbook slopes s(1-s): loss %s, dL/dA_1[0][0] = %s\n",
               shortest(decay->textbook_loss, loss, sizeof loss),
               shortest(decay->textbook_da_first, first, sizeof first));
}

static void print_fit(const struct tmk_decay *decay)
{
    const struct tmk_decay_fit *fit = &decay->fit;
    if (isnan(fit->decades.median))
        return;
    printf("decades lost per layer: %.4g measured", fit->decades.median);
    if (decay->plan.seeds > 1)
        printf(" (10 to 90 %% of the seeds: %.4g to %.4g)", fit->decades.lo, fit->decades.hi);
    printf(", %.4g at least by the bound\n", fit->bound_decades);
    if (!decay->has_theory) {
        printf("mean field: does not hold for weights of mean %g\n",
               tmk_init_moments(decay->plan.spec.init, 1, 1, 1).mean);
        return;
    }
    printf("mean field: %.4g; the factor %.4g is %+.2f %% from it; distance of the curves %.2g "
           "decades, R2 %.6f\n",
           fit->theory_decades, pow(10, -fit->decades.median), 100 * (fit->ratio - 1), fit->rms,
           fit->r2);
}

static void print_head(const struct tmk_decay *decay, const char *what)
{
    const struct tmk_mlp_spec *spec = &decay->plan.spec;
    printf(
        "%s: %zu layers of %zu %s units%s, batch %zu, %s, products by %s, %zu seed%s from %u\n\n",
        what, spec->depth, spec->width, spec->activation->name, spec->residual ? ", residual" : "",
        spec->batch, tmk_dtype_name[spec->dtype], spec->impl->name, decay->plan.seeds,
        decay->plan.seeds > 1 ? "s" : "", decay->plan.first);
}

static double theory_db(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].theory_db;
}

static double bound(const struct tmk_decay *decay, size_t i)
{
    return decay->layers[i].bound;
}

/* A curve of a text plot. */
struct curve {
    const char *name;
    const struct tmk_decay *decay;
    double (*get)(const struct tmk_decay *decay, size_t i);
};

static enum tmk_status plot_curves(const struct curve *curves, int count, const char *title)
{
    size_t depth = curves[0].decay->plan.spec.depth, curve = 0;
    double *x = calloc(((size_t)count + 1) * depth, sizeof *x), *values = x + depth;
    const char *names[TMK_VANISHING_CASES];
    const double *y[TMK_VANISHING_CASES];
    if (!x)
        return tmk_fail(TMK_ENOMEM, "no memory for a plot of %zu layers", depth);
    for (; curve < (size_t)count; curve++) {
        names[curve] = curves[curve].name;
        y[curve] = values + curve * depth;
        for (size_t i = 0; i < depth; i++)
            values[curve * depth + i] = curves[curve].get(curves[curve].decay, i);
    }
    for (size_t i = 0; i < depth; i++)
        x[i] = (double)(i + 1);
    const struct tmk_text_plot plot = {.title = title,
                                       .x_label = "layer",
                                       .y_label = "log10",
                                       .nseries = count,
                                       .names = names,
                                       .points = depth,
                                       .x = x,
                                       .y = y};
    enum tmk_status status = tmk_plot_text(&plot);
    free(x);
    return status;
}

static enum tmk_status plot_case(const struct tmk_decay *decay)
{
    const struct curve curves[] = {{"dL/dA", decay, da},
                                   {"dL/db", decay, db},
                                   {"bound on dL/db", decay, bound},
                                   {"mean field of dL/db", decay, theory_db}};
    return plot_curves(curves, decay->has_theory ? 4 : 3, "Norms of the gradients by layer");
}

static enum tmk_status plot_cases(const struct tmk_vanishing *vanishing)
{
    struct curve curves[TMK_VANISHING_CASES];
    for (size_t c = 0; c < vanishing->ncases; c++)
        curves[c] = (struct curve){vanishing->cases[c].label, &vanishing->cases[c], db};
    return plot_curves(curves, (int)vanishing->ncases, "Norms of dL/db by layer");
}

enum tmk_status tmk_vanishing_summarise(const struct tmk_vanishing *vanishing, FILE *file, bool csv)
{
    static const struct tmk_column columns[] = {
        {"init", false},      {"decades/layer", true}, {"mean field", true},  {"bound", true},
        {"factor", true},     {"off by %", true},      {"rms decades", true}, {"R2", true},
        {"saturated %", true}};
    struct tmk_table table = TMK_TABLE(columns);
    for (size_t i = 0; i < vanishing->ncases; i++) {
        const struct tmk_decay *decay = &vanishing->cases[i];
        const struct tmk_decay_fit *fit = &decay->fit;
        tmk_table_cell(&table, "%s", decay->label);
        number_cell(&table, "%.4g", fit->decades.median, csv);
        number_cell(&table, "%.4g", fit->theory_decades, csv);
        number_cell(&table, "%.4g", fit->bound_decades, csv);
        power_cell(&table, 4, -fit->decades.median, false);
        number_cell(&table, "%+.2f", 100 * (fit->ratio - 1), csv);
        number_cell(&table, "%.2g", fit->rms, csv);
        number_cell(&table, "%.6f", fit->r2, csv);
        number_cell(&table, "%.3g", saturated_percent(decay, decay->plan.spec.depth / 2), csv);
    }
    return tmk_table_print(&table, file, csv);
}

enum tmk_status tmk_vanishing_write_sweep(const struct tmk_sigma_sweep *sweep, FILE *file, bool csv)
{
    static const struct tmk_column columns[] = {{"sigma_w", true},    {"decades/layer", true},
                                                {"mean field", true}, {"factor", true},
                                                {"off by %", true},   {"saturated %", true}};
    struct tmk_table table = TMK_TABLE(columns);
    for (size_t i = 0; i < sweep->points; i++) {
        const struct tmk_decay *decay = &sweep->decays[i];
        number_cell(&table, "%.4g", sweep->sigma_w[i], csv);
        number_cell(&table, "%.4g", decay->fit.decades.median, csv);
        number_cell(&table, "%.4g", decay->fit.theory_decades, csv);
        power_cell(&table, 4, -decay->fit.decades.median, false);
        number_cell(&table, "%+.2f", 100 * (decay->fit.ratio - 1), csv);
        number_cell(&table, "%.3g", saturated_percent(decay, decay->plan.spec.depth / 2), csv);
    }
    return tmk_table_print(&table, file, csv);
}

static enum tmk_status plot_sweep(const struct tmk_sigma_sweep *sweep)
{
    static const char *const names[] = {"measured", "mean field"};
    double *measured = calloc(2 * sweep->points, sizeof *measured);
    if (!measured)
        return tmk_fail(TMK_ENOMEM, "no memory for a plot of %zu points", sweep->points);
    double *theory = measured + sweep->points;
    for (size_t i = 0; i < sweep->points; i++) {
        measured[i] = sweep->decays[i].fit.decades.median;
        theory[i] = sweep->decays[i].fit.theory_decades;
    }
    const double *const series[] = {measured, theory};
    const struct tmk_text_plot plot = {.title = "Decades lost per layer",
                                       .x_label = "sigma_w",
                                       .y_label = "decades",
                                       .log_x = true,
                                       .nseries = 2,
                                       .names = names,
                                       .points = sweep->points,
                                       .x = sweep->sigma_w,
                                       .y = series};
    enum tmk_status status = tmk_plot_text(&plot);
    free(measured);
    return status;
}

static enum tmk_status print_sweep(const struct tmk_sigma_sweep *sweep, bool plots)
{
    const struct tmk_ensemble_plan *plan = &sweep->plan;
    printf("sweep of sigma_w: %zu layers of %zu %s units%s, weights N(0, sigma_w^2/n), %zu seed%s "
           "each\n\n",
           plan->spec.depth, plan->spec.width, plan->spec.activation->name,
           plan->spec.residual ? ", residual" : "", plan->seeds, plan->seeds > 1 ? "s" : "");
    TMK_TRY(tmk_vanishing_write_sweep(sweep, stdout, false));
    if (!plan->spec.residual)
        printf("\nmean field: gradients neither vanish nor explode at sigma_w = %.4g\n",
               sweep->critical);
    if (isnan(sweep->crossing))
        printf("measured: the decay does not vanish between %.4g and %.4g\n", sweep->sigma_w[0],
               sweep->sigma_w[sweep->points - 1]);
    else
        printf("measured: the decay vanishes at sigma_w = %.4g\n", sweep->crossing);
    return plots ? plot_sweep(sweep) : TMK_OK;
}

static enum tmk_status print_one(const struct tmk_vanishing *vanishing, bool plots)
{
    const struct tmk_decay *decay = &vanishing->cases[0];
    print_head(decay, decay->label);
    TMK_TRY(tmk_vanishing_write(decay, stdout, false));
    print_first_seed(decay, vanishing->textbook);
    print_fit(decay);
    return plots ? plot_case(decay) : TMK_OK;
}

static enum tmk_status print_several(const struct tmk_vanishing *vanishing, bool plots)
{
    char head[48];
    snprintf(head, sizeof head, "%zu initialisations", vanishing->ncases);
    print_head(&vanishing->cases[0], head);
    TMK_TRY(tmk_vanishing_summarise(vanishing, stdout, false));
    return plots ? plot_cases(vanishing) : TMK_OK;
}

enum tmk_status tmk_vanishing_print(const struct tmk_vanishing *vanishing, bool plots)
{
    if (vanishing->ncases == 1)
        TMK_TRY(print_one(vanishing, plots));
    else if (vanishing->ncases > 1)
        TMK_TRY(print_several(vanishing, plots));
    if (vanishing->swept && vanishing->ncases)
        printf("\n");
    return vanishing->swept ? print_sweep(&vanishing->sweep, plots) : TMK_OK;
}
