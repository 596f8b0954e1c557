/* Columns beyond the last whole vector of C as dot products with rows of A. */
#include "part_room.h"

#include "size.h"

#include <string.h>

size_t tmk_gemm_rest_pitch(const struct tmk_gemm_plan *plan)
{
    return tmk_round_up(plan->blocking.kc, plan->micro->nr);
}

/* Columns of B from `from` on, `column` elements apart, k `step` apart: side by side along k. */
#define DEFINE_GATHER(T)                                                                           \
    static void gather_##T(const T *from, ptrdiff_t step, size_t kc, const ptrdiff_t *column,      \
                           size_t columns, size_t pitch, T *out)                                   \
    {                                                                                              \
        for (size_t k = 0; k < kc; k++, from += step) {                                            \
            for (size_t j = 0; j < columns; j++)                                                   \
                out[j * pitch + k] = from[column[j]];                                              \
        }                                                                                          \
    }
DEFINE_GATHER(float)
DEFINE_GATHER(double)

void tmk_gemm_multiply_rest(struct tmk_gemm_part *part, struct tmk_range m, size_t k0,
                            const void *a, ptrdiff_t a_row)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const size_t rest = plan->rest, pitch = tmk_gemm_rest_pitch(plan), n = plan->N - rest;
    ptrdiff_t in_b[TMK_MICRO_DOT], in_c[TMK_MICRO_DOT], first, step;
    tmk_axes_positions(&plan->n, n, rest, in_b, in_c, NULL, NULL);
    tmk_axes_positions(&plan->m, m.begin, 1, NULL, &first, NULL, NULL);
    tmk_axes_linear(&plan->k, TMK_STEP_SECOND, &step);
    const char *from = tmk_gemm_forward(plan, part->b, (ptrdiff_t)k0 * step);
    if (plan->dtype == TMK_F32)
        gather_float((const float *)(const void *)from, step, part->kc, in_b, rest, pitch,
                     (float *)(void *)part->s.rest);
    else
        gather_double((const double *)(const void *)from, step, part->kc, in_b, rest, pitch,
                      (double *)(void *)part->s.rest);
    struct tmk_tile tile = {
        .kc = part->kc,
        .a = part->s.rest,
        .a_row = (ptrdiff_t)pitch,
        .a_k = (ptrdiff_t)plan->micro->nr,
        .b = a,
        .b_k = a_row,
        .c = (char *)tmk_gemm_forward(plan, part->c, first),
        .row = in_c,
        .c_column = plan->c_row,
        .width = m.end - m.begin,
        .accumulate = plan->accumulate || !part->first_k,
    };
    /* its rows are our columns */
    if (part->first_k && part->col_bias)
        tile.row_bias = tmk_gemm_forward(plan, part->col_bias, (ptrdiff_t)n);
    if (part->first_k && part->row_bias)
        tile.col_bias = tmk_gemm_forward(plan, part->row_bias, (ptrdiff_t)m.begin);
    plan->micro->dot(&tile, rest);
}
