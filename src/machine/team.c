#include "team.h"

#include "clock.h"
#include "sort.h"

#include <omp.h>
#include <stdatomic.h>

#define TRIES 21
#define MOST 512 /* larger teams are woken more slowly still */

static void do_nothing(void *context, int thread)
{
    (void)context;
    (void)thread;
}

static double measure(int threads)
{
    double seconds[TRIES];
    for (int i = 0; i < TRIES; i++) {
        const double start = tmk_now();
        tmk_team_run(threads, do_nothing, NULL);
        seconds[i] = tmk_now() - start;
    }
    tmk_sort(seconds, TRIES);
    return seconds[TRIES / 2];
}

double tmk_team_seconds(int threads)
{
    static _Atomic float known[MOST]; /* 0: not yet; threads that measure at once find the same */
    if (threads == 1)
        return 0;
    _Atomic float *seconds = &known[(threads < MOST ? threads : MOST) - 1];
    if (atomic_load_explicit(seconds, memory_order_relaxed) == 0)
        atomic_store_explicit(seconds, (float)measure(threads), memory_order_relaxed);
    return atomic_load_explicit(seconds, memory_order_relaxed);
}

void tmk_team_run(int threads, void (*body)(void *context, int thread), void *context)
{
    if (threads == 1) {
        body(context, 0);
        return;
    }
#pragma omp parallel num_threads(threads)
    body(context, omp_get_thread_num());
}
