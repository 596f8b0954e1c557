/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width), TMK_MR
 * (rows of the register tile) and TMK_NRV (vectors per row), and the compiler's target flags. */
#include "micro.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)

/* M(d, p) for every lane p of a vector. */
#define EACH_2(M, d, p) M(d, p), M(d, p + 1)
#define EACH_4(M, d, p) EACH_2(M, d, p), EACH_2(M, d, p + 2)
#define EACH_8(M, d, p) EACH_4(M, d, p), EACH_4(M, d, p + 4)
#define EACH_16(M, d, p) EACH_8(M, d, p), EACH_8(M, d, p + 8)
#define EACH_N(n, M, d) EACH_N_(n, M, d)
#define EACH_N_(n, M, d) EACH_##n(M, d, 0)

/* The part of `run` that lies in the image, seen from the other index's coordinates (y, x):
 * positions [lo, hi), both 0 if there are none. */
static void clip(const struct tmk_panel *p, const struct tmk_run *run, int32_t y, int32_t x,
                 size_t *lo, size_t *hi)
{
    int32_t n = (int32_t)run->length, step = run->x_step, from = 0, to = n;
    x += run->x;
    if (step > 0) {
        from = x < 0 ? (-x + step - 1) / step : 0;
        to = x < p->w ? (p->w - x + step - 1) / step : 0;
    } else if (step < 0) {
        from = x >= p->w ? (x - p->w - step) / -step : 0;
        to = x >= 0 ? x / -step + 1 : 0;
    } else if (x < 0 || x >= p->w) {
        to = 0;
    }
    to = to < n ? to : n;
    bool inside = (uint32_t)(y + run->y) < (uint32_t)p->h && from < to;
    *lo = inside ? (size_t)from : 0;
    *hi = inside ? (size_t)to : 0;
}

/* One position of the panel while it is packed along k: elements [lo, hi) exist, `from` is where
 * element 0 is or would be. hi is 0 if none exists. */
struct row {
    const void *from;
    size_t lo, hi;
};

#if defined(__AVX2__) && !defined(__AVX512F__)
/* n lanes set, out of at most 8 of 4 bytes */
static inline __m256i lanes32(size_t n)
{
    static const int32_t mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(const void *)(mask + 8 - n));
}
#endif

#define T float
#define NAME(x) PASTE(x, f32)
#if TMK_VBYTES == 64
#define LANES 16
#define LOAD_PART(p, n) _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p)
#define STORE_PART(p, n, v) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), (__m512)(v))
#elif TMK_VBYTES == 32
#define LANES 8
#define LOAD_PART(p, n) _mm256_maskload_ps(p, lanes32(n))
#define STORE_PART(p, n, v) _mm256_maskstore_ps(p, lanes32(n), (__m256)(v))
#else
#define LANES 4
#endif
#include "micro_element.h"

#define T double
#define NAME(x) PASTE(x, f64)
#if TMK_VBYTES == 64
#define LANES 8
#define LOAD_PART(p, n) _mm512_maskz_loadu_pd((__mmask8)((1u << (n)) - 1), p)
#define STORE_PART(p, n, v) _mm512_mask_storeu_pd(p, (__mmask8)((1u << (n)) - 1), (__m512d)(v))
#elif TMK_VBYTES == 32
#define LANES 4
#define LOAD_PART(p, n) _mm256_maskload_pd(p, lanes32(2 * (n)))
#define STORE_PART(p, n, v) _mm256_maskstore_pd(p, lanes32(2 * (n)), (__m256d)(v))
#else
#define LANES 2
#endif
#include "micro_element.h"

const struct tmk_micro_set PASTE(tmk_micro, TMK_ISA) = {{
    [TMK_F32] = {TMK_MR, TMK_NRV *TMK_VBYTES / sizeof(float), pack_a_f32, pack_b_f32, multiply_f32},
    [TMK_F64] = {TMK_MR, TMK_NRV *TMK_VBYTES / sizeof(double), pack_a_f64, pack_b_f64,
                 multiply_f64},
}};
