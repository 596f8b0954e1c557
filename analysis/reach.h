/* Which inputs an output depends on, exactly: by following taps back, and by pushing a gradient
 * back through the kernels. Beyond the formula of field.h both know where windows end at borders,
 * which rows a stride leaves out, and the holes that dilation leaves. */
#ifndef TMK_ANALYSIS_REACH_H
#define TMK_ANALYSIS_REACH_H

#include "field.h"
#include "op.h"

/* Mark the rows (or columns) of the image that output `index` of `layer`, from 0, depends on:
 * reached[0 .. extent-1] become 0 or 1. Every layer on the way must be known to the fields.
 * TMK_ENOMEM. */
enum tmk_status tmk_reach_exact(const struct tmk_fields *fields, int layer, enum tmk_axis axis,
                                size_t index, unsigned char *reached);

struct tmk_position {
    size_t row, column; /* of an output, from 0 */
};

/* The same by back-propagation: at each position a gradient of one in channel 0 of the layer's
 * output goes back through `impl`'s bwd_d with weights of one, convolutions over all channels,
 * pools as averages of each channel apart; every layer has `channels` channels. What arrives
 * anywhere is set to one again after each layer, so that no depth overflows. Marks
 * image[n][channels][rows] [columns] with 0 or 1. TMK_EUNSUPPORTED: `impl` does not offer a layer;
 * TMK_ENOMEM. */
enum tmk_status tmk_reach_by_gradient(const struct tmk_fields *fields, int layer,
                                      const struct tmk_impl *impl,
                                      const struct tmk_position *positions, size_t n,
                                      size_t channels, unsigned char *image);

/* Multiply-adds of that, for one position. */
double tmk_reach_macs(const struct tmk_fields *fields, int layer, size_t channels);

#endif
