/* bwd_w of planes, for one element type (planes_body.h). */

/* Elements of a row of results' sums. */
INLINE ptrdiff_t NAME(sums_row)(const struct tmk_planes *p)
{
    return (p->ntaps + (p->bias ? 1 : 0)) * LANES;
}

/* Vector `at` of a row of results. */
INLINE NAME(vec) NAME(load_row)(const struct tmk_planes *p, const T *out, ptrdiff_t at, bool masked)
{
    if (masked && at + 1 == p->vectors)
        return NAME(load_span)(out + at * LANES, NAME(span)(0, p->last));
    return NAME(load)(out + at * LANES);
}

/* m rows by n taps of sums, over the whole length of the rows. */
INLINE void NAME(weigh_tile)(const struct tmk_planes *p, const T *image, const T *out,
                             const struct tmk_tap *taps, bool fresh, T *sums, int m, int n,
                             bool masked)
{
    const ptrdiff_t row = NAME(sums_row)(p);
    NAME(vec) sum[WEIGH_ROWS][9];
    UNROLL for (int i = 0; i < m; i++)
    {
        UNROLL for (int j = 0; j < n; j++) sum[i][j] =
            fresh ? (NAME(vec)){0} : NAME(load)(sums + i * row + j * LANES);
    }
    const uint16_t *masks = masked ? p->masks + (taps - p->taps) * p->vectors : NULL;
    const T *from[9];
    UNROLL for (int j = 0; j < n; j++) from[j] = image + taps[j].image;
    for (ptrdiff_t at = 0; at < p->vectors; at++) {
        NAME(vec) y[WEIGH_ROWS];
        UNROLL for (int i = 0; i < m; i++) y[i] =
            NAME(load_row)(p, out + i * p->out_row, at, masked);
        UNROLL for (int j = 0; j < n; j++)
        {
            NAME(vec) x = NAME(load_tap)(from[j], masked ? masks + j * p->vectors : NULL, at);
            if (m > 1)
                KEEP(x);
            UNROLL for (int i = 0; i < m; i++) sum[i][j] += y[i] * x;
        }
    }
    UNROLL for (int i = 0; i < m; i++)
    {
        UNROLL for (int j = 0; j < n; j++) NAME(store)(sums + i * row + j * LANES, sum[i][j]);
    }
}

/* m rows by all taps, in tiles of sizes as equal as can be. */
INLINE void NAME(weigh_rows)(const struct tmk_planes *p, const T *image, const T *out, bool fresh,
                             T *sums, int m, ptrdiff_t most, bool masked)
{
    ptrdiff_t tiles = (p->ntaps + most - 1) / most;
    const struct tmk_tap *tap = p->taps;
    for (; tiles > 0; tiles--) {
        ptrdiff_t n = (p->taps + p->ntaps - tap + tiles - 1) / tiles;
        switch (n) {
#define TILE(n)                                                                                    \
    case n:                                                                                        \
        NAME(weigh_tile)(p, image, out, tap, fresh, sums, m, n, masked);                           \
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
        tap += n;
        sums += n * LANES;
    }
}

/* The bias's sum of one row: four chains, for one would wait for each addition. */
static void NAME(total)(const struct tmk_planes *p, const T *out, bool fresh, T *sum)
{
    NAME(vec) part[4] = {{0}};
    ptrdiff_t at = 0;
    for (; at + 4 < p->vectors; at += 4) {
        UNROLL for (int i = 0; i < 4; i++) part[i] += NAME(load)(out + (at + i) * LANES);
    }
    for (; at < p->vectors; at++)
        part[0] += NAME(load_row)(p, out, at, p->masks != NULL);
    part[0] = (part[0] + part[1]) + (part[2] + part[3]);
    if (!fresh)
        part[0] += NAME(load)(sum);
    NAME(store)(sum, part[0]);
}

static void NAME(weigh)(const struct tmk_planes *planes, bool fresh, void *sums)
{
    const struct tmk_planes local = *planes, *p = &local;
    const ptrdiff_t row = NAME(sums_row)(p);
    T *sum = sums;
    for (ptrdiff_t g = 0; g < p->groups; g++) {
        const T *image = (const T *)p->image + g * p->image_group;
        const T *out = (const T *)p->out + g * p->out_group;
        ptrdiff_t left = p->rows;
        if (p->bias) {
            for (ptrdiff_t i = 0; i < left; i++)
                NAME(total)(p, out + i * p->out_row, fresh, sum + i * row + p->ntaps * LANES);
        }
        for (; left > 0 && p->masks; left--, out += p->out_row, sum += row)
            NAME(weigh_rows)(p, image, out, fresh, sum, 1, 9, true);
        for (; left >= WEIGH_ROWS; left -= WEIGH_ROWS) {
            NAME(weigh_rows)(p, image, out, fresh, sum, WEIGH_ROWS, WEIGH_TAPS, false);
            out += WEIGH_ROWS * p->out_row;
            sum += WEIGH_ROWS * row;
        }
        for (; left > 0; left--, out += p->out_row, sum += row)
            NAME(weigh_rows)(p, image, out, fresh, sum, 1, 9, false);
    }
}

/* The sums of LANES vectors' lanes, as the lanes of one: in the stage of distance d, rows d apart
 * are added into one that holds the upper one's sums in every other block of d lanes. */
INLINE NAME(vec) NAME(sum_lanes)(const T *sums)
{
    NAME(vec) rows[LANES];
    UNROLL for (int i = 0; i < LANES; i++) rows[i] = NAME(load)(sums + i * LANES);
#define STAGE(d)                                                                                   \
    UNROLL for (int i = 0; i + (d) < LANES; i += 2 * (d))                                          \
    {                                                                                              \
        NAME(vec) a = rows[i], b = rows[i + (d)];                                                  \
        rows[i] = __builtin_shufflevector(a, b, EACH_LANE(UPPER, d)) +                             \
                  __builtin_shufflevector(a, b, EACH_LANE(LOWER, d));                              \
    }
    EACH_DISTANCE(STAGE)
#undef STAGE
    return rows[0];
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
                sum = NAME(sum_lanes)(next);
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
