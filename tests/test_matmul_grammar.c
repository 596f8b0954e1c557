/* matmul: its grammar, and the numbers of a problem. */
#include "matmul_cases.h"

static void assert_canonical(const char *text, const char *canonical)
{
    struct tmk_matmul p = problem_of(text, TMK_F32);
    char formatted[TMK_DESC_MAX];
    op->format(&p.base, formatted, sizeof formatted);
    assert_string_equal(formatted, canonical);
}

static void refuses(const char *text, enum tmk_status status, const char *fragment)
{
    struct tmk_matmul p;
    if (read_text(text, TMK_F32, &p) != status)
        fail_msg("'%s' is not refused with status %d", text, status);
    if (!strstr(tmk_message(), fragment))
        fail_msg("'%s' is refused with \"%s\", which lacks \"%s\"", text, tmk_message(), fragment);
    if (strchr(tmk_message(), '\n') || !strchr(tmk_message(), ':'))
        fail_msg("\"%s\" is not one line with a remedy", tmk_message());
}

static void test_parse_sizes(void **state)
{
    (void)state;
    struct tmk_matmul p = problem_of("10x30:30x20", TMK_F64);
    assert_ptr_equal(p.base.op, op);
    assert_int_equal(p.base.dtype, TMK_F64);
    assert_int_equal(p.base.layout, TMK_NCHW);
    assert_int_equal(p.base.multiplicity, 1);
    assert_string_equal(p.base.name, "");
    assert_int_equal(p.nbatch, 0);
    assert_int_equal(p.m, 10);
    assert_int_equal(p.k, 30);
    assert_int_equal(p.n, 20);
    assert_int_equal(p.stride[TMK_SRC][0], 30);
    assert_int_equal(p.stride[TMK_WEI][0], 20);
    assert_int_equal(p.stride[TMK_DST][0], 20);

    p = problem_of("7x32x16:1x16x8", TMK_F32);
    assert_int_equal(p.nbatch, 1);
    assert_int_equal(p.a_batch[0], 7);
    assert_int_equal(p.b_batch[0], 1);
    assert_int_equal(p.stride[TMK_DST][0], 32 * 8);
}

static void test_parse_pads_the_shorter_tensor(void **state)
{
    (void)state;
    assert_canonical("1x1x2x4:3x4x2", "1x1x2x4:1x3x4x2");
    assert_canonical("3x4:6x6x4x5", "1x1x3x4:6x6x4x5");
    assert_canonical("3x4:2x4x5:2x3x5", "1x3x4:2x4x5");
}

static void test_parse_names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
        unsigned multiplicity;
    } cases[] = {
        {"12x128x64:12x64x128_n\"encoder:QK_matmul:12\"", "encoder:QK_matmul:12", 1},
        {"64x1000:1000x2048n\"resnet_sparse_train:BWD_D,ip1*1\"", "resnet_sparse_train:BWD_D,ip1",
         1},
        {"2x3:3x4nfc6*12", "fc6", 12},
        {"2x3:3x4n\"fc6\"*12", "fc6", 12},
        {"2x3:3x4:2x4_nplain", "plain", 1},
        {"2x3:3x4n*3", "", 3},
        {"2x3:3x4n12", "12", 1},
        {"2x3:3x4na*b", "a*b", 1},
        {"2x3:3x4n\"", "\"", 1},
        {"2x3:3x4n", "", 1},
        {"2x3:3x4_", "", 1},
        {"2x3:3x4n0123456789012345678901234567890123456789012345678901234567890123456789",
         "012345678901234567890123456789012345678901234567890123456789012", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tmk_matmul p = problem_of(cases[i].text, TMK_F32);
        assert_string_equal(p.base.name, cases[i].name);
        assert_int_equal(p.base.multiplicity, cases[i].multiplicity);
    }
}

static void test_canonical_form(void **state)
{
    (void)state;
    assert_canonical("10x30:30x20:10x20_n\"x*2\"", "10x30:30x20");
    assert_canonical("--stag=ab --wtag=ab --strides=:: 10x30:30x20", "10x30:30x20");
    assert_canonical("--strides=30x1:20x1:20x1 10x30:30x20", "10x30:30x20");
    assert_canonical("--stag=ba --wtag=ba 5x10x30:30x20", "--stag=ba --wtag=ba 5x10x30:1x30x20");
    assert_canonical("--strides=1x10:1x30 10x30:30x20", "--stag=ba --wtag=ba 10x30:30x20");
    assert_canonical("--strides=120x1::100x1 10x30:30x20", "--strides=120x1::100x1 10x30:30x20");
    assert_canonical("--strides=::1x10 10x30:30x20", "--strides=::1x10 10x30:30x20");
    assert_canonical("--stag=ba --strides=:40x2 10x30:30x20",
                     "--stag=ba --strides=:40x2: 10x30:30x20");
    assert_canonical("--strides=2x1::1000x1 1x1:1x200", "--strides=2x1::1000x1 1x1:1x200");
    assert_canonical("--strides=121440x4048x1012x1::240x8x2x1 74x6x1x253:1x1x253x1n\"dot_prod\"",
                     "--strides=121440x4048x1012x1::240x8x2x1 74x6x1x253:1x1x253x1");
}

static void test_parse_refuses_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fragment;
    } cases[] = {
        {"", "sizes of A"},
        {"10", "sizes of B"},
        {"10x30", "sizes of B"},
        {"10x30:", "sizes of B"},
        {":30x20", "sizes of A"},
        {"10x:30x20", "sizes of A"},
        {"x10x30:30x20", "sizes of A"},
        {"10xx30:30x20", "sizes of A"},
        {"-10x30:30x20", "sizes of A"},
        {"+10x30:30x20", "sizes of A"},
        {" 10x30:30x20", "sizes of A"},
        {"10X30:30X20", "sizes of B"},
        {"10x30:30x20:", "sizes of C"},
        {"1x1x1x1x1x1x1x1x1:1x1", "more than 8"},
        {"99999999999999999999x1:1x1", "too large"},
        {"10x30:30x20 ", "cannot read \" \""},
        {"10x30:30x20__nx", "cannot read \"_nx\""},
        {"10x30:30x20:10x20:1x1", "cannot read \":1x1\""},
        {"10x30:30x20.5", "cannot read \".5\""},
        {"10:10x2", "A has 1 dimension"},
        {"2x10:10", "B has 1 dimension"},
        {"10x30:31x20", "A has 30 columns, B has 31 rows"},
        {"2x3x4:3x4x5", "batch sizes 2 and 3"},
        {"10x30:30x20:10x21", "C is not the shape"},
        {"10x30:30x20:20x10", "C is not the shape"},
        {"10x30:30x20:2x10x20", "C is not the shape"},
        {"0x3:3x4", "A has a size of 0"},
        {"2x0:0x4", "A has a size of 0"},
        {"2x3:3x0", "B has a size of 0"},
        {"0x2x3:3x4", "A has a size of 0"},
        {"2x3:3x4:0x4", "C has a size of 0"},
        {"2x3:3x4nx*0", "multiplicity *0"},
        {"2x3:3x4nx*4294967296", "multiplicity *4294967296"},
        {"2x3:3x4nx*99999999999999999999", "out of range"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refuses(cases[i].text, TMK_EINVAL, cases[i].fragment);
}

static void test_parse_refuses_overflow(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "4294967296x4294967296:4294967296x1", /* A: 2^64 */
        "1x4294967296:4294967296x4294967296", /* B */
        "4294967296x1:1x4294967296",          /* C, from small A and B */
        "3037000500x1:1x3037000500",          /* C: just above 2^63 */
        "1073741824x1:1x1073741824",          /* C: 2^60 elements, 2^63 bytes */
        "4294967296x1x1x1:4294967296x1x1x1073741824",
        "--strides=9223372036854775807x1 3x2:2x2",
        "--strides=:4611686018427387904x1 2x2:2x2",
        "--strides=::1152921504606846976x1 2x2:2x2",
        "9223372036854775807x9223372036854775807:9223372036854775807x1",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        refuses(texts[i], TMK_EINVAL, "beyond what memory can address");
}

static void test_parse_refuses_strides(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fragment;
    } cases[] = {
        {"--strides=30 10x30:30x20", "A needs 2 numbers"},
        {"--strides=300x30x1 10x30:30x20", "A needs 2 numbers"},
        {"--strides=:20x1 2x10x30:30x20", "B needs 3 numbers"},
        {"--strides=30x-1 10x30:30x20", "A needs 2 numbers"},
        {"--strides=30y1 10x30:30x20", "A needs 2 numbers"},
        {"--strides=30x1y 10x30:30x20", "cannot read \"y\""},
        {"--strides=:::1x1 10x30:30x20", "cannot read \":1x1\""},
        {"--strides=::20x0 10x30:30x20", "elements of C overlap"},
        {"--strides=::19x1 10x30:30x20", "elements of C overlap"},
        {"--strides=1x1 10x30:30x20", "elements of A overlap"},
        {"--strides=:0x1 10x30:30x20", "elements of B overlap"},
        {"--strides=300x30x1 2x11x30:30x20", "elements of A overlap"},
        {"--stag=ba --strides=30x1 10x30:30x20", "both a tag ba and strides"},
        {"--wtag=ba --strides=:20x1 10x30:30x20", "both a tag ba and strides"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refuses(cases[i].text, TMK_EINVAL, cases[i].fragment);
    refuses("--stag=axb 10x30:30x20", TMK_EUNSUPPORTED, "--stag=axb");
    refuses("--wtag=any 10x30:30x20", TMK_EUNSUPPORTED, "--wtag=any");
    refuses(
        "--strides=1111111111111111111x1111111111111111111x1111111111111111111x1111111111111111111x"
        "1111111111111111111x1111111111111111111x1:1111111111111111111x1111111111111111111x"
        "1111111111111111111x1111111111111111111x1111111111111111111x1111111111111111111x1 "
        "1x1x1x1x1x1x1:1x1x1x1x1x1x1",
        TMK_EINVAL, "longer than 255 characters");
}

static void test_canonical_round_trip(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 1);
    for (int i = 0; i < 5000; i++) {
        struct tmk_matmul p = random_problem(&random, TMK_F32);
        char text[TMK_DESC_MAX];
        op->format(&p.base, text, sizeof text);
        struct tmk_matmul q = problem_of(text, TMK_F32);
        if (memcmp(&p, &q, sizeof p) != 0)
            fail_msg("seed 1, problem %d: '%s' reads as another problem", i, text);
    }
}

static void test_counts(void **state)
{
    (void)state;
    struct tmk_matmul p = problem_of("3x1x2x4:1x5x4x7", TMK_F32);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        assert_true(op->flops(&p.base, (enum tmk_dir)dir) == 2.0 * 2 * 7 * 4 * 15);
        assert_true(op->flops_unpadded(&p.base, (enum tmk_dir)dir) == 2.0 * 2 * 7 * 4 * 15);
        assert_true(op->bytes(&p.base, (enum tmk_dir)dir) == 4.0 * (3 * 8 + 5 * 28 + 15 * 14));
    }
    assert_int_equal(op->depth(&p.base, TMK_FWD), 4);
    assert_int_equal(op->depth(&p.base, TMK_BWD_D), 7 * 5);
    assert_int_equal(op->depth(&p.base, TMK_BWD_W), 2 * 3);
    p = problem_of("--strides=120x1::100x1 10x30:30x20", TMK_F64);
    assert_true(op->bytes(&p.base, TMK_FWD) == 8.0 * (300 + 600 + 200));
}

static void test_operands(void **state)
{
    (void)state;
    struct tmk_matmul p = problem_of("--wtag=ba --strides=120x1::100x1 10x30:30x20", TMK_F64);
    static const size_t counts[TMK_NOPERANDS] = {9 * 120 + 30, 600, 0, 9 * 100 + 20};
    static const char *const texts[TMK_NOPERANDS] = {
        "f64 (10, 30):(120, 1)", "f64 (30, 20):(1, 30)", "f64 (0):(0)", "f64 (10, 20):(100, 1)"};
    for (int operand = 0; operand < TMK_NOPERANDS; operand++) {
        struct tmk_view view;
        size_t count;
        char text[64];
        assert_int_equal(op->operand(&p.base, (enum tmk_operand)operand, &view, &count), TMK_OK);
        tmk_view_format(&view, text, sizeof text);
        assert_string_equal(text, texts[operand]);
        assert_int_equal(count, counts[operand]);
        assert_null(view.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_sizes),
        cmocka_unit_test(test_parse_pads_the_shorter_tensor),
        cmocka_unit_test(test_parse_names),
        cmocka_unit_test(test_canonical_form),
        cmocka_unit_test(test_parse_refuses_malformed),
        cmocka_unit_test(test_parse_refuses_overflow),
        cmocka_unit_test(test_parse_refuses_strides),
        cmocka_unit_test(test_canonical_round_trip),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_operands),
    };
    return cmocka_run_group_tests_name("matmul_grammar", tests, NULL, NULL);
}
