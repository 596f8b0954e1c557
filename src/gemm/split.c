#include "split.h"

#include "size.h"

enum { ROWS = 16 }; /* of C at a time, by a panel of columns */

/* The sum of `count` elements of every piece, one `apart` elements from the next. */
#define DEFINE_ADD_PIECES(T)                                                                       \
    static void add_pieces_##T(const T *from, size_t apart, size_t pieces, size_t count, T start,  \
                               const T *bias, T *sum)                                              \
    {                                                                                              \
        for (size_t j = 0; j < count; j++)                                                         \
            sum[j] = from[j];                                                                      \
        for (size_t p = 1; p < pieces; p++) {                                                      \
            for (size_t j = 0; j < count; j++)                                                     \
                sum[j] += from[p * apart + j];                                                     \
        }                                                                                          \
        for (size_t j = 0; j < count; j++)                                                         \
            sum[j] += start + (bias ? bias[j] : 0);                                                \
    }
DEFINE_ADD_PIECES(float)
DEFINE_ADD_PIECES(double)

/* Of elements from `from` on, biases of their row and of each added, to `sum`. */
static void add_pieces(const struct tmk_gemm_plan *plan, size_t from, size_t count,
                       const void *row_bias, const void *bias, void *sum)
{
#define ADD_PIECES(T)                                                                              \
    add_pieces_##T((const T *)(const void *)plan->c + from, tmk_gemm_piece(plan), plan->pieces,    \
                   count, row_bias ? *(const T *)row_bias : 0, bias, sum)
    if (plan->dtype == TMK_F32)
        ADD_PIECES(float);
    else
        ADD_PIECES(double);
#undef ADD_PIECES
}

/* `rows` rows from m on by `count` columns from n on, of batch element `index`. */
static void add_tile(const struct tmk_gemm_plan *plan, size_t index, size_t m, size_t rows,
                     size_t n, size_t count)
{
    enum { ROOM = ROWS * TMK_MICRO_MAX_NR + TMK_MICRO_SLACK / sizeof(double) };
    _Alignas(64) double aside[ROOM];
    const struct tmk_gemm_result *r = &plan->result;
    const size_t element = plan->element, nr = plan->micro->nr;
    const size_t from = index * plan->pieces * tmk_gemm_piece(plan) + m * plan->N + n;
    const char *row_bias = r->row_bias ? r->row_bias + (index * plan->M + m) * element : NULL;
    const char *col_bias = r->col_bias ? r->col_bias + (index * plan->N + n) * element : NULL;
    for (size_t i = 0; i < rows; i++)
        add_pieces(plan, from + i * plan->N, count, row_bias ? row_bias + i * element : NULL,
                   col_bias, (char *)aside + i * nr * element);
    ptrdiff_t batch[3], row[ROWS];
    struct tmk_run runs[TMK_MICRO_MAX_NR];
    tmk_gemm_batch_offsets(&plan->batch, index, batch);
    tmk_axes_positions(&r->m, m, rows, NULL, row, NULL, NULL);
    const size_t nruns = tmk_axes_runs(&r->n, TMK_STEP_SECOND, false, n, count, runs);
    const struct tmk_tile tile = {
        .c = r->c + batch[2] * (ptrdiff_t)element, .row = row, .accumulate = r->accumulate};
    plan->micro->put(&tile, aside, rows, runs, nruns);
}

void tmk_gemm_add_part(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                       struct tmk_range products, struct tmk_range m, struct tmk_range n)
{
    const size_t nr = plan->micro->nr;
    const double clock = tmk_phase_start(exec);
    for (size_t p = products.begin; p < products.end; p++) {
        for (size_t i = m.begin; i < m.end; i += ROWS) {
            for (size_t j = n.begin; j < n.end; j += nr)
                add_tile(plan, p, i, TMK_MIN(ROWS, m.end - i), j, TMK_MIN(nr, n.end - j));
        }
    }
    tmk_phase_end(exec, thread, TMK_PHASE_REDUCE, clock);
}

void tmk_gemm_add_pieces(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                         int threads)
{
    const size_t nr = plan->micro->nr, across = tmk_ceil_div(plan->N, nr),
                 tiles = tmk_ceil_div(plan->M, ROWS) * across, sums = tmk_gemm_sums(plan),
                 units = tiles + (sums > 0);
    const struct tmk_range own = tmk_share(plan->nbatch * units, (size_t)threads, (size_t)thread);
    const double clock = tmk_phase_start(exec);
    for (size_t u = own.begin; u < own.end; u++) {
        const size_t index = u / units, tile = u % units;
        const size_t m = tile / across * ROWS, n = tile % across * nr;
        if (tile < tiles)
            add_tile(plan, index, m, TMK_MIN(ROWS, plan->M - m), n, TMK_MIN(nr, plan->N - n));
        else /* those of an operand lie behind those of C */
            add_pieces(plan, index * plan->pieces * tmk_gemm_piece(plan) + plan->M * plan->N, sums,
                       NULL, NULL, plan->sums + index * sums * plan->element);
    }
    tmk_phase_end(exec, thread, TMK_PHASE_REDUCE, clock);
}
