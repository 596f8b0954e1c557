/* Strided views: a pointer, a shape and strides. Views never own memory and never copy; NCHW and
 * NHWC, a transpose, a broadcast and a sliding window differ in their strides only. */
#ifndef TMK_TENSOR_VIEW_H
#define TMK_TENSOR_VIEW_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

#define TMK_MAX_DIMS 8

enum tmk_dtype { TMK_F32, TMK_F64, TMK_NDTYPES };
extern const char *const tmk_dtype_name[TMK_NDTYPES]; /* "f32", "f64" */
size_t tmk_dtype_size(enum tmk_dtype dtype);          /* bytes */

struct tmk_view {
    void *data; /* element [0, ..., 0]; NULL: a shape without memory */
    enum tmk_dtype dtype;
    int ndim;                       /* 0 (a scalar) to TMK_MAX_DIMS */
    size_t shape[TMK_MAX_DIMS];     /* may hold zeros: then there are no elements */
    ptrdiff_t stride[TMK_MAX_DIMS]; /* in elements; 0 broadcasts, negative reverses */
    char *begin, *end;              /* the allocation that all elements must lie in */
};

/* A dense row-major view on `memory` of `bytes` bytes; memory NULL: a shape only, `bytes` does not
 * matter. TMK_EINVAL: it does not fit, ndim is out of range, or the product of the shape
 * overflows. */
enum tmk_status tmk_view_make(struct tmk_view *out, enum tmk_dtype dtype, int ndim,
                              const size_t *shape, void *memory, size_t bytes);

/* As torch.as_strided: any shape and strides on src's allocation, `offset` elements from
 * src->data. TMK_EINVAL if any element would lie outside the allocation (a view without elements,
 * or without memory, fits always). */
enum tmk_status tmk_view_as_strided(const struct tmk_view *src, int ndim, const size_t *shape,
                                    const ptrdiff_t *stride, ptrdiff_t offset,
                                    struct tmk_view *out);

/* Swap two dimensions (negative ones count from the last). */
struct tmk_view tmk_view_transpose(const struct tmk_view *src, int dim0, int dim1);

/* Reorder: dimension i of the result is dimension order[i] of src. */
struct tmk_view tmk_view_permute(const struct tmk_view *src, const int *order);

/* numpy's rule: missing leading dimensions and dimensions of size 1 get stride 0. TMK_EINVAL if the
 * shapes do not broadcast. */
enum tmk_status tmk_view_broadcast(const struct tmk_view *src, int ndim, const size_t *shape,
                                   struct tmk_view *out);

/* The part [start, start + length) of one dimension, every step-th element of it, backwards from
 * its last if step is negative: numpy's x[start:start+length][::step]. A negative `dim` counts from
 * the last. TMK_EINVAL if it reaches outside or step is 0. */
enum tmk_status tmk_view_slice(const struct tmk_view *src, int dim, size_t start, size_t length,
                               ptrdiff_t step, struct tmk_view *out);

/* A matrix (rows, cols) as tiles: (ceil(rows/tile_rows), ceil(cols/tile_cols), tile_rows,
 * tile_cols). TMK_EINVAL unless the tile divides the matrix. */
enum tmk_status tmk_view_tile(const struct tmk_view *matrix, size_t tile_rows, size_t tile_cols,
                              struct tmk_view *out);

/* The element `offset` elements from the first one; NULL if there is no memory. */
static inline void *tmk_view_at(const struct tmk_view *view, ptrdiff_t offset)
{
    const ptrdiff_t bytes = offset * (ptrdiff_t)tmk_dtype_size(view->dtype);
    return view->data ? (char *)view->data + bytes : NULL;
}

size_t tmk_view_count(const struct tmk_view *view);  /* elements; 1 for a scalar */
bool tmk_view_is_dense(const struct tmk_view *view); /* row-major without gaps */
bool tmk_view_same_shape(const struct tmk_view *a, const struct tmk_view *b);
void tmk_view_format(const struct tmk_view *view, char *buf, size_t size); /* "f32 (2, 3):(3, 1)" */

/* The element at index[0 .. ndim-1] as a double, and writing it. No bounds check. */
double tmk_view_get(const struct tmk_view *view, const size_t *index);
void tmk_view_set(const struct tmk_view *view, const size_t *index, double value);

/* dst = src element by element, converting between f32 and f64. Shapes must be equal (TMK_EINVAL);
 * overlapping memory is not supported. Fastest where both lie in memory in the same order. */
enum tmk_status tmk_view_copy(const struct tmk_view *dst, const struct tmk_view *src);

void tmk_view_fill(const struct tmk_view *view, double value);

/* Call visit(ctx, index, element address) for every element in row-major order. */
void tmk_view_each(const struct tmk_view *view,
                   void (*visit)(void *ctx, const size_t *index, void *element), void *ctx);

#endif
