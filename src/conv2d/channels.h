/* fwd and bwd_d with vectors along the channels of the results: the image is read where it lies, or
 * in a padded copy, and weights are packed, instead of a window on the image. */
#ifndef TMK_CONV2D_CHANNELS_H
#define TMK_CONV2D_CHANNELS_H

#include "conv2d.h"

/* Is this the faster way? */
bool tmk_conv2d_suits_channels(const struct tmk_conv2d *p, enum tmk_dir dir);

/* Bytes of workspace. */
size_t tmk_conv2d_channels_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads);

/* y = w * x + b, or dx from w and dy; where no tap reaches dx it is left alone. TMK_EINVAL:
 * workspace too small. */
enum tmk_status tmk_conv2d_channels(const struct tmk_conv2d *p, enum tmk_dir dir,
                                    const struct tmk_args *args, const struct tmk_exec *exec);

#endif
