/* Inception v3: Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR
 * 2016, with layers and names of the published model. */
#include "builder.h"

/* A convolution, batch norm and ReLU; stride 1, and padding that keeps the size. */
static int same(struct tmk_builder *b, const char *name, int x, size_t oc, size_t kh, size_t kw)
{
    struct tmk_layer layer = {TMK_LAYER_CONV, .ninputs = 1, .input = {x}, .oc = oc,
                              .kh = kh,       .kw = kw,     .ph = kh / 2, .pw = kw / 2};
    return relu(b, batchnorm(b, tmk_build(b, name, layer)));
}

/* Stride 2 without padding. */
static int halve(struct tmk_builder *b, const char *name, int x, size_t oc)
{
    return conv_bn_relu(b, name, x, oc, 3, 2, 0);
}

static int pool_branch(struct tmk_builder *b, int x, size_t oc)
{
    x = pool(b, "pool", x, TMK_LAYER_AVGPOOL, 3, 1, 1, false);
    return same(b, "branch_pool", x, oc, 1, 1);
}

/* Figure 5, where one 5x5 is left whole; `channels` of the pool's branch. */
static int module_a(struct tmk_builder *b, int x, size_t channels)
{
    int y1 = same(b, "branch1x1", x, 64, 1, 1);
    int y5 = same(b, "branch5x5_2", same(b, "branch5x5_1", x, 48, 1, 1), 64, 5, 5);
    int y3 = same(b, "branch3x3dbl_1", x, 64, 1, 1);
    y3 = same(b, "branch3x3dbl_2", y3, 96, 3, 3);
    y3 = same(b, "branch3x3dbl_3", y3, 96, 3, 3);
    return concat(b, "output", 4, (const int[]){y1, y5, y3, pool_branch(b, x, channels)});
}

/* Figure 10, 35x35 to 17x17; `channels` of the single 3x3. */
static int module_b(struct tmk_builder *b, int x, size_t channels)
{
    int y3 = halve(b, "branch3x3", x, channels);
    int yd = same(b, "branch3x3dbl_1", x, 64, 1, 1);
    yd = same(b, "branch3x3dbl_2", yd, 96, 3, 3);
    yd = halve(b, "branch3x3dbl_3", yd, 96);
    return concat(b, "output", 3, (const int[]){y3, yd, maxpool(b, "pool", x, 3, 2, 0)});
}

/* Figure 6, 7x7 as 1x7 and 7x1; `channels` inside these branches. */
static int module_c(struct tmk_builder *b, int x, size_t channels)
{
    int y1 = same(b, "branch1x1", x, 192, 1, 1);
    int y7 = same(b, "branch7x7_1", x, channels, 1, 1);
    y7 = same(b, "branch7x7_2", y7, channels, 1, 7);
    y7 = same(b, "branch7x7_3", y7, 192, 7, 1);
    int yd = same(b, "branch7x7dbl_1", x, channels, 1, 1);
    yd = same(b, "branch7x7dbl_2", yd, channels, 7, 1);
    yd = same(b, "branch7x7dbl_3", yd, channels, 1, 7);
    yd = same(b, "branch7x7dbl_4", yd, channels, 7, 1);
    yd = same(b, "branch7x7dbl_5", yd, 192, 1, 7);
    return concat(b, "output", 4, (const int[]){y1, y7, yd, pool_branch(b, x, 192)});
}

/* 17x17 to 8x8; `channels` of the 3x3's branch */
static int module_d(struct tmk_builder *b, int x, size_t channels)
{
    int y3 = halve(b, "branch3x3_2", same(b, "branch3x3_1", x, 192, 1, 1), channels);
    int y7 = same(b, "branch7x7x3_1", x, 192, 1, 1);
    y7 = same(b, "branch7x7x3_2", y7, 192, 1, 7);
    y7 = same(b, "branch7x7x3_3", y7, 192, 7, 1);
    y7 = halve(b, "branch7x7x3_4", y7, 192);
    return concat(b, "output", 3, (const int[]){y3, y7, maxpool(b, "pool", x, 3, 2, 0)});
}

/* Figure 7, 3x3 as 1x3 beside 3x1; `channels` of the 1x1's branch. */
static int module_e(struct tmk_builder *b, int x, size_t channels)
{
    int y1 = same(b, "branch1x1", x, channels, 1, 1);
    int y3 = same(b, "branch3x3_1", x, 384, 1, 1);
    int y3a = same(b, "branch3x3_2a", y3, 384, 1, 3), y3b = same(b, "branch3x3_2b", y3, 384, 3, 1);
    int yd = same(b, "branch3x3dbl_2", same(b, "branch3x3dbl_1", x, 448, 1, 1), 384, 3, 3);
    int yda = same(b, "branch3x3dbl_3a", yd, 384, 1, 3);
    int ydb = same(b, "branch3x3dbl_3b", yd, 384, 3, 1);
    return concat(b, "output", 6, (const int[]){y1, y3a, y3b, yda, ydb, pool_branch(b, x, 192)});
}

/* Figure 8; used in training only. */
static void auxiliary_classifier(struct tmk_builder *b, int x)
{
    tmk_module_begin(b, '/', "AuxLogits");
    b->auxiliary = true;
    x = pool(b, "pool", x, TMK_LAYER_AVGPOOL, 5, 3, 0, false);
    x = same(b, "conv0", x, 128, 1, 1);
    x = conv_bn_relu(b, "conv1", x, 768, 5, 1, 0);
    linear(b, "fc", flatten(b, adaptivepool(b, "avgpool", x, 1, 1)), 1000);
    b->auxiliary = false;
    tmk_module_end(b);
}

static int stem(struct tmk_builder *b, int x)
{
    x = halve(b, "Conv2d_1a_3x3", x, 32);
    x = conv_bn_relu(b, "Conv2d_2a_3x3", x, 32, 3, 1, 0);
    x = same(b, "Conv2d_2b_3x3", x, 64, 3, 3);
    x = maxpool(b, "maxpool1", x, 3, 2, 0);
    x = same(b, "Conv2d_3b_1x1", x, 80, 1, 1);
    x = conv_bn_relu(b, "Conv2d_4a_3x3", x, 192, 3, 1, 0);
    return maxpool(b, "maxpool2", x, 3, 2, 0);
}

typedef int module(struct tmk_builder *b, int x, size_t channels);

/* Table 1. */
void tmk_net_inception_v3(struct tmk_builder *b, size_t height, size_t width)
{
    static const struct {
        const char *name;
        module *build;
        size_t channels;
    } modules[] = {{"5b", module_a, 32},  {"5c", module_a, 64},  {"5d", module_a, 64},
                   {"6a", module_b, 384}, {"6b", module_c, 128}, {"6c", module_c, 160},
                   {"6d", module_c, 160}, {"6e", module_c, 192}, {"7a", module_d, 320},
                   {"7b", module_e, 320}, {"7c", module_e, 320}};
    int x = stem(b, input(b, 3, height, width));
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        if (modules[i].build == module_d)
            auxiliary_classifier(b, x);
        tmk_module_begin(b, '/', "Mixed_%s", modules[i].name);
        x = modules[i].build(b, x, modules[i].channels);
        tmk_module_end(b);
    }
    x = flatten(b, adaptivepool(b, "avgpool", x, 1, 1));
    linear(b, "fc", dropout(b, x, 0.5), 1000);
}
