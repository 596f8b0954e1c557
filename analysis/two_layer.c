#include "two_layer.h"

#include <math.h>
#include <stdlib.h>

#define PUBLISHED_SEED 1
#define PUBLISHED_SKIP 1276 /* outputs that the published program draws before */

const char *const tmk_two_layer_name[TMK_TWO_LAYER_PARTS] = {"W1", "b1", "W2", "b2", "X", "Y"};

enum tmk_status tmk_two_layer_make(enum tmk_dtype dtype, size_t batch, size_t in, size_t hidden,
                                   size_t out, struct tmk_two_layer *net)
{
    const size_t shapes[TMK_TWO_LAYER_PARTS][2] = {
        [TMK_W1] = {in, hidden}, [TMK_B1] = {1, hidden}, [TMK_W2] = {hidden, out},
        [TMK_B2] = {1, out},     [TMK_X] = {batch, in},  [TMK_Y] = {batch, out}};
    *net = (struct tmk_two_layer){.batch = batch, .in = in, .hidden = hidden, .out = out};
    for (int i = 0; i < TMK_TWO_LAYER_PARTS; i++) {
        enum tmk_status status = tmk_variable_make(&net->part[i], dtype, 2, shapes[i]);
        if (status != TMK_OK) {
            tmk_two_layer_free(net);
            return status;
        }
    }
    return TMK_OK;
}

void tmk_two_layer_free(struct tmk_two_layer *net)
{
    for (int i = 0; i < TMK_TWO_LAYER_PARTS; i++)
        tmk_variable_free(&net->part[i]);
}

/* torch.Tensor.uniform_(-bound, bound) in float32 */
static void draw_uniform(struct tmk_variable *variable, double bound, struct tmk_random *random)
{
    const struct tmk_view *view = tmk_variable_write(variable);
    float low = (float)-bound, range = (float)(2 * bound);
    for (size_t i = 0; i < view->shape[0]; i++) {
        for (size_t j = 0; j < view->shape[1]; j++) {
            double u = tmk_random_f32(random);
            tmk_view_set(view, (const size_t[]){i, j}, (float)(u * (double)range + (double)low));
        }
    }
}

void tmk_two_layer_draw(struct tmk_two_layer *net, struct tmk_random *random)
{
    double first = 1 / sqrt((double)net->in), second = 1 / sqrt((double)net->hidden);
    draw_uniform(&net->part[TMK_W1], first, random);
    draw_uniform(&net->part[TMK_B1], first, random);
    draw_uniform(&net->part[TMK_W2], second, random);
    draw_uniform(&net->part[TMK_B2], second, random);
}

/* torch.randn of few elements draws a pair; the second half of it */
static double draw_second_normal(struct tmk_random *random)
{
    double u1 = tmk_random_f64(random), u2 = tmk_random_f64(random);
    return sqrt(-2 * log1p(-u2)) * sin(2 * M_PI * u1);
}

enum tmk_status tmk_two_layer_published(enum tmk_dtype dtype, struct tmk_two_layer *net)
{
    struct tmk_random random;
    TMK_TRY(tmk_two_layer_make(dtype, 1, 1, 20, 1, net));
    tmk_random_seed(&random, PUBLISHED_SEED);
    for (int i = 0; i < PUBLISHED_SKIP; i++)
        tmk_random_u32(&random);
    float x = (float)draw_second_normal(&random);
    tmk_random_u32(&random);
    tmk_two_layer_draw(net, &random);
    float square = x * x, noise = 0.2f * tmk_random_f32(&random);
    tmk_view_fill(tmk_variable_write(&net->part[TMK_X]), x);
    tmk_view_fill(tmk_variable_write(&net->part[TMK_Y]), (float)(square + noise));
    return TMK_OK;
}

struct tmk_node *tmk_two_layer_loss(struct tmk_graph *graph, const struct tmk_two_layer *net,
                                    bool input_gradient, struct tmk_node *leaf[TMK_TWO_LAYER_PARTS],
                                    struct tmk_node **prediction)
{
    for (int i = 0; i < TMK_TWO_LAYER_PARTS; i++) {
        bool parameter = i < TMK_TWO_LAYER_PARAMETERS || (i == TMK_X && input_gradient);
        leaf[i] =
            parameter ? tmk_ad_parameter(graph, &net->part[i]) : tmk_ad_input(graph, &net->part[i]);
    }
    struct tmk_node *s =
        tmk_ad_sigmoid(tmk_ad_add(tmk_ad_matmul(leaf[TMK_X], leaf[TMK_W1]), leaf[TMK_B1]));
    struct tmk_node *y = tmk_ad_add(tmk_ad_matmul(s, leaf[TMK_W2]), leaf[TMK_B2]);
    if (prediction)
        *prediction = y;
    return tmk_ad_squared_norm(tmk_ad_sub(leaf[TMK_Y], y));
}

/* -- closed form -- */

/* Row-major matrices of doubles: the parts, S, E and G. */
struct matrices {
    const double *w1, *b1, *w2, *b2, *x, *y;
    double *s, *e, *g;
};

/* 1 / (1 + e^-h) without overflow */
static double sigmoid(double h)
{
    double e = exp(-fabs(h));
    return (h < 0 ? e : 1) / (1 + e);
}

static double find_errors(const struct tmk_two_layer *net, const struct matrices *m)
{
    double f = 0;
    for (size_t n = 0; n < net->batch; n++) {
        double *s = m->s + n * net->hidden, *e = m->e + n * net->out;
        for (size_t j = 0; j < net->hidden; j++) {
            double h = m->b1[j];
            for (size_t i = 0; i < net->in; i++)
                h += m->x[n * net->in + i] * m->w1[i * net->hidden + j];
            s[j] = sigmoid(h);
        }
        for (size_t k = 0; k < net->out; k++) {
            double prediction = m->b2[k];
            for (size_t j = 0; j < net->hidden; j++)
                prediction += s[j] * m->w2[j * net->out + k];
            e[k] = m->y[n * net->out + k] - prediction;
            f += e[k] * e[k];
        }
    }
    return f;
}

static void find_g(const struct tmk_two_layer *net, const struct matrices *m)
{
    for (size_t n = 0; n < net->batch; n++) {
        for (size_t j = 0; j < net->hidden; j++) {
            double s = m->s[n * net->hidden + j], sum = 0;
            for (size_t k = 0; k < net->out; k++)
                sum += m->e[n * net->out + k] * m->w2[j * net->out + k];
            m->g[n * net->hidden + j] = -2 * sum * s * (1 - s);
        }
    }
}

/* out (rows, cols) = factor A^T B, A (n, rows), B (n, cols); A NULL: all ones, one row. */
static void transposed_product(size_t n, const double *a, size_t rows, const double *b, size_t cols,
                               double factor, double *out)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < cols; j++) {
            double sum = 0;
            for (size_t k = 0; k < n; k++)
                sum += (a ? a[k * rows + i] : 1) * b[k * cols + j];
            out[i * cols + j] = factor * sum;
        }
    }
}

static void find_gradients(const struct tmk_two_layer *net, const struct matrices *m,
                           struct tmk_variable *gradient)
{
    size_t n = net->batch, in = net->in, hidden = net->hidden, out = net->out;
    transposed_product(n, m->s, hidden, m->e, out, -2, gradient[TMK_W2].view.data);
    transposed_product(n, NULL, 1, m->e, out, -2, gradient[TMK_B2].view.data);
    transposed_product(n, m->x, in, m->g, hidden, 1, gradient[TMK_W1].view.data);
    transposed_product(n, NULL, 1, m->g, hidden, 1, gradient[TMK_B1].view.data);
    double *dx = gradient[TMK_X].view.data;
    for (size_t i = 0; i < n * in; i++) {
        dx[i] = 0;
        for (size_t j = 0; j < hidden; j++)
            dx[i] += m->g[i / in * hidden + j] * m->w1[i % in * hidden + j];
    }
}

enum tmk_status tmk_two_layer_closed(const struct tmk_two_layer *net, double *f,
                                     struct tmk_variable gradient[TMK_TWO_LAYER_GRADIENTS])
{
    struct tmk_two_layer doubles;
    TMK_TRY(tmk_two_layer_make(TMK_F64, net->batch, net->in, net->hidden, net->out, &doubles));
    for (int i = 0; i < TMK_TWO_LAYER_PARTS; i++)
        tmk_view_copy(&doubles.part[i].view, &net->part[i].view);
    enum tmk_status status = TMK_OK;
    for (int i = 0; i < TMK_TWO_LAYER_GRADIENTS && status == TMK_OK; i++)
        status = tmk_variable_make(&gradient[i], TMK_F64, 2, net->part[i].view.shape);
    double *memory = calloc(net->batch * (2 * net->hidden + net->out) + 1, sizeof *memory);
    if (!memory)
        status = tmk_fail(TMK_ENOMEM, "no memory for a network: choose a smaller one");
    if (status == TMK_OK) {
        const struct tmk_variable *part = doubles.part;
        struct matrices m = {part[TMK_W1].view.data,
                             part[TMK_B1].view.data,
                             part[TMK_W2].view.data,
                             part[TMK_B2].view.data,
                             part[TMK_X].view.data,
                             part[TMK_Y].view.data,
                             memory,
                             memory + 2 * net->batch * net->hidden,
                             memory + net->batch * net->hidden};
        *f = find_errors(&doubles, &m);
        find_g(&doubles, &m);
        find_gradients(&doubles, &m, gradient);
    }
    free(memory);
    tmk_two_layer_free(&doubles);
    return status;
}
