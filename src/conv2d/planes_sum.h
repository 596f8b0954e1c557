/* The arithmetic of planes, for one element type (planes_body.h). */

/* Vector j of what a tap reads. `masks`: the tap's, or NULL. */
INLINE NAME(vec) NAME(load_tap)(const T *from, const uint16_t *masks, ptrdiff_t j)
{
#ifdef __AVX512F__
    if (masks)
        return NAME(load_lanes)(from + j * LANES, masks[j]);
#else
    (void)masks;
#endif
    return NAME(load)(from + j * LANES);
}

/* m rows of results, where they and their operands begin. */
struct NAME(rows) {
    const T *image, *weights, *bias;
    T *out;
};

/* Vectors at .. at+v-1 of m rows of results, in registers over all taps. */
INLINE void NAME(correlate_tile)(const struct tmk_planes *p, const struct NAME(rows) * rows,
                                 ptrdiff_t at, int m, int v, bool masked)
{
    NAME(vec) sum[8][8];
    UNROLL for (int i = 0; i < m; i++)
    {
        NAME(vec) first = {0};
        if (rows->bias)
            first += rows->bias[i * p->bias_row];
        UNROLL for (int j = 0; j < v; j++) sum[i][j] = first;
    }
    const uint16_t *masks = masked ? p->masks + at : NULL;
    for (const struct tmk_tap *tap = p->taps, *end = tap + p->ntaps; tap < end; tap++) {
        const T *from = rows->image + tap->image + at * LANES;
        const T *weight = rows->weights + tap->weight;
        NAME(vec) x[8];
        UNROLL for (int j = 0; j < v && v < m; j++)
        {
            x[j] = NAME(load)(from + j * LANES);
            KEEP(x[j]);
        }
        if (v < m) {
            UNROLL for (int i = 0; i < m; i++)
            {
                const T w = weight[i * p->weight_row];
                UNROLL for (int j = 0; j < v; j++) sum[i][j] += w * x[j];
            }
        } else {
            UNROLL for (int j = 0; j < v; j++)
            {
                x[0] = NAME(load_tap)(from, masks, j);
                if (m > 1)
                    KEEP(x[0]);
                UNROLL for (int i = 0; i < m; i++) sum[i][j] += weight[i * p->weight_row] * x[0];
            }
        }
        if (masked)
            masks += p->vectors;
    }
    UNROLL for (int i = 0; i < m; i++)
    {
        T *out = rows->out + i * p->out_row + at * LANES;
        UNROLL for (int j = 0; j < v - 1; j++) NAME(store)(out + j * LANES, sum[i][j]);
        if (masked && at + v == p->vectors)
            NAME(store_lanes)(out + (v - 1) * LANES, NAME(mask)(0, p->last), sum[i][v - 1]);
        else
            NAME(store)(out + (v - 1) * LANES, sum[i][v - 1]);
    }
}

/* m rows of results, as many vectors at a time as there are registers. */
INLINE void NAME(correlate_rows)(const struct tmk_planes *p, const struct NAME(rows) * rows, int m,
                                 bool masked)
{
    const int most = ACCUMULATORS / m >= 8 ? 8 : ACCUMULATORS / m >= 4 ? 4 : ACCUMULATORS / m;
    ptrdiff_t at = 0;
    for (; at + most <= p->vectors; at += most)
        NAME(correlate_tile)(p, rows, at, m, most, masked);
    if (most > 4 && at + 4 <= p->vectors) {
        NAME(correlate_tile)(p, rows, at, m, 4, masked);
        at += 4;
    }
    if (most > 2 && at + 2 <= p->vectors) {
        NAME(correlate_tile)(p, rows, at, m, 2, masked);
        at += 2;
    }
    if (at < p->vectors)
        NAME(correlate_tile)(p, rows, at, m, 1, masked);
}

/* Some of the rows from row i of a group on; how many. */
INLINE ptrdiff_t NAME(correlate_some)(const struct tmk_planes *p, ptrdiff_t g, ptrdiff_t i)
{
    const T *bias = p->bias;
    const struct NAME(rows) rows = {
        .image = (const T *)p->image + g * p->image_group,
        .weights = (const T *)p->weights + g * p->weight_group + i * p->weight_row,
        .bias = bias ? bias + g * p->bias_group + i * p->bias_row : NULL,
        .out = (T *)p->out + g * p->out_group + i * p->out_row,
    };
    const ptrdiff_t left = p->rows - i;
    if (p->masks) {
        NAME(correlate_rows)(p, &rows, 1, true);
        return 1;
    }
    switch (left >= 8 ? 8 : left >= 4 ? 4 : left) {
    case 8:
        NAME(correlate_rows)(p, &rows, 8, false);
        return 8;
    case 4:
        NAME(correlate_rows)(p, &rows, 4, false);
        return 4;
    case 3:
        NAME(correlate_rows)(p, &rows, 3, false);
        return 3;
    case 2:
        NAME(correlate_rows)(p, &rows, 2, false);
        return 2;
    default:
        NAME(correlate_rows)(p, &rows, 1, false);
        return 1;
    }
}

static void NAME(correlate)(const struct tmk_planes *planes)
{
    const struct tmk_planes p = *planes; /* which no store of a vector changes */
    for (ptrdiff_t g = 0; g < p.groups; g++) {
        for (ptrdiff_t i = 0; i < p.rows;)
            i += NAME(correlate_some)(&p, g, i);
    }
}

/* Elements of a row of results' sums. */
INLINE ptrdiff_t NAME(sums_row)(const struct tmk_planes *p)
{
    return (p->ntaps + (p->bias ? 1 : 0)) * LANES;
}

/* Vector `at` of a row of results. */
INLINE NAME(vec) NAME(load_row)(const struct tmk_planes *p, const T *out, ptrdiff_t at, bool masked)
{
    if (masked && at + 1 == p->vectors)
        return NAME(load_lanes)(out + at * LANES, NAME(mask)(0, p->last));
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
#define UPPER(i) ((i) / DISTANCE % 2 ? LANES + (i)-DISTANCE : (i))
#define LOWER(i) ((i) / DISTANCE % 2 ? LANES + (i) : (i) + DISTANCE)
#define STAGE                                                                                      \
    UNROLL for (int i = 0; i + DISTANCE < LANES; i += 2 * DISTANCE)                                \
    {                                                                                              \
        NAME(vec) a = rows[i], b = rows[i + DISTANCE];                                             \
        rows[i] = __builtin_shufflevector(a, b, EACH_LANE(UPPER)) +                                \
                  __builtin_shufflevector(a, b, EACH_LANE(LOWER));                                 \
    }
#define DISTANCE 1
    STAGE
#undef DISTANCE
#if LANES > 2
#define DISTANCE 2
    STAGE
#undef DISTANCE
#endif
#if LANES > 4
#define DISTANCE 4
    STAGE
#undef DISTANCE
#endif
#if LANES > 8
#define DISTANCE 8
    STAGE
#undef DISTANCE
#endif
#undef STAGE
#undef UPPER
#undef LOWER
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
