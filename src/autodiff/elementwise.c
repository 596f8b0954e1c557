/* Element-wise operators: one line of formulas each. The second half of this file is a template
 * that the first half includes for each data type. */
#ifndef TYPE

#include "loop.h"
#include "ops.h"
#include "room.h"

#include <tgmath.h>

/* What a loop's views are: the result, inputs a and b, the result's gradient g and value y. */
enum { OUT, A, B, G, Y };

#define TEMPLATE "elementwise.c"
#include "both_types.h"

struct elementwise {
    struct tmk_operator op;
    tmk_row_function *value[TMK_NDTYPES];
    tmk_row_function *slope[2][TMK_NDTYPES]; /* g times the derivative by a, by b */
};

static const struct elementwise *elementwise_of(const struct tmk_node *node)
{
    return (const struct elementwise *)node->op;
}

/* The inputs stretched to the node's shape. A lone input stands in for the second as well. */
static enum tmk_status stretch_inputs(const struct tmk_node *node, struct tmk_loop *loop)
{
    const struct tmk_view *value = &node->value;
    for (int i = 0; i < node->ninputs; i++)
        TMK_TRY(tmk_view_broadcast(&node->input[i]->value, value->ndim, value->shape,
                                   &loop->view[A + i]));
    loop->c = *(const double *)node->params;
    loop->threads = node->graph->options.threads;
    return TMK_OK;
}

static enum tmk_status forward(struct tmk_node *node)
{
    struct tmk_loop loop = {.view[OUT] = node->value};
    TMK_TRY(stretch_inputs(node, &loop));
    tmk_loop_run(&loop, elementwise_of(node)->value);
    return TMK_OK;
}

static enum tmk_status backward(struct tmk_node *node)
{
    struct tmk_loop loop = {.view[G] = tmk_gradient_view(node), .view[Y] = node->value};
    TMK_TRY(stretch_inputs(node, &loop));
    for (int i = 0; i < node->ninputs; i++) {
        struct tmk_view gradient;
        bool first;
        if (!tmk_gradient_begin(node, i, &gradient, &first))
            continue;
        if (first && tmk_view_count(&gradient) != tmk_view_count(&node->value)) {
            tmk_zero(&gradient, loop.threads);
            first = false;
        }
        TMK_TRY(
            tmk_view_broadcast(&gradient, node->value.ndim, node->value.shape, &loop.view[OUT]));
        loop.add = !first;
        tmk_loop_run(&loop, elementwise_of(node)->slope[i]);
    }
    return TMK_OK;
}

#define OPERATOR(word, ...)                                                                        \
    static const struct elementwise op_##word = {                                                  \
        {.name = #word, .forward = forward, .backward = backward},                                 \
        {word##_f32, word##_f64},                                                                  \
        {__VA_ARGS__}};

/* numpy's rule, for the shape of both together */
static enum tmk_status joint_shape(const char *name, const struct tmk_view *a,
                                   const struct tmk_view *b, int *ndim, size_t *shape)
{
    *ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
    for (int d = 1; d <= *ndim; d++) { /* from the last on */
        size_t m = d <= a->ndim ? a->shape[a->ndim - d] : 1;
        size_t n = d <= b->ndim ? b->shape[b->ndim - d] : 1;
        if (m != n && m != 1 && n != 1)
            return tmk_fail(TMK_EINVAL,
                            "%s: sizes %zu and %zu of axis -%d do not broadcast: make them equal, "
                            "or one of them 1",
                            name, m, n, d);
        shape[*ndim - d] = m == 1 ? n : m;
    }
    return TMK_OK;
}

static struct tmk_node *binary(const struct elementwise *op, struct tmk_node *a, struct tmk_node *b)
{
    size_t shape[TMK_MAX_DIMS];
    int ndim;
    if (!a || !b)
        return NULL;
    enum tmk_status status = joint_shape(op->op.name, &a->value, &b->value, &ndim, shape);
    if (status != TMK_OK)
        return tmk_graph_fail(a->graph, status);
    return tmk_node_new(&op->op, 2, (struct tmk_node *[]){a, b}, ndim, shape, sizeof(double));
}

static struct tmk_node *unary(const struct elementwise *op, struct tmk_node *a, double c)
{
    if (!a)
        return NULL;
    struct tmk_node *node =
        tmk_node_new(&op->op, 1, &a, a->value.ndim, a->value.shape, sizeof(double));
    if (node)
        *(double *)node->params = c;
    return node;
}

#define BINARY(word)                                                                               \
    OPERATOR(word, {word##_da_f32, word##_da_f64}, {word##_db_f32, word##_db_f64})                 \
    struct tmk_node *tmk_ad_##word(struct tmk_node *a, struct tmk_node *b)                         \
    {                                                                                              \
        return binary(&op_##word, a, b);                                                           \
    }
#define WITH_NUMBER(word)                                                                          \
    OPERATOR(word, {word##_da_f32, word##_da_f64})                                                 \
    struct tmk_node *tmk_ad_##word(struct tmk_node *a, double c)                                   \
    {                                                                                              \
        return unary(&op_##word, a, c);                                                            \
    }
#define UNARY(word)                                                                                \
    OPERATOR(word, {word##_da_f32, word##_da_f64})                                                 \
    struct tmk_node *tmk_ad_##word(struct tmk_node *a)                                             \
    {                                                                                              \
        return unary(&op_##word, a, 0);                                                            \
    }

BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(pow)
WITH_NUMBER(add_scalar)
WITH_NUMBER(mul_scalar)
WITH_NUMBER(div_scalar)
WITH_NUMBER(pow_scalar)
UNARY(neg)
UNARY(exp)
UNARY(log)
UNARY(relu)
UNARY(sigmoid)
UNARY(tanh)

#else

/* 1 / (1 + e^-a) and its derivative, with an exponential that cannot overflow */
static inline TYPE NAME(logistic)(TYPE a)
{
    TYPE e = exp(-fabs(a));
    return (a < 0 ? e : 1) / (1 + e);
}

static inline TYPE NAME(logistic_slope)(TYPE a)
{
    TYPE e = exp(-fabs(a));
    return e / ((1 + e) * (1 + e));
}

/* A row of `formula` in a, b, c, g and y. The loops are written out for contiguous elements, which
 * the compiler turns into vectors, for any steps, and for sums into one place. */
#define LOOP(statement, so, sa, sb, sg, sy)                                                        \
    for (ptrdiff_t i = 0; i < n; i++) {                                                            \
        TYPE *const out = po + i * (so);                                                           \
        const TYPE a = pa[i * (sa)], b = pb[i * (sb)], g = pg[i * (sg)], y = py[i * (sy)];         \
        (void)a, (void)b, (void)g, (void)y;                                                        \
        statement;                                                                                 \
    }
#define ROW(name, formula)                                                                         \
    static void NAME(name)(const struct tmk_row *row)                                              \
    {                                                                                              \
        const ptrdiff_t n = (ptrdiff_t)row->n, *s = row->step;                                     \
        const TYPE c = (TYPE)row->c, *pa = row->at[A], *pb = row->at[B], *pg = row->at[G];         \
        const TYPE *py = row->at[Y];                                                               \
        TYPE *po = row->at[OUT];                                                                   \
        (void)c;                                                                                   \
        if (s[OUT] == 0) {                                                                         \
            double sum = 0;                                                                        \
            LOOP((void)out; sum += (double)(formula), 0, s[A], s[B], s[G], s[Y])                   \
            *po = (TYPE)(row->add ? *po + sum : sum);                                              \
        } else if (s[OUT] == 1 && s[A] == 1 && s[B] == 1 && s[G] == 1 && s[Y] == 1) {              \
            if (row->add)                                                                          \
                LOOP(*out += (formula), 1, 1, 1, 1, 1)                                             \
            else                                                                                   \
                LOOP(*out = (formula), 1, 1, 1, 1, 1)                                              \
        } else if (row->add) {                                                                     \
            LOOP(*out += (formula), s[OUT], s[A], s[B], s[G], s[Y])                                \
        } else {                                                                                   \
            LOOP(*out = (formula), s[OUT], s[A], s[B], s[G], s[Y])                                 \
        }                                                                                          \
    }

ROW(add, a + b)
ROW(add_da, g)
ROW(add_db, g)
ROW(sub, a - b)
ROW(sub_da, g)
ROW(sub_db, -g)
ROW(mul, (a * b))
ROW(mul_da, (g * b))
ROW(mul_db, (g * a))
ROW(div, a / b)
ROW(div_da, g / b)
ROW(div_db, -(g *a) / (b * b))
ROW(pow, pow(a, b))
ROW(pow_da, b == 0 ? 0 : g * b * pow(a, b - 1))
ROW(pow_db, a == 0 && b > 0 ? 0 : g * y * log(a))

ROW(add_scalar, a + c)
ROW(add_scalar_da, g)
ROW(mul_scalar, (c * a))
ROW(mul_scalar_da, (g * c))
ROW(div_scalar, a / c)
ROW(div_scalar_da, g / c)
ROW(pow_scalar, pow(a, c))
ROW(pow_scalar_da, c == 0 ? 0 : g * c * pow(a, c - 1))

ROW(neg, -a)
ROW(neg_da, -g)
ROW(exp, exp(a))
ROW(exp_da, (g * y))
ROW(log, log(a))
ROW(log_da, g / a)
ROW(relu, a < 0 ? 0 : a)
ROW(relu_da, a > 0 ? g : 0)
ROW(sigmoid, NAME(logistic)(a))
ROW(sigmoid_da, (g * NAME(logistic_slope)(a)))
ROW(tanh, tanh(a))
ROW(tanh_da, g * 4 * NAME(logistic_slope)(2 * a))

#undef ROW
#undef LOOP

#endif
