#include "roofline.h"

#include "table.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* --- tables --- */

static void put_roof(struct tmk_table *table, const struct tmk_roof *roof)
{
    tmk_table_cell(table, "%.3g", roof->intensity);
    tmk_table_cell(table, "%s", tmk_roof_name(roof->ceiling));
    tmk_table_cell(table, "%.1f", roof->percent);
}

static void put_point(struct tmk_table *table, const struct tmk_roofline_point *point)
{
    const struct tmk_cell *cell = &point->cell->cell;
    tmk_table_cell(table, "%s", tmk_roofline_layer(point));
    tmk_table_cell(table, "%s", cell->dir);
    tmk_table_cell(table, "%s", cell->impl);
    tmk_table_cell(table, "%s", cell->dtype);
    tmk_table_cell(table, "%d", cell->threads);
    tmk_table_cell(table, "%.4g", point->cell->gflops);
    put_roof(table, &point->least);
    put_roof(table, &point->own);
}

enum tmk_status tmk_roofline_print(const struct tmk_roofline *roofline, FILE *file, bool csv)
{
    static const struct tmk_column columns[] = {
        {"layer", false},        {"dir", false},        {"impl", false},
        {"type", false},         {"threads", true},     {"GFLOP/s", true},
        {"FLOP/byte", true},     {"under", false},      {"% of roof", true},
        {"own FLOP/byte", true}, {"own: under", false}, {"% of own roof", true}};
    struct tmk_table table = TMK_TABLE(columns);
    for (size_t i = 0; i < roofline->count; i++)
        put_point(&table, &roofline->points[i]);
    return tmk_table_print(&table, file, csv);
}

/* A ceiling at every thread count, unless the machine has no such ceiling. `offset`: its number's
 * place in struct tmk_ceilings. */
static void put_ceiling(struct tmk_table *table, const struct tmk_run *run, size_t offset,
                        const char *name, const char *unit)
{
    const double *first = (const void *)((const char *)run->ceilings + offset);
    if (*first <= 0)
        return;
    tmk_table_cell(table, "%s", name);
    tmk_table_cell(table, "%s", unit);
    for (size_t i = 0; i < run->nceilings; i++) {
        const double *value = (const void *)((const char *)&run->ceilings[i] + offset);
        tmk_table_cell(table, "%.4g", *value);
    }
}

static void put_ceilings(struct tmk_table *table, const struct tmk_run *run)
{
    for (size_t isa = 0; isa < TMK_NISAS; isa++)
        put_ceiling(table, run, offsetof(struct tmk_ceilings, peak_f32) + isa * sizeof(double),
                    tmk_isa_name[isa], "GFLOP/s f32");
    for (size_t isa = 0; isa < TMK_NISAS; isa++)
        put_ceiling(table, run, offsetof(struct tmk_ceilings, peak_f64) + isa * sizeof(double),
                    tmk_isa_name[isa], "GFLOP/s f64");
    for (size_t level = 0; level < TMK_NLEVELS; level++)
        put_ceiling(table, run, offsetof(struct tmk_ceilings, bandwidth) + level * sizeof(double),
                    tmk_level_name[level], "GB/s");
}

enum tmk_status tmk_roofline_print_ceilings(const struct tmk_roofline *roofline, FILE *file,
                                            bool csv)
{
    const struct tmk_run *run = roofline->run;
    struct tmk_column *columns = calloc(run->nceilings + 2, sizeof *columns);
    char(*heads)[32] = calloc(run->nceilings + 1, sizeof *heads);
    struct tmk_table table = {.columns = columns, .ncolumns = run->nceilings + 2};
    enum tmk_status status = TMK_ENOMEM;
    if (columns && heads) {
        columns[0].head = "ceiling";
        columns[1].head = "unit";
        for (size_t i = 0; i < run->nceilings; i++) {
            int threads = run->ceilings[i].threads;
            snprintf(heads[i], sizeof heads[i], "%d thread%s", threads, threads == 1 ? "" : "s");
            columns[i + 2] = (struct tmk_column){heads[i], true};
        }
        put_ceilings(&table, run);
        status = tmk_table_print(&table, file, csv);
    }
    free(columns);
    free(heads);
    return status == TMK_ENOMEM ? tmk_fail(TMK_ENOMEM, "no memory for the table of ceilings")
                                : status;
}

/* --- the plot in characters --- */

#define ROOF_POINTS 60 /* of the roof's line */

/* x of all points and of the roof; a series for the roof and one for each implementation. */
struct text_series {
    size_t points;
    double *x, *y; /* y: (1 + nimpls) x points */
};

static void put_roof_line(const struct tmk_roofline_part *part, double lowest, double highest,
                          struct text_series *series)
{
    double peak = tmk_ceilings_peak(part->ceilings, !part->f32);
    double bandwidth = part->ceilings->bandwidth[TMK_MEMORY];
    for (size_t i = 0; i < ROOF_POINTS; i++) {
        double x = lowest * pow(highest / lowest, (double)i / (ROOF_POINTS - 1));
        series->x[series->points] = x;
        series->y[series->points++] = bandwidth > 0 ? fmin(peak, bandwidth * x) : peak;
    }
}

static void fill_series(const struct tmk_roofline *roofline, const struct tmk_roofline_part *part,
                        size_t total, struct text_series *series)
{
    double lowest = INFINITY, highest = 0;
    for (size_t i = 0; i < total * (1 + part->nimpls); i++)
        series->y[i] = NAN;
    for (size_t i = 0; i < roofline->count; i++) {
        const struct tmk_roofline_point *point = &roofline->points[i];
        if (point->cell->cell.threads != part->threads)
            continue;
        size_t impl = 0;
        while (strcmp(part->impls[impl], point->cell->cell.impl) != 0)
            impl++;
        series->x[series->points] = point->own.intensity;
        series->y[(1 + impl) * total + series->points++] = point->cell->gflops;
        lowest = fmin(lowest, point->own.intensity);
        highest = fmax(highest, point->own.intensity);
    }
    put_roof_line(part, lowest / 2, highest * 2, series);
}

static enum tmk_status plot_series(const struct tmk_roofline_part *part, size_t total,
                                   const struct text_series *series)
{
    const double *y[TMK_ROOFLINE_IMPLS + 1];
    const char *names[TMK_ROOFLINE_IMPLS + 1] = {"roof: memory, compute"};
    char title[160], heading[128];
    for (size_t i = 0; i <= part->nimpls; i++) {
        y[i] = series->y + i * total;
        if (i > 0)
            names[i] = part->impls[i - 1];
    }
    tmk_roofline_say_heading(part, heading, sizeof heading);
    snprintf(title, sizeof title, "%d thread%s: %s", part->threads, part->threads == 1 ? "" : "s",
             heading);
    return tmk_plot_text(&(struct tmk_text_plot){.title = title,
                                                 .x_label = "FLOP/byte, im2col with its columns",
                                                 .y_label = "GFLOP/s",
                                                 .log_x = true,
                                                 .log_y = true,
                                                 .scatter = true,
                                                 .nseries = (int)part->nimpls + 1,
                                                 .names = names,
                                                 .points = series->points,
                                                 .x = series->x,
                                                 .y = y});
}

enum tmk_status tmk_roofline_plot_text(const struct tmk_roofline *roofline)
{
    int threads[TMK_ROOFLINE_THREADS];
    struct tmk_roofline_part part;
    size_t counts = tmk_roofline_threads(roofline, threads);
    TMK_TRY(tmk_roofline_part(roofline, threads[counts - 1], &part));
    size_t total = part.count + ROOF_POINTS;
    struct text_series series = {.x = calloc(total, sizeof(double)),
                                 .y = calloc(total * (1 + part.nimpls), sizeof(double))};
    enum tmk_status status = TMK_OK;
    if (series.x && series.y) {
        fill_series(roofline, &part, total, &series);
        status = plot_series(&part, total, &series);
    } else {
        status = tmk_fail(TMK_ENOMEM, "no memory to plot %zu points", total);
    }
    free(series.x);
    free(series.y);
    return status;
}
