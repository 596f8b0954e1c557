/* Convolution plane by plane, for layers with so few channels a group that a GEMM has nothing to
 * reuse: depthwise and the like, in nchw. */
#ifndef TMK_CONV2D_DIRECT_H
#define TMK_CONV2D_DIRECT_H

#include "conv2d.h"

/* Does `blocked` take this way? */
bool tmk_conv2d_is_direct(const struct tmk_conv2d *p);

/* Whole directions; the bias gradient is left to tmk_conv2d_sum_bias(). */
void tmk_conv2d_direct_fwd(const struct tmk_conv2d *p, const struct tmk_args *args,
                           const struct tmk_exec *exec);
void tmk_conv2d_direct_bwd_d(const struct tmk_conv2d *p, const struct tmk_args *args,
                             const struct tmk_exec *exec);
void tmk_conv2d_direct_bwd_w(const struct tmk_conv2d *p, const struct tmk_args *args,
                             const struct tmk_exec *exec);

#endif
