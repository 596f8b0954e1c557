/* im2col_blocked: the same columns, multiplied by the blocked GEMM. */
#include "columns.h"
#include "gemm.h"
#include "size.h"

#include <stdint.h>

/* Group 0 of matrices (G, rows, cols). */
static struct tmk_view first_matrix(const struct tmk_view *matrices)
{
    struct tmk_view view = *matrices;
    view.ndim = 2;
    for (int i = 0; i < 2; i++) {
        view.shape[i] = matrices->shape[i + 1];
        view.stride[i] = matrices->stride[i + 1];
    }
    return view;
}

/* All groups in one call: the group is the batch index. */
static struct tmk_gemm make_gemm(const struct tmk_columns_product *product)
{
    const struct tmk_view left = first_matrix(&product->left);
    const struct tmk_view columns = first_matrix(&product->columns);
    const struct tmk_view out = first_matrix(&product->out);
    struct tmk_gemm gemm = tmk_gemm_matrices(&left, &columns, &out);
    gemm.batch = (struct tmk_gemm_batch){.axes = 1,
                                         .extent = {product->out.shape[0]},
                                         .a = {product->left.stride[0]},
                                         .b = {product->columns.stride[0]},
                                         .c = {product->out.stride[0]}};
    gemm.accumulate = product->accumulate;
    return gemm;
}

static enum tmk_status multiply(const struct tmk_columns_product *product,
                                const struct tmk_exec *exec)
{
    const struct tmk_gemm gemm = make_gemm(product);
    return tmk_gemm_run(&gemm, exec);
}

static size_t workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, int threads)
{
    struct tmk_columns_product product;
    size_t bytes;
    if (tmk_columns_shape(problem, dir, &product) != TMK_OK)
        return SIZE_MAX;
    const struct tmk_gemm gemm = make_gemm(&product);
    if (!tmk_size_add(tmk_columns_workspace(self, problem, dir, threads),
                      tmk_gemm_workspace(&gemm, threads), &bytes))
        return SIZE_MAX;
    return bytes;
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    return tmk_columns_run(problem, dir, args, exec, multiply);
}

const struct tmk_impl tmk_conv2d_im2col_blocked = {
    .name = "im2col_blocked",
    .summary = "the same columns, then the blocked GEMM",
    .workspace = workspace,
    .extra_bytes = tmk_columns_bytes,
    .run = run,
};
