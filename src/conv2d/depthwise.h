/* Depthwise convolution, one channel a group in and out, with vectors along the channels: planes
 * are turned into maps of vectors, padding included, in the L1 or L2 cache, and back. A stride or a
 * phase of bwd_d is only a step in a map. */
#ifndef TMK_CONV2D_DEPTHWISE_H
#define TMK_CONV2D_DEPTHWISE_H

#include "conv2d.h"

/* Is it such a layer, of images that are not too wide? */
bool tmk_conv2d_suits_depthwise(const struct tmk_conv2d *p, enum tmk_dir dir);

/* Bytes of workspace. */
size_t tmk_conv2d_depthwise_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads);

/* One direction, the bias and its gradient included. TMK_EINVAL: workspace too small. */
enum tmk_status tmk_conv2d_depthwise(const struct tmk_conv2d *p, enum tmk_dir dir,
                                     const struct tmk_args *args, const struct tmk_exec *exec);

#endif
