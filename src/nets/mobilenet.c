/* MobileNet: Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision
 * applications", 2017. */
#include "builder.h"

/* A depthwise 3x3 and a pointwise 1x1, each with batch norm and ReLU (figure 3, right). */
static int separable(struct tmk_builder *b, int x, size_t ic, size_t oc, size_t stride)
{
    x = conv_general(b, "dw", x, ic, 3, stride, 1, ic, false);
    x = relu(b, batchnorm(b, x));
    return conv_bn_relu(b, "sep", x, oc, 1, 1, 0);
}

/* Table 1, width 1. The stride 2 that it prints for the last depthwise layer is 1: its input and
 * output are both 7x7. */
void tmk_net_mobilenet_v1(struct tmk_builder *b, size_t height, size_t width)
{
    static const struct {
        const char *name;
        size_t oc, stride;
    } blocks[] = {
        {"conv2_1", 64, 1},  {"conv2_2", 128, 2}, {"conv3_1", 128, 1}, {"conv3_2", 256, 2},
        {"conv4_1", 256, 1}, {"conv4_2", 512, 2}, {"conv5_1", 512, 1}, {"conv5_2", 512, 1},
        {"conv5_3", 512, 1}, {"conv5_4", 512, 1}, {"conv5_5", 512, 1}, {"conv5_6", 1024, 2},
        {"conv6", 1024, 1},
    };
    size_t channels = 32;
    int x = input(b, 3, height, width);
    x = conv_bn_relu(b, "conv1", x, channels, 3, 2, 1);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        tmk_module_begin(b, '/', "%s", blocks[i].name);
        x = separable(b, x, channels, blocks[i].oc, blocks[i].stride);
        channels = blocks[i].oc;
        tmk_module_end(b);
    }
    x = adaptivepool(b, "pool6", x, 1, 1);
    linear(b, "fc7", flatten(b, x), 1000);
}
