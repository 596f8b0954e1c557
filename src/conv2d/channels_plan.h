/* How convolution with vectors along channels goes about a problem: everything that follows from
 * shape and direction. */
#ifndef TMK_CONV2D_CHANNELS_PLAN_H
#define TMK_CONV2D_CHANNELS_PLAN_H

#include "channels_kernels.h"
#include "conv2d.h"
#include "phase.h"

/* One spatial axis of the image (x, or dy in bwd_d) and of the results. */
struct tmk_channels_axis {
    size_t image, stride; /* size; what a step of the results moves in the image */
    size_t phases;        /* of the results: the stride in bwd_d */
    size_t positions;     /* of the longest phase */
    ptrdiff_t first;      /* what the first tap of all reads for position 0 */
    size_t parts, length; /* of the copy: it is taken apart by the stride, but into one part only if
                             all taps read the same rows */
    ptrdiff_t beyond;     /* how far outside the image a tap reads at most; <= 0: nowhere */
};

struct tmk_channels_plan {
    enum tmk_dir dir;
    const struct tmk_channels_kernels *kernel;
    size_t size; /* bytes of an element */
    struct tmk_channels_axis h, w;
    size_t images, channels, lanes, taps; /* of one group; lanes: channels of the results */
    bool copied;                          /* else the image is read where it lies */
    bool own_rows;                        /* every thread copies those that it needs, some a time */
    bool beyond;                          /* not copied, and more than L2 holds */
    bool flat;                            /* a plane of results is one row */
    bool paired;                          /* rows are so short that two are multiplied at a time */
    size_t columns, tiles;                /* of a tile; of a plane of results if flat, else a row */
    size_t pitch, part, plane;            /* elements of the copy: row, part, channel */
    size_t slab_images, slab_rows;        /* copied at a time */
    size_t panels, panel_bytes;           /* of packed weights */
    bool near;                            /* all of them leave half of L2 to other things */
    bool shared;                          /* all are packed once, by and for all threads */
    bool far;                             /* the weights, in short runs, are larger than L2 */
    size_t depth;                         /* channels of a panel that are multiplied at a time */
    size_t held;                          /* panels that a thread keeps packed, at most */
    size_t chunk;                         /* units that all panels pass by */
    size_t copy_bytes;
};

/* For so many threads; no sum depends on them. */
struct tmk_channels_plan tmk_channels_plan(const struct tmk_conv2d *p, enum tmk_dir dir,
                                           int threads);

/* Rows of results, or pairs of them (of two images, or of the only one), or if flat, tiles, in
 * which a slab of so many rows of so many images is multiplied. */
size_t tmk_channels_units(const struct tmk_channels_plan *plan, size_t images, size_t rows);

#endif
