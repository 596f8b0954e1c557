/* conv2d: its descriptors. */
#include "conv2d_random.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct tmk_op *const op = &tmk_op_conv2d;

static enum tmk_status read_text(const char *desc, struct tmk_conv2d *out)
{
    const struct tmk_context context = {.dtype = TMK_F32, .layout = TMK_NCHW};
    memset(out, 0xa5, sizeof *out);
    return op->parse(desc, &context, &out->base);
}

static struct tmk_conv2d problem_of(const char *desc)
{
    struct tmk_conv2d p;
    if (read_text(desc, &p) != TMK_OK)
        fail_msg("%s: %s", desc, tmk_message());
    return p;
}

static void assert_canonical(const char *desc, const char *canonical)
{
    struct tmk_conv2d p = problem_of(desc);
    char formatted[TMK_DESC_MAX];
    op->format(&p.base, formatted, sizeof formatted);
    assert_string_equal(formatted, canonical);
}

static void assert_refused(const char *desc, enum tmk_status status, const char *fragment)
{
    struct tmk_conv2d p;
    const enum tmk_status got = read_text(desc, &p);
    if (got != status)
        fail_msg("'%s' gives status %d instead of %d", desc, got, status);
    if (!strstr(tmk_message(), fragment))
        fail_msg("'%s' is refused with \"%s\", which lacks \"%s\"", desc, tmk_message(), fragment);
    if (strchr(tmk_message(), '\n') || !strchr(tmk_message(), ':'))
        fail_msg("\"%s\" is not one line with a remedy", tmk_message());
}

static void test_square_layer(void **state)
{
    (void)state;
    struct tmk_conv2d p = problem_of("mb50ic64ih56oc64oh56kh3ph1n\"resnet_50:res2a_branch2b*3\"");
    assert_ptr_equal(p.base.op, op);
    assert_string_equal(p.base.name, "resnet_50:res2a_branch2b");
    assert_int_equal(p.base.multiplicity, 3);
    assert_true(p.bias);
    const size_t got[] = {p.g,  p.mb, p.ic, p.ih, p.iw, p.oc, p.oh, p.ow,
                          p.kh, p.kw, p.sh, p.sw, p.dh, p.dw, p.ph, p.pw};
    const size_t expected[] = {1, 50, 64, 56, 56, 64, 56, 56, 3, 3, 1, 1, 1, 1, 1, 1};
    assert_memory_equal(got, expected, sizeof got);
    assert_int_equal(tmk_conv2d_pad_bottom(&p), 1);
    assert_int_equal(tmk_conv2d_pad_right(&p), 1);
}

static void test_examples(void **state)
{
    (void)state;
    static const char *const examples[][2] = {
        {"mb50ic64ih56oc64oh56kh3ph1n\"resnet_50:res2a_branch2b*3\"", "mb50ic64ih56oc64oh56kh3ph1"},
        {"g2mb256ic96ih27oc256oh27kh5ph2n\"alexnet:conv2\"", "g2mb256ic96ih27oc256oh27kh5ph2"},
        {"mb20ic4ih8iw8oc6oh8ow2kh3kw3sh1sw3ph1pw1dh0dw2n\"dilated_conv:12\"",
         "mb20ic4ih8iw8oc6oh8ow2kh3kw3sw3ph1pw1dw2"},
        {"mb4_ic1ih161iw700_oc32_kh5kw20_sh2sw2_ph0pw0",
         "mb4ic1ih161iw700oc32oh79ow341kh5kw20sh2sw2ph0pw0"},
        {"g64mb1ic64ih112iw112oc64oh56ow56kh3kw3sh2sw2ph1pw1n\"mobilenet:conv2_2/dw\"",
         "g64mb1ic64ih112oc64oh56kh3sh2ph1"},
        {"ic3ih224oc64oh112kh7sh2ph3n\"resnet_50_v1_5:conv1\"", "mb2ic3ih224oc64oh112kh7sh2ph3"},
        {"kw3_iw8_oc6_ic4_kh1_ih2", "mb2ic4ih2iw8oc6oh2ow6kh1kw3ph0pw0"},
    };
    for (size_t i = 0; i < COUNT(examples); i++)
        assert_canonical(examples[i][0], examples[i][1]);
}

static void test_inferred_output(void **state)
{
    (void)state;
    assert_canonical("mb1ic16oc16_ih10kh5_ph7sh1", "mb1ic16ih10oc16oh20kh5ph7");
    assert_canonical("ic1oc1ih8kh3", "mb2ic1ih8oc1oh6kh3ph0");
    assert_canonical("ic1oc1ih8kh3sh4", "mb2ic1ih8oc1oh2kh3sh4ph0");
    assert_canonical("ic1oc1ih8kh3dh2ph1", "mb2ic1ih8oc1oh4kh3ph1dh2");
}

static void test_inferred_padding(void **state)
{
    (void)state;
    assert_canonical("ic1oc1ih8oh8kh3", "mb2ic1ih8oc1oh8kh3ph1");
    assert_canonical("ic1oc1ih8oh8kh5dh1", "mb2ic1ih8oc1oh8kh5ph4dh1");
    assert_canonical("ic1oc1ih8oh8kh4", "mb2ic1ih8oc1oh8kh4ph1");
    /* ((2-1)*3 - 6 + 2)/2 = -1/2 = 0 as C divides */
    assert_canonical("ic1oc1ih6oh2kh2sh3", "mb2ic1ih6oc1oh2kh2sh3ph0");
    assert_refused("ic1oc1ih13oh6kh1sh2", TMK_EUNSUPPORTED, "ph = -1");
}

static void test_right_padding(void **state)
{
    (void)state;
    struct tmk_conv2d p = problem_of("mb20ic4ih8oc6oh3kh3sh2ph1dh1n\"dilated_conv:1\"");
    assert_int_equal(tmk_conv2d_pad_bottom(&p), 0);
    p = problem_of("ic3ih224oc64oh112kh7sh2ph3");
    assert_int_equal(tmk_conv2d_pad_right(&p), 2);
    p = problem_of("ic256ih56oc512oh28kh1sh2ph0");
    assert_int_equal(tmk_conv2d_pad_bottom(&p), -1);
    assert_int_equal(tmk_conv2d_pad_right(&p), -1);
    p = problem_of("mb1ic16oc16_ih16kh3ph1oh15_iw16kw3pw0ow15");
    assert_int_equal(tmk_conv2d_pad_bottom(&p), 0);
    assert_int_equal(tmk_conv2d_pad_right(&p), 1);
}

static void test_heights_copy_to_widths(void **state)
{
    (void)state;
    assert_canonical("ic3oc4ih9kh3sh2ph1dh1", "mb2ic3ih9oc4oh4kh3sh2ph1dh1");
    assert_canonical("ic3oc4ih9kh3ph1pw0", "mb2ic3ih9oc4oh9kh3ph1"); /* pw0 is no width */
    assert_canonical("ic3oc4ih9kh3ph1_iw7kw2", "mb2ic3ih9iw7oc4oh9ow6kh3kw2ph1pw0");
}

static void test_one_dimension(void **state)
{
    (void)state;
    struct tmk_conv2d p = problem_of("ic19oc32_iw13ow12kw3pw1_n\"tails_conv_1d:1\"");
    assert_int_equal(p.ih, 1);
    assert_int_equal(p.oh, 1);
    assert_int_equal(p.kh, 1);
    assert_int_equal(p.ph, 0);
    assert_int_equal(tmk_conv2d_pad_bottom(&p), 0);
    assert_int_equal(tmk_conv2d_pad_right(&p), 0);
    assert_canonical("ic20oc32_iw13kw1pw0_n\"tails_conv_1d_1x1:2\"",
                     "mb2ic20ih1iw13oc32oh1ow13kh1kw1ph0pw0");
}

static void test_padding_beyond_the_kernel(void **state)
{
    (void)state;
    assert_canonical("mb2ic16ih5iw1oc16oh4ow1kh3kw1ph7pw0dh3dw0",
                     "mb2ic16ih5iw1oc16oh4ow1kh3kw1ph7pw0dh3");
    assert_canonical("mb1ic16oc16_ih10kh1_ph3sh1", "mb1ic16ih10oc16oh16kh1ph3");
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *desc, *name;
        unsigned multiplicity;
    } names[] = {
        {"ic1oc1ih3kh3", "", 1},
        {"ic1oc1ih3kh3n", "", 1},
        {"ic1oc1ih3kh3_n\"a b*c\"", "a b*c", 1},
        {"ic1oc1ih3kh3nplain", "plain", 1},
        {"ic1oc1ih3kh3nplain*12", "plain", 12},
        {"ic1oc1ih3kh3n\"quoted\"*7", "quoted", 7},
        {"ic1oc1ih3kh3n\"net:conv2_2/dw\"", "net:conv2_2/dw", 1},
        {"ic1oc1ih3kh3n\"a*2b\"", "a*2b", 1},
        {"ic1oc1ih3kh3n\"3\"", "3", 1},
        {"ic1oc1ih3kh3n\"*4\"", "", 4},
        {"ic1oc1ih3kh3n\"", "\"", 1},
        {"ic1oc1ih3kh3n\"m*4294967295\"", "m", 4294967295u},
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct tmk_conv2d p = problem_of(names[i].desc);
        assert_string_equal(p.base.name, names[i].name);
        assert_int_equal(p.base.multiplicity, names[i].multiplicity);
    }
    assert_refused("ic1oc1ih3kh3n\"a*0\"", TMK_EINVAL, "multiplicity *0");
    assert_refused("ic1oc1ih3kh3n\"a*4294967296\"", TMK_EINVAL, "multiplicity");
    assert_refused("ic1oc1ih3kh3n\"a*99999999999999999999999\"", TMK_EINVAL, "multiplicity");
}

static void test_long_name_is_cut(void **state)
{
    (void)state;
    char desc[256] = "ic1oc1ih3kh3n\"";
    for (int i = 0; i < 100; i++)
        strcat(desc, "a");
    struct tmk_conv2d p = problem_of(strcat(desc, "*5\""));
    assert_int_equal(strlen(p.base.name), TMK_NAME_MAX - 1);
    assert_int_equal(p.base.multiplicity, 5);
}

static void test_context(void **state)
{
    (void)state;
    const struct tmk_context context = {
        .mb = 7, .dtype = TMK_F64, .layout = TMK_NHWC, .no_bias = true};
    struct tmk_conv2d p;
    assert_int_equal(op->parse("mb50ic4oc4ih3kh3", &context, &p.base), TMK_OK);
    assert_int_equal(p.mb, 7);
    assert_int_equal(p.base.dtype, TMK_F64);
    assert_int_equal(p.base.layout, TMK_NHWC);
    assert_false(p.bias);
}

static void test_three_dimensions_are_unsupported(void **state)
{
    (void)state;
    static const char *const descs[] = {
        "ic32oc13_id13od11kd3pd0_ih13oh12kh3ph0_iw13ow12kw3pw0_n\"tails_conv_3d:1\"",
        "g17mb16ic17id5oc17od5kd3pd1_n\"tails_conv_3d:7\"",
        "mb1ic16id1ih1iw1oc16od2oh2ow1kd3kh3kw1dd1dh1ph1pd1",
        "mb2ic16id1ih2iw1oc16od1oh1ow1kd1kh2kw1pd0ph0pw0dd0dh1dw0n\"dilated_conv:28\"",
    };
    for (size_t i = 0; i < COUNT(descs); i++)
        assert_refused(descs[i], TMK_EUNSUPPORTED, "3-D convolution");
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "ic is missing"},
        {"_ic1oc1ih3kh3", "'_' at offset 0"},
        {"ic1__oc1ih3kh3", "'_' at offset 4"},
        {"ic1oc1ih3kh3__nx", "'_' at offset 13"},
        {"ic1oc1ih3kh3 ", "offset 12"},
        {"ic1oc1zh3kh3", "'zh3kh3' at offset 6"},
        {"IC1oc1ih3kh3", "'IC1oc1ih' at offset 0"},
        {"ic1oc1ihkh3", "ih has no number at offset 8"},
        {"ic1oc1ih3kh", "kh has no number at offset 11"},
        {"ic1oc1ih3kh3ph-1", "ph has no number at offset 14"},
        {"ic1oc1ih3kh+3", "kh has no number"},
        {"ic1oc1ih3.5kh3", "'.5kh3' at offset 9"},
        {"ic1ic2oc1ih3kh3", "ic is given again at offset 5"},
        {"ic1oc1ih2147483648kh3", "ih at offset 8 is too large"},
        {"ic1oc1ih99999999999999999999999999kh3", "too large"},
        {"oc1ih3kh3", "ic is missing"},
        {"ic1ih3kh3", "oc is missing"},
        {"ic1oc1", "no image size"},
        {"ic1oc1kh3", "ih is missing"},
        {"ic1oc1ih3", "kh is missing"},
        {"ic1oc1ih3kh3sw2", "iw is missing"},
        {"ic1oc1ih3kh3iw3", "kw is missing"},
        {"ic1oc1ih3kh3ow3", "iw is missing"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(cases[i][0], TMK_EINVAL, cases[i][1]);
}

static void test_impossible_shapes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"g0ic1oc1ih3kh3", "g is 0"},
        {"mb0ic1oc1ih3kh3", "mb is 0"},
        {"ic0oc1ih3kh3", "ic is 0"},
        {"ic1oc0ih3kh3", "oc is 0"},
        {"ic1oc1ih0kh3", "ih is 0"},
        {"ic1oc1ih3kh0", "kh is 0"},
        {"ic1oc1ih3oh0kh3", "oh is 0"},
        {"ic1oc1ih3kh3sh0", "sh is 0"},
        {"ic1oc1ih3kh3iw3kw3sw0", "sw is 0"},
        {"g3ic4oc3ih3kh3", "ic4 is not divisible by g3"},
        {"g3ic3oc4ih3kh3", "oc4 is not divisible by g3"},
        {"ic1oc1ih3kh4", "larger than the padded input"},
        {"ic1oc1ih3kh4sh2", "larger than the padded input"},
        {"ic1oc1ih3kh3dh1", "extent, 5, is larger than the padded input, 3"},
        {"mb2147483647ic2147483647oc1ih2147483647kh1", "overflows"},
        {"ic2147483647oc2147483647ih2147483647kh2147483647", "overflows"},
        {"mb1ic1oc1ih2147483647kh1ph1000000000", "oh = 4147483647"},
        {"ic1oc1ih1oh2147483647kh1sh2147483647", "ph = "},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(cases[i][0], TMK_EINVAL, cases[i][1]);
    const struct tmk_context huge = {.mb = SIZE_MAX};
    struct tmk_conv2d p;
    assert_int_equal(op->parse("ic3oc3ih3kh3", &huge, &p.base), TMK_EINVAL);
}

static void test_round_trip(void **state)
{
    (void)state;
    static struct tmk_random random;
    tmk_random_seed(&random, 4711);
    for (int i = 0; i < 2000; i++) {
        char desc[TMK_DESC_MAX], formatted[TMK_DESC_MAX], again[TMK_DESC_MAX];
        random_descriptor(&random, desc, sizeof desc);
        struct tmk_conv2d p = problem_of(desc);
        p.bias = i % 2;
        op->format(&p.base, formatted, sizeof formatted);
        const struct tmk_conv2d q = problem_of(formatted);
        op->format(&q.base, again, sizeof again);
        assert_string_equal(formatted, again);
        if (p.bias != q.bias ||
            memcmp(&p.g, &q.g, offsetof(struct tmk_conv2d, bias) - offsetof(struct tmk_conv2d, g)))
            fail_msg("seed 4711, problem %d: %s became %s", i, desc, formatted);
    }
}

static void test_format_fits_its_buffer(void **state)
{
    (void)state;
    struct tmk_conv2d p =
        problem_of("g2147483647mb1ic2147483647oc2147483647ih1iw2kh1kw1sh2147483647sw2147483646"
                   "dh2147483646dw2147483646");
    char formatted[TMK_DESC_MAX], little[8];
    op->format(&p.base, formatted, sizeof formatted);
    problem_of(formatted);
    op->format(&p.base, little, sizeof little);
    assert_int_equal(strlen(little), sizeof little - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_square_layer),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_inferred_output),
        cmocka_unit_test(test_inferred_padding),
        cmocka_unit_test(test_right_padding),
        cmocka_unit_test(test_heights_copy_to_widths),
        cmocka_unit_test(test_one_dimension),
        cmocka_unit_test(test_padding_beyond_the_kernel),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_name_is_cut),
        cmocka_unit_test(test_context),
        cmocka_unit_test(test_three_dimensions_are_unsupported),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_impossible_shapes),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_format_fits_its_buffer),
    };
    return cmocka_run_group_tests_name("conv2d_grammar", tests, NULL, NULL);
}
