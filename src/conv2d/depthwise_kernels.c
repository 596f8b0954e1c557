/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width) and the
 * compiler's target flags. */
#include "depthwise_kernels.h"

#include "micro_lanes.h"
#include "size.h"

enum {
    TILE = 14,  /* positions of a row whose sums are in registers */
    TAPS = 9,   /* and taps, in bwd_w */
    CHAINS = 4, /* of additions, for one would wait for each */
    FETCH = 64, /* elements by which planes are fetched ahead */
};

/* M(n) for every size of a tile. */
#define EACH_TAPS(M) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9)
#define EACH_TILE(M) EACH_TAPS(M) M(10) M(11) M(12) M(13) M(14)

#define BODY "depthwise_element.h"
#include "micro_types.h"

#define KERNELS(type)                                                                              \
    {                                                                                              \
        LANES_##type, gather_##type, scatter_##type, correlate_##type, weigh_##type                \
    }
extern const struct tmk_depthwise_kernels PASTE(tmk_depthwise_kernels, TMK_ISA)[TMK_NDTYPES];
const struct tmk_depthwise_kernels PASTE(tmk_depthwise_kernels, TMK_ISA)[TMK_NDTYPES] = {
    [TMK_F32] = KERNELS(f32),
    [TMK_F64] = KERNELS(f64),
};
