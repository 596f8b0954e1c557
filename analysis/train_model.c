/* A network table as a graph: parameters, forward pass, loss. */
#include "train.h"

#include "alloc.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>

#define BATCH_NORM_EPS 1e-5 /* PyTorch's */

size_t tmk_model_classes(const struct tmk_net *net)
{
    const struct tmk_layer *last = &net->layers[net->nlayers - 1];
    return last->oc * last->oh * last->ow;
}

/* -- parameters -- */

/* The next parameter, a shape without memory. */
static enum tmk_status describe(struct tmk_model *model, int ndim, const size_t *shape,
                                double bound, double start)
{
    struct tmk_model_parameter *parameter = &model->parameter[model->count];
    struct tmk_view view;
    TMK_TRY(tmk_view_make(&view, model->dtype, ndim, shape, NULL, 0));
    *parameter = (struct tmk_model_parameter){tmk_variable_on(&view), bound, start};
    model->count++;
    return TMK_OK;
}

/* Weights and, if the layer has one, bias, both U(-1/sqrt(fan_in), 1/sqrt(fan_in)). */
static enum tmk_status describe_weights(struct tmk_model *model, const struct tmk_layer *layer,
                                        int ndim, const size_t *shape, size_t fan_in)
{
    double bound = 1 / sqrt((double)fan_in);
    TMK_TRY(describe(model, ndim, shape, bound, 0));
    return layer->bias ? describe(model, 1, &layer->oc, bound, 0) : TMK_OK;
}

static enum tmk_status describe_layer(struct tmk_model *model, const struct tmk_layer *layer)
{
    if (layer->kind == TMK_LAYER_BATCHNORM) {
        TMK_TRY(describe(model, 1, &layer->oc, 0, 1));
        return describe(model, 1, &layer->oc, 0, 0);
    }
    if (layer->kind == TMK_LAYER_LINEAR) {
        const size_t shape[] = {layer->ic, layer->oc};
        return describe_weights(model, layer, 2, shape, layer->ic);
    }
    if (layer->kind == TMK_LAYER_CONV) {
        const size_t shape[] = {layer->oc, layer->ic / layer->groups, layer->kh, layer->kw};
        return describe_weights(model, layer, 4, shape, shape[1] * shape[2] * shape[3]);
    }
    return TMK_OK;
}

struct drawing {
    struct tmk_random *random;
    double bound;
    enum tmk_dtype dtype;
};

static void draw_element(void *context, const size_t *index, void *element)
{
    struct drawing *drawing = context;
    double value = drawing->bound * (2.0 * tmk_random_f32(drawing->random) - 1);
    (void)index;
    if (drawing->dtype == TMK_F32)
        *(float *)element = (float)value;
    else
        *(double *)element = value;
}

static void draw_parameter(struct tmk_model_parameter *parameter, struct tmk_random *random)
{
    const struct tmk_view *view = tmk_variable_write(&parameter->tensor);
    struct drawing drawing = {random, parameter->bound, view->dtype};
    if (parameter->bound > 0)
        tmk_view_each(view, draw_element, &drawing);
    else
        tmk_view_fill(view, parameter->start);
}

/* -- layers -- */

/* The graph while it is built: parameters are taken in their order. */
struct assembly {
    struct tmk_model *model;
    size_t next;
};

static struct tmk_node *next_leaf(struct assembly *a)
{
    return a->model->leaf[a->next++];
}

typedef struct tmk_node *assemble(struct assembly *a, const struct tmk_layer *l,
                                  struct tmk_node **in);

static struct tmk_node *assemble_input(struct assembly *a, const struct tmk_layer *l,
                                       struct tmk_node **in)
{
    (void)l, (void)in;
    return tmk_ad_input(a->model->graph, &a->model->images);
}

static struct tmk_node *assemble_conv(struct assembly *a, const struct tmk_layer *l,
                                      struct tmk_node **in)
{
    const struct tmk_ad_conv2d params = {.stride_h = l->sh,
                                         .stride_w = l->sw,
                                         .pad_h = l->ph,
                                         .pad_w = l->pw,
                                         .dilation_h = l->dh,
                                         .dilation_w = l->dw,
                                         .groups = l->groups};
    struct tmk_node *weight = next_leaf(a);
    return tmk_ad_conv2d(in[0], weight, l->bias ? next_leaf(a) : NULL, &params);
}

static struct tmk_node *assemble_linear(struct assembly *a, const struct tmk_layer *l,
                                        struct tmk_node **in)
{
    struct tmk_node *x = in[0] && in[0]->value.ndim > 2 ? tmk_ad_flatten(in[0]) : in[0];
    struct tmk_node *y = tmk_ad_matmul(x, next_leaf(a));
    return l->bias ? tmk_ad_add(y, next_leaf(a)) : y;
}

static struct tmk_ad_pool pool_of(const struct tmk_layer *l)
{
    return (struct tmk_ad_pool){.kernel_h = l->kh,
                                .kernel_w = l->kw,
                                .stride_h = l->sh,
                                .stride_w = l->sw,
                                .pad_h = l->ph,
                                .pad_w = l->pw,
                                .ceil_mode = l->ceil_mode};
}

static struct tmk_node *assemble_max_pool(struct assembly *a, const struct tmk_layer *l,
                                          struct tmk_node **in)
{
    const struct tmk_ad_pool pool = pool_of(l);
    (void)a;
    return tmk_ad_max_pool(in[0], &pool);
}

static struct tmk_node *assemble_avg_pool(struct assembly *a, const struct tmk_layer *l,
                                          struct tmk_node **in)
{
    const struct tmk_ad_pool pool = pool_of(l);
    (void)a;
    return tmk_ad_avg_pool(in[0], &pool);
}

static struct tmk_node *assemble_adaptive_pool(struct assembly *a, const struct tmk_layer *l,
                                               struct tmk_node **in)
{
    (void)a;
    return tmk_ad_adaptive_avg_pool(in[0], l->oh, l->ow);
}

static struct tmk_node *assemble_batch_norm(struct assembly *a, const struct tmk_layer *l,
                                            struct tmk_node **in)
{
    (void)l;
    struct tmk_node *gamma = next_leaf(a), *beta = next_leaf(a);
    return tmk_ad_batch_norm(in[0], gamma, beta, BATCH_NORM_EPS);
}

static struct tmk_node *assemble_relu(struct assembly *a, const struct tmk_layer *l,
                                      struct tmk_node **in)
{
    (void)a, (void)l;
    return tmk_ad_relu(in[0]);
}

static struct tmk_node *assemble_sigmoid(struct assembly *a, const struct tmk_layer *l,
                                         struct tmk_node **in)
{
    (void)a, (void)l;
    return tmk_ad_sigmoid(in[0]);
}

static struct tmk_node *assemble_dropout(struct assembly *a, const struct tmk_layer *l,
                                         struct tmk_node **in)
{
    (void)a;
    return tmk_ad_dropout(in[0], l->rate);
}

static struct tmk_node *assemble_add(struct assembly *a, const struct tmk_layer *l,
                                     struct tmk_node **in)
{
    struct tmk_node *sum = in[0];
    (void)a;
    for (int i = 1; i < l->ninputs; i++)
        sum = tmk_ad_add(sum, in[i]);
    return sum;
}

static struct tmk_node *assemble_concat(struct assembly *a, const struct tmk_layer *l,
                                        struct tmk_node **in)
{
    (void)a;
    return tmk_ad_concat(in, l->ninputs, 1);
}

static struct tmk_node *assemble_flatten(struct assembly *a, const struct tmk_layer *l,
                                         struct tmk_node **in)
{
    (void)a, (void)l;
    return tmk_ad_flatten(in[0]);
}

static assemble *const assemblers[TMK_NLAYERS] = {
    [TMK_LAYER_INPUT] = assemble_input,
    [TMK_LAYER_CONV] = assemble_conv,
    [TMK_LAYER_LINEAR] = assemble_linear,
    [TMK_LAYER_MAXPOOL] = assemble_max_pool,
    [TMK_LAYER_AVGPOOL] = assemble_avg_pool,
    [TMK_LAYER_ADAPTIVEPOOL] = assemble_adaptive_pool,
    [TMK_LAYER_BATCHNORM] = assemble_batch_norm,
    [TMK_LAYER_RELU] = assemble_relu,
    [TMK_LAYER_SIGMOID] = assemble_sigmoid,
    [TMK_LAYER_DROPOUT] = assemble_dropout,
    [TMK_LAYER_ADD] = assemble_add,
    [TMK_LAYER_CONCAT] = assemble_concat,
    [TMK_LAYER_FLATTEN] = assemble_flatten,
};

static enum tmk_status check_layer(const struct tmk_net *net, const struct tmk_layer *layer)
{
    bool by_position = layer->kind == TMK_LAYER_LINEAR && layer->ih * layer->iw > 1;
    if (assemblers[layer->kind] && !by_position)
        return TMK_OK;
    return tmk_fail(TMK_EUNSUPPORTED,
                    "%s: layer %s: %s%s cannot be trained here: choose another network", net->name,
                    layer->name, tmk_layer_kind_name[layer->kind],
                    by_position ? " at several positions" : "");
}

/* -- the graph -- */

/* Name all nodes from number `from` on after their layer. */
static void label(struct tmk_graph *graph, size_t from, const char *name)
{
    for (size_t i = from; i < tmk_graph_size(graph); i++)
        tmk_ad_label(tmk_graph_node(graph, i), name);
}

static void assemble_layer(struct assembly *a, int number)
{
    struct tmk_model *model = a->model;
    const struct tmk_layer *layer = &model->net->layers[number];
    struct tmk_node *in[TMK_LAYER_INPUTS_MAX];
    size_t from = tmk_graph_size(model->graph);
    for (int i = 0; i < layer->ninputs; i++)
        in[i] = model->output[layer->input[i]];
    model->output[number] = assemblers[layer->kind](a, layer, in);
    label(model->graph, from, layer->name);
}

/* The batch as variables of `count` images on the memory of the largest. */
static enum tmk_status set_batch(struct tmk_model *model, size_t count)
{
    const struct tmk_layer *input = &model->net->layers[0];
    const size_t shape[] = {count, input->oc, input->oh, input->ow};
    const size_t image = input->oc * input->oh * input->ow; /* fits: the builder has checked */
    struct tmk_view images, labels;
    size_t bytes;
    if (!tmk_size_mul(count, image * tmk_dtype_size(model->dtype), &bytes))
        return tmk_fail(TMK_EINVAL, "a batch of %zu images cannot be addressed: use a smaller one",
                        count);
    TMK_TRY(tmk_view_make(&images, model->dtype, 4, shape, model->memory[0], bytes));
    TMK_TRY(tmk_view_make(&labels, model->dtype, 1, shape, model->memory[1], bytes / image));
    model->images = tmk_variable_on(&images);
    model->labels = tmk_variable_on(&labels);
    model->batch = count;
    return TMK_OK;
}

enum tmk_status tmk_model_build(struct tmk_model *model, size_t batch)
{
    struct assembly assembly = {.model = model};
    tmk_graph_reset(model->graph);
    TMK_TRY(set_batch(model, batch));
    for (size_t i = 0; i < model->count; i++)
        model->leaf[i] = tmk_ad_parameter(model->graph, &model->parameter[i].tensor);
    for (int i = 0; i < model->net->nlayers; i++)
        assemble_layer(&assembly, i);
    size_t from = tmk_graph_size(model->graph);
    model->logits = model->output[model->net->nlayers - 1];
    if (model->logits && model->logits->value.ndim > 2)
        model->logits = tmk_ad_flatten(model->logits);
    model->loss = tmk_ad_cross_entropy(model->logits, tmk_ad_input(model->graph, &model->labels));
    label(model->graph, from, "loss");
    return tmk_graph_status(model->graph);
}

static enum tmk_status plan(struct tmk_model *model, size_t batch,
                            const struct tmk_graph_options *options)
{
    size_t layers = (size_t)model->net->nlayers;
    model->parameter = calloc(2 * layers, sizeof *model->parameter);
    model->leaf = calloc(2 * layers, sizeof *model->leaf);
    model->output = calloc(layers, sizeof *model->output);
    if (!model->parameter || !model->leaf || !model->output)
        return tmk_fail(TMK_ENOMEM, "no memory for the %zu layers of %s", layers, model->net->name);
    for (size_t i = 0; i < layers; i++) {
        TMK_TRY(check_layer(model->net, &model->net->layers[i]));
        TMK_TRY(describe_layer(model, &model->net->layers[i]));
    }
    TMK_TRY(tmk_graph_make(options, &model->graph));
    return tmk_model_build(model, batch);
}

enum tmk_status tmk_model_plan(const struct tmk_net *net, enum tmk_dtype dtype, size_t batch,
                               const struct tmk_graph_options *options, struct tmk_model *out)
{
    *out = (struct tmk_model){.net = net, .dtype = dtype};
    enum tmk_status status = plan(out, batch, options);
    if (status != TMK_OK)
        tmk_model_free(out);
    return status;
}

static size_t bytes_of(const struct tmk_variable *variable)
{
    return tmk_view_count(&variable->view) * tmk_dtype_size(variable->view.dtype);
}

enum tmk_status tmk_model_start(struct tmk_model *model, struct tmk_random *random)
{
    TMK_TRY(tmk_alloc(bytes_of(&model->images), "a batch of images", &model->memory[0]));
    TMK_TRY(tmk_alloc(bytes_of(&model->labels), "a batch of labels", &model->memory[1]));
    for (size_t i = 0; i < model->count; i++) {
        struct tmk_variable *tensor = &model->parameter[i].tensor;
        const struct tmk_view shape = tensor->view;
        TMK_TRY(tmk_variable_make(tensor, shape.dtype, shape.ndim, shape.shape));
        draw_parameter(&model->parameter[i], random);
    }
    return tmk_model_build(model, model->batch);
}

void tmk_model_free(struct tmk_model *model)
{
    for (size_t i = 0; i < model->count; i++)
        tmk_variable_free(&model->parameter[i].tensor);
    tmk_graph_free(model->graph);
    tmk_free(model->memory[0]);
    tmk_free(model->memory[1]);
    free(model->parameter);
    free(model->leaf);
    free(model->output);
    *model = (struct tmk_model){0};
}

size_t tmk_model_parameter_bytes(const struct tmk_model *model)
{
    size_t bytes = 0;
    for (size_t i = 0; i < model->count; i++)
        bytes += bytes_of(&model->parameter[i].tensor);
    return bytes;
}

size_t tmk_model_batch_bytes(const struct tmk_model *model)
{
    return bytes_of(&model->images) + bytes_of(&model->labels);
}

double tmk_model_flops(const struct tmk_model *model)
{
    double flops = 0;
    for (size_t i = 0; i < tmk_graph_size(model->graph); i++) {
        const struct tmk_node *node = tmk_graph_node(model->graph, i);
        flops += node->cost.flops[0] + node->cost.flops[1];
    }
    return flops;
}
