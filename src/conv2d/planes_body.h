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

/* Lanes [lo, hi) of a vector at p, the rest zero and not read; the bounds may lie outside it. */
INLINE NAME(vec) NAME(load_lanes)(const T *p, ptrdiff_t lo, ptrdiff_t hi)
{
    lo = lo < 0 ? 0 : lo > LANES ? LANES : lo;
    hi = hi < lo ? lo : hi > LANES ? LANES : hi;
#ifdef LOAD_LANES
    return (NAME(vec))LOAD_LANES(p, lo, hi);
#else
    NAME(vec) v = {0};
    for (ptrdiff_t i = lo; i < hi; i++)
        v[i] = p[i];
    return v;
#endif
}

/* The first n lanes to p; none if n <= 0, all if n >= LANES. */
INLINE void NAME(store_first)(T *p, NAME(vec) v, ptrdiff_t n)
{
    n = n < 0 ? 0 : n > LANES ? LANES : n;
#ifdef STORE_LANES
    STORE_LANES(p, 0, n, v);
#else
    for (ptrdiff_t i = 0; i < n; i++)
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
