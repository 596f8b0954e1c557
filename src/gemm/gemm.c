#include "gemm.h"

#include "pace.h"
#include "part.h"
#include "size.h"
#include "small.h"
#include "split.h"
#include "team.h"

#include <assert.h>

/* A call as its threads see it. */
struct call {
    const struct tmk_gemm_plan *plan;
    const struct tmk_exec *exec;
    int team; /* as many parts, at least, as threads that have one */
    struct tmk_pace *pace;
};

/* A thread's share of `count` positions, in whole units, along an axis of the grid. */
static struct tmk_range share(const struct call *call, size_t count, size_t unit, int thread,
                              size_t parts, size_t step)
{
    const struct tmk_range units =
        tmk_pace_share(call->pace, tmk_ceil_div(count, unit), thread, parts, step);
    return (struct tmk_range){TMK_MIN(units.begin * unit, count), TMK_MIN(units.end * unit, count)};
}

static void run_part(const struct call *call, int thread)
{
    const struct tmk_gemm_plan *plan = call->plan;
    const struct tmk_exec *exec = call->exec;
    const size_t parts_m = plan->parts_m, parts_n = plan->parts_n, vectors = plan->N - plan->rest;
    const double start = tmk_pace_start(call->pace);
    const struct tmk_range products = share(call, plan->nbatch * plan->pieces, 1, thread,
                                            plan->parts_batch, parts_m * parts_n),
                           m = share(call, plan->M, plan->unit_m, thread, parts_m, parts_n);
    struct tmk_range n = share(call, vectors, plan->unit_n, thread, parts_n, 1);
    if (n.end == vectors)
        n.end = plan->N;
    tmk_gemm_run_part(plan, exec, thread,
                      (char *)exec->workspace + (size_t)thread * plan->part_bytes, products, m, n);
    if (plan->apart && plan->pieces == 1)
        tmk_gemm_add_part(plan, exec, thread, products, m, n);
    const double work = tmk_range_length(products) * tmk_range_length(m) * tmk_range_length(n);
    tmk_pace_note(call->pace, thread, work, start);
}

struct tmk_gemm tmk_gemm_matrices(const struct tmk_view *a, const struct tmk_view *b,
                                  const struct tmk_view *c)
{
    assert(a->ndim == 2 && b->ndim == 2 && c->ndim == 2);
    return (struct tmk_gemm){
        .dtype = a->dtype,
        .a = a->data,
        .b = b->data,
        .c = c->data,
        .m = {1, {a->shape[0]}, {a->stride[0]}, {c->stride[0]}},
        .n = {1, {b->shape[1]}, {b->stride[1]}, {c->stride[1]}},
        .k = {1, {a->shape[1]}, {a->stride[1]}, {b->stride[0]}},
    };
}

static size_t parts_bytes(const struct tmk_gemm_plan *plan)
{
    return plan->part_bytes * plan->parts;
}

size_t tmk_gemm_workspace(const struct tmk_gemm *gemm, int threads)
{
    struct tmk_gemm_plan plan;
    if (tmk_gemm_is_small(gemm))
        return 0;
    tmk_gemm_plan_make(gemm, threads, &plan);
    return parts_bytes(&plan) + plan.pieces_bytes;
}

static void run_thread(void *context, int thread)
{
    const struct call *call = context;
    const struct tmk_gemm_plan *plan = call->plan;
    if ((size_t)thread < plan->parts)
        run_part(call, thread);
    if (plan->pieces == 1)
        return;
#pragma omp barrier
    tmk_gemm_add_pieces(plan, call->exec, thread, call->team);
}

enum tmk_status tmk_gemm_run(const struct tmk_gemm *gemm, const struct tmk_exec *exec)
{
    struct tmk_gemm_plan plan;
    if (tmk_gemm_is_small(gemm)) {
        tmk_gemm_run_small(gemm, exec);
        return TMK_OK;
    }
    tmk_gemm_plan_make(gemm, exec->threads, &plan);
    const size_t need = parts_bytes(&plan) + plan.pieces_bytes;
    if (exec->workspace_bytes < need)
        return tmk_fail(TMK_EINVAL, "gemm: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, need);
    if (plan.apart)
        plan.c = (char *)exec->workspace + parts_bytes(&plan);
    struct tmk_pace pace;
    struct call call = {&plan, exec, plan.parts == 1 ? 1 : exec->threads, &pace};
    tmk_pace_ask(&pace, plan.parts);
    tmk_team_run(call.team, run_thread, &call);
    tmk_pace_learn(&pace);
    return TMK_OK;
}
