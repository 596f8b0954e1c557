/* What the pictures of one operation draw: its measured cells, laid out by layer, direction,
 * implementation and thread count. */
#ifndef TMK_BENCH_SCENE_H
#define TMK_BENCH_SCENE_H

#include "ceilings.h"
#include "op.h"
#include "record.h"

#define TMK_SCENE_IMPLS 32
#define TMK_SCENE_THREADS 64
#define TMK_SCENE_LABEL 40

struct tmk_scene {
    const char *op;
    size_t nlayers;
    char (*labels)[TMK_SCENE_LABEL]; /* the layer's name, or its descriptor, and what tells it apart
                                      */
    size_t nimpls;
    const char *impls[TMK_SCENE_IMPLS]; /* in the order of the run: slowest rung first */
    size_t nthreads;
    int threads[TMK_SCENE_THREADS]; /* ascending */
    bool dirs[TMK_NDIRS], dtypes[TMK_NDTYPES];
    bool unverified; /* some drawn cell is; its layer's label ends in '*' */
    const struct tmk_cell_summary **cells;
    struct tmk_ceilings ceilings; /* at the largest thread count; zeros: not measured */
};

/* The scene of one op, on `summaries`, which must outlive it. A scene without layers is no failure.
 * TMK_ENOMEM. */
enum tmk_status tmk_scene_make(const struct tmk_summaries *summaries, const char *op,
                               const struct tmk_ceilings *ceilings, size_t nceilings,
                               struct tmk_scene *out);
void tmk_scene_free(struct tmk_scene *scene);

/* A cell by indices into layers, impls and threads; NULL if it was not measured. */
const struct tmk_cell_summary *tmk_scene_cell(const struct tmk_scene *scene, size_t layer,
                                              enum tmk_dir dir, size_t impl, size_t threads);

/* The index of the largest thread count, which most pictures show. */
size_t tmk_scene_most_threads(const struct tmk_scene *scene);

#endif
