/* Which products go their own ways: those with few rows, of little depth, or with neither. */
#include "room.h"

#include "size.h"

/* Of little depth the time is that of writing C: row by row, from rows of B that stay in the L2
 * cache. */
#define SHALLOW ((size_t)32)
#define SHALLOW_MOST ((size_t)TMK_MICRO_SHALLOW) /* if C is beyond the caches, or B is near L1 */
#define NEAR_BYTES ((size_t)64 << 10)            /* which is so up to this size */
#define SHALLOW_ENDS ((size_t)16) /* of several images whose rows end in part of a vector */
#define OUTER_VECTORS 4           /* of a row, at least */
#define PAST_DEPTH ((size_t)8)    /* a core multiplies faster than it writes to memory */

bool tmk_gemm_is_shallow(const struct tmk_micro *micro, size_t n, size_t k, size_t element,
                         bool far)
{
    const bool near =
        !tmk_loads_are_spare() && n % micro->lanes == 0 && n * k * element <= NEAR_BYTES;
    return n >= OUTER_VECTORS * micro->lanes && k <= (near || far ? SHALLOW_MOST : SHALLOW);
}

static bool writes_only(struct tmk_gemm_plan *plan)
{
    const ptrdiff_t lanes = (ptrdiff_t)plan->micro->lanes;
    const size_t m = tmk_axes_count(&plan->m), n = tmk_axes_count(&plan->n);
    const size_t bytes = plan->nbatch * m * n * plan->element;
    bool whole = true;
    for (int i = 0; i < plan->m.n; i++)
        whole = whole && plan->m.axis[i].step[TMK_STEP_SECOND] % lanes == 0;
    for (int i = 0; i < plan->batch.axes; i++)
        whole = whole && plan->batch.c[i] % lanes == 0;
    plan->past = whole && (bytes >= tmk_last_cache_bytes() ||
                           (plan->K <= PAST_DEPTH && bytes >= tmk_last_cache_share()));
    return plan->c_column == 1 &&
           tmk_gemm_is_shallow(plan->micro, n, plan->K, plan->element, tmk_beyond_caches(bytes));
}

/* A vector holds all rows and another all of k: only columns are many. */
#define TINY_COLUMNS ((size_t)1024)
static bool is_tiny(const struct tmk_gemm_plan *plan, size_t m)
{
    ptrdiff_t c_row;
    return m <= plan->micro->lanes && plan->K <= plan->micro->lanes &&
           tmk_axes_count(&plan->n) >= TINY_COLUMNS && (plan->b.own == 1 || plan->b.k == 1) &&
           tmk_axes_linear(&plan->m, TMK_STEP_SECOND, &c_row) &&
           (plan->c_column == 1 || c_row == 1);
}

/* With few rows the time is that of reading B: along its rows, once, if it comes from far away.
 * From a cache tiles bring it as fast for more rows than NEXT_TO_NONE. A dot product pays if adding
 * up its vectors is little of it, and less than it costs to transpose B. */
#define NEXT_TO_NONE 2
#define DOT_DEPTH ((size_t)16)
/* Vectors of B's rows for these to be added, and how many rows for C to be put together elsewhere.
 */
#define WIDE 32
#define ACROSS_DEPTH ((size_t)256)
static enum tmk_gemm_thin find_thin(struct tmk_gemm_plan *plan)
{
    struct tmk_gemm_operand *a = &plan->a, *b = &plan->b;
    const size_t m = tmk_axes_count(&plan->m);
    const size_t b_bytes = tmk_axes_count(&plan->n) * plan->K * plan->element;
    if (a->window || b->window || !tmk_axes_linear(&plan->m, TMK_STEP_FIRST, &a->own) ||
        !tmk_axes_linear(&plan->k, TMK_STEP_FIRST, &a->k) ||
        !tmk_axes_linear(&plan->n, TMK_STEP_FIRST, &b->own) ||
        !tmk_axes_linear(&plan->k, TMK_STEP_SECOND, &b->k) ||
        !tmk_axes_linear(&plan->n, TMK_STEP_SECOND, &plan->c_column))
        return TMK_GEMM_NOT_THIN;
    const bool tiny = is_tiny(plan, m);
    if ((b->own == 1 || b->k == 1) && writes_only(plan) && (!tiny || plan->past))
        return TMK_GEMM_OUTER;
    if (tiny)
        return TMK_GEMM_TINY;
    const bool fits = plan->c_column == 1 || plan->K >= ACROSS_DEPTH;
    const bool wide = tmk_axes_count(&plan->n) >= WIDE * plan->micro->lanes;
    const size_t near = m > NEXT_TO_NONE ? tmk_last_cache_share() : tmk_l2_bytes();
    if (m <= TMK_MICRO_THIN && b->own == 1 && fits && wide && b_bytes > near / 4)
        return TMK_GEMM_ADD_ROWS;
    if (m > TMK_MICRO_DOT)
        return TMK_GEMM_NOT_THIN;
    const size_t enough = TMK_MAX(4 * plan->micro->lanes, DOT_DEPTH * m);
    const bool cheap = a->k == 1 || tmk_axes_count(&plan->n) >= 8 * m; /* to lay A out along k */
    return b->k == 1 && plan->K >= enough && cheap ? TMK_GEMM_DOT : TMK_GEMM_NOT_THIN;
}

/* What keeps A's rows in L2 and is cut into whole panels. */
size_t tmk_gemm_thin_depth(const struct tmk_gemm_plan *plan)
{
    const size_t most = tmk_l2_bytes() / 2 / (plan->M * plan->element), nr = plan->micro->nr;
    return tmk_round_up(tmk_ceil_div(plan->K, tmk_ceil_div(plan->K, TMK_MAX(most, 1))), nr);
}

/* If n runs on row by row (image by image), each may be an element of the batch. Ends of rows that
 * fill no vector then are one each. */
static enum tmk_gemm_thin find_thin_rows(struct tmk_gemm_plan *plan)
{
    const int last = plan->batch.axes;
    if (plan->n.n != 2 || last == TMK_GEMM_AXES)
        return TMK_GEMM_NOT_THIN;
    const bool whole = plan->n.axis[1].extent % plan->micro->lanes == 0;
    if (plan->K > (whole ? SHALLOW_MOST : SHALLOW_ENDS))
        return TMK_GEMM_NOT_THIN;
    struct tmk_gemm_plan rows = *plan;
    const size_t count = plan->n.axis[0].extent;
    rows.batch.extent[last] = count;
    rows.batch.a[last] = 0;
    rows.batch.b[last] = plan->n.axis[0].step[TMK_STEP_FIRST];
    rows.batch.c[last] = plan->n.axis[0].step[TMK_STEP_SECOND];
    rows.batch.axes++;
    rows.nbatch *= count;
    rows.share_bias = count;
    tmk_axes_drop(&rows.n);
    if (find_thin(&rows) != TMK_GEMM_OUTER)
        return TMK_GEMM_NOT_THIN;
    *plan = rows;
    return TMK_GEMM_OUTER;
}

/* Few columns will do as well: they become rows. */
void tmk_gemm_choose_thin(struct tmk_gemm_plan *plan)
{
    plan->thin = find_thin(plan);
    if (!plan->thin)
        plan->thin = find_thin_rows(plan);
    if (!plan->thin && (plan->N <= TMK_MICRO_THIN || plan->K <= SHALLOW)) {
        tmk_gemm_exchange(plan);
        plan->thin = find_thin(plan);
        if (!plan->thin)
            tmk_gemm_exchange(plan);
    }
    if (!plan->thin)
        return;
    plan->M = tmk_axes_count(&plan->m);
    plan->N = tmk_axes_count(&plan->n);
    const bool dot = plan->thin == TMK_GEMM_DOT;
    plan->a.in_place = !dot || plan->a.k == 1;
    plan->b.in_place = plan->thin != TMK_GEMM_OUTER || plan->b.own == 1;
    /* what is read again, of C's rows or of B's, stays in L1; or in L2, as C's are written the
     * faster the longer they are */
    const bool outer = plan->thin == TMK_GEMM_OUTER;
    const size_t again = outer ? plan->K : plan->M;
    const size_t near = outer && !plan->past ? tmk_l2_bytes() / 4 / plan->element : 8192;
    plan->stretch = tmk_round_up(TMK_MAX(near / again, 1), plan->micro->nr);
    plan->apart = plan->thin == TMK_GEMM_ADD_ROWS && plan->c_column != 1;
}
