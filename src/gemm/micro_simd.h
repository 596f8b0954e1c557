/* Vectors of one element type T; NAME(x) gives x its suffix, LANES is the number of elements. */

/* A vector that may stand at any element. */
typedef T NAME(vec) __attribute__((vector_size(TMK_VBYTES), aligned(sizeof(T)), may_alias));

/* Lanes [lo, hi) of a vector, cut to what it has. */
static inline SPAN NAME(span)(ptrdiff_t lo, ptrdiff_t hi)
{
    lo = lo < 0 ? 0 : lo > LANES ? LANES : lo;
    hi = hi < lo ? lo : hi > LANES ? LANES : hi;
    return MAKE_SPAN(lo, hi);
}

/* The lanes of a span, the rest zero; nothing else is read. */
static inline NAME(vec) NAME(load_span)(const T *p, SPAN span)
{
#ifdef LOAD_SPAN
    return (NAME(vec))LOAD_SPAN(p, span);
#else
    NAME(vec) v = {0};
    if (span.hi - span.lo == LANES)
        return *(const NAME(vec) *)p;
    for (ptrdiff_t i = span.lo; i < span.hi; i++)
        v[i] = p[i];
    return v;
#endif
}

/* Nothing but the lanes of the span is written. */
static inline void NAME(store_span)(T *p, NAME(vec) v, SPAN span)
{
#ifdef STORE_SPAN
    STORE_SPAN(p, span, v);
#else
    if (span.hi - span.lo == LANES) {
        *(NAME(vec) *)p = v;
        return;
    }
    for (ptrdiff_t i = span.lo; i < span.hi; i++)
        p[i] = v[i];
#endif
}

/* Transpose a LANES x LANES block: in the stage of distance d, of every two rows d apart the odd
 * blocks of d columns of the upper one change places with the even blocks of the lower one. */
static inline __attribute__((always_inline)) void NAME(transpose)(NAME(vec) rows[LANES])
{
#define UPPER(d, p) ((p) / (d) % 2 ? LANES + (p) - (d) : (p))
#define LOWER(d, p) ((p) / (d) % 2 ? LANES + (p) : (p) + (d))
#define STAGE(d)                                                                                   \
    UNROLL for (int i = 0; i < LANES; i++)                                                         \
    {                                                                                              \
        if (i / (d) % 2 == 0) {                                                                    \
            NAME(vec) a = rows[i], b = rows[i + (d)];                                              \
            rows[i] = __builtin_shufflevector(a, b, EACH_LANE(UPPER, d));                          \
            rows[i + (d)] = __builtin_shufflevector(a, b, EACH_LANE(LOWER, d));                    \
        }                                                                                          \
    }
    STAGE(1)
#if LANES > 2
    STAGE(2)
#endif
#if LANES > 4
    STAGE(4)
#endif
#if LANES > 8
    STAGE(8)
#endif
#undef STAGE
#undef UPPER
#undef LOWER
}
