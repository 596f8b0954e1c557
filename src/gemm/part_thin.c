/* Products with few rows, of little depth, or with little but columns, by kernels of their own. */
#include "part_room.h"

#include "size.h"

#include <assert.h>

/* What thin products pack: `width` positions `step` apart, at `count` positions of the other index.
 */
static void pack_thin(const struct tmk_gemm_plan *plan, const char *base, size_t width,
                      ptrdiff_t step, size_t count, ptrdiff_t depth_step, char *out)
{
    ptrdiff_t offset[TMK_MICRO_SHALLOW];
    assert(count <= TMK_MICRO_SHALLOW);
    for (size_t i = 0; i < count; i++)
        offset[i] = (ptrdiff_t)i * depth_step;
    const struct tmk_run own = {.length = width, .step = step};
    const struct tmk_run run = {.length = count, .step = depth_step};
    const struct tmk_depth depth = {
        .offset = offset, .runs = &run, .nruns = 1, .count = count, .period = count};
    const struct tmk_panel panel = {
        .base = base, .runs = &own, .nruns = 1, .width = width, .k = &depth};
    plan->micro->pack(&panel, plan->micro->nr, out);
}

void tmk_gemm_pack_along_k(const struct tmk_gemm_part *part, const char *from, ptrdiff_t k_step,
                           size_t rows, ptrdiff_t step, char *out)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const size_t nr = plan->micro->nr;
    for (size_t k = 0; k < part->kc; k += nr)
        pack_thin(plan, tmk_gemm_forward(plan, from, (ptrdiff_t)k * k_step),
                  TMK_MIN(nr, part->kc - k), k_step, rows, step, out + k * rows * plan->element);
}

/* Columns of B from n on, panel by panel. */
static void pack_columns(const struct tmk_gemm_part *part, size_t n, size_t width)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *b = &plan->b;
    const size_t nr = plan->micro->nr;
    for (size_t j = 0; j < width; j += nr)
        pack_thin(plan, tmk_gemm_forward(plan, part->b, (ptrdiff_t)(n + j) * b->own),
                  TMK_MIN(nr, width - j), b->own, part->kc, b->k,
                  part->s.b_block + j * part->kc * plan->element);
}

void tmk_gemm_multiply_thin(struct tmk_gemm_part *part, struct tmk_range m, size_t k0)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *a = &plan->a, *b = &plan->b;
    const bool dot = plan->thin == TMK_GEMM_DOT;
    const size_t rows = m.end - m.begin, stretch = plan->stretch;
    void (*const multiply[TMK_GEMM_NTHIN])(const struct tmk_tile *, size_t) = {
        [TMK_GEMM_ADD_ROWS] = plan->micro->add_rows,
        [TMK_GEMM_DOT] = plan->micro->dot,
        [TMK_GEMM_OUTER] = plan->micro->outer,
        [TMK_GEMM_TINY] = plan->micro->tiny,
    };
    const ptrdiff_t nr = (ptrdiff_t)plan->micro->nr, k = (ptrdiff_t)k0;
    struct tmk_tile tile = {.kc = part->kc, .row = part->s.m_c};
    tile.b_column = b->own;
    tile.c_column = plan->c_column;
    tile.past = plan->past;
    if (a->in_place) {
        tile.a = tmk_gemm_forward(plan, part->a, (ptrdiff_t)m.begin * a->own + k * a->k);
        tile.a_row = a->own;
        tile.a_k = dot ? nr : a->k;
    } else {
        const ptrdiff_t at = (ptrdiff_t)m.begin * a->own + k * a->k;
        tmk_gemm_pack_along_k(part, tmk_gemm_forward(plan, part->a, at), a->k, rows, a->own,
                              part->s.a_block);
        tile.a = part->s.a_block;
        tile.a_row = nr;
        tile.a_k = (ptrdiff_t)rows * nr;
        tmk_gemm_note(part, TMK_PHASE_PACK);
    }
    tile.b_k = dot ? b->own : b->in_place ? b->k : nr;
    tile.b_panel = b->in_place ? nr : (ptrdiff_t)part->kc * nr;
    tile.accumulate = plan->accumulate || !part->first_k;
    if (part->first_k && part->row_bias)
        tile.row_bias = tmk_gemm_forward(plan, part->row_bias, (ptrdiff_t)m.begin);
    for (size_t n = part->n.begin; n < part->n.end; n += stretch) {
        tile.width = TMK_MIN(stretch, part->n.end - n);
        tile.b = tmk_gemm_forward(plan, part->b, (ptrdiff_t)n * b->own + k * b->k);
        if (!b->in_place) {
            pack_columns(part, n, tile.width);
            tile.b = part->s.b_block;
            tmk_gemm_note(part, TMK_PHASE_PACK);
        }
        tile.c = (char *)tmk_gemm_forward(plan, part->c, (ptrdiff_t)n * plan->c_column);
        if (part->first_k && part->col_bias)
            tile.col_bias = tmk_gemm_forward(plan, part->col_bias, (ptrdiff_t)n);
        multiply[plan->thin](&tile, rows);
        tmk_gemm_note(part, TMK_PHASE_COMPUTE);
    }
}
