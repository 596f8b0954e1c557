/* Operators that rearrange elements and compute nothing: views, copies, concatenation. */
#include "loop.h"
#include "ops.h"
#include "room.h"

#include "size.h"

#include <string.h>

struct shape {
    int ndim;
    size_t size[TMK_MAX_DIMS];
};

/* -- contiguous -- */

static enum tmk_status copy_forward(struct tmk_node *node)
{
    tmk_loop_copy(&node->value, &node->input[0]->value, false, node->graph->options.threads);
    return TMK_OK;
}

static enum tmk_status copy_backward(struct tmk_node *node)
{
    struct tmk_view from = tmk_gradient_view(node), to;
    bool first;
    if (tmk_gradient_begin(node, 0, &to, &first))
        tmk_loop_copy(&to, &from, !first, node->graph->options.threads);
    return TMK_OK;
}

struct tmk_node *tmk_ad_contiguous(struct tmk_node *a)
{
    static const struct tmk_operator op = {
        .name = "contiguous", .forward = copy_forward, .backward = copy_backward};
    if (!a || tmk_view_is_dense(&a->value))
        return a;
    return tmk_node_new(&op, 1, &a, a->value.ndim, a->value.shape, 0);
}

/* -- views -- */

static enum tmk_status look_reshape(const struct tmk_node *node, const struct tmk_view *input,
                                    struct tmk_view *out)
{
    const struct shape *shape = node->params;
    struct tmk_view view;
    TMK_TRY(tmk_view_make(&view, input->dtype, shape->ndim, shape->size, NULL, 0));
    if (tmk_view_count(&view) != tmk_view_count(input)) {
        char from[256], to[256];
        tmk_view_format(input, from, sizeof from);
        tmk_view_format(&view, to, sizeof to);
        return tmk_fail(TMK_EINVAL, "reshape: %s to %s: keep the number of elements", from, to);
    }
    return tmk_view_as_strided(input, shape->ndim, shape->size, view.stride, 0, out);
}

struct tmk_node *tmk_ad_reshape(struct tmk_node *a, int ndim, const size_t *shape)
{
    static const struct tmk_operator op = {.name = "reshape", .look = look_reshape};
    struct shape params = {.ndim = ndim};
    if (!a)
        return NULL;
    if (ndim < 0 || ndim > TMK_MAX_DIMS)
        return tmk_graph_fail(a->graph, tmk_fail(TMK_EINVAL, "reshape: %d dimensions: use up to %d",
                                                 ndim, TMK_MAX_DIMS));
    memcpy(params.size, shape, (size_t)ndim * sizeof *shape);
    a = tmk_ad_contiguous(a);
    return a ? tmk_node_view(&op, a, &params, sizeof params) : NULL;
}

struct tmk_node *tmk_ad_flatten(struct tmk_node *a)
{
    if (!a)
        return NULL;
    const struct tmk_view *value = &a->value;
    size_t shape[2] = {value->ndim ? value->shape[0] : 1, 1};
    for (int d = 1; d < value->ndim; d++)
        shape[1] *= value->shape[d];
    return tmk_ad_reshape(a, 2, shape);
}

static enum tmk_status look_transpose(const struct tmk_node *node, const struct tmk_view *input,
                                      struct tmk_view *out)
{
    const int *axis = node->params;
    *out = tmk_view_transpose(input, axis[0], axis[1]);
    return TMK_OK;
}

struct tmk_node *tmk_ad_transpose(struct tmk_node *a, int axis0, int axis1)
{
    static const struct tmk_operator op = {.name = "transpose", .look = look_transpose};
    int axis[2] = {axis0, axis1};
    if (!a)
        return NULL;
    for (int i = 0; i < 2; i++) {
        enum tmk_status status = tmk_axis_check(op.name, &axis[i], a->value.ndim);
        if (status != TMK_OK)
            return tmk_graph_fail(a->graph, status);
    }
    return tmk_node_view(&op, a, axis, sizeof axis);
}

static enum tmk_status look_broadcast_to(const struct tmk_node *node, const struct tmk_view *input,
                                         struct tmk_view *out)
{
    const struct shape *shape = node->params;
    return tmk_view_broadcast(input, shape->ndim, shape->size, out);
}

struct tmk_node *tmk_ad_broadcast_to(struct tmk_node *a, int ndim, const size_t *shape)
{
    static const struct tmk_operator op = {.name = "broadcast_to", .look = look_broadcast_to};
    struct shape params = {.ndim = ndim};
    if (!a)
        return NULL;
    if (ndim >= 0 && ndim <= TMK_MAX_DIMS)
        memcpy(params.size, shape, (size_t)ndim * sizeof *shape);
    return tmk_node_view(&op, a, &params, sizeof params);
}

struct slice {
    int axis;
    size_t start, length;
};

static enum tmk_status look_slice(const struct tmk_node *node, const struct tmk_view *input,
                                  struct tmk_view *out)
{
    const struct slice *slice = node->params;
    return tmk_view_slice(input, slice->axis, slice->start, slice->length, 1, out);
}

struct tmk_node *tmk_ad_slice(struct tmk_node *a, int axis, size_t start, size_t length)
{
    static const struct tmk_operator op = {.name = "slice", .look = look_slice};
    struct slice params = {axis, start, length};
    return a ? tmk_node_view(&op, a, &params, sizeof params) : NULL;
}

/* -- concat -- */

/* Part i of a view of the whole. */
static enum tmk_status part_of(const struct tmk_node *node, const struct tmk_view *whole, int i,
                               struct tmk_view *out)
{
    int axis = *(const int *)node->params;
    size_t start = 0;
    for (int p = 0; p < i; p++)
        start += node->input[p]->value.shape[axis];
    return tmk_view_slice(whole, axis, start, node->input[i]->value.shape[axis], 1, out);
}

static enum tmk_status concat_forward(struct tmk_node *node)
{
    for (int i = 0; i < node->ninputs; i++) {
        struct tmk_view part;
        TMK_TRY(part_of(node, &node->value, i, &part));
        tmk_loop_copy(&part, &node->input[i]->value, false, node->graph->options.threads);
    }
    return TMK_OK;
}

static enum tmk_status concat_backward(struct tmk_node *node)
{
    struct tmk_view whole = tmk_gradient_view(node);
    for (int i = 0; i < node->ninputs; i++) {
        struct tmk_view part, gradient;
        bool first;
        TMK_TRY(part_of(node, &whole, i, &part));
        if (tmk_gradient_begin(node, i, &gradient, &first))
            tmk_loop_copy(&gradient, &part, !first, node->graph->options.threads);
    }
    return TMK_OK;
}

static enum tmk_status concat_shape(struct tmk_node *const *parts, int count, int axis,
                                    struct tmk_view *shape)
{
    *shape = parts[0]->value;
    for (int i = 1; i < count; i++) {
        const struct tmk_view *part = &parts[i]->value;
        bool fits = part->ndim == shape->ndim;
        for (int d = 0; fits && d < shape->ndim; d++)
            fits = d == axis || part->shape[d] == shape->shape[d];
        if (!fits || !tmk_size_add(shape->shape[axis], part->shape[axis], &shape->shape[axis]))
            return tmk_fail(TMK_EINVAL,
                            "concat: part %d differs from part 0 beside axis %d: make them equal",
                            i, axis);
    }
    return TMK_OK;
}

struct tmk_node *tmk_ad_concat(struct tmk_node *const *parts, int count, int axis)
{
    static const struct tmk_operator op = {
        .name = "concat", .forward = concat_forward, .backward = concat_backward};
    struct tmk_view shape;
    for (int i = 0; i < count; i++) {
        if (!parts[i])
            return NULL;
    }
    enum tmk_status status = tmk_axis_check(op.name, &axis, parts[0]->value.ndim);
    if (status == TMK_OK)
        status = concat_shape(parts, count, axis, &shape);
    if (status != TMK_OK)
        return tmk_graph_fail(parts[0]->graph, status);
    struct tmk_node *node = tmk_node_new(&op, count, parts, shape.ndim, shape.shape, sizeof axis);
    if (node)
        *(int *)node->params = axis;
    return node;
}
