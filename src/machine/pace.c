#include "pace.h"

#include "clock.h"
#include "size.h"

#include <stdatomic.h>

/* The slowest thread is taken to be half as fast as the fastest at worst; how much of what a call
 * shows is believed, and by how much it can show a change: others take a core away for a while. */
#define SLOWEST (2 / 3.0)
#define FASTEST (4 / 3.0)
#define BELIEF 0.5
#define MOST_CHANGE 0.5

/* Seconds between calls that are watched: what a thread notes has to be brought over, too. */
#define WATCH_EVERY 5e-5
static _Atomic double watched_at;

/* What is known of each, and what shares go by, which follows only if it is off by more than this:
 * positions that change threads have to be brought over from the other core. 0: nothing is known.
 */
#define NOTABLE 0.03
static _Atomic float known[TMK_PACE_THREADS], used[TMK_PACE_THREADS];

static double value_of(const _Atomic float *pace)
{
    const float value = atomic_load_explicit(pace, memory_order_relaxed);
    return value > 0 ? (double)value : 1;
}

static void store(_Atomic float *pace, double value)
{
    atomic_store_explicit(pace, (float)value, memory_order_relaxed);
}

static bool is_shared_out(size_t threads)
{
    return threads > 1 && threads <= TMK_PACE_THREADS;
}

void tmk_pace_ask(struct tmk_pace *pace, size_t threads)
{
    pace->threads = threads;
    pace->watched = false;
    if (!is_shared_out(threads))
        return;
    pace->until[0] = 0;
    for (size_t i = 0; i < threads; i++)
        pace->until[i + 1] = pace->until[i] + value_of(&used[i]);
    const double now = tmk_now();
    if (now - atomic_load_explicit(&watched_at, memory_order_relaxed) < WATCH_EVERY)
        return;
    atomic_store_explicit(&watched_at, now, memory_order_relaxed);
    pace->watched = true;
    for (size_t i = 0; i < threads; i++)
        pace->speed[i] = 0;
}

/* Where what a thread has of [begin, end) of the team begins. */
static size_t cut(const struct tmk_pace *pace, size_t whole, size_t thread, size_t begin,
                  size_t end)
{
    if (thread == end || !is_shared_out(pace->threads))
        return whole * (thread - begin) / (end - begin);
    const double *until = pace->until;
    const double before = (until[thread] - until[begin]) / (until[end] - until[begin]);
    return (size_t)((double)whole * before + 0.5);
}

struct tmk_range tmk_pace_share(const struct tmk_pace *pace, size_t whole, int thread, size_t parts,
                                size_t step)
{
    if (parts == 1)
        return (struct tmk_range){0, whole};
    const size_t begin = (size_t)thread / (parts * step) * (parts * step),
                 own = (size_t)thread / step * step;
    return (struct tmk_range){cut(pace, whole, own, begin, begin + parts * step),
                              cut(pace, whole, own + step, begin, begin + parts * step)};
}

struct tmk_range tmk_pace_own(const struct tmk_pace *pace, size_t whole, int thread)
{
    return tmk_pace_share(pace, whole, thread, pace->threads, 1);
}

size_t tmk_pace_most(size_t whole, size_t parts)
{
    const double most = FASTEST / (FASTEST + (double)(parts - 1) * SLOWEST);
    return TMK_MIN((size_t)((double)whole * most) + 1, whole);
}

double tmk_pace_start(const struct tmk_pace *pace)
{
    return pace->watched ? tmk_now() : 0;
}

void tmk_pace_note(struct tmk_pace *pace, int thread, double work, double start)
{
    if (pace->watched)
        pace->speed[thread] = work / (tmk_now() - start);
}

static double within(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

void tmk_pace_learn(const struct tmk_pace *pace)
{
    double paces = 0, speeds = 0;
    if (!pace->watched)
        return;
    for (size_t i = 0; i < pace->threads; i++) {
        if (!(pace->speed[i] > 0))
            return;
        speeds += pace->speed[i];
        paces += value_of(&known[i]);
    }
    bool notable = false;
    for (size_t i = 0; i < pace->threads; i++) {
        const double old = value_of(&known[i]), shown = pace->speed[i] / speeds * paces,
                     change = within(shown / old - 1, -MOST_CHANGE, MOST_CHANGE);
        const double pace_now = within(old * (1 + BELIEF * change), SLOWEST, FASTEST);
        store(&known[i], pace_now);
        const double off = pace_now / value_of(&used[i]) - 1;
        notable |= off > NOTABLE || off < -NOTABLE;
    }
    for (size_t i = 0; notable && i < pace->threads; i++)
        store(&used[i], value_of(&known[i]));
}
