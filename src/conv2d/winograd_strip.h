/* Rows of an image to strips of vectors and back, for one element type T; NAME(x) gives x its
 * suffix. */
#include "turned.h"

static void NAME(gather)(const struct tmk_winograd_row *row, ptrdiff_t first, size_t count,
                         void *strip)
{
    NAME(vec) *out = strip, *const end = out + count;
    const size_t before = first < 0 ? TMK_MIN((size_t)-first, count) : 0;
    const ptrdiff_t x = first + (ptrdiff_t)before, left = (ptrdiff_t)row->width - x;
    const size_t inside = left > 0 ? TMK_MIN((size_t)left, count - before) : 0;
    const T *from = (const T *)row->data + x * row->column;
    for (size_t i = 0; i < before; i++)
        *out++ = (NAME(vec)){0};
    if (row->column == 1) {
        for (size_t i = 0; i < inside; i += LANES) {
            ALIGNED NAME(vec) block[LANES];
            NAME(load_turned)(from + i, row->channel, row->channels, inside - i, block);
            UNROLL for (int j = 0; j < LANES; j++) out[i + (size_t)j] = block[j];
        }
        out += inside;
    } else {
        for (size_t i = 0; i < inside; i++, from += row->column)
            *out++ = row->channels == LANES ? *(const NAME(vec) *)from
                                            : NAME(load_first)(from, row->channels);
    }
    while (out < end)
        *out++ = (NAME(vec)){0};
}

static void NAME(scatter)(const struct tmk_winograd_row *row, ptrdiff_t first, size_t count,
                          const void *strip)
{
    const NAME(vec) *in = strip;
    T *to = (T *)row->data + first * row->column;
    const size_t end = TMK_MIN(count, row->width - (size_t)first);
    for (size_t x = 0; row->column == 1 && x < end; x += LANES, to += LANES) {
        ALIGNED NAME(vec) block[LANES];
        UNROLL for (int i = 0; i < LANES; i++) block[i] = in[x + (size_t)i];
        NAME(store_turned)(to, row->channel, row->channels, end - x, row->stream, block);
    }
    for (size_t x = 0; row->column != 1 && x < end; x++, to += row->column) {
        if (row->channels == LANES)
            *(NAME(vec) *)to = in[x];
        else
            NAME(store_first)(to, in[x], row->channels);
    }
}

/* Four sums at a time, so that one addition need not wait for the last. */
static void NAME(sum)(const void *strip, size_t pixels, void *sums)
{
    const NAME(vec) *in = strip;
    NAME(vec) sum[4] = {{0}};
    size_t x = 0;
    for (; x + 4 <= pixels; x += 4) {
        UNROLL for (size_t i = 0; i < 4; i++) sum[i] += in[x + i];
    }
    for (; x < pixels; x++)
        sum[0] += in[x];
    *(NAME(vec) *)sums += (sum[0] + sum[1]) + (sum[2] + sum[3]);
}
