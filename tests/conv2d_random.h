/* Random convolution problems for the tests: small, and anything but square. */
#ifndef TMK_TESTS_CONV2D_RANDOM_H
#define TMK_TESTS_CONV2D_RANDOM_H

#include "conv2d.h"
#include "random.h"

#include <stdio.h>

struct random_axis {
    unsigned in, out, taps, stride, dilation, pad;
};

static inline unsigned random_between(struct tmk_random *random, unsigned low, unsigned high)
{
    return low + tmk_random_below(random, high - low + 1);
}

/* Image 1-14, kernel 1-5, stride and dilation 1-3, padding 0-4 at the front and -3..4 at the back,
 * so that sizes align with the stride as often as not. */
static inline struct random_axis random_axis(struct tmk_random *random)
{
    for (;;) {
        struct random_axis axis = {
            .in = random_between(random, 1, 14),
            .taps = random_between(random, 1, 5),
            .stride = random_between(random, 1, 3),
            .dilation = random_between(random, 1, 3),
            .pad = random_between(random, 0, 4),
        };
        const int pad_hi = (int)random_between(random, 0, 7) - 3;
        const int slack =
            (int)(axis.in + axis.pad) + pad_hi - (int)((axis.taps - 1) * axis.dilation + 1);
        if (slack < 0)
            continue;
        axis.out = (unsigned)slack / axis.stride + 1;
        return axis;
    }
}

/* A descriptor with batch 1-3 and 1-4 groups of 1-3 channels each; one in four is depthwise. */
static inline void random_descriptor(struct tmk_random *random, char *buf, size_t size)
{
    const struct random_axis h = random_axis(random), w = random_axis(random);
    const bool depthwise = random_between(random, 0, 3) == 0;
    const unsigned g = random_between(random, 1, depthwise ? 9 : 4);
    const unsigned icg = depthwise ? 1 : random_between(random, 1, 3);
    const unsigned ocg = random_between(random, 1, depthwise ? 2 : 3);
    snprintf(buf, size, "g%umb%uic%uoc%u_ih%uoh%ukh%ush%udh%uph%u_iw%uow%ukw%usw%udw%upw%u", g,
             random_between(random, 1, 3), g * icg, g * ocg, h.in, h.out, h.taps, h.stride,
             h.dilation - 1, h.pad, w.in, w.out, w.taps, w.stride, w.dilation - 1, w.pad);
}

#endif
