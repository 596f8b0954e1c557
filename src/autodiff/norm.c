/* Batch normalisation. The second half of this file is a template that the first half includes for
 * each data type. */
#ifndef TYPE

#include "loop.h"
#include "ops.h"
#include "room.h"

#include <math.h>

enum { X, GAMMA, BETA };

/* One channel: `outer` runs of `inner` contiguous elements, `step` elements apart. */
struct channel {
    size_t outer, inner, step;
    const void *x, *dy;
    void *y, *dx; /* dx NULL: not wanted */
    double gamma, beta;
    double mean, scale; /* scale = 1 / sqrt(variance + eps) */
    bool add;           /* to dx */
    double sum_g, sum_gz;
};

struct batch_norm {
    double eps;
};

/* Kept for backward and for tracking, per channel. */
struct statistics {
    double mean, variance;
};

/* Sums run side by side in so many, always in the same order. */
#define LANES 8
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));

static double add_lanes(const lanes *sums)
{
    double sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += (*sums)[i];
    return sum;
}

#define TEMPLATE "norm.c"
#include "both_types.h"

typedef void channel_function(struct channel *channel);

static const void *channel_at(const struct tmk_view *view, size_t elements)
{
    return (const char *)view->data + elements * tmk_dtype_size(view->dtype);
}

static struct channel make_channel(const struct tmk_node *node, size_t c)
{
    const struct tmk_view *x = &node->input[X]->value;
    struct channel channel = {.outer = x->shape[0], .inner = 1};
    for (int d = 2; d < x->ndim; d++)
        channel.inner *= x->shape[d];
    channel.step = channel.inner * x->shape[1];
    channel.x = channel_at(x, c * channel.inner);
    channel.y = (void *)channel_at(&node->value, c * channel.inner);
    channel.gamma = tmk_view_get(&node->input[GAMMA]->value, &c);
    channel.beta = tmk_view_get(&node->input[BETA]->value, &c);
    return channel;
}

static bool worth_a_team(const struct tmk_node *node)
{
    return node->graph->options.threads > 1 && tmk_loop_is_long(tmk_view_count(&node->value), 1);
}

static enum tmk_status forward(struct tmk_node *node)
{
    static channel_function *const measure[] = {measure_f32, measure_f64};
    static channel_function *const normalise[] = {normalise_f32, normalise_f64};
    const struct batch_norm *norm = node->params;
    struct statistics *statistics = node->saved;
    enum tmk_dtype dtype = node->value.dtype;
    size_t channels = node->value.shape[1];
#pragma omp parallel for num_threads(worth_a_team(node) ? node->graph->options.threads : 1)
    for (size_t c = 0; c < channels; c++) {
        struct channel channel = make_channel(node, c);
        measure[dtype](&channel);
        statistics[c] = (struct statistics){channel.mean, channel.scale};
        channel.scale = 1 / sqrt(statistics[c].variance + norm->eps);
        normalise[dtype](&channel);
    }
    return TMK_OK;
}

/* Add to element c, or set it. */
static void put(const struct tmk_view *gradient, size_t c, bool first, double value)
{
    tmk_view_set(gradient, &c, first ? value : tmk_view_get(gradient, &c) + value);
}

static enum tmk_status backward(struct tmk_node *node)
{
    static channel_function *const sum_gradients[] = {sum_gradients_f32, sum_gradients_f64};
    static channel_function *const spread_gradients[] = {spread_gradients_f32,
                                                         spread_gradients_f64};
    const struct batch_norm *norm = node->params;
    const struct statistics *statistics = node->saved;
    struct tmk_view dy = tmk_gradient_view(node), gradient[3];
    enum tmk_dtype dtype = node->value.dtype;
    size_t channels = node->value.shape[1];
    bool first[3], wanted[3];
    for (int i = X; i <= BETA; i++)
        wanted[i] = tmk_gradient_begin(node, i, &gradient[i], &first[i]);
#pragma omp parallel for num_threads(worth_a_team(node) ? node->graph->options.threads : 1)
    for (size_t c = 0; c < channels; c++) {
        struct channel channel = make_channel(node, c);
        channel.dy = channel_at(&dy, c * channel.inner);
        channel.mean = statistics[c].mean;
        channel.scale = 1 / sqrt(statistics[c].variance + norm->eps);
        sum_gradients[dtype](&channel);
        if (wanted[GAMMA])
            put(&gradient[GAMMA], c, first[GAMMA], channel.sum_gz);
        if (wanted[BETA])
            put(&gradient[BETA], c, first[BETA], channel.sum_g);
        if (wanted[X]) {
            channel.dx = (void *)channel_at(&gradient[X], c * channel.inner);
            channel.add = !first[X];
            spread_gradients[dtype](&channel);
        }
    }
    return TMK_OK;
}

/* -- building -- */

static enum tmk_status check_shapes(const struct tmk_view *x, int count,
                                    struct tmk_node *const *per_channel)
{
    if (x->ndim < 2)
        return tmk_fail(TMK_EINVAL, "batch_norm: a tensor of %d dimensions: use (N, C, ...)",
                        x->ndim);
    for (int i = 0; i < count; i++) {
        const struct tmk_view *view = &per_channel[i]->value;
        if (view->ndim != 1 || view->shape[0] != x->shape[1])
            return tmk_fail(TMK_EINVAL, "batch_norm: x has %zu channels: make the others (%zu) too",
                            x->shape[1], x->shape[1]);
    }
    return TMK_OK;
}

static const struct tmk_operator op_batch_norm = {
    .name = "batch_norm", .forward = forward, .backward = backward};

struct tmk_node *tmk_ad_batch_norm(struct tmk_node *x, struct tmk_node *gamma,
                                   struct tmk_node *beta, double eps)
{
    x = tmk_ad_contiguous(x);
    if (!x || !gamma || !beta)
        return NULL;
    enum tmk_status status = check_shapes(&x->value, 2, (struct tmk_node *[]){gamma, beta});
    if (status == TMK_OK && tmk_view_count(&x->value) == 0)
        status = tmk_fail(TMK_EINVAL, "batch_norm: the mean of no elements: use a larger batch");
    if (status != TMK_OK)
        return tmk_graph_fail(x->graph, status);
    struct tmk_node *node = tmk_node_new(&op_batch_norm, 3, (struct tmk_node *[]){x, gamma, beta},
                                         x->value.ndim, x->value.shape, sizeof(struct batch_norm));
    if (!node)
        return NULL;
    node->saved_bytes = x->value.shape[1] * sizeof(struct statistics);
    ((struct batch_norm *)node->params)->eps = eps;
    return node;
}

enum tmk_status tmk_ad_batch_norm_track(struct tmk_node *node, double momentum,
                                        struct tmk_variable *mean, struct tmk_variable *variance)
{
    struct tmk_view value;
    if (node && node->op != &op_batch_norm)
        return tmk_fail(TMK_EINVAL, "%s: has no statistics: track a batch_norm", node->op->name);
    TMK_TRY(tmk_ad_value(node, &value));
    size_t channels = value.shape[1];
    if (tmk_view_count(&mean->view) != channels || tmk_view_count(&variance->view) != channels)
        return tmk_fail(TMK_EINVAL, "batch_norm: %zu channels: make the running statistics (%zu)",
                        channels, channels);
    const struct statistics *statistics = node->saved;
    const struct tmk_view *to_mean = tmk_variable_write(mean);
    const struct tmk_view *to_variance = tmk_variable_write(variance);
    double count = (double)(tmk_view_count(&value) / channels);
    double unbiased = count > 1 ? count / (count - 1) : 1;
    for (size_t c = 0; c < channels; c++) {
        double m = tmk_view_get(to_mean, &c), v = tmk_view_get(to_variance, &c);
        tmk_view_set(to_mean, &c, m + momentum * (statistics[c].mean - m));
        tmk_view_set(to_variance, &c, v + momentum * (unbiased * statistics[c].variance - v));
    }
    return TMK_OK;
}

/* (C) as (C, 1, ...), to be stretched over (N, C, ...) */
static struct tmk_node *per_channel(struct tmk_node *a, const struct tmk_view *x)
{
    size_t shape[TMK_MAX_DIMS] = {a ? a->value.shape[0] : 0};
    for (int d = 1; d < x->ndim - 1; d++)
        shape[d] = 1;
    return tmk_ad_reshape(a, x->ndim - 1, shape);
}

struct tmk_node *tmk_ad_batch_norm_fixed(struct tmk_node *x, struct tmk_node *gamma,
                                         struct tmk_node *beta, struct tmk_node *mean,
                                         struct tmk_node *variance, double eps)
{
    struct tmk_node *others[] = {gamma, beta, mean, variance};
    for (int i = 0; i < 4; i++) {
        if (!x || !others[i])
            return NULL;
    }
    enum tmk_status status = check_shapes(&x->value, 4, others);
    if (status != TMK_OK)
        return tmk_graph_fail(x->graph, status);
    struct tmk_node *scale =
        tmk_ad_mul(gamma, tmk_ad_pow_scalar(tmk_ad_add_scalar(variance, eps), -0.5));
    struct tmk_node *centred = tmk_ad_sub(x, per_channel(mean, &x->value));
    return tmk_ad_add(tmk_ad_mul(centred, per_channel(scale, &x->value)),
                      per_channel(beta, &x->value));
}

#else

typedef TYPE NAME(pack) __attribute__((vector_size(LANES * sizeof(TYPE)), aligned(sizeof(TYPE))));

/* Sum of the channel's elements of `a`. */
static double NAME(sum)(const struct channel *channel, const TYPE *a)
{
    const size_t inner = channel->inner, whole = inner - inner % LANES;
    lanes sums = {0};
    double rest = 0;
    for (size_t n = 0; n < channel->outer; n++, a += channel->step) {
        for (size_t i = 0; i < whole; i += LANES)
            sums += __builtin_convertvector(*(const NAME(pack) *)(a + i), lanes);
        for (size_t i = whole; i < inner; i++)
            rest += a[i];
    }
    return rest + add_lanes(&sums);
}

/* Sum of (a - shift_a) (b - shift_b). */
static double NAME(sum_products)(const struct channel *channel, const TYPE *a, TYPE shift_a,
                                 const TYPE *b, TYPE shift_b)
{
    const size_t inner = channel->inner, whole = inner - inner % LANES;
    lanes sums = {0};
    double rest = 0;
    for (size_t n = 0; n < channel->outer; n++, a += channel->step, b += channel->step) {
        for (size_t i = 0; i < whole; i += LANES) {
            const NAME(pack) *pa = (const NAME(pack) *)(a + i), *pb = (const NAME(pack) *)(b + i);
            sums += __builtin_convertvector((*pa - shift_a) * (*pb - shift_b), lanes);
        }
        for (size_t i = whole; i < inner; i++)
            rest += (a[i] - shift_a) * (b[i] - shift_b);
    }
    return rest + add_lanes(&sums);
}

/* Mean, and in `scale` the biased variance, in two passes. */
static void NAME(measure)(struct channel *channel)
{
    const TYPE *x = channel->x;
    const double count = (double)channel->outer * (double)channel->inner;
    channel->mean = NAME(sum)(channel, x) / count;
    const TYPE mean = (TYPE)channel->mean;
    channel->scale = NAME(sum_products)(channel, x, mean, x, mean) / count;
}

static void NAME(normalise)(struct channel *channel)
{
    const TYPE mean = (TYPE)channel->mean, beta = (TYPE)channel->beta;
    const TYPE factor = (TYPE)(channel->gamma * channel->scale);
    for (size_t n = 0; n < channel->outer; n++) {
        const TYPE *restrict x = (const TYPE *)channel->x + n * channel->step;
        TYPE *restrict y = (TYPE *)channel->y + n * channel->step;
        for (size_t i = 0; i < channel->inner; i++)
            y[i] = (x[i] - mean) * factor + beta;
    }
}

static void NAME(sum_gradients)(struct channel *channel)
{
    const TYPE mean = (TYPE)channel->mean;
    channel->sum_g = NAME(sum)(channel, channel->dy);
    channel->sum_gz =
        NAME(sum_products)(channel, channel->dy, 0, channel->x, mean) * channel->scale;
}

static void NAME(spread_gradients)(struct channel *channel)
{
    const double count = (double)channel->outer * (double)channel->inner;
    const TYPE mean = (TYPE)channel->mean, mean_g = (TYPE)(channel->sum_g / count);
    const TYPE slope = (TYPE)(channel->scale * channel->sum_gz / count);
    const TYPE factor = (TYPE)(channel->gamma * channel->scale);
    const bool add = channel->add;
    for (size_t n = 0; n < channel->outer; n++) {
        const TYPE *restrict x = (const TYPE *)channel->x + n * channel->step;
        const TYPE *restrict dy = (const TYPE *)channel->dy + n * channel->step;
        TYPE *restrict dx = (TYPE *)channel->dx + n * channel->step;
        for (size_t i = 0; i < channel->inner; i++) {
            const TYPE value = factor * (dy[i] - mean_g - (x[i] - mean) * slope);
            dx[i] = add ? dx[i] + value : value;
        }
    }
}

#endif
