/* A thread's loops over products, blocks of rows and blocks of k. */
#include "part.h"

#include "part_room.h"
#include "size.h"

/* Step to piece `piece` of batch element `index` in all operands. */
static void set_batch(struct tmk_gemm_part *part, size_t index, size_t piece)
{
    const struct tmk_gemm_plan *plan = part->plan;
    ptrdiff_t offset[3];
    tmk_gemm_batch_offsets(plan, index, offset);
    if (plan->pieces > 1)
        offset[2] = (ptrdiff_t)((index * plan->pieces + piece) * plan->M * plan->N);
    part->a = tmk_gemm_forward(plan, plan->a.base, offset[0]);
    part->b = tmk_gemm_forward(plan, plan->b.base, offset[1]);
    part->c = (char *)tmk_gemm_forward(plan, plan->c, offset[2]);
    if (plan->row_bias)
        part->row_bias = plan->row_bias + index * plan->M * plan->element;
    if (plan->col_bias)
        part->col_bias = plan->col_bias + index * plan->N * plan->element;
    const size_t blocks = tmk_ceil_div(plan->K, plan->blocking.kc);
    part->k.begin = blocks * piece / plan->pieces * plan->blocking.kc;
    part->k.end = TMK_MIN(blocks * (piece + 1) / plan->pieces * plan->blocking.kc, plan->K);
}

void tmk_gemm_run_part(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                       void *memory, struct tmk_range products, struct tmk_range m,
                       struct tmk_range n)
{
    struct tmk_gemm_part part = {.plan = plan, .exec = exec, .thread = thread, .n = n};
    tmk_gemm_scratch_layout(plan, memory, &part.s);
    part.clock = tmk_phase_start(exec);
    for (size_t p = products.begin; p < products.end; p++) {
        set_batch(&part, p / plan->pieces, p % plan->pieces);
        for (size_t i = m.begin; i < m.end; i += plan->blocking.mc) {
            const size_t end = TMK_MIN(i + plan->blocking.mc, m.end);
            tmk_axes_positions(&plan->m, i, end - i, NULL, part.s.m_c, NULL, NULL);
            for (size_t k = part.k.begin; k < part.k.end; k += plan->blocking.kc) {
                part.kc = TMK_MIN(plan->blocking.kc, part.k.end - k);
                part.first_k = k == part.k.begin;
                if (plan->thin)
                    tmk_gemm_multiply_thin(&part, (struct tmk_range){i, end}, k);
                else
                    tmk_gemm_multiply_block(&part, (struct tmk_range){i, end}, k);
            }
        }
    }
}
