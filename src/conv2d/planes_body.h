/* The body of planes.c for one element type: T, NAME(x), LANES, and LOAD_LANES and STORE_LANES
 * where the ISA has masked moves. Undefines them for the next type. */

/* A vector that may stand at any element. */
typedef T NAME(vec) __attribute__((vector_size(TMK_VBYTES), aligned(sizeof(T)), may_alias));

INLINE NAME(vec) NAME(load)(const T *p)
{
    return *(const NAME(vec) *)p;
}

INLINE void NAME(store)(T *p, NAME(vec) v)
{
    *(NAME(vec) *)p = v;
}

/* Lanes [lo, hi); the bounds may lie outside the vector. */
INLINE lane_mask NAME(mask)(ptrdiff_t lo, ptrdiff_t hi)
{
    lo = lo < 0 ? 0 : lo > LANES ? LANES : lo;
    hi = hi < lo ? lo : hi > LANES ? LANES : hi;
#if defined(__AVX2__) && !defined(__AVX512F__)
    lo *= (ptrdiff_t)sizeof(T) / 4, hi *= (ptrdiff_t)sizeof(T) / 4;
#endif
    return make_mask(lo, hi);
}

/* The lanes of `mask`, the rest zero and not read. */
INLINE NAME(vec) NAME(load_lanes)(const T *p, lane_mask mask)
{
#ifdef LOAD_LANES
    return (NAME(vec))LOAD_LANES(p, mask);
#else
    if (mask.hi - mask.lo == LANES)
        return NAME(load)(p);
    NAME(vec) v = {0};
    for (ptrdiff_t i = mask.lo; i < mask.hi; i++)
        v[i] = p[i];
    return v;
#endif
}

/* Nothing but the lanes of `mask` is written. */
INLINE void NAME(store_lanes)(T *p, lane_mask mask, NAME(vec) v)
{
#ifdef STORE_LANES
    STORE_LANES(p, mask, v);
#else
    for (ptrdiff_t i = mask.lo; i < mask.hi; i++)
        p[i] = v[i];
#endif
}

#include "planes_copy.h"

#include "planes_sum.h"

#undef T
#undef NAME
#undef LANES
#undef LOAD_LANES
#undef STORE_LANES
