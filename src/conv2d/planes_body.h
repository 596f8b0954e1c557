/* The body of planes.c for one element type (micro_types.h). */

#include "planes_copy.h"

#include "planes_correlate.h"

#include "planes_weigh.h"

#include "planes_sum.h"
