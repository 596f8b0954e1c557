/* VGG: Simonyan & Zisserman, "Very deep convolutional networks", ICLR 2015, table 1. */
#include "builder.h"

#include <stdio.h>

/* depth[i] convolutions of 3x3 in stage i + 1, each stage ended by a pool. The classifier sees 7x7
 * whatever the image's size, as in torchvision; at 224x224 that pool does nothing. */
static void vgg(struct tmk_builder *b, size_t height, size_t width, const int depth[5])
{
    static const size_t channels[] = {64, 128, 256, 512, 512};
    char name[32];
    int x = input(b, 3, height, width);
    for (int stage = 0; stage < 5; stage++) {
        for (int i = 0; i < depth[stage]; i++) {
            snprintf(name, sizeof name, "conv%d_%d", stage + 1, i + 1);
            x = conv_relu(b, name, x, channels[stage], 3, 1, 1);
        }
        snprintf(name, sizeof name, "pool%d", stage + 1);
        x = maxpool(b, name, x, 2, 2, 0);
    }
    x = flatten(b, adaptivepool(b, "avgpool", x, 7, 7));
    x = dropout(b, relu(b, linear(b, "fc6", x, 4096)), 0.5);
    x = dropout(b, relu(b, linear(b, "fc7", x, 4096)), 0.5);
    linear(b, "fc8", x, 1000);
}

/* Columns A, B, D, E. */
void tmk_net_vgg11(struct tmk_builder *b, size_t height, size_t width)
{
    vgg(b, height, width, (const int[]){1, 1, 2, 2, 2});
}

void tmk_net_vgg13(struct tmk_builder *b, size_t height, size_t width)
{
    vgg(b, height, width, (const int[]){2, 2, 2, 2, 2});
}

void tmk_net_vgg16(struct tmk_builder *b, size_t height, size_t width)
{
    vgg(b, height, width, (const int[]){2, 2, 3, 3, 3});
}

void tmk_net_vgg19(struct tmk_builder *b, size_t height, size_t width)
{
    vgg(b, height, width, (const int[]){2, 2, 4, 4, 4});
}
