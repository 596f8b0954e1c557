/* Dot products of rows of A and columns of B that both run along k, for one element type T; NAME(x)
 * gives x its suffix. Those of a few rows and columns are computed side by side, each in a vector
 * that is added up in the end. */

/* One stretch of k for a few rows and columns. */
struct NAME(dot) {
    const T *a, *b;
    ptrdiff_t a_row, a_panel, b_column;
    ptrdiff_t count; /* of k */
    NAME(vec) * sum;
};

static inline __attribute__((always_inline)) void NAME(dot_block)(const struct NAME(dot) * d,
                                                                  const int rows, const int columns)
{
    const T *a = d->a, *b = d->b;
    const ptrdiff_t a_row = d->a_row, b_column = d->b_column;
    NAME(vec) sum[DOT_ROWS][DOT_COLUMNS];
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int j = 0; j < columns; j++) sum[i][j] = d->sum[i * columns + j];
    }
#define DOT_STEP(at, load)                                                                         \
    do {                                                                                           \
        NAME(vec) bk[DOT_COLUMNS];                                                                 \
        UNROLL for (int j = 0; j < columns; j++) bk[j] = load(b + j * b_column + (at));            \
        UNROLL for (int i = 0; i < rows; i++)                                                      \
        {                                                                                          \
            const NAME(vec) ak = load(a + i * a_row + (at));                                       \
            UNROLL for (int j = 0; j < columns; j++) sum[i][j] += ak * bk[j];                      \
        }                                                                                          \
    } while (0)
#define LOAD_WHOLE(p) (*(const NAME(vec) *)(p))
#define LOAD_PART(p) NAME(load_span)(p, span)
    ptrdiff_t left = d->count;
    for (; left >= NR; left -= NR, a += d->a_panel, b += NR) {
        UNROLL for (int v = 0; v < TMK_NRV; v++)
        {
            DOT_STEP(v * LANES, LOAD_WHOLE);
        }
    }
    for (ptrdiff_t k = 0; k < left; k += LANES) {
        const SPAN span = NAME(span)(0, left - k);
        DOT_STEP(k, LOAD_PART);
    }
#undef DOT_STEP
#undef LOAD_WHOLE
#undef LOAD_PART
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int j = 0; j < columns; j++) d->sum[i * columns + j] = sum[i][j];
    }
}

#define DEFINE(rows)                                                                               \
    static void NAME(dot_##rows##_1)(const struct NAME(dot) * d)                                   \
    {                                                                                              \
        NAME(dot_block)(d, rows, 1);                                                               \
    }                                                                                              \
    static void NAME(dot_##rows##_all)(const struct NAME(dot) * d)                                 \
    {                                                                                              \
        NAME(dot_block)(d, rows, DOT_COLUMNS);                                                     \
    }
DEFINE(1)
DEFINE(2)
#if TMK_MR > 6
DEFINE(3)
DEFINE(4)
#endif
#undef DEFINE

/* Columns [first, first + columns) of C get their sums. */
static void NAME(store_dots)(const struct tmk_tile *t, size_t rows, ptrdiff_t first, size_t columns,
                             const NAME(vec) * sum)
{
    T totals[TMK_MICRO_DOT * DOT_COLUMNS + LANES];
    for (size_t s = 0; s < rows * columns; s += LANES)
        NAME(store)(totals + s, NAME(sum_lanes)(sum + s, TMK_MIN(LANES, rows * columns - s)));
    const T *total = totals;
    for (size_t i = 0; i < rows; i++) {
        T *out = (T *)t->c + t->row[i] + first * t->c_column;
        const T bias = t->row_bias ? ((const T *)t->row_bias)[i] : 0;
        const T *column_bias = t->col_bias ? (const T *)t->col_bias + first : NULL;
        for (size_t j = 0; j < columns; j++, out += t->c_column)
            *out =
                (t->accumulate ? *out : 0) + bias + (column_bias ? column_bias[j] : 0) + *total++;
    }
}

/* Where A has more rows than a block, a stretch of B's columns stays in L1 for all of them. */
static void NAME(dot)(const struct tmk_tile *t, size_t rows)
{
    static void (*const block[DOT_ROWS][2])(const struct NAME(dot) *) = {
        {NAME(dot_1_1), NAME(dot_1_all)},
        {NAME(dot_2_1), NAME(dot_2_all)},
#if TMK_MR > 6
        {NAME(dot_3_1), NAME(dot_3_all)},
        {NAME(dot_4_1), NAME(dot_4_all)},
#endif
    };
    const size_t most = rows > DOT_ROWS ? DOT_BYTES / sizeof(T) / NR * NR : t->kc;
    const ptrdiff_t width = (ptrdiff_t)t->width;
    for (ptrdiff_t j = 0, columns; j < width; j += columns) {
        columns = width - j < DOT_COLUMNS ? 1 : DOT_COLUMNS;
        NAME(vec) sum[TMK_MICRO_DOT * DOT_COLUMNS];
        for (size_t s = 0; s < rows * (size_t)columns; s++)
            sum[s] = (NAME(vec)){0};
        for (size_t k = 0; k < t->kc; k += most) {
            struct NAME(dot) d = {.a_row = t->a_row, .a_panel = t->a_k, .b_column = t->b_k};
            d.b = (const T *)t->b + j * t->b_k + k;
            d.count = (ptrdiff_t)TMK_MIN(most, t->kc - k);
            for (size_t i = 0; i < rows; i += DOT_ROWS) {
                d.a = (const T *)t->a + (ptrdiff_t)i * t->a_row + (ptrdiff_t)(k / NR) * t->a_k;
                d.sum = sum + i * (size_t)columns;
                block[TMK_MIN(DOT_ROWS, rows - i) - 1][columns > 1](&d);
            }
        }
        NAME(store_dots)(t, rows, j, (size_t)columns, sum);
    }
}
