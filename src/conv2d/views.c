#include "conv2d.h"

static ptrdiff_t pad_hi(size_t in, size_t out, size_t taps, size_t stride, size_t dilation,
                        size_t pad_lo)
{
    const size_t reach = (out - 1) * stride + (taps - 1) * dilation + 1;
    return (ptrdiff_t)reach - (ptrdiff_t)in - (ptrdiff_t)pad_lo;
}

ptrdiff_t tmk_conv2d_pad_bottom(const struct tmk_conv2d *p)
{
    return pad_hi(p->ih, p->oh, p->kh, p->sh, p->dh, p->ph);
}

ptrdiff_t tmk_conv2d_pad_right(const struct tmk_conv2d *p)
{
    return pad_hi(p->iw, p->ow, p->kw, p->sw, p->dw, p->pw);
}

/* fwd reads x at o*s + k*d - p. bwd_w asks for the same element with tap k as its output and o as
 * its tap. bwd_d asks, for dx element i, for the outputs with o*s = i + p - k*d: the taps run
 * backwards, so with the rotated tap k' = K-1-k it reads the spread dy at i + k'*d - ((K-1)*d - p).
 */
static struct tmk_window_axis axis_of(enum tmk_dir dir, size_t in, size_t out, size_t taps,
                                      size_t stride, size_t dilation, size_t pad)
{
    const ptrdiff_t pad_lo = (ptrdiff_t)pad;
    switch (dir) {
    case TMK_BWD_D:
        return (struct tmk_window_axis){.in = out,
                                        .out = in,
                                        .taps = taps,
                                        .stride = 1,
                                        .dilation = dilation,
                                        .spread = stride,
                                        .pad_lo = (ptrdiff_t)((taps - 1) * dilation) - pad_lo};
    case TMK_BWD_W:
        return (struct tmk_window_axis){.in = in,
                                        .out = taps,
                                        .taps = out,
                                        .stride = dilation,
                                        .dilation = stride,
                                        .spread = 1,
                                        .pad_lo = pad_lo};
    default:
        return (struct tmk_window_axis){.in = in,
                                        .out = out,
                                        .taps = taps,
                                        .stride = stride,
                                        .dilation = dilation,
                                        .spread = 1,
                                        .pad_lo = pad_lo};
    }
}

struct tmk_window tmk_conv2d_window(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    return (struct tmk_window){
        .h = axis_of(dir, p->ih, p->oh, p->kh, p->sh, p->dh, p->ph),
        .w = axis_of(dir, p->iw, p->ow, p->kw, p->sw, p->dw, p->pw),
    };
}

struct tmk_view tmk_conv2d_group(const struct tmk_view *operand, int dim, size_t groups, size_t g)
{
    struct tmk_view view = *operand;
    view.shape[dim] /= groups;
    if (view.data) {
        const ptrdiff_t channel = (ptrdiff_t)(g * view.shape[dim]);
        view.data =
            (char *)view.data + channel * view.stride[dim] * (ptrdiff_t)tmk_dtype_size(view.dtype);
    }
    return view;
}
