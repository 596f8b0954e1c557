/* Timing a group of contestants side by side. Knows no operation: it times callbacks. */
#ifndef TMK_MEASURE_SAMPLER_H
#define TMK_MEASURE_SAMPLER_H

#include "exec.h"
#include "noise.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tmk_contestant {
    enum tmk_status (*call)(void *ctx); /* one call of what is timed */
    /* Not timed, before every sample: sets the stage, and cools the caches of a cold group. May be
     * NULL. */
    enum tmk_status (*before)(void *ctx);
    void *ctx;
    /* What call() runs with: its phases are noted of a batch's last call only, for reading the
     * clock costs a small one a tenth. NULL: it has none. */
    struct tmk_exec *exec;
    size_t have;           /* samples from an earlier run that was resumed, ... */
    const double *earlier; /* ... their seconds per call; may be NULL if have is 0 */
};

/* One timed batch of calls. */
struct tmk_sample {
    size_t contestant; /* index */
    unsigned round;
    unsigned calls;            /* in the batch */
    double seconds;            /* per call */
    double phase[TMK_NPHASES]; /* seconds of the last call, mean over threads */
    double canary_s;           /* taken as this round began */
    double steal_s;            /* stolen since this round began, from all CPUs */
    bool noisy;                /* tmk_round_is_noisy() by these two */
};

struct tmk_sampling {
    double half_width; /* stop a contestant at this relative half-width of its median's CI, 0.02 */
    double budget_s;   /* wall time for the whole group, 2 */
    double batch_s;    /* calibrate the number of calls so that a sample lasts about this, 1e-3 */
    unsigned min_rounds;  /* at least so many samples each, even over budget: 6 */
    unsigned sure_rounds; /* at least so many samples each, however long they take: 1 */
    unsigned max_rounds;  /* at most so many samples each, 1000 */
    unsigned first_round; /* number of the first round: past those of a run that is resumed, 0 */
    bool cold;            /* one call per sample */
    uint32_t seed;        /* of the random order */
    struct tmk_canaries *canaries; /* of the whole run, added to; NULL: judge by this group alone */
};
struct tmk_sampling tmk_sampling_default(void);

enum tmk_stop {
    TMK_STOP_PRECISE, /* the half-width is reached, with at least min_rounds samples */
    TMK_STOP_BUDGET,  /* the time is over */
    TMK_STOP_ROUNDS,  /* max_rounds samples */
    TMK_STOP_INTERRUPTED,
    TMK_STOP_FAILED,
    TMK_NSTOPS
};
extern const char *const tmk_stop_name[TMK_NSTOPS]; /* "precise", "budget", ... */

/* Warm up, calibrate, then run rounds: in each round every contestant that is due once, in random
 * order, until all have ended. Samples of a resumed run count like new ones; a contestant that they
 * satisfy is neither warmed up nor sampled.
 *
 * A contestant ends as soon as it is precise or has max_rounds samples, or when both the group's
 * budget and its own share of it, budget_s / n, are used up and it has min_rounds samples. Once
 * twice the budget is over, sure_rounds are enough: only then a contestant too slow for its share
 * ends with fewer than min_rounds.
 *
 * So that slow contestants do not starve fast ones, one that has used up its share sits out while
 * another that has not still needs samples; except for its first sample, and for its first
 * min_rounds if min_rounds of everybody fit into the budget by the calibration. The whole takes
 * at most about twice the budget, or the budget plus a warm-up call and a sample of each, whichever
 * is longer.
 *
 * Every sample goes to sink(sink_ctx, sample) the moment it is taken. A sink or a contestant that
 * fails ends the group with that status. `interrupted` (may be NULL) is polled between samples;
 * when set, the group ends with TMK_EINTR. stop[i] says why contestant i ended. TMK_EINVAL: limits
 * that make no sense. */
enum tmk_status
tmk_sample_group(const struct tmk_contestant *contestants, size_t n,
                 const struct tmk_sampling *sampling,
                 enum tmk_status (*sink)(void *ctx, const struct tmk_sample *sample),
                 void *sink_ctx, const volatile int *interrupted, enum tmk_stop *stop);

#endif
