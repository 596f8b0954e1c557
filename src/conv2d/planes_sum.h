/* Sums of gradients, for one element type (planes_body.h). */

enum { NAME(sums) = 4 }; /* vectors side by side, so that one addition need not wait for the last */

/* sum[v] += from[v] for `vectors` vectors, the last of them cut to `last`. */
INLINE void NAME(add_vectors)(NAME(vec) * sum, const T *from, const int vectors, SPAN last)
{
    UNROLL for (int v = 0; v + 1 < vectors; v++) sum[v] += NAME(load)(from + v * LANES);
    sum[vectors - 1] += NAME(load_span)(from + (vectors - 1) * LANES, last);
}

static double NAME(sum_runs)(const void *from, ptrdiff_t runs, ptrdiff_t step, ptrdiff_t count)
{
    enum { WIDTH = NAME(sums) * LANES };
    const SPAN all = NAME(span)(0, LANES);
    const T *run = from;
    NAME(vec) sum[NAME(sums)] = {{0}};
    for (ptrdiff_t r = 0; r < runs; r++, run += step) {
        ptrdiff_t i = 0;
        for (; i + WIDTH <= count; i += WIDTH)
            NAME(add_vectors)(sum, run + i, NAME(sums), all);
        for (; i < count; i += LANES)
            NAME(add_vectors)(sum, run + i, 1, NAME(span)(0, count - i));
    }
    double total = 0;
    for (int l = 0; l < LANES; l++) {
        for (int v = 0; v < NAME(sums); v++)
            total += (double)sum[v][l];
    }
    return total;
}

/* `vectors` vectors of columns. */
INLINE void NAME(sum_strip)(const T *from, ptrdiff_t rows, ptrdiff_t step, ptrdiff_t count, T *sums,
                            const int vectors)
{
    const SPAN last = NAME(span)(0, count - (vectors - 1) * LANES);
    NAME(vec) sum[NAME(sums)] = {{0}};
    for (ptrdiff_t r = 0; r < rows; r++, from += step)
        NAME(add_vectors)(sum, from, vectors, last);
    UNROLL for (int v = 0; v < vectors; v++)
        NAME(store_span)(sums + v * LANES, sum[v], v + 1 < vectors ? NAME(span)(0, LANES) : last);
}

static void NAME(sum_columns)(const void *from, ptrdiff_t rows, ptrdiff_t step, ptrdiff_t count,
                              void *sums)
{
    enum { WIDTH = NAME(sums) * LANES };
    ptrdiff_t j = 0;
    for (; j + WIDTH <= count; j += WIDTH)
        NAME(sum_strip)((const T *)from + j, rows, step, WIDTH, (T *)sums + j, NAME(sums));
    for (; j < count; j += LANES)
        NAME(sum_strip)
        ((const T *)from + j, rows, step, TMK_MIN(count - j, LANES), (T *)sums + j, 1);
}
