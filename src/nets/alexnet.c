/* AlexNet: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks",
 * NIPS 2012, figure 2. */
#include "builder.h"

/* The original: two groups where the paper splits channels over two GPUs, local response
 * normalisation, and 227x227 so that its stated 55x55 comes out. */
void tmk_net_alexnet(struct tmk_builder *b, size_t height, size_t width)
{
    int x = input(b, 3, height, width);
    x = conv_relu(b, "conv1", x, 96, 11, 4, 0);
    x = maxpool(b, "pool1", then(b, "norm1", x, TMK_LAYER_LRN), 3, 2, 0);
    x = relu(b, conv_general(b, "conv2", x, 256, 5, 1, 2, 2, true));
    x = maxpool(b, "pool2", then(b, "norm2", x, TMK_LAYER_LRN), 3, 2, 0);
    x = conv_relu(b, "conv3", x, 384, 3, 1, 1);
    x = relu(b, conv_general(b, "conv4", x, 384, 3, 1, 1, 2, true));
    x = relu(b, conv_general(b, "conv5", x, 256, 3, 1, 1, 2, true));
    x = flatten(b, maxpool(b, "pool5", x, 3, 2, 0));
    x = dropout(b, relu(b, linear(b, "fc6", x, 4096)), 0.5);
    x = dropout(b, relu(b, linear(b, "fc7", x, 4096)), 0.5);
    linear(b, "fc8", x, 1000);
}
