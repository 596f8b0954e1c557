/* Running graphs: order, values, gradients. */
#include "room.h"
#include "loop.h"

#include "clock.h"
#include "size.h"

#include <stdlib.h>

/* -- order -- */

static enum tmk_status grow_walk(struct tmk_graph *graph)
{
    size_t capacity = graph->capacity;
    if (graph->order_capacity >= capacity)
        return TMK_OK;
    struct tmk_node **order = reallocarray(graph->order, capacity, sizeof *order);
    if (order)
        graph->order = order;
    struct tmk_frame *stack = reallocarray(graph->stack, capacity, sizeof *stack);
    if (stack)
        graph->stack = stack;
    if (!order || !stack)
        return tmk_fail(TMK_ENOMEM, "no memory to order %zu nodes: build a smaller graph",
                        capacity);
    graph->order_capacity = capacity;
    return TMK_OK;
}

/* Everything that `root` depends on in topological order: depth first, a node after its inputs, on
 * a stack of our own because chains may be long. */
static enum tmk_status walk(struct tmk_node *root)
{
    struct tmk_graph *graph = root->graph;
    if (graph->walk_root == root && graph->walk_size == graph->count)
        return TMK_OK;
    TMK_TRY(grow_walk(graph));
    uint64_t mark = ++graph->walks;
    size_t depth = 0;
    graph->order_count = 0;
    graph->stack[depth++] = (struct tmk_frame){root, root->ninputs};
    root->mark = mark;
    while (depth > 0) {
        struct tmk_frame *top = &graph->stack[depth - 1];
        if (top->todo == 0) {
            graph->order[graph->order_count++] = top->node;
            depth--;
            continue;
        }
        struct tmk_node *input = top->node->input[--top->todo];
        if (input->mark == mark)
            continue;
        input->mark = mark;
        graph->stack[depth++] = (struct tmk_frame){input, input->ninputs};
    }
    graph->walk_root = root;
    graph->walk_size = graph->count;
    return TMK_OK;
}

/* -- values -- */

/* The newest version of anything that the value depends on; inputs have been refreshed. */
static uint64_t newest_below(const struct tmk_node *node)
{
    uint64_t newest = node->variable ? node->variable->version : 1;
    for (int i = 0; i < node->ninputs; i++)
        newest = TMK_MAX(newest, node->input[i]->version);
    return node->op->random ? TMK_MAX(newest, node->graph->step_version) : newest;
}

static enum tmk_status timed(struct tmk_node *node, enum tmk_pass pass,
                             enum tmk_status (*run)(struct tmk_node *node))
{
    if (!node->graph->options.timing)
        return run(node);
    double start = tmk_now();
    enum tmk_status status = run(node);
    node->cost.seconds[pass] += tmk_now() - start;
    return status;
}

static enum tmk_status refresh(struct tmk_node *node)
{
    uint64_t newest = newest_below(node);
    if (node->version == newest)
        return TMK_OK;
    node->version = 0;
    if (node->op->forward)
        TMK_TRY(timed(node, TMK_FORWARD, node->op->forward));
    node->version = newest;
    return TMK_OK;
}

/* Bring the node and all below it up to date. */
static enum tmk_status update(struct tmk_node *node)
{
    if (!node)
        return TMK_EINVAL; /* building failed and left its message */
    struct tmk_graph *graph = node->graph;
    uint64_t newest = tmk_version_newest();
    if (node->fresh == newest)
        return TMK_OK;
    TMK_TRY(tmk_bind_values(graph));
    TMK_TRY(walk(node));
    TMK_TRY(tmk_bind_workspace(graph, TMK_FORWARD));
    for (size_t i = 0; i < graph->order_count; i++) {
        TMK_TRY(refresh(graph->order[i]));
        graph->order[i]->fresh = newest;
    }
    return TMK_OK;
}

enum tmk_status tmk_ad_value(struct tmk_node *node, struct tmk_view *out)
{
    TMK_TRY(update(node));
    *out = node->value;
    return TMK_OK;
}

static enum tmk_status check_single(const struct tmk_node *node)
{
    char text[256];
    if (!node || tmk_view_count(&node->value) == 1)
        return TMK_OK;
    tmk_view_format(&node->value, text, sizeof text);
    return tmk_fail(TMK_EINVAL, "%s %s: one element is needed: sum it", node->op->name, text);
}

enum tmk_status tmk_ad_number(struct tmk_node *node, double *out)
{
    TMK_TRY(check_single(node));
    TMK_TRY(update(node));
    *out = tmk_view_get(&node->value, (const size_t[TMK_MAX_DIMS]){0});
    return TMK_OK;
}

/* -- gradients -- */

bool tmk_gradient_begin(struct tmk_node *node, int i, struct tmk_view *out, bool *first)
{
    struct tmk_node *input = node->input[i];
    if (!input->needs_gradient)
        return false;
    *out = tmk_gradient_view(input);
    *first = input->pass != node->graph->pass;
    input->pass = node->graph->pass;
    return true;
}

/* A view's gradient flows back through the same view. Where that misses or repeats places, they
 * must start from 0. */
static enum tmk_status look_backward(struct tmk_node *node)
{
    struct tmk_view whole, part, gradient = tmk_gradient_view(node);
    int threads = node->graph->options.threads;
    bool first;
    if (!tmk_gradient_begin(node, 0, &whole, &first))
        return TMK_OK;
    TMK_TRY(node->op->look(node, &whole, &part));
    if (first && tmk_view_count(&part) != tmk_view_count(&whole)) {
        tmk_zero(&whole, threads);
        first = false;
    }
    tmk_loop_copy(&part, &gradient, !first, threads);
    return TMK_OK;
}

static enum tmk_status check_differentiable(const struct tmk_node *node)
{
    if (node && !node->needs_gradient)
        return tmk_fail(TMK_EINVAL, "%s %s: no gradient: make a leaf below it a parameter",
                        node->op->name, node->label);
    return TMK_OK;
}

enum tmk_status tmk_ad_backward(struct tmk_node *root)
{
    TMK_TRY(check_single(root));
    TMK_TRY(check_differentiable(root));
    TMK_TRY(update(root));
    struct tmk_graph *graph = root->graph;
    graph->pass_root = NULL;
    TMK_TRY(walk(root));
    TMK_TRY(tmk_bind_gradients(graph));
    TMK_TRY(tmk_bind_workspace(graph, TMK_BACKWARD));
    struct tmk_view one = tmk_gradient_view(root);
    tmk_view_fill(&one, 1);
    root->pass = ++graph->pass;
    for (size_t i = graph->order_count; i-- > 0;) {
        struct tmk_node *node = graph->order[i];
        if (node->needs_gradient && node->ninputs > 0)
            TMK_TRY(timed(node, TMK_BACKWARD, node->op->look ? look_backward : node->op->backward));
    }
    graph->pass_root = root;
    graph->pass_version = root->version;
    return TMK_OK;
}

/* Has anything below the root of the last backward pass been written since? */
static bool gradients_are_stale(struct tmk_node *root, uint64_t version)
{
    struct tmk_graph *graph = root->graph;
    if (root->version != version)
        return true;
    if (root->fresh == tmk_version_newest())
        return false;
    if (walk(root) != TMK_OK)
        return true;
    for (size_t i = 0; i < graph->order_count; i++) {
        if (graph->order[i]->version != newest_below(graph->order[i]))
            return true;
    }
    return false;
}

enum tmk_status tmk_ad_gradient(struct tmk_node *node, struct tmk_view *out)
{
    if (!node)
        return TMK_EINVAL;
    struct tmk_graph *graph = node->graph;
    TMK_TRY(check_differentiable(node));
    if (!graph->pass_root || gradients_are_stale(graph->pass_root, graph->pass_version))
        return tmk_fail(TMK_EINVAL, "%s %s: its gradient is %s: run a backward pass first",
                        node->op->name, node->label, graph->pass_root ? "out of date" : "unknown");
    TMK_TRY(tmk_bind_gradients(graph));
    *out = tmk_gradient_view(node);
    if (node->pass != graph->pass) { /* the root does not depend on it */
        tmk_zero(out, graph->options.threads);
        node->pass = graph->pass;
    }
    return TMK_OK;
}
