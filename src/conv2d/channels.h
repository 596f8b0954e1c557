/* Convolution with vectors along the channels of the results, in NCHW. The image is read where it
 * lies, taps on padding left out, or in a padded copy: if its stride or padding is over two, or some
 * rows at a time if channels are so large, or so far apart, that reading them where they lie takes
 * longer. What it meets is packed, instead of a window on the image. */
#ifndef TMK_CONV2D_CHANNELS_H
#define TMK_CONV2D_CHANNELS_H

#include "conv2d.h"

/* fwd and bwd_d. Is this the faster way? */
bool tmk_conv2d_suits_channels(const struct tmk_conv2d *p, enum tmk_dir dir);

/* Bytes of workspace. */
size_t tmk_conv2d_channels_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads);

/* y = w * x + b, or dx from w and dy; where no tap reaches dx it is left alone. TMK_EINVAL:
 * workspace too small. */
enum tmk_status tmk_conv2d_channels(const struct tmk_conv2d *p, enum tmk_dir dir,
                                    const struct tmk_args *args, const struct tmk_exec *exec);

/* The same three for bwd_w: vectors along output channels. dw and db from x and dy. */
bool tmk_conv2d_suits_weigh(const struct tmk_conv2d *p);
size_t tmk_conv2d_weigh_workspace(const struct tmk_conv2d *p, int threads);
enum tmk_status tmk_conv2d_weigh(const struct tmk_conv2d *p, const struct tmk_args *args,
                                 const struct tmk_exec *exec);

#endif
