/* ResNet: He et al., "Deep residual learning for image recognition", CVPR 2016. */
#include "builder.h"

/* Figure 5, right. The stride stands in the 3x3, as in torchvision ("v1.5"); the paper has it in
 * the first 1x1. Parameters are the same, the MACs are 4.089 G in place of 3.858 G. */
static int bottleneck(struct tmk_builder *b, int x, size_t width, size_t stride, bool project)
{
    int y = conv_bn_relu(b, "branch2a", x, width, 1, 1, 0);
    y = conv_bn_relu(b, "branch2b", y, width, 3, stride, 1);
    y = conv_bn(b, "branch2c", y, 4 * width, 1, 1, 0);
    int shortcut = project ? conv_bn(b, "branch1", x, 4 * width, 1, stride, 0) : x;
    return relu(b, add(b, "sum", y, shortcut));
}

/* Figure 5, left. */
static int basic(struct tmk_builder *b, int x, size_t width, size_t stride, bool project)
{
    int y = conv_bn_relu(b, "branch2a", x, width, 3, stride, 1);
    y = conv_bn(b, "branch2b", y, width, 3, 1, 1);
    int shortcut = project ? conv_bn(b, "branch1", x, width, 1, stride, 0) : x;
    return relu(b, add(b, "sum", y, shortcut));
}

/* Names of blocks are those of the published models: res4a, res4b, ... in ResNet-50, but res4a,
 * res4b1, res4b2, ... in the deeper ones. */
static void begin_block(struct tmk_builder *b, int stage, int block, bool numbered)
{
    if (numbered && block > 0)
        tmk_module_begin(b, '_', "res%db%d", stage + 2, block);
    else
        tmk_module_begin(b, '_', "res%d%c", stage + 2, 'a' + block);
}

/* A row of the table: conv(i+2)_x has blocks[i] blocks. */
struct depth {
    bool bottlenecks;
    int blocks[4];
};

/* Table 1. A stage's first block halves the image, except in conv2_x, and projects its shortcut
 * wherever its output differs from its input in shape (option B). */
static void resnet(struct tmk_builder *b, size_t height, size_t width, const struct depth *depth)
{
    bool numbered = depth->blocks[2] > 6;
    int x = input(b, 3, height, width);
    x = conv_bn_relu(b, "conv1", x, 64, 7, 2, 3);
    x = maxpool(b, "pool1", x, 3, 2, 1);
    for (int stage = 0; stage < 4; stage++) {
        for (int block = 0; block < depth->blocks[stage]; block++) {
            size_t channels = (size_t)64 << stage, stride = stage > 0 && block == 0 ? 2 : 1;
            begin_block(b, stage, block, numbered);
            x = depth->bottlenecks ? bottleneck(b, x, channels, stride, block == 0)
                                   : basic(b, x, channels, stride, stride == 2);
            tmk_module_end(b);
        }
    }
    x = adaptivepool(b, "pool5", x, 1, 1);
    linear(b, "fc1000", flatten(b, x), 1000);
}

void tmk_net_resnet18(struct tmk_builder *b, size_t height, size_t width)
{
    resnet(b, height, width, &(const struct depth){false, {2, 2, 2, 2}});
}

void tmk_net_resnet34(struct tmk_builder *b, size_t height, size_t width)
{
    resnet(b, height, width, &(const struct depth){false, {3, 4, 6, 3}});
}

void tmk_net_resnet50(struct tmk_builder *b, size_t height, size_t width)
{
    resnet(b, height, width, &(const struct depth){true, {3, 4, 6, 3}});
}

void tmk_net_resnet101(struct tmk_builder *b, size_t height, size_t width)
{
    resnet(b, height, width, &(const struct depth){true, {3, 4, 23, 3}});
}

void tmk_net_resnet152(struct tmk_builder *b, size_t height, size_t width)
{
    resnet(b, height, width, &(const struct depth){true, {3, 8, 36, 3}});
}
