/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width), TMK_MR
 * (rows of the register tile) and TMK_NRV (vectors per row), and the compiler's target flags. */
#include "channels_kernels.h"

#include "micro_lanes.h"
#include "micro_tile.h"
#include "size.h"

enum {
    AHEAD = 16, /* steps of the sum by which what is packed, coming from L2, is fetched into L1 */
    FETCH = 64, /* elements by which rows of weights or of dy are fetched while they are packed, */
    CHANNELS_AHEAD = 8, /* and channels, where those lie apart */
};

/* M(taps, groups, vectors) for what registers hold: tiles of TMK_MR rows at most. */
#if TMK_NRV == 3
#define EACH_WIDTH(M, taps, groups) M(taps, groups, 1) M(taps, groups, 2) M(taps, groups, 3)
#else
#define EACH_WIDTH(M, taps, groups) M(taps, groups, 1) M(taps, groups, 2)
#endif
#define EACH_GROUPS_1(M, taps) EACH_WIDTH(M, taps, 1)
#define EACH_GROUPS_2(M, taps) EACH_GROUPS_1(M, taps) EACH_WIDTH(M, taps, 2)
#define EACH_GROUPS_3(M, taps) EACH_GROUPS_2(M, taps) EACH_WIDTH(M, taps, 3)
#define EACH_GROUPS_4(M, taps) EACH_GROUPS_3(M, taps) EACH_WIDTH(M, taps, 4)
#if TMK_MR >= 14
#define EACH_TAPS(M) EACH_GROUPS_4(M, 3) EACH_GROUPS_3(M, 4) EACH_GROUPS_2(M, 5) EACH_GROUPS_2(M, 7)
#define GROUPS [3] = 4, [4] = 3, [5] = 2, [7] = 2
#elif TMK_MR >= 8
#define EACH_TAPS(M) EACH_GROUPS_2(M, 3) EACH_GROUPS_2(M, 4) EACH_GROUPS_1(M, 5) EACH_GROUPS_1(M, 7)
#define GROUPS [3] = 2, [4] = 2, [5] = 1, [7] = 1
#elif TMK_MR >= 6
#define EACH_TAPS(M) EACH_GROUPS_2(M, 3) EACH_GROUPS_1(M, 4) EACH_GROUPS_1(M, 5)
#define GROUPS [3] = 2, [4] = 1, [5] = 1
#else
#define EACH_TAPS(M) EACH_GROUPS_1(M, 3) EACH_GROUPS_1(M, 4)
#define GROUPS [3] = 1, [4] = 1
#endif

/* M(rows) for what two tiles may have each. */
#if TMK_MR == 14
#define EACH_HALF_MR EACH_ROW_7
#elif TMK_MR == 8
#define EACH_HALF_MR EACH_ROW_4
#elif TMK_MR == 6
#define EACH_HALF_MR EACH_ROW_3
#else
#define EACH_HALF_MR EACH_ROW_2
#endif

#define BODY "channels_element.h"
#include "micro_types.h"

#define KERNELS(type)                                                                              \
    {                                                                                              \
        TMK_MR, TMK_NRV *LANES_##type, LANES_##type, PASTE(pack, type), PASTE(multiply, type),     \
            {GROUPS}, PASTE(weigh, type), PASTE(settle_gradient, type),                            \
            PASTE(pack_gradient, type), PASTE(sum_gradient, type)                                  \
    }
extern const struct tmk_channels_kernels PASTE(tmk_channels_kernels, TMK_ISA)[TMK_NDTYPES];
const struct tmk_channels_kernels PASTE(tmk_channels_kernels, TMK_ISA)[TMK_NDTYPES] = {
    [TMK_F32] = KERNELS(f32),
    [TMK_F64] = KERNELS(f64),
};
