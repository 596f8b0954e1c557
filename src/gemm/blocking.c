#include "blocking.h"

#include "size.h"
#include "topology.h"

#include <pthread.h>
#include <string.h>

#define DEFAULT_L1 ((size_t)32 << 10)
#define DEFAULT_L2 ((size_t)512 << 10)
#define DEFAULT_WAYS 8

static size_t cache_bytes(int level, size_t fallback)
{
    const struct tmk_topology *machine = tmk_this_machine();
    size_t bytes = machine ? tmk_topology_cache(machine, level).bytes : 0;
    return bytes ? bytes : fallback;
}

static size_t l1_bytes, l2_bytes, l2_ways, last_bytes;
static bool spare_loads;

static size_t ways_of(int level)
{
    const struct tmk_topology *machine = tmk_this_machine();
    const int ways = machine ? tmk_topology_cache(machine, level).ways : 0;
    return ways > 0 ? (size_t)ways : DEFAULT_WAYS;
}

static void ask_machine(void)
{
    l1_bytes = cache_bytes(1, DEFAULT_L1);
    l2_bytes = cache_bytes(2, DEFAULT_L2);
    l2_ways = ways_of(2);
    last_bytes = cache_bytes(3, l2_bytes);
    const struct tmk_topology *machine = tmk_this_machine();
    spare_loads = machine && strstr(tmk_topology_cpu_model(machine), "AMD");
}

/* hwloc looks at the caches of all cores, which takes longer than a small product: once. */
static void know_machine(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask_machine);
}

size_t tmk_l2_bytes(void)
{
    know_machine();
    return l2_bytes;
}

size_t tmk_last_cache_bytes(void)
{
    know_machine();
    return last_bytes;
}

/* A cache of hundreds of MiB belongs to many cores, more than a virtual machine sees. */
#define MOST_SHARE ((size_t)32 << 20)
size_t tmk_last_cache_share(void)
{
    return TMK_MIN(tmk_last_cache_bytes(), MOST_SHARE);
}

bool tmk_beyond_caches(size_t bytes)
{
    const size_t last = tmk_last_cache_bytes();
    return bytes > (last <= MOST_SHARE ? last : MOST_SHARE / 2);
}

static size_t greatest_common_divisor(size_t a, size_t b)
{
    return b == 0 ? a : greatest_common_divisor(b, a % b);
}

bool tmk_loads_are_spare(void)
{
    know_machine();
    return spare_loads;
}

bool tmk_l1_holds(size_t bytes)
{
    know_machine();
    return bytes <= l1_bytes * 2 / 3;
}

bool tmk_l2_holds(size_t bytes)
{
    return bytes <= tmk_l2_bytes() / 4 * 3;
}

bool tmk_l2_spreads(size_t rows, ptrdiff_t step, size_t bytes)
{
    know_machine();
    /* where the stretches begin: `apart` from each other within what one way of the cache holds */
    const size_t apart =
        greatest_common_divisor((size_t)(step < 0 ? -step : step), l2_bytes / l2_ways);
    const size_t held = apart <= bytes ? l2_bytes : l2_bytes / apart * bytes;
    return rows * bytes <= held;
}

/* Parts of equal size, none above `most`. */
static size_t equal_parts(size_t count, size_t most)
{
    if (count <= most) /* dividing takes its time */
        return TMK_MAX(count, 1);
    return tmk_ceil_div(count, tmk_ceil_div(count, TMK_MAX(most, 1)));
}

/* Rows of a block at most: lines of C that two panels share are then still near for the second. */
#define MOST_MC ((size_t)1024)

/* Depth that a block may have whatever the L1 cache: a panel of B comes from L2 as fast. */
#define LEAST_KC ((size_t)512)

struct tmk_blocking tmk_blocking(const struct tmk_micro *micro, size_t element_bytes,
                                 size_t most_mr, size_t m, size_t k, size_t want_kc, size_t want_mc)
{
    know_machine();
    const size_t panel_step = micro->nr * element_bytes;
    const size_t kc =
        equal_parts(k, want_kc ? want_kc : TMK_MAX(l1_bytes * 4 / 3 / panel_step, LEAST_KC));
    const size_t mr = equal_parts(m, most_mr);
    const size_t tile = kc * element_bytes * tmk_micro_a_step(micro, mr);
    /* of larger blocks what passes by, B and C, would push out parts */
    const size_t one = l2_bytes / 2 / tile * mr, several = l2_bytes * 3 / 8 / tile * mr;
    const size_t fit = TMK_MIN(m <= one ? one : several, MOST_MC);
    const size_t most_mc = (want_mc ? want_mc : fit) / mr * mr;
    return (struct tmk_blocking){
        .mc = tmk_round_up(equal_parts(m, TMK_MAX(most_mc, mr)), mr),
        .kc = kc,
        .mr = mr,
    };
}

struct tmk_heights tmk_gemm_heights(size_t rows, size_t mr)
{
    const size_t tiles = tmk_ceil_div(rows, mr), low = rows / tiles, taller = rows % tiles;
    return (struct tmk_heights){.rows = {low + 1, low}, .tiles = {taller, tiles - taller}};
}

size_t tmk_gemm_panel_width(const struct tmk_micro *micro, size_t left)
{
    const size_t wide = 3 * micro->lanes;
    return micro->wide_rows > 0 && left % wide == 0 ? wide : TMK_MIN(micro->nr, left);
}
