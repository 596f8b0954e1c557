/* The arithmetic of planes, for one element type (planes_body.h). */

/* m rows of results by v vectors, in registers over all taps. */
INLINE void NAME(correlate_tile)(const struct tmk_planes *p, const T *image, const T *weights,
                                 const T *start, T *out, int m, int v)
{
    NAME(vec) sum[8][8];
    UNROLL for (int i = 0; i < m; i++)
    {
        NAME(vec) first = {0};
        if (start)
            first += start[i * p->start_row];
        UNROLL for (int j = 0; j < v; j++) sum[i][j] = first;
    }
    for (const struct tmk_tap *tap = p->taps, *end = tap + p->ntaps; tap < end; tap++) {
        const T *from = image + tap->image, *weight = weights + tap->weight;
        UNROLL for (int j = 0; j < v; j++)
        {
            NAME(vec) x = NAME(load)(from + j * LANES);
            UNROLL for (int i = 0; i < m; i++) sum[i][j] += weight[i * p->weight_row] * x;
        }
    }
    UNROLL for (int i = 0; i < m; i++)
    {
        UNROLL for (int j = 0; j < v; j++) NAME(store)(out + i * p->out_row + j * LANES, sum[i][j]);
    }
}

/* m rows of results, as many vectors at a time as there are registers. */
INLINE void NAME(correlate_rows)(const struct tmk_planes *p, const T *image, const T *weights,
                                 const T *start, T *out, int m)
{
    const ptrdiff_t most = ACCUMULATORS / m >= 8 ? 8 : ACCUMULATORS / m >= 4 ? 4 : ACCUMULATORS / m;
    const ptrdiff_t step = most * LANES;
    ptrdiff_t left = p->vectors;
    for (; left >= most; left -= most, image += step, out += step)
        NAME(correlate_tile)(p, image, weights, start, out, m, (int)most);
    if (most > 4 && left >= 4) {
        NAME(correlate_tile)(p, image, weights, start, out, m, 4);
        left -= 4, image += 4 * LANES, out += 4 * LANES;
    }
    if (most > 2 && left >= 2) {
        NAME(correlate_tile)(p, image, weights, start, out, m, 2);
        left -= 2, image += 2 * LANES, out += 2 * LANES;
    }
    if (left > 0)
        NAME(correlate_tile)(p, image, weights, start, out, m, 1);
}

static void NAME(correlate)(const struct tmk_planes *p)
{
    for (ptrdiff_t g = 0; g < p->groups; g++) {
        const T *image = (const T *)p->image + g * p->image_group;
        for (ptrdiff_t i = 0, m; i < p->rows; i += m) {
            const T *weights = (const T *)p->weights + g * p->weight_group + i * p->weight_row;
            const T *start = p->start;
            T *out = (T *)p->out + g * p->out_group + i * p->out_row;
            start = start ? start + g * p->start_group + i * p->start_row : NULL;
            m = p->rows - i;
            m = m >= 8 ? 8 : m >= 4 ? 4 : m;
            switch (m) {
            case 8:
                NAME(correlate_rows)(p, image, weights, start, out, 8);
                break;
            case 4:
                NAME(correlate_rows)(p, image, weights, start, out, 4);
                break;
            case 3:
                NAME(correlate_rows)(p, image, weights, start, out, 3);
                break;
            case 2:
                NAME(correlate_rows)(p, image, weights, start, out, 2);
                break;
            default:
                NAME(correlate_rows)(p, image, weights, start, out, 1);
            }
        }
    }
}

/* m rows by n taps of sums, over the whole length of the rows. */
INLINE void NAME(weigh_tile)(const struct tmk_planes *p, const T *image, const T *out,
                             const struct tmk_tap *taps, T *sums, int m, int n)
{
    NAME(vec) sum[WEIGH_ROWS][9];
    UNROLL for (int i = 0; i < m; i++)
    {
        UNROLL for (int j = 0; j < n; j++) sum[i][j] =
            NAME(load)(sums + (i * p->ntaps + j) * LANES);
    }
    for (ptrdiff_t f = 0; f < p->vectors * LANES; f += LANES) {
        NAME(vec) y[WEIGH_ROWS];
        UNROLL for (int i = 0; i < m; i++) y[i] = NAME(load)(out + i * p->out_row + f);
        UNROLL for (int j = 0; j < n; j++)
        {
            NAME(vec) x = NAME(load)(image + taps[j].image + f);
            UNROLL for (int i = 0; i < m; i++) sum[i][j] += y[i] * x;
        }
    }
    UNROLL for (int i = 0; i < m; i++)
    {
        UNROLL for (int j = 0; j < n; j++)
            NAME(store)(sums + (i * p->ntaps + j) * LANES, sum[i][j]);
    }
}

/* m rows by all taps, in tiles of sizes as equal as can be. */
INLINE void NAME(weigh_rows)(const struct tmk_planes *p, const T *image, const T *out, T *sums,
                             int m, ptrdiff_t most)
{
    ptrdiff_t tiles = (p->ntaps + most - 1) / most;
    const struct tmk_tap *tap = p->taps;
    for (; tiles > 0; tiles--) {
        ptrdiff_t n = (p->taps + p->ntaps - tap + tiles - 1) / tiles;
        switch (n) {
#define TILE(n)                                                                                    \
    case n:                                                                                        \
        NAME(weigh_tile)(p, image, out, tap, sums, m, n);                                          \
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

static void NAME(weigh)(const struct tmk_planes *p, void *sums)
{
    for (ptrdiff_t g = 0; g < p->groups; g++) {
        const T *image = (const T *)p->image + g * p->image_group;
        const T *out = (const T *)p->out + g * p->out_group;
        T *sum = (T *)sums + g * p->rows * p->ntaps * LANES;
        ptrdiff_t i = 0;
        for (; i + WEIGH_ROWS <= p->rows; i += WEIGH_ROWS)
            NAME(weigh_rows)
            (p, image, out + i * p->out_row, sum + i * p->ntaps * LANES, WEIGH_ROWS, WEIGH_TAPS);
        for (; i < p->rows; i++)
            NAME(weigh_rows)(p, image, out + i * p->out_row, sum + i * p->ntaps * LANES, 1, 9);
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

static void NAME(settle)(const struct tmk_planes *p, const void *sums)
{
    const ptrdiff_t count = p->groups * p->rows * p->ntaps;
    ptrdiff_t group = 0, row = 0, tap = 0;
    for (ptrdiff_t i = 0; i < count; i += LANES) {
        NAME(vec) sum = NAME(sum_lanes)((const T *)sums + i * LANES);
        for (ptrdiff_t j = 0; j < LANES && i + j < count; j++) {
            ((T *)p->weights)[group * p->weight_group + row * p->weight_row + p->taps[tap].weight] =
                sum[j];
            if (++tap == p->ntaps) {
                tap = 0;
                if (++row == p->rows) {
                    row = 0;
                    group++;
                }
            }
        }
    }
}
