/* The textbook triple loop: every element of the result is one sum, in the dtype itself. */
#include "matmul_parts.h"

#include <omp.h>

/* One row of out: out[j] = sum over k of left[k] * right[k, j], added to what is there if `add`. */
#define DEFINE_ROW(name, real)                                                                     \
    static void name(const struct tmk_product *p, size_t row, struct tmk_product_offset at,        \
                     bool add)                                                                     \
    {                                                                                              \
        int r = p->out.ndim - 2, c = p->out.ndim - 1;                                              \
        size_t cols = p->out.shape[c], depth = p->left.shape[c];                                   \
        ptrdiff_t out_step = p->out.stride[c], left_step = p->left.stride[c];                      \
        ptrdiff_t right_row = p->right.stride[r], right_col = p->right.stride[c];                  \
        real *out = (real *)p->out.data + at.out + (ptrdiff_t)row * p->out.stride[r];              \
        const real *left =                                                                         \
            (const real *)p->left.data + at.left + (ptrdiff_t)row * p->left.stride[r];             \
        const real *right = (const real *)p->right.data + at.right;                                \
        for (ptrdiff_t j = 0; j < (ptrdiff_t)cols; j++) {                                          \
            real sum = add ? out[j * out_step] : 0;                                                \
            for (ptrdiff_t k = 0; k < (ptrdiff_t)depth; k++)                                       \
                sum += left[k * left_step] * right[k * right_row + j * right_col];                 \
            out[j * out_step] = sum;                                                               \
        }                                                                                          \
    }
DEFINE_ROW(row_f32, float)
DEFINE_ROW(row_f64, double)

/* Threads share the rows of all matrices of the result; a row's products along reduced batch axes
 * are summed by its one thread, in order. */
static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_product product = tmk_matmul_as_product(problem, dir, args);
    size_t rows = product.out.shape[product.out.ndim - 2];
    size_t total = tmk_product_positions(&product, false) * rows;
    size_t reduced_count = tmk_product_positions(&product, true);
    void (*row_of)(const struct tmk_product *, size_t, struct tmk_product_offset, bool) =
        product.out.dtype == TMK_F32 ? row_f32 : row_f64;
#pragma omp parallel num_threads(exec->threads)
    {
        double start = tmk_phase_start(exec);
#pragma omp for schedule(static) nowait
        for (size_t i = 0; i < total; i++) {
            struct tmk_product_offset kept = tmk_product_offset_at(&product, false, i / rows);
            for (size_t r = 0; r < reduced_count; r++) {
                struct tmk_product_offset at = tmk_product_offset_at(&product, true, r);
                at.out += kept.out;
                at.left += kept.left;
                at.right += kept.right;
                row_of(&product, i % rows, at, r > 0);
            }
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_COMPUTE, start);
    }
    return TMK_OK;
}

const struct tmk_impl tmk_matmul_naive = {
    .name = "naive",
    .summary = "the textbook triple loop, rows shared among threads",
    .auto_flops = TMK_MATMUL_SMALL_FLOPS,
    .run = run,
};
