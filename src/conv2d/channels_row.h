/* Tiles of one vector of lanes, for one element type (channels_element.h). Tap by tap each element
 * of the image would be brought for a single product, and loads run out before multiply-adds do: it
 * is brought once for all taps of a row of the kernel instead, whose weights are in registers. */

/* `count` channels at one row of `taps` taps. The elements that `rows` positions read are
 * neighbours; the first `left` and the last `right` of them are padding. */
INLINE void NAME(add_taps)(NAME(vec) sum[], const T *a, ptrdiff_t plane, const T *const b[],
                           size_t count, size_t left, size_t right, const int rows, const int taps)
{
    const int elements = rows + taps - 1;
    const T *w[TMK_CHANNELS_TAPS];
    UNROLL for (int j = 0; j < taps; j++) w[j] = b[j];
    ROLLED for (size_t c = 0; c < count * LANES; c += LANES, a += plane)
    {
        NAME(vec) wc[TMK_CHANNELS_TAPS];
        UNROLL for (int j = 0; j < taps; j++) wc[j] = NAME(load)(w[j] + c);
        UNROLL for (int i = 0; i < elements; i++)
        {
            if (i < TMK_CHANNELS_MAX_SKIP && (size_t)i < left)
                continue;
            if (elements - i <= TMK_CHANNELS_MAX_SKIP && (size_t)(elements - i) <= right)
                continue;
            const NAME(vec) x = NAME(fill)(a[i]);
            UNROLL for (int j = 0; j < taps; j++)
            {
                if (i - j >= 0 && i - j < rows)
                    sum[i - j] += x * wc[j];
            }
        }
    }
}

/* `rows` and `taps` are constants in each instance. */
INLINE void NAME(sum_rows)(const struct tmk_channels_tile *t, T *sums, const int rows,
                           const int taps)
{
    const struct tmk_channels_tap *tap = t->taps;
    const bool rising = tap[1].image > tap[0].image; /* the first tap reads the first element */
    const int skip_first = t->skip[rising ? 0 : taps - 1],
              skip_last = t->skip[rising ? taps - 1 : 0];
    const size_t left = skip_first > 0 ? (size_t)skip_first : 0;
    const size_t right = skip_last < 0 ? (size_t)-skip_last : 0;
    const T *image = t->image, *weights = t->weights;
    NAME(vec) sum[TMK_MR];
    UNROLL for (int i = 0; i < rows; i++) sum[i] = (NAME(vec)){0};
    size_t count;
    ROLLED for (size_t rest = t->channels; rest > 0; rest -= count)
    {
        count = TMK_MIN(rest, TMK_CHANNELS_GROUP);
        ROLLED for (size_t row = 0; row < t->ntaps; row += (size_t)taps)
        {
            const T *b[TMK_CHANNELS_TAPS];
            UNROLL for (int j = 0; j < taps; j++) b[j] =
                weights + tap[row + (size_t)(rising ? j : taps - 1 - j)].index * count * LANES;
            const size_t first = row + (size_t)(rising ? 0 : taps - 1);
            NAME(add_taps)
            (sum, image + tap[first].image, t->plane, b, count, left, right, rows, taps);
        }
        image += (ptrdiff_t)count * t->plane;
        weights += count * t->all_taps * LANES;
    }
    UNROLL for (int i = 0; i < rows; i++) NAME(store)(sums + (size_t)i * LANES, sum[i]);
}

#define DEFINE(taps, rows)                                                                         \
    static void NAME(PASTE(PASTE(sum_rows, taps), rows))(const struct tmk_channels_tile *t,        \
                                                         T *sums)                                  \
    {                                                                                              \
        NAME(sum_rows)(t, sums, rows, taps);                                                       \
    }
#define DEFINE_BOTH(rows) DEFINE(3, rows) DEFINE(5, rows)
EACH_MR(DEFINE_BOTH)
#undef DEFINE
#undef DEFINE_BOTH

/* Taps of a row that read neighbours, in either order, at every position. */
static bool NAME(has_rows)(const struct tmk_channels_tile *t)
{
    const ptrdiff_t step = t->ntaps > 1 ? t->taps[1].image - t->taps[0].image : 0;
    return !t->paired && t->step == 1 && (t->tap_row == 3 || t->tap_row == 5) && step * step == 1;
}

static void NAME(multiply_rows)(const struct tmk_channels_tile *t, T *sums)
{
    typedef void sum_rows(const struct tmk_channels_tile *, T *);
#define ENTRY(taps, rows) [taps / 4][rows - 1] = NAME(PASTE(PASTE(sum_rows, taps), rows)),
#define ENTRY_BOTH(rows) ENTRY(3, rows) ENTRY(5, rows)
    static sum_rows *const sum[2][TMK_MR] = {EACH_MR(ENTRY_BOTH)};
#undef ENTRY
#undef ENTRY_BOTH
    sum[t->tap_row / 4][t->out.rows - 1](t, sums);
}
