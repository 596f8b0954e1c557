/* The body of planes.c for one element type (micro_types.h). */

/* Vector j of what a tap reads. `masks`: the tap's, or NULL. */
INLINE NAME(vec) NAME(load_tap)(const T *from, const uint16_t *masks, ptrdiff_t j)
{
#if TMK_VBYTES == 64
    if (masks)
        return NAME(load_span)(from + j * LANES, masks[j]);
#else
    (void)masks;
#endif
    return NAME(load)(from + j * LANES);
}

#include "planes_copy.h"

#include "planes_correlate.h"

#include "planes_weigh.h"

#include "planes_sum.h"
