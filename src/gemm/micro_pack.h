/* Packing a panel, for one element type T; NAME(x) gives x its suffix. `full` is the panel's width
 * in the packed block. */

/* Vectors of the widest panel: nr columns of B or mr rows of A. */
enum { NAME(most_vectors) = TMK_MAX(TMK_NRV, (TMK_MR + LANES - 1) / LANES) };

/* What of one run of panel positions goes where, in `vectors` vectors: loads outside the image give
 * zeros, stores stay within the run, the last run's within the panel. */
struct NAME(strip) {
    SPAN in[NAME(most_vectors)], high[NAME(most_vectors)],
        out[NAME(most_vectors)]; /* high: a run of step 2 has twice the loads */
    ptrdiff_t from_step, to_step;
    size_t count; /* positions of k */
};

INLINE void NAME(copy_strip)(const struct NAME(strip) * strip, const T *from, T *to,
                             const int vectors)
{
    const ptrdiff_t from_step = strip->from_step, to_step = strip->to_step;
    SPAN in[NAME(most_vectors)], out[NAME(most_vectors)];
    UNROLL for (int v = 0; v < vectors; v++)
    {
        in[v] = strip->in[v];
        out[v] = strip->out[v];
    }
    for (size_t i = strip->count; i > 0; i--, from += from_step, to += to_step) {
        UNROLL for (int v = 0; v < vectors; v++)
            NAME(store_span)(to + v * LANES, NAME(load_span)(from + v * LANES, in[v]), out[v]);
    }
}

/* The same for runs of step 2: two vectors in, their even lanes out. */
INLINE void NAME(thin_strip)(const struct NAME(strip) * strip, const T *from, T *to,
                             const int vectors)
{
    const ptrdiff_t from_step = strip->from_step, to_step = strip->to_step;
    for (size_t i = strip->count; i > 0; i--, from += from_step, to += to_step) {
        UNROLL for (int v = 0; v < vectors; v++)
        {
            const T *at = from + 2 * v * LANES;
            NAME(vec) low = NAME(load_span)(at, strip->in[v]);
            NAME(vec) high = NAME(load_span)(at + LANES, strip->high[v]);
            low = __builtin_shufflevector(low, high, EACH_LANE(EVEN, 0));
            NAME(store_span)(to + v * LANES, low, strip->out[v]);
        }
    }
}

/* One run of panel positions at `count` positions of k, from_step apart in memory and to_step apart
 * in the panel. Elements [lo, hi) of the run are in the image; up to `length` the rest is zero. */
static void NAME(pack_strip)(const struct tmk_run *run, const T *from, ptrdiff_t from_step, T *to,
                             ptrdiff_t to_step, size_t count, size_t lo, size_t hi, size_t length)
{
    struct NAME(strip) strip = {.from_step = from_step, .to_step = to_step, .count = count};
    const int vectors = (int)((length + LANES - 1) / LANES);
    for (int v = 0; v < vectors; v++) {
        const ptrdiff_t first = (ptrdiff_t)lo - v * LANES, end = (ptrdiff_t)hi - v * LANES;
        strip.in[v] = run->step == 2 ? NAME(span)(2 * first, 2 * end - 1) : NAME(span)(first, end);
        strip.high[v] = NAME(span)(2 * first - LANES, 2 * end - 1 - LANES);
        strip.out[v] = NAME(span)(0, (ptrdiff_t)length - v * LANES);
    }
    if (run->step == 1) {
        switch (vectors) {
        case 1:
            NAME(copy_strip)(&strip, from, to, 1);
            break;
        case 2:
            NAME(copy_strip)(&strip, from, to, 2);
            break;
        default:
            NAME(copy_strip)(&strip, from, to, NAME(most_vectors));
        }
    } else if (run->step == 2) {
        switch (vectors) {
        case 1:
            NAME(thin_strip)(&strip, from, to, 1);
            break;
        case 2:
            NAME(thin_strip)(&strip, from, to, 2);
            break;
        default:
            NAME(thin_strip)(&strip, from, to, NAME(most_vectors));
        }
    } else {
        for (size_t i = 0; i < count; i++, from += from_step, to += to_step) {
            for (size_t j = 0; j < length; j++)
                to[j] = j >= lo && j < hi ? from[(ptrdiff_t)j * run->step] : 0;
        }
    }
}

/* Neighbours along the panel are neighbours in memory: copy run by run. Positions of k that are
 * `period` apart differ by a constant offset only, so what is clipped is worked out once for all.
 */
static void NAME(pack_along_panel)(const struct tmk_panel *p, T *out, size_t full)
{
    const struct tmk_depth *k = p->k;
    for (size_t t = 0; t < k->period && t < k->count; t++) {
        size_t count = (k->count - t + k->period - 1) / k->period;
        ptrdiff_t step = count > 1 ? k->offset[t + k->period] - k->offset[t] : 0;
        for (size_t r = 0; r < p->nruns; r++) {
            const struct tmk_run *run = &p->runs[r];
            size_t lo = 0, hi = run->length;
            if (p->window)
                clip(p, run, k->y[t], k->x[t], &lo, &hi);
            size_t length = r + 1 < p->nruns ? run->length : full - run->start;
            const T *from = (const T *)p->base + k->offset[t] + run->offset;
            NAME(pack_strip)
            (run, from, step, out + t * full + run->start, (ptrdiff_t)(k->period * full), count, lo,
             hi, length);
        }
    }
}

/* A vector of elements `step` apart, 1 or 2, of those that the spans of both vectors that they lie
 * in hold, the rest zero. */
INLINE NAME(vec) NAME(load_apart)(const T *from, const ptrdiff_t step, SPAN low, SPAN high)
{
    if (step == 1)
        return NAME(load_span)(from, low);
    return (NAME(vec))__builtin_shufflevector(
        NAME(load_span)(from, low), NAME(load_span)(from + LANES, high), EACH_LANE(EVEN, 0));
}

/* Positions [k, k + LANES) of a row, those outside [lo, hi) zero; its elements are `step` apart, 1
 * or 2. */
INLINE NAME(vec) NAME(load_row)(const struct row *row, ptrdiff_t k, ptrdiff_t step)
{
    const T *from = (const T *)row->from + k * step;
    const ptrdiff_t lo = row->lo - k, hi = row->hi - k;
    const ptrdiff_t begin = lo * step, end = (hi - 1) * step + 1;
    return NAME(load_apart)(from, step, NAME(span)(begin, end),
                            NAME(span)(begin - LANES, end - LANES));
}

/* One run of k: square blocks transposed in registers. Each block's store may run over the end of a
 * packed row into the next, which is written later; the last groups therefore go first. What lies
 * `ahead` of a row is fetched. */
INLINE void NAME(pack_transposed)(const struct row *rows, size_t full, ptrdiff_t length,
                                  const ptrdiff_t step, ptrdiff_t begin, ptrdiff_t end,
                                  ptrdiff_t ahead, T *out)
{
    for (ptrdiff_t k = 0; k < length; k += LANES) {
        const ptrdiff_t n = length - k < LANES ? length - k : LANES;
        const bool inside = k >= begin && k + n <= end;
        const ptrdiff_t read = (n - 1) * step + 1;
        const SPAN low = NAME(span)(0, read), high = NAME(span)(0, read - LANES);
        for (size_t group = (full + LANES - 1) / LANES; group-- > 0;) {
            const struct row *from = rows + group * LANES;
            NAME(vec) block[LANES];
            for (size_t j = 0; j < LANES && group * LANES + j < full && from[j].hi > k; j++) {
                for (ptrdiff_t i = 0; i < step; i++)
                    __builtin_prefetch((const T *)from[j].from + k * step + ahead + i * LANES);
            }
            if (inside && (group + 1) * LANES <= full) {
                UNROLL for (size_t j = 0; j < LANES; j++) block[j] =
                    NAME(load_apart)((const T *)from[j].from + k * step, step, low, high);
            } else {
                UNROLL for (size_t j = 0; j < LANES; j++)
                {
                    block[j] = (NAME(vec)){0};
                    if (group * LANES + j < full && from[j].hi > k)
                        block[j] = NAME(load_row)(&from[j], k, step);
                }
            }
            NAME(transpose)(block);
            UNROLL for (size_t j = 0; j < LANES; j++)
            {
                if ((ptrdiff_t)j < n)
                    *(NAME(vec) *)(out + (size_t)(k + (ptrdiff_t)j) * full + group * LANES) =
                        block[j];
            }
        }
    }
}

/* The row of each panel position within one run of k; gives the part [*begin, *end) of the run in
 * which all rows have elements. */
static inline void NAME(find_rows)(const struct tmk_panel *p, const struct tmk_run *k_run,
                                   struct row *rows, size_t full, ptrdiff_t *begin, ptrdiff_t *end)
{
    size_t j = 0;
    *begin = 0;
    *end = (ptrdiff_t)k_run->length;
    for (size_t r = 0; r < p->nruns; r++) {
        struct tmk_run at = p->runs[r];
        for (size_t i = 0; i < at.length; i++, j++, at.offset += at.step, at.x += at.x_step) {
            size_t lo = 0, hi = k_run->length;
            if (p->window)
                clip(p, k_run, at.y, at.x, &lo, &hi);
            rows[j] = (struct row){(const T *)p->base + at.offset + k_run->offset, (ptrdiff_t)lo,
                                   (ptrdiff_t)hi};
            *begin = rows[j].lo > *begin ? rows[j].lo : *begin;
            *end = rows[j].hi < *end ? rows[j].hi : *end;
        }
    }
    for (; j < full; j++) {
        rows[j] = (struct row){NULL, 0, 0};
        *end = 0;
    }
}

/* A block of `n` <= LANES positions of k of a panel of `groups` vectors, whose positions are rows
 * `step` apart: `whole`, all of them are there, or as many as `width`. */
INLINE void NAME(pack_square)(const T *from, ptrdiff_t step, const ptrdiff_t n, const bool far,
                              const int groups, const bool whole, size_t width, T *out)
{
    static const T none[LANES];
    const size_t full = (size_t)groups * LANES;
    ROLLED for (size_t group = (size_t)groups; group-- > 0;)
    {
        ptrdiff_t apart = step;
        OPAQUE(apart);
        const T *row = from + (ptrdiff_t)(group * LANES) * step;
        NAME(vec) block[LANES];
        UNROLL for (size_t j = 0; j < LANES; j++, row += apart)
        {
            const T *there = whole || group * LANES + j < width ? row : none;
            if (far)
                __builtin_prefetch(row + FETCH);
            block[j] = n == LANES ? NAME(load)(there) : NAME(load_span)(there, NAME(span)(0, n));
        }
        NAME(transpose)(block);
        UNROLL for (size_t j = 0; j < LANES; j++)
        {
            if ((ptrdiff_t)j < n)
                NAME(store)(out + j * full + group * LANES, block[j]);
        }
    }
}

/* A panel likewise. */
INLINE void NAME(pack_matrix)(const T *from, ptrdiff_t step, ptrdiff_t length, const bool far,
                              const int groups, const bool whole, size_t width, T *out)
{
    const ptrdiff_t full = groups * LANES;
    ROLLED for (; length >= LANES; length -= LANES, from += LANES, out += LANES * full)
        NAME(pack_square)(from, step, LANES, far, groups, whole, width, out);
    if (length > FEW) {
        NAME(pack_square)(from, step, length, far, groups, whole, width, out);
        return;
    }
    for (ptrdiff_t j = 0; length > 0 && j < full; j++) {
        for (ptrdiff_t k = 0; k < length; k++)
            out[k * full + j] = j < (ptrdiff_t)width ? from[j * step + k] : 0;
    }
}

/* Neighbours along k are neighbours in memory: the operand's rows become columns of the panel. */
static void NAME(pack_along_k)(const struct tmk_panel *p, T *out, size_t full)
{
    for (size_t r = 0; r < p->k->nruns; r++) {
        const struct tmk_run *run = &p->k->runs[r];
        const ptrdiff_t length = (ptrdiff_t)run->length;
        struct row rows[TMK_MICRO_MAX_NR];
        ptrdiff_t begin, end;
        T *to = out + run->start * full;
        if (run->step == 1 && p->nruns == 1 && !p->window && (full == NR || full == LANES)) {
            const T *from = (const T *)p->base + p->runs->offset + run->offset;
            const ptrdiff_t step = p->runs->step;
            if (full != NR)
                NAME(pack_matrix)(from, step, length, true, 1, false, p->width, to);
            else if (p->width < full)
                NAME(pack_matrix)(from, step, length, true, TMK_NRV, false, p->width, to);
            else if (p->far)
                NAME(pack_matrix)(from, step, length, true, TMK_NRV, true, full, to);
            else
                NAME(pack_matrix)(from, step, length, false, TMK_NRV, true, full, to);
            continue;
        }
        NAME(find_rows)(p, run, rows, full, &begin, &end);
        if (run->step == 1) {
            NAME(pack_transposed)(rows, full, length, 1, begin, end, FETCH, to);
        } else if (run->step == 2) {
            const ptrdiff_t ahead = r + 1 < p->k->nruns ? run[1].offset - run->offset : 0;
            NAME(pack_transposed)(rows, full, length, 2, begin, end, ahead, to);
        } else {
            memset(to, 0, full * (size_t)length * sizeof(T));
            for (size_t j = 0; j < p->width; j++) {
                const T *from = rows[j].from;
                for (ptrdiff_t k = rows[j].lo; k < rows[j].hi; k++)
                    to[(size_t)k * full + j] = from[k * run->step];
            }
        }
    }
}

/* Choose by the cycles that either way takes, roughly. */
static void NAME(pack)(const struct tmk_panel *p, size_t full, void *out)
{
    enum { STRIP = 40, COPY = 3, BLOCK_ROW = 5, ELEMENT = 2 };
    const size_t row = p->window ? 12 : 3;
    const size_t elements = p->width * p->k->count;
    const ptrdiff_t panel_step = p->runs->step, k_step = p->k->runs->step;
    const size_t strips = TMK_MIN(p->k->period, p->k->count);
    size_t along_panel = p->nruns * (STRIP * strips + COPY * p->k->count);
    size_t along_k = row * p->k->nruns * p->width + BLOCK_ROW * elements / LANES;
    if (panel_step != 1 && panel_step != 2)
        along_panel += ELEMENT * elements;
    if (k_step != 1 && k_step != 2)
        along_k += ELEMENT * elements;
    if (along_panel <= along_k)
        NAME(pack_along_panel)(p, out, full);
    else
        NAME(pack_along_k)(p, out, full);
}

/* `tiles` tiles side by side: a cache line of a row holds parts of two. */
INLINE void NAME(pack_abreast)(const T *from, ptrdiff_t step, size_t kc, size_t rows, size_t full,
                               T *out, const int tiles, const int vectors)
{
    SPAN in[NAME(most_vectors)], to[NAME(most_vectors)];
    UNROLL for (int v = 0; v < vectors; v++)
    {
        in[v] = NAME(span)(0, (ptrdiff_t)rows - v * LANES);
        to[v] = NAME(span)(0, (ptrdiff_t)full - v * LANES);
    }
    ROLLED for (size_t k = 0; k < kc; k++, from += step, out += full)
    {
        UNROLL for (int t = 0; t < tiles; t++)
        {
            const T *row = from + (size_t)t * rows;
            T *at = out + (size_t)t * full * kc;
            UNROLL for (int v = 0; v < vectors; v++)
                NAME(store_span)(at + v * LANES, NAME(load_span)(row + v * LANES, in[v]), to[v]);
        }
    }
}

/* Neighbours along the panels are neighbours in memory, k is linear: some tiles at a time. */
static void NAME(pack_tiles)(const void *base, ptrdiff_t step, size_t kc, size_t rows, size_t full,
                             size_t tiles, void *panels)
{
    const T *from = base;
    T *out = panels;
    for (size_t abreast; tiles > 0;
         tiles -= abreast, from += abreast * rows, out += abreast * full * kc) {
        abreast = tiles < ABREAST ? 1 : ABREAST;
        if (abreast > 1 && full <= LANES)
            NAME(pack_abreast)(from, step, kc, rows, full, out, ABREAST, 1);
        else if (abreast > 1)
            NAME(pack_abreast)(from, step, kc, rows, full, out, ABREAST, NAME(most_vectors));
        else
            NAME(pack_abreast)(from, step, kc, rows, full, out, 1, NAME(most_vectors));
    }
}
