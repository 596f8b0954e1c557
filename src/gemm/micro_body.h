/* The body of micro.c for one element type T; NAME(x) gives x its suffix. */

#define LANES (TMK_VBYTES / sizeof(T))
#define NR (TMK_NRV * LANES)

/* A vector that may stand at any element. */
typedef T NAME(vec) __attribute__((vector_size(TMK_VBYTES), aligned(sizeof(T)), may_alias));

static void NAME(multiply)(size_t kc, const void *a_panel, const void *b_panel, void *c_tile,
                           const ptrdiff_t *row, bool accumulate)
{
    const T *a = a_panel, *b = b_panel;
    T *c = c_tile;
    NAME(vec) sum[TMK_MR][TMK_NRV];
    UNROLL for (int i = 0; i < TMK_MR; i++)
    {
        __builtin_prefetch(c + row[i], 1);
        UNROLL for (int j = 0; j < TMK_NRV; j++) sum[i][j] = (NAME(vec)){0};
    }
    for (size_t k = 0; k < kc; k++, a += TMK_MR, b += NR) {
        NAME(vec) bk[TMK_NRV];
        UNROLL for (int j = 0; j < TMK_NRV; j++) bk[j] = *(const NAME(vec) *)(b + j * LANES);
        UNROLL for (int i = 0; i < TMK_MR; i++)
        {
            UNROLL for (int j = 0; j < TMK_NRV; j++) sum[i][j] += a[i] * bk[j];
        }
    }
    UNROLL for (int i = 0; i < TMK_MR; i++)
    {
        UNROLL for (int j = 0; j < TMK_NRV; j++)
        {
            NAME(vec) *out = (NAME(vec) *)(c + row[i] + j * LANES);
            if (accumulate)
                sum[i][j] += *out;
            *out = sum[i][j];
        }
    }
}

/* out[(start + i) * stride] = element i of a run at `base`, zero where the image ends. `y`, `x` are
 * the coordinates that the other index contributes. */
static inline __attribute__((always_inline)) void NAME(pack_run)(const struct tmk_panel *p,
                                                                 const struct tmk_run *run,
                                                                 const T *base, int32_t y,
                                                                 int32_t x, T *out, size_t stride)
{
    size_t lo = 0, hi = run->length;
    if (p->window) {
        if ((uint32_t)(y + run->y) >= (uint32_t)p->h)
            hi = 0;
        else
            clip(x + run->x, run->x_step, p->w, run->length, &lo, &hi);
    }
    const T *from = base + run->offset;
    out += run->start * stride;
    for (size_t i = 0; i < lo; i++)
        out[i * stride] = 0;
    if (run->step == 1) {
        for (size_t i = lo; i < hi; i++)
            out[i * stride] = from[i];
    } else {
        for (size_t i = lo; i < hi; i++)
            out[i * stride] = from[(ptrdiff_t)i * run->step];
    }
    for (size_t i = hi; i < run->length; i++)
        out[i * stride] = 0;
}

/* Walk `outer` runs position by position and copy all `inner` runs at each: consecutive positions
 * of outer are outer_stride apart in the packed panel, those of inner inner_stride. */
static inline __attribute__((always_inline)) void
NAME(pack_runs)(const struct tmk_panel *p, const struct tmk_run *outer, size_t nouter,
                size_t outer_stride, const struct tmk_run *inner, size_t ninner,
                size_t inner_stride, T *out)
{
    for (size_t o = 0; o < nouter; o++) {
        const struct tmk_run *run = &outer[o];
        for (size_t i = 0; i < run->length; i++) {
            const T *base = (const T *)p->base + run->offset + (ptrdiff_t)i * run->step;
            int32_t x = run->x + (int32_t)i * run->x_step;
            T *to = out + (run->start + i) * outer_stride;
            for (size_t r = 0; r < ninner; r++)
                NAME(pack_run)(p, &inner[r], base, run->y, x, to, inner_stride);
        }
    }
}

static inline __attribute__((always_inline)) void NAME(pack)(const struct tmk_panel *p, T *out,
                                                             size_t full)
{
    bool whole = p->nruns == 1 && p->runs->step == 1 && p->width == full && !p->window;
    if (whole) {
        for (size_t o = 0; o < p->nk_runs; o++) {
            const struct tmk_run *run = &p->k_runs[o];
            const T *from = (const T *)p->base + p->runs->offset + run->offset;
            for (size_t k = 0; k < run->length; k++, from += run->step)
                memcpy(out + (run->start + k) * full, from, full * sizeof(T));
        }
    } else if (p->nruns * p->kc <= p->nk_runs * p->width) { /* fewer, longer runs along the panel */
        NAME(pack_runs)(p, p->k_runs, p->nk_runs, full, p->runs, p->nruns, 1, out);
    } else {
        NAME(pack_runs)(p, p->runs, p->nruns, 1, p->k_runs, p->nk_runs, full, out);
    }
    if (p->width < full) {
        for (size_t k = 0; k < p->kc; k++) {
            for (size_t j = p->width; j < full; j++)
                out[k * full + j] = 0;
        }
    }
}

static void NAME(pack_a)(const struct tmk_panel *panel, void *out)
{
    NAME(pack)(panel, out, TMK_MR);
}

static void NAME(pack_b)(const struct tmk_panel *panel, void *out)
{
    NAME(pack)(panel, out, NR);
}

#undef LANES
#undef NR
