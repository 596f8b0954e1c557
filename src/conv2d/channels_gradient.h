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

static void NAME(sum_gradient)(const void *panel, size_t count, size_t width, bool accumulate,
                               size_t lanes, void *sums)
{
    enum { ABREAST = 4 }; /* so that one addition need not wait for the last */
    for (size_t j = 0; j < lanes; j += LANES) {
        const SPAN span = NAME(span)(0, (ptrdiff_t)(lanes - j));
        const T *from = (const T *)panel + j;
        T *to = (T *)sums + j;
        NAME(vec) sum[ABREAST] = {{0}};
        size_t k = 0;
        for (; k + ABREAST <= count; k += ABREAST) {
            UNROLL for (size_t i = 0; i < ABREAST; i++) sum[i] +=
                NAME(load)(from + (k + i) * width);
        }
        for (; k < count; k++)
            sum[0] += NAME(load)(from + k * width);
        NAME(vec) total = accumulate ? NAME(load_span)(to, span) : (NAME(vec)){0};
        UNROLL for (size_t i = 0; i < ABREAST; i++) total += sum[i];
        NAME(store_span)(to, total, span);
    }
}

/* One position: taps [first, end) of each group. */
INLINE void NAME(weigh_step)(NAME(vec) sum[][TMK_NRV], const T **image, const ptrdiff_t *tap,
                             ptrdiff_t step, const T *dy, const int taps, const int groups,
                             const int vectors, const int first, const int end)
{
    const size_t width = (size_t)vectors * LANES;
    NAME(vec) dyx[TMK_NRV];
    UNROLL for (int j = 0; j < vectors; j++)
    {
        dyx[j] = NAME(load)(dy + j * LANES);
        __builtin_prefetch(dy + AHEAD * width + j * LANES);
    }
    UNROLL for (int g = 0; g < groups; g++)
    {
        UNROLL for (int i = first; i < end; i++)
            NAME(add_row)(sum[g * taps + i], image[g] + tap[i], dyx, vectors, g * taps + i);
        image[g] += step;
    }
}

/* The numbers of taps, groups and vectors are constants in each instance, so that the sums stay in
 * registers. */
INLINE void NAME(weigh_tile)(const struct tmk_channels_gradient *t, const int taps,
                             const int groups, const int vectors)
{
    const size_t width = (size_t)vectors * LANES, inner = t->length - t->left - t->right;
    ptrdiff_t tap[TMK_CHANNELS_TAPS];
    UNROLL for (int i = 0; i < taps; i++) tap[i] = t->tap[i];
    NAME(vec) sum[TMK_MR][TMK_NRV];
    UNROLL for (int i = 0; i < groups * taps; i++)
    {
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = (NAME(vec)){0};
    }
    for (size_t n = 0; n < t->images; n++) {
        const T *row = (const T *)t->image + (ptrdiff_t)n * t->plane;
        const T *dy = (const T *)t->dy + n * t->dy_plane * width;
        ROLLED for (size_t y = 0; y < t->rows; y++, row += t->row)
        {
            const T *image[TMK_MR];
            UNROLL for (int g = 0; g < groups; g++) image[g] = row + g * t->group;
#define STEP(first, end)                                                                           \
    NAME(weigh_step)(sum, image, tap, t->step, dy, taps, groups, vectors, first, end);             \
    dy += width
            if (t->left > 1) {
                STEP(2, taps);
            }
            if (t->left > 0) {
                STEP(1, taps);
            }
            ROLLED for (size_t x = inner; x > 0; x--)
            {
                STEP(0, taps);
            }
            if (t->right > 0) {
                STEP(0, taps - 1);
            }
            if (t->right > 1) {
                STEP(0, taps - 2);
            }
#undef STEP
        }
    }
    T *sums = t->sums;
    UNROLL for (int g = 0; g < groups; g++, sums += t->group_rows * width)
    {
        UNROLL for (int i = 0; i < taps; i++)
        {
            UNROLL for (int j = 0; j < vectors; j++)
                NAME(store)(sums + (size_t)i * width + j * LANES, sum[g * taps + i][j]);
        }
    }
}

#define DEFINE(taps, groups, vectors)                                                              \
    static void NAME(PASTE(PASTE(weigh_##taps, groups), vectors))(                                 \
        const struct tmk_channels_gradient *t)                                                     \
    {                                                                                              \
        NAME(weigh_tile)(t, taps, groups, vectors);                                                \
    }
EACH_TAPS(DEFINE)
#undef DEFINE

static void NAME(weigh)(const struct tmk_channels_gradient *t, size_t taps, size_t vectors)
{
#define ENTRY(taps, groups, vectors)                                                               \
    [taps][groups - 1][vectors - 1] = NAME(PASTE(PASTE(weigh_##taps, groups), vectors)),
    static void (*const kernel[TMK_CHANNELS_TAPS + 1][4][TMK_NRV])(
        const struct tmk_channels_gradient *) = {EACH_TAPS(ENTRY)};
#undef ENTRY
    kernel[taps][t->groups - 1][vectors - 1](t);
}

static void NAME(settle_gradient)(const struct tmk_channels_out *out, const void *sums,
                                  size_t vectors)
{
    NAME(settle)(out, sums, vectors * LANES);
}
