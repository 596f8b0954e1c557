/* Products with few rows or little depth, for one element type T; NAME(x) gives x its suffix. B is
 * read where it lies, along its rows. */

/* C gets its start: what it holds, biases. */
static void NAME(start_rows)(const struct tmk_tile *t, size_t rows)
{
    const ptrdiff_t width = (ptrdiff_t)t->width;
    for (size_t i = 0; i < rows; i++) {
        T *c = (T *)t->c + t->row[i];
        for (ptrdiff_t j = 0; j < width; j++) {
            T start = t->accumulate ? c[j] : 0;
            start += t->row_bias ? ((const T *)t->row_bias)[i] : 0;
            c[j] = start + (t->col_bias ? ((const T *)t->col_bias)[j] : 0);
        }
    }
}

/* `depth` rows of B from k on, a constant, are added to all rows of C. */
INLINE void NAME(add_deep)(const struct tmk_tile *t, size_t rows, size_t k, const int depth)
{
    const ptrdiff_t width = (ptrdiff_t)t->width, b_k = t->b_k;
    const T *b = (const T *)t->b + (ptrdiff_t)k * b_k;
    T a[TMK_MICRO_THIN][THIN_DEPTH];
    for (size_t i = 0; i < rows; i++) {
        const T *from = (const T *)t->a + (ptrdiff_t)i * t->a_row + (ptrdiff_t)k * t->a_k;
        UNROLL for (int q = 0; q < depth; q++) a[i][q] = from[q * t->a_k];
    }
    ptrdiff_t j = 0;
    for (; j + LANES <= width; j += LANES) {
        NAME(vec) bk[THIN_DEPTH];
        UNROLL for (int q = 0; q < depth; q++)
        {
            bk[q] = NAME(load)(b + q * b_k + j);
            __builtin_prefetch(b + (q + depth) * b_k + j);
        }
        for (size_t i = 0; i < rows; i++) {
            T *out = (T *)t->c + t->row[i] + j;
            NAME(vec) sum = NAME(load)(out);
            UNROLL for (int q = 0; q < depth; q++) sum += a[i][q] * bk[q];
            NAME(store)(out, sum);
        }
    }
    if (j == width)
        return;
    const SPAN span = NAME(span)(0, width - j);
    for (size_t i = 0; i < rows; i++) {
        T *out = (T *)t->c + t->row[i] + j;
        NAME(vec) sum = NAME(load_span)(out, span);
        UNROLL for (int q = 0; q < depth; q++) sum +=
            a[i][q] * NAME(load_span)(b + q * b_k + j, span);
        NAME(store_span)(out, sum, span);
    }
}

/* B's columns are neighbours: some of its rows at a time are added to the rows of C, the more of
 * them the more rows of C there are to be read and written. */
static void NAME(add_rows)(const struct tmk_tile *t, size_t rows)
{
    size_t k = 0;
    NAME(start_rows)(t, rows);
    for (; rows > 4 && k + THIN_DEPTH <= t->kc; k += THIN_DEPTH)
        NAME(add_deep)(t, rows, k, THIN_DEPTH);
    for (; rows > 1 && k + 8 <= t->kc; k += 8)
        NAME(add_deep)(t, rows, k, 8);
    for (; k + 4 <= t->kc; k += 4)
        NAME(add_deep)(t, rows, k, 4);
    for (; k < t->kc; k++)
        NAME(add_deep)(t, rows, k, 1);
}

/* Some rows and vectors of C; `past`: they are stored past the caches. */
static inline __attribute__((always_inline)) void NAME(outer_block)(const struct tmk_tile *t,
                                                                    size_t first, ptrdiff_t column,
                                                                    const int rows,
                                                                    const int vectors, bool past)
{
    const T *a = (const T *)t->a + (ptrdiff_t)first * t->a_row, *b = (const T *)t->b + column;
    NAME(vec) sum[OUTER_ROWS][TMK_NRV];
    UNROLL for (int i = 0; i < rows; i++)
    {
        const T bias = t->row_bias ? ((const T *)t->row_bias)[first + (size_t)i] : 0;
        UNROLL for (int v = 0; v < vectors; v++)
        {
            sum[i][v] = bias + (NAME(vec)){0};
            if (t->col_bias)
                sum[i][v] += ((const NAME(vec) *)((const T *)t->col_bias + column))[v];
        }
    }
    for (size_t k = 0; k < t->kc; k++, a += t->a_k, b += t->b_k) {
        UNROLL for (int v = 0; v < vectors; v++)
        {
            const NAME(vec) bk = ((const NAME(vec) *)b)[v];
            UNROLL for (int i = 0; i < rows; i++) sum[i][v] += a[i * t->a_row] * bk;
        }
    }
    UNROLL for (int i = 0; i < rows; i++)
    {
        T *out = (T *)t->c + t->row[first + (size_t)i] + column;
        UNROLL for (int v = 0; v < vectors; v++)
        {
            if (past)
                STORE_PAST(out + v * LANES, sum[i][v]);
            else
                *(NAME(vec) *)(out + v * LANES) = sum[i][v];
        }
    }
}

/* K is small and C large: its rows are written as they go, nothing of it is read. */
static void NAME(outer)(const struct tmk_tile *t, size_t rows)
{
    const bool past = t->past && (uintptr_t)t->c % TMK_VBYTES == 0;
    const ptrdiff_t width = (ptrdiff_t)t->width, whole = width - width % NR;
    for (size_t i = 0; i < rows; i += OUTER_ROWS) {
        if (rows - i >= OUTER_ROWS) {
            for (ptrdiff_t j = 0; j < whole; j += NR)
                NAME(outer_block)(t, i, j, OUTER_ROWS, TMK_NRV, past);
            for (ptrdiff_t j = whole; j < width; j += LANES)
                NAME(outer_block)(t, i, j, OUTER_ROWS, 1, past);
        } else {
            for (size_t l = i; l < rows; l++) {
                for (ptrdiff_t j = 0; j < width; j += LANES)
                    NAME(outer_block)(t, l, j, 1, 1, past);
            }
        }
    }
    STORES_DONE();
}
