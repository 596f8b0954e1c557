#include "split.h"

#include "size.h"

enum { COLUMNS = 64 }; /* of a row at a time */

/* Columns [n, n + count) of a row: `from` is where the first piece has them, one is `apart`
 * elements from the next; they go to c[at[j]]. */
#define DEFINE_ADD_COLUMNS(T)                                                                      \
    static void add_columns_##T(const T *from, size_t apart, size_t pieces, T start,               \
                                const T *col_bias, size_t count, bool accumulate, T *c,            \
                                const ptrdiff_t *at)                                               \
    {                                                                                              \
        T sum[COLUMNS] = {0};                                                                      \
        for (size_t p = 0; p < pieces; p++, from += apart) {                                       \
            for (size_t j = 0; j < count; j++)                                                     \
                sum[j] += from[j];                                                                 \
        }                                                                                          \
        for (size_t j = 0; j < count; j++) {                                                       \
            T bias = start + (col_bias ? col_bias[j] : 0);                                         \
            c[at[j]] = (accumulate ? c[at[j]] : 0) + sum[j] + bias;                                \
        }                                                                                          \
    }
DEFINE_ADD_COLUMNS(float)
DEFINE_ADD_COLUMNS(double)

/* Row m of batch element `index`. */
static void add_row(const struct tmk_gemm_plan *plan, size_t index, size_t m)
{
    const struct tmk_gemm_result *r = &plan->result;
    const size_t apart = plan->M * plan->N;
    const size_t from = index * plan->pieces * apart + m * plan->N;
    ptrdiff_t batch[3], row, at[COLUMNS];
    tmk_gemm_batch_offsets(plan, index, batch);
    tmk_axes_positions(&r->m, m, 1, NULL, &row, NULL, NULL);
    const ptrdiff_t to = batch[2] + row;
    for (size_t n = 0; n < plan->N; n += COLUMNS) {
        const size_t count = TMK_MIN(COLUMNS, plan->N - n);
        const size_t row_bias = index * plan->M + m, col_bias = index * plan->N + n;
        tmk_axes_positions(&r->n, n, count, NULL, at, NULL, NULL);
#define ADD_COLUMNS(T)                                                                             \
    add_columns_##T((const T *)(const void *)plan->c + from + n, apart, plan->pieces,              \
                    r->row_bias ? ((const T *)(const void *)r->row_bias)[row_bias] : 0,            \
                    r->col_bias ? (const T *)(const void *)r->col_bias + col_bias : NULL, count,   \
                    r->accumulate, (T *)(void *)r->c + to, at)
        if (plan->dtype == TMK_F32)
            ADD_COLUMNS(float);
        else
            ADD_COLUMNS(double);
    }
}

void tmk_gemm_add_pieces(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                         struct tmk_range rows)
{
    if (plan->pieces == 1)
        return;
    double clock = tmk_phase_start(exec);
    for (size_t r = rows.begin; r < rows.end; r++)
        add_row(plan, r / plan->M, r % plan->M);
    tmk_phase_end(exec, thread, TMK_PHASE_REDUCE, clock);
}
