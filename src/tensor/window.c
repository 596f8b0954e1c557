#include "window.h"

#include "size.h"

#include <stdint.h>

/* tmk_window_extent(), noticing overflow */
static bool axis_extent(const struct tmk_window_axis *axis, size_t *extent)
{
    size_t outputs, taps;
    *extent = 0;
    if (axis->out == 0 || axis->taps == 0)
        return true;
    return tmk_size_mul(axis->out - 1, axis->stride, &outputs) &&
           tmk_size_mul(axis->taps - 1, axis->dilation, &taps) &&
           tmk_size_add(outputs, taps, extent) && tmk_size_add(*extent, 1, extent);
}

size_t tmk_window_extent(const struct tmk_window_axis *axis)
{
    size_t extent;
    return axis_extent(axis, &extent) ? extent : SIZE_MAX;
}

bool tmk_window_padded_count(const struct tmk_window *window, size_t n, size_t c, size_t *count)
{
    size_t h, w, images, pixels;
    return axis_extent(&window->h, &h) && axis_extent(&window->w, &w) &&
           tmk_size_mul(n, c, &images) && tmk_size_mul(h, w, &pixels) &&
           tmk_size_mul(images, pixels, count);
}

/* The elements of an image axis that land on the padded axis: `count` from `first` on, to
 * positions `start`, start + spread, ... */
struct landing {
    size_t first, start, count;
};

static struct landing land(const struct tmk_window_axis *axis, size_t extent)
{
    struct landing l = {0, (size_t)axis->pad_lo, 0};
    if (axis->pad_lo < 0) {
        size_t cut = -(size_t)axis->pad_lo;
        l.first = tmk_ceil_div(cut, axis->spread);
        l.start = l.first * axis->spread - cut;
    }
    if (l.first < axis->in && l.start < extent)
        l.count = TMK_MIN(axis->in - l.first, (extent - 1 - l.start) / axis->spread + 1);
    return l;
}

static enum tmk_status check_padded(const struct tmk_view *padded, const struct tmk_window *window)
{
    size_t h = tmk_window_extent(&window->h), w = tmk_window_extent(&window->w);
    if (padded->ndim != 4 || padded->shape[2] != h || padded->shape[3] != w) {
        char text[256];
        tmk_view_format(padded, text, sizeof text);
        return tmk_fail(TMK_EINVAL, "window: padded image %s: make it (N, C, %zu, %zu)", text, h,
                        w);
    }
    return TMK_OK;
}

static enum tmk_status check_image(const struct tmk_view *image, const struct tmk_window *window,
                                   const struct tmk_view *padded)
{
    if (image->ndim != 4 || image->shape[0] != padded->shape[0] ||
        image->shape[1] != padded->shape[1] || image->shape[2] != window->h.in ||
        image->shape[3] != window->w.in) {
        char text[256];
        tmk_view_format(image, text, sizeof text);
        return tmk_fail(TMK_EINVAL, "window: image %s: make it (%zu, %zu, %zu, %zu)", text,
                        padded->shape[0], padded->shape[1], window->h.in, window->w.in);
    }
    return TMK_OK;
}

/* Every spread-th position of one dimension of the padded image, as many as the image has there. */
static enum tmk_status landing_slice(const struct tmk_view *padded, int dim,
                                     const struct landing *l, size_t spread, struct tmk_view *out)
{
    size_t length = l->count ? (l->count - 1) * spread + 1 : 0;
    return tmk_view_slice(padded, dim, l->count ? l->start : 0, length, (ptrdiff_t)spread, out);
}

enum tmk_status tmk_window_pad(const struct tmk_view *image, const struct tmk_window *window,
                               const struct tmk_view *padded)
{
    TMK_TRY(check_padded(padded, window));
    TMK_TRY(check_image(image, window, padded));
    struct landing h = land(&window->h, padded->shape[2]);
    struct landing w = land(&window->w, padded->shape[3]);
    struct tmk_view from, to;
    TMK_TRY(tmk_view_slice(image, 2, h.count ? h.first : 0, h.count, 1, &from));
    TMK_TRY(tmk_view_slice(&from, 3, w.count ? w.first : 0, w.count, 1, &from));
    TMK_TRY(landing_slice(padded, 2, &h, window->h.spread, &to));
    TMK_TRY(landing_slice(&to, 3, &w, window->w.spread, &to));
    if (tmk_view_count(&to) != tmk_view_count(padded))
        tmk_view_fill(padded, 0);
    return tmk_view_copy(&to, &from);
}

/* stride * factor; anything if no second position is reached, so that it cannot overflow */
static bool step(ptrdiff_t stride, size_t factor, size_t positions, ptrdiff_t *out)
{
    *out = stride;
    return positions < 2 ||
           (factor <= PTRDIFF_MAX && !__builtin_mul_overflow(stride, (ptrdiff_t)factor, out));
}

enum tmk_status tmk_window_view(const struct tmk_view *padded, const struct tmk_window *window,
                                struct tmk_view *out)
{
    TMK_TRY(check_padded(padded, window));
    const struct tmk_window_axis *h = &window->h, *w = &window->w;
    const size_t shape[] = {padded->shape[0], padded->shape[1], h->out, w->out, h->taps, w->taps};
    const ptrdiff_t *s = padded->stride;
    ptrdiff_t stride[6] = {s[0], s[1]};
    if (!step(s[2], h->stride, h->out, &stride[2]) || !step(s[3], w->stride, w->out, &stride[3]) ||
        !step(s[2], h->dilation, h->taps, &stride[4]) ||
        !step(s[3], w->dilation, w->taps, &stride[5]))
        return tmk_fail(TMK_EINVAL,
                        "window: strides %zux%zu, dilations %zux%zu overflow: make "
                        "them smaller",
                        h->stride, w->stride, h->dilation, w->dilation);
    return tmk_view_as_strided(padded, 6, shape, stride, 0, out);
}
