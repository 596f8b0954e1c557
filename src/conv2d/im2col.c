/* im2col: the columns, and the plainest matrix product that runs through them row by row. The
 * second half of this file is a template that the first half includes for each data type. */
#ifndef TYPE

#include "columns.h"
#include "size.h"

#include <omp.h>

/* Columns that one task adds up in memory of its own: the same strips at any thread count. */
#define STRIP 512

#define TEMPLATE "im2col.c"
#include "both_types.h"

static enum tmk_status multiply(const struct tmk_columns_product *product,
                                const struct tmk_exec *exec)
{
    const struct tmk_view *out = &product->out;
#pragma omp parallel num_threads(exec->threads)
    {
        const double start = tmk_phase_start(exec);
#pragma omp for collapse(3) schedule(static) nowait
        for (size_t g = 0; g < out->shape[0]; g++) {
            for (size_t row = 0; row < out->shape[1]; row++) {
                for (size_t first = 0; first < out->shape[2]; first += STRIP) {
                    if (out->dtype == TMK_F32)
                        multiply_strip_f32(product, g, row, first);
                    else
                        multiply_strip_f64(product, g, row, first);
                }
            }
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_COMPUTE, start);
    }
    return TMK_OK;
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    return tmk_columns_run(problem, dir, args, exec, multiply);
}

const struct tmk_impl tmk_conv2d_im2col = {
    .name = "im2col",
    .summary = "window view written out as columns, then a plain loop GEMM",
    .workspace = tmk_columns_workspace,
    .extra_bytes = tmk_columns_bytes,
    .run = run,
};

#else

/* out[g][row][first .. first + STRIP) = left[g][row][:] * columns[g][:][first .. first + STRIP) */
static void NAME(multiply_strip)(const struct tmk_columns_product *product, size_t g, size_t row,
                                 size_t first)
{
    const struct tmk_view *left = &product->left, *columns = &product->columns;
    const struct tmk_view *out = &product->out;
    const size_t depth = columns->shape[1], count = TMK_MIN(columns->shape[2] - first, STRIP);
    const TYPE *a = (const TYPE *)left->data + (ptrdiff_t)g * left->stride[0] +
                    (ptrdiff_t)row * left->stride[1];
    const TYPE *b = (const TYPE *)columns->data + (ptrdiff_t)g * columns->stride[0] + first;
    TYPE *c = (TYPE *)out->data + (ptrdiff_t)g * out->stride[0] + (ptrdiff_t)row * out->stride[1] +
              (ptrdiff_t)first * out->stride[2];
    TYPE sum[STRIP];
    for (size_t j = 0; j < count; j++)
        sum[j] = product->accumulate ? c[(ptrdiff_t)j * out->stride[2]] : 0;
    for (size_t k = 0; k < depth; k++) {
        const TYPE factor = a[(ptrdiff_t)k * left->stride[2]];
        for (size_t j = 0; j < count; j++)
            sum[j] += factor * b[j];
        b += columns->stride[1];
    }
    for (size_t j = 0; j < count; j++)
        c[(ptrdiff_t)j * out->stride[2]] = sum[j];
}

#endif
