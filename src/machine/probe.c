/* The loops behind the ceilings, in GCC's vector extensions. The build compiles this file once per
 * ISA with that ISA's flags, TMK_PROBE_ISA (the name), TMK_VECTOR_BYTES and TMK_CHAINS (12 or 24).
 */
#include "probe.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

/* A multiply-add takes about 4 cycles and two start per cycle (four on some ARM cores, which have
 * the registers for 24 chains): fewer independent chains than the product leave units idle. Named
 * variables and no array: nothing indexes them, so they live in registers. */
#define CHAINS_12(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define CHAINS_24(DO)                                                                              \
    CHAINS_12(DO)                                                                                  \
    DO(12) DO(13) DO(14) DO(15) DO(16) DO(17) DO(18) DO(19) DO(20) DO(21) DO(22) DO(23)
#define CHAINS JOIN(CHAINS_, TMK_CHAINS)

/* ARM's instruction adds to its destination, x86's may multiply it: these forms need no copies. The
 * constants, 1e-30 and 1, make both round to the same value for ever: no overflow, no denormals. */
#if defined(__aarch64__)
#define STEP(i) x##i += x##i * factor;
#else
#define STEP(i) x##i = x##i * factor + one;
#endif

/* Volatile values come from nowhere and go nowhere that the compiler knows, so it can neither fold
 * the loop nor merge chains. */
#define START(i) vector x##i = one + i;
#define SINK(i) sink = x##i;
#define DEFINE_FMA(NAME, TYPE)                                                                     \
    static void NAME(size_t steps)                                                                 \
    {                                                                                              \
        typedef TYPE vector __attribute__((vector_size(TMK_VECTOR_BYTES)));                        \
        volatile vector tiny = (vector){0} + (TYPE)1e-30, unit = (vector){0} + 1, sink;            \
        const vector factor = tiny, one = unit;                                                    \
        CHAINS(START)                                                                              \
        for (size_t step = 0; step < steps; step++) {                                              \
            CHAINS(STEP)                                                                           \
        }                                                                                          \
        CHAINS(SINK)                                                                               \
        (void)sink;                                                                                \
    }

DEFINE_FMA(fma_f32, float)
DEFINE_FMA(fma_f64, double)

typedef double vec __attribute__((vector_size(TMK_VECTOR_BYTES), may_alias));

static void triad(double *a, const double *b, const double *c, size_t n, size_t repeats)
{
    volatile double three = 3;
    const vec s = (vec){0} + three;
    const size_t lanes = sizeof(vec) / sizeof(double);
    for (size_t repeat = 0; repeat < repeats; repeat++) {
        for (size_t i = 0; i < n; i += 4 * lanes) {
            vec *to = (vec *)(a + i);
            const vec *from = (const vec *)(b + i), *scaled = (const vec *)(c + i);
            to[0] = from[0] + s * scaled[0];
            to[1] = from[1] + s * scaled[1];
            to[2] = from[2] + s * scaled[2];
            to[3] = from[3] + s * scaled[3];
        }
        __asm__ volatile("" ::: "memory"); /* every repeat must store */
    }
}

const struct tmk_probe JOIN(tmk_probe_, TMK_PROBE_ISA) = {
    .fma_f32 = fma_f32,
    .fma_f64 = fma_f64,
    .chains = TMK_CHAINS,
    .vector_bytes = TMK_VECTOR_BYTES,
    .triad = triad,
};
