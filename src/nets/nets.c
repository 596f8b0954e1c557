/* The table of networks, and what can be asked of one. */
#include "builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tmk_layer_kind_name[TMK_NLAYERS] = {
    [TMK_LAYER_INPUT] = "input",
    [TMK_LAYER_CONV] = "conv",
    [TMK_LAYER_LINEAR] = "linear",
    [TMK_LAYER_MATMUL] = "matmul",
    [TMK_LAYER_EMBEDDING] = "embedding",
    [TMK_LAYER_MAXPOOL] = "maxpool",
    [TMK_LAYER_AVGPOOL] = "avgpool",
    [TMK_LAYER_ADAPTIVEPOOL] = "adaptivepool",
    [TMK_LAYER_BATCHNORM] = "batchnorm",
    [TMK_LAYER_LAYERNORM] = "layernorm",
    [TMK_LAYER_LRN] = "lrn",
    [TMK_LAYER_RELU] = "relu",
    [TMK_LAYER_SIGMOID] = "sigmoid",
    [TMK_LAYER_GELU] = "gelu",
    [TMK_LAYER_SOFTMAX] = "softmax",
    [TMK_LAYER_DROPOUT] = "dropout",
    [TMK_LAYER_ADD] = "add",
    [TMK_LAYER_CONCAT] = "concat",
    [TMK_LAYER_FLATTEN] = "flatten",
};

const struct tmk_net_entry tmk_nets[] = {
    {"inception-naive", "one Inception module, 256x32x32, branches without reductions",
     "Szegedy et al. 2015, figure 2a", "inception", 32, 32, tmk_net_inception_naive},
    {"inception-bottleneck", "the same module with 1x1 reductions before 3x3 and 5x5",
     "Szegedy et al. 2015, figure 2b", "inception", 32, 32, tmk_net_inception_bottleneck},
    {"googlenet", "GoogLeNet, nine Inception modules, without the auxiliary classifiers",
     "Szegedy et al. 2015, table 1", NULL, 224, 224, tmk_net_googlenet},
    {"googlenet-torchvision", "GoogLeNet with batch norm, and 3x3 where the paper has 5x5",
     "Szegedy et al. 2015; torchvision", NULL, 224, 224, tmk_net_googlenet_torchvision},
    {"inception_v3", "Inception v3, 7x7 as 1x7 and 7x1; one auxiliary classifier",
     "Szegedy et al. 2016; torchvision", NULL, 299, 299, tmk_net_inception_v3},
    {"resnet18", "ResNet-18, two 3x3 a block", "He et al. 2016, table 1", NULL, 224, 224,
     tmk_net_resnet18},
    {"resnet34", "ResNet-34, two 3x3 a block", "He et al. 2016, table 1", NULL, 224, 224,
     tmk_net_resnet34},
    {"resnet50", "ResNet-50 v1.5 (a block strides in its 3x3)",
     "He et al. 2016, table 1; stride as in torchvision", NULL, 224, 224, tmk_net_resnet50},
    {"resnet101", "ResNet-101 v1.5", "He et al. 2016, table 1; stride as in torchvision", NULL, 224,
     224, tmk_net_resnet101},
    {"resnet152", "ResNet-152 v1.5", "He et al. 2016, table 1; stride as in torchvision", NULL, 224,
     224, tmk_net_resnet152},
    {"vgg11", "VGG-11, all 3x3", "Simonyan & Zisserman 2015, table 1, column A", NULL, 224, 224,
     tmk_net_vgg11},
    {"vgg13", "VGG-13, all 3x3", "Simonyan & Zisserman 2015, table 1, column B", NULL, 224, 224,
     tmk_net_vgg13},
    {"vgg16", "VGG-16, all 3x3", "Simonyan & Zisserman 2015, table 1, column D", NULL, 224, 224,
     tmk_net_vgg16},
    {"vgg19", "VGG-19, all 3x3", "Simonyan & Zisserman 2015, table 1, column E", NULL, 224, 224,
     tmk_net_vgg19},
    {"alexnet", "AlexNet, the single tower of 2014", "Krizhevsky 2014, footnote 1; torchvision",
     NULL, 224, 224, tmk_net_alexnet},
    {"alexnet-2012", "AlexNet, the original with two groups, 227x227",
     "Krizhevsky et al. 2012, figure 2", NULL, 227, 227, tmk_net_alexnet_2012},
    {"alexnet-mnist", "a small AlexNet for 28x28 digits, ten classes",
     "after Krizhevsky et al. 2012", NULL, 28, 28, tmk_net_alexnet_mnist},
    {"squeezenet1_0", "SqueezeNet 1.0: fire modules, no linear layer",
     "Iandola et al. 2016, table 1", NULL, 224, 224, tmk_net_squeezenet1_0},
    {"squeezenet1_1", "SqueezeNet 1.1: smaller first layer, earlier pools",
     "Iandola et al. 2016, the authors' release 1.1", NULL, 224, 224, tmk_net_squeezenet1_1},
    {"mobilenet_v1", "MobileNet v1, width 1: depthwise and pointwise",
     "Howard et al. 2017, table 1", NULL, 224, 224, tmk_net_mobilenet_v1},
    {"mobilenet_v2", "MobileNet v2, width 1: inverted residuals", "Sandler et al. 2018, table 2",
     NULL, 224, 224, tmk_net_mobilenet_v2},
    {"densenet121", "DenseNet-121, growth rate 32", "Huang et al. 2017, table 1", NULL, 224, 224,
     tmk_net_densenet121},
    {"bert", "BERT base encoder, 128 tokens", "Devlin et al. 2019, section 3", NULL, 128, 1,
     tmk_net_bert},
    {"mlp-relu", "784-100-10 with ReLU, for 28x28 images",
     "Nielsen 2015, chapter 1 (with sigmoids there)", NULL, 28, 28, tmk_net_mlp_relu},
    {"mlp-sigmoid", "784-30-30-30-30-10 with sigmoids", "Nielsen 2015, chapter 5", NULL, 28, 28,
     tmk_net_mlp_sigmoid},
    {"resnet-mini", "three residual blocks, for 28x28 images", "He et al. 2016, section 4.2", NULL,
     28, 28, tmk_net_resnet_mini},
    {.name = NULL},
};

static enum tmk_status fail_unknown(const char *name)
{
    char names[512] = "";
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", entry->name);
    }
    return tmk_fail(TMK_EINVAL, "network %s is unknown: choose one of %s", name, names);
}

enum tmk_status tmk_net_make(const char *name, size_t height, size_t width, struct tmk_net *out)
{
    const struct tmk_net_entry *entry = tmk_nets;
    while (entry->name && strcmp(entry->name, name) != 0)
        entry++;
    if (!entry->name)
        return fail_unknown(name);
    *out = (struct tmk_net){.name = entry->name, .source = entry->source};
    struct tmk_builder builder = {.net = out, .module = -1};
    entry->build(&builder, height ? height : entry->height, width ? width : entry->width);
    if (builder.status != TMK_OK)
        tmk_net_free(out);
    return builder.status;
}

const struct tmk_published *tmk_net_published(const char *net)
{
    static const struct tmk_published table[] = {
        {"alexnet", 61100840, false, "0.714"},
        {"vgg11", 132863336, false, "7.61"},
        {"vgg13", 133047848, false, "11.31"},
        {"vgg16", 138357544, false, "15.47"},
        {"vgg19", 143667240, false, "19.63"},
        {"resnet18", 11689512, false, "1.814"},
        {"resnet34", 21797672, false, "3.66"},
        {"resnet50", 25557032, false, "4.089"},
        {"resnet101", 44549160, false, "7.80"},
        {"resnet152", 60192808, false, "11.51"},
        {"squeezenet1_0", 1248424, false, "0.82"},
        {"squeezenet1_1", 1235496, false, "0.35"},
        {"mobilenet_v2", 3504872, false, "0.30"},
        {"densenet121", 7978856, false, "2.83"},
        {"googlenet-torchvision", 6624904, false, "1.498"},
        {"inception_v3", 27161264, true, "5.71"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].net, net) == 0)
            return &table[i];
    }
    return NULL;
}

void tmk_net_free(struct tmk_net *net)
{
    free(net->layers);
    free(net->modules);
    *net = (struct tmk_net){0};
}

const struct tmk_layer *tmk_net_layer(const struct tmk_net *net, const char *name)
{
    for (int i = 0; i < net->nlayers; i++) {
        if (strcmp(net->layers[i].name, name) == 0)
            return &net->layers[i];
    }
    return NULL;
}

size_t tmk_layer_weights(const struct tmk_layer *layer)
{
    switch (layer->kind) {
    case TMK_LAYER_CONV:
        return layer->oc * (layer->ic / layer->groups) * layer->kh * layer->kw;
    case TMK_LAYER_LINEAR:
        return layer->ic * layer->oc;
    case TMK_LAYER_EMBEDDING:
        return layer->k * layer->oc;
    default:
        return 0;
    }
}

size_t tmk_layer_params(const struct tmk_layer *layer)
{
    if (layer->kind == TMK_LAYER_BATCHNORM || layer->kind == TMK_LAYER_LAYERNORM)
        return 2 * layer->oc;
    return tmk_layer_weights(layer) + (layer->bias ? layer->oc : 0);
}
