/* All of the engine's innermost parts for one element type (micro_types.h). */
#include "micro_multiply.h"

#include "micro_pack.h"

#include "micro_put.h"

#include "micro_thin.h"

#include "micro_dot.h"

#include "micro_tiny.h"

static const struct tmk_micro NAME(micro) = {
    TMK_MR,           NR,        LANES,          OUTER_ROWS,     TMK_WIDE_MR, NAME(pack),
    NAME(pack_tiles), NAME(put), MULTIPLY_TABLE, NAME(add_rows), NAME(outer), NAME(dot),
    NAME(tiny)};
