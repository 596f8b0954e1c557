/* Problem lists of networks, with their multiplicities, and of named sets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lists.h"
#include "nets.h"

#include <stdio.h>
#include <stdlib.h>

static const struct tmk_context plain; /* f32, nchw, the descriptors' own batch sizes */

static struct tmk_list of_set(const char *name, size_t mb)
{
    struct tmk_list list = {0};
    struct tmk_context context = {.mb = mb};
    if (tmk_list_set(&list, name, &context) != TMK_OK)
        fail_msg("%s", tmk_message());
    return list;
}

static double total_macs(const struct tmk_list *list)
{
    double sum = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct tmk_problem *p = list->items[i].problem;
        sum += p->op->flops(p, TMK_FWD) / 2 * p->multiplicity;
    }
    return sum;
}

/* -- networks as sets -- */

static void check_total(const char *name, double macs, double precision)
{
    struct tmk_list list = of_set(name, 0);
    double total = total_macs(&list);
    if (total < macs - precision || total > macs + precision)
        fail_msg("%s: %.0f MAC, not %.0f", name, total, macs);
    tmk_list_free(&list);
}

static void published_macs(void **state)
{
    (void)state;
    check_total("inception-naive", 1115684864, 0);
    check_total("inception-bottleneck", 354418688, 0);
    check_total("inception", 1115684864 + 354418688, 0);
    check_total("googlenet", 1582.7e6, 0.05e6);
    check_total("resnet50", 4.089e9, 0.0005e9);
    check_total("vgg16", 15.47e9, 0.005e9);
    check_total("alexnet", 714188480, 0);
    check_total("alexnet-2012", 724406816, 0);
    check_total("alexnet-mnist", 749668672, 0);
    check_total("mobilenet_v1", 568740352, 0);
    /* 12 layers of 128 (4*768^2 + 2*768*3072) in weights and 2*768*128^2 in attention */
    check_total("bert", 12.0 * (128 * (4 * 768 * 768 + 2 * 768 * 3072) + 2 * 768 * 128 * 128), 0);
}

/* To the digits that torchvision prints. */
static void torchvision_gmacs(void **state)
{
    (void)state;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        const struct tmk_published *published = tmk_net_published(entry->name);
        if (!published)
            continue;
        struct tmk_list list = of_set(entry->name, 1);
        char digits[32];
        int decimals = (int)strlen(strchr(published->gmac, '.')) - 1;
        snprintf(digits, sizeof digits, "%.*f", decimals, total_macs(&list) / 1e9);
        if (strcmp(digits, published->gmac) != 0)
            fail_msg("%s: %s GMAC, not %s", entry->name, digits, published->gmac);
        tmk_list_free(&list);
    }
}

static void macs_grow_with_batch_size(void **state)
{
    (void)state;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        struct tmk_list one = of_set(entry->name, 1), three = of_set(entry->name, 3);
        assert_int_equal(one.count, three.count);
        assert_true(3 * total_macs(&one) == total_macs(&three));
        tmk_list_free(&one);
        tmk_list_free(&three);
    }
}

/* The paper's table row by row; a shape may stand in several modules, so from the layers. */
static void googlenet_macs_by_module(void **state)
{
    (void)state;
    static const struct {
        const char *module;
        double mmacs;
    } rows[] = {
        {"conv1", 118.0},        {"conv2", 359.7},        {"inception_3a", 128.0},
        {"inception_3b", 304.3}, {"inception_4a", 73.6},  {"inception_4b", 87.9},
        {"inception_4c", 99.9},  {"inception_4d", 118.5}, {"inception_4e", 170.0},
        {"inception_5a", 51.1},  {"inception_5b", 70.7},
    };
    struct tmk_net net;
    assert_int_equal(tmk_net_make("googlenet", 0, 0, &net), TMK_OK);
    for (int m = 0; m < net.nmodules; m++) {
        double sum = 0;
        for (int i = 0; i < net.nlayers; i++) {
            const struct tmk_layer *l = &net.layers[i];
            if (l->module == m)
                sum += (double)(tmk_layer_weights(l) * l->oh * l->ow) / 1e6;
        }
        assert_string_equal(net.modules[m], rows[m].module);
        assert_true(sum > rows[m].mmacs - 0.05 && sum < rows[m].mmacs + 0.05);
    }
    tmk_net_free(&net);
}

static unsigned layers_in(const struct tmk_list *list, const struct tmk_op *op)
{
    unsigned sum = 0;
    for (size_t i = 0; i < list->count; i++)
        sum += list->items[i].problem->op == op ? list->items[i].problem->multiplicity : 0;
    return sum;
}

static void check_layers(const char *name, unsigned convs, unsigned matmuls, size_t problems)
{
    struct tmk_list list = of_set(name, 0);
    assert_int_equal(layers_in(&list, &tmk_op_conv2d), convs);
    assert_int_equal(layers_in(&list, &tmk_op_matmul), matmuls);
    assert_int_equal(list.count, problems);
    tmk_list_free(&list);
}

static void multiplicities_add_up(void **state)
{
    (void)state;
    check_layers("resnet50", 53, 1, 24);
    check_layers("vgg16", 13, 3, 12);
    check_layers("alexnet", 5, 3, 8);
    check_layers("mobilenet_v1", 27, 1, 20);
    check_layers("googlenet", 57, 1, 50);
    check_layers("inception_v3", 94, 1, 44);
    check_layers("densenet121", 120, 1, 67);
    check_layers("bert", 0, 12 * 8, 5);
    check_layers("inception-naive", 3, 0, 3);
    check_layers("inception-bottleneck", 6, 0, 4);
}

static void resnet50_names_first_of_a_shape(void **state)
{
    (void)state;
    struct tmk_list list = of_set("resnet50", 0);
    const struct tmk_item *item = find(&list, "resnet50:res2a_branch2b");
    assert_int_equal(item->problem->multiplicity, 3);
    assert_formats(item, "mb1ic64ih56oc64oh56kh3ph1");
    assert_formats(find(&list, "resnet50:fc1000"), "1x2048:2048x1000");
    assert_true(item->dir[TMK_FWD] && item->dir[TMK_BWD_D] && item->dir[TMK_BWD_W]);
    tmk_list_free(&list);
}

static void bert_products(void **state)
{
    (void)state;
    struct tmk_list list = of_set("bert", 2);
    assert_formats(find(&list, "bert:layer0/query"), "256x768:768x768");
    assert_int_equal(find(&list, "bert:layer0/query")->problem->multiplicity, 48);
    assert_formats(find(&list, "bert:layer0/ffn_in"), "256x768:768x3072");
    assert_formats(find(&list, "bert:layer0/QK"), "24x128x64:24x64x128");
    assert_formats(find(&list, "bert:layer0/PV"), "24x128x128:24x128x64");
    tmk_list_free(&list);
}

static void set_follows_context(void **state)
{
    (void)state;
    struct tmk_list list = {0};
    struct tmk_context context = {.mb = 4,
                                  .dtype = TMK_F64,
                                  .layout = TMK_NHWC,
                                  .no_bias = true,
                                  .wtag = "ba",
                                  .strides = "1x1::"};
    assert_int_equal(tmk_list_set(&list, "alexnet-2012", &context), TMK_OK);
    const struct tmk_conv2d *conv2 = conv(&list, 1);
    assert_int_equal(conv2->mb, 4);
    assert_int_equal(conv2->g, 2);
    assert_int_equal(conv2->base.dtype, TMK_F64);
    assert_int_equal(conv2->base.layout, TMK_NHWC);
    assert_false(conv2->bias);
    assert_formats(find(&list, "alexnet-2012:fc8"), "4x4096:4096x1000");
    tmk_list_free(&list);
}

static void huge_batch_size_is_refused(void **state)
{
    (void)state;
    struct tmk_list list = {0};
    struct tmk_context context = {.mb = SIZE_MAX};
    assert_int_equal(tmk_list_set(&list, "bert", &context), TMK_EINVAL);
    assert_int_equal(tmk_list_set(&list, "vgg16", &context), TMK_EINVAL);
    tmk_list_free(&list);
}

/* -- named sets -- */

static void check_set(void *ctx, const char *name, const char *summary)
{
    struct tmk_list list = of_set(name, 0);
    assert_true(list.count > 0);
    assert_int_equal(list.nskips, 0);
    assert_true(*summary != '\0');
    for (size_t i = 0; i < list.count; i++)
        assert_true(*list.items[i].problem->name != '\0');
    tmk_list_free(&list);
    ++*(int *)ctx;
}

static void every_set_has_problems(void **state)
{
    (void)state;
    int count = 0;
    tmk_sets_each(check_set, &count);
    assert_true(count >= 12);
}

static void quick_is_affordable(void **state)
{
    (void)state;
    struct tmk_list list = of_set("quick", 0);
    assert_true(layers_in(&list, &tmk_op_conv2d) >= 6);
    assert_true(layers_in(&list, &tmk_op_matmul) >= 3);
    for (size_t i = 0; i < list.count; i++)
        assert_true(list.items[i].problem->op->flops(list.items[i].problem, TMK_FWD) <= 250e6);
    tmk_list_free(&list);
}

static void unknown_set_lists_the_known(void **state)
{
    (void)state;
    struct tmk_list list = {0};
    assert_int_equal(tmk_list_set(&list, "resnet51", &plain), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "resnet51"));
    assert_non_null(strstr(tmk_message(), "inception, inception-naive"));
    assert_non_null(strstr(tmk_message(), "quick"));
    assert_int_equal(tmk_list_set(&list, "../sets/quick", &plain), TMK_EINVAL);
    assert_int_equal(tmk_list_set(&list, "", &plain), TMK_EINVAL);
    tmk_list_free(&list);
}

static void missing_data_is_said(void **state)
{
    (void)state;
    struct tmk_list list = {0};
    const char *old = getenv("TILEMARK_DATA");
    char *saved = old ? strdup(old) : NULL;
    setenv("TILEMARK_DATA", "/nonexistent", 1);
    assert_int_equal(tmk_list_set(&list, "quick", &plain), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "TILEMARK_DATA"));
    assert_int_equal(tmk_list_set(&list, "alexnet", &plain), TMK_OK);
    if (saved)
        setenv("TILEMARK_DATA", saved, 1);
    else
        unsetenv("TILEMARK_DATA");
    free(saved);
    tmk_list_free(&list);
}

static void ops_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(tmk_op_find("matmul"), &tmk_op_matmul);
    assert_ptr_equal(tmk_op_find("conv2d"), &tmk_op_conv2d);
    assert_null(tmk_op_find("conv"));
}

/* Every problem's canonical descriptor reads back as the same problem. */
static void round_trip(void *ctx, const char *name, const char *summary)
{
    (void)ctx;
    (void)summary;
    struct tmk_list list = of_set(name, 0);
    for (size_t i = 0; i < list.count; i++) {
        char desc[TMK_DESC_MAX], text[TMK_DESC_MAX + 16];
        const struct tmk_problem *p = list.items[i].problem;
        p->op->format(p, desc, sizeof desc);
        snprintf(text, sizeof text, "%s:%s", p->op->name, desc);
        struct tmk_list again = {0};
        assert_int_equal(tmk_list_descriptor(&again, text, &plain), TMK_OK);
        assert_int_equal(again.count, 1);
        assert_formats(&again.items[0], desc);
        tmk_list_free(&again);
    }
    tmk_list_free(&list);
}

static void descriptors_round_trip(void **state)
{
    (void)state;
    tmk_sets_each(round_trip, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_macs),
        cmocka_unit_test(torchvision_gmacs),
        cmocka_unit_test(macs_grow_with_batch_size),
        cmocka_unit_test(googlenet_macs_by_module),
        cmocka_unit_test(multiplicities_add_up),
        cmocka_unit_test(resnet50_names_first_of_a_shape),
        cmocka_unit_test(bert_products),
        cmocka_unit_test(set_follows_context),
        cmocka_unit_test(huge_batch_size_is_refused),
        cmocka_unit_test(every_set_has_problems),
        cmocka_unit_test(quick_is_affordable),
        cmocka_unit_test(unknown_set_lists_the_known),
        cmocka_unit_test(missing_data_is_said),
        cmocka_unit_test(ops_are_found_by_name),
        cmocka_unit_test(descriptors_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
