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

/* A vector of `depth` rows of B is added to `rows` rows of C side by side, so that none waits for
 * its own sum. */
INLINE void NAME(add_vector)(const struct tmk_tile *t, size_t first, ptrdiff_t column,
                             T (*a)[THIN_DEPTH], const NAME(vec) * b, const int rows,
                             const int depth, const SPAN *span)
{
    const ptrdiff_t *row = t->row + first;
    T *c = (T *)t->c + column;
    NAME(vec) sum[THIN_ROWS];
    UNROLL for (int i = 0; i < rows; i++) sum[i] =
        span ? NAME(load_span)(c + row[i], *span) : NAME(load)(c + row[i]);
    UNROLL for (int q = 0; q < depth; q++)
    {
        UNROLL for (int i = 0; i < rows; i++) sum[i] += a[first + (size_t)i][q] * b[q];
    }
    UNROLL for (int i = 0; i < rows; i++)
    {
        if (span)
            NAME(store_span)(c + row[i], sum[i], *span);
        else
            NAME(store)(c + row[i], sum[i]);
    }
}

/* A vector of `depth` rows of B. */
INLINE void NAME(add_column)(const struct tmk_tile *t, size_t rows, const T *b, ptrdiff_t column,
                             T (*a)[THIN_DEPTH], const int depth, const SPAN *span)
{
    NAME(vec) bk[THIN_DEPTH];
    UNROLL for (int q = 0; q < depth; q++)
    {
        const T *from = b + q * t->b_k + column;
        bk[q] = span ? NAME(load_span)(from, *span) : NAME(load)(from);
    }
    size_t i = 0;
    for (; i + THIN_ROWS <= rows; i += THIN_ROWS)
        NAME(add_vector)(t, i, column, a, bk, THIN_ROWS, depth, span);
    for (; i + 4 <= rows; i += 4)
        NAME(add_vector)(t, i, column, a, bk, 4, depth, span);
    for (; i < rows; i++)
        NAME(add_vector)(t, i, column, a, bk, 1, depth, span);
}

/* `depth` rows of B from k on, a constant, are added to all rows of C. */
INLINE void NAME(add_deep)(const struct tmk_tile *t, size_t rows, size_t k, const int depth)
{
    const ptrdiff_t width = (ptrdiff_t)t->width;
    const T *b = (const T *)t->b + (ptrdiff_t)k * t->b_k;
    T a[TMK_MICRO_THIN][THIN_DEPTH];
    for (size_t i = 0; i < rows; i++) {
        const T *from = (const T *)t->a + (ptrdiff_t)i * t->a_row + (ptrdiff_t)k * t->a_k;
        UNROLL for (int q = 0; q < depth; q++) a[i][q] = from[q * t->a_k];
    }
    ptrdiff_t j = 0;
    for (; j + LANES <= width; j += LANES)
        NAME(add_column)(t, rows, b, j, a, depth, NULL);
    if (j < width) {
        const SPAN span = NAME(span)(0, width - j);
        NAME(add_column)(t, rows, b, j, a, depth, &span);
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
    for (; k + 8 <= t->kc; k += 8)
        NAME(add_deep)(t, rows, k, 8);
    for (; k + 4 <= t->kc; k += 4)
        NAME(add_deep)(t, rows, k, 4);
    for (; k < t->kc; k++)
        NAME(add_deep)(t, rows, k, 1);
}

/* Rows of C, `vectors` wide or, the last of a row, as far as `span`; `past`: they are stored past
 * the caches. */
INLINE void NAME(outer_block)(const struct tmk_tile *t, ptrdiff_t column, const int rows,
                              const int vectors, bool past, const bool add, const SPAN *span)
{
    const ptrdiff_t a_row = t->a_row, a_k = t->a_k, b_k = t->b_k, b_panel = t->b_panel;
    const T *a = t->a, *b = (const T *)t->b + column / NR * t->b_panel + column % NR;
    T *c = (T *)t->c + column;
    NAME(vec) sum[OUTER_ROWS][OUTER_VECTORS];
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = (NAME(vec)){0};
    }
    ROLLED for (size_t k = t->kc; k > 0; k--)
    {
        NAME(vec) bk[OUTER_VECTORS];
        UNROLL for (int v = 0; v < vectors; v++) bk[v] =
            span ? NAME(load_span)(b, *span)
                 : NAME(load)(b + v / TMK_NRV * b_panel + v % TMK_NRV * LANES);
        UNROLL for (int i = 0; i < rows; i++) NAME(add_row)(sum[i], a + i * a_row, bk, vectors, 1);
        a += a_k;
        b += b_k;
    }
    if (t->row_bias || t->col_bias) {
        const T *row_bias = t->row_bias, *col_bias = t->col_bias;
        UNROLL for (int v = 0; v < vectors; v++)
        {
            NAME(vec) bias = {0};
            if (col_bias)
                bias = span ? NAME(load_span)(col_bias + column, *span)
                            : NAME(load)(col_bias + column + v * LANES);
            UNROLL for (int i = 0; i < rows; i++) sum[i][v] += bias + (row_bias ? row_bias[i] : 0);
        }
    }
    UNROLL for (int i = 0; i < rows; i++)
    {
        T *out = c + t->row[i];
        UNROLL for (int v = 0; v < vectors; v++)
        {
            if (add)
                sum[i][v] += span ? NAME(load_span)(out, *span) : NAME(load)(out + v * LANES);
            if (past)
                STORE_PAST(out + v * LANES, sum[i][v]);
            else if (span)
                NAME(store_span)(out, sum[i][v], *span);
            else
                NAME(store)(out + v * LANES, sum[i][v]);
        }
    }
}

/* Rows of A that many columns meet are brought together first, as their elements may lie apart. */
INLINE void NAME(gather_rows)(struct tmk_tile *t, size_t first, const int rows, T *out)
{
    const T *a = (const T *)t->a + (ptrdiff_t)first * t->a_row;
    for (size_t k = 0; k < t->kc; k++, a += t->a_k) {
        UNROLL for (int i = 0; i < rows; i++) out[k * (size_t)rows + (size_t)i] = a[i * t->a_row];
    }
    t->a = out;
    t->a_row = 1;
    t->a_k = rows;
}

INLINE void NAME(outer_rows)(const struct tmk_tile *tile, size_t first, const int rows, bool past,
                             const bool add)
{
    T gathered[OUTER_ROWS * TMK_MICRO_SHALLOW];
    struct tmk_tile rows_of = *tile, *const t = &rows_of;
    const ptrdiff_t width = (ptrdiff_t)t->width;
    if (width >= OUTER_WIDE && t->a_k != 1)
        NAME(gather_rows)(t, first, rows, gathered);
    else
        t->a = (const T *)t->a + (ptrdiff_t)first * t->a_row;
    t->row += first;
    if (t->row_bias)
        t->row_bias = (const T *)t->row_bias + first;
    ptrdiff_t j = 0;
    for (; j + OUTER_VECTORS * LANES <= width; j += OUTER_VECTORS * LANES)
        NAME(outer_block)(t, j, rows, OUTER_VECTORS, past, add, NULL);
    for (; j + NR <= width; j += NR)
        NAME(outer_block)(t, j, rows, TMK_NRV, past, add, NULL);
    for (; j + LANES <= width; j += LANES)
        NAME(outer_block)(t, j, rows, 1, past, add, NULL);
    if (j < width) {
        const SPAN span = NAME(span)(0, width - j);
        NAME(outer_block)(t, j, rows, 1, false, add, &span);
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
