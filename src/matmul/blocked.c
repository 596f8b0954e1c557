/* blocked: packed, cache-blocked, SIMD GEMM (src/gemm) on all three directions. */
#include "gemm.h"
#include "matmul.h"

#include <math.h>
#include <stdint.h>

static void add_axis(struct tmk_gemm_index *index, size_t extent, ptrdiff_t first, ptrdiff_t second)
{
    index->extent[index->axes] = extent;
    index->first[index->axes] = first;
    index->second[index->axes] = second;
    index->axes++;
}

/* A summed batch axis is part of k. One along which the right factor is broadcast makes more rows
 * of one product, not more products; likewise columns for the left. */
static struct tmk_gemm as_gemm(const struct tmk_problem *problem, enum tmk_dir dir,
                               const struct tmk_args *args)
{
    struct tmk_product p = tmk_matmul_as_product(problem, dir, args);
    struct tmk_gemm gemm = {
        .dtype = problem->dtype, .a = p.left.data, .b = p.right.data, .c = p.out.data};
    int row = p.out.ndim - 2, col = p.out.ndim - 1;
    for (int i = 0; i < row; i++) {
        size_t extent = p.out.shape[i];
        ptrdiff_t a = p.left.stride[i], b = p.right.stride[i], c = p.out.stride[i];
        if (p.reduced[i]) {
            add_axis(&gemm.k, extent, a, b);
        } else if (b == 0) {
            add_axis(&gemm.m, extent, a, c);
        } else if (a == 0) {
            add_axis(&gemm.n, extent, b, c);
        } else {
            int n = gemm.batch.axes++;
            gemm.batch.extent[n] = extent;
            gemm.batch.a[n] = a;
            gemm.batch.b[n] = b;
            gemm.batch.c[n] = c;
        }
    }
    add_axis(&gemm.m, p.out.shape[row], p.left.stride[row], p.out.stride[row]);
    add_axis(&gemm.n, p.out.shape[col], p.right.stride[col], p.out.stride[col]);
    add_axis(&gemm.k, p.left.shape[col], p.left.stride[col], p.right.stride[row]);
    return gemm;
}

static size_t workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, int threads)
{
    (void)self;
    struct tmk_args args;
    if (tmk_op_operands(problem, &args) != TMK_OK)
        return SIZE_MAX;
    struct tmk_gemm gemm = as_gemm(problem, dir, &args);
    return tmk_gemm_workspace(&gemm, threads);
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    struct tmk_gemm gemm = as_gemm(problem, dir, args);
    return tmk_gemm_run(&gemm, exec);
}

const struct tmk_impl tmk_matmul_blocked = {
    .name = "blocked",
    .summary = "packed, cache-blocked, SIMD GEMM",
    .auto_flops = INFINITY,
    .workspace = workspace,
    .run = run,
};
