/* Blocks of rows on their way to and from vectors of their columns, for one element type T; NAME(x)
 * gives x its suffix. Includer: defines TMK_VBYTES and T, once per type (micro_types.h). */

/* The first n elements at p. */
static inline NAME(vec) NAME(load_first)(const T *p, size_t n)
{
    return NAME(load_span)(p, NAME(span)(0, (ptrdiff_t)n));
}

static inline void NAME(store_first)(T *p, NAME(vec) v, size_t n)
{
    NAME(store_span)(p, v, NAME(span)(0, (ptrdiff_t)n));
}

/* LANES x LANES elements of rows `step` apart: row j becomes lane j. Rows from `rows` on are zero,
 * of each row the first n elements are read. */
INLINE void NAME(load_turned)(const T *from, ptrdiff_t step, size_t rows, size_t n,
                              NAME(vec) block[LANES])
{
    UNROLL for (size_t j = 0; j < LANES; j++)
    {
        const T *row = from + (ptrdiff_t)j * step;
        block[j] = (NAME(vec)){0};
        if (j < rows)
            block[j] = n >= LANES ? *(const NAME(vec) *)row : NAME(load_first)(row, n);
    }
    NAME(transpose)(block);
}

INLINE void NAME(stream)(T *to, NAME(vec) v)
{
#if TMK_VBYTES == 64
    if ((uintptr_t)to % TMK_VBYTES == 0) {
        _mm512_stream_si512((void *)to, (__m512i)v);
        return;
    }
#endif
    *(NAME(vec) *)to = v;
}

/* The other way: lane j of each vector goes to row j, rows from `rows` on nowhere. */
INLINE void NAME(store_turned)(T *to, ptrdiff_t step, size_t rows, size_t n, bool stream,
                               NAME(vec) block[LANES])
{
    NAME(transpose)(block);
    UNROLL for (size_t j = 0; j < LANES; j++)
    {
        T *row = to + (ptrdiff_t)j * step;
        if (j >= rows)
            continue;
        if (n < LANES)
            NAME(store_first)(row, block[j], n);
        else if (stream)
            NAME(stream)(row, block[j]);
        else
            *(NAME(vec) *)row = block[j];
    }
}
