#include "reach.h"

#include "alloc.h"
#include "conv2d.h"
#include "data.h"
#include "size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Mark what the outputs that are marked read. */
static void mark_taps(const struct tmk_taps *taps, const unsigned char *out, size_t outputs,
                      unsigned char *in, size_t inputs)
{
    for (size_t o = 0; o < outputs; o++) {
        for (size_t k = 0; out[o] && k < taps->count; k++) {
            size_t padded = o * taps->stride + k * taps->dilation;
            if (padded >= taps->padding && padded - taps->padding < inputs)
                in[padded - taps->padding] = 1;
        }
    }
}

static void mark_all(const unsigned char *out, size_t count, unsigned char *in)
{
    for (size_t i = 0; i < count; i++)
        in[i] |= out[i];
}

enum tmk_status tmk_reach_exact(const struct tmk_fields *fields, int layer, enum tmk_axis axis,
                                size_t index, unsigned char *reached)
{
    const struct tmk_layer *layers = fields->net->layers;
    size_t *start = calloc((size_t)layer + 2, sizeof *start);
    for (int i = 0; start && i <= layer; i++)
        start[i + 1] = start[i] + tmk_layer_extent(&layers[i], axis);
    unsigned char *marks = start ? calloc(start[layer + 1], 1) : NULL;
    if (!marks) {
        free(start);
        return tmk_fail(TMK_ENOMEM, "no memory to follow %s back", layers[layer].name);
    }
    marks[start[layer] + index] = 1;
    for (int i = layer; i > 0; i--) {
        const struct tmk_layer *l = &layers[i];
        const unsigned char *out = marks + start[i];
        size_t outputs = start[i + 1] - start[i];
        struct tmk_taps taps;
        bool window = tmk_layer_taps(l, axis, &taps);
        for (int k = 0; k < l->ninputs && memchr(out, 1, outputs); k++) {
            unsigned char *in = marks + start[l->input[k]];
            if (window)
                mark_taps(&taps, out, outputs, in, start[l->input[k] + 1] - start[l->input[k]]);
            else
                mark_all(out, outputs, in);
        }
    }
    memcpy(reached, marks, start[1]);
    free(marks);
    free(start);
    return TMK_OK;
}

/* A layer as a convolution of n images: all channels for a convolution, each alone for a pool. */
static enum tmk_status make_problem(const struct tmk_layer *l, size_t channels, size_t n,
                                    struct tmk_conv2d *out)
{
    char desc[TMK_DESC_MAX];
    const struct tmk_context context = {.no_bias = true};
    snprintf(desc, sizeof desc,
             "g%zumb%zuic%zuih%zuiw%zuoc%zuoh%zuow%zukh%zukw%zush%zusw%zuph%zupw%zudh%zudw%zu",
             l->kind == TMK_LAYER_CONV ? 1 : channels, n, channels, l->ih, l->iw, channels, l->oh,
             l->ow, l->kh, l->kw, l->sh, l->sw, l->ph, l->pw, l->dh - 1, l->dw - 1);
    return tmk_op_conv2d.parse(desc, &context, &out->base);
}

static enum tmk_status run_bwd_d(const struct tmk_problem *problem, const struct tmk_impl *impl,
                                 const struct tmk_args *args)
{
    const char *refusal = tmk_impl_refusal(impl, problem, TMK_BWD_D);
    if (refusal)
        return tmk_fail(TMK_EUNSUPPORTED, "%s bwd_d: %s: choose another implementation", impl->name,
                        refusal);
    struct tmk_exec exec = {.threads = 1,
                            .workspace_bytes = tmk_impl_workspace(impl, problem, TMK_BWD_D, 1)};
    TMK_TRY(tmk_alloc(exec.workspace_bytes, "workspace", &exec.workspace));
    enum tmk_status status = tmk_impl_call(impl, problem, TMK_BWD_D, args, &exec);
    tmk_free(exec.workspace);
    return status;
}

/* Push marks of a window layer's output back to its input, both (n, channels, rows, columns). */
static enum tmk_status push_window(const struct tmk_layer *l, const struct tmk_impl *impl,
                                   size_t channels, size_t n, const unsigned char *out,
                                   unsigned char *in)
{
    struct tmk_conv2d conv;
    struct tmk_data data;
    TMK_TRY(make_problem(l, channels, n, &conv));
    TMK_TRY(tmk_data_make(&conv.base, TMK_F32, 1, &data));
    const struct tmk_args *args = &data.args;
    float *dy = args->operand[TMK_DST].data;
    const float *dx = args->operand[TMK_SRC].data;
    for (size_t i = 0; i < tmk_view_count(&args->operand[TMK_DST]); i++)
        dy[i] = out[i];
    tmk_view_fill(&args->operand[TMK_WEI], 1);
    enum tmk_status status = run_bwd_d(&conv.base, impl, args);
    for (size_t i = 0; status == TMK_OK && i < tmk_view_count(&args->operand[TMK_SRC]); i++)
        in[i] |= dx[i] != 0;
    tmk_data_free(&data);
    return status;
}

/* The gradients of all layers while they are needed: NULL where nothing has arrived. */
struct flow {
    const struct tmk_net *net;
    size_t channels, n;
    unsigned char **marks;
};

static size_t flow_size(const struct flow *flow, int layer)
{
    const struct tmk_layer *l = &flow->net->layers[layer];
    return flow->n * flow->channels * l->oh * l->ow;
}

static enum tmk_status flow_touch(struct flow *flow, int layer)
{
    if (!flow->marks[layer])
        flow->marks[layer] = calloc(flow_size(flow, layer), 1);
    return flow->marks[layer] ? TMK_OK
                              : tmk_fail(TMK_ENOMEM, "no memory for the gradient of %s",
                                         flow->net->layers[layer].name);
}

static enum tmk_status push_layer(struct flow *flow, int layer, const struct tmk_impl *impl)
{
    const struct tmk_layer *l = &flow->net->layers[layer];
    struct tmk_taps taps;
    bool window = tmk_layer_taps(l, TMK_ROWS, &taps);
    for (int k = 0; k < l->ninputs; k++) {
        TMK_TRY(flow_touch(flow, l->input[k]));
        unsigned char *in = flow->marks[l->input[k]];
        if (window)
            TMK_TRY(push_window(l, impl, flow->channels, flow->n, flow->marks[layer], in));
        else
            mark_all(flow->marks[layer], flow_size(flow, layer), in);
    }
    free(flow->marks[layer]);
    flow->marks[layer] = NULL;
    return TMK_OK;
}

enum tmk_status tmk_reach_by_gradient(const struct tmk_fields *fields, int layer,
                                      const struct tmk_impl *impl,
                                      const struct tmk_position *positions, size_t n,
                                      size_t channels, unsigned char *image)
{
    const struct tmk_layer *top = &fields->net->layers[layer];
    struct flow flow = {.net = fields->net,
                        .channels = channels,
                        .n = n,
                        .marks = calloc((size_t)layer + 1, sizeof *flow.marks)};
    if (!flow.marks)
        return tmk_fail(TMK_ENOMEM, "no memory for the gradients of %s", fields->net->name);
    enum tmk_status status = flow_touch(&flow, layer);
    for (size_t i = 0; status == TMK_OK && i < n; i++)
        flow.marks[layer][(i * flow.channels * top->oh + positions[i].row) * top->ow +
                          positions[i].column] = 1;
    for (int i = layer; i > 0 && status == TMK_OK; i--)
        if (flow.marks[i])
            status = push_layer(&flow, i, impl);
    if (status == TMK_OK)
        memcpy(image, flow.marks[0], flow_size(&flow, 0));
    for (int i = 0; i <= layer; i++)
        free(flow.marks[i]);
    free(flow.marks);
    return status;
}

double tmk_reach_macs(const struct tmk_fields *fields, int layer, size_t channels)
{
    double macs = 0;
    for (int i = 1; i <= layer; i++) {
        const struct tmk_layer *l = &fields->net->layers[i];
        struct tmk_taps taps;
        if (fields->known[i] && tmk_layer_taps(l, TMK_ROWS, &taps))
            macs += (double)(l->kind == TMK_LAYER_CONV ? channels * channels : channels) *
                    (double)(l->oh * l->ow) * (double)(l->kh * l->kw);
    }
    return macs;
}
