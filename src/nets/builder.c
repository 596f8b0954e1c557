/* Adding layers to a network, and the sizes that follow. */
#include "builder.h"
#include "size.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Output size along one axis, as PyTorch has it: in ceil mode the last window must still start
 * inside the image or its left padding. False if the window does not fit or sizes overflow. */
static bool window_size(size_t in, size_t k, size_t s, size_t p, size_t d, bool ceil_mode,
                        size_t *out)
{
    size_t padded, extent = (k - 1) * d + 1;
    if (!tmk_size_add(in, 2 * p, &padded) || extent > padded)
        return false;
    *out = (ceil_mode ? tmk_ceil_div(padded - extent, s) : (padded - extent) / s) + 1;
    if (ceil_mode && (*out - 1) * s >= in + p)
        --*out;
    return true;
}

static bool infer_window(struct tmk_layer *l)
{
    return window_size(l->ih, l->kh, l->sh, l->ph, l->dh, l->ceil_mode, &l->oh) &&
           window_size(l->iw, l->kw, l->sw, l->pw, l->dw, l->ceil_mode, &l->ow);
}

/* ADD and CONCAT: inputs of the same size, except for CONCAT's channels. */
static bool infer_join(const struct tmk_net *net, struct tmk_layer *l)
{
    bool concat = l->kind == TMK_LAYER_CONCAT;
    size_t channels = 0;
    for (int i = 0; i < l->ninputs; i++) {
        const struct tmk_layer *in = &net->layers[l->input[i]];
        if (in->oh != l->ih || in->ow != l->iw || (!concat && in->oc != l->ic))
            return false;
        channels += in->oc;
    }
    if (concat)
        l->ic = channels;
    l->oc = l->ic;
    l->oh = l->ih;
    l->ow = l->iw;
    return true;
}

/* Output size from input size. False: impossible. */
static bool infer(const struct tmk_net *net, struct tmk_layer *l)
{
    switch (l->kind) {
    case TMK_LAYER_INPUT:
        return true;
    case TMK_LAYER_CONV:
        return infer_window(l);
    case TMK_LAYER_MAXPOOL:
    case TMK_LAYER_AVGPOOL:
        l->oc = l->ic;
        return infer_window(l);
    case TMK_LAYER_ADAPTIVEPOOL:
        l->oc = l->ic;
        return true;
    case TMK_LAYER_LINEAR:
    case TMK_LAYER_EMBEDDING:
        l->oh = l->ih;
        l->ow = l->iw;
        return true;
    case TMK_LAYER_MATMUL:
        l->oh = l->m;
        l->ow = 1;
        return tmk_size_mul(l->batch, l->n, &l->oc);
    case TMK_LAYER_FLATTEN:
        l->oc = l->ic * l->ih * l->iw; /* its input's elements: known to fit */
        l->oh = l->ow = 1;
        return true;
    default:
        return infer_join(net, l);
    }
}

/* Do the numbers of outputs and of parameters fit a size_t? */
static bool countable(const struct tmk_layer *l)
{
    size_t outputs, weights;
    if (!tmk_size_mul(l->oc, l->oh, &outputs) || !tmk_size_mul(outputs, l->ow, &outputs))
        return false;
    return tmk_size_mul(l->ic, l->oc, &weights) &&
           (l->kind != TMK_LAYER_CONV || tmk_size_mul(weights, l->kh * l->kw, &weights));
}

static void set_defaults(struct tmk_layer *l)
{
    size_t *const ones[] = {&l->sh, &l->sw, &l->dh, &l->dw, &l->groups};
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++) {
        if (*ones[i] == 0)
            *ones[i] = 1;
    }
}

static enum tmk_status set_name(const struct tmk_builder *b, const char *name, struct tmk_layer *l)
{
    const char *first = name ? b->prefix : b->net->layers[l->input[0]].name;
    const char *last = name ? name : tmk_layer_kind_name[l->kind];
    int length = snprintf(l->name, sizeof l->name, "%s%s%s", first, name ? "" : "_", last);
    if (length >= (int)sizeof l->name)
        return tmk_fail(TMK_EINVAL, "%s: layer name %s%s is too long: keep below %d characters",
                        b->net->name, first, last, TMK_LAYER_NAME_MAX);
    return TMK_OK;
}

static enum tmk_status reserve(struct tmk_net *net)
{
    if (net->nlayers < net->capacity)
        return TMK_OK;
    int capacity = net->capacity ? 2 * net->capacity : 64;
    struct tmk_layer *grown = realloc(net->layers, (size_t)capacity * sizeof *grown);
    if (!grown)
        return tmk_fail(TMK_ENOMEM, "no memory for the layers of %s", net->name);
    net->layers = grown;
    net->capacity = capacity;
    return TMK_OK;
}

int tmk_build(struct tmk_builder *b, const char *name, struct tmk_layer layer)
{
    if (b->status == TMK_OK)
        b->status = reserve(b->net);
    if (b->status != TMK_OK)
        return 0;
    set_defaults(&layer);
    b->status = set_name(b, name, &layer);
    if (b->status != TMK_OK)
        return 0;
    layer.module = b->module;
    layer.auxiliary = b->auxiliary;
    if (layer.ninputs > 0) {
        const struct tmk_layer *from = &b->net->layers[layer.input[0]];
        layer.ic = from->oc;
        layer.ih = from->oh;
        layer.iw = from->ow;
    }
    if (!infer(b->net, &layer) || !countable(&layer)) {
        b->status =
            tmk_fail(TMK_EINVAL,
                     "%s: layer %s does not fit its input of %zux%zux%zu: use another image "
                     "size",
                     b->net->name, layer.name, layer.ic, layer.ih, layer.iw);
        return 0;
    }
    b->net->layers[b->net->nlayers] = layer;
    return b->net->nlayers++;
}

void tmk_module_begin(struct tmk_builder *b, char separator, const char *format, ...)
{
    if (b->status != TMK_OK)
        return;
    struct tmk_net *net = b->net;
    char(*grown)[TMK_LAYER_NAME_MAX] =
        realloc(net->modules, (size_t)(net->nmodules + 1) * sizeof *grown);
    if (!grown) {
        b->status = tmk_fail(TMK_ENOMEM, "no memory for the modules of %s", net->name);
        return;
    }
    net->modules = grown;
    va_list args;
    va_start(args, format);
    vsnprintf(net->modules[net->nmodules], sizeof *grown, format, args);
    va_end(args);
    snprintf(b->prefix, sizeof b->prefix, "%.*s%c", TMK_LAYER_NAME_MAX - 2,
             net->modules[net->nmodules], separator);
    b->module = net->nmodules++;
}

void tmk_module_end(struct tmk_builder *b)
{
    b->module = -1;
    b->prefix[0] = '\0';
}
