/* Which taps meet which positions along an axis; bwd_d with stride without multiplying by the zeros
 * of the spread dy. */
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

/* One phase of the rows or columns of what `dir` sums up: for bwd_d 0 .. sh-1 or sw-1; fwd and
 * bwd_w have a single one with all taps, which meet the image at origin + q s - t*back. */
struct tmk_conv2d_phase tmk_conv2d_phase(const struct tmk_conv2d *p, enum tmk_dir dir, bool rows,
                                         size_t phase);

/* One spatial axis of the image (x, or dy in bwd_d) and of what `dir` makes of it. Results are put
 * together from `out` phases; from one of a phase to the next the image moves by `in`. */
struct tmk_conv2d_axis {
    ptrdiff_t image, in, out;
    ptrdiff_t positions; /* results of a phase, the longest */
    ptrdiff_t first;     /* what the first tap of all reads for position 0 */
    ptrdiff_t reach;     /* positions from the first tap to the last, rounded down */
};

struct tmk_conv2d_axis tmk_conv2d_axis(const struct tmk_conv2d *p, enum tmk_dir dir, bool rows);

#endif
