/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width), TMK_MR
 * (rows of the register tile) and the compiler's target flags. */
#include "winograd_kernels.h"

#include "micro_lanes.h"
#include "size.h"

#include <string.h>

/* Vectors may stand at any element; those on the stack need not. */
#define ALIGNED _Alignas(TMK_VBYTES)

#define WIDTH_VECTORS 2 /* vectors in a row of the register tile */

/* Whole aligned vectors go past the caches where they are whole cache lines. */
static void finish_stream(void)
{
#if TMK_VBYTES == 64
    _mm_sfence();
#endif
}

/* M(n) for every number of rows of the register tile. */
#define EACH_ROW_4(M) M(1) M(2) M(3) M(4)
#define EACH_ROW_6(M) EACH_ROW_4(M) M(5) M(6)
#define EACH_ROW_8(M) EACH_ROW_6(M) M(7) M(8)
#define EACH_ROW_14(M) EACH_ROW_8(M) M(9) M(10) M(11) M(12) M(13) M(14)
#define EACH_MR(M) PASTE(EACH_ROW, TMK_MR)(M)

/* The points at which F(4x4) evaluates polynomials, besides 0 and infinity: +-P and +-Q. Close to
 * those of least error, and exact in binary. F(2x2) takes +-1. */
#define P 0.75
#define Q 1.5

#define T float
#define NAME(x) PASTE(x, f32)
#define LANES LANES_F32
#ifdef LOAD_PART_F32
#define LOAD_PART LOAD_PART_F32
#define STORE_PART STORE_PART_F32
#endif
#include "winograd_element.h"

#define T double
#define NAME(x) PASTE(x, f64)
#define LANES LANES_F64
#ifdef LOAD_PART_F64
#define LOAD_PART LOAD_PART_F64
#define STORE_PART STORE_PART_F64
#endif
#include "winograd_element.h"

#define FORM(side, type, suffix)                                                                   \
    {                                                                                              \
        .m = side, .data = PASTE(PASTE(data, type), suffix),                                       \
        .gradient = PASTE(PASTE(gradient, type), suffix),                                          \
        .output = PASTE(PASTE(output, type), suffix),                                              \
        .weights = PASTE(PASTE(weights, type), suffix), .taps = PASTE(PASTE(taps, type), suffix)   \
    }
#define KERNELS(count, type)                                                                       \
    {                                                                                              \
        .lanes = count, .height = TMK_MR, .width = WIDTH_VECTORS * count,                          \
        .gather = PASTE(gather, type), .scatter = PASTE(scatter, type), .sum = PASTE(sum, type),   \
        .finish_stream = finish_stream, .multiply = PASTE(multiply, type),                         \
        .form = {                                                                                  \
            [TMK_WINOGRAD_2X2] = FORM(2, type, small), [TMK_WINOGRAD_4X4] = FORM(4, type, large)}, \
    }
extern const struct tmk_winograd_kernels PASTE(tmk_winograd_kernels, TMK_ISA)[TMK_NDTYPES];
const struct tmk_winograd_kernels PASTE(tmk_winograd_kernels, TMK_ISA)[TMK_NDTYPES] = {
    [TMK_F32] = KERNELS(LANES_F32, f32),
    [TMK_F64] = KERNELS(LANES_F64, f64),
};
