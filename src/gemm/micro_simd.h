/* Vectors of one element type (micro_types.h). */

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

/* All lanes x: x - 0 is x whatever x is, x + 0 is not, and would be computed. */
INLINE NAME(vec) NAME(fill)(T x)
{
    return x - (NAME(vec)){0};
}

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
#if TMK_VBYTES > 16
    return (NAME(vec))LOAD_SPAN(p, span);
#else
    NAME(vec) v = {0};
    if (span.hi - span.lo == LANES)
        return NAME(load)(p);
    for (ptrdiff_t i = span.lo; i < span.hi; i++)
        v[i] = p[i];
    return v;
#endif
}

/* Nothing but the lanes of the span is written. */
static inline void NAME(store_span)(T *p, NAME(vec) v, SPAN span)
{
#if TMK_VBYTES > 16
    STORE_SPAN(p, span, v);
#else
    if (span.hi - span.lo == LANES) {
        NAME(store)(p, v);
        return;
    }
    for (ptrdiff_t i = span.lo; i < span.hi; i++)
        p[i] = v[i];
#endif
}

/* The stage of distance d of a transpose: every two rows d apart take each other's place in part.
 */
#define TRANSPOSE_STAGE(d, count, FIRST, SECOND)                                                   \
    UNROLL for (int i = 0; i + (d) < (count); i++)                                                 \
    {                                                                                              \
        if (i / (d) % 2 == 0) {                                                                    \
            NAME(vec) a = rows[i], b = rows[i + (d)];                                              \
            rows[i] = __builtin_shufflevector(a, b, EACH_LANE(FIRST, d));                          \
            rows[i + (d)] = __builtin_shufflevector(a, b, EACH_LANE(SECOND, d));                   \
        }                                                                                          \
    }

/* STAGE(d) in an order that leaves every element of a block in its place. */
#define EACH_STAGE(STAGE) STAGE(2) STAGE(1) STAGE(4) STAGE(8)

/* Transpose a LANES x LANES block. */
#define STAGE(d) TRANSPOSE_STAGE(d, LANES, NEAR, FAR)
INLINE void NAME(transpose)(NAME(vec) rows[LANES])
{
    EACH_STAGE(STAGE)
}
#undef STAGE

/* The sums of `count` <= LANES vectors' lanes, as lanes of one: a transpose, but that the two rows
 * which come out of a stage are added. */
#define STAGE(d)                                                                                   \
    UNROLL for (int i = 0; i + (d) < LANES; i++)                                                   \
    {                                                                                              \
        NAME(vec) a = rows[i], b = rows[i + (d)];                                                  \
        rows[i] = __builtin_shufflevector(a, b, EACH_LANE(NEAR, d)) +                              \
                  __builtin_shufflevector(a, b, EACH_LANE(FAR, d));                                \
    }
INLINE NAME(vec) NAME(sum_lanes)(const NAME(vec) * sums, size_t count)
{
    NAME(vec) rows[LANES];
    UNROLL for (size_t l = 0; l < LANES; l++) rows[l] = l < count ? sums[l] : (NAME(vec)){0};
    EACH_STAGE(STAGE)
    return rows[0];
}
#undef STAGE

/* Two blocks of half as many rows and columns side by side: transpose either. */
#define STAGE(d) TRANSPOSE_STAGE(d, LANES / 2, UPPER, LOWER)
INLINE void NAME(transpose_half)(NAME(vec) rows[LANES / 2])
{
    EACH_DISTANCE(STAGE)
}
#undef STAGE
#undef EACH_STAGE
#undef TRANSPOSE_STAGE

/* A row of a tile: sum[j] += *a * b[j]. */
INLINE void NAME(add_row)(NAME(vec) * sum, const T *a, const NAME(vec) * b, const int vectors,
                          const int row)
{
#ifdef ADD_PRODUCT /* micro_tile.h */
    const NAME(vec) all = NAME(fill)(*a);
    UNROLL for (int j = 0; j < vectors; j++)
    {
        if (row % 2 == 0 || vectors == 1)
            ADD_PRODUCT(sum[j], a, b[j]);
        else
            ADD_SCALED(sum[j], all, b[j]);
    }
#else
    (void)row;
    UNROLL for (int j = 0; j < vectors; j++) sum[j] += *a * b[j];
#endif
}
