/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width), TMK_MR
 * (rows of the register tile) and TMK_NRV (vectors per row), and the compiler's target flags. */
#include "channels_kernels.h"

#include "micro_lanes.h"
#include "micro_tile.h"
#include "size.h"

enum { AHEAD = 16 }; /* steps of the sum by which weights, coming from L2, are fetched into L1 */

#define BODY "channels_element.h"
#include "micro_types.h"

#define KERNELS(type)                                                                              \
    {                                                                                              \
        TMK_MR, TMK_NRV *LANES_##type, LANES_##type, PASTE(pack, type), PASTE(multiply, type)      \
    }
extern const struct tmk_channels_kernels PASTE(tmk_channels_kernels, TMK_ISA)[TMK_NDTYPES];
const struct tmk_channels_kernels PASTE(tmk_channels_kernels, TMK_ISA)[TMK_NDTYPES] = {
    [TMK_F32] = KERNELS(f32),
    [TMK_F64] = KERNELS(f64),
};
