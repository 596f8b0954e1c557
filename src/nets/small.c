/* Networks small enough to train in seconds: what `tilemark train` learns with, on images of one
 * channel as MNIST has them, in ten classes. */
#include "builder.h"

#include <stdio.h>

#define CLASSES 10

/* Nielsen, "Neural Networks and Deep Learning", 2015, chapter 1, with ReLU in place of sigmoids. */
void tmk_net_mlp_relu(struct tmk_builder *b, size_t height, size_t width)
{
    int x = flatten(b, input(b, 1, height, width));
    x = relu(b, linear(b, "fc1", x, 100));
    linear(b, "fc2", x, CLASSES);
}

/* The same, chapter 5: four hidden layers of 30 sigmoids. Each multiplies the gradient by at most
 * 1/4 on its way back, so that the first ones hardly learn (Glorot & Bengio, "Understanding the
 * difficulty of training deep feedforward neural networks", AISTATS 2010). */
void tmk_net_mlp_sigmoid(struct tmk_builder *b, size_t height, size_t width)
{
    char name[32];
    int x = flatten(b, input(b, 1, height, width));
    for (int layer = 1; layer <= 4; layer++) {
        snprintf(name, sizeof name, "fc%d", layer);
        x = then(b, NULL, linear(b, name, x, 30), TMK_LAYER_SIGMOID);
    }
    linear(b, "fc5", x, CLASSES);
}

/* He et al. 2016, section 4.2, with one block a stage and a projection where the size changes. */
void tmk_net_resnet_mini(struct tmk_builder *b, size_t height, size_t width)
{
    int x = conv_bn_relu(b, "conv1", input(b, 1, height, width), 16, 3, 1, 1);
    for (int stage = 0; stage < 3; stage++) {
        size_t channels = (size_t)16 << stage, stride = stage > 0 ? 2 : 1;
        tmk_module_begin(b, '_', "res%d", stage + 2);
        int y = conv_bn_relu(b, "conv1", x, channels, 3, stride, 1);
        y = conv_bn(b, "conv2", y, channels, 3, 1, 1);
        int shortcut = stage > 0 ? conv_bn(b, "shortcut", x, channels, 1, stride, 0) : x;
        x = relu(b, add(b, "sum", y, shortcut));
        tmk_module_end(b);
    }
    linear(b, "fc", flatten(b, adaptivepool(b, "pool", x, 1, 1)), CLASSES);
}
