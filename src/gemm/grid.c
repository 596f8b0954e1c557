/* How the threads share a contraction out. */
#include "room.h"

#include "alloc.h"
#include "pace.h"
#include "size.h"

/* What it costs to bring an element of an operand to the micro-kernel, in multiply-adds, roughly:
 * to read it where it lies, to copy it in long runs or in short ones, to transpose or clip it. */
static double element_cost(const struct tmk_gemm_plan *plan, enum tmk_step which)
{
    const struct tmk_gemm_operand *operand = which == TMK_STEP_FIRST ? &plan->a : &plan->b;
    const struct tmk_axes *k = &plan->k;
    if (operand->in_place)
        return 8;
    if (operand->by_rows)
        return 16;
    return operand->window || (k->n > 0 && k->axis[k->n - 1].step[which] == 1) ? 64 : 32;
}

/* Where threads cut rows of C that are no whole cache lines, they write the same lines: what that
 * costs a row, in multiply-adds. Where rows are written as they go, a processor fetches beyond the
 * cut. */
#define SHARED_LINE 4e3
static double cut_cost(const struct tmk_gemm_plan *plan, const struct tmk_axes *cut,
                       const struct tmk_axes *other, double rows)
{
    if (cut->n != 1 || cut->axis[0].step[TMK_STEP_SECOND] != 1 || other->n == 0)
        return 0;
    const ptrdiff_t row =
        other->axis[other->n - 1].step[TMK_STEP_SECOND] * (ptrdiff_t)plan->element;
    if (row % TMK_ALIGN == 0 && plan->thin != TMK_GEMM_OUTER)
        return 0;
    return SHARED_LINE / (double)plan->K * rows;
}

/* In the largest of so many shares. */
static size_t largest_share(size_t count, size_t unit, size_t parts)
{
    return TMK_MIN(unit * tmk_ceil_div(tmk_ceil_div(count, unit), parts), count);
}

/* And in the largest that slow threads leave to a fast one. */
static size_t most_of_share(size_t count, size_t unit, size_t parts)
{
    return TMK_MIN(unit * tmk_pace_most(tmk_ceil_div(count, unit), parts), count);
}

size_t tmk_gemm_part_rows(const struct tmk_gemm_plan *plan)
{
    return most_of_share(plan->M, plan->unit_m, plan->parts_m);
}

size_t tmk_gemm_part_columns(const struct tmk_gemm_plan *plan)
{
    return most_of_share(plan->N - plan->rest, plan->unit_n, plan->parts_n);
}

/* Columns that are dot products take so many times the time of others. A last panel of one vector,
 * to which each scalar of A is brought for a single product, takes that of so much more of it. */
#define REST_COLUMN 2
#define LONE_VECTOR 4

/* Those of the largest of so many parts, counted by the time that they take. */
static size_t columns_of_part(const struct tmk_gemm_plan *plan, size_t parts)
{
    const size_t lanes = plan->micro->lanes,
                 n = largest_share(plan->N - plan->rest, plan->unit_n, parts);
    if (plan->run == plan->row) /* the rest is all in the last part */
        return n + REST_COLUMN * plan->rest +
               (n % plan->micro->nr == lanes ? lanes / LONE_VECTOR : 0);
    const size_t rows = n / plan->row;
    return rows * plan->run + tmk_round_up(rows * (plan->row - plan->run), lanes);
}

/* Expected time of the largest part, in multiply-adds of the micro-kernel. */
static double part_cost(const struct tmk_gemm_plan *plan, size_t pb, size_t pm, size_t pn)
{
    double m = (double)largest_share(plan->M, plan->unit_m, pm);
    double n = (double)columns_of_part(plan, pn);
    double batches = (double)tmk_ceil_div(plan->nbatch * plan->pieces, pb);
    const double shared = (pn > 1 ? cut_cost(plan, &plan->n, &plan->m, m) : 0) +
                          (pm > 1 ? cut_cost(plan, &plan->m, &plan->n, n) : 0);
    return batches * (m * n + element_cost(plan, TMK_STEP_FIRST) * m +
                      element_cost(plan, TMK_STEP_SECOND) * n + shared);
}

/* What it costs to wake the other threads and to wait for them, likewise: half a microsecond to
 * two, as the machine is. */
#define FORK_COST 1.6e5

void tmk_gemm_choose_grid(struct tmk_gemm_plan *plan, size_t threads)
{
    /* tiles are made of any height and of whole vectors */
    plan->unit_m = plan->thin == TMK_GEMM_OUTER ? plan->micro->outer_rows
                   : plan->thin                 ? plan->blocking.mr
                                                : 1;
    plan->unit_n = plan->thin              ? plan->micro->nr
                   : plan->run < plan->row ? plan->row /* threads would write the same lines */
                                           : plan->micro->lanes;
    plan->parts_batch = plan->parts_m = plan->parts_n = 1;
    if (threads == 1)
        return;
    double best = -1;
    for (size_t pb = threads; pb > 0; pb--) { /* whole batch elements if nothing tells */
        for (size_t pm = 1; pb * pm <= threads; pm++) {
            size_t pn = threads / (pb * pm);
            double cost = part_cost(plan, pb, pm, pn);
            if (best < 0 || cost < best) {
                best = cost;
                plan->parts_batch = pb;
                plan->parts_m = pm;
                plan->parts_n = pn;
            }
        }
    }
    const double depth = (double)plan->K / (double)plan->pieces;
    if (depth * (part_cost(plan, 1, 1, 1) - best) < FORK_COST)
        plan->parts_batch = plan->parts_m = plan->parts_n = 1;
}
