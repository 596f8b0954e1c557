/* The arithmetic of planes, for one element type (planes_body.h). */

/* m rows of results by v vectors, in registers over all taps. */
INLINE void NAME(correlate_tile)(const struct tmk_planes *p, const T *image, const T *weights,
                                 const T *bias, T *out, int m, int v)
{
    NAME(vec) sum[8][8];
    UNROLL for (int i = 0; i < m; i++)
    {
        NAME(vec) first = {0};
        if (bias)
            first += bias[i * p->bias_row];
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
                                 const T *bias, T *out, int m)
{
    const ptrdiff_t most = ACCUMULATORS / m >= 8 ? 8 : ACCUMULATORS / m >= 4 ? 4 : ACCUMULATORS / m;
    const ptrdiff_t step = most * LANES;
    ptrdiff_t left = p->vectors;
    for (; left >= most; left -= most, image += step, out += step)
        NAME(correlate_tile)(p, image, weights, bias, out, m, (int)most);
    if (most > 4 && left >= 4) {
        NAME(correlate_tile)(p, image, weights, bias, out, m, 4);
        left -= 4, image += 4 * LANES, out += 4 * LANES;
    }
    if (most > 2 && left >= 2) {
        NAME(correlate_tile)(p, image, weights, bias, out, m, 2);
        left -= 2, image += 2 * LANES, out += 2 * LANES;
    }
    if (left > 0)
        NAME(correlate_tile)(p, image, weights, bias, out, m, 1);
}

static void NAME(correlate)(const struct tmk_planes *planes)
{
    const struct tmk_planes local = *planes, *p = &local; /* which no store of a vector changes */
    for (ptrdiff_t g = 0; g < p->groups; g++) {
        const T *image = (const T *)p->image + g * p->image_group;
        for (ptrdiff_t i = 0, m; i < p->rows; i += m) {
            const T *weights = (const T *)p->weights + g * p->weight_group + i * p->weight_row;
            const T *bias = p->bias;
            T *out = (T *)p->out + g * p->out_group + i * p->out_row;
            bias = bias ? bias + g * p->bias_group + i * p->bias_row : NULL;
            m = p->rows - i;
            m = m >= 8 ? 8 : m >= 4 ? 4 : m;
            switch (m) {
            case 8:
                NAME(correlate_rows)(p, image, weights, bias, out, 8);
                break;
            case 4:
                NAME(correlate_rows)(p, image, weights, bias, out, 4);
                break;
            case 3:
                NAME(correlate_rows)(p, image, weights, bias, out, 3);
                break;
            case 2:
                NAME(correlate_rows)(p, image, weights, bias, out, 2);
                break;
            default:
                NAME(correlate_rows)(p, image, weights, bias, out, 1);
            }
        }
    }
}

/* Elements of a row of results' sums. */
INLINE ptrdiff_t NAME(sums_row)(const struct tmk_planes *p)
{
    return (p->ntaps + (p->bias ? 1 : 0)) * LANES;
}

/* m rows by n taps of sums, over the whole length of the rows. */
INLINE void NAME(weigh_tile)(const struct tmk_planes *p, const T *image, const T *out,
                             const struct tmk_tap *taps, bool fresh, T *sums, int m, int n)
{
    const ptrdiff_t row = NAME(sums_row)(p);
    NAME(vec) sum[WEIGH_ROWS][9];
    UNROLL for (int i = 0; i < m; i++)
    {
        UNROLL for (int j = 0; j < n; j++) sum[i][j] =
            fresh ? (NAME(vec)){0} : NAME(load)(sums + i * row + j * LANES);
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
        UNROLL for (int j = 0; j < n; j++) NAME(store)(sums + i * row + j * LANES, sum[i][j]);
    }
}

/* m rows by all taps, in tiles of sizes as equal as can be. */
INLINE void NAME(weigh_rows)(const struct tmk_planes *p, const T *image, const T *out, bool fresh,
                             T *sums, int m, ptrdiff_t most)
{
    ptrdiff_t tiles = (p->ntaps + most - 1) / most;
    const struct tmk_tap *tap = p->taps;
    for (; tiles > 0; tiles--) {
        ptrdiff_t n = (p->taps + p->ntaps - tap + tiles - 1) / tiles;
        switch (n) {
#define TILE(n)                                                                                    \
    case n:                                                                                        \
        NAME(weigh_tile)(p, image, out, tap, fresh, sums, m, n);                                   \
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
static void NAME(total)(const T *out, ptrdiff_t vectors, bool fresh, T *sum)
{
    NAME(vec) part[4] = {{0}};
    for (; vectors >= 4; vectors -= 4, out += 4 * LANES) {
        UNROLL for (int i = 0; i < 4; i++) part[i] += NAME(load)(out + i * LANES);
    }
    for (; vectors > 0; vectors--, out += LANES)
        part[0] += NAME(load)(out);
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
                NAME(total)
            (out + i * p->out_row, p->vectors, fresh, sum + i * row + p->ntaps * LANES);
        }
        for (; left >= WEIGH_ROWS; left -= WEIGH_ROWS) {
            NAME(weigh_rows)(p, image, out, fresh, sum, WEIGH_ROWS, WEIGH_TAPS);
            out += WEIGH_ROWS * p->out_row;
            sum += WEIGH_ROWS * row;
        }
        for (; left > 0; left--, out += p->out_row, sum += row)
            NAME(weigh_rows)(p, image, out, fresh, sum, 1, 9);
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
