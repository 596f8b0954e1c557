/* bwd_w with vectors along output channels, for one element type (channels_element.h). */

static void NAME(pack_gradient)(const void *from, ptrdiff_t lane, size_t lanes, size_t count,
                                size_t width, void *panel)
{
    T *out = panel;
    for (size_t k = 0; k < count; k += LANES, out += LANES * width) {
        const size_t n = TMK_MIN(count - k, LANES);
        const SPAN span = NAME(span)(0, (ptrdiff_t)n);
        for (size_t j = 0; j < width; j += LANES) {
            const T *row = (const T *)from + (ptrdiff_t)j * lane + k;
            const size_t rows = j < lanes ? lanes - j : 0;
            NAME(vec) block[LANES];
            for (size_t l = 0; l < rows && l < LANES; l++)
                __builtin_prefetch(row + (ptrdiff_t)l * lane + FETCH);
            UNROLL for (size_t l = 0; l < LANES; l++) block[l] =
                l < rows ? NAME(load_span)(row + (ptrdiff_t)l * lane, span) : (NAME(vec)){0};
            NAME(transpose)(block);
            UNROLL for (size_t i = 0; i < LANES; i++)
            {
                if (i < n)
                    NAME(store)(out + i * width + j, block[i]);
            }
        }
    }
}

/* One run, for groups [first, end). */
INLINE void NAME(weigh_run)(NAME(vec) sum[][TMK_NRV], const T *const *at, const ptrdiff_t *tap,
                            const T *dy, size_t length, const int taps, const int first,
                            const int end, const int vectors)
{
    const size_t width = (size_t)vectors * LANES;
    const T *image[TMK_MR];
    UNROLL for (int g = first; g < end; g++) image[g] = at[g];
    ROLLED for (size_t x = length; x > 0; x--, dy += width)
    {
        NAME(vec) dyx[TMK_NRV];
        UNROLL for (int j = 0; j < vectors; j++)
        {
            dyx[j] = NAME(load)(dy + j * LANES);
            __builtin_prefetch(dy + AHEAD * width + j * LANES);
        }
        UNROLL for (int g = first; g < end; g++)
        {
            UNROLL for (int i = 0; i < taps; i++)
                NAME(add_row)(sum[g * taps + i], image[g] + tap[i], dyx, vectors, g * taps + i);
            image[g]++;
        }
    }
}

/* The numbers of taps, groups and vectors are constants in each instance, so that the sums stay in
 * registers. Leaves them in sums[tap of all groups][lane]. */
INLINE void NAME(weigh_tile)(const struct tmk_channels_gradient *t, T *sums, const int taps,
                             const int groups, const int vectors)
{
    const size_t width = (size_t)vectors * LANES;
    const T *dy = t->dy;
    ptrdiff_t tap[TMK_CHANNELS_TAPS];
    UNROLL for (int i = 0; i < taps; i++) tap[i] = t->tap[i];
    NAME(vec) sum[TMK_MR][TMK_NRV];
    UNROLL for (int i = 0; i < groups * taps; i++)
    {
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = (NAME(vec)){0};
    }
    for (size_t r = 0; r < t->runs; r++, dy += t->length * width) {
        const T *image[TMK_MR];
        UNROLL for (int g = 0; g < groups; g++) image[g] =
            (const T *)t->image + t->group[g] + t->run[r];
#define WEIGH(first, end) NAME(weigh_run)(sum, image, tap, dy, t->length, taps, first, end, vectors)
        switch (t->leave[r]) {
        case TMK_CHANNELS_NONE:
            WEIGH(0, groups);
            break;
        case TMK_CHANNELS_FIRST:
            WEIGH(1, groups);
            break;
        case TMK_CHANNELS_LAST:
            WEIGH(0, groups - 1);
            break;
        case TMK_CHANNELS_FIRST | TMK_CHANNELS_LAST:
            WEIGH(1, groups - 1);
            break;
        default:
            break;
        }
#undef WEIGH
    }
    UNROLL for (int i = 0; i < groups * taps; i++)
    {
        UNROLL for (int j = 0; j < vectors; j++)
            NAME(store)(sums + (size_t)i * width + j * LANES, sum[i][j]);
    }
}

#define DEFINE(taps, groups, vectors)                                                              \
    static void NAME(PASTE(PASTE(weigh_##taps, groups), vectors))(                                 \
        const struct tmk_channels_gradient *t, T *sums)                                            \
    {                                                                                              \
        NAME(weigh_tile)(t, sums, taps, groups, vectors);                                          \
    }
EACH_TAPS(DEFINE)
#undef DEFINE

static void NAME(weigh)(const struct tmk_channels_gradient *t, size_t taps, size_t vectors)
{
#define ENTRY(taps, groups, vectors)                                                               \
    [taps][groups - 1][vectors - 1] = NAME(PASTE(PASTE(weigh_##taps, groups), vectors)),
    static void (*const kernel[TMK_CHANNELS_TAPS + 1][4][TMK_NRV])(
        const struct tmk_channels_gradient *, T *) = {EACH_TAPS(ENTRY)};
#undef ENTRY
    _Alignas(64) T sums[NAME(most_sums)];
    kernel[taps][t->groups - 1][vectors - 1](t, sums);
    NAME(settle)(&t->out, sums, vectors * LANES);
}
