/* Building graphs: nodes, leaves, faults. */
#include "room.h"

#include "alloc.h"
#include "size.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct tmk_impl tmk_conv2d_blocked, tmk_matmul_blocked;
static const struct tmk_impl *const default_conv2d[] = {&tmk_conv2d_blocked, NULL};
static const struct tmk_impl *const default_matmul[] = {&tmk_matmul_blocked, NULL};

enum tmk_status tmk_graph_make(const struct tmk_graph_options *options, struct tmk_graph **out)
{
    if (options->threads < 1)
        return tmk_fail(TMK_EINVAL, "graph: %d threads: use at least 1", options->threads);
    struct tmk_graph *graph = calloc(1, sizeof *graph);
    if (!graph)
        return tmk_fail(TMK_ENOMEM, "no memory for a graph: close other programs");
    graph->options = *options;
    if (!options->conv2d)
        graph->options.conv2d = default_conv2d;
    if (!options->matmul)
        graph->options.matmul = default_matmul;
    graph->node_arena.what = "the memory of a graph's nodes";
    graph->tensor_arena.what = "the memory of a graph's tensors";
    graph->step_version = tmk_version_next();
    *out = graph;
    return TMK_OK;
}

void tmk_graph_free(struct tmk_graph *graph)
{
    if (!graph)
        return;
    tmk_ad_arena_free(&graph->node_arena);
    tmk_ad_arena_free(&graph->tensor_arena);
    tmk_free(graph->workspace);
    free(graph->nodes);
    free(graph->order);
    free(graph->stack);
    free(graph);
}

void tmk_graph_reset(struct tmk_graph *graph)
{
    tmk_ad_arena_reset(&graph->node_arena);
    tmk_ad_arena_reset(&graph->tensor_arena);
    graph->count = graph->bound = graph->gradients = graph->dropouts = 0;
    graph->walk_root = graph->pass_root = NULL;
    graph->status = TMK_OK;
}

enum tmk_status tmk_graph_status(const struct tmk_graph *graph)
{
    return graph->status == TMK_OK ? TMK_OK : tmk_fail(graph->status, "%s", graph->message);
}

struct tmk_node *tmk_graph_fail(struct tmk_graph *graph, enum tmk_status status)
{
    if (graph->status == TMK_OK) {
        graph->status = status;
        snprintf(graph->message, sizeof graph->message, "%s", tmk_message());
    }
    return NULL;
}

size_t tmk_graph_size(const struct tmk_graph *graph)
{
    return graph->count;
}

struct tmk_node *tmk_graph_node(const struct tmk_graph *graph, size_t number)
{
    return graph->nodes[number];
}

void tmk_graph_set_step(struct tmk_graph *graph, uint64_t seed, uint64_t step)
{
    if (graph->seed == seed && graph->step == step)
        return;
    graph->seed = seed;
    graph->step = step;
    graph->step_version = tmk_version_next();
}

const char *tmk_node_kind(const struct tmk_node *node)
{
    return node->op->name;
}

struct tmk_node *tmk_ad_label(struct tmk_node *node, const char *label)
{
    if (node)
        snprintf(node->label, sizeof node->label, "%s", label);
    return node;
}

/* -- nodes -- */

static enum tmk_status grow_list(struct tmk_graph *graph)
{
    if (graph->count < graph->capacity)
        return TMK_OK;
    size_t capacity = TMK_MAX(2 * graph->capacity, 64);
    struct tmk_node **nodes = reallocarray(graph->nodes, capacity, sizeof *nodes);
    if (!nodes)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu nodes: build a smaller graph", capacity);
    graph->nodes = nodes;
    graph->capacity = capacity;
    return TMK_OK;
}

/* A node at the end of the list, with room for its inputs and parameters behind it. */
static enum tmk_status append(struct tmk_graph *graph, const struct tmk_operator *op, int ninputs,
                              struct tmk_node *const *inputs, size_t params, struct tmk_node **out)
{
    size_t links = (size_t)ninputs * sizeof *inputs;
    size_t head = tmk_round_up(sizeof(struct tmk_node) + links, 16);
    void *memory;
    TMK_TRY(grow_list(graph));
    TMK_TRY(tmk_ad_arena_take(&graph->node_arena, head + params, &memory));
    memset(memory, 0, head + params);
    struct tmk_node *node = memory;
    *node = (struct tmk_node){.graph = graph,
                              .op = op,
                              .number = graph->count,
                              .ninputs = ninputs,
                              .input = (struct tmk_node **)(node + 1),
                              .params = (char *)memory + head};
    for (int i = 0; i < ninputs; i++) {
        node->input[i] = inputs[i];
        node->needs_gradient |= inputs[i]->needs_gradient;
        inputs[i]->uses++;
    }
    graph->nodes[graph->count++] = node;
    *out = node;
    return TMK_OK;
}

static enum tmk_status check_inputs(const struct tmk_operator *op, int ninputs,
                                    struct tmk_node *const *inputs)
{
    for (int i = 1; i < ninputs; i++) {
        if (inputs[i]->graph != inputs[0]->graph)
            return tmk_fail(TMK_EINVAL, "%s: inputs of two graphs: build both in one", op->name);
        if (inputs[i]->value.dtype != inputs[0]->value.dtype)
            return tmk_fail(TMK_EINVAL, "%s: inputs are %s and %s: give both the same type",
                            op->name, tmk_dtype_name[inputs[0]->value.dtype],
                            tmk_dtype_name[inputs[i]->value.dtype]);
    }
    return TMK_OK;
}

/* Values and gradients are addressed in bytes. */
static enum tmk_status check_size(const struct tmk_operator *op, const struct tmk_view *value)
{
    size_t bytes;
    char text[256];
    if (tmk_size_mul(tmk_view_count(value), tmk_dtype_size(value->dtype), &bytes) &&
        bytes <= PTRDIFF_MAX)
        return TMK_OK;
    tmk_view_format(value, text, sizeof text);
    return tmk_fail(TMK_EINVAL, "%s: %s is beyond what memory can address: make it smaller",
                    op->name, text);
}

struct tmk_node *tmk_node_new(const struct tmk_operator *op, int ninputs,
                              struct tmk_node *const *inputs, int ndim, const size_t *shape,
                              size_t params)
{
    for (int i = 0; i < ninputs; i++) {
        if (!inputs[i])
            return NULL;
    }
    struct tmk_graph *graph = inputs[0]->graph;
    struct tmk_node *node = NULL;
    struct tmk_view value;
    enum tmk_status status = check_inputs(op, ninputs, inputs);
    if (status == TMK_OK)
        status = tmk_view_make(&value, inputs[0]->value.dtype, ndim, shape, NULL, 0);
    if (status == TMK_OK)
        status = check_size(op, &value);
    if (status == TMK_OK)
        status = append(graph, op, ninputs, inputs, params, &node);
    if (status != TMK_OK)
        return tmk_graph_fail(graph, status);
    node->value = value;
    return node;
}

struct tmk_node *tmk_node_view(const struct tmk_operator *op, struct tmk_node *input,
                               const void *params, size_t bytes)
{
    struct tmk_node *node = NULL;
    enum tmk_status status = append(input->graph, op, 1, &input, bytes, &node);
    if (status == TMK_OK) {
        memcpy(node->params, params, bytes);
        status = op->look(node, &input->value, &node->value);
    }
    if (status == TMK_OK)
        status = check_size(op, &node->value);
    return status == TMK_OK ? node : tmk_graph_fail(input->graph, status);
}

enum tmk_status tmk_axis_check(const char *name, int *axis, int ndim)
{
    int wanted = *axis;
    if (wanted < -ndim || wanted >= ndim)
        return tmk_fail(TMK_EINVAL, "%s: no axis %d in a tensor of %d dimensions: use %d to %d",
                        name, wanted, ndim, -ndim, ndim - 1);
    *axis = wanted < 0 ? wanted + ndim : wanted;
    return TMK_OK;
}

/* -- leaves -- */

static struct tmk_node *leaf(struct tmk_graph *graph, const struct tmk_operator *op, size_t params)
{
    struct tmk_node *node = NULL;
    enum tmk_status status = append(graph, op, 0, NULL, params, &node);
    return status == TMK_OK ? node : tmk_graph_fail(graph, status);
}

static struct tmk_node *variable_leaf(struct tmk_graph *graph, const struct tmk_operator *op,
                                      const struct tmk_variable *variable, bool needs_gradient)
{
    struct tmk_node *node = leaf(graph, op, 0);
    if (!node)
        return NULL;
    node->variable = variable;
    node->value = variable->view;
    node->needs_gradient = needs_gradient;
    return node;
}

struct tmk_node *tmk_ad_parameter(struct tmk_graph *graph, const struct tmk_variable *variable)
{
    static const struct tmk_operator op = {.name = "parameter"};
    return variable_leaf(graph, &op, variable, true);
}

struct tmk_node *tmk_ad_input(struct tmk_graph *graph, const struct tmk_variable *variable)
{
    static const struct tmk_operator op = {.name = "input"};
    return variable_leaf(graph, &op, variable, false);
}

struct tmk_node *tmk_ad_scalar(struct tmk_graph *graph, enum tmk_dtype dtype, double value)
{
    static const struct tmk_operator op = {.name = "scalar"};
    struct tmk_node *node = leaf(graph, &op, sizeof(double));
    if (!node)
        return NULL;
    enum tmk_status status =
        tmk_view_make(&node->value, dtype, 0, NULL, node->params, sizeof(double));
    if (status != TMK_OK)
        return tmk_graph_fail(graph, status);
    tmk_view_set(&node->value, NULL, value);
    return node;
}
