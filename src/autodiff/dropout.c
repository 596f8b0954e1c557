/* Dropout (Srivastava et al. 2014) from a counter-based random stream: nothing is stored, backward
 * draws the same numbers again. */
#include "loop.h"
#include "ops.h"
#include "room.h"

#include "philox.h"
#include "size.h"

#include <math.h>

#define DRAWS 4 /* numbers that one counter gives */

struct dropout {
    double rate;
    uint32_t number; /* among the graph's dropouts */
};

/* Elements block * DRAWS ... of out = in * mask, or += . */
struct drop {
    const void *in;
    void *out;
    size_t count;
    bool add;
    uint32_t below; /* a draw below is a zero */
    double factor;
    uint32_t counter[DRAWS], key[2];
};

#define DEFINE_DROP(name, type)                                                                    \
    static void name(const struct drop *drop, size_t block)                                        \
    {                                                                                              \
        uint32_t draw[DRAWS];                                                                      \
        const uint32_t *c = drop->counter;                                                         \
        tmk_philox((const uint32_t[DRAWS]){(uint32_t)block, c[1], c[2], c[3]}, drop->key, draw);   \
        const type *in = drop->in;                                                                 \
        type *out = drop->out, factor = (type)drop->factor;                                        \
        size_t start = block * DRAWS, n = TMK_MIN(drop->count - start, DRAWS);                     \
        for (size_t i = 0; i < n; i++) {                                                           \
            type value = draw[i] < drop->below ? 0 : in[start + i] * factor;                       \
            out[start + i] = drop->add ? out[start + i] + value : value;                           \
        }                                                                                          \
    }
DEFINE_DROP(drop_f32, float)
DEFINE_DROP(drop_f64, double)

/* Counter words: block of four elements; number of the dropout; step, low and high. */
static void run(const struct tmk_node *node, const struct tmk_view *in, const struct tmk_view *out,
                bool add)
{
    const struct dropout *dropout = node->params;
    const struct tmk_graph *graph = node->graph;
    struct drop drop = {
        .in = in->data,
        .out = out->data,
        .count = tmk_view_count(out),
        .add = add,
        .below = (uint32_t)ldexp(dropout->rate, 32),
        .factor = 1 / (1 - dropout->rate),
        .counter = {0, dropout->number, (uint32_t)graph->step, (uint32_t)(graph->step >> 32)},
        .key = {(uint32_t)graph->seed, (uint32_t)(graph->seed >> 32)},
    };
    void (*one)(const struct drop *, size_t) = out->dtype == TMK_F32 ? drop_f32 : drop_f64;
    size_t blocks = tmk_ceil_div(drop.count, DRAWS);
    bool team = graph->options.threads > 1 && tmk_loop_is_long(drop.count, 1);
#pragma omp parallel for schedule(static) num_threads(team ? graph->options.threads : 1)
    for (size_t b = 0; b < blocks; b++)
        one(&drop, b);
}

static enum tmk_status forward(struct tmk_node *node)
{
    run(node, &node->input[0]->value, &node->value, false);
    return TMK_OK;
}

static enum tmk_status backward(struct tmk_node *node)
{
    struct tmk_view gradient = tmk_gradient_view(node), to;
    bool first;
    if (tmk_gradient_begin(node, 0, &to, &first))
        run(node, &gradient, &to, !first);
    return TMK_OK;
}

struct tmk_node *tmk_ad_dropout(struct tmk_node *a, double rate)
{
    static const struct tmk_operator op = {
        .name = "dropout", .forward = forward, .backward = backward, .random = true};
    a = tmk_ad_contiguous(a);
    if (!a)
        return NULL;
    enum tmk_status status = TMK_OK;
    if (!(rate >= 0 && rate < 1))
        status = tmk_fail(TMK_EINVAL, "dropout: a rate of %g: use 0 up to, but not, 1", rate);
    else if (tmk_view_count(&a->value) / DRAWS > UINT32_MAX)
        status = tmk_fail(TMK_EINVAL, "dropout: %zu elements: use at most 2^34",
                          tmk_view_count(&a->value));
    if (status != TMK_OK)
        return tmk_graph_fail(a->graph, status);
    struct tmk_node *node =
        tmk_node_new(&op, 1, &a, a->value.ndim, a->value.shape, sizeof(struct dropout));
    if (node)
        *(struct dropout *)node->params = (struct dropout){rate, (uint32_t)a->graph->dropouts++};
    return node;
}
