#include "product.h"

/* Drop batch axis i of all three views. */
static void drop_axis(struct tmk_product *product, int axis)
{
    struct tmk_view *views[] = {&product->out, &product->left, &product->right};
    int ndim = product->out.ndim - 1;
    for (int v = 0; v < 3; v++) {
        for (int i = axis; i < ndim; i++) {
            views[v]->shape[i] = views[v]->shape[i + 1];
            views[v]->stride[i] = views[v]->stride[i + 1];
        }
        views[v]->ndim = ndim;
    }
    for (int i = axis; i < ndim - 2; i++)
        product->reduced[i] = product->reduced[i + 1];
}

/* True if `extent` steps of `inner` are one step of `outer`. */
static bool runs_on(ptrdiff_t outer, size_t extent, ptrdiff_t inner)
{
    return outer == (ptrdiff_t)extent * inner;
}

static bool fold_axis(struct tmk_product *product, int i)
{
    struct tmk_view *out = &product->out, *left = &product->left, *right = &product->right;
    const int row = out->ndim - 2, col = out->ndim - 1;
    const size_t rows = out->shape[row], cols = out->shape[col], depth = left->shape[col];
    const size_t extent = out->shape[i];
    if (extent == 1) {
        /* there is nothing along it */
    } else if (product->reduced[i]) {
        if (!runs_on(left->stride[i], depth, left->stride[col]) ||
            !runs_on(right->stride[i], depth, right->stride[row]))
            return false;
        left->shape[col] = right->shape[row] = extent * depth;
    } else if (right->stride[i] == 0) {
        if (!runs_on(left->stride[i], rows, left->stride[row]) ||
            !runs_on(out->stride[i], rows, out->stride[row]))
            return false;
        left->shape[row] = out->shape[row] = extent * rows;
    } else if (left->stride[i] == 0) {
        if (!runs_on(right->stride[i], cols, right->stride[col]) ||
            !runs_on(out->stride[i], cols, out->stride[col]))
            return false;
        right->shape[col] = out->shape[col] = extent * cols;
    } else {
        return false;
    }
    drop_axis(product, i);
    return true;
}

/* From the innermost axis outwards; one that could not be folded may be once another was. */
struct tmk_product tmk_product_fold(const struct tmk_product *product)
{
    struct tmk_product folded = *product;
    for (int i = folded.out.ndim - 3; i >= 0; i--) {
        if (fold_axis(&folded, i))
            i = folded.out.ndim - 2;
    }
    return folded;
}

struct tmk_product tmk_product_transpose(const struct tmk_product *product)
{
    struct tmk_product transposed = *product;
    transposed.out = tmk_view_transpose(&product->out, -2, -1);
    transposed.left = tmk_view_transpose(&product->right, -2, -1);
    transposed.right = tmk_view_transpose(&product->left, -2, -1);
    return transposed;
}

size_t tmk_product_positions(const struct tmk_product *product, bool reduced)
{
    size_t count = 1;
    for (int i = 0; i < product->out.ndim - 2; i++)
        count *= product->reduced[i] == reduced ? product->out.shape[i] : 1;
    return count;
}

struct tmk_product_offset tmk_product_offset_at(const struct tmk_product *product, bool reduced,
                                                size_t position)
{
    struct tmk_product_offset offset = {0, 0, 0};
    for (int i = product->out.ndim - 3; i >= 0; i--) {
        if (product->reduced[i] != reduced)
            continue;
        ptrdiff_t index = (ptrdiff_t)(position % product->out.shape[i]);
        position /= product->out.shape[i];
        offset.out += index * product->out.stride[i];
        offset.left += index * product->left.stride[i];
        offset.right += index * product->right.stride[i];
    }
    return offset;
}
