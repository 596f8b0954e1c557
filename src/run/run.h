/* A run on disk, read back. */
#ifndef TMK_RUN_RUN_H
#define TMK_RUN_RUN_H

#include "ceilings.h"
#include "record.h"
#include "sets.h"

#include <jansson.h>

#define TMK_MANIFEST_SCHEMA 1

/* TMK_EIO: missing. TMK_EINVAL: malformed, or of a later schema. */
enum tmk_status tmk_manifest_read(const char *run, json_t **out);

/* The ceilings that a manifest holds, calloc'ed. TMK_ENOMEM. */
enum tmk_status tmk_manifest_ceilings(const json_t *manifest, struct tmk_ceilings **out,
                                      size_t *count);

/* manifest[a][b] as text, "" if it is no text; b may be NULL. */
const char *tmk_manifest_text(const json_t *manifest, const char *a, const char *b);

struct tmk_run {
    const char *path;
    json_t *manifest;
    struct tmk_ceilings *ceilings;
    size_t nceilings;
    struct tmk_summaries summaries; /* within a group the slowest rung first */
};

/* Read manifest and samples of the run in folder `path` and derive the summary. TMK_EIO,
 * TMK_EINVAL: as tmk_manifest_read() and tmk_samples_read(). */
enum tmk_status tmk_run_load(const char *path, struct tmk_run *out);
void tmk_run_free(struct tmk_run *run);

/* The summary of rows that are not on disk: run->ceilings are set, run->path and manifest NULL. */
enum tmk_status tmk_run_summarise(struct tmk_run *run, const struct tmk_rows *rows);

/* The problem that a cell is of, as the only item of `out`, which the caller frees, and its
 * direction. TMK_EINVAL: this program does not know it. */
enum tmk_status tmk_cell_problem(const struct tmk_cell *cell, struct tmk_list *out,
                                 enum tmk_dir *dir);

/* The same problem, direction and kind: what is sampled side by side. */
bool tmk_same_group(const struct tmk_cell *a, const struct tmk_cell *b);

#endif
