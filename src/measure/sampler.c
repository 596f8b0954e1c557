#include "sampler.h"

#include "clock.h"
#include "random.h"
#include "size.h"
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_CALL 10  /* batches: a first call as long as that needs no calibration */
#define MAX_GROWTH 16 /* of the number of calls from one calibration step to the next */
#define MAX_CALLS (1u << 20)

const char *const tmk_stop_name[TMK_NSTOPS] = {
    [TMK_STOP_PRECISE] = "precise", [TMK_STOP_BUDGET] = "budget",
    [TMK_STOP_ROUNDS] = "rounds",   [TMK_STOP_INTERRUPTED] = "interrupted",
    [TMK_STOP_FAILED] = "failed",
};

/* A contestant while its group runs. */
struct entrant {
    double *seconds; /* of its samples so far, earlier ones first */
    size_t samples;
    unsigned calls; /* per sample */
    double latest;  /* seconds of the latest batch of calls */
    double spent;   /* wall time so far: warm-up, before() and samples */
    bool done;
    enum tmk_stop stop;
};

struct round {
    unsigned number;
    double start, steal, canary_s, usual_canary_s;
};

struct group {
    const struct tmk_contestant *contestants;
    size_t n;
    const struct tmk_sampling *sampling;
    enum tmk_status (*sink)(void *ctx, const struct tmk_sample *sample);
    void *sink_ctx;
    const volatile int *interrupted;
    struct entrant *entrants;
    size_t *order;
    struct tmk_random random;
    struct tmk_canaries canaries; /* used if the caller keeps none */
    double start;
    bool fits; /* min_rounds of everybody, into the budget */
};

struct tmk_sampling tmk_sampling_default(void)
{
    return (struct tmk_sampling){.half_width = 0.02,
                                 .budget_s = 2,
                                 .batch_s = 1e-3,
                                 .min_rounds = 6,
                                 .sure_rounds = 1,
                                 .max_rounds = 1000};
}

static double share(const struct group *group)
{
    return group->sampling->budget_s / (double)group->n;
}

static enum tmk_status poll_interrupt(const struct group *group)
{
    if (group->interrupted && *group->interrupted)
        return tmk_fail(TMK_EINTR, "interrupted: what was measured is kept; go on with --resume");
    return TMK_OK;
}

static void end(struct entrant *entrant, enum tmk_stop stop)
{
    entrant->done = true;
    entrant->stop = stop;
}

static void end_if_out_of_time(const struct group *group, struct entrant *entrant)
{
    double budget = group->sampling->budget_s;
    double elapsed = tmk_now() - group->start;
    size_t needed =
        elapsed < 2 * budget ? group->sampling->min_rounds : group->sampling->sure_rounds;
    if (elapsed >= budget && entrant->spent >= share(group) && entrant->samples >= needed)
        end(entrant, TMK_STOP_BUDGET);
}

static void end_if_satisfied(const struct group *group, struct entrant *entrant)
{
    const struct tmk_sampling *sampling = group->sampling;
    if (entrant->samples < sampling->min_rounds)
        return;
    struct tmk_summary summary = tmk_summarise(entrant->seconds, entrant->samples);
    if (tmk_relative_half_width(&summary) <= sampling->half_width)
        end(entrant, TMK_STOP_PRECISE);
    else if (entrant->samples >= sampling->max_rounds)
        end(entrant, TMK_STOP_ROUNDS);
}

static enum tmk_status call_all(const struct tmk_contestant *contestant, unsigned calls)
{
    struct tmk_exec none = {0}, *exec = contestant->exec ? contestant->exec : &none;
    struct tmk_phases *phases = exec->phases;
    enum tmk_status status = TMK_OK;
    for (; calls > 0 && status == TMK_OK; calls--) {
        exec->phases = calls == 1 ? phases : NULL;
        status = contestant->call(contestant->ctx);
    }
    exec->phases = phases;
    return status;
}

/* One batch of calls; its seconds are in entrant->latest. */
static enum tmk_status run_batch(const struct group *group, size_t index)
{
    const struct tmk_contestant *contestant = &group->contestants[index];
    struct entrant *entrant = &group->entrants[index];
    double begin = tmk_now();
    if (contestant->before)
        TMK_TRY(contestant->before(contestant->ctx));
    double start = tmk_now();
    TMK_TRY(call_all(contestant, entrant->calls));
    double end = tmk_now();
    entrant->latest = end - start;
    entrant->spent += end - begin;
    return TMK_OK;
}

/* Choose the number of calls that lasts about batch_s. The very first call pays for page faults
 * and cold code, so it only counts if it was very long. A disturbed batch is long too, so the
 * number must prove itself twice. */
static enum tmk_status warm_up(const struct group *group, size_t index)
{
    struct entrant *entrant = &group->entrants[index];
    double batch = group->sampling->batch_s;
    entrant->calls = 1;
    TMK_TRY(run_batch(group, index));
    if (group->sampling->cold || entrant->latest >= LONG_CALL * batch)
        return TMK_OK;
    for (int proofs = 0; proofs < 2 && entrant->calls < MAX_CALLS;) {
        TMK_TRY(run_batch(group, index));
        if (entrant->latest >= batch / 2) {
            proofs++;
            continue;
        }
        double wanted = ceil(entrant->calls * batch / TMK_MAX(entrant->latest, 1e-9));
        wanted = TMK_MIN(wanted, (double)entrant->calls * MAX_GROWTH);
        entrant->calls = (unsigned)TMK_MIN(wanted, (double)MAX_CALLS);
        proofs = 0;
    }
    return TMK_OK;
}

static enum tmk_status warm_up_all(struct group *group)
{
    double cost = 0;
    for (size_t i = 0; i < group->n; i++) {
        struct entrant *entrant = &group->entrants[i];
        end_if_satisfied(group, entrant);
        if (entrant->done)
            continue;
        TMK_TRY(poll_interrupt(group));
        TMK_TRY(warm_up(group, i));
        cost += group->sampling->cold ? entrant->spent : entrant->latest;
    }
    group->fits =
        tmk_now() - group->start + group->sampling->min_rounds * cost <= group->sampling->budget_s;
    return TMK_OK;
}

static struct round begin_round(struct group *group, unsigned number)
{
    struct tmk_canaries *canaries =
        group->sampling->canaries ? group->sampling->canaries : &group->canaries;
    struct round round = {.number = number, .canary_s = tmk_canary_seconds()};
    tmk_canaries_add(canaries, round.canary_s);
    round.usual_canary_s = tmk_canaries_median(canaries);
    round.steal = tmk_steal_seconds();
    round.start = tmk_now();
    return round;
}

static void clear_phases(const struct tmk_exec *exec)
{
    if (exec && exec->phases)
        memset(exec->phases, 0, (size_t)exec->threads * sizeof *exec->phases);
}

static void read_phases(const struct tmk_exec *exec, struct tmk_sample *sample)
{
    if (!exec || !exec->phases)
        return;
    for (int p = 0; p < TMK_NPHASES; p++) {
        double sum = 0;
        for (int t = 0; t < exec->threads; t++)
            sum += exec->phases[t].seconds[p];
        sample->phase[p] = sum / exec->threads;
    }
}

static enum tmk_status take_sample(struct group *group, size_t index, const struct round *round)
{
    const struct tmk_contestant *contestant = &group->contestants[index];
    struct entrant *entrant = &group->entrants[index];
    clear_phases(contestant->exec);
    TMK_TRY(run_batch(group, index));

    struct tmk_sample sample = {.contestant = index,
                                .round = round->number,
                                .calls = entrant->calls,
                                .seconds = entrant->latest / entrant->calls,
                                .canary_s = round->canary_s,
                                .steal_s = tmk_steal_seconds() - round->steal};
    read_phases(contestant->exec, &sample);
    sample.noisy = tmk_round_is_noisy(sample.canary_s, round->usual_canary_s, sample.steal_s,
                                      tmk_now() - round->start, (int)sysconf(_SC_NPROCESSORS_ONLN));
    entrant->seconds[entrant->samples++] = sample.seconds;
    TMK_TRY(group->sink(group->sink_ctx, &sample));
    end_if_satisfied(group, entrant);
    return TMK_OK;
}

/* List in group->order, shuffled, who takes part in the next round, and return how many. */
static size_t draw_round(struct group *group)
{
    size_t due = 0;
    bool someone_below_share = false;
    for (size_t i = 0; i < group->n; i++) {
        const struct entrant *entrant = &group->entrants[i];
        someone_below_share |= !entrant->done && entrant->spent < share(group);
    }
    for (size_t i = 0; i < group->n; i++) {
        const struct entrant *entrant = &group->entrants[i];
        size_t owed = group->fits ? group->sampling->min_rounds : group->sampling->sure_rounds;
        bool below_share = entrant->spent < share(group);
        if (!entrant->done && (below_share || entrant->samples < owed || !someone_below_share))
            group->order[due++] = i;
    }
    for (size_t i = due; i > 1; i--) { /* Fisher-Yates */
        size_t j = tmk_random_below(&group->random, (uint32_t)i);
        size_t swap = group->order[i - 1];
        group->order[i - 1] = group->order[j];
        group->order[j] = swap;
    }
    return due;
}

static enum tmk_status run_rounds(struct group *group)
{
    unsigned number = group->sampling->first_round;
    for (size_t due; (due = draw_round(group)) > 0; number++) {
        struct round round = begin_round(group, number);
        for (size_t i = 0; i < due; i++) {
            struct entrant *entrant = &group->entrants[group->order[i]];
            TMK_TRY(poll_interrupt(group));
            end_if_out_of_time(group, entrant);
            if (!entrant->done)
                TMK_TRY(take_sample(group, group->order[i], &round));
        }
    }
    return TMK_OK;
}

static enum tmk_status check(const struct tmk_contestant *contestants, size_t n,
                             const struct tmk_sampling *sampling)
{
    if (sampling->max_rounds == 0 || sampling->min_rounds > sampling->max_rounds ||
        sampling->sure_rounds > sampling->max_rounds)
        return tmk_fail(TMK_EINVAL,
                        "sampling: %u to %u rounds, %u sure: ask for at least one, at "
                        "most the greatest number",
                        sampling->min_rounds, sampling->max_rounds, sampling->sure_rounds);
    if (!(sampling->budget_s >= 0) || !(sampling->batch_s >= 0) || !(sampling->half_width >= 0))
        return tmk_fail(TMK_EINVAL,
                        "sampling: budget %g s, batch %g s, half-width %g: give numbers >= 0",
                        sampling->budget_s, sampling->batch_s, sampling->half_width);
    for (size_t i = 0; i < n; i++)
        if (contestants[i].have > 0 && !contestants[i].earlier)
            return tmk_fail(TMK_EINVAL,
                            "contestant %zu: has %zu earlier samples, but not their "
                            "seconds: pass them in `earlier`",
                            i, contestants[i].have);
    return TMK_OK;
}

static enum tmk_status enter(struct group *group)
{
    group->entrants = calloc(group->n, sizeof *group->entrants);
    group->order = calloc(group->n, sizeof *group->order);
    bool complete = group->entrants && group->order;
    for (size_t i = 0; complete && i < group->n; i++) {
        struct entrant *entrant = &group->entrants[i];
        size_t have = group->contestants[i].have;
        size_t room = TMK_MAX(have, group->sampling->max_rounds);
        entrant->seconds = calloc(room, sizeof *entrant->seconds);
        complete = entrant->seconds != NULL;
        if (complete && have > 0)
            memcpy(entrant->seconds, group->contestants[i].earlier, have * sizeof(double));
        entrant->samples = have;
    }
    if (!complete)
        return tmk_fail(TMK_ENOMEM, "no memory for the samples of %zu contestants: ask for fewer",
                        group->n);
    return TMK_OK;
}

static void leave(struct group *group)
{
    for (size_t i = 0; group->entrants && i < group->n; i++)
        free(group->entrants[i].seconds);
    free(group->entrants);
    free(group->order);
}

enum tmk_status
tmk_sample_group(const struct tmk_contestant *contestants, size_t n,
                 const struct tmk_sampling *sampling,
                 enum tmk_status (*sink)(void *ctx, const struct tmk_sample *sample),
                 void *sink_ctx, const volatile int *interrupted, enum tmk_stop *stop)
{
    TMK_TRY(check(contestants, n, sampling));
    if (n == 0)
        return TMK_OK;
    struct group group = {.contestants = contestants,
                          .n = n,
                          .sampling = sampling,
                          .sink = sink,
                          .sink_ctx = sink_ctx,
                          .interrupted = interrupted,
                          .start = tmk_now()};
    tmk_random_seed(&group.random, sampling->seed);
    enum tmk_status status = enter(&group);
    if (status == TMK_OK)
        status = warm_up_all(&group);
    if (status == TMK_OK)
        status = run_rounds(&group);
    for (size_t i = 0; i < n; i++) {
        const struct entrant *entrant = group.entrants ? &group.entrants[i] : NULL;
        if (entrant && entrant->done)
            stop[i] = entrant->stop;
        else
            stop[i] = status == TMK_EINTR ? TMK_STOP_INTERRUPTED : TMK_STOP_FAILED;
    }
    leave(&group);
    return status;
}
