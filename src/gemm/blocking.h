/* How large the packed blocks are. */
#ifndef TMK_GEMM_BLOCKING_H
#define TMK_GEMM_BLOCKING_H

#include "micro.h"

/* Depth kc of the block of A and of a panel of B, rows mc of the block of A, a multiple of mr, rows
 * mr of a tile, in elements. */
struct tmk_blocking {
    size_t mc, kc, mr;
};

/* Blocking for a product of M rows and depth K, from the caches that hwloc reports, in the spirit
 * of Low et al. 2016: the block of A (mc x kc) takes half of the L2 cache if it is the only one,
 * else three eighths, and has 1024 rows at most; a panel of B (kc x nr) takes at most four thirds
 * of the L1, or is 512 deep. Tiles along M and blocks along K are of nearly equal size. Depends on
 * shape, dtype and machine only, never on the number of threads. most_mr: rows of a tile at most.
 * want_kc, want_mc: in place of the model's, rounded alike; 0: the model's. */
struct tmk_blocking tmk_blocking(const struct tmk_micro *micro, size_t element_bytes,
                                 size_t most_mr, size_t m, size_t k, size_t want_kc,
                                 size_t want_mc);

/* Can a packed panel of so many bytes stay in the L1 cache while others pass by? */
bool tmk_l1_holds(size_t bytes);

/* Does an operand of so many bytes stay in the L2 cache from use to use, beside the others? */
bool tmk_l2_holds(size_t bytes);

/* Can an L2 cache hold `rows` stretches of `bytes` each, `step` bytes apart? Steps of large powers
 * of two leave most of its sets empty. */
bool tmk_l2_spreads(size_t rows, ptrdiff_t step, size_t bytes);

/* Size of the L2 cache, of the last one, and of what may be expected of that. */
size_t tmk_l2_bytes(void);
size_t tmk_last_cache_bytes(void);
size_t tmk_last_cache_share(void);

/* Is it more than the last cache keeps? One of hundreds of MiB belongs to many cores. */
bool tmk_beyond_caches(size_t bytes);

/* Do a core's multiply-adds leave time for loads that cross cache lines, and for pages that a first
 * level of TLB does not know? Zen 4's do, and AMD's others are taken to. Emerald Rapids' do not
 * while another hardware thread shares the core, of which a virtual machine sees nothing. */
bool tmk_loads_are_spare(void);

/* Rows in tiles of nearly equal height, at most `mr`: first those of a row more. */
struct tmk_heights {
    size_t rows[2], tiles[2];
};
struct tmk_heights tmk_gemm_heights(size_t rows, size_t mr);

/* The next panel of `left` columns if three vectors may be one: they are where only such panels
 * come after it, so that none of a single vector does. */
size_t tmk_gemm_panel_width(const struct tmk_micro *micro, size_t left);

#endif
