/* Batches of matrix products. */
#ifndef TMK_TENSOR_PRODUCT_H
#define TMK_TENSOR_PRODUCT_H

#include "view.h"

/* Products of matrices along batch axes:
 *
 *     out (batch..., rows, cols)  =  left (batch..., rows, depth)  *  right (batch..., depth, cols)
 *
 * added to `out` if `accumulate`. Along a batch axis that is `reduced`, where `out` has stride 0,
 * they are summed; along others `left` or `right` may have stride 0: one matrix for all. */
struct tmk_product {
    struct tmk_view out, left, right;
    bool reduced[TMK_MAX_DIMS - 2];
    bool accumulate;
};

/* Fewer and larger products, as one who knows BLAS would call them: a batch axis becomes part of
 * the depth if it is reduced, of the rows if `right` is the same along it, of the columns if `left`
 * is, wherever the strides allow it. What cannot be folded stays a batch axis. */
struct tmk_product tmk_product_fold(const struct tmk_product *product);

/* The same with every matrix transposed, and so the factors exchanged. */
struct tmk_product tmk_product_transpose(const struct tmk_product *product);

/* Positions along the batch axes that are reduced, or along those that are not, row-major; 1 if
 * there are no such axes. */
size_t tmk_product_positions(const struct tmk_product *product, bool reduced);

/* Elements from the first matrices to those of a position; of a reduced and another one they add
 * up. */
struct tmk_product_offset {
    ptrdiff_t out, left, right;
};
struct tmk_product_offset tmk_product_offset_at(const struct tmk_product *product, bool reduced,
                                                size_t position);

#endif
