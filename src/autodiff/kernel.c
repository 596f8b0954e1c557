/* Calling the implementations of src/op: choice, workspace, time, and gradients that add up. */
#include "room.h"
#include "loop.h"

#include "alloc.h"
#include "clock.h"
#include "conv2d.h"
#include "size.h"

static const struct tmk_impl *const *preferences(const struct tmk_graph *graph,
                                                 const struct tmk_op *op)
{
    return op == &tmk_op_conv2d ? graph->options.conv2d : graph->options.matmul;
}

enum tmk_status tmk_choose_impl(const struct tmk_graph *graph, const struct tmk_problem *problem,
                                enum tmk_dir dir, const struct tmk_impl **out)
{
    const char *refusal = "no implementation is chosen";
    for (const struct tmk_impl *const *impl = preferences(graph, problem->op); *impl; impl++) {
        refusal = tmk_impl_refusal_on(*impl, problem, dir, graph->options.threads);
        if (!refusal) {
            *out = *impl;
            return TMK_OK;
        }
    }
    char text[TMK_DESC_MAX];
    problem->op->format(problem, text, sizeof text);
    return tmk_fail(TMK_EUNSUPPORTED,
                    "%s:%s %s: %s: choose another implementation, such as blocked",
                    problem->op->name, text, tmk_dir_name[dir], refusal);
}

enum tmk_status tmk_run_impl(struct tmk_node *node, const struct tmk_impl *impl,
                             const struct tmk_problem *problem, enum tmk_dir dir,
                             const struct tmk_args *args, size_t used)
{
    const struct tmk_graph *graph = node->graph;
    struct tmk_exec exec = {.threads = graph->options.threads,
                            .workspace = (char *)graph->workspace + used,
                            .workspace_bytes = graph->workspace_bytes - used};
    if (!graph->options.timing)
        return tmk_impl_call(impl, problem, dir, args, &exec);
    double start = tmk_now();
    enum tmk_status status = tmk_impl_call(impl, problem, dir, args, &exec);
    node->cost.kernel_seconds[dir == TMK_FWD ? TMK_FORWARD : TMK_BACKWARD] += tmk_now() - start;
    return status;
}

size_t tmk_kernel_scratch(const struct tmk_node *node, int i)
{
    const struct tmk_node *input = node->input[i];
    bool alone = input->needs_gradient && input->uses == 1;
    return alone ? 0 : tmk_round_up(tmk_node_bytes(input), TMK_ALIGN);
}

struct tmk_kernel_target tmk_kernel_target_begin(struct tmk_node *node, int i, void *scratch)
{
    struct tmk_kernel_target target = {.out = tmk_gradient_view(node->input[i])};
    target.wanted = tmk_gradient_begin(node, i, &target.gradient, &target.first);
    if (!target.wanted || !target.first) {
        target.out.data = target.out.begin = scratch;
        target.out.end = target.out.begin + tmk_node_bytes(node->input[i]);
    }
    return target;
}

void tmk_kernel_target_end(struct tmk_node *node, const struct tmk_kernel_target *target)
{
    if (target->wanted && !target->first)
        tmk_loop_copy(&target->gradient, &target->out, true, node->graph->options.threads);
}
