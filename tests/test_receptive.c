/* Receptive fields against published ones, exact ranges at borders, and gradients against both. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv2d.h"
#include "random.h"
#include "receptive.h"
#include "stack.h"

#include "program.h"

static struct tmk_net net;
static struct tmk_receptive receptive;

static void open_net(enum tmk_status made, bool stack)
{
    if (made != TMK_OK || tmk_receptive_make(&net, stack, &receptive) != TMK_OK)
        fail_msg("%s", tmk_message());
}

static void close_net(void)
{
    tmk_receptive_free(&receptive);
    tmk_net_free(&net);
}

#define STACK(h, w, ...)                                                                           \
    open_net(tmk_net_stack((const char *const[]){__VA_ARGS__, NULL}, 3, h, w, &net), true)

static struct tmk_range range(int layer, enum tmk_axis axis, size_t i)
{
    struct tmk_range found;
    assert_int_equal(tmk_range_exact(&receptive, layer, axis, i - 1, &found), TMK_OK);
    return found;
}

static void assert_range(int layer, size_t i, size_t first, size_t last)
{
    struct tmk_range found = range(layer, TMK_ROWS, i);
    if (found.first != first || found.last != last || found.count != last - first + 1)
        fail_msg("layer %d, output %zu reads %zu..%zu (%zu), not %zu..%zu", layer, i, found.first,
                 found.last, found.count, first, last);
}

static size_t at_least_one(long value)
{
    return value < 1 ? 1 : (size_t)value;
}

static size_t at_most(long value, size_t bound)
{
    return (size_t)value > bound ? bound : (size_t)value;
}

/* Two stages of two 3x3 convolutions and a pool on 224x224: every output of y1, y2, y3. */
static void textbook_stages(void **state)
{
    (void)state;
    STACK(224, 224, "conv3p1", "conv3p1", "pool2s2", "conv3p1", "conv3p1", "pool2s2");
    for (long i = 1; i <= 224; i++)
        assert_range(2, (size_t)i, at_least_one(i - 2), at_most(i + 2, 224));
    for (long i = 1; i <= 112; i++)
        assert_range(3, (size_t)i, at_least_one(2 * i - 3), at_most(2 * i + 2, 224));
    for (long i = 1; i <= 56; i++)
        assert_range(6, (size_t)i, at_least_one(4 * i - 9), at_most(4 * i + 6, 224));
    char formula[TMK_RANGE_MAX];
    assert_string_equal(tmk_range_formula(&receptive, 2, TMK_ROWS, formula),
                        "max(1,i-2)..min(224,i+2)");
    assert_string_equal(tmk_range_formula(&receptive, 3, TMK_ROWS, formula),
                        "max(1,2i-3)..min(224,2i+2)");
    assert_string_equal(tmk_range_formula(&receptive, 6, TMK_COLUMNS, formula),
                        "max(1,4i-9)..min(224,4i+6)");
    const struct tmk_field *y3 = &receptive.fields.of[6][TMK_ROWS];
    assert_int_equal(y3->size, 16);
    assert_int_equal(y3->jump, 4);
    assert_int_equal(y3->start, -6);
    close_net();
}

/* Araujo et al., Distill 2019, table of fields; ResNet-50 there strides elsewhere: 427 with the
 * stride of torchvision. */
static void published_fields(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t size, jump;
    } nets[] = {{"vgg16", 212, 32},        {"mobilenet_v1", 315, 32}, {"inception_v3", 1311, 32},
                {"alexnet-2012", 195, 32}, {"resnet50", 427, 32},     {"resnet18", 435, 32},
                {"alexnet", 195, 32}};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        open_net(tmk_net_make(nets[i].name, 0, 0, &net), false);
        for (int axis = 0; axis < TMK_NAXES; axis++) {
            const struct tmk_field *field = &receptive.fields.of[receptive.fields.last][axis];
            if (field->size != nets[i].size || field->jump != nets[i].jump)
                fail_msg("%s: field %zu, jump %zu", nets[i].name, field->size, field->jump);
        }
        close_net();
    }
}

static void auxiliary_layers_are_left_out(void **state)
{
    (void)state;
    open_net(tmk_net_make("inception_v3", 0, 0, &net), false);
    for (int i = 0; i < receptive.fields.npath; i++)
        assert_false(net.layers[receptive.fields.path[i]].auxiliary);
    assert_string_equal(net.layers[receptive.fields.last].name, "Mixed_7c/output");
    close_net();
}

static void strides_leave_rows_over(void **state)
{
    (void)state;
    STACK(6, 6, "conv3s2", "conv3p1"); /* row 6 is never read */
    assert_range(1, 2, 3, 5);
    assert_range(2, 2, 1, 5);
    assert_false(range(2, TMK_ROWS, 2).as_formula);
    assert_true(range(2, TMK_ROWS, 1).as_formula);
    close_net();
}

static void dilation_leaves_holes(void **state)
{
    (void)state;
    STACK(9, 9, "conv3d2p1");
    struct tmk_range first = range(1, TMK_ROWS, 1), inner = range(1, TMK_ROWS, 4);
    assert_true(first.first == 2 && first.last == 4 && first.count == 2);
    assert_true(inner.first == 3 && inner.last == 7 && inner.count == 3);
    assert_false(first.as_formula || inner.as_formula);
    close_net();
}

static void padding_alone_reads_nothing(void **state)
{
    (void)state;
    STACK(4, 4, "conv1p1");
    assert_int_equal(range(1, TMK_ROWS, 1).count, 0);
    assert_range(1, 2, 1, 1);
    assert_int_equal(range(1, TMK_ROWS, 6).count, 0);
    close_net();
}

static void axes_are_apart(void **state)
{
    (void)state;
    STACK(20, 30, "conv1x7p0x3", "conv5x1s2x1", "maxpool2x3s1x3");
    const struct tmk_field *of = receptive.fields.of[3];
    assert_int_equal(of[TMK_ROWS].size, 7);
    assert_int_equal(of[TMK_ROWS].jump, 2);
    assert_int_equal(of[TMK_ROWS].start, 0);
    assert_int_equal(of[TMK_COLUMNS].size, 9);
    assert_int_equal(of[TMK_COLUMNS].jump, 3);
    assert_int_equal(of[TMK_COLUMNS].start, -3);
    assert_false(receptive.alike);
    close_net();
}

static void words_of_stacks(void **state)
{
    (void)state;
    STACK(50, 50, "conv3p1*3", "pool3s2p1", "pool2", "avgpool3s1x2d1p1", "conv3d2");
    assert_int_equal(net.nlayers, 8);
    assert_int_equal(net.layers[3].oh, 50);
    assert_int_equal(net.layers[4].kind, TMK_LAYER_MAXPOOL);
    assert_int_equal(net.layers[4].oh, 25);
    assert_int_equal(net.layers[5].sh, 2); /* a pool's stride is its kernel */
    assert_int_equal(net.layers[6].kind, TMK_LAYER_AVGPOOL);
    assert_int_equal(net.layers[6].oh, 12);
    assert_int_equal(net.layers[6].ow, 6);
    assert_string_equal(net.layers[2].name, "2 conv3p1");
    assert_int_equal(net.layers[7].dh, 2);
    close_net();
}

static void malformed_stacks(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "conv",      "conv0",
                                      "conv3s0",   "conv3d0",   "conv3q1",
                                      "conv3p",    "conv3p1p1", "convx3",
                                      "conv3x",    "conv3p1*0", "conv3p1*",
                                      "conv3*2p1", "3conv",     "relu",
                                      "conv-3",    "conv3p1 ",  "pool2s2x",
                                      "CONV3",     "conv3p-1",  "conv3p99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const words[] = {bad[i], NULL};
        assert_int_equal(tmk_net_stack(words, 3, 224, 224, &net), TMK_EINVAL);
        assert_non_null(strstr(tmk_message(), "is no layer"));
    }
    const char *const none[] = {NULL}, *const shrink[] = {"pool2s2*8", NULL};
    assert_int_equal(tmk_net_stack(none, 3, 224, 224, &net), TMK_EINVAL);
    assert_int_equal(tmk_net_stack(shrink, 3, 224, 224, &net), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "8 pool2s2"));
    const char *const many[] = {"conv1*10001", NULL}, *const one[] = {"conv1", NULL};
    assert_int_equal(tmk_net_stack(many, 3, 2, 2, &net), TMK_EINVAL);
    assert_int_equal(tmk_net_stack(one, 3, 0, 2, &net), TMK_EINVAL);
    assert_int_equal(tmk_net_stack(one, 0, 2, 2, &net), TMK_EINVAL);
}

static void deep_stacks(void **state)
{
    (void)state;
    STACK(7, 7, "conv3p1*10000");
    assert_int_equal(receptive.fields.of[10000][TMK_ROWS].size, 20001);
    assert_range(10000, 4, 1, 7);
    close_net();
}

static void jumps_that_overflow(void **state)
{
    (void)state;
    static const char *const words[] = {"conv1s1000000*4", NULL};
    assert_int_equal(tmk_net_stack(words, 1, 5, 5, &net), TMK_OK);
    assert_int_equal(tmk_receptive_make(&net, true, &receptive), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "overflows"));
    tmk_net_free(&net);
}

static void networks_without_windows(void **state)
{
    (void)state;
    assert_int_equal(tmk_net_make("bert", 0, 0, &net), TMK_OK);
    assert_int_equal(tmk_receptive_make(&net, false, &receptive), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "bert"));
    tmk_net_free(&net);
}

static enum tmk_status check(const char *impl)
{
    struct tmk_selection selection = {.impl = impl ? strdup(impl) : NULL};
    char summary[512];
    assert_int_equal(tmk_select_filters(&selection), TMK_OK);
    enum tmk_status status = tmk_receptive_check(&receptive, &selection, summary, sizeof summary);
    tmk_select_free(&selection);
    return status;
}

/* A word of random numbers; the stride of every other layer is 1, so that something is left. */
static void random_word(struct tmk_random *random, char *word, size_t size)
{
    static const char *const kinds[] = {"conv", "pool", "avgpool", "conv"};
    uint32_t draw[9];
    for (size_t i = 0; i < 9; i++)
        draw[i] = tmk_random_u32(random);
    snprintf(word, size, "%s%ux%us%ux%up%ux%ud%ux%u", kinds[draw[0] % 4], 1 + draw[1] % 4,
             1 + draw[2] % 4, 1 + draw[3] % 3, 1 + draw[4] % 3, draw[5] % 3, draw[6] % 3,
             1 + draw[7] % 2, 1 + draw[8] % 2);
}

/* Gradients, the taps followed back, and the formula's hull, on stacks that nobody thought of. */
static void random_stacks_agree_with_gradients(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 7);
    int tried = 0;
    for (int i = 0; i < 200; i++) {
        char words[3][64];
        for (int k = 0; k < 3; k++)
            random_word(&random, words[k], sizeof words[k]);
        const char *const stack[] = {words[0], words[1], words[2], NULL};
        if (tmk_net_stack(stack, 2, 23, 19, &net) != TMK_OK)
            continue;
        open_net(TMK_OK, true);
        if (check(NULL) != TMK_OK)
            fail_msg("%s %s %s: %s", stack[0], stack[1], stack[2], tmk_message());
        for (size_t o = 1; o <= net.layers[3].oh; o++) {
            struct tmk_range found = range(3, TMK_ROWS, o);
            const struct tmk_field *field = &receptive.fields.of[3][TMK_ROWS];
            long low = field->start + 1 + (long)((o - 1) * field->jump);
            assert_true(!found.count || ((long)found.first >= low &&
                                         (long)found.last <= low + (long)field->size - 1));
        }
        close_net();
        tried++;
    }
    assert_true(tried > 100);
}

static void networks_agree_with_gradients(void **state)
{
    (void)state;
    static const char *const names[] = {"squeezenet1_1", "resnet18", "densenet121", "googlenet"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        open_net(tmk_net_make(names[i], 139, 123, &net), false);
        if (check("blocked") != TMK_OK)
            fail_msg("%s: %s", names[i], tmk_message());
        close_net();
    }
    open_net(tmk_net_make("inception_v3", 0, 0, &net), false);
    assert_int_equal(check("blocked"), TMK_OK);
    close_net();
}

static void command_prints_tables(void **state)
{
    (void)state;
    expect("receptive", 0, "max(1,2i-3)..min(224,2i+2)");
    said("max(1,4i-9)..min(224,4i+6)");
    said("channels 1..3");
    said("Confirmed");
    expect("receptive conv3s2 conv3p1 --size 6 --impl naive --check", 0, "1..5*");
    expect("receptive conv3d2p1 --size 9 --no-check", 0, "2..4 (2)");
    assert_null(strstr(program_output, "Confirmed"));
    expect("receptive --net vgg16 --csv", 0, "pool5,2x2 s2,7,7,212,212,32,32,-89,-89,");
    expect("receptive --net inception_v3 --no-check", 0, "Mixed_7c/output");
    said("1311");
}

static void command_draws(void **state)
{
    (void)state;
    expect_picture("receptive conv3p1 pool2s2 conv1x5p0x2 --size 20x30", "receptive");
    expect_picture("receptive --net resnet18 --no-check", "receptive");
}

static void command_refuses(void **state)
{
    (void)state;
    expect("receptive conv3p1 'pool2s2*8' 2>&1", 2, "does not fit");
    expect("receptive conv3 --size 0x5 2>&1", 2, "--size: '0x5'");
    expect("receptive conv3 --channels 0 2>&1", 2, "--channels");
    expect("receptive conv0 2>&1", 2, "is no layer");
    expect("receptive --net resnet51 2>&1", 2, "resnet50");
    expect("receptive --net bert 2>&1", 2, "bert");
    expect("receptive --net vgg16 conv3 2>&1", 2, "leave one");
    expect("receptive --net vgg16 --channels 3 2>&1", 2, "--channels");
    expect("receptive --impl nothing 2>&1", 2, "nothing");
    expect("receptive --out /proc/nowhere --no-check 2>&1", 3, "/proc/nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(textbook_stages),
        cmocka_unit_test(published_fields),
        cmocka_unit_test(auxiliary_layers_are_left_out),
        cmocka_unit_test(strides_leave_rows_over),
        cmocka_unit_test(dilation_leaves_holes),
        cmocka_unit_test(padding_alone_reads_nothing),
        cmocka_unit_test(axes_are_apart),
        cmocka_unit_test(words_of_stacks),
        cmocka_unit_test(malformed_stacks),
        cmocka_unit_test(deep_stacks),
        cmocka_unit_test(jumps_that_overflow),
        cmocka_unit_test(networks_without_windows),
        cmocka_unit_test(random_stacks_agree_with_gradients),
        cmocka_unit_test(networks_agree_with_gradients),
        cmocka_unit_test(command_prints_tables),
        cmocka_unit_test(command_draws),
        cmocka_unit_test(command_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
