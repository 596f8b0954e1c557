/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width) and the
 * compiler's target flags. */
#include "planes.h"

#include "size.h"

#include "micro_lanes.h"
#include "micro_tile.h"

/* Load v into a register once: gcc likes to read it again for each product. */
#if defined(__x86_64__)
#define KEEP(v) __asm__("" : "+v"(v))
#elif defined(__aarch64__)
#define KEEP(v) __asm__("" : "+w"(v))
#else
#define KEEP(v) (void)(v)
#endif

/* Accumulators that leave room for operands: of 32 registers or of 16. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define ACCUMULATORS 24
#define WEIGH_ROWS 4
#else
#define ACCUMULATORS 12
#define WEIGH_ROWS 2
#endif
#define WEIGH_TAPS (ACCUMULATORS / WEIGH_ROWS)

/* What of some neighbouring vectors lies inside a row. */
struct spans {
    SPAN of[4];
};

#define ODD(d, p) (2 * (p) + 1)
#define ZIP_LOW(d, p) ((p) / 2 + (p) % 2 * LANES)
#define ZIP_HIGH(d, p) (LANES / 2 + (p) / 2 + (p) % 2 * LANES)

#define BODY "planes_body.h"
#include "micro_types.h"

#define KERNELS(type)                                                                              \
    {                                                                                              \
        .lanes = LANES_##type, .pack = pack_##type, .unpack = unpack_##type,                       \
        .gather = gather_##type, .correlate = correlate_##type, .weigh = weigh_##type,             \
        .settle = settle_##type, .sum_runs = sum_runs_##type, .sum_columns = sum_columns_##type,   \
    }
extern const struct tmk_plane_kernels PASTE(tmk_plane_kernels, TMK_ISA)[TMK_NDTYPES];
const struct tmk_plane_kernels PASTE(tmk_plane_kernels, TMK_ISA)[TMK_NDTYPES] = {
    [TMK_F32] = KERNELS(f32),
    [TMK_F64] = KERNELS(f64),
};
