/* Shares for threads of unequal pace. Cores are not alike: some are built slower, of others a
 * second hardware thread is at work, and whoever has an equal share waits for the slowest. What
 * each thread managed in the last calls tells how much to give it in the next. Where positions are
 * cut must make no difference to results. */
#ifndef TMK_MACHINE_PACE_H
#define TMK_MACHINE_PACE_H

#include "range.h"

#include <stdbool.h>

/* Larger teams have equal shares. */
#define TMK_PACE_THREADS 64

/* One call: what its threads are to do, asked for before they begin, and what they did. */
struct tmk_pace {
    size_t threads;
    bool watched;                       /* else the last call that was is not long ago */
    double until[TMK_PACE_THREADS + 1]; /* what the threads before this one do, in any unit */
    double speed[TMK_PACE_THREADS];     /* work in a second, likewise; 0: not known */
};

/* A team of `threads` >= 1 is to begin. */
void tmk_pace_ask(struct tmk_pace *pace, size_t threads);

/* Threads form a grid, of which one axis shares out positions 0 .. whole-1 to `parts` parts, each
 * of `step` consecutive threads: the share of the part that a thread belongs to. */
struct tmk_range tmk_pace_share(const struct tmk_pace *pace, size_t whole, int thread, size_t parts,
                                size_t step);

/* A thread's share, if there is one axis only. */
struct tmk_range tmk_pace_own(const struct tmk_pace *pace, size_t whole, int thread);

/* Positions of such a share at most, whatever the pace. */
size_t tmk_pace_most(size_t whole, size_t parts);

/* A thread begins, and is done with so much work, alone: no barrier in between. */
double tmk_pace_start(const struct tmk_pace *pace);
void tmk_pace_note(struct tmk_pace *pace, int thread, double work, double start);

/* When all are done: remember for the next call. */
void tmk_pace_learn(const struct tmk_pace *pace);

#endif
