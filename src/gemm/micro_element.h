/* All of the engine's innermost parts for one element type: T, NAME(x), LANES, and LOAD_SPAN and
 * STORE_SPAN where the ISA has masked moves. Undefines them for the next type. */
#define NR (TMK_NRV * LANES)
#define EACH_LANE(M, d) EACH_N(LANES, M, d)

#include "micro_simd.h"

#include "micro_multiply.h"

#include "micro_pack.h"

#include "micro_thin.h"

static const struct tmk_micro NAME(micro) = {
    TMK_MR, NR, LANES, NAME(pack), MULTIPLY_TABLE, NAME(add_rows), NAME(dot)};

#undef NR
#undef EACH_LANE
#undef T
#undef NAME
#undef LANES
#undef LOAD_SPAN
#undef STORE_SPAN
#undef ADD_PRODUCT
