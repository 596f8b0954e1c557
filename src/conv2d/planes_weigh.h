/* bwd_w of planes, for one element type (planes_body.h). */

/* Elements of a row of results' sums. */
INLINE ptrdiff_t NAME(sums_row)(const struct tmk_planes *p)
{
    return (p->ntaps + (p->bias ? 1 : 0)) * LANES;
}

/* Vector `at` of a line of results. */
INLINE NAME(vec) NAME(load_line)(const struct tmk_planes *p, const T *out, ptrdiff_t at)
{
    if (at + 1 == p->vectors)
        return NAME(load_span)(out + at * LANES, NAME(span)(0, p->last));
    return NAME(load)(out + at * LANES);
}

/* Some rows of results, what they are multiplied by, and the rows that come next. */
struct NAME(factors) {
    const T *image, *out, *next;
    T *sums;
    bool fresh;
};

/* m rows by n taps of sums, from tap `first` on, over all lines of the rows. Meanwhile a row comes
 * nearer, for rows that are read where they lie may come from memory. */
INLINE void NAME(weigh_tile)(const struct tmk_planes *p, const struct NAME(factors) * f,
                             ptrdiff_t first, ptrdiff_t nearer, int m, int n)
{
    const ptrdiff_t row = NAME(sums_row)(p);
    T *sums = f->sums + first * LANES;
    NAME(vec) sum[WEIGH_ROWS][9];
    UNROLL for (int i = 0; i < m; i++)
    {
        UNROLL for (int j = 0; j < n; j++) sum[i][j] =
            f->fresh ? (NAME(vec)){0} : NAME(load)(sums + i * row + j * LANES);
    }
    const T *from[9], *out = f->out, *next = f->next + nearer * p->out_row;
    UNROLL for (int j = 0; j < n; j++) from[j] = f->image + p->taps[first + j].image;
    for (ptrdiff_t line = 0; line < p->lines; line++) {
        for (ptrdiff_t at = 0; at < p->vectors; at++) {
            NAME(vec) y[WEIGH_ROWS];
            UNROLL for (int i = 0; i < m; i++) y[i] = NAME(load_line)(p, out + i * p->out_row, at);
            if (m > 1)
                __builtin_prefetch(next + at * LANES, 0, 2);
            UNROLL for (int j = 0; j < n; j++)
            {
                NAME(vec) x = NAME(load)(from[j] + at * LANES);
                if (m > 1)
                    KEEP(x);
                UNROLL for (int i = 0; i < m; i++) sum[i][j] += y[i] * x;
            }
        }
        UNROLL for (int j = 0; j < n; j++) from[j] += p->image_line;
        out += p->out_line;
        next += p->out_line;
    }
    UNROLL for (int i = 0; i < m; i++)
    {
        UNROLL for (int j = 0; j < n; j++) NAME(store)(sums + i * row + j * LANES, sum[i][j]);
    }
}

/* m rows by all taps, in tiles of sizes as equal as can be. */
INLINE void NAME(weigh_rows)(const struct tmk_planes *p, const struct NAME(factors) * f, int m,
                             ptrdiff_t most)
{
    const ptrdiff_t tiles = (p->ntaps + most - 1) / most;
    for (ptrdiff_t tile = 0, tap = 0, n; tile < tiles; tile++, tap += n) {
        const ptrdiff_t nearer = tile % m;
        n = (p->ntaps - tap + tiles - tile - 1) / (tiles - tile);
        switch (n) {
#define TILE(n)                                                                                    \
    case n:                                                                                        \
        NAME(weigh_tile)(p, f, tap, nearer, m, n);                                                 \
        break;
            TILE(1)
            TILE(2)
            TILE(3)
            TILE(4)
            TILE(5)
            TILE(6)
            TILE(7)
            TILE(8)
            TILE(9)
#undef TILE
        }
    }
}

/* The bias's sum of one row: four chains, for one would wait for each addition. */
static void NAME(total)(const struct tmk_planes *p, const T *out, bool fresh, T *sum)
{
    NAME(vec) part[4] = {{0}};
    for (ptrdiff_t line = 0; line < p->lines; line++, out += p->out_line) {
        ptrdiff_t at = 0;
        for (; at + 4 < p->vectors; at += 4) {
            UNROLL for (int i = 0; i < 4; i++) part[i] += NAME(load)(out + (at + i) * LANES);
        }
        for (; at < p->vectors; at++)
            part[at % 4] += NAME(load_line)(p, out, at);
    }
    part[0] = (part[0] + part[1]) + (part[2] + part[3]);
    if (!fresh)
        part[0] += NAME(load)(sum);
    NAME(store)(sum, part[0]);
}

static void NAME(weigh)(const struct tmk_planes *planes, bool fresh, void *sums)
{
    const struct tmk_planes local = *planes, *p = &local;
    const ptrdiff_t row = NAME(sums_row)(p);
    struct NAME(factors) f = {.sums = sums, .fresh = fresh};
    for (ptrdiff_t g = 0; g < p->groups; g++) {
        f.image = (const T *)p->image + g * p->image_group;
        f.out = (const T *)p->out + g * p->out_group;
        for (ptrdiff_t left = p->rows, m; left > 0; left -= m) {
            m = left >= WEIGH_ROWS ? WEIGH_ROWS : 1;
            f.next = left > m ? f.out + m * p->out_row
                              : (const T *)p->out + g * p->out_group + p->lines * p->out_line;
            if (m > 1)
                NAME(weigh_rows)(p, &f, WEIGH_ROWS, WEIGH_TAPS);
            else
                NAME(weigh_rows)(p, &f, 1, 9);
            for (ptrdiff_t i = 0; i < m; i++, f.out += p->out_row, f.sums += row) {
                if (p->bias)
                    NAME(total)(p, f.out, fresh, f.sums + p->ntaps * LANES);
            }
        }
    }
}

static void NAME(settle)(const struct tmk_planes *planes, const void *sums)
{
    const struct tmk_planes local = *planes, *p = &local;
    const ptrdiff_t count = NAME(sums_row)(p) / LANES;
    const T *next = sums;
    NAME(vec) sum;
    int lane = LANES;
    for (ptrdiff_t i = 0; i < p->groups * p->rows; i++) {
        ptrdiff_t g = i / p->rows, m = i % p->rows;
        T *weights = (T *)p->weights + g * p->weight_group + m * p->weight_row;
        for (ptrdiff_t tap = 0; tap < count; tap++) {
            if (lane == LANES) {
                sum = NAME(sum_lanes)((const NAME(vec) *)next, LANES);
                next += LANES * LANES;
                lane = 0;
            }
            if (tap < p->ntaps)
                weights[p->taps[tap].weight] = sum[lane++];
            else
                ((T *)p->bias)[g * p->bias_group + m * p->bias_row] = sum[lane++];
        }
    }
}
