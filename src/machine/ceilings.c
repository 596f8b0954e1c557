#include "ceilings.h"

#include "alloc.h"
#include "clock.h"
#include "probe.h"
#include "size.h"

#include <math.h>
#include <omp.h>

#define ROUND_SECONDS 0.005
#define PEAK_ROUNDS 16
#define TRIAD_ROUNDS 10

const char *const tmk_level_name[TMK_NLEVELS] = {"L1", "L2", "L3", "memory"};

static const struct tmk_probe *probe_of(enum tmk_isa isa)
{
    static const struct tmk_probe *const probes[TMK_NISAS] = {
        [TMK_ISA_GENERIC] = &tmk_probe_generic,
#if defined(__x86_64__)
        [TMK_ISA_AVX2] = &tmk_probe_avx2,
        [TMK_ISA_AVX512] = &tmk_probe_avx512,
#elif defined(__aarch64__)
        [TMK_ISA_NEON] = &tmk_probe_neon,
#endif
    };
    return tmk_isa_available(isa) ? probes[isa] : NULL;
}

/* --- timing a team --- */

/* Something that each thread of a team repeats. */
struct work {
    void (*run)(const struct work *work, int thread, size_t repeats);
    int threads;
    const struct tmk_probe *probe;
    bool f64;       /* FMA loop */
    double *arrays; /* triad: `pitch` doubles per array, three arrays per thread */
    size_t n, pitch;
};

/* Seconds from the first start to the last end; infinite if OpenMP gave another team. The longest
 * single thread would flatter teams whose threads take turns on one CPU. */
static double team_seconds(const struct work *work, size_t repeats)
{
    double first = INFINITY, last = 0;
    int team = 0;
#pragma omp parallel num_threads(work->threads) reduction(min : first) reduction(max : last)          \
    reduction(+ : team)
    {
        team = 1;
#pragma omp barrier
        first = tmk_now();
        work->run(work, omp_get_thread_num(), repeats);
        last = tmk_now();
    }
    return team == work->threads ? last - first : INFINITY;
}

/* Repeats that keep one thread busy for a round. The best of three tries counts, alone and without
 * a team's barriers, so that a thread that had to wait does not make rounds too short. */
static size_t repeats_per_round(const struct work *work)
{
    for (size_t repeats = 1;; repeats *= 2) {
        double seconds = INFINITY;
        for (int attempt = 0; attempt < 3; attempt++) {
            double start = tmk_now();
            work->run(work, 0, repeats);
            seconds = fmin(seconds, tmk_now() - start);
        }
        if (seconds > ROUND_SECONDS / 4)
            return TMK_MAX((size_t)((double)repeats * ROUND_SECONDS / seconds), 1);
    }
}

/* Best time of one repeat. */
static double best_seconds(const struct work *work, int rounds)
{
    size_t repeats = repeats_per_round(work);
    double best = INFINITY;
    for (int round = 0; round < rounds; round++)
        best = fmin(best, team_seconds(work, repeats));
    return best / (double)repeats;
}

/* --- arithmetic --- */

static void run_fma(const struct work *work, int thread, size_t repeats)
{
    (void)thread;
    (work->f64 ? work->probe->fma_f64 : work->probe->fma_f32)(repeats);
}

/* Of one multiply-add on all chains. */
static double step_flops(const struct tmk_probe *probe, bool f64)
{
    const double lanes = (double)probe->vector_bytes / (f64 ? sizeof(double) : sizeof(float));
    return 2 * lanes * probe->chains;
}

void tmk_multiply_add(bool f64, int threads, double flops)
{
    const struct work work = {
        .run = run_fma, .threads = threads, .probe = probe_of(tmk_isa()), .f64 = f64};
    const size_t steps = (size_t)ceil(flops / threads / step_flops(work.probe, f64));
#pragma omp parallel num_threads(threads)
    work.run(&work, omp_get_thread_num(), steps);
}

double tmk_peak_gflops(enum tmk_isa isa, bool f64, int threads, int rounds)
{
    const struct tmk_probe *probe = probe_of(isa);
    if (!probe || threads < 1)
        return 0;
    struct work work = {.run = run_fma, .threads = threads, .probe = probe, .f64 = f64};
    return 1e-9 * step_flops(probe, f64) * threads / best_seconds(&work, rounds);
}

/* --- bandwidth --- */

static void run_triad(const struct work *work, int thread, size_t repeats)
{
    double *a = work->arrays + 3 * work->pitch * (size_t)thread;
    work->probe->triad(a, a + work->pitch, a + 2 * work->pitch, work->n, repeats);
}

/* One thread's share of a cache, if all the threads that can share it do. */
static size_t cache_share(const struct tmk_topology *topology, int level, int threads)
{
    struct tmk_cache cache = tmk_topology_cache(topology, level);
    return cache.bytes ? cache.bytes / (size_t)TMK_MIN(threads, cache.shared_by_pus) : 0;
}

/* Bytes of all last-level caches that the threads can reach. */
static size_t last_level_bytes(const struct tmk_topology *topology, int threads)
{
    for (int level = TMK_CACHE_LEVELS; level >= 1; level--) {
        struct tmk_cache cache = tmk_topology_cache(topology, level);
        if (cache.bytes == 0)
            continue;
        int instances = TMK_MAX(tmk_topology_pus(topology) / cache.shared_by_pus, 1);
        return cache.bytes * (size_t)TMK_MIN(threads, instances);
    }
    return 0;
}

/* Bytes of one thread's three arrays together; 0: no such level. */
static size_t working_set(const struct tmk_topology *topology, enum tmk_level level, int threads)
{
    if (level == TMK_MEMORY) {
        size_t bytes = TMK_MAX(4 * last_level_bytes(topology, threads), (size_t)64 << 20);
        return TMK_MIN(bytes, tmk_memory_available() / 4) / (size_t)threads;
    }
    size_t share = cache_share(topology, (int)level + 1, threads);
    size_t below = level == TMK_L1 ? 0 : cache_share(topology, (int)level, threads);
    return TMK_MIN(TMK_MAX(share / 2, 2 * below), share);
}

/* The thread that will use the arrays is the first to touch them. */
static void touch_arrays(const struct work *work)
{
    size_t per_thread = 3 * work->pitch;
#pragma omp parallel num_threads(work->threads)
    {
        double *arrays = work->arrays + per_thread * (size_t)omp_get_thread_num();
        for (size_t i = 0; i < per_thread; i++)
            arrays[i] = 1;
    }
}

static enum tmk_status measure_bandwidth(const struct tmk_topology *topology, enum tmk_level level,
                                         int threads, int rounds, double *gbs)
{
    size_t set = working_set(topology, level, threads);
    struct work work = {.run = run_triad, .threads = threads, .probe = probe_of(tmk_isa())};
    work.n = set / (3 * sizeof(double)) / TMK_TRIAD_MULTIPLE * TMK_TRIAD_MULTIPLE;
    /* threads share no page, so that each is first to touch its own */
    work.pitch = tmk_round_up(work.n, TMK_PAGE / sizeof(double));
    *gbs = 0;
    if (work.n == 0)
        return TMK_OK;
    void *arrays;
    TMK_TRY(tmk_alloc(3 * work.pitch * sizeof(double) * (size_t)threads, "measuring bandwidth",
                      &arrays));
    work.arrays = arrays;
    touch_arrays(&work);
    double bytes = 3.0 * sizeof(double) * (double)work.n * threads;
    *gbs = 1e-9 * bytes / best_seconds(&work, rounds);
    tmk_free(arrays);
    return TMK_OK;
}

double tmk_bandwidth_gbs(const struct tmk_topology *topology, enum tmk_level level, int threads,
                         int rounds)
{
    double gbs = 0;
    if (threads >= 1)
        measure_bandwidth(topology, level, threads, rounds, &gbs);
    return gbs;
}

enum tmk_status tmk_ceilings_measure(const struct tmk_topology *topology, int threads,
                                     struct tmk_ceilings *out)
{
    if (threads < 1)
        return tmk_fail(TMK_EINVAL, "cannot measure with %d threads: ask for 1 or more", threads);
    *out = (struct tmk_ceilings){.threads = threads};
    for (int isa = 0; isa < TMK_NISAS; isa++) {
        out->peak_f32[isa] = tmk_peak_gflops((enum tmk_isa)isa, false, threads, PEAK_ROUNDS);
        out->peak_f64[isa] = tmk_peak_gflops((enum tmk_isa)isa, true, threads, PEAK_ROUNDS);
    }
    for (int level = 0; level < TMK_NLEVELS; level++)
        TMK_TRY(measure_bandwidth(topology, (enum tmk_level)level, threads, TRIAD_ROUNDS,
                                  &out->bandwidth[level]));
    return TMK_OK;
}

double tmk_ceilings_peak(const struct tmk_ceilings *ceilings, bool f64)
{
    double peak = 0;
    for (int isa = 0; isa < TMK_NISAS; isa++)
        peak = fmax(peak, f64 ? ceilings->peak_f64[isa] : ceilings->peak_f32[isa]);
    return peak;
}

void tmk_ceilings_raise(struct tmk_ceilings *ceilings, const struct tmk_ceilings *other)
{
    if (ceilings->threads != other->threads)
        return;
    for (int isa = 0; isa < TMK_NISAS; isa++) {
        ceilings->peak_f32[isa] = fmax(ceilings->peak_f32[isa], other->peak_f32[isa]);
        ceilings->peak_f64[isa] = fmax(ceilings->peak_f64[isa], other->peak_f64[isa]);
    }
    for (int level = 0; level < TMK_NLEVELS; level++)
        ceilings->bandwidth[level] = fmax(ceilings->bandwidth[level], other->bandwidth[level]);
}

enum tmk_level tmk_level_holding(const struct tmk_topology *topology, double bytes, int threads)
{
    int level = TMK_L1;
    while (level < TMK_MEMORY &&
           (double)cache_share(topology, level + 1, threads) * threads < bytes)
        level++;
    return (enum tmk_level)level;
}
