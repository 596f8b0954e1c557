#include "gemm.h"

#include "alloc.h"
#include "plan.h"
#include "size.h"

#include <assert.h>
#include <omp.h>

/* One part of the work, on one thread. */
struct part {
    const struct tmk_gemm_plan *plan;
    const struct tmk_exec *exec;
    int thread;
    struct tmk_gemm_scratch s;
    double clock; /* where the last phase ended */
};

struct range {
    size_t begin, end;
};

/* Share `part` of `parts` of `count` positions, in whole units. */
static struct range share(size_t count, size_t unit, size_t parts, size_t part)
{
    size_t units = tmk_ceil_div(count, unit);
    struct range r = {units * part / parts * unit, units * (part + 1) / parts * unit};
    r.end = TMK_MIN(r.end, count);
    return r;
}

/* Offsets of batch element `index` in the three operands. */
static void batch_offsets(const struct tmk_gemm_batch *batch, size_t index, ptrdiff_t offset[3])
{
    offset[0] = offset[1] = offset[2] = 0;
    for (int i = batch->axes - 1; i >= 0; i--) {
        ptrdiff_t at = (ptrdiff_t)(index % batch->extent[i]);
        index /= batch->extent[i];
        offset[0] += at * batch->a[i];
        offset[1] += at * batch->b[i];
        offset[2] += at * batch->c[i];
    }
}

/* Pack positions [begin, end) of an operand's own index, panel by panel. `panel` comes with what
 * all panels of the block share: positions of k, and the period. */
static void pack_block(const struct tmk_gemm_plan *plan, const struct tmk_gemm_operand *operand,
                       ptrdiff_t offset, const struct tmk_axes *axes, struct range r,
                       size_t panel_width, struct tmk_panel panel,
                       void (*pack)(const struct tmk_panel *, void *), char *out)
{
    ptrdiff_t first[TMK_MICRO_MAX_NR];
    int32_t y[TMK_MICRO_MAX_NR], x[TMK_MICRO_MAX_NR];
    struct tmk_run runs[TMK_MICRO_MAX_NR];
    bool window = operand->window;
    panel.base = operand->base + offset * (ptrdiff_t)plan->element;
    panel.panel = (struct tmk_positions){first, window ? y : NULL, window ? x : NULL};
    panel.runs = runs;
    panel.window = window;
    panel.h = operand->h;
    panel.w = operand->w;
    for (size_t i = r.begin; i < r.end; i += panel_width) {
        panel.width = TMK_MIN(panel_width, r.end - i);
        tmk_axes_positions(axes, i, panel.width, first, NULL, window ? y : NULL, window ? x : NULL);
        for (size_t j = 0; window && j < panel.width; j++) {
            y[j] += operand->y0;
            x[j] += operand->x0;
        }
        panel.nruns = tmk_find_runs(first, window ? y : NULL, window ? x : NULL, panel.width, runs);
        pack(&panel, out);
        out += panel_width * panel.kc * plan->element;
    }
}

/* Copy a whole register tile into C where only rows x cols of it count, or C's columns lie apart.
 */
static void scatter(enum tmk_dtype dtype, const void *tile, size_t nr, void *c,
                    const ptrdiff_t *row, size_t rows, const ptrdiff_t *col, size_t cols,
                    bool accumulate)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < cols; j++) {
            ptrdiff_t at = row[i] + col[j];
            if (dtype == TMK_F32) {
                float v = ((const float *)tile)[i * nr + j];
                ((float *)c)[at] = accumulate ? v + ((float *)c)[at] : v;
            } else {
                double v = ((const double *)tile)[i * nr + j];
                ((double *)c)[at] = accumulate ? v + ((double *)c)[at] : v;
            }
        }
    }
}

static bool consecutive(const ptrdiff_t *offset, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (offset[i] != offset[0] + (ptrdiff_t)i)
            return false;
    }
    return true;
}

/* Multiply the packed blocks: rows x cols of C. */
static void multiply_block(const struct part *part, size_t rows, size_t cols, size_t kc, char *c,
                           bool accumulate)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_micro *micro = plan->micro;
    size_t mr = micro->mr, nr = micro->nr;
    _Alignas(64) double tile[TMK_MICRO_MAX_MR * TMK_MICRO_MAX_NR];
    ptrdiff_t tile_row[TMK_MICRO_MAX_MR];
    for (size_t i = 0; i < mr; i++)
        tile_row[i] = (ptrdiff_t)(i * nr);

    size_t tiles = tmk_ceil_div(rows, mr), panel_bytes = nr * kc * plan->element;
    size_t next_lines = tmk_ceil_div(panel_bytes / TMK_ALIGN, tiles);
    for (size_t j = 0; j < cols; j += nr) {
        const char *b = part->s.b_block + j * kc * plan->element;
        const ptrdiff_t *col = part->s.n_c + j;
        size_t width = TMK_MIN(nr, cols - j);
        bool whole_columns = width == nr && consecutive(col, nr);
        const char *next = b + panel_bytes; /* each tile fetches a share of the next panel of B */
        size_t lines = j + nr < cols ? next_lines : 0;
        for (size_t i = 0; i < rows; i += mr, next += lines * TMK_ALIGN) {
            const char *a = part->s.a_block + i * kc * plan->element;
            if (whole_columns && i + mr <= rows) {
                micro->multiply(kc, a, b, c + col[0] * (ptrdiff_t)plan->element, part->s.m_c + i,
                                accumulate, next, lines);
            } else {
                micro->multiply(kc, a, b, tile, tile_row, false, next, lines);
                scatter(plan->dtype, tile, nr, c, part->s.m_c + i, TMK_MIN(mr, rows - i), col,
                        width, accumulate);
            }
        }
    }
}

/* Positions of this block of k in both operands. */
static void prepare_k(const struct part *part, size_t k0, size_t kc, struct tmk_panel *a,
                      struct tmk_panel *b)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_scratch *s = &part->s;
    bool window = plan->a.window || plan->b.window;
    tmk_axes_positions(&plan->k, k0, kc, s->k_first, s->k_second, window ? s->k_y : NULL,
                       window ? s->k_x : NULL);
    *a = *b = (struct tmk_panel){.kc = kc, .period = plan->period};
    a->k.offset = s->k_first;
    b->k.offset = s->k_second;
    if (window) {
        struct tmk_panel *windowed = plan->a.window ? a : b;
        windowed->k.y = s->k_y;
        windowed->k.x = s->k_x;
    }
    a->k_runs = s->a_runs;
    a->nk_runs = tmk_find_runs(a->k.offset, a->k.y, a->k.x, kc, s->a_runs);
    b->k_runs = s->b_runs;
    b->nk_runs = tmk_find_runs(b->k.offset, b->k.y, b->k.x, kc, s->b_runs);
}

/* C[m, n] of one batch element: Goto's loops, n outermost, then k, then m. */
static void multiply_range(struct part *part, struct range m, struct range n,
                           const ptrdiff_t offset[3])
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_micro *micro = plan->micro;
    const struct tmk_blocking *block = &plan->blocking;
    const struct tmk_gemm_scratch *s = &part->s;
    char *c = plan->c + offset[2] * (ptrdiff_t)plan->element;

    for (size_t j = n.begin; j < n.end; j += block->nc) {
        struct range cols = {j, TMK_MIN(j + block->nc, n.end)};
        tmk_axes_positions(&plan->n, j, cols.end - j, NULL, s->n_c, NULL, NULL);
        for (size_t k = 0; k < plan->K; k += block->kc) {
            size_t kc = TMK_MIN(block->kc, plan->K - k);
            struct tmk_panel a_panel, b_panel;
            prepare_k(part, k, kc, &a_panel, &b_panel);
            pack_block(plan, &plan->b, offset[1], &plan->n, cols, micro->nr, b_panel, micro->pack_b,
                       s->b_block);
            for (size_t i = m.begin; i < m.end; i += block->mc) {
                struct range rows = {i, TMK_MIN(i + block->mc, m.end)};
                tmk_axes_positions(&plan->m, i, rows.end - i, NULL, s->m_c, NULL, NULL);
                pack_block(plan, &plan->a, offset[0], &plan->m, rows, micro->mr, a_panel,
                           micro->pack_a, s->a_block);
                part->clock = tmk_phase_end(part->exec, part->thread, TMK_PHASE_PACK, part->clock);
                multiply_block(part, rows.end - i, cols.end - j, kc, c, plan->accumulate || k > 0);
                part->clock =
                    tmk_phase_end(part->exec, part->thread, TMK_PHASE_COMPUTE, part->clock);
            }
        }
    }
}

static void run_part(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, size_t index,
                     int thread)
{
    struct part part = {.plan = plan, .exec = exec, .thread = thread};
    tmk_gemm_scratch_layout(plan, (char *)exec->workspace + index * plan->part_bytes, &part.s);
    size_t per_batch = plan->parts_m * plan->parts_n;
    size_t within = index % per_batch;
    struct range batch = share(plan->nbatch, 1, plan->parts_batch, index / per_batch);
    struct range m = share(plan->M, plan->micro->mr, plan->parts_m, within / plan->parts_n);
    struct range n = share(plan->N, plan->micro->nr, plan->parts_n, within % plan->parts_n);
    part.clock = tmk_phase_start(exec);
    for (size_t i = batch.begin; i < batch.end; i++) {
        ptrdiff_t offset[3];
        batch_offsets(&plan->batch, i, offset);
        multiply_range(&part, m, n, offset);
    }
}

struct tmk_gemm tmk_gemm_matrices(const struct tmk_view *a, const struct tmk_view *b,
                                  const struct tmk_view *c)
{
    assert(a->ndim == 2 && b->ndim == 2 && c->ndim == 2);
    return (struct tmk_gemm){
        .dtype = a->dtype,
        .a = a->data,
        .b = b->data,
        .c = c->data,
        .m = {1, {a->shape[0]}, {a->stride[0]}, {c->stride[0]}},
        .n = {1, {b->shape[1]}, {b->stride[1]}, {c->stride[1]}},
        .k = {1, {a->shape[1]}, {a->stride[1]}, {b->stride[0]}},
    };
}

size_t tmk_gemm_workspace(const struct tmk_gemm *gemm, int threads)
{
    struct tmk_gemm_plan plan;
    tmk_gemm_plan_make(gemm, threads, &plan);
    return plan.part_bytes * plan.parts_batch * plan.parts_m * plan.parts_n;
}

enum tmk_status tmk_gemm_run(const struct tmk_gemm *gemm, const struct tmk_exec *exec)
{
    struct tmk_gemm_plan plan;
    tmk_gemm_plan_make(gemm, exec->threads, &plan);
    size_t parts = plan.parts_batch * plan.parts_m * plan.parts_n;
    if (exec->workspace_bytes < parts * plan.part_bytes)
        return tmk_fail(TMK_EINVAL, "gemm: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, parts * plan.part_bytes);
    if (parts == 1) {
        run_part(&plan, exec, 0, 0);
        return TMK_OK;
    }
#pragma omp parallel num_threads(exec->threads)
    {
        int thread = omp_get_thread_num();
        for (size_t i = (size_t)thread; i < parts; i += (size_t)omp_get_num_threads())
            run_part(&plan, exec, i, thread);
    }
    return TMK_OK;
}
