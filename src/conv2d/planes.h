/* Direct kernels on single image planes, built once per ISA (planes.c): for layers with so few
 * channels a group (depthwise above all) that a GEMM would have nothing to reuse. */
#ifndef TMK_CONV2D_PLANES_H
#define TMK_CONV2D_PLANES_H

#include "view.h"

#include <stdbool.h>
#include <stddef.h>

/* One axis: output o and tap k meet the image at origin + o*stride + k*step; outside [0, in) it is
 * zero. */
struct tmk_plane_axis {
    ptrdiff_t in, out, taps;
    ptrdiff_t origin, stride, step;
};

/* Planes of one channel each. Rows of `image` are image_row elements apart and contiguous; the
 * outputs, of which there are h.out x w.out, lie out_row and out_col apart; the weights w_row and
 * w_col. Offsets in elements. */
struct tmk_plane {
    struct tmk_plane_axis h, w;
    const void *image;
    ptrdiff_t image_row;
    void *weights, *out;
    ptrdiff_t w_row, w_col, out_row, out_col;
};

struct tmk_plane_kernels {
    /* out[i, j] += sum over taps of weights[kh, kw] * image[...] */
    void (*correlate)(const struct tmk_plane *plane);
    /* weights[kh, kw] += sum over i, j of out[i, j] * image[...]; needs out_col 1 */
    void (*weigh)(const struct tmk_plane *plane);
};

/* The kernels of the ISA in use. */
const struct tmk_plane_kernels *tmk_plane_kernels(enum tmk_dtype dtype);

#endif
