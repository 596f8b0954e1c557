/* Two-dimensional convolution (cross-correlation, as every deep-learning library has it).
 *
 *   fwd     y[n,oc,oh,ow] = b[oc] + sum over ic,kh,kw of
 *                           x[n, ic, oh*sh - ph + kh*dh, ow*sw - pw + kw*dw] * w[oc,ic,kh,kw]
 *   bwd_d   dx = the transposed map applied to dy
 *   bwd_w   dw[oc,ic,kh,kw] = sum over n,oh,ow of dy[n,oc,oh,ow] * x[...as above...]
 *           db[oc] = sum over n,oh,ow of dy[n,oc,oh,ow]
 *
 * x is zero outside the image. Shapes and axis order: x (N, IC, IH, IW), w (OC, IC/G, KH, KW),
 * b (OC), y (N, OC, OH, OW). With groups G, output channel oc reads the input channels of group
 * oc / (OC/G). Padding at bottom and right follows from the sizes and may be negative.
 *
 * Descriptors are benchdnn's: "mb1ic64ih56oc64oh56kh3ph1n\"name\"". */
#ifndef TMK_CONV2D_CONV2D_H
#define TMK_CONV2D_CONV2D_H

#include "op.h"
#include "window.h"

struct tmk_conv2d {
    struct tmk_problem base;
    size_t g, mb, ic, ih, iw, oc, oh, ow, kh, kw;
    size_t sh, sw;
    size_t dh, dw;    /* 1: dense (the grammar's dh0) */
    size_t ph, pw;    /* top, left */
    bool bias;        /* --dir=FWD_B / BWD_WB, the default */
};

extern const struct tmk_op tmk_op_conv2d;

static inline const struct tmk_conv2d *tmk_conv2d_of(const struct tmk_problem *problem)
{
    return (const struct tmk_conv2d *)problem;
}

/* Padding at the bottom and at the right, (o-1)s + (k-1)d + 1 - i - p; may be negative. */
ptrdiff_t tmk_conv2d_pad_bottom(const struct tmk_conv2d *p);
ptrdiff_t tmk_conv2d_pad_right(const struct tmk_conv2d *p);

/* The window each direction slides. fwd: over x. bwd_w: over x too, but taps and outputs change
 * roles (`out` is the kernel's size, `taps` is oh or ow, stride is the dilation and the other way
 * round), to contract over oh, ow. bwd_d: over the spread and padded dy, with w rotated. */
struct tmk_window tmk_conv2d_window(const struct tmk_conv2d *p, enum tmk_dir dir);

/* Channels [g*C/G, (g+1)*C/G) of an operand: dimension 1 of x and y, dimension 0 of w and b. */
struct tmk_view tmk_conv2d_group(const struct tmk_view *operand, int dim, size_t groups, size_t g);

#endif
