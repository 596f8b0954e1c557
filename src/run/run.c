#include "run.h"

#include "text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double peak_of(void *ctx, int threads, const char *dtype)
{
    const struct tmk_run *run = ctx;
    for (size_t i = 0; i < run->nceilings; i++) {
        if (run->ceilings[i].threads == threads)
            return tmk_ceilings_peak(&run->ceilings[i], strcmp(dtype, "f64") == 0);
    }
    return 0;
}

bool tmk_same_group(const struct tmk_cell *a, const struct tmk_cell *b)
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
    const struct tmk_impl *impl;
    while (op && (impl = tmk_op_impl_at(op, i)) && strcmp(impl->name, cell->impl) != 0)
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
            if (!tmk_same_group(&cells->cell, &summaries->cells[end].cell))
                break;
        }
        qsort(cells, end - start, sizeof *cells, by_rung);
    }
}

enum tmk_status tmk_run_summarise(struct tmk_run *run, const struct tmk_rows *rows)
{
    TMK_TRY(tmk_summaries_make(rows, peak_of, run, &run->summaries));
    sort_groups(&run->summaries);
    return TMK_OK;
}

enum tmk_status tmk_cell_problem(const struct tmk_cell *cell, struct tmk_list *out,
                                 enum tmk_dir *dir)
{
    char text[sizeof cell->problem + sizeof cell->op + 1];
    size_t direction = tmk_find_word(tmk_dir_name, TMK_NDIRS, cell->dir);
    size_t dtype = tmk_find_word(tmk_dtype_name, TMK_NDTYPES, cell->dtype);
    size_t layout = tmk_find_word(tmk_layout_name, TMK_NLAYOUTS, cell->layout);
    snprintf(text, sizeof text, "%s:%s", cell->op, cell->problem);
    *out = (struct tmk_list){0};
    if (direction == TMK_NDIRS || dtype == TMK_NDTYPES)
        return tmk_fail(TMK_EINVAL, "%s %s %s is unknown: use the tilemark that timed it", text,
                        cell->dir, cell->dtype);
    struct tmk_context context = {.dtype = (enum tmk_dtype)dtype,
                                  .layout = layout < TMK_NLAYOUTS ? layout : TMK_NCHW};
    TMK_TRY(tmk_list_descriptor(out, text, &context));
    *dir = (enum tmk_dir)direction;
    if (out->count == 1)
        return TMK_OK;
    tmk_list_free(out);
    return tmk_fail(TMK_EINVAL, "%s is no problem: use the tilemark that timed it", text);
}

static enum tmk_status summarise(struct tmk_run *run)
{
    char path[PATH_MAX];
    struct tmk_rows rows;
    snprintf(path, sizeof path, "%s/samples.csv", run->path);
    TMK_TRY(tmk_samples_read(path, &rows));
    enum tmk_status status = tmk_run_summarise(run, &rows);
    tmk_rows_free(&rows);
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
