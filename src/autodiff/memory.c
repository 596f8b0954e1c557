/* The memory of a graph: how much it needs, and who gets what. */
#include "room.h"

#include "alloc.h"
#include "size.h"

#include <stdint.h>
#include <string.h>

size_t tmk_node_bytes(const struct tmk_node *node)
{
    return tmk_view_count(&node->value) * tmk_dtype_size(node->value.dtype);
}

static size_t piece(size_t bytes)
{
    return tmk_round_up(TMK_MAX(bytes, 1), TMK_ALIGN);
}

static size_t value_bytes(const struct tmk_node *node)
{
    return node->op->forward ? piece(tmk_node_bytes(node)) : 0;
}

static size_t saved_bytes(const struct tmk_node *node)
{
    return node->saved_bytes ? piece(node->saved_bytes) : 0;
}

static size_t gradient_bytes(const struct tmk_node *node)
{
    return node->needs_gradient ? piece(tmk_node_bytes(node)) : 0;
}

static size_t workspace_bytes(const struct tmk_node *node, enum tmk_pass pass)
{
    bool runs = node->op->workspace && (pass == TMK_FORWARD || node->needs_gradient);
    return runs ? node->op->workspace(node, pass) : 0;
}

/* Sums that stay at SIZE_MAX, more than there ever is, instead of starting anew. */
static void add(size_t *sum, size_t bytes)
{
    if (!tmk_size_add(*sum, bytes, sum))
        *sum = SIZE_MAX;
}

struct tmk_graph_memory tmk_graph_memory(const struct tmk_graph *graph)
{
    size_t lists = sizeof *graph->nodes + sizeof *graph->order + sizeof *graph->stack;
    struct tmk_graph_memory memory = {.nodes = sizeof *graph +
                                               tmk_ad_arena_capacity(&graph->node_arena) +
                                               graph->capacity * lists};
    for (size_t i = 0; i < graph->count; i++) {
        const struct tmk_node *node = graph->nodes[i];
        add(&memory.values, value_bytes(node));
        add(&memory.saved, saved_bytes(node));
        add(&memory.gradients, gradient_bytes(node));
        for (enum tmk_pass pass = TMK_FORWARD; pass <= TMK_BACKWARD; pass++)
            memory.workspace = TMK_MAX(memory.workspace, workspace_bytes(node, pass));
    }
    const size_t parts[] = {memory.nodes,     memory.values,    memory.saved,
                            memory.gradients, memory.workspace, 2 * TMK_AD_ARENA_SLACK};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        add(&memory.total, parts[i]);
    return memory;
}

size_t tmk_graph_allocated(const struct tmk_graph *graph)
{
    return sizeof *graph + tmk_ad_arena_capacity(&graph->node_arena) +
           tmk_ad_arena_capacity(&graph->tensor_arena) + graph->workspace_bytes +
           graph->capacity * sizeof *graph->nodes +
           graph->order_capacity * (sizeof *graph->order + sizeof *graph->stack);
}

static enum tmk_status bind_value(struct tmk_node *node)
{
    struct tmk_ad_arena *arena = &node->graph->tensor_arena;
    const struct tmk_view *value = &node->value;
    void *memory;
    if (node->op->look)
        return node->op->look(node, &node->input[0]->value, &node->value);
    if (!node->op->forward)
        return TMK_OK;
    if (node->saved_bytes)
        TMK_TRY(tmk_ad_arena_take(arena, node->saved_bytes, &node->saved));
    TMK_TRY(tmk_ad_arena_take(arena, tmk_node_bytes(node), &memory));
    return tmk_view_make(&node->value, value->dtype, value->ndim, value->shape, memory,
                         tmk_node_bytes(node));
}

enum tmk_status tmk_bind_values(struct tmk_graph *graph)
{
    size_t bytes = 0;
    for (size_t i = graph->bound; i < graph->count; i++)
        add(&bytes, value_bytes(graph->nodes[i]) + saved_bytes(graph->nodes[i]));
    TMK_TRY(tmk_ad_arena_reserve(&graph->tensor_arena, bytes));
    for (; graph->bound < graph->count; graph->bound++)
        TMK_TRY(bind_value(graph->nodes[graph->bound]));
    return TMK_OK;
}

enum tmk_status tmk_bind_gradients(struct tmk_graph *graph)
{
    size_t bytes = 0;
    for (size_t i = graph->gradients; i < graph->count; i++)
        add(&bytes, gradient_bytes(graph->nodes[i]));
    TMK_TRY(tmk_ad_arena_reserve(&graph->tensor_arena, bytes));
    for (; graph->gradients < graph->count; graph->gradients++) {
        struct tmk_node *node = graph->nodes[graph->gradients];
        if (node->needs_gradient)
            TMK_TRY(tmk_ad_arena_take(&graph->tensor_arena, tmk_node_bytes(node), &node->gradient));
    }
    return TMK_OK;
}

enum tmk_status tmk_bind_workspace(struct tmk_graph *graph, enum tmk_pass pass)
{
    size_t bytes = 0;
    for (size_t i = 0; i < graph->order_count; i++)
        bytes = TMK_MAX(bytes, workspace_bytes(graph->order[i], pass));
    if (bytes <= graph->workspace_bytes)
        return TMK_OK;
    tmk_free(graph->workspace);
    graph->workspace = NULL;
    graph->workspace_bytes = 0;
    TMK_TRY(tmk_alloc(bytes, "the workspace of a graph", &graph->workspace));
    graph->workspace_bytes = bytes;
    return TMK_OK;
}

struct tmk_view tmk_gradient_view(const struct tmk_node *node)
{
    const struct tmk_view *value = &node->value;
    struct tmk_view view;
    /* cannot fail: the value's view was made of the same shape */
    (void)tmk_view_make(&view, value->dtype, value->ndim, value->shape, node->gradient,
                        tmk_node_bytes(node));
    return view;
}

void tmk_zero(const struct tmk_view *dense, int threads)
{
    size_t bytes = tmk_view_count(dense) * tmk_dtype_size(dense->dtype), chunk = (size_t)1 << 16;
    size_t chunks = tmk_ceil_div(bytes, chunk);
    char *memory = dense->data;
    if (threads == 1 || chunks < 2) {
        memset(memory, 0, bytes);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < chunks; i++)
        memset(memory + i * chunk, 0, TMK_MIN(chunk, bytes - i * chunk));
}
