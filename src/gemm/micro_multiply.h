/* The micro-kernel, for one element type T; NAME(x) gives x its suffix. */

/* One step along k; that of the rows which a[] points at is `ahead` of it. */
static inline __attribute__((always_inline)) void
NAME(step)(NAME(vec) sum[][TMK_MICRO_MAX_NRV], const T *const *a, ptrdiff_t a_row, const T *b,
           const int rows, const int vectors, const bool a_by_row, const int ahead)
{
    NAME(vec) bk[TMK_MICRO_MAX_NRV];
    UNROLL for (int j = 0; j < vectors; j++) bk[j] = *(const NAME(vec) *)(b + j * LANES);
    UNROLL for (int i = 0; i < rows; i++)
    {
        const T *ai = a_by_row ? a[i / GROUP] + i % GROUP * a_row + ahead : a[0] + i;
        NAME(add_row)(sum[i], ai, bk, vectors, i);
    }
}

/* Sums, biases added, to the rows of C. `rows` and `vectors` are constants in each instance. */
INLINE void NAME(finish)(NAME(vec) sum[][TMK_MICRO_MAX_NRV], const struct tmk_tile *t,
                         const ptrdiff_t *row, const T *row_bias, const int rows, const int vectors)
{
    T *c = t->c;
    const ptrdiff_t last = (ptrdiff_t)t->width - (vectors - 1) * LANES;
    const bool part = last < LANES;
    const SPAN span = NAME(span)(0, last);
    if (t->accumulate) {
        UNROLL for (int i = 0; i < rows; i++)
        {
            const T *out = c + row[i];
            UNROLL for (int j = 0; j < vectors; j++)
            {
                const T *at = out + j * LANES;
                sum[i][j] +=
                    j == vectors - 1 && part ? NAME(load_span)(at, span) : *(const NAME(vec) *)at;
            }
        }
    }
    if (row_bias) {
        UNROLL for (int i = 0; i < rows; i++)
        {
            UNROLL for (int j = 0; j < vectors; j++) sum[i][j] += row_bias[i];
        }
    }
    if (t->col_bias) {
        UNROLL for (int i = 0; i < rows; i++)
        {
            UNROLL for (int j = 0; j < vectors; j++) sum[i][j] +=
                ((const NAME(vec) *)t->col_bias)[j];
        }
    }
    UNROLL for (int i = 0; i < rows; i++)
    {
        T *out = c + row[i];
        UNROLL for (int j = 0; j < vectors; j++)
        {
            if (j == vectors - 1 && part)
                NAME(store_span)(out + j * LANES, sum[i][j], span);
            else
                *(NAME(vec) *)(out + j * LANES) = sum[i][j];
        }
    }
}

/* `rows`, `vectors`, `a_by_row` (which of A's steps is 1: k's) and `shallow` (so are its rows) are
 * constants in each instance, so that the sums stay in registers. */
static inline __attribute__((always_inline)) void NAME(multiply)(const struct tmk_tile *t,
                                                                 const int rows, const int vectors,
                                                                 const bool a_by_row,
                                                                 const bool shallow)
{
    const T *next = t->next;
    T *c = t->c;
    const ptrdiff_t a_row = t->a_row, a_k = t->a_k;
    /* of A across, and little depth, what lies two tiles below */
    const ptrdiff_t a_ahead = t->kc <= SHALLOW && t->a_tile < a_k ? 2 * rows
                              : t->kc > AHEAD                     ? AHEAD * a_k
                                                                  : FETCH;
    /* Rows of C and of what comes next are fetched bit by bit: all at once would fill the miss
     * buffers and stall the panels' own loads. Each stop costs some cycles, so there are few of
     * them unless there is much to fetch. */
    const size_t want = t->next_count > 0 ? (size_t)rows + 1 : t->fetch_c ? 4 : 1;
    const size_t runs = a_by_row && t->a_run > 0 ? t->kc / t->a_run : 1, run = t->kc / runs;
    const size_t per_run = (want + runs - 1) / runs, stops = per_run * runs;
    const size_t even = run / per_run, stretch = even > STEPS ? even / STEPS * STEPS : even,
                 longest = run - (per_run - 1) * stretch;
    const size_t share = t->next_count / (stops * t->tiles) + 1;
    const size_t c_share = t->fetch_c ? ((size_t)rows + stops - 1) / stops : 0;
    const bool fetches = t->fetch_c || t->next_count > 0;
    const ptrdiff_t *row = t->row, *next_at = t->next_at;
    const T *row_bias = t->row_bias;
    for (size_t tile = 0; tile < t->tiles; tile++) {
        T *copy = vectors == TMK_NRV && tile == 0 ? t->copy : NULL;
        const bool copied = vectors == TMK_NRV && tile > 0 && t->copy;
        const T *top = (const T *)t->a + (ptrdiff_t)tile * t->a_tile;
        const T *b = copied ? t->copy : t->b;
        const ptrdiff_t b_k = copied ? NR : t->b_k;
        const T *a[(TMK_MR + GROUP - 1) / GROUP];
        UNROLL for (int i = 0; i < rows; i += GROUP) a[i / GROUP] = top + i * a_row;
        NAME(vec) sum[TMK_MR][TMK_MICRO_MAX_NRV];
        UNROLL for (int i = 0; i < rows; i++)
        {
            UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = (NAME(vec)){0};
        }
        /* Rows of A that may come from far are fetched in turn: where B is one vector wide, further
         * on, or if they are short, those of the next tile. */
        const T *coming = shallow ? top + t->a_tile : top + ROW_AHEAD / (int)sizeof(T);
        int turn = rows;
        const ptrdiff_t *c_row = row;
        size_t left = per_run;
        ROLLED for (size_t stop = 0; stop < stops; stop++)
        {
            if (fetches) {
                const ptrdiff_t *c_end = TMK_MIN(c_row + c_share, row + rows);
                ROLLED for (; c_row < c_end; c_row++)
                {
                    __builtin_prefetch(c + *c_row, 1);
                    if (vectors == 3)
                        __builtin_prefetch(c + *c_row + LINE / (int)sizeof(T), 1);
                    __builtin_prefetch(c + *c_row + t->width - 1, 1);
                }
                const ptrdiff_t *next_end = TMK_MIN(next_at + share, t->next_at + t->next_count);
                ROLLED for (; next_at < next_end; next_at++)
                {
                    __builtin_prefetch(next + *next_at, 0, 2);
                    if (vectors == 3)
                        __builtin_prefetch(next + *next_at + LINE / (int)sizeof(T), 0, 2);
                    __builtin_prefetch(next + *next_at + t->width - 1, 0, 2);
                }
            }
            /* One by one the steps that fill no turn, or all where b is copied; the others by
             * turns, in which b moves with every step, as multiples of b_k would take a register
             * each. */
            const size_t steps = --left > 0 ? stretch : longest;
            const size_t single = copy ? steps : steps % STEPS;
            ROLLED for (size_t s = single; s > 0; s--)
            {
                NAME(step)(sum, a, a_row, b, rows, vectors, a_by_row, 0);
                if (copy) {
                    UNROLL for (int j = 0; j < vectors; j++)
                        NAME(store)(copy + j * LANES, NAME(load)(b + j * LANES));
                    __builtin_prefetch(b + AHEAD * b_k);
                    __builtin_prefetch(b + AHEAD * b_k + NR - 1);
                    copy += NR;
                }
                b += b_k;
                if (a_by_row) {
                    UNROLL for (int i = 0; i < rows; i += GROUP) a[i / GROUP]++;
                } else {
                    a[0] += a_k;
                }
            }
            ROLLED for (size_t s = (steps - single) / STEPS; s > 0; s--)
            {
                UNROLL for (int u = 0; u < STEPS; u++)
                {
                    NAME(step)(sum, a, a_row, b, rows, vectors, a_by_row, u);
                    b += b_k;
                    OPAQUE(b);
                    if (!a_by_row) {
                        __builtin_prefetch(a[0] + a_ahead);
                        a[0] += a_k;
                        OPAQUE(a[0]);
                    }
                }
                if (a_by_row) {
                    UNROLL for (int i = 0; i < rows; i += GROUP) a[i / GROUP] += STEPS;
                }
                if (a_by_row && (vectors == 1 || shallow)) {
                    UNROLL for (int u = 0; u < STEPS; u++)
                    {
                        __builtin_prefetch(coming);
                        coming += a_row;
                        if (--turn == 0) {
                            coming += (shallow ? LINE / (int)sizeof(T) : rows) - rows * a_row;
                            turn = rows;
                        }
                    }
                }
            }
            if (a_by_row && left == 0) {
                UNROLL for (int i = 0; i < rows; i += GROUP) a[i / GROUP] += t->a_jump;
                left = per_run;
            }
        }
        NAME(finish)(sum, t, row, row_bias, rows, vectors);
        row += rows;
        if (row_bias)
            row_bias += rows;
    }
}

#define DEFINE(by_row, vectors, rows)                                                              \
    static void NAME(PASTE(PASTE(multiply_##by_row, vectors), rows))(const struct tmk_tile *tile)  \
    {                                                                                              \
        if (by_row && tile->kc <= SHALLOW)                                                         \
            NAME(multiply)(tile, rows, vectors, by_row, true);                                     \
        else                                                                                       \
            NAME(multiply)(tile, rows, vectors, by_row, false);                                    \
    }
#define DEFINE_BOTH(vectors, rows) DEFINE(0, vectors, rows) DEFINE(1, vectors, rows)
#define DEFINE_VECTORS(rows) EACH_NRV(DEFINE_BOTH, rows)
EACH_MR(DEFINE_VECTORS)
#define DEFINE_WIDE(rows) DEFINE_BOTH(3, rows)
EACH_WIDE(DEFINE_WIDE)
#undef DEFINE_WIDE
#undef DEFINE
#undef DEFINE_BOTH
#undef DEFINE_VECTORS

#define ENTRY(by_row, vectors, rows)                                                               \
    [by_row][vectors - 1][rows - 1] = NAME(PASTE(PASTE(multiply_##by_row, vectors), rows)),
#define ENTRY_BOTH(vectors, rows) ENTRY(0, vectors, rows) ENTRY(1, vectors, rows)
#define ENTRY_VECTORS(rows) EACH_NRV(ENTRY_BOTH, rows)
#define ENTRY_WIDE(rows) ENTRY_BOTH(3, rows)
#define MULTIPLY_TABLE                                                                             \
    {                                                                                              \
        EACH_MR(ENTRY_VECTORS) EACH_WIDE(ENTRY_WIDE)                                               \
    }
