/* bwd_d with stride, without multiplying by the zeros of the spread dy. */
#ifndef TMK_CONV2D_PHASE_H
#define TMK_CONV2D_PHASE_H

#include "conv2d.h"

/* The positions i = phase, phase + s, ... of an input axis are reached from output positions by the
 * taps k with (phase + p - k d) divisible by s: k = first, first + every, ... (`taps` of them,
 * maybe none). Position q and the t-th such tap meet the output at origin + q - t*back. */
struct tmk_conv2d_phase {
    size_t positions, taps, first, every;
    ptrdiff_t origin, back;
};

/* Phases 0 .. sh-1 of the rows, 0 .. sw-1 of the columns. */
struct tmk_conv2d_phase tmk_conv2d_phase_h(const struct tmk_conv2d *p, size_t phase);
struct tmk_conv2d_phase tmk_conv2d_phase_w(const struct tmk_conv2d *p, size_t phase);

#endif
