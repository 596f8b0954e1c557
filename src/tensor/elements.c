/* What touches the elements of views: reading, writing, visiting, copying, filling. */
#include "view.h"

#include <stdlib.h>
#include <string.h>

static void *address(const struct tmk_view *view, const size_t *index)
{
    ptrdiff_t offset = 0;
    for (int d = 0; d < view->ndim; d++)
        offset += (ptrdiff_t)index[d] * view->stride[d];
    return (char *)view->data + offset * (ptrdiff_t)tmk_dtype_size(view->dtype);
}

double tmk_view_get(const struct tmk_view *view, const size_t *index)
{
    const void *element = address(view, index);
    return view->dtype == TMK_F32 ? (double)*(const float *)element : *(const double *)element;
}

void tmk_view_set(const struct tmk_view *view, const size_t *index, double value)
{
    void *element = address(view, index);
    if (view->dtype == TMK_F32)
        *(float *)element = (float)value;
    else
        *(double *)element = value;
}

void tmk_view_each(const struct tmk_view *view,
                   void (*visit)(void *ctx, const size_t *index, void *element), void *ctx)
{
    ptrdiff_t size = (ptrdiff_t)tmk_dtype_size(view->dtype);
    size_t index[TMK_MAX_DIMS] = {0};
    char *element = view->data;
    int d = tmk_view_count(view) ? 0 : -1;
    while (d >= 0) {
        visit(ctx, index, element);
        for (d = view->ndim - 1; d >= 0; d--) {
            element += view->stride[d] * size;
            if (++index[d] < view->shape[d])
                break;
            index[d] = 0;
            element -= view->stride[d] * size * (ptrdiff_t)view->shape[d];
        }
    }
}

/* Copy one row of n elements, strides in bytes. */
typedef void copy_row(char *dst, ptrdiff_t dst_stride, const char *src, ptrdiff_t src_stride,
                      size_t n);

/* The dense cases have loops of their own so that the compiler turns them into vector moves. */
#define DEFINE_COPY_ROW(name, dst_type, src_type)                                                  \
    static void name(char *dst, ptrdiff_t dst_stride, const char *src, ptrdiff_t src_stride,       \
                     size_t n)                                                                     \
    {                                                                                              \
        bool to_dense = dst_stride == (ptrdiff_t)sizeof(dst_type);                                 \
        dst_type *to = (dst_type *)dst;                                                            \
        const src_type *from = (const src_type *)src;                                              \
        if (to_dense && src_stride == (ptrdiff_t)sizeof(src_type)) {                               \
            for (size_t i = 0; i < n; i++)                                                         \
                to[i] = (dst_type)from[i];                                                         \
        } else if (to_dense && src_stride == 0) {                                                  \
            const dst_type value = (dst_type)*from;                                                \
            for (size_t i = 0; i < n; i++)                                                         \
                to[i] = value;                                                                     \
        } else {                                                                                   \
            for (size_t i = 0; i < n; i++, dst += dst_stride, src += src_stride)                   \
                *(dst_type *)dst = (dst_type) * (const src_type *)src;                             \
        }                                                                                          \
    }

DEFINE_COPY_ROW(copy_f32_f32, float, float)
DEFINE_COPY_ROW(copy_f32_f64, float, double)
DEFINE_COPY_ROW(copy_f64_f32, double, float)
DEFINE_COPY_ROW(copy_f64_f64, double, double)

static copy_row *const copy_rows[TMK_NDTYPES][TMK_NDTYPES] = {
    [TMK_F32] = {[TMK_F32] = copy_f32_f32, [TMK_F64] = copy_f32_f64},
    [TMK_F64] = {[TMK_F32] = copy_f64_f32, [TMK_F64] = copy_f64_f64},
};

/* The loops of a copy, outermost first, strides in bytes. */
struct nest {
    int loops;
    size_t extent[TMK_MAX_DIMS];
    ptrdiff_t dst[TMK_MAX_DIMS], src[TMK_MAX_DIMS];
};

static void nest_insert(struct nest *nest, int at, size_t extent, ptrdiff_t dst, ptrdiff_t src)
{
    for (int i = nest->loops++; i > at; i--) {
        nest->extent[i] = nest->extent[i - 1];
        nest->dst[i] = nest->dst[i - 1];
        nest->src[i] = nest->src[i - 1];
    }
    nest->extent[at] = extent;
    nest->dst[at] = dst;
    nest->src[at] = src;
}

/* Loops that continue where the next inner one ends become one with it. */
static void nest_merge(struct nest *nest)
{
    int last = 0;
    for (int i = 1; i < nest->loops; i++) {
        ptrdiff_t n = (ptrdiff_t)nest->extent[i];
        if (nest->dst[last] == nest->dst[i] * n && nest->src[last] == nest->src[i] * n)
            nest->extent[i] *= nest->extent[last];
        else
            last++;
        nest->extent[last] = nest->extent[i];
        nest->dst[last] = nest->dst[i];
        nest->src[last] = nest->src[i];
    }
    nest->loops = last + 1;
}

/* The order of a copy is free, so walk dst in the order of its memory, in as few loops as both
 * sides allow: copying a dense tensor is one long row, whatever its axis order. */
static struct nest nest_make(const struct tmk_view *dst, const struct tmk_view *src)
{
    struct nest nest = {0};
    ptrdiff_t dst_size = (ptrdiff_t)tmk_dtype_size(dst->dtype);
    ptrdiff_t src_size = (ptrdiff_t)tmk_dtype_size(src->dtype);
    for (int d = 0; d < dst->ndim; d++) {
        if (dst->shape[d] == 1)
            continue;
        int at = nest.loops;
        while (at > 0 && labs(nest.dst[at - 1]) < labs(dst->stride[d] * dst_size))
            at--;
        nest_insert(&nest, at, dst->shape[d], dst->stride[d] * dst_size, src->stride[d] * src_size);
    }
    if (nest.loops == 0)
        nest_insert(&nest, 0, 1, dst_size, src_size);
    nest_merge(&nest);
    return nest;
}

/* All rows of a nest: its innermost loop is the row, the others count like an odometer. */
static void nest_copy(const struct nest *nest, char *dst, const char *src, copy_row *copy)
{
    size_t index[TMK_MAX_DIMS] = {0};
    int inner = nest->loops - 1;
    int i;
    do {
        copy(dst, nest->dst[inner], src, nest->src[inner], nest->extent[inner]);
        for (i = inner - 1; i >= 0; i--) {
            dst += nest->dst[i];
            src += nest->src[i];
            if (++index[i] < nest->extent[i])
                break;
            index[i] = 0;
            dst -= nest->dst[i] * (ptrdiff_t)nest->extent[i];
            src -= nest->src[i] * (ptrdiff_t)nest->extent[i];
        }
    } while (i >= 0);
}

enum tmk_status tmk_view_copy(const struct tmk_view *dst, const struct tmk_view *src)
{
    if (!tmk_view_same_shape(dst, src)) {
        char to[256], from[256];
        tmk_view_format(dst, to, sizeof to);
        tmk_view_format(src, from, sizeof from);
        return tmk_fail(TMK_EINVAL, "copy: %s to %s: make the shapes equal", from, to);
    }
    if (tmk_view_count(dst) == 0)
        return TMK_OK;
    if (!dst->data || !src->data)
        return tmk_fail(TMK_EINVAL, "copy: a view without memory: give it data");
    struct nest nest = nest_make(dst, src);
    nest_copy(&nest, dst->data, src->data, copy_rows[dst->dtype][src->dtype]);
    return TMK_OK;
}

void tmk_view_fill(const struct tmk_view *view, double value)
{
    struct tmk_view constant = *view; /* the value, broadcast to the shape of the view */
    constant.dtype = TMK_F64;
    constant.data = &value;
    memset(constant.stride, 0, sizeof constant.stride);
    tmk_view_copy(view, &constant);
}
