/* Packing a panel, for one element type T; NAME(x) gives x its suffix. `full` is the panel's width
 * in the packed block. */

/* What of one run of panel positions goes where, in `vectors` vectors: loads outside the image give
 * zeros, stores stay within the run, the last run's within the panel. */
struct NAME(strip) {
    SPAN in[TMK_NRV], out[TMK_NRV];
    ptrdiff_t from_step, to_step;
    size_t count; /* positions of k */
};

static inline __attribute__((always_inline)) void
NAME(copy_strip)(const struct NAME(strip) * strip, const T *from, T *to, const int vectors)
{
    const ptrdiff_t from_step = strip->from_step, to_step = strip->to_step;
    SPAN in[TMK_NRV], out[TMK_NRV];
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
static inline __attribute__((always_inline)) void
NAME(thin_strip)(const struct NAME(strip) * strip, const T *from, T *to, const ptrdiff_t lo,
                 const ptrdiff_t hi, const int vectors)
{
    for (size_t i = strip->count; i > 0; i--, from += strip->from_step, to += strip->to_step) {
        UNROLL for (int v = 0; v < vectors; v++)
        {
            const ptrdiff_t first = 2 * v * LANES, second = first + LANES;
            NAME(vec)
            low = NAME(load_span)(from + first, NAME(span)(2 * lo - first, 2 * hi - 1 - first));
            NAME(vec)
            high = NAME(load_span)(from + second, NAME(span)(2 * lo - second, 2 * hi - 1 - second));
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
        strip.in[v] = NAME(span)((ptrdiff_t)lo - v * LANES, (ptrdiff_t)hi - v * LANES);
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
            NAME(copy_strip)(&strip, from, to, TMK_NRV);
        }
    } else if (run->step == 2) {
        switch (vectors) {
        case 1:
            NAME(thin_strip)(&strip, from, to, (ptrdiff_t)lo, (ptrdiff_t)hi, 1);
            break;
        case 2:
            NAME(thin_strip)(&strip, from, to, (ptrdiff_t)lo, (ptrdiff_t)hi, 2);
            break;
        default:
            NAME(thin_strip)(&strip, from, to, (ptrdiff_t)lo, (ptrdiff_t)hi, TMK_NRV);
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

/* Positions [begin, end) of a run of k, element by element. */
static inline void NAME(pack_elements)(const struct row *rows, size_t full, ptrdiff_t step,
                                       size_t begin, size_t end, T *out)
{
    for (size_t k = begin; k < end; k++) {
        for (size_t j = 0; j < full; j++)
            out[k * full + j] = k >= rows[j].lo && k < rows[j].hi
                                    ? ((const T *)rows[j].from)[(ptrdiff_t)k * step]
                                    : 0;
    }
}

/* Positions [begin, end) of a run of unit step, inside the image for every row that is not empty:
 * square blocks transposed in registers. Each block's store may run over the end of a packed row
 * into the next, which is written later; the last groups therefore go first. */
static inline void NAME(pack_transposed)(const struct row *rows, size_t full, size_t begin,
                                         size_t end, T *out)
{
    for (size_t k = begin; k < end; k += LANES) {
        size_t n = end - k < LANES ? end - k : LANES;
        const SPAN span = NAME(span)(0, (ptrdiff_t)n);
        for (size_t group = (full + LANES - 1) / LANES; group-- > 0;) {
            NAME(vec) block[LANES];
            UNROLL for (size_t j = 0; j < LANES; j++)
            {
                size_t row = group * LANES + j;
                block[j] = (NAME(vec)){0};
                if (row < full && rows[row].hi > 0) {
                    const T *from = (const T *)rows[row].from + k;
                    block[j] = NAME(load_span)(from, span);
                }
            }
            NAME(transpose)(block);
            UNROLL for (size_t j = 0; j < LANES; j++)
            {
                if (j < n)
                    *(NAME(vec) *)(out + (k + j) * full + group * LANES) = block[j];
            }
        }
    }
}

/* The row of each panel position within one run of k; gives the part [*begin, *end) of the run in
 * which all rows that are not empty have elements. */
static inline void NAME(find_rows)(const struct tmk_panel *p, const struct tmk_run *k_run,
                                   struct row *rows, size_t full, size_t *begin, size_t *end)
{
    size_t j = 0;
    *begin = 0;
    *end = k_run->length;
    for (size_t r = 0; r < p->nruns; r++) {
        struct tmk_run at = p->runs[r];
        for (size_t i = 0; i < at.length; i++, j++, at.offset += at.step, at.x += at.x_step) {
            rows[j] =
                (struct row){(const T *)p->base + at.offset + k_run->offset, 0, k_run->length};
            if (p->window)
                clip(p, k_run, at.y, at.x, &rows[j].lo, &rows[j].hi);
            if (rows[j].hi > rows[j].lo) {
                *begin = rows[j].lo > *begin ? rows[j].lo : *begin;
                *end = rows[j].hi < *end ? rows[j].hi : *end;
            } else {
                rows[j].hi = 0;
            }
        }
    }
    for (; j < full; j++)
        rows[j] = (struct row){NULL, 0, 0};
}

/* Neighbours along k are neighbours in memory: the operand's rows become columns of the panel. */
static void NAME(pack_along_k)(const struct tmk_panel *p, T *out, size_t full)
{
    for (size_t r = 0; r < p->k->nruns; r++) {
        const struct tmk_run *run = &p->k->runs[r];
        struct row rows[TMK_MICRO_MAX_NR];
        size_t begin, end;
        NAME(find_rows)(p, run, rows, full, &begin, &end);
        T *to = out + run->start * full;
        if (run->step != 1 || begin >= end) {
            NAME(pack_elements)(rows, full, run->step, 0, run->length, to);
        } else {
            NAME(pack_elements)(rows, full, 1, 0, begin, to);
            NAME(pack_transposed)(rows, full, begin, end, to);
            NAME(pack_elements)(rows, full, 1, end, run->length, to);
        }
    }
}

static void NAME(pack)(const struct tmk_panel *p, size_t full, void *out)
{
    bool panel_unit = p->runs->step == 1, k_unit = p->k->runs->step == 1;
    if (panel_unit == k_unit ? p->nruns * p->k->count <= p->k->nruns * p->width : panel_unit)
        NAME(pack_along_panel)(p, out, full);
    else
        NAME(pack_along_k)(p, out, full);
}
