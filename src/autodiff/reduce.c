/* Reductions over axes. Every result is one sum in one order, in double. The second half of this
 * file is a template that the first half includes for each data type. */
#ifndef TYPE

#include "loop.h"
#include "ops.h"
#include "room.h"

#include <string.h>
#include <tgmath.h>

/* The input seen as (kept axes, reduced axes): one result per kept position, whose elements are
 * visited in row-major order of the reduced axes. */
struct reduction {
    struct tmk_view kept, reduced;
    void *result;         /* dense, one per kept position; likewise */
    void *largest, *sums; /* what log_sum_exp keeps for backward: the maximum m, sum e^(a-m) */
};

/* What the views of a gradient's loop are. */
enum { OUT, VALUE, GRADIENT, LARGEST, SUMS };

static ptrdiff_t offset_of(const struct tmk_view *view, size_t position)
{
    ptrdiff_t offset = 0;
    for (int d = view->ndim - 1; d >= 0 && position > 0; d--) {
        offset += (ptrdiff_t)(position % view->shape[d]) * view->stride[d];
        position /= view->shape[d];
    }
    return offset;
}

#define TEMPLATE "reduce.c"
#include "both_types.h"

/* Which axes are reduced. */
struct axes {
    bool reduced[TMK_MAX_DIMS];
};

typedef void reduce_one(const struct reduction *reduction, size_t kept);

static void add_axis(struct tmk_view *view, size_t size, ptrdiff_t stride)
{
    view->shape[view->ndim] = size;
    view->stride[view->ndim] = stride;
    view->ndim++;
}

static void reduce(struct tmk_node *node, reduce_one *const one[TMK_NDTYPES])
{
    const struct axes *axes = node->params;
    const struct tmk_view *input = &node->input[0]->value;
    struct reduction r = {.kept = *input, .reduced = *input, .result = node->value.data};
    if (node->saved) {
        r.largest = node->saved;
        r.sums = (char *)node->saved + tmk_node_bytes(node);
    }
    r.kept.ndim = r.reduced.ndim = 0;
    for (int d = 0; d < input->ndim; d++)
        add_axis(axes->reduced[d] ? &r.reduced : &r.kept, input->shape[d], input->stride[d]);
    size_t count = tmk_view_count(&node->value);
    int threads = node->graph->options.threads;
    if (threads > 1 && count > 1 && tmk_loop_is_long(tmk_view_count(input), 1)) {
#pragma omp parallel for schedule(static) num_threads(threads)
        for (size_t i = 0; i < count; i++)
            one[input->dtype](&r, i);
    } else {
        for (size_t i = 0; i < count; i++)
            one[input->dtype](&r, i);
    }
}

/* A dense tensor of the node's elements at `data`, with size-1 axes where the input was reduced,
 * stretched to the input's shape. */
static enum tmk_status stretched(const struct tmk_node *node, void *data, struct tmk_view *out)
{
    const struct axes *axes = node->params;
    const struct tmk_view *input = &node->input[0]->value;
    size_t shape[TMK_MAX_DIMS];
    struct tmk_view kept;
    for (int d = 0; d < input->ndim; d++)
        shape[d] = axes->reduced[d] ? 1 : input->shape[d];
    TMK_TRY(tmk_view_make(&kept, input->dtype, input->ndim, shape, data, tmk_node_bytes(node)));
    return tmk_view_broadcast(&kept, input->ndim, input->shape, out);
}

/* da = g times the slope, row by row of the input's shape */
static enum tmk_status spread(struct tmk_node *node, tmk_row_function *const slope[TMK_NDTYPES])
{
    struct tmk_loop loop = {.view[VALUE] = node->input[0]->value,
                            .threads = node->graph->options.threads};
    bool first;
    if (!tmk_gradient_begin(node, 0, &loop.view[OUT], &first))
        return TMK_OK;
    TMK_TRY(stretched(node, node->gradient, &loop.view[GRADIENT]));
    if (node->saved) {
        char *saved = node->saved;
        TMK_TRY(stretched(node, saved, &loop.view[LARGEST]));
        TMK_TRY(stretched(node, saved + tmk_node_bytes(node), &loop.view[SUMS]));
    }
    loop.add = !first;
    tmk_loop_run(&loop, slope);
    return TMK_OK;
}

/* -- building -- */

static enum tmk_status mark_axes(const char *name, int naxes, const int *axes, int ndim,
                                 struct axes *out)
{
    for (int d = 0; d < ndim; d++)
        out->reduced[d] = naxes == 0;
    for (int i = 0; i < naxes; i++) {
        int axis = axes[i];
        TMK_TRY(tmk_axis_check(name, &axis, ndim));
        if (out->reduced[axis])
            return tmk_fail(TMK_EINVAL, "%s: axis %d twice: name each axis once", name, axes[i]);
        out->reduced[axis] = true;
    }
    return TMK_OK;
}

static struct tmk_node *reduction(const struct tmk_operator *op, struct tmk_node *a, int naxes,
                                  const int *axes, bool keepdims)
{
    struct axes marked = {{false}};
    size_t shape[TMK_MAX_DIMS];
    int ndim = 0;
    if (!a)
        return NULL;
    enum tmk_status status = mark_axes(op->name, naxes, axes, a->value.ndim, &marked);
    if (status != TMK_OK)
        return tmk_graph_fail(a->graph, status);
    for (int d = 0; d < a->value.ndim; d++) {
        if (!marked.reduced[d])
            shape[ndim++] = a->value.shape[d];
        else if (keepdims)
            shape[ndim++] = 1;
    }
    struct tmk_node *node = tmk_node_new(op, 1, &a, ndim, shape, sizeof marked);
    if (node)
        memcpy(node->params, &marked, sizeof marked);
    return node;
}

/* -- operators -- */

static enum tmk_status sum_forward(struct tmk_node *node)
{
    static reduce_one *const one[] = {sum_f32, sum_f64};
    reduce(node, one);
    return TMK_OK;
}

static enum tmk_status sum_backward(struct tmk_node *node)
{
    static tmk_row_function *const slope[] = {sum_slope_f32, sum_slope_f64};
    return spread(node, slope);
}

struct tmk_node *tmk_ad_sum(struct tmk_node *a, int naxes, const int *axes, bool keepdims)
{
    static const struct tmk_operator op = {
        .name = "sum", .forward = sum_forward, .backward = sum_backward};
    return reduction(&op, a, naxes, axes, keepdims);
}

static enum tmk_status squared_norm_forward(struct tmk_node *node)
{
    static reduce_one *const one[] = {sum_of_squares_f32, sum_of_squares_f64};
    reduce(node, one);
    return TMK_OK;
}

static enum tmk_status squared_norm_backward(struct tmk_node *node)
{
    static tmk_row_function *const slope[] = {square_slope_f32, square_slope_f64};
    return spread(node, slope);
}

struct tmk_node *tmk_ad_squared_norm(struct tmk_node *a)
{
    static const struct tmk_operator op = {
        .name = "squared_norm", .forward = squared_norm_forward, .backward = squared_norm_backward};
    return reduction(&op, a, 0, NULL, false);
}

static enum tmk_status log_sum_exp_forward(struct tmk_node *node)
{
    static reduce_one *const one[] = {log_sum_exp_f32, log_sum_exp_f64};
    reduce(node, one);
    return TMK_OK;
}

static enum tmk_status log_sum_exp_backward(struct tmk_node *node)
{
    static tmk_row_function *const slope[] = {softmax_slope_f32, softmax_slope_f64};
    return spread(node, slope);
}

struct tmk_node *tmk_ad_log_sum_exp(struct tmk_node *a, int naxes, const int *axes, bool keepdims)
{
    static const struct tmk_operator op = {
        .name = "log_sum_exp", .forward = log_sum_exp_forward, .backward = log_sum_exp_backward};
    struct tmk_node *node = reduction(&op, a, naxes, axes, keepdims);
    if (!node)
        return NULL;
    node->saved_bytes = 2 * tmk_node_bytes(node);
    if (tmk_view_count(&a->value) > 0 || tmk_view_count(&node->value) == 0)
        return node;
    return tmk_graph_fail(a->graph,
                          tmk_fail(TMK_EINVAL, "log_sum_exp: over no elements: the log of "
                                               "0 is no number, leave the axis out"));
}

#else

/* Run `statement` on every element `a` of a kept position, row-major. */
#define EACH(r, position, statement)                                                               \
    do {                                                                                           \
        struct tmk_view outer = (r)->reduced;                                                      \
        const size_t n = outer.ndim ? outer.shape[--outer.ndim] : 1;                               \
        const ptrdiff_t step = outer.stride[outer.ndim];                                           \
        const size_t rows = n ? tmk_view_count(&outer) : 0;                                        \
        const TYPE *base = (const TYPE *)(r)->kept.data + offset_of(&(r)->kept, position);         \
        for (size_t row = 0; row < rows; row++) {                                                  \
            const TYPE *at = base + offset_of(&outer, row);                                        \
            for (size_t i = 0; i < n; i++, at += step) {                                           \
                const TYPE a = *at;                                                                \
                statement;                                                                         \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static void NAME(sum)(const struct reduction *r, size_t kept)
{
    double sum = 0;
    EACH(r, kept, sum += a);
    ((TYPE *)r->result)[kept] = (TYPE)sum;
}

static void NAME(sum_of_squares)(const struct reduction *r, size_t kept)
{
    double sum = 0;
    EACH(r, kept, sum += (double)a * a);
    ((TYPE *)r->result)[kept] = (TYPE)sum;
}

static void NAME(log_sum_exp)(const struct reduction *r, size_t kept)
{
    double most = -INFINITY, sum = 0;
    EACH(r, kept, most = a > most ? a : most);
    EACH(r, kept, sum += exp(a - most));
    ((TYPE *)r->result)[kept] = (TYPE)(isinf(most) ? most : most + log(sum));
    ((TYPE *)r->largest)[kept] = (TYPE)most;
    ((TYPE *)r->sums)[kept] = (TYPE)sum;
}

/* A row of a gradient: `formula` in a, g, and what log_sum_exp keeps, m and sum. */
#define SLOPE(name, formula)                                                                       \
    static void NAME(name)(const struct tmk_row *row)                                              \
    {                                                                                              \
        const ptrdiff_t *s = row->step, n = (ptrdiff_t)row->n;                                     \
        const TYPE *pa = row->at[VALUE], *pg = row->at[GRADIENT], *pm = row->at[LARGEST];          \
        const TYPE *ps = row->at[SUMS];                                                            \
        TYPE *out = row->at[OUT];                                                                  \
        for (ptrdiff_t i = 0; i < n; i++) {                                                        \
            const TYPE a = pa[i * s[VALUE]], g = pg[i * s[GRADIENT]], m = pm[i * s[LARGEST]];      \
            const TYPE sum = ps[i * s[SUMS]], da = formula;                                        \
            (void)a, (void)m, (void)sum;                                                           \
            out[i * s[OUT]] = row->add ? out[i * s[OUT]] + da : da;                                \
        }                                                                                          \
    }

SLOPE(sum_slope, g)
SLOPE(square_slope, 2 * g * a)
SLOPE(softmax_slope, exp(a - m) / sum * g)

#undef EACH
#undef SLOPE

#endif
