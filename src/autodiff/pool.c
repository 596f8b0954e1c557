/* Pooling: the largest element, or the mean, of every window of an image. The second half of this
 * file is a template that the first half includes for each data type. */
#ifndef TYPE

#include "loop.h"
#include "ops.h"
#include "room.h"

#include "size.h"

#include <math.h>
#include <stdint.h>

/* One spatial axis: out windows over in elements. */
struct axis {
    size_t in, out;
    size_t kernel, stride, pad;
    bool adaptive; /* windows floor(o in/out) .. ceil((o+1) in/out); the three above are unused */
};

struct pool {
    struct axis h, w;
};

/* Elements lo .. hi-1 of the image, and how many elements the mean counts. */
struct window {
    size_t lo, hi, count;
};

static struct window window_at(const struct axis *axis, size_t o)
{
    if (axis->adaptive) {
        size_t lo = o * axis->in / axis->out;
        size_t hi = tmk_ceil_div((o + 1) * axis->in, axis->out);
        return (struct window){lo, hi, hi - lo};
    }
    size_t start = o * axis->stride; /* in the padded image */
    size_t end = TMK_MIN(start + axis->kernel, axis->in + 2 * axis->pad);
    struct window window = {.count = end - start};
    window.lo = start > axis->pad ? start - axis->pad : 0;
    window.hi = end > axis->pad ? TMK_MIN(end - axis->pad, axis->in) : 0;
    return window;
}

/* One channel of one image, dense: x and y, or their gradients; what max-pooling remembers. */
struct plane {
    const struct pool *pool;
    void *x, *y;
    uint32_t *largest; /* per output: the index in x */
};
typedef void pool_plane(const struct plane *plane);

#define TEMPLATE "pool.c"
#include "both_types.h"

static void each_plane(const struct tmk_node *node, const struct tmk_view *x,
                       const struct tmk_view *y, pool_plane *const run[TMK_NDTYPES])
{
    const struct pool *pool = node->params;
    size_t planes = x->shape[0] * x->shape[1], element = tmk_dtype_size(x->dtype);
    size_t x_size = pool->h.in * pool->w.in, y_size = pool->h.out * pool->w.out;
    int threads = node->graph->options.threads;
    bool team = threads > 1 && tmk_loop_is_long(planes, x_size);
#pragma omp parallel for schedule(static) num_threads(team ? threads : 1)
    for (size_t i = 0; i < planes; i++) {
        run[x->dtype](&(struct plane){
            .pool = pool,
            .x = (char *)x->data + i * x_size * element,
            .y = (char *)y->data + i * y_size * element,
            .largest = node->saved ? (uint32_t *)node->saved + i * y_size : NULL,
        });
    }
}

static enum tmk_status backward(struct tmk_node *node, pool_plane *const run[TMK_NDTYPES])
{
    struct tmk_view dx, dy = tmk_gradient_view(node);
    bool first;
    if (!tmk_gradient_begin(node, 0, &dx, &first))
        return TMK_OK;
    if (first)
        tmk_zero(&dx, node->graph->options.threads);
    each_plane(node, &dx, &dy, run);
    return TMK_OK;
}

static enum tmk_status max_forward(struct tmk_node *node)
{
    static pool_plane *const run[] = {max_plane_f32, max_plane_f64};
    each_plane(node, &node->input[0]->value, &node->value, run);
    return TMK_OK;
}

static enum tmk_status max_backward(struct tmk_node *node)
{
    static pool_plane *const run[] = {max_plane_gradient_f32, max_plane_gradient_f64};
    return backward(node, run);
}

static enum tmk_status mean_forward(struct tmk_node *node)
{
    static pool_plane *const run[] = {mean_plane_f32, mean_plane_f64};
    each_plane(node, &node->input[0]->value, &node->value, run);
    return TMK_OK;
}

static enum tmk_status mean_backward(struct tmk_node *node)
{
    static pool_plane *const run[] = {mean_plane_gradient_f32, mean_plane_gradient_f64};
    return backward(node, run);
}

/* -- building -- */

static enum tmk_status check_image(const char *name, const struct tmk_view *x)
{
    if (x->ndim != 4 || x->shape[2] == 0 || x->shape[3] == 0)
        return tmk_fail(TMK_EINVAL, "%s: needs images (N, C, H, W) with H and W at least 1", name);
    if (x->shape[2] * x->shape[3] > UINT32_MAX)
        return tmk_fail(TMK_EINVAL, "%s: images of %zux%zu: use at most 2^32 pixels", name,
                        x->shape[2], x->shape[3]);
    return TMK_OK;
}

static enum tmk_status make_axis(const char *name, size_t in, size_t kernel, size_t stride,
                                 size_t pad, bool ceil_mode, struct axis *out)
{
    if (kernel == 0 || pad > kernel / 2 || kernel > UINT32_MAX || kernel > in + 2 * pad)
        return tmk_fail(
            TMK_EINVAL,
            "%s: a window of %zu with padding %zu over an image of %zu: choose a window "
            "from 1 to the padded image, and padding up to half of it",
            name, kernel, pad, in);
    *out =
        (struct axis){.in = in, .kernel = kernel, .stride = stride ? stride : kernel, .pad = pad};
    size_t steps = in + 2 * pad - kernel;
    out->out = (ceil_mode ? tmk_ceil_div(steps, out->stride) : steps / out->stride) + 1;
    if (ceil_mode && (out->out - 1) * out->stride >= in + pad)
        out->out--;
    return TMK_OK;
}

static struct tmk_node *pool_node(const struct tmk_operator *op, struct tmk_node *x,
                                  const struct pool *pool)
{
    const size_t shape[] = {x->value.shape[0], x->value.shape[1], pool->h.out, pool->w.out};
    struct tmk_node *node = tmk_node_new(op, 1, &x, 4, shape, sizeof *pool);
    if (node)
        *(struct pool *)node->params = *pool;
    return node;
}

static struct tmk_node *window_node(const struct tmk_operator *op, struct tmk_node *x,
                                    const struct tmk_ad_pool *p)
{
    struct pool pool;
    x = tmk_ad_contiguous(x);
    if (!x)
        return NULL;
    enum tmk_status status = check_image(op->name, &x->value);
    if (status == TMK_OK)
        status = make_axis(op->name, x->value.shape[2], p->kernel_h, p->stride_h, p->pad_h,
                           p->ceil_mode, &pool.h);
    if (status == TMK_OK)
        status = make_axis(op->name, x->value.shape[3], p->kernel_w, p->stride_w, p->pad_w,
                           p->ceil_mode, &pool.w);
    return status == TMK_OK ? pool_node(op, x, &pool) : tmk_graph_fail(x->graph, status);
}

struct tmk_node *tmk_ad_max_pool(struct tmk_node *x, const struct tmk_ad_pool *params)
{
    static const struct tmk_operator op = {
        .name = "max_pool", .forward = max_forward, .backward = max_backward};
    struct tmk_node *node = window_node(&op, x, params);
    if (node)
        node->saved_bytes = tmk_view_count(&node->value) * sizeof(uint32_t);
    return node;
}

struct tmk_node *tmk_ad_avg_pool(struct tmk_node *x, const struct tmk_ad_pool *params)
{
    static const struct tmk_operator op = {
        .name = "avg_pool", .forward = mean_forward, .backward = mean_backward};
    return window_node(&op, x, params);
}

struct tmk_node *tmk_ad_adaptive_avg_pool(struct tmk_node *x, size_t oh, size_t ow)
{
    static const struct tmk_operator op = {
        .name = "adaptive_avg_pool", .forward = mean_forward, .backward = mean_backward};
    x = tmk_ad_contiguous(x);
    if (!x)
        return NULL;
    enum tmk_status status = check_image(op.name, &x->value);
    if (status == TMK_OK && (oh == 0 || ow == 0 || oh > UINT32_MAX || ow > UINT32_MAX))
        status = tmk_fail(TMK_EINVAL, "%s: %zux%zu regions: use at least 1x1", op.name, oh, ow);
    if (status != TMK_OK)
        return tmk_graph_fail(x->graph, status);
    struct pool pool = {.h = {.in = x->value.shape[2], .out = oh, .adaptive = true},
                        .w = {.in = x->value.shape[3], .out = ow, .adaptive = true}};
    return pool_node(&op, x, &pool);
}

#else

/* Run `statement` for every output o with its windows h and w. */
#define EACH_WINDOW(plane, statement)                                                              \
    for (size_t i = 0, o = 0; i < (plane)->pool->h.out; i++) {                                     \
        const struct window h = window_at(&(plane)->pool->h, i);                                   \
        for (size_t j = 0; j < (plane)->pool->w.out; j++, o++) {                                   \
            const struct window w = window_at(&(plane)->pool->w, j);                               \
            statement;                                                                             \
        }                                                                                          \
    }

/* The first of the largest; a NaN is larger than all numbers. */
static size_t NAME(largest)(const TYPE *x, size_t row, struct window h, struct window w)
{
    size_t best = h.lo * row + w.lo;
    TYPE most = x[best];
    for (size_t i = h.lo; i < h.hi; i++) {
        for (size_t at = i * row + w.lo; at < i * row + w.hi; at++) {
            const TYPE value = x[at];
            const bool more = (value > most) | (value != value); /* no branch to mispredict */
            most = more ? value : most;
            best = more ? at : best;
        }
    }
    return best;
}

static void NAME(max_plane)(const struct plane *plane)
{
    const TYPE *x = plane->x;
    TYPE *y = plane->y;
    EACH_WINDOW(plane, {
        const size_t best = NAME(largest)(x, plane->pool->w.in, h, w);
        plane->largest[o] = (uint32_t)best;
        y[o] = x[best];
    })
}

static void NAME(max_plane_gradient)(const struct plane *plane)
{
    TYPE *dx = plane->x;
    const TYPE *dy = plane->y;
    const size_t outputs = plane->pool->h.out * plane->pool->w.out;
    for (size_t o = 0; o < outputs; o++)
        dx[plane->largest[o]] += dy[o];
}

static TYPE NAME(mean)(const TYPE *x, size_t row, struct window h, struct window w)
{
    double sum = 0;
    for (size_t i = h.lo; i < h.hi; i++) {
        for (size_t j = w.lo; j < w.hi; j++)
            sum += x[i * row + j];
    }
    return (TYPE)(sum / ((double)h.count * (double)w.count));
}

static void NAME(mean_plane)(const struct plane *plane)
{
    TYPE *y = plane->y;
    EACH_WINDOW(plane, y[o] = NAME(mean)(plane->x, plane->pool->w.in, h, w))
}

static void NAME(add_to)(TYPE *x, size_t row, struct window h, struct window w, TYPE value)
{
    for (size_t i = h.lo; i < h.hi; i++) {
        for (size_t j = w.lo; j < w.hi; j++)
            x[i * row + j] += value;
    }
}

static void NAME(mean_plane_gradient)(const struct plane *plane)
{
    const TYPE *dy = plane->y;
    EACH_WINDOW(plane,
                NAME(add_to)(plane->x, plane->pool->w.in, h, w, dy[o] / (TYPE)(h.count * w.count)))
}

#undef EACH_WINDOW

#endif
