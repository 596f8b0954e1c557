#include "blocking.h"

#include "size.h"
#include "topology.h"

#define DEFAULT_L1 ((size_t)32 << 10)
#define DEFAULT_L2 ((size_t)512 << 10)
#define B_BLOCK_BYTES ((size_t)4 << 20)

static size_t cache_bytes(int level, size_t fallback)
{
    const struct tmk_topology *machine = tmk_this_machine();
    size_t bytes = machine ? tmk_topology_cache(machine, level).bytes : 0;
    return bytes ? bytes : fallback;
}

struct tmk_blocking tmk_blocking(const struct tmk_micro *micro, size_t element_bytes, size_t m,
                                 size_t n, size_t k)
{
    size_t kc = cache_bytes(1, DEFAULT_L1) * 2 / 3 / (micro->mr * element_bytes);
    k = TMK_MAX(k, 1);
    kc = tmk_ceil_div(k, tmk_ceil_div(k, kc));
    size_t mc = cache_bytes(2, DEFAULT_L2) / 4 / (kc * element_bytes);
    size_t nc = B_BLOCK_BYTES / (kc * element_bytes);
    return (struct tmk_blocking){
        .mc = tmk_round_up(TMK_MIN(TMK_MAX(mc / micro->mr * micro->mr, micro->mr), m), micro->mr),
        .nc = tmk_round_up(TMK_MIN(TMK_MAX(nc / micro->nr * micro->nr, micro->nr), n), micro->nr),
        .kc = kc,
    };
}
