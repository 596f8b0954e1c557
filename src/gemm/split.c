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

/* `count` elements from element `from` of the first piece on, which go to c + to + at[j]. */
static void add_columns(const struct tmk_gemm_plan *plan, size_t from, size_t count,
                        const void *row_bias, const void *col_bias, bool accumulate, void *c,
                        ptrdiff_t to, const ptrdiff_t *at)
{
#define ADD_COLUMNS(T)                                                                             \
    add_columns_##T((const T *)(const void *)plan->c + from, tmk_gemm_piece(plan), plan->pieces,   \
                    row_bias ? *(const T *)row_bias : 0, col_bias, count, accumulate, (T *)c + to, \
                    at)
    if (plan->dtype == TMK_F32)
        ADD_COLUMNS(float);
    else
        ADD_COLUMNS(double);
#undef ADD_COLUMNS
}

/* Row m of batch element `index`. */
static void add_row(const struct tmk_gemm_plan *plan, size_t index, size_t m)
{
    const struct tmk_gemm_result *r = &plan->result;
    const size_t from = index * plan->pieces * tmk_gemm_piece(plan) + m * plan->N;
    const char *row_bias = r->row_bias ? r->row_bias + (index * plan->M + m) * plan->element : NULL;
    const char *col_bias = r->col_bias ? r->col_bias + index * plan->N * plan->element : NULL;
    ptrdiff_t batch[3], row, at[COLUMNS];
    tmk_gemm_batch_offsets(plan, index, batch);
    tmk_axes_positions(&r->m, m, 1, NULL, &row, NULL, NULL);
    for (size_t n = 0; n < plan->N; n += COLUMNS) {
        const size_t count = TMK_MIN(COLUMNS, plan->N - n);
        tmk_axes_positions(&r->n, n, count, NULL, at, NULL, NULL);
        add_columns(plan, from + n, count, row_bias, col_bias ? col_bias + n * plan->element : NULL,
                    r->accumulate, r->c, batch[2] + row, at);
    }
}

/* The sums of an operand, which lie behind those of C. */
static void add_sums(const struct tmk_gemm_plan *plan, size_t index)
{
    const size_t sums = tmk_gemm_sums(plan);
    const size_t from = index * plan->pieces * tmk_gemm_piece(plan) + plan->M * plan->N;
    ptrdiff_t at[COLUMNS];
    for (ptrdiff_t j = 0; j < COLUMNS; j++)
        at[j] = j;
    for (size_t n = 0; n < sums; n += COLUMNS)
        add_columns(plan, from + n, TMK_MIN(COLUMNS, sums - n), NULL, NULL, false, plan->sums,
                    (ptrdiff_t)(index * sums + n), at);
}

void tmk_gemm_add_pieces(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                         int threads)
{
    const size_t rows = plan->M + (tmk_gemm_sums(plan) > 0);
    const struct tmk_range own = tmk_share(plan->nbatch * rows, (size_t)threads, (size_t)thread);
    const double clock = tmk_phase_start(exec);
    for (size_t r = own.begin; r < own.end; r++) {
        if (r % rows < plan->M)
            add_row(plan, r / rows, r % rows);
        else
            add_sums(plan, r / rows);
    }
    tmk_phase_end(exec, thread, TMK_PHASE_REDUCE, clock);
}
