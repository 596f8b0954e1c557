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

/* A and B both run along k: dot products, those of a few columns side by side. b_k is the step from
 * a column to the next. */
static inline __attribute__((always_inline)) void
NAME(dot_columns)(const struct tmk_tile *t, ptrdiff_t first, const int rows, const int columns)
{
    const T *b = (const T *)t->b + first * t->b_k, *a = t->a;
    NAME(vec) sum[TMK_MICRO_THIN][4];
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int j = 0; j < columns; j++) sum[i][j] = (NAME(vec)){0};
    }
    for (ptrdiff_t k = 0; k < (ptrdiff_t)t->kc; k += LANES) {
        const SPAN span = NAME(span)(0, (ptrdiff_t)t->kc - k);
        NAME(vec) bk[4];
        UNROLL for (int j = 0; j < columns; j++) bk[j] = NAME(load_span)(b + j * t->b_k + k, span);
        UNROLL for (int i = 0; i < rows; i++)
        {
            const NAME(vec) ak = NAME(load_span)(a + i * t->a_row + k, span);
            UNROLL for (int j = 0; j < columns; j++) sum[i][j] += ak * bk[j];
        }
    }
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int j = 0; j < columns; j++)
        {
            T *out = (T *)t->c + t->row[i] + first + j, total = t->accumulate ? *out : 0;
            for (int l = 0; l < LANES; l++)
                total += sum[i][j][l];
            total += t->row_bias ? ((const T *)t->row_bias)[i] : 0;
            *out = total + (t->col_bias ? ((const T *)t->col_bias)[first + j] : 0);
        }
    }
}

static void NAME(dot)(const struct tmk_tile *t, size_t rows)
{
    const ptrdiff_t width = (ptrdiff_t)t->width, fours = width / 4 * 4;
    for (ptrdiff_t j = 0; j < width; j += j < fours ? 4 : 1) {
        switch ((rows - 1) * 2 + (j < fours)) {
        case 0:
            NAME(dot_columns)(t, j, 1, 1);
            break;
        case 1:
            NAME(dot_columns)(t, j, 1, 4);
            break;
        case 2:
            NAME(dot_columns)(t, j, 2, 1);
            break;
        case 3:
            NAME(dot_columns)(t, j, 2, 4);
            break;
        case 4:
            NAME(dot_columns)(t, j, 3, 1);
            break;
        case 5:
            NAME(dot_columns)(t, j, 3, 4);
            break;
        case 6:
            NAME(dot_columns)(t, j, 4, 1);
            break;
        default:
            NAME(dot_columns)(t, j, 4, 4);
            break;
        }
    }
}
