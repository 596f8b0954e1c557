/* Packing a panel, for one element type T; NAME(x) gives x its suffix. `full` is the panel's width
 * in the packed block, mr or nr: a constant in each instance. */

/* Copy n elements. */
static inline void NAME(copy)(T *to, const T *from, size_t n)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        *(NAME(vec) *)(to + i) = *(const NAME(vec) *)(from + i);
    if (i < n)
        NAME(store_part)(to + i, NAME(load_part)(from + i, n - i), n - i);
}

static inline void NAME(clear)(T *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = 0;
}

/* One run of panel positions at `count` positions of k, from_step apart in memory and to_step apart
 * in the panel. Elements [lo, hi) of the run are in the image; up to `length` the rest is zero. */
static inline void NAME(pack_strip)(const struct tmk_run *run, const T *from, ptrdiff_t from_step,
                                    T *to, size_t to_step, size_t count, size_t lo, size_t hi,
                                    size_t length)
{
    for (size_t i = 0; i < count; i++, from += from_step, to += to_step) {
        NAME(clear)(to, lo);
        if (run->step == 1) {
            NAME(copy)(to + lo, from + lo, hi - lo);
        } else {
            for (size_t j = lo; j < hi; j++)
                to[j] = from[(ptrdiff_t)j * run->step];
        }
        NAME(clear)(to + hi, length - hi);
    }
}

/* Neighbours along the panel are neighbours in memory: copy run by run. Positions of k that are
 * `period` apart differ by a constant offset only, so what is clipped is worked out once for all.
 */
static inline __attribute__((always_inline)) void NAME(pack_along_panel)(const struct tmk_panel *p,
                                                                         T *out, size_t full)
{
    for (size_t t = 0; t < p->period && t < p->kc; t++) {
        size_t count = (p->kc - t + p->period - 1) / p->period;
        ptrdiff_t step = count > 1 ? p->k.offset[t + p->period] - p->k.offset[t] : 0;
        for (size_t r = 0; r < p->nruns; r++) {
            const struct tmk_run *run = &p->runs[r];
            size_t lo = 0, hi = run->length;
            if (p->window)
                clip(p, run, p->k.y[t], p->k.x[t], &lo, &hi);
            size_t length = r + 1 < p->nruns ? run->length : full - run->start;
            const T *from = (const T *)p->base + p->k.offset[t] + run->offset;
            NAME(pack_strip)
            (run, from, step, out + t * full + run->start, p->period * full, count, lo, hi, length);
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
static inline __attribute__((always_inline)) void
NAME(pack_transposed)(const struct row *rows, size_t full, size_t begin, size_t end, T *out)
{
    for (size_t k = begin; k < end; k += LANES) {
        size_t n = end - k < LANES ? end - k : LANES;
        for (size_t group = (full + LANES - 1) / LANES; group-- > 0;) {
            NAME(vec) block[LANES];
            UNROLL for (size_t j = 0; j < LANES; j++)
            {
                size_t row = group * LANES + j;
                block[j] = (NAME(vec)){0};
                if (row < full && rows[row].hi > 0) {
                    const T *from = (const T *)rows[row].from + k;
                    block[j] = n == LANES ? *(const NAME(vec) *)from : NAME(load_part)(from, n);
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

/* Neighbours along k are neighbours in memory: the operand's rows become columns of the panel. */
static inline __attribute__((always_inline)) void NAME(pack_along_k)(const struct tmk_panel *p,
                                                                     T *out, size_t full)
{
    for (size_t r = 0; r < p->nk_runs; r++) {
        const struct tmk_run *run = &p->k_runs[r];
        struct row rows[TMK_MICRO_MAX_NR];
        size_t begin = 0, end = run->length;
        for (size_t j = 0; j < full; j++) {
            rows[j] = (struct row){NULL, 0, 0};
            if (j >= p->width)
                continue;
            rows[j].from = (const T *)p->base + p->panel.offset[j] + run->offset;
            rows[j].hi = run->length;
            if (p->window)
                clip(p, run, p->panel.y[j], p->panel.x[j], &rows[j].lo, &rows[j].hi);
            if (rows[j].hi > rows[j].lo) {
                begin = rows[j].lo > begin ? rows[j].lo : begin;
                end = rows[j].hi < end ? rows[j].hi : end;
            } else {
                rows[j].hi = 0;
            }
        }
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

static inline __attribute__((always_inline)) void NAME(pack)(const struct tmk_panel *p, T *out,
                                                             size_t full)
{
    bool panel_unit = p->runs->step == 1, k_unit = p->k_runs->step == 1;
    if (panel_unit == k_unit ? p->nruns * p->kc <= p->nk_runs * p->width : panel_unit)
        NAME(pack_along_panel)(p, out, full);
    else
        NAME(pack_along_k)(p, out, full);
}

static void NAME(pack_a)(const struct tmk_panel *panel, void *out)
{
    NAME(pack)(panel, out, TMK_MR);
}

static void NAME(pack_b)(const struct tmk_panel *panel, void *out)
{
    NAME(pack)(panel, out, NR);
}
