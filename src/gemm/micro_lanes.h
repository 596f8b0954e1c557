/* What a source that is built once per ISA says of its vectors: how many elements of either type
 * they hold, and masked moves where the ISA has them. The build defines TMK_VBYTES, micro_types.h
 * the element's type T and its suffix TYPE, for one type at a time. */
#ifndef TMK_GEMM_MICRO_LANES_H
#define TMK_GEMM_MICRO_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#define ROLLED _Pragma("GCC unroll 1")
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)

#define INLINE static inline __attribute__((always_inline))

/* NAME(x) gives x the type's suffix; LANES is the number of elements of a vector. */
#define NAME(x) PASTE(x, TYPE)
#define LANES PASTE(LANES, TYPE)
#define LOAD_SPAN(p, span) PASTE(LOAD_SPAN, TYPE)(p, span)
#define STORE_SPAN(p, span, v) PASTE(STORE_SPAN, TYPE)(p, span, v)

/* M(d, p) for every lane p of a vector. */
#define EACH_2(M, d, p) M(d, p), M(d, p + 1)
#define EACH_4(M, d, p) EACH_2(M, d, p), EACH_2(M, d, p + 2)
#define EACH_8(M, d, p) EACH_4(M, d, p), EACH_4(M, d, p + 4)
#define EACH_16(M, d, p) EACH_8(M, d, p), EACH_8(M, d, p + 8)
#define EACH_LANE(M, d) PASTE(EACH, LANES)(M, d, 0)

#define EVEN(d, p) (2 * (p))

/* M(d) for the distances 1, 2, 4, ... between lanes of a vector. */
#define DISTANCES_2(M) M(1)
#define DISTANCES_4(M) DISTANCES_2(M) M(2)
#define DISTANCES_8(M) DISTANCES_4(M) M(4)
#define DISTANCES_16(M) DISTANCES_8(M) M(8)
#define EACH_DISTANCE(M) PASTE(DISTANCES, LANES)(M)

/* Of two rows, every even block of d lanes side by side, and every odd one. */
#define UPPER(d, p) ((p) / (d) % 2 ? LANES + (p) - (d) : (p))
#define LOWER(d, p) ((p) / (d) % 2 ? LANES + (p) : (p) + (d))

/* The same for a transpose, in moves that every ISA has: of two rows the even or the odd blocks of
 * 16 bytes, and of less, within these, the elements of their first or their last halves in turn. */
#define BLOCK (LANES * 16 / TMK_VBYTES)
#define NEAR(d, p)                                                                                 \
    ((d) < BLOCK ? (p) / BLOCK * BLOCK + (p) % BLOCK / 2 + (p) % 2 * LANES                         \
                 : (p) / BLOCK * 2 * BLOCK + (p) % BLOCK)
#define FAR(d, p) (NEAR(d, p) + ((d) < BLOCK ? BLOCK / 2 : BLOCK))

/* Some lanes of a vector: a mask where the ISA has masked moves. */
#if TMK_VBYTES == 64
#define SPAN __mmask16
#define MAKE_SPAN(lo, hi) ((__mmask16)((1u << (hi)) - (1u << (lo))))
#elif TMK_VBYTES == 32
#define SPAN __m256i
#define MAKE_SPAN(lo, hi) bytes_between((lo) * (ptrdiff_t)sizeof(T), (hi) * (ptrdiff_t)sizeof(T))
static inline __m256i bytes_between(ptrdiff_t lo, ptrdiff_t hi)
{
    static const int32_t mask[24] = {[8] = -1, -1, -1, -1, -1, -1, -1, -1};
    const int32_t *from = mask + 8 - lo / 4, *to = mask + 16 - hi / 4;
    return _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)from),
                            _mm256_loadu_si256((const __m256i *)(const void *)to));
}
#else
struct span {
    ptrdiff_t lo, hi;
};
#define SPAN struct span
#define MAKE_SPAN(lo, hi) ((struct span){lo, hi})
#endif

/* Store a vector at an aligned place past the caches, where the ISA can; after the last one,
 * STORES_DONE. */
#if TMK_VBYTES == 64
#define STORE_PAST(p, v) _mm512_stream_si512((void *)(p), (__m512i)(v))
#elif TMK_VBYTES == 32
#define STORE_PAST(p, v) _mm256_stream_si256((void *)(p), (__m256i)(v))
#elif defined(__SSE2__)
#define STORE_PAST(p, v) _mm_stream_si128((void *)(p), (__m128i)(v))
#endif
#ifdef STORE_PAST
#define STORES_DONE() _mm_sfence()
#else
#define STORE_PAST(p, v) memcpy(p, &(v), sizeof(v))
#define STORES_DONE() ((void)0)
#endif

/* Lanes as a plain number: macros paste it. */
#if TMK_VBYTES == 64
#define LANES_f32 16
#define LANES_f64 8
#define LOAD_SPAN_f32(p, span) _mm512_maskz_loadu_ps(span, p)
#define STORE_SPAN_f32(p, span, v) _mm512_mask_storeu_ps(p, span, (__m512)(v))
#define LOAD_SPAN_f64(p, span) _mm512_maskz_loadu_pd((__mmask8)(span), p)
#define STORE_SPAN_f64(p, span, v) _mm512_mask_storeu_pd(p, (__mmask8)(span), (__m512d)(v))
#elif TMK_VBYTES == 32
#define LANES_f32 8
#define LANES_f64 4
#define LOAD_SPAN_f32(p, span) _mm256_maskload_ps(p, span)
#define STORE_SPAN_f32(p, span, v) _mm256_maskstore_ps(p, span, (__m256)(v))
#define LOAD_SPAN_f64(p, span) _mm256_maskload_pd(p, span)
#define STORE_SPAN_f64(p, span, v) _mm256_maskstore_pd(p, span, (__m256d)(v))
#else
#define LANES_f32 4
#define LANES_f64 2
#endif

#endif
