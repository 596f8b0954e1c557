/* Timing a group of contestants side by side. Knows no operation: it times callbacks. */
#ifndef TMK_MEASURE_SAMPLER_H
#define TMK_MEASURE_SAMPLER_H

#include "exec.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tmk_contestant {
    enum tmk_status (*call)(void *ctx);  /* one call of what is timed */
    void (*before)(void *ctx);           /* not timed, before every sample (cold caches); may be NULL */
    void *ctx;
    struct tmk_phases *phases;           /* `threads` entries that call() adds to, or NULL */
    int threads;
    size_t have;                         /* samples from an earlier run that was resumed */
};

/* One timed batch of calls. */
struct tmk_sample {
    size_t contestant; /* index */
    unsigned round;
    unsigned calls;                      /* in the batch */
    double seconds;                      /* per call */
    double phase[TMK_NPHASES];           /* seconds per call, mean over threads */
    double steal_s, canary_s;            /* of this round */
    bool noisy;
};

struct tmk_sampling {
    double half_width;   /* stop a contestant at this relative half-width of its median's CI, 0.02 */
    double budget_s;     /* wall time for the whole group */
    double batch_s;      /* calibrate the number of calls so that a sample lasts about this, 1e-3 */
    unsigned min_rounds; /* at least so many samples each, even over budget: 6 */
    unsigned max_rounds; /* 1000 */
    bool cold;           /* one call per sample, before() each time */
    uint32_t seed;       /* of the random order */
};
struct tmk_sampling tmk_sampling_default(void);

enum tmk_stop { TMK_STOP_PRECISE, TMK_STOP_BUDGET, TMK_STOP_ROUNDS, TMK_STOP_INTERRUPTED, TMK_STOP_FAILED };
extern const char *const tmk_stop_name[]; /* "precise", "budget", ... */

/* Warm up, calibrate, then run rounds: in each round every contestant that is not done once, in
 * random order. Every sample goes to sink(sink_ctx, sample) the moment it is taken; a sink or a
 * contestant that fails ends the group with that status. stop[i] says why contestant i ended.
 * `interrupted` (may be NULL) is polled between samples. */
enum tmk_status tmk_sample_group(const struct tmk_contestant *contestants, size_t n,
                                 const struct tmk_sampling *sampling,
                                 enum tmk_status (*sink)(void *ctx, const struct tmk_sample *sample),
                                 void *sink_ctx, const volatile int *interrupted,
                                 enum tmk_stop *stop);

#endif
