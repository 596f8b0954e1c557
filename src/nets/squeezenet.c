/* SqueezeNet: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and
 * <0.5MB model size", 2016. */
#include "builder.h"

/* Figure 1: a 1x1 that squeezes, then 1x1 and 3x3 side by side, `expand` channels each. */
static int fire(struct tmk_builder *b, int x, int number, size_t squeeze, size_t expand)
{
    tmk_module_begin(b, '/', "fire%d", number);
    x = conv_relu(b, "squeeze1x1", x, squeeze, 1, 1, 0);
    int y1 = conv_relu(b, "expand1x1", x, expand, 1, 1, 0);
    int y3 = conv_relu(b, "expand3x3", x, expand, 3, 1, 1);
    x = concat(b, "concat", 2, (const int[]){y1, y3});
    tmk_module_end(b);
    return x;
}

/* The fire modules 2 to 9, pooled by 3/2 before those that `pools` names, and the classifier. */
static void squeezenet(struct tmk_builder *b, int x, const bool pools[10])
{
    static const struct {
        size_t squeeze, expand;
    } widths[10] = {[2] = {16, 64},  [3] = {16, 64},  [4] = {32, 128}, [5] = {32, 128},
                    [6] = {48, 192}, [7] = {48, 192}, [8] = {64, 256}, [9] = {64, 256}};
    char name[16];
    for (int i = 2; i <= 9; i++) {
        if (pools[i]) {
            snprintf(name, sizeof name, "pool%d", i - 1);
            x = pool(b, name, x, TMK_LAYER_MAXPOOL, 3, 2, 0, true);
        }
        x = fire(b, x, i, widths[i].squeeze, widths[i].expand);
    }
    x = conv_relu(b, "conv10", dropout(b, x, 0.5), 1000, 1, 1, 0);
    flatten(b, adaptivepool(b, "pool10", x, 1, 1));
}

/* Table 1. */
void tmk_net_squeezenet1_0(struct tmk_builder *b, size_t height, size_t width)
{
    int x = conv_relu(b, "conv1", input(b, 3, height, width), 96, 7, 2, 0);
    squeezenet(b, x, (const bool[10]){[2] = true, [5] = true, [9] = true});
}

/* The authors' release 1.1: a smaller first layer, and pools earlier. */
void tmk_net_squeezenet1_1(struct tmk_builder *b, size_t height, size_t width)
{
    int x = conv_relu(b, "conv1", input(b, 3, height, width), 64, 3, 2, 0);
    squeezenet(b, x, (const bool[10]){[2] = true, [4] = true, [6] = true});
}
