#include "scene.h"

#include "sets.h"
#include "size.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_measured(const struct tmk_cell_summary *summary)
{
    return summary->samples > 0 && summary->median_s > 0;
}

static bool same_layer(const struct tmk_cell *a, const struct tmk_cell *b)
{
    return strcmp(a->problem, b->problem) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->dtype, b->dtype) == 0 && strcmp(a->layout, b->layout) == 0 &&
           strcmp(a->cache, b->cache) == 0;
}

static size_t find_threads(const struct tmk_scene *scene, int threads)
{
    size_t i = 0;
    while (i < scene->nthreads && scene->threads[i] != threads)
        i++;
    return i;
}

static int ascending(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Note the implementation, thread count, direction and data type of a cell. */
static void note_axes(struct tmk_scene *scene, const struct tmk_cell *cell)
{
    size_t impl = tmk_find_word(scene->impls, scene->nimpls, cell->impl);
    if (impl == scene->nimpls && impl < TMK_SCENE_IMPLS)
        scene->impls[scene->nimpls++] = cell->impl;
    size_t threads = find_threads(scene, cell->threads);
    if (threads == scene->nthreads && threads < TMK_SCENE_THREADS)
        scene->threads[scene->nthreads++] = cell->threads;
    size_t dir = tmk_find_word(tmk_dir_name, TMK_NDIRS, cell->dir);
    if (dir < TMK_NDIRS)
        scene->dirs[dir] = true;
    size_t dtype = tmk_find_word(tmk_dtype_name, TMK_NDTYPES, cell->dtype);
    if (dtype < TMK_NDTYPES)
        scene->dtypes[dtype] = true;
}

/* The layers' cells, one of each, in order of appearance. */
static size_t collect_layers(struct tmk_scene *scene, const struct tmk_summaries *summaries,
                             const struct tmk_cell **layers)
{
    size_t count = 0;
    for (size_t i = 0; i < summaries->count; i++) {
        const struct tmk_cell *cell = &summaries->cells[i].cell;
        if (strcmp(cell->op, scene->op) != 0 || !is_measured(&summaries->cells[i]))
            continue;
        note_axes(scene, cell);
        size_t k = count;
        while (k > 0 && !same_layer(layers[k - 1], cell))
            k--;
        if (k == 0)
            layers[count++] = cell;
    }
    qsort(scene->threads, scene->nthreads, sizeof *scene->threads, ascending);
    return count;
}

static size_t cell_index(const struct tmk_scene *scene, size_t layer, size_t dir, size_t impl,
                         size_t threads)
{
    return ((layer * TMK_NDIRS + dir) * scene->nimpls + impl) * scene->nthreads + threads;
}

static bool is_unverified(const struct tmk_cell *cell)
{
    return strncmp(cell->status, "unverified", 10) == 0;
}

static void place_cells(struct tmk_scene *scene, const struct tmk_summaries *summaries,
                        const struct tmk_cell *const *layers, bool *unverified)
{
    for (size_t i = 0; i < summaries->count; i++) {
        const struct tmk_cell_summary *summary = &summaries->cells[i];
        const struct tmk_cell *cell = &summary->cell;
        if (strcmp(cell->op, scene->op) != 0 || !is_measured(summary))
            continue;
        size_t layer = 0;
        while (!same_layer(layers[layer], cell))
            layer++;
        size_t dir = tmk_find_word(tmk_dir_name, TMK_NDIRS, cell->dir);
        size_t impl = tmk_find_word(scene->impls, scene->nimpls, cell->impl);
        size_t threads = find_threads(scene, cell->threads);
        if (dir == TMK_NDIRS || impl == scene->nimpls || threads == scene->nthreads)
            continue;
        scene->cells[cell_index(scene, layer, dir, impl, threads)] = summary;
        unverified[layer] |= is_unverified(cell);
    }
}

/* Name or descriptor, cut to fit, then what the layers of this scene differ in besides. */
static void make_label(const struct tmk_cell *cell, const struct tmk_cell *const *layers,
                       size_t nlayers, bool unverified, char *label)
{
    bool dtypes = false, layouts = false, caches = false;
    for (size_t i = 0; i < nlayers; i++) {
        dtypes |= strcmp(layers[i]->dtype, cell->dtype) != 0;
        layouts |= strcmp(layers[i]->layout, cell->layout) != 0;
        caches |= strcmp(layers[i]->cache, cell->cache) != 0;
    }
    char tail[32];
    snprintf(tail, sizeof tail, "%s%s%s%s%s%s%s", dtypes ? " " : "", dtypes ? cell->dtype : "",
             layouts ? " " : "", layouts ? cell->layout : "", caches ? " " : "",
             caches ? cell->cache : "", unverified ? "*" : "");
    const char *text = cell->name[0] ? cell->name : cell->problem;
    size_t room = TMK_SCENE_LABEL - 1 - strlen(tail);
    bool fits = strlen(text) <= room;
    snprintf(label, TMK_SCENE_LABEL, "%.*s%s%s", (int)(fits ? room : room - 2), text,
             fits ? "" : "..", tail);
}

static enum tmk_status lay_out(struct tmk_scene *scene, const struct tmk_summaries *summaries,
                               const struct tmk_cell **layers)
{
    scene->nlayers = collect_layers(scene, summaries, layers);
    size_t cells = scene->nlayers * TMK_NDIRS * scene->nimpls * scene->nthreads;
    scene->labels = calloc(scene->nlayers + 1, sizeof *scene->labels);
    scene->cells = calloc(cells + 1, sizeof(struct tmk_cell_summary *));
    bool *unverified = calloc(scene->nlayers + 1, sizeof *unverified);
    if (!scene->labels || !scene->cells || !unverified) {
        free(unverified);
        return tmk_fail(TMK_ENOMEM, "no memory to lay out %zu cells", cells);
    }
    place_cells(scene, summaries, layers, unverified);
    for (size_t i = 0; i < scene->nlayers; i++) {
        make_label(layers[i], layers, scene->nlayers, unverified[i], scene->labels[i]);
        scene->unverified |= unverified[i];
    }
    free(unverified);
    return TMK_OK;
}

enum tmk_status tmk_scene_make(const struct tmk_summaries *summaries, const char *op,
                               const struct tmk_ceilings *ceilings, size_t nceilings,
                               struct tmk_scene *out)
{
    *out = (struct tmk_scene){.op = op};
    const struct tmk_cell **layers = calloc(summaries->count + 1, sizeof(struct tmk_cell *));
    if (!layers)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu layers", summaries->count);
    enum tmk_status status = lay_out(out, summaries, layers);
    free(layers);
    if (status != TMK_OK) {
        tmk_scene_free(out);
        return status;
    }
    for (size_t i = 0; i < nceilings && out->nlayers; i++) {
        if (ceilings[i].threads == out->threads[tmk_scene_most_threads(out)])
            out->ceilings = ceilings[i];
    }
    return TMK_OK;
}

void tmk_scene_free(struct tmk_scene *scene)
{
    free(scene->labels);
    free(scene->cells);
    *scene = (struct tmk_scene){0};
}

const struct tmk_cell_summary *tmk_scene_cell(const struct tmk_scene *scene, size_t layer,
                                              enum tmk_dir dir, size_t impl, size_t threads)
{
    return scene->cells[cell_index(scene, layer, dir, impl, threads)];
}

size_t tmk_scene_most_threads(const struct tmk_scene *scene)
{
    return scene->nthreads - 1;
}
