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

/* Rows next to each other in C are columns there: `length` of them, `step` apart. */
INLINE void NAME(put_across)(const struct tmk_tile *t, const T *from, size_t rows, T *to,
                             ptrdiff_t step, size_t length)
{
    for (size_t i = 0; i < rows; i += LANES) {
        const SPAN span = NAME(span)(0, (ptrdiff_t)(rows - i));
        for (size_t j = 0; j < length; j += LANES) {
            NAME(vec) block[LANES];
            UNROLL for (size_t r = 0; r < LANES; r++) block[r] =
                i + r < rows ? NAME(load)(from + (i + r) * NR + j) : (NAME(vec)){0};
            NAME(transpose)(block);
            T *out = to + t->row[i] + (ptrdiff_t)j * step;
            UNROLL for (size_t r = 0; r < LANES; r++)
            {
                if (j + r >= length)
                    break;
                if (t->accumulate)
                    block[r] += NAME(load_span)(out, span);
                NAME(store_span)(out, block[r], span);
                out += step;
            }
        }
    }
}

static bool NAME(side_by_side)(const ptrdiff_t *row, size_t rows)
{
    for (size_t i = 1; i < rows; i++) {
        if (row[i] != row[0] + (ptrdiff_t)i)
            return false;
    }
    return true;
}

static void NAME(put)(const struct tmk_tile *t, const void *aside, size_t rows,
                      const struct tmk_run *runs, size_t nruns)
{
    const bool across = rows > 1 && NAME(side_by_side)(t->row, rows);
    for (size_t r = 0; r < nruns; r++) {
        const T *from = (const T *)aside + runs[r].start;
        T *to = (T *)t->c + runs[r].offset;
        if (runs[r].step == 1) {
            NAME(put_run)(t, from, rows, to, (ptrdiff_t)runs[r].length);
            continue;
        }
        if (across) {
            NAME(put_across)(t, from, rows, to, runs[r].step, runs[r].length);
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
