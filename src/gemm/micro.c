/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width), TMK_MR
 * (rows of the register tile) and TMK_NRV (vectors per row), and the compiler's target flags. */
#include "micro.h"

#include <string.h>

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)

/* Positions [lo, hi) of a run of `length` whose coordinate x + i*step lies in [0, w). */
static void clip(int32_t x, int32_t step, int32_t w, size_t length, size_t *lo, size_t *hi)
{
    int32_t n = (int32_t)length, from = 0, to = n;
    if (step > 0) {
        from = x < 0 ? (-x + step - 1) / step : 0;
        to = x < w ? (w - x + step - 1) / step : 0;
    } else if (step < 0) {
        from = x >= w ? (x - w - step) / -step : 0;
        to = x >= 0 ? x / -step + 1 : 0;
    } else if (x < 0 || x >= w) {
        to = 0;
    }
    to = to < n ? to : n;
    *hi = (size_t)to;
    *lo = (size_t)(from < to ? from : to);
}

#define T float
#define NAME(x) PASTE(x, f32)
#include "micro_body.h"
#undef T
#undef NAME

#define T double
#define NAME(x) PASTE(x, f64)
#include "micro_body.h"
#undef T
#undef NAME

const struct tmk_micro_set PASTE(tmk_micro, TMK_ISA) = {{
    [TMK_F32] = {TMK_MR, TMK_NRV *TMK_VBYTES / sizeof(float), pack_a_f32, pack_b_f32, multiply_f32},
    [TMK_F64] = {TMK_MR, TMK_NRV *TMK_VBYTES / sizeof(double), pack_a_f64, pack_b_f64,
                 multiply_f64},
}};
