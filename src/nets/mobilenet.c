/* MobileNet: Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision
 * applications", 2017; Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks",
 * CVPR 2018. */
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

/* Table 1 of 2018: a 1x1 that widens (unless `widen` is 1), a depthwise 3x3, and a 1x1 back without
 * ReLU; a shortcut where input and output have the same shape. ReLU6 counts as ReLU. */
static int inverted_residual(struct tmk_builder *b, int x, size_t ic, size_t oc, size_t stride,
                             size_t widen)
{
    int y = widen > 1 ? conv_bn_relu(b, "expand", x, widen * ic, 1, 1, 0) : x;
    y = conv_general(b, "dw", y, widen * ic, 3, stride, 1, widen * ic, false);
    y = conv_bn(b, "project", relu(b, batchnorm(b, y)), oc, 1, 1, 0);
    return stride == 1 && ic == oc ? add(b, "sum", x, y) : y;
}

/* Table 2 of 2018, width 1. */
void tmk_net_mobilenet_v2(struct tmk_builder *b, size_t height, size_t width)
{
    static const struct {
        size_t widen, oc, repeat, stride; /* t, c, n, s */
    } stages[] = {
        {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2},  {6, 64, 4, 2},
        {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
    };
    size_t channels = 32;
    int x = input(b, 3, height, width);
    x = conv_bn_relu(b, "conv1", x, channels, 3, 2, 1);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        for (size_t j = 0; j < stages[i].repeat; j++) {
            tmk_module_begin(b, '/', "conv%zu_%zu", i + 2, j + 1);
            x = inverted_residual(b, x, channels, stages[i].oc, j == 0 ? stages[i].stride : 1,
                                  stages[i].widen);
            channels = stages[i].oc;
            tmk_module_end(b);
        }
    }
    x = conv_bn_relu(b, "conv9", x, 1280, 1, 1, 0);
    x = adaptivepool(b, "pool", x, 1, 1);
    linear(b, "classifier", dropout(b, flatten(b, x), 0.2), 1000);
}
