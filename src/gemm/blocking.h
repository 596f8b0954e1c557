/* How large the packed blocks are. */
#ifndef TMK_GEMM_BLOCKING_H
#define TMK_GEMM_BLOCKING_H

#include "micro.h"

/* Depth kc of both packed blocks, rows mc of the block of A, columns nc of the block of B, in
 * elements; mc is a multiple of mr, nc of nr. */
struct tmk_blocking {
    size_t mc, nc, kc;
};

/* Blocking for an M x N x K product. From the caches that hwloc reports, in the spirit of Low et
 * al. 2016: a panel of A (mr x kc) takes two thirds of the L1 cache, the block of A (mc x kc) a
 * quarter of the L2, which a panel of B and its successor share, and the block of B (kc x nc) at
 * most 4 MiB. Blocks along K are of equal size. Depends on shape, dtype and machine only, never on
 * the number of threads. */
struct tmk_blocking tmk_blocking(const struct tmk_micro *micro, size_t element_bytes, size_t m,
                                 size_t n, size_t k);

#endif
