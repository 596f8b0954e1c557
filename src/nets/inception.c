/* Inception: Szegedy et al., "Going deeper with convolutions", CVPR 2015. */
#include "builder.h"

/* Output channels of one module's branches: a row of the paper's table 1. */
struct widths {
    const char *name;
    size_t c1x1, reduce3x3, c3x3, reduce5x5, c5x5, pool_proj;
};

/* Figure 2b: 1x1 reductions before 3x3 and 5x5, and a 1x1 projection after the pool. */
static int module(struct tmk_builder *b, int x, const struct widths *w)
{
    int y1 = conv_relu(b, "1x1", x, w->c1x1, 1, 1, 0);
    int y3 = conv_relu(b, "3x3_reduce", x, w->reduce3x3, 1, 1, 0);
    y3 = conv_relu(b, "3x3", y3, w->c3x3, 3, 1, 1);
    int y5 = conv_relu(b, "5x5_reduce", x, w->reduce5x5, 1, 1, 0);
    y5 = conv_relu(b, "5x5", y5, w->c5x5, 5, 1, 2);
    int yp = maxpool(b, "pool", x, 3, 1, 1);
    yp = conv_relu(b, "pool_proj", yp, w->pool_proj, 1, 1, 0);
    return concat4(b, "output", y1, y3, y5, yp);
}

/* Figure 2a; the pooled input passes through. */
void tmk_net_inception_naive(struct tmk_builder *b, size_t height, size_t width)
{
    int x = input(b, 256, height, width);
    int y1 = conv_relu(b, "1x1", x, 128, 1, 1, 0);
    int y3 = conv_relu(b, "3x3", x, 192, 3, 1, 1);
    int y5 = conv_relu(b, "5x5", x, 96, 5, 1, 2);
    concat4(b, "output", y1, y3, y5, maxpool(b, "pool", x, 3, 1, 1));
}

void tmk_net_inception_bottleneck(struct tmk_builder *b, size_t height, size_t width)
{
    static const struct widths widths = {"", 128, 64, 192, 64, 96, 64};
    module(b, input(b, 256, height, width), &widths);
}

static int modules(struct tmk_builder *b, int x, const struct widths *widths, int count)
{
    for (int i = 0; i < count; i++) {
        tmk_module_begin(b, '/', "inception_%s", widths[i].name);
        x = module(b, x, &widths[i]);
        tmk_module_end(b);
    }
    return x;
}

/* Pools by 3/2 halve the size by rounding up: 112 -> 56 -> 28 -> 14 -> 7. */
static int halve(struct tmk_builder *b, const char *name, int x)
{
    return pool(b, name, x, TMK_LAYER_MAXPOOL, 3, 2, 0, true);
}

/* Table 1 with the names of the published model, the two auxiliary classifiers left out. */
void tmk_net_googlenet(struct tmk_builder *b, size_t height, size_t width)
{
    static const struct widths stage3[] = {{"3a", 64, 96, 128, 16, 32, 32},
                                           {"3b", 128, 128, 192, 32, 96, 64}};
    static const struct widths stage4[] = {{"4a", 192, 96, 208, 16, 48, 64},
                                           {"4b", 160, 112, 224, 24, 64, 64},
                                           {"4c", 128, 128, 256, 24, 64, 64},
                                           {"4d", 112, 144, 288, 32, 64, 64},
                                           {"4e", 256, 160, 320, 32, 128, 128}};
    static const struct widths stage5[] = {{"5a", 256, 160, 320, 32, 128, 128},
                                           {"5b", 384, 192, 384, 48, 128, 128}};
    int x = input(b, 3, height, width);
    tmk_module_begin(b, '/', "conv1");
    x = conv_relu(b, "7x7_s2", x, 64, 7, 2, 3);
    tmk_module_end(b);
    x = then(b, "pool1/norm1", halve(b, "pool1/3x3_s2", x), TMK_LAYER_LRN);
    tmk_module_begin(b, '/', "conv2");
    x = conv_relu(b, "3x3_reduce", x, 64, 1, 1, 0);
    x = conv_relu(b, "3x3", x, 192, 3, 1, 1);
    tmk_module_end(b);
    x = halve(b, "pool2/3x3_s2", then(b, "conv2/norm2", x, TMK_LAYER_LRN));
    x = halve(b, "pool3/3x3_s2", modules(b, x, stage3, 2));
    x = halve(b, "pool4/3x3_s2", modules(b, x, stage4, 5));
    x = adaptivepool(b, "pool5", modules(b, x, stage5, 2), 1, 1);
    linear(b, "classifier", dropout(b, flatten(b, x), 0.4), 1000);
}
