/* Matrix multiplication C = A B with batch dimensions that broadcast.
 *
 *   fwd     C  = A  B     A (..., M, K), B (..., K, N), C (..., M, N)
 *   bwd_d   dA = dC B^T   summed over the batch dimensions that A was broadcast along
 *   bwd_w   dB = A^T dC   likewise for B
 *
 * Descriptors are benchdnn's: "MxK:KxN", leading batch dimensions, options --stag, --wtag, --strides
 * before it. */
#ifndef TMK_MATMUL_MATMUL_H
#define TMK_MATMUL_MATMUL_H

#include "op.h"
#include "product.h"

struct tmk_matmul {
    struct tmk_problem base;
    int nbatch;                          /* leading dimensions, 0 .. TMK_MAX_DIMS - 2 */
    size_t a_batch[TMK_MAX_DIMS - 2];    /* padded with 1s to nbatch */
    size_t b_batch[TMK_MAX_DIMS - 2];
    size_t m, n, k;
    ptrdiff_t stride[TMK_NOPERANDS][TMK_MAX_DIMS]; /* elements, by operand: SRC, WEI, DST */
};

extern const struct tmk_op tmk_op_matmul;

static inline const struct tmk_matmul *tmk_matmul_of(const struct tmk_problem *problem)
{
    return (const struct tmk_matmul *)problem;
}

/* One direction as a batch of products. Transposes are views; the batch axes that are `reduced` are
 * those along which the operand was broadcast whose gradient it is. */
struct tmk_product tmk_matmul_as_product(const struct tmk_problem *problem, enum tmk_dir dir,
                                         const struct tmk_args *args);

#endif
