/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width) and the
 * compiler's target flags. */
#include "planes.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)

/* Output positions [lo, hi) of an axis that meet the image, from element `least` to in - 1 - spare
 * of it, at every tap of [first, last]. */
static void inside(const struct tmk_plane_axis *axis, ptrdiff_t first, ptrdiff_t last,
                   ptrdiff_t spare, ptrdiff_t *lo, ptrdiff_t *hi)
{
    ptrdiff_t a = axis->origin + first * axis->step, b = axis->origin + last * axis->step;
    ptrdiff_t low = a < b ? a : b, high = a < b ? b : a;
    *lo = low < 0 ? (-low + axis->stride - 1) / axis->stride : 0;
    ptrdiff_t room = axis->in - spare - high;
    *hi = room > 0 ? (room + axis->stride - 1) / axis->stride : 0;
    *hi = *hi < axis->out ? *hi : axis->out;
    *lo = *lo < *hi ? *lo : *hi;
}

/* Taps [first, end) that meet the image at output position o. */
static void taps_at(const struct tmk_plane_axis *axis, ptrdiff_t o, ptrdiff_t *first,
                    ptrdiff_t *end)
{
    *first = axis->taps;
    *end = 0;
    for (ptrdiff_t k = 0; k < axis->taps; k++) {
        ptrdiff_t i = axis->origin + o * axis->stride + k * axis->step;
        if (i >= 0 && i < axis->in) {
            *first = k < *first ? k : *first;
            *end = k + 1;
        }
    }
    *first = *first < *end ? *first : *end;
}

#define T float
#define NAME(x) PASTE(x, f32)
#define LANES (TMK_VBYTES / 4)
#if TMK_VBYTES == 64
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#elif TMK_VBYTES == 32
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#else
#define EVEN 0, 2, 4, 6
#endif
#include "planes_body.h"
#undef T
#undef NAME
#undef LANES
#undef EVEN

#define T double
#define NAME(x) PASTE(x, f64)
#define LANES (TMK_VBYTES / 8)
#if TMK_VBYTES == 64
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#elif TMK_VBYTES == 32
#define EVEN 0, 2, 4, 6
#else
#define EVEN 0, 2
#endif
#include "planes_body.h"

extern const struct tmk_plane_kernels PASTE(tmk_plane_kernels, TMK_ISA)[TMK_NDTYPES];
const struct tmk_plane_kernels PASTE(tmk_plane_kernels, TMK_ISA)[TMK_NDTYPES] = {
    [TMK_F32] = {correlate_f32, weigh_f32},
    [TMK_F64] = {correlate_f64, weigh_f64},
};
