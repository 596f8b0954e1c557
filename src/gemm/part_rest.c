/* Columns beyond the last whole vector of C: dot products with rows of A, or sums of its columns.
 * And sums of A's rows and of B's columns. */
#include "part_room.h"

#include "size.h"

/* Bytes of a part's workspace: the columns of B along k, or the sums of a block of A's rows. */
size_t tmk_gemm_rest_bytes(const struct tmk_gemm_plan *plan)
{
    const size_t column =
        TMK_MAX(tmk_round_up(plan->blocking.kc, plan->micro->nr), plan->blocking.mc);
    return plan->rest > 0 ? plan->rest * column * plan->element + TMK_MICRO_SLACK : 0;
}

/* Row j of a matrix to column[j] of C. */
#define DEFINE_SCATTER(T)                                                                          \
    static void scatter_##T(const T *from, size_t pitch, size_t columns, const ptrdiff_t *row,     \
                            size_t rows, bool accumulate, const ptrdiff_t *column, T *c)           \
    {                                                                                              \
        for (size_t i = 0; i < rows; i++) {                                                        \
            T *out = c + row[i];                                                                   \
            for (size_t j = 0; j < columns; j++)                                                   \
                out[column[j]] = (accumulate ? out[column[j]] : 0) + from[j * pitch + i];          \
        }                                                                                          \
    }
DEFINE_SCATTER(float)
DEFINE_SCATTER(double)

/* Rows of A that run along k: dot products with columns of B, `step` apart, laid out along k, too.
 */
static void add_dots(const struct tmk_gemm_part *part, struct tmk_tile *tile, const char *b,
                     ptrdiff_t b_k, ptrdiff_t step)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const ptrdiff_t nr = (ptrdiff_t)plan->micro->nr;
    tmk_gemm_pack_along_k(part, b, b_k, plan->rest, step, part->s.rest);
    tile->a = part->s.rest;
    tile->a_row = nr;
    tile->a_k = (ptrdiff_t)plan->rest * nr;
    plan->micro->dot(tile, plan->rest);
}

/* Columns of A that lie along m: so many of them are added to each column of C, aside. */
static void add_columns(const struct tmk_gemm_part *part, struct tmk_tile *tile, const char *b,
                        ptrdiff_t b_k, const ptrdiff_t *in_c)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const bool accumulate = tile->accumulate;
    const size_t pitch = plan->blocking.mc;
    const ptrdiff_t row[TMK_MICRO_DOT] = {0, (ptrdiff_t)pitch, 2 * (ptrdiff_t)pitch,
                                          3 * (ptrdiff_t)pitch};
    char *c = tile->c;
    tile->a = b;
    tile->a_row = 1;
    tile->a_k = b_k;
    tile->c = part->s.rest;
    tile->row = row;
    tile->accumulate = false;
    plan->micro->add_rows(tile, plan->rest);
    if (plan->dtype == TMK_F32)
        scatter_float((const float *)(const void *)part->s.rest, pitch, plan->rest, part->s.m_c,
                      tile->width, accumulate, in_c, (float *)(void *)c);
    else
        scatter_double((const double *)(const void *)part->s.rest, pitch, plan->rest, part->s.m_c,
                       tile->width, accumulate, in_c, (double *)(void *)c);
}

void tmk_gemm_multiply_rest(struct tmk_gemm_part *part, struct tmk_range m, size_t k0,
                            const void *rows, ptrdiff_t step)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *a = &plan->a;
    const size_t n = plan->N - plan->rest;
    ptrdiff_t in_b[TMK_MICRO_DOT], in_c[TMK_MICRO_DOT], b_k;
    tmk_axes_positions(&plan->n, n, plan->rest, in_b, in_c, NULL, NULL);
    tmk_axes_linear(&plan->k, TMK_STEP_SECOND, &b_k);
    const char *b = tmk_gemm_forward(plan, part->b, in_b[0] + (ptrdiff_t)k0 * b_k);
    /* its rows are our columns */
    struct tmk_tile tile = {
        .kc = part->kc,
        .row = in_c,
        .width = m.end - m.begin,
        .accumulate = plan->accumulate || !part->first_k,
    };
    if (part->first_k && part->col_bias)
        tile.row_bias = tmk_gemm_forward(plan, part->col_bias, (ptrdiff_t)n);
    if (part->first_k && part->row_bias)
        tile.col_bias = tmk_gemm_forward(plan, part->row_bias, (ptrdiff_t)m.begin);
    if (tmk_gemm_lies_across(a)) {
        tile.b = tmk_gemm_forward(plan, part->a, (ptrdiff_t)m.begin + (ptrdiff_t)k0 * a->k);
        tile.b_k = a->k;
        tile.c = part->c;
        add_columns(part, &tile, b, b_k, in_c);
        return;
    }
    tile.b = rows;
    tile.b_k = step;
    tile.c = (char *)tmk_gemm_forward(plan, part->c, part->s.m_c[0]);
    tile.c_column = plan->c_row;
    add_dots(part, &tile, b, b_k, plan->n.axis[plan->n.n - 1].step[TMK_STEP_FIRST]);
}

/* Dot products with a column of ones. Whoever has some of the columns sums up as many of the rows.
 */
void tmk_gemm_sum_rows(const struct tmk_gemm_part *part, struct tmk_range m, const void *rows,
                       ptrdiff_t step)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *a = &plan->a;
    const ptrdiff_t first = 0;
    const size_t run = a->run > 0 ? a->run : part->kc, all = m.end - m.begin,
                 begin = all * part->n.begin / plan->N, end = all * part->n.end / plan->N;
    struct tmk_tile tile = {
        .kc = run,
        .a = part->s.ones,
        .a_row = (ptrdiff_t)plan->micro->nr,
        .a_k = (ptrdiff_t)plan->micro->nr,
        .b = tmk_gemm_forward(plan, rows, (ptrdiff_t)begin * step),
        .b_k = step,
        .c = part->sums + (m.begin + begin) * plan->element,
        .c_column = 1,
        .row = &first,
        .width = end - begin,
        .accumulate = !part->first_k,
    };
    for (size_t k = 0; k < part->kc; k += run) {
        plan->micro->dot(&tile, 1);
        tile.b = tmk_gemm_forward(plan, tile.b, (ptrdiff_t)run + a->jump);
        tile.accumulate = true;
    }
}

/* A tile of one row, of ones. */
void tmk_gemm_sum_columns(const struct tmk_gemm_part *part, size_t n, size_t width,
                          const struct tmk_tile *panel)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const ptrdiff_t first = 0;
    const struct tmk_tile tile = {
        .kc = part->kc,
        .tiles = 1,
        .a = part->s.ones,
        .a_k = 1,
        .b = panel->b,
        .b_k = panel->b_k,
        .c = part->sums + n * plan->element,
        .row = &first,
        .width = width,
        .accumulate = !part->first_k,
    };
    plan->micro->multiply[1][tmk_ceil_div(width, plan->micro->lanes) - 1][0](&tile);
}
