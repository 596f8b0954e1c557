/* Convolution with vectors along the channels of the results, its innermost parts, built once per
 * ISA (channels_kernels.c).
 *
 *   out[l, i] = sum over channels c and taps t of weights[c, t, l] * image[c, t + i]
 *
 * for a tile of neighbouring positions i and a panel of channels l. The image is read where it
 * lies, plane by plane: one element of it for all lanes. Only weights are packed. */
#ifndef TMK_CONV2D_CHANNELS_KERNELS_H
#define TMK_CONV2D_CHANNELS_KERNELS_H

#include "range.h"
#include "size.h"
#include "view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Channels whose taps are summed one after the other, so that what of the image several taps read
 * stays in the L1 cache. */
#define TMK_CHANNELS_GROUP 24

/* Taps in a row of a kernel, rows of a tile that one of them leaves out, and elements of an image
 * from a row of a tile to the next, at most. */
#define TMK_CHANNELS_MAX_ROW 16
#define TMK_CHANNELS_MAX_SKIP 2
#define TMK_CHANNELS_MAX_STEP 2

/* Weights to be packed: element (l, c, t) is at l * lane + c * channel + t. */
struct tmk_channels_weights {
    const void *data;
    ptrdiff_t lane, channel;
    size_t lanes, channels, taps; /* lanes <= width; the rest of the panel is zero */
    bool far;                     /* short runs from beyond the L2 cache, to be fetched ahead */
};

/* What one tap reads for position 0, and which of the packed taps it is. */
struct tmk_channels_tap {
    ptrdiff_t image;
    size_t index;
};

/* Where the sums of a tile go. Steps in elements. */
struct tmk_channels_out {
    void *data;
    ptrdiff_t lane, row;
    size_t lanes, rows;
    const void *bias; /* one element a lane; NULL: none */
    bool accumulate;  /* add to what is there */
};

/* One tile. Steps in elements. */
struct tmk_channels_tile {
    const void *image, *weights; /* of position 0; as packed */
    ptrdiff_t plane;             /* step of the image to the next channel */
    size_t step;                 /* and to the next row of the tile */
    ptrdiff_t ahead;             /* what is to be fetched of every channel meanwhile; 0: nothing */
    size_t channels, all_taps;   /* of the packed weights */
    const struct tmk_channels_tap *taps; /* whole rows of the kernel */
    size_t ntaps, tap_row;               /* all of them, and those of a row */
    /* Of the tile's rows, how many a tap of this column leaves out, for they meet padding: the
     * first ones, or if negative, the last ones. */
    int8_t skip[TMK_CHANNELS_MAX_ROW];
    struct tmk_channels_out out; /* rows: positions; lanes: channels of the results */
    /* Positions few enough for two tiles at a time: another one of as many, `apart` elements of the
     * image from the first. */
    bool paired;
    ptrdiff_t apart;
    struct tmk_channels_out second;
};

/* bwd_w: sums[g, i, l] = sum over positions of dy[position, l] * image[g, position, i], for a panel
 * of channels l, some groups g of `taps` taps i each. Positions are `images` by `rows` by `length`
 * neighbours. Of the first `left` positions of a row the first taps meet padding, of the last
 * `right` the last ones: of the outermost position so many, of each further in one less. */
#define TMK_CHANNELS_TAPS 7
struct tmk_channels_gradient {
    const void *image;                 /* what the first tap of the first group reads first */
    ptrdiff_t group, plane, row, step; /* steps of groups, images, rows and positions */
    ptrdiff_t tap[TMK_CHANNELS_TAPS];  /* offsets of a group's taps, the first 0 */
    size_t groups, images, rows, length, left, right; /* of a row, <= TMK_CHANNELS_MAX_SKIP */
    const void *dy;                                   /* packed, [position][lane] */
    size_t dy_plane;                                  /* positions from image to image */
    void *sums;                                       /* [group_rows * g + i][lane] */
    size_t group_rows;
};

struct tmk_channels_kernels {
    size_t rows, width, lanes; /* of the largest tile; elements of a vector */
    /* Panel of `width` lanes (whole vectors): groups of channels, in each [tap][channel][lane]. */
    void (*pack)(const struct tmk_channels_weights *weights, size_t width, void *panel);
    /* `vectors` is the width of the panel. */
    void (*multiply)(const struct tmk_channels_tile *tile, size_t vectors);
    /* Groups that a tile takes at most if each has so many taps; 0: it cannot. */
    size_t groups[TMK_CHANNELS_TAPS + 1];
    void (*weigh)(const struct tmk_channels_gradient *tile, size_t taps, size_t vectors);
    /* sums[row][lane], whole vectors of lanes and as many rows, to their place. */
    void (*settle)(const struct tmk_channels_out *out, const void *sums, size_t vectors);
    /* panel[position][lane], whole vectors of lanes: `count` neighbouring positions. */
    void (*pack_gradient)(const void *from, ptrdiff_t lane, size_t lanes, size_t count,
                          size_t width, void *panel);
    /* sums[lane] = sum over `count` positions of such a panel, or added to what is there. */
    void (*sum_gradient)(const void *panel, size_t count, size_t width, bool accumulate,
                         size_t lanes, void *sums);
};

/* The kernels of the ISA in use. */
const struct tmk_channels_kernels *tmk_channels_kernels(enum tmk_dtype dtype);

/* Work on panels of `lanes` lanes in all, of `each` units a panel, is shared out vector by vector:
 * what of a panel's units a share has. */
static inline struct tmk_range tmk_channels_within(const struct tmk_channels_kernels *kernel,
                                                   size_t lanes, size_t each,
                                                   struct tmk_range share, size_t panel)
{
    const size_t most = kernel->width / kernel->lanes, before = panel * most,
                 vectors = TMK_MIN(tmk_ceil_div(lanes, kernel->lanes) - before, most);
    const size_t begin = share.begin - TMK_MIN(share.begin, before * each),
                 end = share.end - TMK_MIN(share.end, before * each);
    return (struct tmk_range){TMK_MIN(begin / vectors, each), TMK_MIN(end / vectors, each)};
}

#endif
