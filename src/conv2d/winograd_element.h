/* All of Winograd's innermost parts for one element type (micro_types.h). */
#include "winograd_strip.h"

#include "winograd_points.h"

#include "winograd_tile.h"
