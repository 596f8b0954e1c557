/* Products of which nothing but the number of columns is large, for one element type T; NAME(x)
 * gives x its suffix: no more rows and steps of k than a vector has lanes. A vector of columns at a
 * time; what lies across is transposed on its way, of B where it runs along k, of C where it runs
 * along its rows. */

/* Rows of `vectors` columns: `count` of them from `column` on. */
INLINE void NAME(load_tiny)(const struct tmk_tile *t, ptrdiff_t column, ptrdiff_t count,
                            NAME(vec) * b, const int depth)
{
    const T *from = (const T *)t->b + column * t->b_column;
    const ptrdiff_t kc = (ptrdiff_t)t->kc;
    if (t->b_k != 1) {
        const SPAN span = NAME(span)(0, count);
        UNROLL for (int k = 0; k < depth; k++)
        {
            b[k] = (NAME(vec)){0};
            if (k < kc) {
                b[k] = NAME(load_span)(from + k * t->b_k, span);
                __builtin_prefetch(from + k * t->b_k + FETCH);
            }
        }
        return;
    }
    const SPAN span = NAME(span)(0, kc);
    NAME(vec) block[LANES];
    UNROLL for (int j = 0; j < LANES; j++) block[j] =
        j < count ? NAME(load_span)(from + j * t->b_column, span) : (NAME(vec)){0};
    NAME(transpose)(block);
    UNROLL for (int k = 0; k < depth; k++) b[k] = block[k];
}

INLINE void NAME(store_tiny)(const struct tmk_tile *t, size_t rows, ptrdiff_t column,
                             ptrdiff_t count, NAME(vec) * c)
{
    T *to = (T *)t->c + column * t->c_column;
    if (t->c_column == 1) {
        const SPAN span = NAME(span)(0, count);
        for (size_t i = 0; i < rows; i++) {
            if (t->accumulate)
                c[i] += NAME(load_span)(to + t->row[i], span);
            NAME(store_span)(to + t->row[i], c[i], span);
        }
        return;
    }
    const SPAN span = NAME(span)(0, (ptrdiff_t)rows);
    NAME(transpose)(c);
    to += t->row[0];
    UNROLL for (int j = 0; j < LANES; j++)
    {
        if (j < count) {
            if (t->accumulate)
                c[j] += NAME(load_span)(to + j * t->c_column, span);
            NAME(store_span)(to + j * t->c_column, c[j], span);
        }
    }
}

/* `depth`: a constant, kc at least; a[row][k], zero from kc on. */
INLINE void NAME(tiny_columns)(const struct tmk_tile *t, size_t rows, T a[][LANES], const int depth)
{
    const ptrdiff_t width = (ptrdiff_t)t->width;
    for (ptrdiff_t column = 0; column < width; column += LANES) {
        const ptrdiff_t count = TMK_MIN(width - column, LANES);
        NAME(vec) b[LANES], c[LANES], start = {0};
        if (t->col_bias)
            start = NAME(load_span)((const T *)t->col_bias + column, NAME(span)(0, count));
        NAME(load_tiny)(t, column, count, b, depth);
        for (size_t i = 0; i < rows; i++) {
            NAME(vec) sum = start + (t->row_bias ? ((const T *)t->row_bias)[i] : 0);
            UNROLL for (int k = 0; k < depth; k++) sum += a[i][k] * b[k];
            c[i] = sum;
        }
        for (size_t i = rows; i < LANES; i++)
            c[i] = (NAME(vec)){0};
        NAME(store_tiny)(t, rows, column, count, c);
    }
}

static void NAME(tiny)(const struct tmk_tile *tile, size_t rows)
{
    const struct tmk_tile local = *tile, *t = &local; /* which no store changes */
    T a[LANES][LANES] = {{0}};
    for (size_t i = 0; i < rows; i++) {
        for (size_t k = 0; k < t->kc; k++)
            a[i][k] = ((const T *)t->a)[(ptrdiff_t)i * t->a_row + (ptrdiff_t)k * t->a_k];
    }
    if (t->kc <= LANES / 2)
        NAME(tiny_columns)(t, rows, a, LANES / 2);
    else
        NAME(tiny_columns)(t, rows, a, LANES);
}
