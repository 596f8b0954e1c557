/* A thread's loops over products, blocks of rows and blocks of k. */
#include "part.h"

#include "part_room.h"
#include "size.h"

/* Step to piece `piece` of batch element `index` in all operands. */
static void set_batch(struct tmk_gemm_part *part, size_t index, size_t piece)
{
    const struct tmk_gemm_plan *plan = part->plan;
    ptrdiff_t offset[3];
    tmk_gemm_batch_offsets(&plan->batch, index, offset);
    if (plan->apart)
        offset[2] = (ptrdiff_t)((index * plan->pieces + piece) * tmk_gemm_piece(plan));
    part->a = tmk_gemm_forward(plan, plan->a.base, offset[0]);
    part->b = tmk_gemm_forward(plan, plan->b.base, offset[1]);
    part->c = (char *)tmk_gemm_forward(plan, plan->c, offset[2]);
    if (plan->row_bias)
        part->row_bias = plan->row_bias + index / plan->share_bias * plan->M * plan->element;
    if (plan->col_bias)
        part->col_bias = plan->col_bias + index * plan->N * plan->element;
    part->sums = plan->pieces > 1 ? part->c + plan->M * plan->N * plan->element
                                  : plan->sums + index * tmk_gemm_sums(plan) * plan->element;
    const size_t blocks = tmk_ceil_div(plan->K, plan->blocking.kc);
    part->k.begin = blocks * piece / plan->pieces * plan->blocking.kc;
    part->k.end = TMK_MIN(blocks * (piece + 1) / plan->pieces * plan->blocking.kc, plan->K);
}

static void multiply(struct tmk_gemm_part *part, struct tmk_range m, size_t k)
{
    part->kc = TMK_MIN(part->plan->blocking.kc, part->k.end - k);
    part->first_k = k == part->k.begin;
    if (part->plan->thin)
        tmk_gemm_multiply_thin(part, m, k);
    else
        tmk_gemm_multiply_block(part, m, k);
}

static struct tmk_range block_of_rows(const struct tmk_gemm_part *part, struct tmk_range m,
                                      size_t i)
{
    const struct tmk_range block = {i, TMK_MIN(i + part->plan->blocking.mc, m.end)};
    tmk_axes_positions(&part->plan->m, i, block.end - i, NULL, part->s.m_c, NULL, NULL);
    return block;
}

/* C stays near while its blocks of k are added up. */
static void multiply_by_rows(struct tmk_gemm_part *part, struct tmk_range m)
{
    const struct tmk_blocking *step = &part->plan->blocking;
    for (size_t i = m.begin; i < m.end; i += step->mc) {
        const struct tmk_range rows = block_of_rows(part, m, i);
        for (size_t k = part->k.begin; k < part->k.end; k += step->kc)
            multiply(part, rows, k);
    }
}

/* B is packed by the first block of rows, for all of them. */
static void multiply_by_depth(struct tmk_gemm_part *part, struct tmk_range m, struct tmk_range n)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const size_t vectors = TMK_MIN(n.end, plan->N - plan->rest);
    for (size_t j = n.begin; j < vectors; j += plan->keep) {
        part->n = (struct tmk_range){j, j + plan->keep < vectors ? j + plan->keep : n.end};
        for (size_t k = part->k.begin; k < part->k.end; k += plan->blocking.kc) {
            for (size_t i = m.begin; i < m.end; i += plan->blocking.mc) {
                part->kept = i > m.begin;
                multiply(part, block_of_rows(part, m, i), k);
            }
        }
    }
}

void tmk_gemm_run_part(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                       void *memory, struct tmk_range products, struct tmk_range m,
                       struct tmk_range n)
{
    struct tmk_gemm_part part = {.plan = plan, .exec = exec, .thread = thread, .n = n};
    part.keeps = plan->keep > 0 && m.end - m.begin > plan->blocking.mc;
    tmk_gemm_scratch_layout(plan, memory, &part.s);
    for (size_t k = 0; part.keeps && k < plan->blocking.kc; k++)
        part.s.kept[k] = (ptrdiff_t)(k * plan->micro->nr);
    for (size_t k = 0; tmk_gemm_sums(plan) > 0 && k < plan->blocking.kc; k++) {
        if (plan->dtype == TMK_F32)
            ((float *)(void *)part.s.ones)[k] = 1;
        else
            ((double *)(void *)part.s.ones)[k] = 1;
    }
    part.clock = tmk_phase_start(exec);
    for (size_t p = products.begin; p < products.end; p++) {
        set_batch(&part, p / plan->pieces, p % plan->pieces);
        if (part.keeps)
            multiply_by_depth(&part, m, n);
        else
            multiply_by_rows(&part, m);
    }
}
