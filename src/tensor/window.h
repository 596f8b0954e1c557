/* The window view of an image, the view that turns convolution into matrix multiplication. */
#ifndef TMK_TENSOR_WINDOW_H
#define TMK_TENSOR_WINDOW_H

#include "view.h"

/* One spatial axis of a sliding window over an image axis of `in` elements that is first spread
 * out by `spread` (in-1 gaps of spread-1 zeros: the dilated dy of a strided convolution's bwd_d;
 * 1: not at all), then padded. Output position o and tap k read the padded, spread image at
 * o*stride + k*dilation - pad_lo; what lies outside the image, or in a gap, is zero. */
struct tmk_window_axis {
    size_t in, out, taps;
    size_t stride, dilation; /* >= 1; dilation 1 means dense taps */
    size_t spread;           /* >= 1 */
    ptrdiff_t pad_lo;        /* zeros before the first element; negative: elements cut off */
};

struct tmk_window {
    struct tmk_window_axis h, w;
};

/* Length of the padded axis that the window walks over: (out-1)*stride + (taps-1)*dilation + 1, 0
 * without outputs or taps; SIZE_MAX if it overflows. */
size_t tmk_window_extent(const struct tmk_window_axis *axis);

/* Elements of the padded image (N, C, extent h, extent w). False if that overflows. */
bool tmk_window_padded_count(const struct tmk_window *window, size_t n, size_t c, size_t *count);

/* Copy image (N, C, H, W in any strides) into `padded` (N, C, extent h, extent w): spread, padded
 * with zeros, cut where the padding is negative or the window never reads. TMK_EINVAL: a shape
 * differs from what the window says. */
enum tmk_status tmk_window_pad(const struct tmk_view *image, const struct tmk_window *window,
                               const struct tmk_view *padded);

/* The as_strided window view (N, C, OH, OW, KH, KW) of a padded image; nothing is copied. */
enum tmk_status tmk_window_view(const struct tmk_view *padded, const struct tmk_window *window,
                                struct tmk_view *out);

#endif
