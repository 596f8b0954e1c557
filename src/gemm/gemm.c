#include "gemm.h"

#include "part.h"
#include "size.h"
#include "small.h"
#include "split.h"
#include "team.h"

#include <assert.h>

/* Share `part` of `parts` of `count` positions, in whole units. */
static struct tmk_range share(size_t count, size_t unit, size_t parts, size_t part)
{
    const struct tmk_range units = tmk_share(tmk_ceil_div(count, unit), parts, part);
    return (struct tmk_range){units.begin * unit, TMK_MIN(units.end * unit, count)};
}

static void run_part(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, size_t index,
                     int thread)
{
    const size_t per_batch = plan->parts_m * plan->parts_n, within = index % per_batch;
    struct tmk_range n =
        share(plan->N - plan->rest, plan->unit_n, plan->parts_n, within % plan->parts_n);
    if (n.end == plan->N - plan->rest)
        n.end = plan->N;
    const struct tmk_range m = share(plan->M, plan->unit_m, plan->parts_m, within / plan->parts_n),
                           products = share(plan->nbatch * plan->pieces, 1, plan->parts_batch,
                                            index / per_batch);
    tmk_gemm_run_part(plan, exec, thread, (char *)exec->workspace + index * plan->part_bytes,
                      products, m, n);
    if (plan->apart && plan->pieces == 1)
        tmk_gemm_add_part(plan, exec, thread, products, m, n);
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
    return plan->part_bytes * plan->parts_batch * plan->parts_m * plan->parts_n;
}

size_t tmk_gemm_workspace(const struct tmk_gemm *gemm, int threads)
{
    struct tmk_gemm_plan plan;
    if (tmk_gemm_is_small(gemm))
        return 0;
    tmk_gemm_plan_make(gemm, threads, &plan);
    return parts_bytes(&plan) + plan.pieces_bytes;
}

/* A call as its threads see it. */
struct call {
    const struct tmk_gemm_plan *plan;
    const struct tmk_exec *exec;
    size_t parts;
    int team;
};

static void run_thread(void *context, int thread)
{
    const struct call *call = context;
    const struct tmk_gemm_plan *plan = call->plan;
    for (size_t i = (size_t)thread; i < call->parts; i += (size_t)call->team)
        run_part(plan, call->exec, i, thread);
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
    const size_t parts = plan.parts_batch * plan.parts_m * plan.parts_n;
    const size_t need = parts_bytes(&plan) + plan.pieces_bytes;
    if (exec->workspace_bytes < need)
        return tmk_fail(TMK_EINVAL, "gemm: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, need);
    if (plan.apart)
        plan.c = (char *)exec->workspace + parts_bytes(&plan);
    struct call call = {&plan, exec, parts, parts == 1 ? 1 : exec->threads};
    tmk_team_run(call.team, run_thread, &call);
    return TMK_OK;
}
