/* fwd and bwd_d of planes, for one element type (planes_body.h). */

/* m rows of results, where they and their operands begin. */
struct NAME(rows) {
    const T *image, *weights, *bias, *next;
    T *out;
};

/* Of a tile's vectors in place, what of the first and of the last one lies inside the image. */
struct NAME(edges) {
    SPAN first, last;
};

INLINE struct NAME(edges)
    NAME(edges_of)(const struct tmk_planes *p, const struct tmk_tap *tap, ptrdiff_t at, int v)
{
    const ptrdiff_t left = at == 0 ? tap->left : 0,
                    right = at + v == p->vectors ? tap->right : LANES;
    return (struct NAME(edges)){MAKE_SPAN(left, v == 1 ? right : LANES),
                                MAKE_SPAN(v == 1 ? left : 0, right)};
}

/* Vectors at .. at+v-1 of m rows of results, in registers over all taps. */
INLINE void NAME(correlate_tile)(const struct tmk_planes *p, const struct NAME(rows) * rows,
                                 ptrdiff_t at, int m, int v, const bool in_place)
{
    NAME(vec) sum[8][8];
    UNROLL for (int i = 0; i < m; i++)
    {
        NAME(vec) first = {0};
        if (rows->bias)
            first += rows->bias[i * p->bias_row];
        UNROLL for (int j = 0; j < v; j++) sum[i][j] = first;
    }
    const T *weight = rows->weights;
    for (const struct tmk_tap *tap = p->taps, *end = tap + p->ntaps; tap < end;
         tap++, weight += m) {
        const T *from = rows->image + tap->image + at * LANES;
        struct NAME(edges) edges;
        if (in_place)
            edges = NAME(edges_of)(p, tap, at, v);
#define LOAD(j)                                                                                    \
    (in_place && (j) == 0       ? NAME(load_span)(from, edges.first)                               \
     : in_place && (j) == v - 1 ? NAME(load_span)(from + (j)*LANES, edges.last)                    \
                                : NAME(load)(from + (j)*LANES))
        if (m > 1 && rows->next)
            __builtin_prefetch(rows->next + tap->next + at * LANES, 0, 2);
        NAME(vec) x[8];
        UNROLL for (int j = 0; j < v && v < m; j++)
        {
            x[j] = LOAD(j);
            KEEP(x[j]);
        }
        if (v < m) {
            UNROLL for (int i = 0; i < m; i++) NAME(add_row)(sum[i], weight + i, x, v, i);
        } else {
            UNROLL for (int j = 0; j < v; j++)
            {
                x[0] = LOAD(j);
                if (m > 1)
                    KEEP(x[0]);
                UNROLL for (int i = 0; i < m; i++) sum[i][j] += weight[i] * x[0];
            }
        }
#undef LOAD
    }
    UNROLL for (int i = 0; i < m; i++)
    {
        T *out = rows->out + i * p->out_row + at * LANES;
        UNROLL for (int j = 0; j < v - 1; j++) NAME(store)(out + j * LANES, sum[i][j]);
        if (at + v == p->vectors && p->last < LANES)
            NAME(store_span)(out + (v - 1) * LANES, sum[i][v - 1], NAME(span)(0, p->last));
        else
            NAME(store)(out + (v - 1) * LANES, sum[i][v - 1]);
    }
}

/* m rows of results, as many vectors at a time as there are registers; the last two tiles are
 * about equal. */
INLINE void NAME(correlate_rows)(const struct tmk_planes *p, const struct NAME(rows) * rows, int m,
                                 const bool in_place)
{
    const int most = ACCUMULATORS / m >= 8 ? 8 : ACCUMULATORS / m >= 4 ? 4 : ACCUMULATORS / m;
#define TILE(v)                                                                                    \
    case v:                                                                                        \
        if (v <= most)                                                                             \
            NAME(correlate_tile)(p, rows, at, m, v, in_place);                                     \
        break;
    for (ptrdiff_t at = 0, v; at < p->vectors; at += v) {
        const ptrdiff_t left = p->vectors - at;
        v = left >= 2 * most ? most : left > most ? (left + 1) / 2 : left;
        switch (v) {
            TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8)
        }
    }
#undef TILE
}

/* How many of the rows that are left are summed together, their weights for a tap side by side. */
INLINE ptrdiff_t NAME(some_of)(ptrdiff_t left)
{
    return left >= 8 ? 8 : left >= 4 ? 4 : left;
}

static void NAME(gather)(const struct tmk_planes *p)
{
    T *to = p->gathered;
    for (ptrdiff_t g = 0; g < p->groups; g++) {
        const T *from = (const T *)p->weights + g * p->weight_group;
        for (ptrdiff_t i = 0, m; i < p->rows; i += m, from += m * p->weight_row) {
            m = NAME(some_of)(p->rows - i);
            for (ptrdiff_t tap = 0; tap < p->ntaps; tap++) {
                for (ptrdiff_t r = 0; r < m; r++)
                    *to++ = from[p->taps[tap].weight + r * p->weight_row];
            }
        }
    }
}

/* A line of some of the rows from row i of a group on; how many. */
INLINE ptrdiff_t NAME(correlate_some)(const struct tmk_planes *p, ptrdiff_t g, ptrdiff_t line,
                                      ptrdiff_t i)
{
    const T *bias = p->bias;
    const struct NAME(rows) rows = {
        .image = (const T *)p->image + g * p->image_group + line * p->image_line,
        .weights = (const T *)p->gathered + (g * p->rows + i) * p->ntaps,
        .bias = bias ? bias + g * p->bias_group + i * p->bias_row : NULL,
        .next = p->next ? (const T *)p->next + line * p->next_line : NULL,
        .out = (T *)p->out + g * p->out_group + line * p->out_line + i * p->out_row,
    };
    const ptrdiff_t m = NAME(some_of)(p->rows - i);
#define ROWS(m)                                                                                    \
    case m:                                                                                        \
        if (p->in_place)                                                                           \
            NAME(correlate_rows)(p, &rows, m, true);                                               \
        else                                                                                       \
            NAME(correlate_rows)(p, &rows, m, false);                                              \
        break;
    switch (m) {
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(8)
    }
#undef ROWS
    return m;
}

static void NAME(correlate)(const struct tmk_planes *planes)
{
    const struct tmk_planes p = *planes; /* which no store of a vector changes */
    for (ptrdiff_t g = 0; g < p.groups; g++) {
        for (ptrdiff_t line = 0; line < p.lines; line++) {
            for (ptrdiff_t i = 0; i < p.rows;)
                i += NAME(correlate_some)(&p, g, line, i);
        }
    }
}
