/* Depthwise convolution with vectors along the channels, its innermost parts, built once per ISA
 * (depthwise_kernels.c). They work on maps: [row][column][lane], a vector for each position. */
#ifndef TMK_CONV2D_DEPTHWISE_KERNELS_H
#define TMK_CONV2D_DEPTHWISE_KERNELS_H

#include "view.h"

#include <stdbool.h>
#include <stddef.h>

/* What one tap reads for position (0, 0), in elements, and which of the weights it is. */
struct tmk_depthwise_tap {
    ptrdiff_t image, weight;
};

/* Two maps and the weights between them. Steps in elements. */
struct tmk_depthwise {
    const void *image;
    void *out, *weights;     /* weights: a vector each */
    void *bias;              /* one vector; NULL: none */
    ptrdiff_t rows, columns; /* of out */
    ptrdiff_t image_row, image_column, out_row, out_column;
    const struct tmk_depthwise_tap *taps;
    ptrdiff_t ntaps;
};

/* Rows of `columns` neighbours of `count` channels, no more than a vector has lanes, and the steps
 * in memory; in a map, a row of `pitch` positions has `before` others in front. */
struct tmk_depthwise_planes {
    ptrdiff_t count, rows, columns;
    ptrdiff_t channel, row, column;
    ptrdiff_t before, pitch;
};

struct tmk_depthwise_kernels {
    ptrdiff_t lanes; /* elements of a vector */
    /* The map of planes: lanes from `count` on are 0, and so is what is beside the columns. */
    void (*gather)(const struct tmk_depthwise_planes *planes, const void *from, void *map);
    /* The way back. */
    void (*scatter)(const struct tmk_depthwise_planes *planes, const void *map, void *to);
    /* out[i] = bias + sum over taps of weights[tap] * image[tap + i] */
    void (*correlate)(const struct tmk_depthwise *d);
    /* weights[tap] += sum over i of out[i] * image[tap + i], bias += sum over i of out[i] */
    void (*weigh)(const struct tmk_depthwise *d);
};

/* The kernels of the ISA in use. */
const struct tmk_depthwise_kernels *tmk_depthwise_kernels(enum tmk_dtype dtype);

#endif
