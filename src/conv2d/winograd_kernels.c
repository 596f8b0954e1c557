/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width) and the
 * compiler's target flags. */
#include "winograd_kernels.h"

#include "micro_lanes.h"
#include "size.h"

#include <string.h>

/* Vectors may stand at any element; those on the stack need not. */
#define ALIGNED _Alignas(TMK_VBYTES)

/* Whole aligned vectors go past the caches where they are whole cache lines. */
static void finish_stream(void)
{
#if TMK_VBYTES == 64
    _mm_sfence();
#endif
}

/* The points at which tiles of 6 x 6 evaluate polynomials, besides 0 and infinity: +-P and +-Q.
 * Close to those of least error, and exact in binary. Those of 4 x 4 take +-1. */
#define P 0.75
#define Q 1.5

enum {
    AHEAD = 8,  /* rows of kernels by which they are fetched, */
    FETCH = 64, /* and elements, where each lane has a row of its own */
};

#define BODY "winograd_element.h"
#include "micro_types.h"

#define FORM(side, taps_side, type, suffix)                                                        \
    {                                                                                              \
        .m = side, .r = taps_side, .data = PASTE(PASTE(data, type), suffix),                       \
        .gradient = PASTE(PASTE(gradient, type), suffix),                                          \
        .output = PASTE(PASTE(output, type), suffix),                                              \
        .weights = PASTE(PASTE(weights, type), suffix), .taps = PASTE(PASTE(taps, type), suffix)   \
    }
#define KERNELS(type)                                                                              \
    {                                                                                              \
        .lanes = LANES_##type, .gather = PASTE(gather, type), .scatter = PASTE(scatter, type),     \
        .sum = PASTE(sum, type), .finish_stream = finish_stream,                                   \
        .form = {                                                                                  \
            [TMK_WINOGRAD_2X2] = FORM(2, 3, type, small),                                          \
            [TMK_WINOGRAD_4X4] = FORM(4, 3, type, large),                                          \
            [TMK_WINOGRAD_2X2_5X5] = FORM(2, 5, type, wide),                                       \
        },                                                                                         \
    }
extern const struct tmk_winograd_kernels PASTE(tmk_winograd_kernels, TMK_ISA)[TMK_NDTYPES];
const struct tmk_winograd_kernels PASTE(tmk_winograd_kernels, TMK_ISA)[TMK_NDTYPES] = {
    [TMK_F32] = KERNELS(f32),
    [TMK_F64] = KERNELS(f64),
};
