/* Vectors of one element type T; NAME(x) gives x its suffix, LANES is the number of elements. */

/* A vector that may stand at any element. */
typedef T NAME(vec) __attribute__((vector_size(TMK_VBYTES), aligned(sizeof(T)), may_alias));

/* The first n < LANES elements at p, the rest zero; nothing beyond them is read. */
static inline NAME(vec) NAME(load_part)(const T *p, size_t n)
{
#ifdef LOAD_PART
    return (NAME(vec))LOAD_PART(p, n);
#else
    NAME(vec) v = {0};
    for (size_t i = 0; i < n; i++)
        v[i] = p[i];
    return v;
#endif
}

/* Nothing beyond the first n < LANES elements is written. */
static inline void NAME(store_part)(T *p, NAME(vec) v, size_t n)
{
#ifdef STORE_PART
    STORE_PART(p, n, v);
#else
    for (size_t i = 0; i < n; i++)
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
