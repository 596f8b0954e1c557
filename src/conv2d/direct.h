/* Convolution plane by plane, without a GEMM's packing: for layers where one side of the product
 * has next to no channels: an image's first, and groups of few. */
#ifndef TMK_CONV2D_DIRECT_H
#define TMK_CONV2D_DIRECT_H

#include "conv2d.h"

/* Is this the faster way? */
bool tmk_conv2d_suits_direct(const struct tmk_conv2d *p, enum tmk_dir dir);

/* Bytes of workspace. */
size_t tmk_conv2d_direct_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads);

/* One direction, the bias and its gradient included. TMK_EINVAL: workspace too small. */
enum tmk_status tmk_conv2d_direct(const struct tmk_conv2d *p, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_exec *exec);

#endif
