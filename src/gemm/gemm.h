/* The blocked engine: contracts two strided operands into a third,
 *
 *     C[b, m, n] = sum over k of A[b, m, k] * B[b, k, n]   [+ bias[b, m]]  (added to C if
 * `accumulate`)
 *
 * where b, m, n and k are each an index over up to TMK_GEMM_AXES axes, so that a batched matmul
 * with broadcasting, a convolution in any direction and a plain GEMM are the same call. Panels are
 * packed straight from the strided operands (Goto & van de Geijn 2008), padding included
 * (implicit GEMM: Chetlur et al. 2014).
 *
 * Every element of C is summed in an order that depends on the shape only, not on the number of
 * threads: the same bits at any thread count. */
#ifndef TMK_GEMM_GEMM_H
#define TMK_GEMM_GEMM_H

#include "exec.h"
#include "status.h"
#include "view.h"

#define TMK_GEMM_AXES 8

/* One index: the axes it runs over, outermost first, with the step in elements that each makes in
 * the two operands that share it: A and C for m, B and C for n, A and B for k. */
struct tmk_gemm_index {
    int axes; /* 0: a single position */
    size_t extent[TMK_GEMM_AXES];
    ptrdiff_t first[TMK_GEMM_AXES];
    ptrdiff_t second[TMK_GEMM_AXES];
};

/* A batch index steps through all three. */
struct tmk_gemm_batch {
    int axes;
    size_t extent[TMK_GEMM_AXES];
    ptrdiff_t a[TMK_GEMM_AXES], b[TMK_GEMM_AXES], c[TMK_GEMM_AXES];
};

/* B may be a window on an image with padding: then element (k, n) also has the image coordinates
 * (y, x), the sum of an origin and a step per axis of k and n, and counts as zero when they fall
 * outside [0, h) x [0, w). (Where none can, the engine notices.) The strides of `k` and `n` then
 * address the unpadded image, and `b` points at where coordinate (0, 0) of the first image and
 * channel is, less the origin's offset (it may point outside the allocation; only elements inside
 * are read). */
struct tmk_gemm_window {
    bool on;
    ptrdiff_t y0, x0;
    ptrdiff_t k_y[TMK_GEMM_AXES], k_x[TMK_GEMM_AXES];
    ptrdiff_t n_y[TMK_GEMM_AXES], n_x[TMK_GEMM_AXES];
    size_t h, w;
};

/* Sizes of the packed blocks in elements: depth of both, rows of A's. */
struct tmk_gemm_blocks {
    size_t kc, mc;
};

struct tmk_gemm {
    enum tmk_dtype dtype; /* of A, B and C */
    const void *a, *b;
    void *c;
    struct tmk_gemm_batch batch;
    struct tmk_gemm_index m, n, k;
    struct tmk_gemm_window window;
    const void *bias; /* added to C: an element for each b and m, dense, (b, m); NULL: none */
    bool accumulate;
    bool sum_rows; /* sums[b, m] = sum over k of A[b, m, k], dense, while A is near anyway */
    void *sums;
    struct tmk_gemm_blocks blocks; /* asked for, to measure by; 0: what the model says */
};

/* The product of two matrices as views: a (M, K), b (K, N), c (M, N), any strides, same dtype. */
struct tmk_gemm tmk_gemm_matrices(const struct tmk_view *a, const struct tmk_view *b,
                                  const struct tmk_view *c);

/* Can sum_rows be had? Not in thin products, nor where A's rows are not read along k. */
bool tmk_gemm_can_sum_rows(const struct tmk_gemm *gemm);

/* Bytes of workspace for this many threads. Depends on shape and dtype only. */
size_t tmk_gemm_workspace(const struct tmk_gemm *gemm, int threads);

/* The sizes that it will run with: what is asked for is rounded to tiles and to equal parts. */
struct tmk_gemm_blocks tmk_gemm_blocks_of(const struct tmk_gemm *gemm);

/* Compute. Notes the phases pack and compute. TMK_EINVAL: workspace too small. */
enum tmk_status tmk_gemm_run(const struct tmk_gemm *gemm, const struct tmk_exec *exec);

#endif
