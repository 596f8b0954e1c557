/* The kernels for one element type (micro_types.h). */
#include "channels_settle.h"

/* One vector of lanes of `length` neighbouring weights, from the first tap of a group's channel on:
 * blocks transposed in registers. What is `ahead`, if it is not 0, is fetched meanwhile. */
static void NAME(pack_run)(const T *from, ptrdiff_t lane, size_t lanes, size_t length, size_t taps,
                           size_t count, size_t channel, ptrdiff_t ahead, T *out, size_t width)
{
    size_t tap = 0;
    for (size_t k = 0; k < length; k += LANES) {
        const size_t n = TMK_MIN(length - k, LANES);
        const SPAN span = NAME(span)(0, (ptrdiff_t)n);
        NAME(vec) block[LANES];
        if (lanes >= LANES) {
            UNROLL for (int l = 0; ahead != 0 && l < LANES; l++)
                __builtin_prefetch(from + l * lane + k + ahead, 0, 2);
            UNROLL for (int l = 0; l < LANES; l++) block[l] =
                NAME(load_span)(from + l * lane + k, span);
        } else {
            UNROLL for (int l = 0; l < LANES; l++) block[l] =
                (size_t)l < lanes ? NAME(load_span)(from + l * lane + k, span) : (NAME(vec)){0};
        }
        NAME(transpose)(block);
        UNROLL for (int i = 0; i < LANES; i++)
        {
            if ((size_t)i < n) {
                NAME(store)(out + (tap * count + channel) * width, block[i]);
                if (++tap == taps) {
                    tap = 0;
                    channel++;
                }
            }
        }
    }
}

/* Of three vectors, one after the other: every third element from the first on, from the second,
 * from the third. */
#define FIRST_THIRDS(r, l) (3 * (l) + (r) < 2 * LANES ? 3 * (l) + (r) : 0)
#define LAST_THIRDS(r, l) (3 * (l) + (r) < 2 * LANES ? (l) : 3 * (l) + (r)-LANES)
#define THIRDS(r)                                                                                  \
    __builtin_shufflevector(__builtin_shufflevector(a, b, EACH_LANE(FIRST_THIRDS, r)), c,          \
                            EACH_LANE(LAST_THIRDS, r))
INLINE void NAME(take_thirds)(NAME(vec) a, NAME(vec) b, NAME(vec) c, NAME(vec) * out, int apart)
{
    out[0] = THIRDS(0);
    out[apart] = THIRDS(1);
    out[2 * apart] = THIRDS(2);
}
#undef THIRDS
#undef LAST_THIRDS
#undef FIRST_THIRDS

/* One vector of lanes of nine taps that lie without gaps, lane by lane: thirds of thirds. */
INLINE void NAME(pack_nine)(const T *from, ptrdiff_t ahead, T *out, size_t step)
{
    NAME(vec) thirds[9], tap[9];
    UNROLL for (int i = 0; i < 9; i++)
    {
        if (ahead != 0)
            __builtin_prefetch(from + i * LANES + ahead, 0, 2);
    }
    UNROLL for (int i = 0; i < 3; i++)
    {
        const T *at = from + 3 * i * LANES;
        NAME(take_thirds)
        (NAME(load)(at), NAME(load)(at + LANES), NAME(load)(at + 2 * LANES), thirds + i, 3);
    }
    UNROLL for (int r = 0; r < 3; r++)
        NAME(take_thirds)(thirds[3 * r], thirds[3 * r + 1], thirds[3 * r + 2], tap + r, 3);
    UNROLL for (int t = 0; t < 9; t++) NAME(store)(out + (size_t)t * step, tap[t]);
}

/* One vector of lanes of a group of channels. */
static void NAME(pack_group)(const struct tmk_channels_weights *w, const T *from, size_t lanes,
                             size_t count, T *out, size_t width)
{
    if (w->channel == (ptrdiff_t)w->taps) {
        NAME(pack_run)
        (from, w->lane, lanes, count * w->taps, w->taps, count, 0, w->far ? FETCH : 0, out, width);
        return;
    }
    const ptrdiff_t ahead = w->far ? CHANNELS_AHEAD * w->channel : 0;
    const SPAN span = NAME(span)(0, (ptrdiff_t)lanes);
    for (size_t c = 0; c < count; c++, from += w->channel) {
        if (w->taps == 1 && w->lane == 1)
            NAME(store)(out + c * width, NAME(load_span)(from, span));
        else if (w->taps == 9 && w->lane == 9 && lanes >= LANES)
            NAME(pack_nine)(from, ahead, out + c * width, count * width);
        else
            NAME(pack_run)
        (from, w->lane, lanes, w->taps, w->taps, count, c, ahead, out, width);
    }
}

static void NAME(pack)(const struct tmk_channels_weights *w, size_t width, void *panel)
{
    T *out = panel;
    for (size_t c = 0; c < w->channels; c += TMK_CHANNELS_GROUP) {
        const size_t count = TMK_MIN(w->channels - c, TMK_CHANNELS_GROUP);
        for (size_t j = 0; j < width; j += LANES) {
            const size_t lanes = j < w->lanes ? w->lanes - j : 0;
            const T *from = (const T *)w->data + (ptrdiff_t)c * w->channel + (ptrdiff_t)j * w->lane;
            NAME(pack_group)(w, from, lanes, count, out + j, width);
        }
        out += count * w->taps * width;
    }
}

/* `count` channels at one tap, for rows [first, end) of the tile, or of both of a pair's, which are
 * `apart`; rows are `step` elements of the image from each other. */
INLINE void NAME(add_channels)(NAME(vec) sum[][TMK_NRV], const T *a, ptrdiff_t apart,
                               ptrdiff_t plane, const T *b, size_t count, const int rows,
                               const int tiles, const int vectors, const int step, const int first,
                               const int end)
{
    const size_t width = (size_t)vectors * LANES;
    const T *second = a + apart;
    ROLLED for (; count > 0; count--, a += plane, second += plane, b += width)
    {
        NAME(vec) bc[TMK_NRV];
        UNROLL for (int j = 0; j < vectors; j++) bc[j] = NAME(load)(b + j * LANES);
        UNROLL for (int j = 0; j < vectors; j++)
            __builtin_prefetch(b + j * LANES + AHEAD * vectors * LANES);
        UNROLL for (int i = first; i < end; i++)
            NAME(add_row)(sum[i], a + i * step, bc, vectors, i);
        UNROLL for (int i = first; tiles > 1 && i < end; i++)
            NAME(add_row)(sum[rows + i], second + i * step, bc, vectors, rows + i);
    }
}

/* `rows`, `tiles`, `vectors` and `step` are constants in each instance, so that the sums stay in
 * registers. Leaves them in sums[row][lane], tile by tile. */
INLINE void NAME(sum_tile)(const struct tmk_channels_tile *t, T *sums, const int rows,
                           const int tiles, const int vectors, const int step)
{
    const size_t width = (size_t)vectors * LANES;
    const T *image = t->image, *weights = t->weights;
    NAME(vec) sum[TMK_MR][TMK_NRV];
    UNROLL for (int i = 0; i < tiles * rows; i++)
    {
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = (NAME(vec)){0};
    }
    size_t count;
    ROLLED for (size_t left = t->channels; left > 0; left -= count)
    {
        count = TMK_MIN(left, TMK_CHANNELS_GROUP);
        for (size_t c = 0; t->ahead != 0 && c < count; c++)
            __builtin_prefetch(image + (ptrdiff_t)c * t->plane + t->ahead, 0, 2);
        size_t column = 0;
        ROLLED for (size_t tap = 0; tap < t->ntaps; tap++)
        {
            const T *a = image + t->taps[tap].image;
            const T *b = weights + t->taps[tap].index * count * width;
#define ADD(first, end)                                                                            \
    NAME(add_channels)(sum, a, t->apart, t->plane, b, count, rows, tiles, vectors, step, first, end)
            switch (t->skip[column]) {
            case 1:
                ADD(1, rows);
                break;
            case 2:
                ADD(2, rows);
                break;
            case -1:
                ADD(0, rows - 1);
                break;
            case -2:
                ADD(0, rows - 2);
                break;
            default:
                ADD(0, rows);
            }
#undef ADD
            column = column + 1 < t->tap_row ? column + 1 : 0;
        }
        image += (ptrdiff_t)count * t->plane;
        weights += count * t->all_taps * width;
    }
    UNROLL for (int i = 0; i < tiles * rows; i++)
    {
        UNROLL for (int j = 0; j < vectors; j++)
            NAME(store)(sums + (size_t)i * width + j * LANES, sum[i][j]);
    }
}

/* One tile or a pair of so many rows, of an image read position by position or every other. */
#define DEFINE(tiles, step, vectors, rows)                                                         \
    static void NAME(PASTE(PASTE(sum_##tiles##_##step, vectors), rows))(                           \
        const struct tmk_channels_tile *t, T *sums)                                                \
    {                                                                                              \
        NAME(sum_tile)(t, sums, rows, tiles, vectors, step);                                       \
    }
#define DEFINE_ONE(vectors, rows) DEFINE(1, 1, vectors, rows) DEFINE(1, 2, vectors, rows)
#define DEFINE_PAIR(vectors, rows) DEFINE(2, 1, vectors, rows) DEFINE(2, 2, vectors, rows)
#define DEFINE_ONES(rows) EACH_NRV(DEFINE_ONE, rows)
#define DEFINE_PAIRS(rows) EACH_NRV(DEFINE_PAIR, rows)
EACH_MR(DEFINE_ONES)
EACH_HALF_MR(DEFINE_PAIRS)
#undef DEFINE
#undef DEFINE_ONE
#undef DEFINE_PAIR
#undef DEFINE_ONES
#undef DEFINE_PAIRS

#include "channels_row.h"

static void NAME(multiply)(const struct tmk_channels_tile *tile, size_t vectors)
{
    typedef void sum_tile(const struct tmk_channels_tile *, T *);
#define ENTRY(tiles, step, vectors, rows)                                                          \
    [tiles - 1][step - 1][vectors - 1][rows - 1] =                                                 \
        NAME(PASTE(PASTE(sum_##tiles##_##step, vectors), rows)),
#define ENTRY_ONE(vectors, rows) ENTRY(1, 1, vectors, rows) ENTRY(1, 2, vectors, rows)
#define ENTRY_PAIR(vectors, rows) ENTRY(2, 1, vectors, rows) ENTRY(2, 2, vectors, rows)
#define ENTRY_ONES(rows) EACH_NRV(ENTRY_ONE, rows)
#define ENTRY_PAIRS(rows) EACH_NRV(ENTRY_PAIR, rows)
    static sum_tile *const sum[2][TMK_CHANNELS_MAX_STEP][TMK_NRV][TMK_MR] = {
        EACH_MR(ENTRY_ONES) EACH_HALF_MR(ENTRY_PAIRS)};
#undef ENTRY
#undef ENTRY_ONE
#undef ENTRY_PAIR
#undef ENTRY_ONES
#undef ENTRY_PAIRS
    const size_t rows = tile->out.rows, width = vectors * LANES;
    _Alignas(64) T sums[NAME(most_sums) + TMK_MR / 2 * TMK_NRV * LANES];
    /* results, of which a tile's rows end in one more line */
    for (size_t l = 0; l < tile->out.lanes; l++)
        __builtin_prefetch((const T *)tile->out.data + (ptrdiff_t)l * tile->out.lane +
                               (ptrdiff_t)(rows - 1) * tile->out.row,
                           1);
    if (vectors == 1 && NAME(has_rows)(tile))
        NAME(multiply_rows)(tile, sums);
    else
        sum[tile->paired][tile->step - 1][vectors - 1][rows - 1](tile, sums);
    NAME(settle)(&tile->out, sums, width);
    if (tile->paired)
        NAME(settle)(&tile->second, sums + rows * width, width);
}

#include "channels_gradient.h"
