#include "rundir.h"

#include "cli.h"
#include "scene.h"
#include "sets.h"
#include "text.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MIN_SAMPLES 6 /* fewer have no 95 % confidence interval of the median */

static double peak_of(void *ctx, int threads, const char *dtype)
{
    const struct tmk_run *run = ctx;
    for (size_t i = 0; i < run->nceilings; i++) {
        if (run->ceilings[i].threads == threads)
            return tmk_ceilings_peak(&run->ceilings[i], strcmp(dtype, "f64") == 0);
    }
    return 0;
}

/* The same problem, direction and kind: what is sampled side by side. */
static bool same_group(const struct tmk_cell *a, const struct tmk_cell *b)
{
    return strcmp(a->problem, b->problem) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->op, b->op) == 0 && strcmp(a->dir, b->dir) == 0 &&
           strcmp(a->dtype, b->dtype) == 0 && strcmp(a->layout, b->layout) == 0 &&
           strcmp(a->cache, b->cache) == 0;
}

/* Where the implementation stands in its op's list; behind all if this program does not know it. */
static size_t rank(const struct tmk_cell *cell)
{
    const struct tmk_op *op = tmk_op_find(cell->op);
    size_t i = 0;
    while (op && op->impls[i] && strcmp(op->impls[i]->name, cell->impl) != 0)
        i++;
    return i;
}

static int by_rung(const void *a, const void *b)
{
    const struct tmk_cell *x = &((const struct tmk_cell_summary *)a)->cell;
    const struct tmk_cell *y = &((const struct tmk_cell_summary *)b)->cell;
    size_t i = rank(x), k = rank(y);
    if (i != k)
        return i < k ? -1 : 1;
    int names = strcmp(x->impl, y->impl);
    return names ? names : x->threads - y->threads;
}

/* Samples are taken in random order; people read from the slowest rung up. A group's cells follow
 * one another, as the groups were sampled one after the other. */
static void sort_groups(struct tmk_summaries *summaries)
{
    for (size_t start = 0, end; start < summaries->count; start = end) {
        struct tmk_cell_summary *cells = &summaries->cells[start];
        for (end = start + 1; end < summaries->count; end++) {
            if (!same_group(&cells->cell, &summaries->cells[end].cell))
                break;
        }
        qsort(cells, end - start, sizeof *cells, by_rung);
    }
}

static enum tmk_status summarise(struct tmk_run *run)
{
    char path[PATH_MAX];
    struct tmk_rows rows;
    snprintf(path, sizeof path, "%s/samples.csv", run->path);
    TMK_TRY(tmk_samples_read(path, &rows));
    enum tmk_status status = tmk_summaries_make(&rows, peak_of, run, &run->summaries);
    tmk_rows_free(&rows);
    if (status == TMK_OK)
        sort_groups(&run->summaries);
    return status;
}

enum tmk_status tmk_run_load(const char *path, struct tmk_run *out)
{
    *out = (struct tmk_run){.path = path};
    enum tmk_status status = tmk_manifest_read(path, &out->manifest);
    if (status == TMK_OK)
        status = tmk_manifest_ceilings(out->manifest, &out->ceilings, &out->nceilings);
    if (status == TMK_OK)
        status = summarise(out);
    if (status != TMK_OK)
        tmk_run_free(out);
    return status;
}

void tmk_run_free(struct tmk_run *run)
{
    json_decref(run->manifest);
    free(run->ceilings);
    tmk_summaries_free(&run->summaries);
    *run = (struct tmk_run){0};
}

enum tmk_status tmk_run_write_summary(const struct tmk_run *run)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/summary.csv", run->path);
    return tmk_summaries_write(&run->summaries, path);
}

/* "12.3", or "-" for what is not known */
static const char *number(char *buf, size_t size, const char *format, double value)
{
    if (!isfinite(value))
        return "-";
    snprintf(buf, size, format, value);
    return buf;
}

double tmk_half_width_percent(const struct tmk_cell_summary *summary)
{
    if (summary->samples < MIN_SAMPLES)
        return NAN;
    return 50 * (summary->ci_hi_s - summary->ci_lo_s) / summary->median_s;
}

static void print_cell(const struct tmk_cell_summary *summary)
{
    const struct tmk_cell *cell = &summary->cell;
    char median[32], width[32], rate[32], peak[32], speedup[32];
    if (summary->samples == 0) {
        printf("  %-16s %7d  %s\n", cell->impl, cell->threads, cell->status);
        return;
    }
    bool verified = strcmp(cell->status, "ok") == 0;
    printf("  %-16s %7d %10s %7s %5zu %9s %7s %8s%s%s\n", cell->impl, cell->threads,
           tmk_format_seconds(median, sizeof median, summary->median_s),
           number(width, sizeof width, "%.1f %%", tmk_half_width_percent(summary)),
           summary->samples, number(rate, sizeof rate, "%.4g", summary->gflops),
           number(peak, sizeof peak, "%.1f", summary->pct_peak),
           number(speedup, sizeof speedup, "%.2fx", summary->speedup_vs_naive),
           verified ? "" : "  ", verified ? "" : cell->status);
}

void tmk_run_print(const struct tmk_run *run)
{
    const struct tmk_summaries *summaries = &run->summaries;
    bool colour = tmk_cli_colour(stdout);
    printf("  %-16s %7s %10s %7s %5s %9s %7s %8s\n", "impl", "threads", "median", "+-", "n",
           "GFLOP/s", "% peak", "vs naive");
    for (size_t i = 0; i < summaries->count; i++) {
        const struct tmk_cell *cell = &summaries->cells[i].cell;
        if (i == 0 || !same_group(cell, &summaries->cells[i - 1].cell)) {
            char flops[32];
            printf("%s%s:%s%s%s %s%s %s %s %s, %sFLOP\n", colour ? "\033[1m" : "", cell->op,
                   cell->problem, cell->name[0] ? " " : "", cell->name, cell->dir,
                   colour ? "\033[0m" : "", cell->dtype, cell->layout, cell->cache,
                   tmk_format_count(flops, sizeof flops, cell->flops));
        }
        print_cell(&summaries->cells[i]);
    }
}
