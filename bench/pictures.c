#include "pictures.h"

#include "findings.h"
#include "plot.h"

#include <math.h>
#include <string.h>

/* One line of a table. */
typedef void (*row_writer)(const struct tmk_scene *scene, size_t layer,
                           const struct tmk_cell_summary *cell, FILE *file);

/* A line for every cell at the largest thread count. */
static void each_cell(const struct tmk_scene *scene, row_writer write, FILE *file)
{
    size_t most = tmk_scene_most_threads(scene);
    for (size_t layer = 0; layer < scene->nlayers; layer++) {
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            for (size_t impl = 0; impl < scene->nimpls; impl++) {
                const struct tmk_cell_summary *cell =
                    tmk_scene_cell(scene, layer, (enum tmk_dir)dir, impl, most);
                if (cell)
                    write(scene, layer, cell, file);
            }
        }
    }
}

/* row,layer,dir,impl, */
static void put_place(const struct tmk_scene *scene, size_t layer, const struct tmk_cell *cell,
                      FILE *file)
{
    fprintf(file, "%zu,", layer);
    tmk_plot_put_text(file, scene->labels[layer]);
    fprintf(file, ",%s,%s,", cell->dir, cell->impl);
}

static double rate(const struct tmk_cell_summary *cell, double seconds)
{
    return cell->cell.flops / seconds * 1e-9;
}

static void time_row(const struct tmk_scene *scene, size_t layer,
                     const struct tmk_cell_summary *cell, FILE *file)
{
    put_place(scene, layer, &cell->cell, file);
    fprintf(file, "%.6g,%.6g,%.6g\n", cell->median_s, cell->ci_lo_s, cell->ci_hi_s);
}

static void time_rows(const struct tmk_scene *scene, FILE *file)
{
    each_cell(scene, time_row, file);
}

static void gflops_row(const struct tmk_scene *scene, size_t layer,
                       const struct tmk_cell_summary *cell, FILE *file)
{
    put_place(scene, layer, &cell->cell, file);
    fprintf(file, "%.6g,%.6g,%.6g\n", cell->gflops, rate(cell, cell->ci_hi_s),
            rate(cell, cell->ci_lo_s));
}

static void gflops_rows(const struct tmk_scene *scene, FILE *file)
{
    each_cell(scene, gflops_row, file);
}

/* The cell of another implementation that runs what this one runs. */
static const struct tmk_cell_summary *rival(const struct tmk_scene *scene, size_t layer,
                                            const struct tmk_cell_summary *cell, size_t impl)
{
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        if (strcmp(tmk_dir_name[dir], cell->cell.dir) == 0)
            return tmk_scene_cell(scene, layer, (enum tmk_dir)dir, impl,
                                  tmk_scene_most_threads(scene));
    }
    return NULL;
}

/* The interval takes the far ends of both: it is wider than a paired one, and never too narrow. */
static void speedup_row(const struct tmk_scene *scene, size_t layer,
                        const struct tmk_cell_summary *cell, FILE *file)
{
    const struct tmk_cell_summary *naive = NULL;
    bool best = true;
    for (size_t impl = 0; impl < scene->nimpls; impl++) {
        const struct tmk_cell_summary *other = rival(scene, layer, cell, impl);
        if (!other)
            continue;
        if (strcmp(other->cell.impl, "naive") == 0)
            naive = other;
        best &= other->median_s >= cell->median_s;
    }
    if (!naive || !isfinite(cell->speedup_vs_naive))
        return;
    put_place(scene, layer, &cell->cell, file);
    bool itself = naive == cell;
    fprintf(file, "%.6g,%.6g,%.6g,%d\n", cell->speedup_vs_naive,
            itself ? 1 : naive->ci_lo_s / cell->ci_hi_s,
            itself ? 1 : naive->ci_hi_s / cell->ci_lo_s, best);
}

static void speedup_rows(const struct tmk_scene *scene, FILE *file)
{
    each_cell(scene, speedup_row, file);
}

static void scaling_rows(const struct tmk_scene *scene, FILE *file)
{
    for (size_t threads = 0; threads < scene->nthreads; threads++) {
        for (size_t impl = 0; impl < scene->nimpls; impl++) {
            for (int dir = 0; dir < TMK_NDIRS; dir++) {
                struct tmk_spread spread =
                    tmk_scene_spread(scene, impl, dir, threads, tmk_value_scaling);
                if (spread.count > 0)
                    fprintf(file, "%d,%s,%s,%.6g,%.6g,%.6g\n", scene->threads[threads],
                            scene->impls[impl], tmk_dir_name[dir], spread.geometric_mean,
                            spread.min, spread.max);
            }
        }
    }
}

/* NAME,impl,dir,gflops,lo,hi,layer with some number of the cell in the first column */
static void against_row(const struct tmk_scene *scene, size_t layer,
                        const struct tmk_cell_summary *cell, double x, FILE *file)
{
    fprintf(file, "%.6g,%s,%s,%.6g,%.6g,%.6g,", x, cell->cell.impl, cell->cell.dir, cell->gflops,
            rate(cell, cell->ci_hi_s), rate(cell, cell->ci_lo_s));
    tmk_plot_put_text(file, scene->labels[layer]);
    fputc('\n', file);
}

static void roofline_row(const struct tmk_scene *scene, size_t layer,
                         const struct tmk_cell_summary *cell, FILE *file)
{
    against_row(scene, layer, cell, cell->intensity, file);
}

static void roofline_rows(const struct tmk_scene *scene, FILE *file)
{
    each_cell(scene, roofline_row, file);
}

static void memory_row(const struct tmk_scene *scene, size_t layer,
                       const struct tmk_cell_summary *cell, FILE *file)
{
    against_row(scene, layer, cell, cell->cell.workspace_bytes, file);
}

static void memory_rows(const struct tmk_scene *scene, FILE *file)
{
    each_cell(scene, memory_row, file);
}

/* Phases are medians of their own: together they may exceed the median of the whole a little. */
static void phases_row(const struct tmk_scene *scene, size_t layer,
                       const struct tmk_cell_summary *cell, FILE *file)
{
    double sum = 0;
    for (int phase = 0; phase < TMK_NPHASES; phase++)
        sum += isfinite(cell->phase[phase]) ? cell->phase[phase] : 0;
    double whole = fmax(sum, cell->median_s);
    put_place(scene, layer, &cell->cell, file);
    for (int phase = 0; phase < TMK_NPHASES; phase++)
        fprintf(file, "%.4g,", isfinite(cell->phase[phase]) ? 100 * cell->phase[phase] / whole : 0);
    fprintf(file, "%.4g\n", 100 * (whole - sum) / whole);
}

static void phases_rows(const struct tmk_scene *scene, FILE *file)
{
    each_cell(scene, phases_row, file);
}

static const char *lacks_nothing(const struct tmk_scene *scene)
{
    (void)scene;
    return NULL;
}

static const char *lacks_peak(const struct tmk_scene *scene)
{
    return tmk_ceilings_peak(&scene->ceilings, false) > 0 ? NULL : "no ceilings were measured";
}

static const char *lacks_naive(const struct tmk_scene *scene)
{
    for (size_t impl = 0; impl < scene->nimpls; impl++) {
        if (tmk_scene_spread(scene, impl, -1, tmk_scene_most_threads(scene), tmk_value_speedup)
                    .count > 0 &&
            strcmp(scene->impls[impl], "naive") != 0)
            return NULL;
    }
    return "nothing was timed beside naive";
}

static const char *lacks_thread_counts(const struct tmk_scene *scene)
{
    if (scene->nthreads > 1 && scene->threads[0] == 1)
        return NULL;
    return "it takes one thread and another thread count";
}

const struct tmk_picture_kind tmk_picture_kinds[] = {
    {"time", "row,layer,dir,impl,seconds,lo,hi",
     "Each mark is the median time of one call; the bar through it is the 95 % confidence interval "
     "of that median, often narrower than the mark. The axis is logarithmic: equal distances are "
     "equal factors.",
     lacks_nothing, time_rows, tmk_say_time},
    {"gflops", "row,layer,dir,impl,gflops,lo,hi",
     "2 FLOP per multiply-add, padding taps counted, divided by the median time. The dashed line "
     "is "
     "the FMA peak that this machine reached in a register-only loop on as many threads: no "
     "kernel can pass it.",
     lacks_peak, gflops_rows, tmk_say_gflops},
    {"speedup", "row,layer,dir,impl,speedup,lo,hi,best",
     "Time of naive divided by time of the implementation, same layer, direction and threads. Left "
     "of the line is slower than naive. The bars combine the far ends of both confidence "
     "intervals.",
     lacks_naive, speedup_rows, tmk_say_speedup},
    {"scaling", "threads,impl,dir,speedup,lo,hi",
     "Every implementation against itself on one thread: geometric mean over the layers, bars from "
     "the lowest to the highest layer. On the dashed line, twice the threads take half the time. A "
     "slow kernel scales easily: read this beside the times.",
     lacks_thread_counts, scaling_rows, tmk_say_scaling},
    {"roofline", "intensity,impl,dir,gflops,lo,hi,layer",
     "FLOP per byte of compulsory traffic (every operand once) against GFLOP/s. A point under the "
     "slanted part is held back by that level's bandwidth at best, one under the flat part by "
     "arithmetic; the distance to the roof is what the implementation leaves on the table. Columns "
     "that im2col writes are traffic of its own, so it stands lower than its intensity allows.",
     lacks_peak, roofline_rows, tmk_say_roofline},
    {"phases", "row,layer,dir,impl,pack,compute,reduce,other",
     "Median time of each phase over the median time of the call. Pack moves operands into place "
     "(padding, im2col, packing), compute is the arithmetic, reduce adds partial results; the rest "
     "is waiting, threads starting, and what an implementation does not time.",
     lacks_nothing, phases_rows, tmk_say_phases},
    {"memory", "workspace_bytes,impl,dir,gflops,lo,hi,layer",
     "What an implementation needs besides its operands, against what it makes of it. \"none\" is "
     "zero bytes.",
     lacks_nothing, memory_rows, tmk_say_memory},
};
const size_t tmk_picture_kinds_count = sizeof tmk_picture_kinds / sizeof *tmk_picture_kinds;
