/* Convolution with vectors along the channels of the results, its innermost parts, built once per
 * ISA (channels_kernels.c).
 *
 *   out[l, i] = sum over channels c and taps t of weights[c, t, l] * image[c, t + i]
 *
 * for a tile of neighbouring positions i and a panel of channels l. The image is read where it
 * lies, plane by plane: one element of it for all lanes. Only weights are packed. */
#ifndef TMK_CONV2D_CHANNELS_KERNELS_H
#define TMK_CONV2D_CHANNELS_KERNELS_H

#include "view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Channels whose taps are summed one after the other, so that what of the image several taps read
 * stays in the L1 cache. */
#define TMK_CHANNELS_GROUP 16

/* Taps in a row of a kernel, and rows of a tile that one of them leaves out, at most. */
#define TMK_CHANNELS_MAX_ROW 16
#define TMK_CHANNELS_MAX_SKIP 2

/* Weights to be packed: element (l, c, t) is at l * lane + c * channel + t. */
struct tmk_channels_weights {
    const void *data;
    ptrdiff_t lane, channel;
    size_t lanes, channels, taps; /* lanes <= width; the rest of the panel is zero */
};

/* What one tap reads for position 0, and which of the packed taps it is. */
struct tmk_channels_tap {
    ptrdiff_t image;
    size_t index;
};

/* One tile. Steps in elements. */
struct tmk_channels_tile {
    const void *image, *weights;         /* of position 0; as packed */
    ptrdiff_t plane;                     /* step of the image to the next channel */
    size_t channels, all_taps;           /* of the packed weights */
    const struct tmk_channels_tap *taps; /* whole rows of the kernel */
    size_t ntaps, tap_row;               /* all of them, and those of a row */
    size_t rows, lanes;                  /* positions; channels of the results */
    /* Of the tile's rows, how many a tap of this column leaves out, for they meet padding: the
     * first ones, or if negative, the last ones. */
    int8_t skip[TMK_CHANNELS_MAX_ROW];
    void *out;
    ptrdiff_t out_lane, out_row;
    const void *bias; /* one element a lane; NULL: none */
    bool accumulate;  /* add to what `out` holds */
};

struct tmk_channels_kernels {
    size_t rows, width, lanes; /* of the largest tile; elements of a vector */
    /* Panel of `width` lanes (whole vectors): groups of channels, in each [tap][channel][lane]. */
    void (*pack)(const struct tmk_channels_weights *weights, size_t width, void *panel);
    /* `vectors` is the width of the panel. */
    void (*multiply)(const struct tmk_channels_tile *tile, size_t vectors);
};

/* The kernels of the ISA in use. */
const struct tmk_channels_kernels *tmk_channels_kernels(enum tmk_dtype dtype);

#endif
