/* Inception: Szegedy et al., "Going deeper with convolutions", CVPR 2015. */
#include "inception_module.h"
#include "builder.h"

/* Output channels of one module's branches: a row of the paper's table 1. */
struct widths {
    const char *name;
    size_t c1x1, reduce3x3, c3x3, reduce5x5, c5x5, pool_proj;
};

/* What torchvision's model does otherwise than the paper. */
struct variant {
    bool batchnorm; /* after each convolution, in place of its bias */
    size_t large;   /* kernel of the third branch: 5, or 3 by an old mistake that stayed */
    const char *reduce, *name; /* of that branch */
};

static const struct variant paper = {false, 5, "5x5_reduce", "5x5"};
static const struct variant torchvision = {true, 3, "3x3b_reduce", "3x3b"};

/* stride 1, and padding that keeps the size */
static int unit(struct tmk_builder *b, const char *name, int x, size_t oc, size_t k,
                const struct variant *v)
{
    return v->batchnorm ? conv_bn_relu(b, name, x, oc, k, 1, k / 2)
                        : conv_relu(b, name, x, oc, k, 1, k / 2);
}

/* Figure 2b: 1x1 reductions before 3x3 and 5x5, and a 1x1 projection after the pool. */
static int module(struct tmk_builder *b, int x, const struct widths *w, const struct variant *v)
{
    int y1 = unit(b, "1x1", x, w->c1x1, 1, v);
    int y3 = unit(b, "3x3", unit(b, "3x3_reduce", x, w->reduce3x3, 1, v), w->c3x3, 3, v);
    int y5 = unit(b, v->reduce, x, w->reduce5x5, 1, v);
    y5 = unit(b, v->name, y5, w->c5x5, v->large, v);
    int yp = unit(b, "pool_proj", maxpool(b, "pool", x, 3, 1, 1), w->pool_proj, 1, v);
    return concat(b, "output", 4, (const int[]){y1, y3, y5, yp});
}

const struct tmk_inception tmk_inception_example = {.channels = 256,
                                                    .height = 32,
                                                    .width = 32,
                                                    .c1x1 = 128,
                                                    .c3x3 = 192,
                                                    .c5x5 = 96,
                                                    .reduce3x3 = 64,
                                                    .reduce5x5 = 64,
                                                    .pool_proj = 64};

static int module_input(struct tmk_builder *b, const struct tmk_inception *m)
{
    return input(b, m->channels, m->height, m->width);
}

static void build_naive(struct tmk_builder *b, const struct tmk_inception *m)
{
    int x = module_input(b, m);
    int y1 = conv_relu(b, "1x1", x, m->c1x1, 1, 1, 0);
    int y3 = conv_relu(b, "3x3", x, m->c3x3, 3, 1, 1);
    int y5 = conv_relu(b, "5x5", x, m->c5x5, 5, 1, 2);
    int yp = maxpool(b, "pool", x, 3, 1, 1);
    concat(b, "output", 4, (const int[]){y1, y3, y5, yp});
}

static void build_bottleneck(struct tmk_builder *b, const struct tmk_inception *m)
{
    const struct widths widths = {"",           m->c1x1, m->reduce3x3, m->c3x3,
                                  m->reduce5x5, m->c5x5, m->pool_proj};
    module(b, module_input(b, m), &widths, &paper);
}

static struct tmk_inception example_of_size(size_t height, size_t width)
{
    struct tmk_inception sized = tmk_inception_example;
    sized.height = height;
    sized.width = width;
    return sized;
}

void tmk_net_inception_naive(struct tmk_builder *b, size_t height, size_t width)
{
    const struct tmk_inception sized = example_of_size(height, width);
    build_naive(b, &sized);
}

void tmk_net_inception_bottleneck(struct tmk_builder *b, size_t height, size_t width)
{
    const struct tmk_inception sized = example_of_size(height, width);
    build_bottleneck(b, &sized);
}

enum tmk_status tmk_net_inception(const struct tmk_inception *m, bool naive, struct tmk_net *out)
{
    const size_t sizes[] = {m->channels, m->height,    m->width,     m->c1x1,     m->c3x3,
                            m->c5x5,     m->reduce3x3, m->reduce5x5, m->pool_proj};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!sizes[i])
            return tmk_fail(TMK_EINVAL,
                            "an Inception module with a size of 0: give channels, image "
                            "and branches of 1 or more");
    *out = (struct tmk_net){.name = naive ? "inception-naive" : "inception-bottleneck",
                            .source = naive ? "Szegedy et al. 2015, figure 2a"
                                            : "Szegedy et al. 2015, figure 2b"};
    struct tmk_builder builder = {.net = out, .module = -1};
    (naive ? build_naive : build_bottleneck)(&builder, m);
    if (builder.status != TMK_OK)
        tmk_net_free(out);
    return builder.status;
}

bool tmk_net_find_inception(const struct tmk_net *net, int m, struct tmk_inception *out)
{
    size_t *const widths[] = {&out->c1x1,      &out->reduce3x3, &out->c3x3,
                              &out->reduce5x5, &out->c5x5,      &out->pool_proj};
    static const char *const names[] = {"1x1",        "3x3_reduce", "3x3",
                                        "5x5_reduce", "5x5",        "pool_proj"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[2 * TMK_LAYER_NAME_MAX];
        snprintf(name, sizeof name, "%s/%s", net->modules[m], names[i]);
        const struct tmk_layer *l = tmk_net_layer(net, name);
        if (!l)
            return false;
        *widths[i] = l->oc;
        if (i == 0) {
            out->channels = l->ic;
            out->height = l->ih;
            out->width = l->iw;
        }
    }
    return true;
}

static int modules(struct tmk_builder *b, int x, const struct widths *widths, int count,
                   const struct variant *v)
{
    for (int i = 0; i < count; i++) {
        tmk_module_begin(b, '/', "inception_%s", widths[i].name);
        x = module(b, x, &widths[i], v);
        tmk_module_end(b);
    }
    return x;
}

/* Pools by 3/2 halve the size by rounding up: 112 -> 56 -> 28 -> 14 -> 7. */
static int halve(struct tmk_builder *b, const char *name, int x, size_t k)
{
    return pool(b, name, x, TMK_LAYER_MAXPOOL, k, 2, 0, true);
}

/* Table 1's rows 3a to 5b, and the average after them. `pool4`: kernel of the last pool. */
static int body(struct tmk_builder *b, int x, size_t pool4, const struct variant *v)
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
    x = halve(b, "pool3/3x3_s2", modules(b, x, stage3, 2, v), 3);
    char name[16];
    snprintf(name, sizeof name, "pool4/%zux%zu_s2", pool4, pool4);
    x = halve(b, name, modules(b, x, stage4, 5, v), pool4);
    return flatten(b, adaptivepool(b, "pool5", modules(b, x, stage5, 2, v), 1, 1));
}

/* Table 1 with the names of the published model, the two auxiliary classifiers left out. */
void tmk_net_googlenet(struct tmk_builder *b, size_t height, size_t width)
{
    int x = input(b, 3, height, width);
    tmk_module_begin(b, '/', "conv1");
    x = conv_relu(b, "7x7_s2", x, 64, 7, 2, 3);
    tmk_module_end(b);
    x = then(b, "pool1/norm1", halve(b, "pool1/3x3_s2", x, 3), TMK_LAYER_LRN);
    tmk_module_begin(b, '/', "conv2");
    x = unit(b, "3x3_reduce", x, 64, 1, &paper);
    x = unit(b, "3x3", x, 192, 3, &paper);
    tmk_module_end(b);
    x = halve(b, "pool2/3x3_s2", then(b, "conv2/norm2", x, TMK_LAYER_LRN), 3);
    linear(b, "classifier", dropout(b, body(b, x, 3, &paper), 0.4), 1000);
}

/* torchvision's, as it is without auxiliary classifiers. */
void tmk_net_googlenet_torchvision(struct tmk_builder *b, size_t height, size_t width)
{
    int x = input(b, 3, height, width);
    tmk_module_begin(b, '/', "conv1");
    x = conv_bn_relu(b, "7x7_s2", x, 64, 7, 2, 3);
    tmk_module_end(b);
    x = halve(b, "pool1/3x3_s2", x, 3);
    tmk_module_begin(b, '/', "conv2");
    x = unit(b, "3x3_reduce", x, 64, 1, &torchvision);
    x = unit(b, "3x3", x, 192, 3, &torchvision);
    tmk_module_end(b);
    x = halve(b, "pool2/3x3_s2", x, 3);
    linear(b, "classifier", dropout(b, body(b, x, 2, &torchvision), 0.2), 1000);
}
