/* All of Winograd's innermost parts for one element type: T, NAME(x), LANES, and LOAD_SPAN and
 * STORE_SPAN where the ISA has masked moves. Undefines them for the next type. */
#define EACH_LANE(M, d) EACH_N(LANES, M, d)

#include "micro_simd.h"

#include "winograd_strip.h"

#include "winograd_points.h"

#include "winograd_tile.h"

#undef EACH_LANE
#undef T
#undef NAME
#undef LANES
#undef LOAD_SPAN
#undef STORE_SPAN
