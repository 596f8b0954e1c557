/* Bringing a tile that was computed aside to columns of C that lie apart, for one element type T;
 * NAME(x) gives x its suffix. */

/* `rows` stretches of `length` neighbours. */
INLINE void NAME(put_run)(const struct tmk_tile *t, const T *from, size_t rows, T *to,
                          ptrdiff_t length)
{
    for (ptrdiff_t j = 0; j < length; j += LANES) {
        const SPAN span = NAME(span)(0, length - j);
        for (size_t i = 0; i < rows; i++) {
            T *out = to + t->row[i] + j;
            NAME(vec) sum = NAME(load)(from + i * NR + j);
            if (t->accumulate)
                sum += NAME(load_span)(out, span);
            NAME(store_span)(out, sum, span);
        }
    }
}

static void NAME(put)(const struct tmk_tile *t, const void *aside, size_t rows,
                      const struct tmk_run *runs, size_t nruns)
{
    for (size_t r = 0; r < nruns; r++) {
        const T *from = (const T *)aside + runs[r].start;
        T *to = (T *)t->c + runs[r].offset;
        if (runs[r].step == 1) {
            NAME(put_run)(t, from, rows, to, (ptrdiff_t)runs[r].length);
            continue;
        }
        for (size_t i = 0; i < rows; i++) {
            for (ptrdiff_t j = 0; j < (ptrdiff_t)runs[r].length; j++) {
                T *out = to + t->row[i] + j * runs[r].step;
                *out = (t->accumulate ? *out : 0) + from[(ptrdiff_t)(i * NR) + j];
            }
        }
    }
}
