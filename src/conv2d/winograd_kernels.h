/* Winograd's minimal filtering of r x r kernels, its innermost parts, built once per ISA
 * (winograd_kernels.c) in three forms: F(2x2,3x3), F(4x4,3x3) and F(2x2,5x5).
 *
 *   y = A' [ (G w G') * (B' x B) ] A     a tile of m x m outputs, from n x n inputs, n = m + r - 1
 *   dw = G' [ (A dy A') * (B' x B) ] G      summed over tiles
 *
 * (' transposes, * multiplies element by element; Lavin & Gray 2016. The second line is the adjoint
 * of the first.) Over channels and tiles the middle is n*n matrix products, one for every "point"
 * of the transformed tile.
 *
 * Vectors run over channels. A strip is one row of pixels with the channels of one vector
 * innermost: [pixel][lane]. Transformed tensors come in blocks, [point][row][channel], where a row
 * is a tile, or a channel of the other operand. */
#ifndef TMK_CONV2D_WINOGRAD_KERNELS_H
#define TMK_CONV2D_WINOGRAD_KERNELS_H

#include "view.h"

#include <stdbool.h>
#include <stddef.h>

#define TMK_WINOGRAD_BLOCK 64   /* channels in a block */
#define TMK_WINOGRAD_MAX_SIDE 6 /* n of the larger forms */
#define TMK_WINOGRAD_MAX_TAPS 25
#define TMK_WINOGRAD_MAX_LANES 16

/* One row of an image: `channels` (at most a vector's lanes) by columns [0, width). Steps in
 * elements; one of them is 1. */
struct tmk_winograd_row {
    void *data; /* the first channel, column 0 */
    ptrdiff_t channel, column;
    size_t channels, width;
    bool stream; /* it is not wanted in the caches after scatter() */
};

/* The taps of `lanes` x `depth` kernels; steps in elements. Negative steps turn kernels around. */
struct tmk_winograd_taps {
    void *data; /* tap (0, 0) of the first */
    ptrdiff_t lane, depth, y, x;
    size_t lanes;
};

struct tmk_winograd_block {
    void *data;
    size_t point, row; /* elements from one point, from one row to the next */
};

struct tmk_winograd_form {
    size_t m, r; /* outputs of a tile and taps along one axis; its inputs are n = m + r - 1 */
    /* B' x B of `tiles` neighbouring tiles, from n strips. */
    void (*data)(void *const *strips, size_t tiles, const struct tmk_winograd_block *out);
    /* A dy A' of the same, from m strips. */
    void (*gradient)(void *const *strips, size_t tiles, const struct tmk_winograd_block *out);
    /* A' in A, plus the lanes of `bias`, into m strips. */
    void (*output)(const struct tmk_winograd_block *in, size_t tiles, const void *bias,
                   void *const *strips);
    /* G w G' of `depth` rows of one vector; lanes that do not exist are zero. */
    void (*weights)(const struct tmk_winograd_taps *taps, size_t depth,
                    const struct tmk_winograd_block *out);
    /* G' in G of `depth` rows of one vector, to the taps. */
    void (*taps)(const struct tmk_winograd_block *in, size_t depth,
                 const struct tmk_winograd_taps *taps);
};

enum tmk_winograd_size {
    TMK_WINOGRAD_2X2,
    TMK_WINOGRAD_4X4,
    TMK_WINOGRAD_2X2_5X5,
    TMK_WINOGRAD_NSIZES
};

/* n - m: the pixels that neighbouring tiles have in common. */
static inline size_t tmk_winograd_overlap(const struct tmk_winograd_form *form)
{
    return form->r - 1;
}

/* n * n */
static inline size_t tmk_winograd_points(const struct tmk_winograd_form *form)
{
    return (form->m + form->r - 1) * (form->m + form->r - 1);
}

struct tmk_winograd_kernels {
    size_t lanes; /* elements of a vector */
    /* Columns first .. first+count-1, zeros outside the image. May write lanes-1 pixels more. */
    void (*gather)(const struct tmk_winograd_row *row, ptrdiff_t first, size_t count, void *strip);
    /* The same back; pixels outside the image are dropped. */
    void (*scatter)(const struct tmk_winograd_row *row, ptrdiff_t first, size_t count,
                    const void *strip);
    /* sums += each lane's pixels. */
    void (*sum)(const void *strip, size_t pixels, void *sums);
    /* After the last scatter() to a stream, before another thread reads it. */
    void (*finish_stream)(void);
    struct tmk_winograd_form form[TMK_WINOGRAD_NSIZES];
};

/* The kernels of the ISA in use. */
const struct tmk_winograd_kernels *tmk_winograd_kernels(enum tmk_dtype dtype);

#endif
