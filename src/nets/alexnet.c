/* AlexNet: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks",
 * NIPS 2012; Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
 */
#include "builder.h"

/* The three linear layers that each of them ends with. */
static void classifier(struct tmk_builder *b, int x)
{
    x = dropout(b, relu(b, linear(b, "fc6", x, 4096)), 0.5);
    x = dropout(b, relu(b, linear(b, "fc7", x, 4096)), 0.5);
    linear(b, "fc8", x, 1000);
}

/* The single tower of 2014, footnote 1, as torchvision has it. */
void tmk_net_alexnet(struct tmk_builder *b, size_t height, size_t width)
{
    int x = input(b, 3, height, width);
    x = maxpool(b, "pool1", conv_relu(b, "conv1", x, 64, 11, 4, 2), 3, 2, 0);
    x = maxpool(b, "pool2", conv_relu(b, "conv2", x, 192, 5, 1, 2), 3, 2, 0);
    x = conv_relu(b, "conv3", x, 384, 3, 1, 1);
    x = conv_relu(b, "conv4", x, 256, 3, 1, 1);
    x = conv_relu(b, "conv5", x, 256, 3, 1, 1);
    x = adaptivepool(b, "avgpool", maxpool(b, "pool5", x, 3, 2, 0), 6, 6);
    classifier(b, dropout(b, flatten(b, x), 0.5));
}

/* The original, figure 2: two groups where the paper splits channels over two GPUs, local response
 * normalisation, and 227x227 so that its stated 55x55 comes out. */
void tmk_net_alexnet_2012(struct tmk_builder *b, size_t height, size_t width)
{
    int x = input(b, 3, height, width);
    x = conv_relu(b, "conv1", x, 96, 11, 4, 0);
    x = maxpool(b, "pool1", then(b, "norm1", x, TMK_LAYER_LRN), 3, 2, 0);
    x = relu(b, conv_general(b, "conv2", x, 256, 5, 1, 2, 2, true));
    x = maxpool(b, "pool2", then(b, "norm2", x, TMK_LAYER_LRN), 3, 2, 0);
    x = conv_relu(b, "conv3", x, 384, 3, 1, 1);
    x = relu(b, conv_general(b, "conv4", x, 384, 3, 1, 1, 2, true));
    x = relu(b, conv_general(b, "conv5", x, 256, 3, 1, 1, 2, true));
    classifier(b, flatten(b, maxpool(b, "pool5", x, 3, 2, 0)));
}

/* A small relative for 28x28 digits, large enough to memorise random labels (the experiment of
 * Zhang et al., "Understanding deep learning requires rethinking generalization", ICLR 2017). */
void tmk_net_alexnet_mnist(struct tmk_builder *b, size_t height, size_t width)
{
    int x = input(b, 1, height, width);
    x = conv_relu(b, "conv1", x, 96, 4, 1, 0);
    x = conv_relu(b, "conv2", x, 96, 3, 1, 0);
    x = maxpool(b, "pool3", conv_relu(b, "conv3", x, 256, 5, 1, 2), 3, 2, 0);
    x = conv_relu(b, "conv4", x, 384, 3, 1, 1);
    x = conv_relu(b, "conv5", x, 384, 3, 1, 1);
    x = maxpool(b, "pool6", conv_relu(b, "conv6", x, 256, 3, 1, 1), 3, 2, 0);
    x = relu(b, linear(b, "fc7", dropout(b, flatten(b, x), 0.5), 800));
    linear(b, "fc8", x, 10);
}
