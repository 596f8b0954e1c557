/* Networks against published counts: a wrong layer shows in the parameters. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "nets.h"

#include <stdbool.h>
#include <string.h>

static struct tmk_net make(const char *name, size_t height, size_t width)
{
    struct tmk_net net;
    enum tmk_status status = tmk_net_make(name, height, width, &net);
    if (status != TMK_OK)
        fail_msg("%s", tmk_message());
    return net;
}

/* With the auxiliary layers or without them. */
static size_t sum_params(const struct tmk_net *net, bool auxiliary)
{
    size_t sum = 0;
    for (int i = 0; i < net->nlayers; i++)
        if (auxiliary || !net->layers[i].auxiliary)
            sum += tmk_layer_params(&net->layers[i]);
    return sum;
}

static size_t total_params(const struct tmk_net *net)
{
    return sum_params(net, true);
}

static size_t total_weights(const struct tmk_net *net)
{
    size_t sum = 0;
    for (int i = 0; i < net->nlayers; i++)
        sum += tmk_layer_weights(&net->layers[i]);
    return sum;
}

static const struct tmk_layer *layer(const struct tmk_net *net, const char *name)
{
    const struct tmk_layer *found = tmk_net_layer(net, name);
    if (!found)
        fail_msg("%s has no layer %s", net->name, name);
    return found;
}

static void assert_output(const struct tmk_net *net, const char *name, size_t c, size_t h, size_t w)
{
    const struct tmk_layer *l = layer(net, name);
    assert_int_equal(l->oc, c);
    assert_int_equal(l->oh, h);
    assert_int_equal(l->ow, w);
}

static void check_params(const char *name, size_t params)
{
    struct tmk_net net = make(name, 0, 0);
    assert_int_equal(total_params(&net), params);
    tmk_net_free(&net);
}

/* Every number of torchvision's table, to the last parameter. */
static void torchvision_parameters(void **state)
{
    (void)state;
    check_params("alexnet", 61100840);
    check_params("vgg11", 132863336);
    check_params("vgg13", 133047848);
    check_params("vgg16", 138357544);
    check_params("vgg19", 143667240);
    check_params("resnet18", 11689512);
    check_params("resnet34", 21797672);
    check_params("resnet50", 25557032);
    check_params("resnet101", 44549160);
    check_params("resnet152", 60192808);
    check_params("squeezenet1_0", 1248424);
    check_params("squeezenet1_1", 1235496);
    check_params("mobilenet_v2", 3504872);
    check_params("densenet121", 7978856);
    check_params("googlenet-torchvision", 6624904);
    check_params("inception_v3", 27161264);
}

static void other_published_parameters(void **state)
{
    (void)state;
    check_params("inception-naive", 1089952);
    check_params("inception-bottleneck", 346720);
    check_params("googlenet", 6998552);
    check_params("alexnet-2012", 60965224);
    check_params("alexnet-mnist", 8925738);
    check_params("mobilenet_v1", 4231976);
    check_params("bert", 108891648); /* bert-base-uncased without its pooler */
}

static void published_table_agrees(void **state)
{
    (void)state;
    size_t known = 0;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        const struct tmk_published *published = tmk_net_published(entry->name);
        if (!published)
            continue;
        known++;
        struct tmk_net net = make(entry->name, 0, 0);
        assert_int_equal(sum_params(&net, published->auxiliary), published->params);
        tmk_net_free(&net);
    }
    assert_int_equal(known, 16);
    assert_null(tmk_net_published("googlenet"));
}

static void inception_v3_counts_its_auxiliary_classifier_apart(void **state)
{
    (void)state;
    struct tmk_net net = make("inception_v3", 0, 0);
    assert_int_equal(sum_params(&net, false), 23834568);
    assert_true(layer(&net, "AuxLogits/fc")->auxiliary);
    assert_false(layer(&net, "fc")->auxiliary);
    assert_output(&net, "AuxLogits/pool", 768, 5, 5);
    tmk_net_free(&net);
}

static void inception_v3_sizes(void **state)
{
    (void)state;
    struct tmk_net net = make("inception_v3", 0, 0);
    assert_output(&net, "maxpool2", 192, 35, 35);
    assert_output(&net, "Mixed_5b/output", 256, 35, 35);
    assert_output(&net, "Mixed_6a/output", 768, 17, 17);
    assert_output(&net, "Mixed_7a/output", 1280, 8, 8);
    assert_output(&net, "Mixed_7c/output", 2048, 8, 8);
    assert_int_equal(layer(&net, "Mixed_6b/branch7x7_2")->kh, 1);
    assert_int_equal(layer(&net, "Mixed_6b/branch7x7_2")->kw, 7);
    tmk_net_free(&net);
}

static void densenet_grows_by_32(void **state)
{
    (void)state;
    struct tmk_net net = make("densenet121", 0, 0);
    assert_output(&net, "denseblock1/layer6.concat", 256, 56, 56);
    assert_output(&net, "transition1/pool", 128, 28, 28);
    assert_output(&net, "denseblock4/layer16.concat", 1024, 7, 7);
    assert_int_equal(net.nmodules, 7);
    tmk_net_free(&net);
}

static void squeezenet_pools_round_up(void **state)
{
    (void)state;
    struct tmk_net net = make("squeezenet1_0", 0, 0);
    assert_output(&net, "conv1", 96, 109, 109);
    assert_output(&net, "pool1", 96, 54, 54);
    assert_output(&net, "pool4", 256, 27, 27);
    assert_output(&net, "fire9/concat", 512, 13, 13);
    tmk_net_free(&net);
}

static void mobilenet_v2_sums_where_shapes_agree(void **state)
{
    (void)state;
    struct tmk_net net = make("mobilenet_v2", 0, 0);
    assert_null(tmk_net_layer(&net, "conv2_1/expand"));
    assert_null(tmk_net_layer(&net, "conv3_1/sum"));
    assert_output(&net, "conv3_2/sum", 24, 56, 56);
    assert_null(tmk_net_layer(&net, "conv8_1/sum"));
    assert_output(&net, "conv9", 1280, 7, 7);
    tmk_net_free(&net);
}

static void deep_resnets_number_their_blocks(void **state)
{
    (void)state;
    struct tmk_net net = make("resnet152", 0, 0);
    assert_output(&net, "res4b35_branch2c", 1024, 14, 14);
    assert_non_null(tmk_net_layer(&net, "res3a_branch1"));
    tmk_net_free(&net);
    net = make("resnet18", 0, 0);
    assert_null(tmk_net_layer(&net, "res2a_branch1"));
    assert_output(&net, "res3a_branch1", 128, 28, 28);
    assert_output(&net, "res5b_branch2b", 512, 7, 7);
    tmk_net_free(&net);
}

static void alexnet_mnist_sizes(void **state)
{
    (void)state;
    struct tmk_net net = make("alexnet-mnist", 0, 0);
    assert_output(&net, "conv1", 96, 25, 25);
    assert_output(&net, "pool3", 256, 11, 11);
    assert_output(&net, "pool6", 256, 5, 5);
    assert_int_equal(layer(&net, "fc7")->ic, 6400);
    assert_output(&net, "fc8", 10, 1, 1);
    tmk_net_free(&net);
}

static void googlenet_weights_by_module(void **state)
{
    (void)state;
    static const struct {
        const char *module;
        size_t weights;
    } rows[] = {
        {"conv1", 9408},           {"conv2", 114688},         {"inception_3a", 163328},
        {"inception_3b", 388096},  {"inception_4a", 375552},  {"inception_4b", 448512},
        {"inception_4c", 509440},  {"inception_4d", 604672},  {"inception_4e", 867328},
        {"inception_5a", 1042432}, {"inception_5b", 1442816},
    };
    struct tmk_net net = make("googlenet", 0, 0);
    assert_int_equal(net.nmodules, sizeof rows / sizeof *rows);
    for (int m = 0; m < net.nmodules; m++) {
        size_t sum = 0;
        for (int i = 0; i < net.nlayers; i++)
            sum += net.layers[i].module == m ? tmk_layer_weights(&net.layers[i]) : 0;
        assert_string_equal(net.modules[m], rows[m].module);
        assert_int_equal(sum, rows[m].weights);
    }
    assert_int_equal(tmk_layer_weights(layer(&net, "classifier")), 1024000);
    assert_int_equal(total_weights(&net), 6990272);
    tmk_net_free(&net);
}

static size_t conv_outputs(const char *name)
{
    struct tmk_net net = make(name, 0, 0);
    size_t sum = 0;
    for (int i = 0; i < net.nlayers; i++) {
        const struct tmk_layer *l = &net.layers[i];
        sum += l->kind == TMK_LAYER_CONV ? l->oc * l->oh * l->ow : 0;
    }
    tmk_net_free(&net);
    return sum;
}

static void inception_activations(void **state)
{
    (void)state;
    assert_int_equal(conv_outputs("inception-naive"), 425984);
    assert_int_equal(conv_outputs("inception-bottleneck"), 622592);
}

static void inception_joins_branches(void **state)
{
    (void)state;
    struct tmk_net naive = make("inception-naive", 0, 0);
    assert_output(&naive, "output", 128 + 192 + 96 + 256, 32, 32);
    tmk_net_free(&naive);
    struct tmk_net bottleneck = make("inception-bottleneck", 17, 23);
    assert_output(&bottleneck, "output", 128 + 192 + 96 + 64, 17, 23);
    tmk_net_free(&bottleneck);
}

static void googlenet_sizes(void **state)
{
    (void)state;
    struct tmk_net net = make("googlenet", 0, 0);
    assert_output(&net, "conv1/7x7_s2", 64, 112, 112);
    assert_output(&net, "pool1/3x3_s2", 64, 56, 56);
    assert_output(&net, "inception_3a/output", 256, 28, 28);
    assert_output(&net, "inception_4e/output", 832, 14, 14);
    assert_output(&net, "inception_5b/output", 1024, 7, 7);
    tmk_net_free(&net);
}

static void resnet50_strides_in_its_3x3(void **state)
{
    (void)state;
    struct tmk_net net = make("resnet50", 0, 0);
    assert_int_equal(layer(&net, "res3a_branch2a")->sh, 1);
    assert_int_equal(layer(&net, "res3a_branch2b")->sh, 2);
    assert_int_equal(layer(&net, "res3a_branch1")->sh, 2);
    assert_null(tmk_net_layer(&net, "res3b_branch1"));
    assert_output(&net, "res2a_branch2a", 64, 56, 56);
    assert_output(&net, "res5c_branch2c", 2048, 7, 7);
    assert_false(layer(&net, "conv1")->bias);
    assert_int_equal(net.nmodules, 16);
    tmk_net_free(&net);
}

static void alexnet_2012_has_two_groups(void **state)
{
    (void)state;
    struct tmk_net net = make("alexnet-2012", 0, 0);
    assert_output(&net, "conv1", 96, 55, 55);
    assert_int_equal(layer(&net, "conv2")->groups, 2);
    assert_output(&net, "pool5", 256, 6, 6);
    tmk_net_free(&net);
    net = make("alexnet", 0, 0);
    assert_output(&net, "conv1", 64, 55, 55);
    assert_int_equal(layer(&net, "conv2")->groups, 1);
    assert_output(&net, "pool5", 256, 6, 6);
    tmk_net_free(&net);
}

static void mobilenet_alternates_depthwise(void **state)
{
    (void)state;
    struct tmk_net net = make("mobilenet_v1", 0, 0);
    assert_int_equal(layer(&net, "conv5_6/dw")->groups, 512);
    assert_output(&net, "conv5_6/dw", 512, 7, 7);
    assert_output(&net, "conv6/sep", 1024, 7, 7);
    tmk_net_free(&net);
}

static void bert_attention_shapes(void **state)
{
    (void)state;
    struct tmk_net net = make("bert", 77, 0);
    const struct tmk_layer *qk = layer(&net, "layer11/QK"), *pv = layer(&net, "layer0/PV");
    assert_int_equal(qk->batch, 12);
    assert_int_equal(qk->m, 77);
    assert_int_equal(qk->k, 64);
    assert_int_equal(qk->n, 77);
    assert_int_equal(pv->k, 77);
    assert_output(&net, "layer0/PV", 768, 77, 1);
    assert_output(&net, "layer11/ffn_layernorm", 768, 77, 1);
    tmk_net_free(&net);
}

/* Any consumer may rely on it: inputs come before their users, and shapes match. */
static void graphs_are_ordered(void **state)
{
    (void)state;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        struct tmk_net net = make(entry->name, 0, 0);
        assert_true(net.nlayers > 1);
        for (int i = 0; i < net.nlayers; i++) {
            const struct tmk_layer *l = &net.layers[i];
            assert_true(l->kind == TMK_LAYER_INPUT || l->ninputs > 0);
            assert_ptr_equal(tmk_net_layer(&net, l->name), l); /* names are unique */
            for (int j = 0; j < l->ninputs; j++)
                assert_in_range(l->input[j], 0, (uintmax_t)i - 1);
            if (l->ninputs > 0) {
                assert_int_equal(l->ih, net.layers[l->input[0]].oh);
                assert_int_equal(l->iw, net.layers[l->input[0]].ow);
            }
            assert_true(l->oc > 0 && l->oh > 0 && l->ow > 0);
        }
        tmk_net_free(&net);
    }
}

static void rectangular_images(void **state)
{
    (void)state;
    struct tmk_net net = make("resnet50", 193, 320);
    assert_output(&net, "conv1", 64, 97, 160);
    assert_output(&net, "res5c_branch2c", 2048, 7, 10);
    assert_int_equal(total_params(&net), 25557032);
    tmk_net_free(&net);
}

static void assert_refused(const char *name, size_t height, size_t width, const char *part)
{
    struct tmk_net net;
    assert_int_equal(tmk_net_make(name, height, width, &net), TMK_EINVAL);
    if (!strstr(tmk_message(), part))
        fail_msg("message '%s' does not say '%s'", tmk_message(), part);
}

static void refusals(void **state)
{
    (void)state;
    assert_refused("resnet51", 0, 0, "resnet50");
    assert_refused("", 0, 0, "unknown");
    assert_refused("vgg16", 16, 0, "pool5");
    assert_refused("alexnet", 227, 20, "alexnet");
    assert_refused("resnet50", SIZE_MAX, SIZE_MAX, "image size");
    assert_refused("resnet50", SIZE_MAX / 64, 64, "image size");
    assert_refused("bert", 513, 0, "512");
    assert_refused("bert", 0, 2, "Nx1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torchvision_parameters),
        cmocka_unit_test(other_published_parameters),
        cmocka_unit_test(published_table_agrees),
        cmocka_unit_test(inception_v3_counts_its_auxiliary_classifier_apart),
        cmocka_unit_test(inception_v3_sizes),
        cmocka_unit_test(densenet_grows_by_32),
        cmocka_unit_test(squeezenet_pools_round_up),
        cmocka_unit_test(mobilenet_v2_sums_where_shapes_agree),
        cmocka_unit_test(deep_resnets_number_their_blocks),
        cmocka_unit_test(alexnet_mnist_sizes),
        cmocka_unit_test(googlenet_weights_by_module),
        cmocka_unit_test(inception_activations),
        cmocka_unit_test(inception_joins_branches),
        cmocka_unit_test(googlenet_sizes),
        cmocka_unit_test(resnet50_strides_in_its_3x3),
        cmocka_unit_test(alexnet_2012_has_two_groups),
        cmocka_unit_test(mobilenet_alternates_depthwise),
        cmocka_unit_test(bert_attention_shapes),
        cmocka_unit_test(graphs_are_ordered),
        cmocka_unit_test(rectangular_images),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
