/* How the tables of this room are written down: a network is a function that calls conv(), relu(),
 * ... and hands each layer's index on to the next. The first fault sticks in the builder and turns
 * the rest of the calls into nothing, so that tables need not look. Private to src/nets. */
#ifndef TMK_NETS_BUILDER_H
#define TMK_NETS_BUILDER_H

#include "nets.h"

#include <stdio.h>

struct tmk_builder {
    struct tmk_net *net;
    enum tmk_status status;
    int module;                      /* of the layers to come, or -1 */
    bool auxiliary;                  /* are the layers to come */
    char prefix[TMK_LAYER_NAME_MAX]; /* of their names: "inception_3a/", "res2a_" */
};

/* The networks, one file a family. */
void tmk_net_alexnet(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_alexnet_2012(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_alexnet_mnist(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_bert(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_densenet121(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_googlenet(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_googlenet_torchvision(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_inception_bottleneck(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_inception_naive(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_inception_v3(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_mlp_relu(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_mlp_sigmoid(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_mobilenet_v1(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_mobilenet_v2(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_resnet18(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_resnet34(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_resnet_mini(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_resnet50(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_resnet101(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_resnet152(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_squeezenet1_0(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_squeezenet1_1(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_vgg11(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_vgg13(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_vgg16(struct tmk_builder *b, size_t height, size_t width);
void tmk_net_vgg19(struct tmk_builder *b, size_t height, size_t width);

/* Add `layer`, whose kind, parameters and inputs are set (strides, dilations and groups of 0 mean
 * 1), work out its sizes, and return its index. Its name is the module's prefix and `name`; NULL:
 * that of its first input and "_KIND". */
int tmk_build(struct tmk_builder *b, const char *name, struct tmk_layer layer);

/* The layers that follow form a module whose name, and `separator`, stand before theirs. */
void tmk_module_begin(struct tmk_builder *b, char separator, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tmk_module_end(struct tmk_builder *b);

/* -- the words of the tables; x, y: indices of the layers that feed this one -- */

static inline int input(struct tmk_builder *b, size_t c, size_t h, size_t w)
{
    return tmk_build(b, "input", (struct tmk_layer){TMK_LAYER_INPUT, .oc = c, .oh = h, .ow = w});
}

/* A layer with one input and without parameters of its own. */
static inline int then(struct tmk_builder *b, const char *name, int x, enum tmk_layer_kind kind)
{
    return tmk_build(b, name, (struct tmk_layer){kind, .ninputs = 1, .input = {x}});
}

static inline int relu(struct tmk_builder *b, int x)
{
    return then(b, NULL, x, TMK_LAYER_RELU);
}

static inline int batchnorm(struct tmk_builder *b, int x)
{
    return then(b, NULL, x, TMK_LAYER_BATCHNORM);
}

static inline int flatten(struct tmk_builder *b, int x)
{
    return then(b, NULL, x, TMK_LAYER_FLATTEN);
}

static inline int dropout(struct tmk_builder *b, int x, double rate)
{
    return tmk_build(
        b, NULL, (struct tmk_layer){TMK_LAYER_DROPOUT, .ninputs = 1, .input = {x}, .rate = rate});
}

/* oc filters of k x k, stride s, padding p, `groups` groups; with bias unless a batch norm follows
 */
static inline int conv_general(struct tmk_builder *b, const char *name, int x, size_t oc, size_t k,
                               size_t s, size_t p, size_t groups, bool bias)
{
    return tmk_build(b, name,
                     (struct tmk_layer){TMK_LAYER_CONV, .ninputs = 1, .input = {x}, .oc = oc,
                                        .kh = k, .kw = k, .sh = s, .sw = s, .ph = p, .pw = p,
                                        .groups = groups, .bias = bias});
}

static inline int conv(struct tmk_builder *b, const char *name, int x, size_t oc, size_t k,
                       size_t s, size_t p)
{
    return conv_general(b, name, x, oc, k, s, p, 1, true);
}

static inline int conv_relu(struct tmk_builder *b, const char *name, int x, size_t oc, size_t k,
                            size_t s, size_t p)
{
    return relu(b, conv(b, name, x, oc, k, s, p));
}

static inline int conv_bn(struct tmk_builder *b, const char *name, int x, size_t oc, size_t k,
                          size_t s, size_t p)
{
    return batchnorm(b, conv_general(b, name, x, oc, k, s, p, 1, false));
}

static inline int conv_bn_relu(struct tmk_builder *b, const char *name, int x, size_t oc, size_t k,
                               size_t s, size_t p)
{
    return relu(b, conv_bn(b, name, x, oc, k, s, p));
}

static inline int pool(struct tmk_builder *b, const char *name, int x, enum tmk_layer_kind kind,
                       size_t k, size_t s, size_t p, bool ceil_mode)
{
    return tmk_build(b, name,
                     (struct tmk_layer){kind, .ninputs = 1, .input = {x}, .kh = k, .kw = k, .sh = s,
                                        .sw = s, .ph = p, .pw = p, .ceil_mode = ceil_mode});
}

static inline int maxpool(struct tmk_builder *b, const char *name, int x, size_t k, size_t s,
                          size_t p)
{
    return pool(b, name, x, TMK_LAYER_MAXPOOL, k, s, p, false);
}

static inline int adaptivepool(struct tmk_builder *b, const char *name, int x, size_t h, size_t w)
{
    return tmk_build(
        b, name,
        (struct tmk_layer){TMK_LAYER_ADAPTIVEPOOL, .ninputs = 1, .input = {x}, .oh = h, .ow = w});
}

static inline int linear(struct tmk_builder *b, const char *name, int x, size_t oc)
{
    return tmk_build(
        b, name,
        (struct tmk_layer){TMK_LAYER_LINEAR, .ninputs = 1, .input = {x}, .oc = oc, .bias = true});
}

static inline int embedding(struct tmk_builder *b, const char *name, int x, size_t rows, size_t oc)
{
    return tmk_build(
        b, name,
        (struct tmk_layer){TMK_LAYER_EMBEDDING, .ninputs = 1, .input = {x}, .k = rows, .oc = oc});
}

/* batch x (m x k) from x times batch x (k x n) from y */
static inline int matmul(struct tmk_builder *b, const char *name, int x, int y, size_t batch,
                         size_t m, size_t k, size_t n)
{
    return tmk_build(b, name,
                     (struct tmk_layer){TMK_LAYER_MATMUL, .ninputs = 2, .input = {x, y},
                                        .batch = batch, .m = m, .k = k, .n = n});
}

static inline int add(struct tmk_builder *b, const char *name, int x, int y)
{
    return tmk_build(b, name, (struct tmk_layer){TMK_LAYER_ADD, .ninputs = 2, .input = {x, y}});
}

static inline int concat(struct tmk_builder *b, const char *name, int n, const int *x)
{
    struct tmk_layer layer = {TMK_LAYER_CONCAT, .ninputs = n};
    for (int i = 0; i < n; i++)
        layer.input[i] = x[i];
    return tmk_build(b, name, layer);
}

#endif
