/* The kernels for one element type (micro_types.h). */
#include "turned.h"

/* No more columns than half a vector has lanes: two channels share a vector, and the
 * last stage of the transpose falls away. */
INLINE void NAME(gather_half)(const T *from, ptrdiff_t channel, ptrdiff_t n, T *map)
{
    enum { HALF = LANES / 2 };
    const SPAN low = NAME(span)(0, n), high = NAME(span)(HALF, HALF + n);
    NAME(vec) block[HALF];
    UNROLL for (int c = 0; c < HALF; c++)
    {
        __builtin_prefetch(from + c * channel + FETCH);
        __builtin_prefetch(from + (c + HALF) * channel + FETCH);
        block[c] = NAME(load_span)(from + c * channel, low) +
                   NAME(load_span)(from + (c + HALF) * channel - HALF, high);
    }
    NAME(transpose_half)(block);
    UNROLL for (int i = 0; i < HALF; i++)
    {
        if (i < n)
            NAME(store)(map + i * LANES, block[i]);
    }
}

/* A row of planes: blocks of channels and columns transposed in registers. */
INLINE void NAME(gather_row)(const struct tmk_depthwise_planes *p, const T *from, T *map,
                             const bool whole)
{
    const ptrdiff_t channel = p->channel;
    for (ptrdiff_t j = 0; j < p->columns; j += LANES, from += LANES, map += LANES * LANES) {
        const ptrdiff_t n = TMK_MIN(p->columns - j, LANES);
        if (whole && n <= LANES / 2) {
            NAME(gather_half)(from, channel, n, map);
            return;
        }
        NAME(vec) block[LANES];
        UNROLL for (int c = 0; c < LANES; c++)
        {
            if (whole || c < p->count)
                __builtin_prefetch(from + c * channel + FETCH);
        }
        NAME(load_turned)(from, channel, whole ? LANES : (size_t)p->count, (size_t)n, block);
        UNROLL for (int i = 0; i < LANES; i++)
        {
            if (i < n)
                NAME(store)(map + i * LANES, block[i]);
        }
    }
}

/* One where the channels are neighbours, or with any steps. */
INLINE void NAME(gather_columns)(const struct tmk_depthwise_planes *p, const T *from, T *map)
{
    const SPAN span = NAME(span)(0, p->count);
    for (ptrdiff_t j = 0; j < p->columns; j++, from += p->column, map += LANES) {
        if (p->channel == 1) {
            NAME(store)(map, NAME(load_span)(from, span));
        } else {
            for (ptrdiff_t c = 0; c < LANES; c++)
                map[c] = c < p->count ? from[c * p->channel] : 0;
        }
    }
}

INLINE void NAME(clear)(T *map, ptrdiff_t positions)
{
    for (; positions > 0; positions--, map += LANES)
        NAME(store)(map, (NAME(vec)){0});
}

static void NAME(gather)(const struct tmk_depthwise_planes *planes, const void *memory, void *maps)
{
    const struct tmk_depthwise_planes local = *planes, *p = &local; /* which no store changes */
    const T *from = memory;
    T *map = maps;
    for (ptrdiff_t row = 0; row < p->rows; row++, from += p->row, map += p->pitch * LANES) {
        T *first = map + p->before * LANES;
        if (p->column == 1 && p->count == LANES)
            NAME(gather_row)(p, from, first, true);
        else if (p->column == 1)
            NAME(gather_row)(p, from, first, false);
        else
            NAME(gather_columns)(p, from, first);
        NAME(clear)(map, p->before);
        NAME(clear)(first + p->columns * LANES, p->pitch - p->before - p->columns);
    }
}

INLINE void NAME(scatter_row)(const struct tmk_depthwise_planes *p, const T *map, T *to,
                              const bool whole)
{
    const ptrdiff_t channel = p->channel;
    for (ptrdiff_t j = 0; j < p->columns; j += LANES, to += LANES, map += LANES * LANES) {
        const ptrdiff_t n = TMK_MIN(p->columns - j, LANES);
        NAME(vec) block[LANES];
        UNROLL for (int i = 0; i < LANES; i++) block[i] =
            i < n ? NAME(load)(map + i * LANES) : (NAME(vec)){0};
        NAME(store_turned)
        (to, channel, whole ? LANES : (size_t)p->count, (size_t)n, false, block);
    }
}

INLINE void NAME(scatter_columns)(const struct tmk_depthwise_planes *p, const T *map, T *to)
{
    const SPAN span = NAME(span)(0, p->count);
    for (ptrdiff_t j = 0; j < p->columns; j++, to += p->column, map += LANES) {
        if (p->channel == 1) {
            NAME(store_span)(to, NAME(load)(map), span);
        } else {
            for (ptrdiff_t c = 0; c < p->count; c++)
                to[c * p->channel] = map[c];
        }
    }
}

static void NAME(scatter)(const struct tmk_depthwise_planes *planes, const void *maps, void *memory)
{
    const struct tmk_depthwise_planes local = *planes, *p = &local;
    const T *map = (const T *)maps + p->before * LANES;
    T *to = memory;
    for (ptrdiff_t row = 0; row < p->rows; row++, to += p->row, map += p->pitch * LANES) {
        if (p->column == 1 && p->count == LANES)
            NAME(scatter_row)(p, map, to, true);
        else if (p->column == 1)
            NAME(scatter_row)(p, map, to, false);
        else
            NAME(scatter_columns)(p, map, to);
    }
}

/* n neighbouring positions; `step` of the image from one to the next, a constant if it is 1. */
INLINE void NAME(correlate_tile)(const struct tmk_depthwise *d, const T *image, T *out,
                                 ptrdiff_t step, const int n)
{
    const T *weights = d->weights;
    const NAME(vec) bias = d->bias ? NAME(load)(d->bias) : (NAME(vec)){0};
    NAME(vec) sum[TILE];
    UNROLL for (int i = 0; i < n; i++) sum[i] = bias;
    for (const struct tmk_depthwise_tap *tap = d->taps, *end = tap + d->ntaps; tap < end; tap++) {
        const NAME(vec) w = NAME(load)(weights + tap->weight * LANES);
        const T *from = image + tap->image;
        UNROLL for (int i = 0; i < n; i++) sum[i] += w * NAME(load)(from + i * step);
    }
    UNROLL for (int i = 0; i < n; i++) NAME(store)(out + i * d->out_column, sum[i]);
}

/* A row, in tiles of sizes as equal as can be. */
INLINE void NAME(correlate_row)(const struct tmk_depthwise *d, const T *image, T *out,
                                ptrdiff_t step)
{
    const ptrdiff_t tiles = (d->columns + TILE - 1) / TILE;
    for (ptrdiff_t tile = 0, at = 0, n; tile < tiles; tile++, at += n) {
        n = (d->columns - at + tiles - tile - 1) / (tiles - tile);
        switch (n) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        NAME(correlate_tile)(d, image + at * step, out + at * d->out_column, step, n);             \
        break;
            EACH_TILE(CASE)
#undef CASE
        }
    }
}

static void NAME(correlate)(const struct tmk_depthwise *depthwise)
{
    const struct tmk_depthwise local = *depthwise, *d = &local; /* which no store changes */
    const T *image = d->image;
    T *out = d->out;
    for (ptrdiff_t row = 0; row < d->rows; row++, image += d->image_row, out += d->out_row) {
        if (d->image_column == LANES)
            NAME(correlate_row)(d, image, out, LANES);
        else
            NAME(correlate_row)(d, image, out, d->image_column);
    }
}

/* n taps from `first` on, over all positions. */
INLINE void NAME(weigh_taps)(const struct tmk_depthwise *d, ptrdiff_t first, const int n)
{
    const struct tmk_depthwise_tap *taps = d->taps + first;
    const T *from[TAPS], *out = d->out;
    NAME(vec) sum[TAPS];
    UNROLL for (int i = 0; i < n; i++)
    {
        from[i] = (const T *)d->image + taps[i].image;
        sum[i] = NAME(load)((const T *)d->weights + taps[i].weight * LANES);
    }
    for (ptrdiff_t row = 0; row < d->rows; row++, out += d->out_row) {
        ptrdiff_t at = 0;
        for (ptrdiff_t j = 0; j < d->columns; j++, at += d->image_column) {
            const NAME(vec) y = NAME(load)(out + j * d->out_column);
            UNROLL for (int i = 0; i < n; i++) sum[i] += y * NAME(load)(from[i] + at);
        }
        UNROLL for (int i = 0; i < n; i++) from[i] += d->image_row;
    }
    UNROLL for (int i = 0; i < n; i++)
        NAME(store)((T *)d->weights + taps[i].weight * LANES, sum[i]);
}

static void NAME(sum_bias)(const struct tmk_depthwise *d)
{
    const T *out = d->out;
    NAME(vec) sum[CHAINS] = {NAME(load)(d->bias)};
    for (ptrdiff_t row = 0; row < d->rows; row++, out += d->out_row) {
        for (ptrdiff_t j = 0; j < d->columns; j += CHAINS) {
            UNROLL for (int i = 0; i < CHAINS; i++)
            {
                if (j + i < d->columns)
                    sum[i] += NAME(load)(out + (j + i) * d->out_column);
            }
        }
    }
    NAME(store)(d->bias, (sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static void NAME(weigh)(const struct tmk_depthwise *depthwise)
{
    const struct tmk_depthwise local = *depthwise, *d = &local;
    const ptrdiff_t tiles = (d->ntaps + TAPS - 1) / TAPS;
    for (ptrdiff_t tile = 0, tap = 0, n; tile < tiles; tile++, tap += n) {
        n = (d->ntaps - tap + tiles - tile - 1) / (tiles - tile);
        switch (n) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        NAME(weigh_taps)(d, tap, n);                                                               \
        break;
            EACH_TAPS(CASE)
#undef CASE
        }
    }
    if (d->bias)
        NAME(sum_bias)(d);
}
