/* Direct convolution on image planes, built once per ISA (planes.c), without a GEMM's packing.
 *
 * pack() copies planes into padded ones and takes strides apart, so that the window of a tap is the
 * padded plane moved by a fixed offset. A band of rows is then one long vector: element f of it is
 * row f / pitch, column f % pitch, and what falls behind a row's last output is never looked at. */
#ifndef TMK_CONV2D_PLANES_H
#define TMK_CONV2D_PLANES_H

#include "alloc.h"
#include "size.h"
#include "view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows of planes in memory and their padded copy: the element at row y + sh*q + r, column
 * x + sw*c + s of the image is column c, row q of the copy's part (r, s). */
struct tmk_plane_grid {
    ptrdiff_t h, w;                /* of the image */
    ptrdiff_t y, x;                /* where the copy begins; pack: may lie outside the image */
    ptrdiff_t plane, row, col;     /* steps of the image in elements */
    ptrdiff_t planes, rows, pitch; /* of the copy: rows and columns of a part */
    ptrdiff_t sh, sw;              /* parts of a plane: sh x sw */
    ptrdiff_t part;                /* elements from part to part; planes are sh*sw parts apart */
};

/* The rows of a copy that begins at row y, `stride` rows of the image to each of its own: those
 * between the rows of the only part are left out. Gives the row that element (0, ...) of what is
 * copied is to be. */
static inline ptrdiff_t tmk_plane_rows(struct tmk_plane_grid *grid, ptrdiff_t y, ptrdiff_t stride)
{
    const ptrdiff_t skip = grid->sh == 1 ? stride : 1, above = y < 0 ? (-y + skip - 1) / skip : 0;
    const ptrdiff_t begin = y + above * skip;
    grid->h = (grid->h - begin + skip - 1) / skip;
    grid->row *= skip;
    grid->y = -above;
    return begin;
}

/* Elements of a part of a copy: rows, and room for a vector; an odd number of cache lines, so that
 * neighbouring planes are spread over the sets of a cache. */
static inline size_t tmk_plane_part(size_t rows, size_t pitch, size_t lanes, size_t element)
{
    const size_t line = TMK_ALIGN / element;
    return (tmk_ceil_div(rows * pitch + lanes, line) | 1) * line;
}

/* One product of each sum: what is read at offset `image`, weighed by what is at `weight`; `next`:
 * what is fetched meanwhile. Of an image in place lanes [left, `lanes`) of a line's first vector
 * and [0, right) of its last lie inside, the rest is padding. */
struct tmk_tap {
    ptrdiff_t image, weight, next, left, right;
};

/* Groups of padded planes, the rows of results that each is summed into, and steps in elements. */
struct tmk_planes {
    ptrdiff_t groups, rows;
    ptrdiff_t lines, vectors; /* a row of results is so many lines of `vectors` vectors */
    const struct tmk_tap *taps;
    ptrdiff_t ntaps;
    const void *image;
    void *weights, *out;
    void *gathered;   /* the same weights, groups and rows without gaps: of every few rows those of
                         a tap side by side, tap by tap */
    const void *next; /* what will be copied next, fetched meanwhile; NULL: nothing */
    ptrdiff_t last;   /* lanes of a line's last vector */
    bool in_place;    /* the image, no padded planes */
    void *bias;       /* one element a row; NULL: none */
    ptrdiff_t image_group, weight_group, weight_row, out_group, out_row, bias_group, bias_row;
    ptrdiff_t image_line, out_line, next_line;
};

struct tmk_plane_kernels {
    ptrdiff_t lanes; /* elements of a vector */
    /* The copy: zero outside the image, and from its last row to the end of a part. Parts have room
     * for a vector after their last row. */
    void (*pack)(const struct tmk_plane_grid *grid, const void *image, void *copy);
    /* The way back, for elements inside the image. */
    void (*unpack)(const struct tmk_plane_grid *grid, const void *copy, void *image);
    /* Brings the weights to where they are gathered. */
    void (*gather)(const struct tmk_planes *planes);
    /* out[g, m, f] = bias[g, m] + sum over taps of image[g, tap + f] * gathered[g, m, tap] */
    void (*correlate)(const struct tmk_planes *planes);
    /* sums[g, m, tap] += image[g, tap + f] * out[g, m, f] over all f, a vector for each sum; with a
     * bias, one more after the taps' of each row += out[g, m, f]. `fresh`: the sums begin at 0. */
    void (*weigh)(const struct tmk_planes *planes, bool fresh, void *sums);
    /* weights[g, m, tap] and bias[g, m] = all of each sum's vector. Reads up to `lanes` - 1 vectors
     * beyond the last. */
    void (*settle)(const struct tmk_planes *planes, const void *sums);
    /* The sum of `runs` runs of `count` neighbours, `step` elements apart. */
    double (*sum_runs)(const void *from, ptrdiff_t runs, ptrdiff_t step, ptrdiff_t count);
    /* sums[j] = the sum of from[r * step + j] over r < rows, for j < count. */
    void (*sum_columns)(const void *from, ptrdiff_t rows, ptrdiff_t step, ptrdiff_t count,
                        void *sums);
};

/* The kernels of the ISA in use. */
const struct tmk_plane_kernels *tmk_plane_kernels(enum tmk_dtype dtype);

#endif
