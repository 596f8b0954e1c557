#include "phase.h"

#include "size.h"

#include <stdint.h>

static struct tmk_conv2d_phase make_phase(size_t in, size_t kernel, size_t stride, size_t dilation,
                                          size_t pad, size_t phase)
{
    struct tmk_conv2d_phase result = {.positions = phase < in ? (in - phase - 1) / stride + 1 : 0};
    for (size_t k = 0; k < kernel; k++) {
        ptrdiff_t spread = (ptrdiff_t)(phase + pad) - (ptrdiff_t)(k * dilation);
        if (spread % (ptrdiff_t)stride != 0)
            continue;
        if (result.taps == 0) {
            result.first = k;
            result.origin = spread / (ptrdiff_t)stride;
        } else if (result.taps == 1) {
            result.every = k - result.first;
            result.back = (ptrdiff_t)(result.every * dilation / stride);
        }
        result.taps++;
    }
    return result;
}

struct tmk_conv2d_phase tmk_conv2d_phase(const struct tmk_conv2d *p, enum tmk_dir dir, bool rows,
                                         size_t phase)
{
    if (dir == TMK_BWD_D)
        return rows ? make_phase(p->ih, p->kh, p->sh, p->dh, p->ph, phase)
                    : make_phase(p->iw, p->kw, p->sw, p->dw, p->pw, phase);
    return (struct tmk_conv2d_phase){.positions = rows ? p->oh : p->ow,
                                     .taps = rows ? p->kh : p->kw,
                                     .every = 1,
                                     .origin = -(ptrdiff_t)(rows ? p->ph : p->pw),
                                     .back = -(ptrdiff_t)(rows ? p->dh : p->dw)};
}

struct tmk_conv2d_axis tmk_conv2d_axis(const struct tmk_conv2d *p, enum tmk_dir dir, bool rows)
{
    const ptrdiff_t stride = (ptrdiff_t)(rows ? p->sh : p->sw);
    const bool bwd_d = dir == TMK_BWD_D;
    struct tmk_conv2d_axis axis = {.image = (ptrdiff_t)(bwd_d  ? (rows ? p->oh : p->ow)
                                                        : rows ? p->ih
                                                               : p->iw),
                                   .in = bwd_d ? 1 : stride,
                                   .out = bwd_d ? stride : 1,
                                   .first = PTRDIFF_MAX};
    ptrdiff_t last = PTRDIFF_MIN;
    for (ptrdiff_t f = 0; f < axis.out; f++) {
        struct tmk_conv2d_phase phase = tmk_conv2d_phase(p, dir, rows, (size_t)f);
        axis.positions = TMK_MAX(axis.positions, (ptrdiff_t)phase.positions);
        if (phase.taps > 0) {
            ptrdiff_t end = phase.origin - (ptrdiff_t)(phase.taps - 1) * phase.back;
            axis.first = TMK_MIN(axis.first, TMK_MIN(phase.origin, end));
            last = TMK_MAX(last, TMK_MAX(phase.origin, end));
        }
    }
    axis.reach = (last - axis.first) / axis.in;
    return axis;
}
