/* Bringing the sums of a tile to their place, for one element type (channels_element.h). */

/* Of a tile; settle() looks at whole blocks of rows. */
enum { NAME(most_sums) = (TMK_MR + LANES - 1) / LANES * LANES * TMK_NRV * LANES };

/* Lane l of a block, positions [0, n), to out + l * lane; neighbours in memory, or `row` apart. */
INLINE void NAME(settle_block)(const NAME(vec) block[LANES], T *out, ptrdiff_t lane, ptrdiff_t row,
                               size_t lanes, size_t n, bool accumulate)
{
    const SPAN span = NAME(span)(0, (ptrdiff_t)n);
    UNROLL for (int l = 0; l < LANES; l++, out += lane)
    {
        if ((size_t)l < lanes && row == 1) {
            const NAME(vec) before = accumulate ? NAME(load_span)(out, span) : (NAME(vec)){0};
            NAME(store_span)(out, block[l] + before, span);
        } else if ((size_t)l < lanes) {
            for (size_t i = 0; i < n; i++)
                out[(ptrdiff_t)i * row] = block[l][i] + (accumulate ? out[(ptrdiff_t)i * row] : 0);
        }
    }
}

/* Lane l of a block to every other element of out + l * lane: those between, which only this thread
 * writes, are read and written back. */
#define EVERY_OTHER(half, p) ((p) % 2 ? (p) : LANES + (p) / 2 + (half)*LANES / 2)
INLINE void NAME(settle_every_other)(const NAME(vec) block[LANES], T *out, ptrdiff_t lane,
                                     size_t lanes, size_t n)
{
    const ptrdiff_t end = 2 * (ptrdiff_t)n - 1;
    const SPAN low = NAME(span)(0, end), high = NAME(span)(0, end - LANES);
    UNROLL for (int l = 0; l < LANES; l++, out += lane)
    {
        if ((size_t)l >= lanes)
            continue;
        NAME(vec) first = NAME(load_span)(out, low), second = NAME(load_span)(out + LANES, high);
        first = __builtin_shufflevector(first, block[l], EACH_LANE(EVERY_OTHER, 0));
        second = __builtin_shufflevector(second, block[l], EACH_LANE(EVERY_OTHER, 1));
        NAME(store_span)(out, first, low);
        NAME(store_span)(out + LANES, second, high);
    }
}
#undef EVERY_OTHER

/* Where positions are apart in memory. Not part of settle(), whose block stays in registers. */
static __attribute__((noinline)) void NAME(settle_apart)(const struct tmk_channels_out *t,
                                                         const NAME(vec) block[LANES], T *out,
                                                         size_t lanes, size_t n)
{
    if (t->row == 2 && !t->accumulate)
        NAME(settle_every_other)(block, out, t->lane, lanes, n);
    else
        NAME(settle_block)(block, out, t->lane, t->row, lanes, n, t->accumulate);
}

/* sums[row][lane] and the bias to out[lane][row]. */
static void NAME(settle)(const struct tmk_channels_out *t, const T *sums, size_t width)
{
    for (size_t l = 0; l < t->lanes; l += LANES) {
        const size_t lanes = TMK_MIN(t->lanes - l, LANES);
        NAME(vec) bias = {0};
        if (t->bias)
            bias = NAME(load_span)((const T *)t->bias + l, NAME(span)(0, (ptrdiff_t)lanes));
        for (size_t r = 0; r < t->rows; r += LANES) {
            const size_t n = TMK_MIN(t->rows - r, LANES);
            T *out = (T *)t->data + (ptrdiff_t)l * t->lane + (ptrdiff_t)r * t->row;
            NAME(vec) block[LANES];
            UNROLL for (int i = 0; i < LANES; i++) block[i] =
                NAME(load)(sums + (r + (size_t)i) * width + l) + bias;
            NAME(transpose)(block);
            if (t->row != 1) {
                NAME(vec) apart[LANES];
                UNROLL for (int i = 0; i < LANES; i++) apart[i] = block[i];
                NAME(settle_apart)(t, apart, out, lanes, n);
            } else if (t->accumulate) {
                NAME(settle_block)(block, out, t->lane, 1, lanes, n, true);
            } else {
                NAME(settle_block)(block, out, t->lane, 1, lanes, n, false);
            }
        }
    }
}
