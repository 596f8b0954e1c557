/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width) and the
 * compiler's target flags. */
#include "planes.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* Load v into a register once: gcc likes to read it again for each product. */
#if defined(__x86_64__)
#define KEEP(v) __asm__("" : "+v"(v))
#elif defined(__aarch64__)
#define KEEP(v) __asm__("" : "+w"(v))
#else
#define KEEP(v) (void)(v)
#endif
#define INLINE static inline __attribute__((always_inline))

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)

/* Accumulators that leave room for operands: of 32 registers or of 16. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define ACCUMULATORS 24
#define WEIGH_ROWS 4
#else
#define ACCUMULATORS 12
#define WEIGH_ROWS 2
#endif
#define WEIGH_TAPS (ACCUMULATORS / WEIGH_ROWS)

/* M(i) for every lane i of a vector. */
#define EACH_2(M, i) M(i), M(i + 1)
#define EACH_4(M, i) EACH_2(M, i), EACH_2(M, i + 2)
#define EACH_8(M, i) EACH_4(M, i), EACH_4(M, i + 4)
#define EACH_16(M, i) EACH_8(M, i), EACH_8(M, i + 8)
#define EACH_LANE_(M, n) EACH_##n(M, 0)
#define EACH_LANE_OF(M, n) EACH_LANE_(M, n)
#define EACH_LANE(M) EACH_LANE_OF(M, LANES)

/* A set of neighbouring lanes. */
#if defined(__AVX512F__)
#define MASKS true
typedef uint32_t lane_mask;
static inline lane_mask make_mask(ptrdiff_t lo, ptrdiff_t hi)
{
    return ((1u << hi) - 1) & ~((1u << lo) - 1);
}
#elif defined(__AVX2__)
#define MASKS false
typedef __m256i lane_mask; /* of 4 bytes each */
static inline lane_mask make_mask(ptrdiff_t lo, ptrdiff_t hi)
{
    static const int32_t ends[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_andnot_si256(_mm256_loadu_si256((const __m256i *)(const void *)(ends + 8 - lo)),
                               _mm256_loadu_si256((const __m256i *)(const void *)(ends + 8 - hi)));
}
#else
#define MASKS false
typedef struct {
    ptrdiff_t lo, hi;
} lane_mask;
static inline lane_mask make_mask(ptrdiff_t lo, ptrdiff_t hi)
{
    return (lane_mask){lo, hi};
}
#endif

/* What of two neighbouring vectors lies inside a row. */
struct mask_pair {
    lane_mask a, b;
};

#define T float
#define NAME(x) PASTE(x, f32)
#if TMK_VBYTES == 64
#define LANES 16
#define LOAD_LANES(p, mask) _mm512_maskz_loadu_ps((__mmask16)(mask), p)
#define STORE_LANES(p, mask, v) _mm512_mask_storeu_ps(p, (__mmask16)(mask), (__m512)(v))
#elif TMK_VBYTES == 32
#define LANES 8
#define LOAD_LANES(p, mask) _mm256_maskload_ps(p, mask)
#define STORE_LANES(p, mask, v) _mm256_maskstore_ps(p, mask, (__m256)(v))
#else
#define LANES 4
#endif
#include "planes_body.h"

#define T double
#define NAME(x) PASTE(x, f64)
#if TMK_VBYTES == 64
#define LANES 8
#define LOAD_LANES(p, mask) _mm512_maskz_loadu_pd((__mmask8)(mask), p)
#define STORE_LANES(p, mask, v) _mm512_mask_storeu_pd(p, (__mmask8)(mask), (__m512d)(v))
#elif TMK_VBYTES == 32
#define LANES 4
#define LOAD_LANES(p, mask) _mm256_maskload_pd(p, mask)
#define STORE_LANES(p, mask, v) _mm256_maskstore_pd(p, mask, (__m256d)(v))
#else
#define LANES 2
#endif
#include "planes_body.h"

extern const struct tmk_plane_kernels PASTE(tmk_plane_kernels, TMK_ISA)[TMK_NDTYPES];
const struct tmk_plane_kernels PASTE(tmk_plane_kernels, TMK_ISA)[TMK_NDTYPES] = {
    [TMK_F32] = {TMK_VBYTES / 4, MASKS, pack_f32, unpack_f32, correlate_f32, weigh_f32, settle_f32},
    [TMK_F64] = {TMK_VBYTES / 8, MASKS, pack_f64, unpack_f64, correlate_f64, weigh_f64, settle_f64},
};
