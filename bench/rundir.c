#include "rundir.h"

#include "cli.h"
#include "text.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define MIN_SAMPLES 6 /* fewer have no 95 % confidence interval of the median */

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

const char *tmk_cell_impl(char buf[TMK_CELL_IMPL_MAX], const struct tmk_cell *cell)
{
    const bool chose = cell->chosen[0];
    snprintf(buf, TMK_CELL_IMPL_MAX, "%s%s%s%s", cell->impl, chose ? " (" : "", cell->chosen,
             chose ? ")" : "");
    return buf;
}

static void print_cell(const struct tmk_cell_summary *summary)
{
    const struct tmk_cell *cell = &summary->cell;
    char impl[TMK_CELL_IMPL_MAX], median[32], width[32], rate[32], peak[32], speedup[32];
    if (summary->samples == 0) {
        printf("  %-16s %7d  %s\n", cell->impl, cell->threads, cell->status);
        return;
    }
    bool verified = strcmp(cell->status, "ok") == 0;
    printf("  %-16s %7d %10s %7s %5zu %9s %7s %8s%s%s\n", tmk_cell_impl(impl, cell), cell->threads,
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
        if (i == 0 || !tmk_same_group(cell, &summaries->cells[i - 1].cell)) {
            char flops[32];
            printf("%s%s:%s%s%s %s%s %s %s %s, %sFLOP\n", colour ? "\033[1m" : "", cell->op,
                   cell->problem, cell->name[0] ? " " : "", cell->name, cell->dir,
                   colour ? "\033[0m" : "", cell->dtype, cell->layout, cell->cache,
                   tmk_format_count(flops, sizeof flops, cell->flops));
        }
        print_cell(&summaries->cells[i]);
    }
}
