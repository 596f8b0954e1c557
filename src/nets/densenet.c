/* DenseNet: Huang et al., "Densely connected convolutional networks", CVPR 2017. */
#include "builder.h"

enum { GROWTH = 32, BOTTLENECK = 4 * GROWTH };

/* batch norm and ReLU before a convolution, whose name is prefix and number */
static int norm_relu_conv(struct tmk_builder *b, const char *prefix, int number, int x, size_t oc,
                          size_t k, size_t p)
{
    char norm[40], name[40];
    snprintf(norm, sizeof norm, "%snorm%d", prefix, number);
    snprintf(name, sizeof name, "%sconv%d", prefix, number);
    x = relu(b, then(b, norm, x, TMK_LAYER_BATCHNORM));
    return conv_general(b, name, x, oc, k, 1, p, 1, false);
}

/* Section 3, "DenseNet-B": each layer sees the outputs of all before it in its block. Joining them
 * one by one gives the same features as joining all anew each time. */
static int dense_block(struct tmk_builder *b, int x, int block, int layers)
{
    char prefix[24], name[40];
    tmk_module_begin(b, '/', "denseblock%d", block);
    for (int i = 1; i <= layers; i++) {
        snprintf(prefix, sizeof prefix, "layer%d.", i);
        snprintf(name, sizeof name, "layer%d.concat", i);
        int y = norm_relu_conv(b, prefix, 1, x, BOTTLENECK, 1, 0);
        y = norm_relu_conv(b, prefix, 2, y, GROWTH, 3, 1);
        x = concat(b, name, 2, (const int[]){x, y});
    }
    tmk_module_end(b);
    return x;
}

/* Half as many channels, half the image. */
static int transition(struct tmk_builder *b, int x, int number, size_t oc)
{
    tmk_module_begin(b, '/', "transition%d", number);
    x = norm_relu_conv(b, "", 1, x, oc, 1, 0);
    x = pool(b, "pool", x, TMK_LAYER_AVGPOOL, 2, 2, 0, false);
    tmk_module_end(b);
    return x;
}

/* Table 1. */
void tmk_net_densenet121(struct tmk_builder *b, size_t height, size_t width)
{
    static const int layers[] = {6, 12, 24, 16};
    size_t channels = 64;
    int x = input(b, 3, height, width);
    x = maxpool(b, "pool0", conv_bn_relu(b, "conv0", x, channels, 7, 2, 3), 3, 2, 1);
    for (int i = 0; i < 4; i++) {
        x = dense_block(b, x, i + 1, layers[i]);
        channels += (size_t)layers[i] * GROWTH;
        if (i == 3)
            break;
        channels /= 2;
        x = transition(b, x, i + 1, channels);
    }
    x = relu(b, then(b, "norm5", x, TMK_LAYER_BATCHNORM));
    x = adaptivepool(b, "avgpool", x, 1, 1);
    linear(b, "classifier", flatten(b, x), 1000);
}
