/* The two sides of the bias, the same for every implementation that hands the rest to a GEMM. */
#ifndef TMK_CONV2D_BIAS_H
#define TMK_CONV2D_BIAS_H

#include "conv2d.h"

/* fwd: y[n,oc,oh,ow] = b[oc], for the product to be added to. Overwrites all of y. */
void tmk_conv2d_spread_bias(const struct tmk_conv2d *p, const struct tmk_args *args,
                            const struct tmk_exec *exec);

/* bwd_w: db[oc] = sum over n, oh, ow of dy[n,oc,oh,ow], y without gaps, each sum in one fixed order.
 * Noted as phase reduce. */
void tmk_conv2d_sum_bias(const struct tmk_conv2d *p, const struct tmk_args *args,
                         const struct tmk_exec *exec);

/* Partial sums of a gradient: to[i] += from[i] for begin <= i < end. */
void tmk_conv2d_add(enum tmk_dtype dtype, void *to, const void *from, size_t begin, size_t end);

#endif
