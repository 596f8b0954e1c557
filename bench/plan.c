#include "plan.h"

#include "alloc.h"
#include "data.h"
#include "matmul.h"
#include "size.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* For the estimate only: what the oracle, the lowest rung and a middling kernel reach per thread.
 */
#define ORACLE_GFLOPS 1.0
#define NAIVE_GFLOPS 0.5
#define KERNEL_GFLOPS 5.0
#define ORACLE_PASSES 3 /* on integers, on reals, on magnitudes */
#define CHECKS 2        /* on integers, on reals */

const char *tmk_plan_layout(const struct tmk_problem *problem)
{
    return problem->op == &tmk_op_matmul ? "row" : tmk_layout_name[problem->layout];
}

char *tmk_plan_label(const struct tmk_plan_group *group, char *buf, size_t size)
{
    const struct tmk_problem *problem = group->problem;
    char descriptor[TMK_DESC_MAX];
    problem->op->format(problem, descriptor, sizeof descriptor);
    snprintf(buf, size, "%s:%s %s %s %s", problem->op->name, descriptor, tmk_dir_name[group->dir],
             tmk_dtype_name[problem->dtype], tmk_plan_layout(problem));
    return buf;
}

double tmk_plan_timing_bytes(const struct tmk_plan_group *group, const struct tmk_plan_cell *cell)
{
    return (double)group->operands + (double)cell->workspace;
}

double tmk_plan_verify_bytes(const struct tmk_plan_group *group, const struct tmk_plan_cell *cell)
{
    double doubles =
        (double)group->operands * sizeof(double) / (double)tmk_dtype_size(group->problem->dtype);
    return ORACLE_PASSES * doubles + tmk_plan_timing_bytes(group, cell);
}

/* Warm-up comes on top of the budget, or of the rounds that take longer. */
static double estimate(const struct tmk_plan_group *group, const struct tmk_settings *settings)
{
    double gflop = group->problem->op->flops(group->problem, group->dir) * 1e-9, calls = 0;
    bool runnable = false;
    for (size_t i = 0; i < group->ncells; i++) {
        const struct tmk_plan_cell *cell = &group->cells[i];
        bool lowest = cell->impl == group->problem->op->impls[0];
        if (!cell->refusal)
            calls += gflop / (lowest ? NAIVE_GFLOPS : KERNEL_GFLOPS) / cell->threads;
        runnable |= !cell->refusal;
    }
    double verification = CHECKS * calls;
    if (!group->by_sums)
        verification += ORACLE_PASSES * gflop / ORACLE_GFLOPS;
    double sampling = fmax(settings->budget_s, settings->rounds * calls);
    return runnable ? sampling + calls + verification : 0;
}

static enum tmk_status fill_group(struct tmk_plan_group *group, const struct tmk_settings *settings)
{
    const struct tmk_problem *problem = group->problem;
    const struct tmk_selection *selection = &settings->selection;
    const struct tmk_impl *impl;
    size_t impls = 0;
    while (tmk_op_impl_at(problem->op, impls))
        impls++;
    TMK_TRY(tmk_data_bytes(problem, &group->operands));
    group->by_sums = problem->op->flops(problem, group->dir) > settings->verify_gflop * 1e9;
    group->cells = calloc(impls * selection->nthreads + 1, sizeof *group->cells);
    if (!group->cells)
        return tmk_fail(TMK_ENOMEM, "no memory to plan %zu implementations", impls);
    for (size_t i = 0; (impl = tmk_op_impl_at(problem->op, i)); i++) {
        if (!tmk_select_has_impl(selection, impl->name))
            continue;
        for (size_t t = 0; t < selection->nthreads; t++) {
            int threads = selection->thread_counts[t];
            const char *refusal = tmk_impl_refusal_on(impl, problem, group->dir, threads);
            size_t workspace = refusal ? 0 : tmk_impl_workspace(impl, problem, group->dir, threads);
            group->cells[group->ncells++] =
                (struct tmk_plan_cell){impl, threads, workspace, refusal};
        }
    }
    group->seconds = estimate(group, settings);
    return TMK_OK;
}

static enum tmk_status fill(struct tmk_plan *plan, const struct tmk_settings *settings)
{
    const struct tmk_list *list = &settings->selection.list;
    for (size_t i = 0; i < list->count; i++) {
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            if (!list->items[i].dir[dir])
                continue;
            struct tmk_plan_group *group = &plan->groups[plan->ngroups++];
            group->problem = list->items[i].problem;
            group->dir = (enum tmk_dir)dir;
            TMK_TRY(fill_group(group, settings));
            plan->ncells += group->ncells;
            plan->seconds += group->seconds;
        }
    }
    if (plan->ncells == 0)
        return tmk_fail(TMK_EINVAL, "nothing to time: no chosen implementation belongs to a chosen "
                                    "problem: `tilemark list` shows which do");
    return TMK_OK;
}

enum tmk_status tmk_plan_make(const struct tmk_settings *settings, struct tmk_plan *out)
{
    size_t most = settings->selection.list.count * TMK_NDIRS;
    *out = (struct tmk_plan){.groups = calloc(most + 1, sizeof *out->groups)};
    enum tmk_status status = out->groups
                                 ? fill(out, settings)
                                 : tmk_fail(TMK_ENOMEM, "no memory to plan %zu groups", most);
    if (status != TMK_OK)
        tmk_plan_free(out);
    return status;
}

void tmk_plan_free(struct tmk_plan *plan)
{
    for (size_t i = 0; plan->groups && i < plan->ngroups; i++)
        free(plan->groups[i].cells);
    free(plan->groups);
    *plan = (struct tmk_plan){0};
}

/* The most that any step of the group needs at once. */
static double peak_bytes(const struct tmk_plan_group *group)
{
    double most = 0;
    for (size_t i = 0; i < group->ncells; i++) {
        const struct tmk_plan_cell *cell = &group->cells[i];
        if (!cell->refusal)
            most = fmax(most, tmk_plan_verify_bytes(group, cell));
    }
    return most;
}

void tmk_plan_print(const struct tmk_plan *plan, const struct tmk_settings *settings)
{
    char text[32], bytes[32], label[TMK_DESC_MAX + 64];
    double most = 0;
    for (size_t i = 0; i < plan->ngroups; i++) {
        const struct tmk_plan_group *group = &plan->groups[i];
        double need = peak_bytes(group);
        most = fmax(most, need);
        printf("%s%s%s: %zu cells, %s, %s%s\n", tmk_plan_label(group, label, sizeof label),
               group->problem->name[0] ? " " : "", group->problem->name, group->ncells,
               tmk_format_bytes(bytes, sizeof bytes, need),
               tmk_format_seconds(text, sizeof text, group->seconds),
               group->by_sums ? ", verified by sums" : "");
        for (size_t k = 0; k < group->ncells; k++) {
            const struct tmk_plan_cell *cell = &group->cells[k];
            if (cell->refusal)
                printf("  %s on %d: skipped: %s\n", cell->impl->name, cell->threads, cell->refusal);
        }
    }
    size_t available = tmk_memory_available();
    printf("%zu cells in %zu groups, about %s with %g s for each group; memory: %s", plan->ncells,
           plan->ngroups, tmk_format_seconds(text, sizeof text, plan->seconds), settings->budget_s,
           tmk_format_bytes(bytes, sizeof bytes, most));
    if (available != SIZE_MAX)
        printf(" of %s free", tmk_format_bytes(bytes, sizeof bytes, (double)available));
    printf("\n");
}
