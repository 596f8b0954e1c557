#include "view.h"

#include "size.h"

#include <stdint.h>
#include <stdio.h>

const char *const tmk_dtype_name[TMK_NDTYPES] = {"f32", "f64"};

size_t tmk_dtype_size(enum tmk_dtype dtype)
{
    static const size_t size[TMK_NDTYPES] = {sizeof(float), sizeof(double)};
    return size[dtype];
}

/* The product of a shape; false if it does not fit. A zero anywhere makes it zero, however large
 * the rest. */
static bool shape_count(int ndim, const size_t *shape, size_t *count)
{
    size_t product = 1;
    bool fits = true, empty = false;
    for (int d = 0; d < ndim; d++) {
        empty |= shape[d] == 0;
        fits = fits && tmk_size_mul(product, shape[d], &product);
    }
    *count = empty ? 0 : product;
    return fits || empty;
}

/* Check the number of dimensions and elements of a view to be made, and put its shape in place. */
static enum tmk_status set_shape(struct tmk_view *view, int ndim, const size_t *shape,
                                 size_t *count)
{
    if (ndim < 0 || ndim > TMK_MAX_DIMS)
        return tmk_fail(TMK_EINVAL, "view: %d dimensions: use 0 to %d", ndim, TMK_MAX_DIMS);
    view->ndim = ndim;
    for (int d = 0; d < ndim; d++)
        view->shape[d] = shape[d];
    if (!shape_count(ndim, shape, count)) {
        char text[256];
        tmk_view_format(view, text, sizeof text);
        return tmk_fail(TMK_EINVAL,
                        "view: %s has more elements than can be counted: choose a "
                        "smaller shape",
                        text);
    }
    return TMK_OK;
}

enum tmk_status tmk_view_make(struct tmk_view *out, enum tmk_dtype dtype, int ndim,
                              const size_t *shape, void *memory, size_t bytes)
{
    struct tmk_view view = {.data = memory, .dtype = dtype};
    size_t count, needed;
    TMK_TRY(set_shape(&view, ndim, shape, &count));
    if (!tmk_size_mul(count, tmk_dtype_size(dtype), &needed) || (memory && needed > bytes))
        return tmk_fail(TMK_EINVAL,
                        "view: %zu elements of %s do not fit into %zu bytes: give it "
                        "more memory",
                        count, tmk_dtype_name[dtype], bytes);
    ptrdiff_t stride = 1;
    for (int d = ndim - 1; d >= 0; d--) {
        view.stride[d] = stride;
        stride = count ? stride * (ptrdiff_t)shape[d] : 1;
    }
    view.begin = memory;
    view.end = memory ? (char *)memory + bytes : NULL;
    *out = view;
    return TMK_OK;
}

/* The lowest and the highest element that a non-empty view reaches, relative to its first, plus
 * `offset`. False if that does not fit. */
static bool reach(const struct tmk_view *view, ptrdiff_t offset, ptrdiff_t *low, ptrdiff_t *high)
{
    *low = *high = offset;
    for (int d = 0; d < view->ndim; d++) {
        ptrdiff_t span;
        if (view->stride[d] == 0)
            continue;
        if (view->shape[d] - 1 > PTRDIFF_MAX ||
            __builtin_mul_overflow((ptrdiff_t)(view->shape[d] - 1), view->stride[d], &span))
            return false;
        ptrdiff_t *end = span < 0 ? low : high;
        if (__builtin_add_overflow(*end, span, end))
            return false;
    }
    return true;
}

static bool inside_allocation(const struct tmk_view *view, ptrdiff_t offset)
{
    ptrdiff_t size = (ptrdiff_t)tmk_dtype_size(view->dtype);
    ptrdiff_t low, high;
    if (!reach(view, offset, &low, &high) || __builtin_add_overflow(high, 1, &high) ||
        __builtin_mul_overflow(low, size, &low) || __builtin_mul_overflow(high, size, &high))
        return false;
    const char *data = view->data;
    return low >= view->begin - data && high <= view->end - data;
}

enum tmk_status tmk_view_as_strided(const struct tmk_view *src, int ndim, const size_t *shape,
                                    const ptrdiff_t *stride, ptrdiff_t offset, struct tmk_view *out)
{
    struct tmk_view view = {
        .data = src->data, .dtype = src->dtype, .begin = src->begin, .end = src->end};
    size_t count;
    TMK_TRY(set_shape(&view, ndim, shape, &count));
    for (int d = 0; d < ndim; d++)
        view.stride[d] = stride[d];
    if (view.data && count) {
        if (!inside_allocation(&view, offset)) {
            char text[256];
            tmk_view_format(&view, text, sizeof text);
            return tmk_fail(TMK_EINVAL,
                            "as_strided: %s at offset %td reaches outside its "
                            "allocation of %td bytes: check shape, strides and offset",
                            text, offset, view.end - view.begin);
        }
        view.data = (char *)view.data + offset * (ptrdiff_t)tmk_dtype_size(view.dtype);
    }
    *out = view;
    return TMK_OK;
}

struct tmk_view tmk_view_transpose(const struct tmk_view *src, int dim0, int dim1)
{
    int order[TMK_MAX_DIMS];
    for (int d = 0; d < src->ndim; d++)
        order[d] = d;
    dim0 = dim0 < 0 ? dim0 + src->ndim : dim0;
    dim1 = dim1 < 0 ? dim1 + src->ndim : dim1;
    order[dim0] = dim1;
    order[dim1] = dim0;
    return tmk_view_permute(src, order);
}

struct tmk_view tmk_view_permute(const struct tmk_view *src, const int *order)
{
    struct tmk_view view = *src;
    for (int d = 0; d < src->ndim; d++) {
        view.shape[d] = src->shape[order[d]];
        view.stride[d] = src->stride[order[d]];
    }
    return view;
}

enum tmk_status tmk_view_broadcast(const struct tmk_view *src, int ndim, const size_t *shape,
                                   struct tmk_view *out)
{
    struct tmk_view view = {
        .data = src->data, .dtype = src->dtype, .begin = src->begin, .end = src->end};
    size_t count;
    TMK_TRY(set_shape(&view, ndim, shape, &count));
    int lead = ndim - src->ndim;
    if (lead < 0)
        return tmk_fail(TMK_EINVAL, "broadcast: %d dimensions do not go into %d: drop some",
                        src->ndim, ndim);
    for (int d = lead; d < ndim; d++) {
        size_t from = src->shape[d - lead];
        if (from != shape[d] && from != 1)
            return tmk_fail(TMK_EINVAL,
                            "broadcast: size %zu of dimension %d does not stretch to "
                            "%zu: make it that or 1",
                            from, d - lead, shape[d]);
        view.stride[d] = from == 1 ? 0 : src->stride[d - lead];
    }
    *out = view;
    return TMK_OK;
}

enum tmk_status tmk_view_slice(const struct tmk_view *src, int dim, size_t start, size_t length,
                               ptrdiff_t step, struct tmk_view *out)
{
    int d = dim < 0 ? dim + src->ndim : dim;
    if (d < 0 || d >= src->ndim)
        return tmk_fail(TMK_EINVAL, "slice: no dimension %d in a view of %d: choose another", dim,
                        src->ndim);
    if (start > src->shape[d] || length > src->shape[d] - start)
        return tmk_fail(TMK_EINVAL,
                        "slice: %zu elements from %zu on reach outside dimension %d of "
                        "size %zu: make it smaller",
                        length, start, dim, src->shape[d]);
    if (step == 0 || step == PTRDIFF_MIN)
        return tmk_fail(TMK_EINVAL, "slice: step %td: use 1, -1, 2, ...", step);
    struct tmk_view view = *src;
    view.shape[d] = tmk_ceil_div(length, step < 0 ? (size_t)-step : (size_t)step);
    if (view.shape[d] > 1) /* else it steps nowhere, and the product might overflow */
        view.stride[d] *= step;
    if (view.data && length) {
        ptrdiff_t first = (ptrdiff_t)(step < 0 ? start + length - 1 : start);
        view.data =
            (char *)view.data + first * src->stride[d] * (ptrdiff_t)tmk_dtype_size(src->dtype);
    }
    *out = view;
    return TMK_OK;
}

enum tmk_status tmk_view_tile(const struct tmk_view *matrix, size_t tile_rows, size_t tile_cols,
                              struct tmk_view *out)
{
    if (matrix->ndim != 2)
        return tmk_fail(TMK_EINVAL, "tile: a view of %d dimensions: give a matrix", matrix->ndim);
    size_t rows = matrix->shape[0], cols = matrix->shape[1];
    if (tile_rows == 0 || tile_cols == 0 || rows % tile_rows || cols % tile_cols)
        return tmk_fail(TMK_EINVAL,
                        "tile: %zux%zu does not divide a matrix of %zux%zu: pad the "
                        "matrix or choose another tile",
                        tile_rows, tile_cols, rows, cols);
    ptrdiff_t down = matrix->stride[0], right = matrix->stride[1];
    const size_t shape[] = {rows / tile_rows, cols / tile_cols, tile_rows, tile_cols};
    /* a single tile steps nowhere: its stride may be anything, so let it not overflow */
    const ptrdiff_t stride[] = {shape[0] > 1 ? down * (ptrdiff_t)tile_rows : down,
                                shape[1] > 1 ? right * (ptrdiff_t)tile_cols : right, down, right};
    return tmk_view_as_strided(matrix, 4, shape, stride, 0, out);
}

size_t tmk_view_count(const struct tmk_view *view)
{
    size_t count;
    shape_count(view->ndim, view->shape, &count);
    return count;
}

bool tmk_view_is_dense(const struct tmk_view *view)
{
    if (tmk_view_count(view) == 0)
        return true;
    ptrdiff_t expected = 1;
    for (int d = view->ndim - 1; d >= 0; d--) {
        if (view->shape[d] == 1)
            continue;
        if (view->stride[d] != expected)
            return false;
        expected *= (ptrdiff_t)view->shape[d];
    }
    return true;
}

bool tmk_view_same_shape(const struct tmk_view *a, const struct tmk_view *b)
{
    bool same = a->ndim == b->ndim;
    for (int d = 0; same && d < a->ndim; d++)
        same = a->shape[d] == b->shape[d];
    return same;
}

void tmk_view_format(const struct tmk_view *view, char *buf, size_t size)
{
    FILE *text = fmemopen(buf, size, "w");
    if (!text)
        return;
    fprintf(text, "%s (", tmk_dtype_name[view->dtype]);
    for (int d = 0; d < view->ndim; d++)
        fprintf(text, "%s%zu", d ? ", " : "", view->shape[d]);
    fprintf(text, "):(");
    for (int d = 0; d < view->ndim; d++)
        fprintf(text, "%s%td", d ? ", " : "", view->stride[d]);
    fprintf(text, ")");
    fclose(text);
}
