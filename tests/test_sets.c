/* Problem lists: networks with their multiplicities, named sets, and the grammar of batch files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv2d.h"
#include "matmul.h"
#include "nets.h"
#include "sets.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct tmk_context plain; /* f32, nchw, the descriptors' own batch sizes */

/* -- helpers -- */

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

static const struct tmk_item *find(const struct tmk_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].problem->name, name) == 0)
            return &list->items[i];
    }
    fail_msg("no problem is named %s", name);
    return NULL;
}

static void assert_formats(const struct tmk_item *item, const char *desc)
{
    char text[TMK_DESC_MAX];
    item->problem->op->format(item->problem, text, sizeof text);
    assert_string_equal(text, desc);
}

static const struct tmk_conv2d *conv(const struct tmk_list *list, size_t i)
{
    assert_in_range(i, 0, list->count - 1);
    assert_ptr_equal(list->items[i].problem->op, &tmk_op_conv2d);
    return tmk_conv2d_of(list->items[i].problem);
}

static const struct tmk_problem *problem(const struct tmk_list *list, size_t i)
{
    assert_in_range(i, 0, list->count - 1);
    return list->items[i].problem;
}

/* Batch files are written to a folder of the test's own. */
static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/tilemark-sets-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[512];
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    return rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static enum tmk_status read_batch(const char *text, struct tmk_list *list)
{
    char path[512];
    write_file("batch", text);
    snprintf(path, sizeof path, "%s/batch", folder);
    *list = (struct tmk_list){0};
    return tmk_list_batch(list, path, NULL, &plain);
}

static struct tmk_list batch(const char *text)
{
    struct tmk_list list;
    if (read_batch(text, &list) != TMK_OK)
        fail_msg("%s", tmk_message());
    return list;
}

static void assert_counts(const char *text, size_t problems, size_t skips)
{
    struct tmk_list list = batch(text);
    assert_int_equal(list.count, problems);
    assert_int_equal(list.nskips, skips);
    tmk_list_free(&list);
}

/* Malformed, and the message has all of `parts` (NULL-terminated). */
static void assert_malformed(const char *text, const char *const *parts)
{
    struct tmk_list list;
    assert_int_equal(read_batch(text, &list), TMK_EINVAL);
    for (; *parts; parts++) {
        if (!strstr(tmk_message(), *parts))
            fail_msg("message '%s' does not say '%s'", tmk_message(), *parts);
    }
    tmk_list_free(&list);
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
    check_total("alexnet", 724406816, 0);
    check_total("mobilenet_v1", 568740352, 0);
    /* 12 layers of 128 (4*768^2 + 2*768*3072) in weights and 2*768*128^2 in attention */
    check_total("bert", 12.0 * (128 * (4 * 768 * 768 + 2 * 768 * 3072) + 2 * 768 * 128 * 128), 0);
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
    assert_int_equal(tmk_list_set(&list, "alexnet", &context), TMK_OK);
    const struct tmk_conv2d *conv2 = conv(&list, 1);
    assert_int_equal(conv2->mb, 4);
    assert_int_equal(conv2->g, 2);
    assert_int_equal(conv2->base.dtype, TMK_F64);
    assert_int_equal(conv2->base.layout, TMK_NHWC);
    assert_false(conv2->bias);
    assert_formats(find(&list, "alexnet:fc8"), "4x4096:4096x1000");
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
        assert_true(problem(&list, i)->op->flops(problem(&list, i), TMK_FWD) <= 250e6);
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

static void ops_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(tmk_op_find("matmul"), &tmk_op_matmul);
    assert_ptr_equal(tmk_op_find("conv2d"), &tmk_op_conv2d);
    assert_null(tmk_op_find("conv"));
}

/* -- batch files -- */

static void tokens_and_comments(void **state)
{
    (void)state;
    assert_counts("", 0, 0);
    assert_counts("# nothing\n\n   \t", 0, 0);
    assert_counts("#10x20:20x30", 0, 0);
    assert_counts("10x20:20x30", 1, 0);
    assert_counts("10x20:20x30 1x1:1x1\n2x2:2x2\r\n", 3, 0);
    assert_counts("10x20:20x30 # 1x1:1x1\n2x2:2x2n#3 #x\n", 2, 0);
}

static void hash_inside_a_token_is_no_comment(void **state)
{
    (void)state;
    struct tmk_list list = batch("2x2:2x2n\"a#b\" 3x3:3x3");
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].problem->name, "a#b");
    tmk_list_free(&list);
}

static void backslash_joins_tokens(void **state)
{
    (void)state;
    struct tmk_list list =
        batch("10x20:\\\n  20x30 4x\\ # why\n4:4\\\nx4 --dir=BWD_D \\\n 5x5:5x5");
    assert_int_equal(list.count, 3);
    assert_formats(&list.items[0], "10x20:20x30");
    assert_formats(&list.items[1], "4x4:4x4");
    assert_formats(&list.items[2], "5x5:5x5");
    tmk_list_free(&list);
    assert_counts("2x2:2x2 \\", 1, 0);
}

static void form_tells_the_operation(void **state)
{
    (void)state;
    struct tmk_list list = batch("mb1ic3ih8oc4kh3 8x3:3x4 ic4oc4ih5kh1");
    assert_ptr_equal(list.items[0].problem->op, &tmk_op_conv2d);
    assert_ptr_equal(list.items[1].problem->op, &tmk_op_matmul);
    assert_int_equal(conv(&list, 2)->mb, 2);
    tmk_list_free(&list);
}

static void names_and_multiplicities(void **state)
{
    (void)state;
    struct tmk_list list = batch("mb1ic3ih8oc4kh3n\"net:a*5\" 8x3:3x4n\"net:b*7\"");
    assert_string_equal(list.items[0].problem->name, "net:a");
    assert_int_equal(list.items[0].problem->multiplicity, 5);
    assert_string_equal(list.items[1].problem->name, "net:b");
    assert_int_equal(list.items[1].problem->multiplicity, 7);
    tmk_list_free(&list);
}

static void batch_size_holds_until_changed(void **state)
{
    (void)state;
    struct tmk_list list =
        batch("mb7ic3ih8oc4kh3 --mb=5 mb7ic3ih8oc4kh3 --mb=0 mb7ic3ih8oc4kh3 --mb=5 --reset\n"
              "mb7ic3ih8oc4kh3");
    const size_t expected[] = {7, 5, 7, 7};
    assert_int_equal(list.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(conv(&list, i)->mb, expected[i]);
    tmk_list_free(&list);
}

static void reset_returns_to_the_context(void **state)
{
    (void)state;
    write_file("batch", "--mb=3 --dt=f64 mb7ic3ih8oc4kh3 --reset mb7ic3ih8oc4kh3");
    char path[512];
    snprintf(path, sizeof path, "%s/batch", folder);
    struct tmk_list list = {0};
    struct tmk_context context = {.mb = 9, .layout = TMK_NHWC};
    assert_int_equal(tmk_list_batch(&list, path, NULL, &context), TMK_OK);
    assert_int_equal(conv(&list, 0)->mb, 3);
    assert_int_equal(list.items[0].problem->dtype, TMK_F64);
    assert_int_equal(list.items[0].problem->layout, TMK_NHWC);
    assert_int_equal(conv(&list, 1)->mb, 9);
    assert_int_equal(list.items[1].problem->dtype, TMK_F32);
    tmk_list_free(&list);
}

static void lists_make_the_cartesian_product(void **state)
{
    (void)state;
    struct tmk_list list = batch("--mb=1,2,3 --dt=f32,f64 --stag=axb,abx ic3ih8oc4kh3 2x2:2x2");
    assert_int_equal(list.count, 12 + 6);
    assert_int_equal(conv(&list, 0)->mb, 1);
    assert_int_equal(conv(&list, 0)->base.layout, TMK_NHWC);
    assert_int_equal(conv(&list, 1)->base.layout, TMK_NCHW);
    assert_int_equal(conv(&list, 2)->base.dtype, TMK_F64);
    assert_int_equal(conv(&list, 11)->mb, 3);
    tmk_list_free(&list);
}

static void check_dirs(const char *option, bool fwd, bool bwd_d, bool bwd_w, bool bias)
{
    char text[128];
    snprintf(text, sizeof text, "%s ic3ih8oc4kh3", option);
    struct tmk_list list = batch(text);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].dir[TMK_FWD], fwd);
    assert_int_equal(list.items[0].dir[TMK_BWD_D], bwd_d);
    assert_int_equal(list.items[0].dir[TMK_BWD_W], bwd_w);
    assert_int_equal(conv(&list, 0)->bias, bias);
    tmk_list_free(&list);
}

static void directions_merge_into_one_problem(void **state)
{
    (void)state;
    check_dirs("", true, true, true, true);
    check_dirs("--dir=FWD_B", true, false, false, true);
    check_dirs("--dir=FWD_D", true, false, false, false);
    check_dirs("--dir=FWD_I", true, false, false, false);
    check_dirs("--dir=BWD_D", false, true, false, true);
    check_dirs("--dir=BWD_W", false, false, true, false);
    check_dirs("--dir=BWD_WB", false, false, true, true);
    check_dirs("--dir=FWD_B,BWD_D,BWD_WB", true, true, true, true);
    check_dirs("--dir=FWD_D,BWD_D,BWD_W", true, true, true, false);
    check_dirs("--dir=FWD_D --dir=BWD_WB", false, false, true, true);
}

static void convolution_layouts(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        bool listed;
        enum tmk_layout layout;
    } cases[] = {
        {"--stag=abx --dtag=abx", true, TMK_NCHW},
        {"--stag=axb --dtag=axb", true, TMK_NHWC},
        {"--stag=acdb --dtag=nhwc", true, TMK_NHWC},
        {"--stag=abcd --dtag=nchw", true, TMK_NCHW},
        {"--stag=any --dtag=axb", true, TMK_NHWC},
        {"--dtag=axb", true, TMK_NHWC},
        {"--stag=axb --dtag=any", true, TMK_NHWC},
        {"--stag=undef", true, TMK_NCHW},
        {"--stag=axb --dtag=abx", false, TMK_NCHW},
        {"--stag=aBx16b", false, TMK_NCHW},
        {"--wtag=any", true, TMK_NCHW},
        {"--wtag=xba", false, TMK_NCHW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s ic3ih8oc4kh3", cases[i].options);
        struct tmk_list list = batch(text);
        assert_int_equal(list.count, cases[i].listed);
        assert_int_equal(list.nskips, !cases[i].listed);
        if (cases[i].listed)
            assert_int_equal(list.items[0].problem->layout, cases[i].layout);
        tmk_list_free(&list);
    }
}

static void matmul_orders_and_strides(void **state)
{
    (void)state;
    struct tmk_list list = batch("--stag=ba --wtag=ab,ba 10x30:30x20 --stag=ab --wtag=ab "
                                 "--strides=40x1::25x1 10x30:30x20 --wtag=acb --strides= "
                                 "2x10x30:2x30x20 --dtag=ba 4x4:4x4");
    assert_int_equal(list.count, 4);
    assert_formats(&list.items[0], "--stag=ba 10x30:30x20");
    assert_formats(&list.items[1], "--stag=ba --wtag=ba 10x30:30x20");
    assert_formats(&list.items[2], "--strides=40x1::25x1 10x30:30x20");
    assert_formats(&list.items[3], "--wtag=ba 2x10x30:2x30x20");
    assert_int_equal(list.nskips, 1);
    tmk_list_free(&list);
}

static void unsupported_values_are_skipped_with_reason(void **state)
{
    (void)state;
    struct tmk_list list = batch("ic3ih8oc4kh3\n"
                                 "--dt=u8:s8:f32,f32 ic3ih8oc4kh3\n"
                                 "--dt=f32 --attr-post-ops=relu ic3ih8oc4kh3\n"
                                 "--attr-post-ops= ic3ih8oc4kh3\n"
                                 "mb1ic3id4ih8oc4kd2kh3\n"
                                 "--bia_dt=f32 2x2:2x2 --bia-dt=undef 2x2:2x2\n");
    assert_int_equal(list.count, 4);
    assert_int_equal(list.nskips, 4);
    assert_string_equal(list.skips[0].what, "ic3ih8oc4kh3");
    assert_string_equal(list.skips[0].why, "data type u8:s8:f32 is not offered");
    assert_non_null(strstr(list.skips[0].where, "/batch:2"));
    assert_string_equal(list.skips[1].why, "--attr-post-ops is not offered");
    assert_non_null(strstr(list.skips[2].why, "3-D"));
    assert_null(strstr(list.skips[2].why, list.skips[2].what));
    assert_non_null(strstr(list.skips[2].where, "/batch:5"));
    assert_string_equal(list.skips[3].why, "--bia-dt is not offered");
    tmk_list_free(&list);
}

static void options_without_effect(void **state)
{
    (void)state;
    assert_counts("--skip-impl=ref,x64:gemm --allow-enum-tags-only=0 --mode=P -\\\n-verbose=2 "
                  "--attr-scratchpad=user --impl=brg --canonical --alg=auto,wino 2x2:2x2 "
                  "ic3ih8oc4kh3",
                  2, 0);
}

static void nested_files(void **state)
{
    (void)state;
    write_file("inner", "mb7ic3ih8oc4kh3 --mb=6 --dir=BWD_D # stays\n");
    struct tmk_list list = batch("--mb=4 --batch=inner mb7ic3ih8oc4kh3 --mb=0 --batch=inner");
    const size_t expected[] = {4, 6, 7};
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(conv(&list, i)->mb, expected[i]);
    assert_true(list.items[0].dir[TMK_FWD]);
    assert_false(list.items[1].dir[TMK_FWD]);
    tmk_list_free(&list);
}

static void nested_named_sets(void **state)
{
    (void)state;
    struct tmk_list list = batch("--mb=3 --dir=FWD_B --batch=alexnet --batch=matmul_square");
    assert_int_equal(find(&list, "alexnet:conv1")->problem->multiplicity, 1);
    assert_formats(find(&list, "alexnet:fc8"), "3x4096:4096x1000");
    assert_false(find(&list, "alexnet:conv1")->dir[TMK_BWD_D]);
    assert_formats(find(&list, "square:64"), "64x64:64x64");
    assert_int_equal(list.nskips, 0);
    tmk_list_free(&list);
}

static void nested_file_beside_hides_a_set(void **state)
{
    (void)state;
    write_file("quick", "2x2:2x2");
    assert_counts("--batch=quick", 1, 0);
    write_file("quick", "");
    assert_counts("--batch=quick", 0, 0);
    remove_folder(NULL);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void missing_nested_file_is_skipped(void **state)
{
    (void)state;
    struct tmk_list list = batch("2x2:2x2\n--batch=shapes_nowhere 3x3:3x3\n");
    assert_int_equal(list.count, 2);
    assert_int_equal(list.nskips, 1);
    assert_string_equal(list.skips[0].what, "--batch=shapes_nowhere");
    assert_string_equal(list.skips[0].why, "no such file or set");
    assert_non_null(strstr(list.skips[0].where, "/batch:2"));
    tmk_list_free(&list);
}

static void circles_are_refused(void **state)
{
    (void)state;
    assert_malformed("2x2:2x2\n--batch=batch --batch=batch",
                     (const char *const[]){"batch:2", "nested deeper", "itself", NULL});
}

static void unreadable_file_is_an_io_error(void **state)
{
    (void)state;
    struct tmk_list list = {0};
    assert_int_equal(tmk_list_batch(&list, "/nonexistent/file", NULL, &plain), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "/nonexistent/file"));
    assert_int_equal(tmk_list_batch(&list, folder, NULL, &plain), TMK_EIO);
    tmk_list_free(&list);
}

static void malformed_tokens_name_file_line_and_token(void **state)
{
    (void)state;
    assert_malformed("2x2:2x2\n\n10x20:21x30", (const char *const[]){"/batch:3:", "10x20", NULL});
    assert_malformed("# c\nic3ih8oc4kh3q", (const char *const[]){"/batch:2:", "kh3q", NULL});
    assert_malformed("banana", (const char *const[]){"/batch:1:", "banana", NULL});
    assert_malformed("2x2:\\\n2x2\n\nic3\\\n__ih8",
                     (const char *const[]){"/batch:4:", "ic3", NULL});
    assert_malformed("--mb=two", (const char *const[]){"/batch:1:", "--mb", "two", NULL});
    assert_malformed("--mb=1,-2", (const char *const[]){"-2", NULL});
    assert_malformed("--mb=99999999999999999999999", (const char *const[]){"--mb", NULL});
    assert_malformed("--dir=FWD_B,FORWARD", (const char *const[]){"FORWARD", "BWD_WB", NULL});
    assert_malformed("--dir=", (const char *const[]){"--dir", NULL});
    assert_malformed("--wtga=ba 2x2:2x2", (const char *const[]){"--wtga", "unknown", NULL});
    assert_malformed("-mb=3", (const char *const[]){"-mb", "unknown", NULL});
    assert_malformed("--=3", (const char *const[]){"unknown", NULL});
    assert_malformed("--", (const char *const[]){"unknown", NULL});
}

static void malformed_nested_file_is_named(void **state)
{
    (void)state;
    write_file("inner", "2x2:2x2\n2x3:4x5");
    assert_malformed("--batch=inner", (const char *const[]){"inner:2:", "2x3", NULL});
}

/* -- descriptors as arguments -- */

static struct tmk_list argument(const char *text)
{
    struct tmk_list list = {0};
    if (tmk_list_descriptor(&list, text, &plain) != TMK_OK)
        fail_msg("%s", tmk_message());
    return list;
}

static void arguments(void **state)
{
    (void)state;
    struct tmk_list list = argument("matmul:--wtag=ba 8x4:4x2");
    assert_formats(&list.items[0], "--wtag=ba 8x4:4x2");
    tmk_list_free(&list);
    list = argument("conv2d:mb3ic3ih8oc4kh3n\"net:layer\"");
    assert_string_equal(list.items[0].problem->name, "net:layer");
    tmk_list_free(&list);
    list = argument("--mb=4 --dir=BWD_D ic3ih8oc4kh3nnet:layer");
    assert_int_equal(conv(&list, 0)->mb, 4);
    assert_true(list.items[0].dir[TMK_BWD_D] && !list.items[0].dir[TMK_FWD]);
    tmk_list_free(&list);
    list = argument("8x4:4x2 2x2:2x2");
    assert_int_equal(list.count, 2);
    tmk_list_free(&list);
}

static void unsupported_argument_is_skipped(void **state)
{
    (void)state;
    struct tmk_list list = argument("conv2d:mb1ic3id4ih8oc4kd2kh3");
    assert_int_equal(list.count, 0);
    assert_int_equal(list.nskips, 1);
    assert_string_equal(list.skips[0].where, "argument");
    tmk_list_free(&list);
}

static void malformed_arguments(void **state)
{
    (void)state;
    const char *const texts[] = {"",
                                 "matmul:",
                                 "conv2d:--mb=4",
                                 "matmul:mb1ic3ih8oc4kh3",
                                 "conv2d:2x2:2x2",
                                 "pool:2x2",
                                 "matmul:--mb=x 2x2:2x2",
                                 "# 2x2:2x2"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct tmk_list list = {0};
        assert_int_equal(tmk_list_descriptor(&list, texts[i], &plain), TMK_EINVAL);
        assert_true(*tmk_message() != '\0');
        tmk_list_free(&list);
    }
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
        struct tmk_list again = argument(text);
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

/* -- real benchdnn files, where they stand beside the source tree -- */

static size_t read_folder(const char *root, const char *name)
{
    char path[1024];
    size_t files = 0;
    snprintf(path, sizeof path, "%s/%s", root, name);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct tmk_list list = {0};
        snprintf(path, sizeof path, "%s/%s/%s", root, name, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if (tmk_list_batch(&list, path, NULL, &plain) != TMK_OK)
            fail_msg("%s", tmk_message());
        assert_true(list.count + list.nskips > 0);
        files++;
        tmk_list_free(&list);
    }
    if (dir)
        closedir(dir);
    return files;
}

static void benchdnn_files(void **state)
{
    (void)state;
    char root[512];
    const char *tests = getenv("TMK_TEST_DIR"), *given = getenv("TMK_BENCHDNN_INPUTS");
    snprintf(root, sizeof root, "%s%s",
             given   ? given
             : tests ? tests
                     : ".",
             given ? "" : "/../../shared/inputs/benchdnn");
    if (access(root, R_OK) != 0)
        skip();
    assert_true(read_folder(root, "conv") > 0);
    assert_true(read_folder(root, "matmul") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_macs),
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
        cmocka_unit_test(ops_are_found_by_name),
        cmocka_unit_test(tokens_and_comments),
        cmocka_unit_test(hash_inside_a_token_is_no_comment),
        cmocka_unit_test(backslash_joins_tokens),
        cmocka_unit_test(form_tells_the_operation),
        cmocka_unit_test(names_and_multiplicities),
        cmocka_unit_test(batch_size_holds_until_changed),
        cmocka_unit_test(reset_returns_to_the_context),
        cmocka_unit_test(lists_make_the_cartesian_product),
        cmocka_unit_test(directions_merge_into_one_problem),
        cmocka_unit_test(convolution_layouts),
        cmocka_unit_test(matmul_orders_and_strides),
        cmocka_unit_test(unsupported_values_are_skipped_with_reason),
        cmocka_unit_test(options_without_effect),
        cmocka_unit_test(nested_files),
        cmocka_unit_test(nested_named_sets),
        cmocka_unit_test(nested_file_beside_hides_a_set),
        cmocka_unit_test(missing_nested_file_is_skipped),
        cmocka_unit_test(circles_are_refused),
        cmocka_unit_test(unreadable_file_is_an_io_error),
        cmocka_unit_test(malformed_tokens_name_file_line_and_token),
        cmocka_unit_test(malformed_nested_file_is_named),
        cmocka_unit_test(arguments),
        cmocka_unit_test(unsupported_argument_is_skipped),
        cmocka_unit_test(malformed_arguments),
        cmocka_unit_test(descriptors_round_trip),
        cmocka_unit_test(benchdnn_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
