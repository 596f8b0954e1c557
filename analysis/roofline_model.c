#include "roofline.h"

#include "sets.h"
#include "stats.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *tmk_roof_name(int ceiling)
{
    return ceiling == TMK_ROOF_COMPUTE ? "compute" : tmk_level_name[ceiling];
}

static struct tmk_roof roof_of_level(double peak, double bandwidth, int level, double intensity,
                                     double gflops)
{
    struct tmk_roof roof = {.intensity = intensity, .gflops = peak, .ceiling = TMK_ROOF_COMPUTE};
    if (bandwidth > 0 && bandwidth * intensity < peak) {
        roof.gflops = bandwidth * intensity;
        roof.ceiling = level;
    }
    roof.percent = 100 * gflops / roof.gflops;
    return roof;
}

struct tmk_roof tmk_roof_above(const struct tmk_ceilings *ceilings, bool f64, enum tmk_level level,
                               double intensity, double gflops)
{
    double peak = tmk_ceilings_peak(ceilings, f64);
    struct tmk_roof roof;
    for (int i = (int)level; i >= TMK_L1; i--) {
        roof = roof_of_level(peak, ceilings->bandwidth[i], i, intensity, gflops);
        if (roof.percent <= 100)
            return roof;
    }
    return roof_of_level(peak, 0, TMK_L1, intensity, gflops);
}

static const struct tmk_ceilings *ceilings_of(const struct tmk_run *run,
                                              const struct tmk_cell *cell)
{
    for (size_t i = 0; i < run->nceilings; i++) {
        if (run->ceilings[i].threads == cell->threads &&
            tmk_ceilings_peak(&run->ceilings[i], strcmp(cell->dtype, "f64") == 0) > 0)
            return &run->ceilings[i];
    }
    return NULL;
}

/* Bytes that the implementation moves besides the operands; 0 if this program does not know it. */
static enum tmk_status find_extra(const struct tmk_cell *cell, double *bytes)
{
    const struct tmk_op *op = tmk_op_find(cell->op);
    const struct tmk_impl *impl = op ? tmk_op_impl(op, cell->impl) : NULL;
    struct tmk_list list;
    enum tmk_dir dir;
    *bytes = 0;
    if (!impl || !impl->extra_bytes)
        return TMK_OK;
    TMK_TRY(tmk_cell_problem(cell, &list, &dir));
    *bytes = tmk_impl_extra_bytes(impl, list.items[0].problem, dir);
    tmk_list_free(&list);
    return TMK_OK;
}

/* Operands, and workspace if its traffic is counted, lie in the level that holds them all; cold
 * caches hold nothing. */
static enum tmk_level level_of(const struct tmk_topology *topology, const struct tmk_cell *cell,
                               double bytes)
{
    if (strcmp(cell->cache, "cold") == 0)
        return TMK_MEMORY;
    return tmk_level_holding(topology, bytes, cell->threads);
}

static enum tmk_status make_point(const struct tmk_topology *topology,
                                  struct tmk_roofline_point *point)
{
    const struct tmk_cell *cell = &point->cell->cell;
    const bool f64 = strcmp(cell->dtype, "f64") == 0;
    TMK_TRY(find_extra(cell, &point->extra_bytes));
    enum tmk_level level = level_of(topology, cell, cell->bytes);
    point->least =
        tmk_roof_above(point->ceilings, f64, level, cell->flops / cell->bytes, point->cell->gflops);
    point->own = point->least;
    if (point->extra_bytes > 0) {
        level = level_of(topology, cell, cell->bytes + cell->workspace_bytes);
        point->own =
            tmk_roof_above(point->ceilings, f64, level,
                           cell->flops / (cell->bytes + point->extra_bytes), point->cell->gflops);
    }
    return TMK_OK;
}

static enum tmk_status make_points(const struct tmk_run *run, const struct tmk_topology *topology,
                                   struct tmk_roofline *roofline)
{
    for (size_t i = 0; i < run->summaries.count; i++) {
        const struct tmk_cell_summary *cell = &run->summaries.cells[i];
        if (cell->samples == 0 || !(cell->median_s > 0))
            continue;
        struct tmk_roofline_point *point = &roofline->points[roofline->count];
        *point =
            (struct tmk_roofline_point){.cell = cell, .ceilings = ceilings_of(run, &cell->cell)};
        if (!point->ceilings) {
            roofline->without++;
            continue;
        }
        TMK_TRY(make_point(topology, point));
        roofline->count++;
    }
    if (roofline->count == 0)
        return tmk_fail(TMK_EINVAL, "no point is left: the run has no timed cell with ceilings "
                                    "that --op, --dir, --impl and --threads choose");
    return TMK_OK;
}

enum tmk_status tmk_roofline_make(const struct tmk_run *run, const struct tmk_topology *topology,
                                  struct tmk_roofline *out)
{
    *out = (struct tmk_roofline){.run = run,
                                 .points = calloc(run->summaries.count + 1, sizeof *out->points)};
    enum tmk_status status =
        out->points ? make_points(run, topology, out)
                    : tmk_fail(TMK_ENOMEM, "no memory for %zu points", run->summaries.count);
    if (status != TMK_OK)
        tmk_roofline_free(out);
    return status;
}

void tmk_roofline_free(struct tmk_roofline *roofline)
{
    free(roofline->points);
    *roofline = (struct tmk_roofline){0};
}

const char *tmk_roofline_layer(const struct tmk_roofline_point *point)
{
    const struct tmk_cell *cell = &point->cell->cell;
    return cell->name[0] ? cell->name : cell->problem;
}

static int ascending(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

size_t tmk_roofline_threads(const struct tmk_roofline *roofline, int threads[TMK_ROOFLINE_THREADS])
{
    size_t count = 0;
    for (size_t i = 0; i < roofline->count; i++) {
        size_t k = 0;
        while (k < count && threads[k] != roofline->points[i].cell->cell.threads)
            k++;
        if (k == count && count < TMK_ROOFLINE_THREADS)
            threads[count++] = roofline->points[i].cell->cell.threads;
    }
    qsort(threads, count, sizeof *threads, ascending);
    return count;
}

/* Counts, and the implementations there are. */
static void gather(const struct tmk_roofline *roofline, struct tmk_roofline_part *part)
{
    for (size_t i = 0; i < roofline->count; i++) {
        const struct tmk_roofline_point *point = &roofline->points[i];
        const struct tmk_cell *cell = &point->cell->cell;
        if (cell->threads != part->threads)
            continue;
        part->count++;
        part->under[point->own.ceiling]++;
        part->ceilings = point->ceilings;
        *(strcmp(cell->dtype, "f64") == 0 ? &part->f64 : &part->f32) = true;
        size_t impl = tmk_find_word(part->impls, part->nimpls, cell->impl);
        if (impl == part->nimpls && impl < TMK_ROOFLINE_IMPLS)
            part->impls[part->nimpls++] = cell->impl;
    }
}

enum tmk_status tmk_roofline_part(const struct tmk_roofline *roofline, int threads,
                                  struct tmk_roofline_part *out)
{
    *out = (struct tmk_roofline_part){.threads = threads};
    gather(roofline, out);
    double *percents = calloc(roofline->count + 1, sizeof *percents);
    if (!percents)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu points", roofline->count);
    for (size_t impl = 0; impl < out->nimpls; impl++) {
        size_t count = 0;
        for (size_t i = 0; i < roofline->count; i++) {
            const struct tmk_roofline_point *point = &roofline->points[i];
            if (point->cell->cell.threads == threads &&
                strcmp(point->cell->cell.impl, out->impls[impl]) == 0)
                percents[count++] = point->own.percent;
        }
        struct tmk_summary summary = tmk_summarise(percents, count);
        out->median[impl] = summary.median;
        out->min[impl] = summary.min;
        out->max[impl] = summary.max;
    }
    free(percents);
    return TMK_OK;
}
