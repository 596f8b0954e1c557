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

/* Rows of C, `vectors` wide or, the last of a row, as far as `span`; `past`: they are stored past
 * the caches. */
INLINE void NAME(outer_block)(const struct tmk_tile *t, size_t first, ptrdiff_t column,
                              const int rows, const int vectors, bool past, const bool add,
                              const SPAN *span)
{
    const T *a = (const T *)t->a + (ptrdiff_t)first * t->a_row;
    const T *b = (const T *)t->b + column / NR * t->b_panel + column % NR;
    NAME(vec) sum[OUTER_ROWS][TMK_NRV];
    UNROLL for (int v = 0; v < vectors; v++)
    {
        NAME(vec) bias = {0};
        if (t->col_bias) {
            const T *from = (const T *)t->col_bias + column + v * LANES;
            bias = span ? NAME(load_span)(from, *span) : NAME(load)(from);
        }
        UNROLL for (int i = 0; i < rows; i++) sum[i][v] =
            bias + (t->row_bias ? ((const T *)t->row_bias)[first + (size_t)i] : 0);
    }
    for (size_t k = 0; k < t->kc; k++, a += t->a_k, b += t->b_k) {
        UNROLL for (int v = 0; v < vectors; v++)
        {
            const NAME(vec) bk = span ? NAME(load_span)(b, *span) : NAME(load)(b + v * LANES);
            UNROLL for (int i = 0; i < rows; i++) sum[i][v] += a[i * t->a_row] * bk;
        }
    }
    if (add) {
        UNROLL for (int i = 0; i < rows; i++)
        {
            const T *out = (const T *)t->c + t->row[first + (size_t)i] + column;
            UNROLL for (int v = 0; v < vectors; v++) sum[i][v] +=
                span ? NAME(load_span)(out, *span) : NAME(load)(out + v * LANES);
        }
    }
    UNROLL for (int i = 0; i < rows; i++)
    {
        T *out = (T *)t->c + t->row[first + (size_t)i] + column;
        UNROLL for (int v = 0; v < vectors; v++)
        {
            if (past)
                STORE_PAST(out + v * LANES, sum[i][v]);
            else if (span)
                NAME(store_span)(out, sum[i][v], *span);
            else
                NAME(store)(out + v * LANES, sum[i][v]);
        }
    }
}

INLINE void NAME(outer_rows)(const struct tmk_tile *t, size_t first, const int rows, bool past,
                             const bool add)
{
    const ptrdiff_t width = (ptrdiff_t)t->width;
    ptrdiff_t j = 0;
    for (; j + NR <= width; j += NR)
        NAME(outer_block)(t, first, j, rows, TMK_NRV, past, add, NULL);
    for (; j + LANES <= width; j += LANES)
        NAME(outer_block)(t, first, j, rows, 1, past, add, NULL);
    if (j < width) {
        const SPAN span = NAME(span)(0, width - j);
        NAME(outer_block)(t, first, j, rows, 1, false, add, &span);
    }
}

INLINE void NAME(outer_tiles)(const struct tmk_tile *t, size_t rows, bool past, const bool add)
{
    size_t i = 0;
    for (; i + OUTER_ROWS <= rows; i += OUTER_ROWS)
        NAME(outer_rows)(t, i, OUTER_ROWS, past, add);
    for (; i + 2 <= rows; i += 2)
        NAME(outer_rows)(t, i, 2, past, add);
    for (; i < rows; i++)
        NAME(outer_rows)(t, i, 1, past, add);
}

/* K is small: the rows of C are written as they go. */
static void NAME(outer)(const struct tmk_tile *t, size_t rows)
{
    if (t->accumulate)
        NAME(outer_tiles)(t, rows, false, true);
    else
        NAME(outer_tiles)(t, rows, t->past && (uintptr_t)t->c % TMK_VBYTES == 0, false);
    STORES_DONE();
}
