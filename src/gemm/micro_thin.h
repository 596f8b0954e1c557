/* Products with few rows, for one element type T; NAME(x) gives x its suffix. Nothing of B is used
 * often enough to keep it: it is read once, along its rows in memory. */

/* B's columns are neighbours: rows of B, four at a time, are added to the rows of C. */
static void NAME(add_rows)(const struct tmk_tile *t, size_t rows)
{
    enum { DEPTH = 4 };
    const ptrdiff_t width = (ptrdiff_t)t->width;
    T *c = t->c;
    for (size_t i = 0; i < rows; i++) {
        for (ptrdiff_t j = 0; j < width; j++) {
            T start = t->accumulate ? c[t->row[i] + j] : 0;
            start += t->row_bias ? ((const T *)t->row_bias)[i] : 0;
            c[t->row[i] + j] = start + (t->col_bias ? ((const T *)t->col_bias)[j] : 0);
        }
    }
    for (size_t k = 0; k < t->kc; k += DEPTH) {
        const int depth = t->kc - k < DEPTH ? (int)(t->kc - k) : DEPTH;
        const T *b = (const T *)t->b + (ptrdiff_t)k * t->b_k;
        T a[TMK_MICRO_THIN][DEPTH] = {{0}};
        for (size_t i = 0; i < rows; i++) {
            for (int q = 0; q < depth; q++)
                a[i][q] = ((const T *)
                               t->a)[(ptrdiff_t)i * t->a_row + (ptrdiff_t)(k + (size_t)q) * t->a_k];
        }
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const SPAN span = NAME(span)(0, width - j);
            NAME(vec) bk[DEPTH];
            UNROLL for (int q = 0; q < DEPTH; q++) bk[q] =
                q < depth ? NAME(load_span)(b + q * t->b_k + j, span) : (NAME(vec)){0};
            for (size_t i = 0; i < rows; i++) {
                T *out = c + t->row[i] + j;
                NAME(vec) sum = NAME(load_span)(out, span);
                UNROLL for (int q = 0; q < DEPTH; q++) sum += a[i][q] * bk[q];
                NAME(store_span)(out, sum, span);
            }
        }
    }
}
