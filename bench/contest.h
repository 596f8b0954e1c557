/* Timing the cells of one group side by side. */
#ifndef TMK_BENCH_CONTEST_H
#define TMK_BENCH_CONTEST_H

#include "noise.h"
#include "placement.h"
#include "plan.h"
#include "record.h"
#include "sampler.h"

/* The threads that cells run on, and what keeps caches cold, for a whole sweep. */
struct tmk_arena {
    const struct tmk_topology *topology;
    const struct tmk_placement *placement; /* for the largest thread count */
    struct tmk_phases *phases;             /* placement->threads of them */
    char *flush;                           /* twice the last-level cache; NULL: caches stay warm */
    size_t flush_bytes;
    struct tmk_canaries canaries;
};

enum tmk_status tmk_arena_make(const struct tmk_placement *placement, bool cold,
                               struct tmk_arena *out);
void tmk_arena_free(struct tmk_arena *arena);

/* One cell that is to be timed. */
struct tmk_entry {
    const struct tmk_plan_cell *plan;
    struct tmk_row row;   /* what its samples' rows have in common */
    struct tmk_held held; /* what an earlier run measured of it */
    char withdrawn[160];  /* not empty after the contest: why it could not take part */
};

struct tmk_contest {
    struct tmk_arena *arena;
    const struct tmk_plan_group *group;
    struct tmk_entry *entries;
    size_t count;
    struct tmk_sampling sampling;
    uint32_t seed; /* of the operands */
    struct tmk_samples *samples;
    void (*progress)(void *ctx, double elapsed_s); /* called after every sample */
    void *progress_ctx;
};

/* Make the operands and a workspace for all, prepare each, sample, and append a row for every
 * sample. An entry that cannot be prepared for lack of memory or support is withdrawn. TMK_EINTR,
 * TMK_ENOMEM, TMK_EIO, or what a kernel returned. */
enum tmk_status tmk_contest_run(const struct tmk_contest *contest);

#endif
