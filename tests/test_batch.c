/* The grammar of batch files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lists.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct tmk_context plain; /* f32, nchw, the descriptors' own batch sizes */

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

static void one_operation_of_a_mixed_file(void **state)
{
    (void)state;
    struct tmk_list list = batch("mb1ic3ih8oc4kh3 8x3:3x4 --batch=alexnet"), products = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/batch", folder);
    assert_int_equal(list.count, 2 + 8);
    assert_int_equal(tmk_list_batch(&products, path, &tmk_op_matmul, &plain), TMK_OK);
    assert_int_equal(products.count, 1 + 3);
    for (size_t i = 0; i < products.count; i++)
        assert_ptr_equal(products.items[i].problem->op, &tmk_op_matmul);
    tmk_list_free(&list);
    tmk_list_free(&products);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_and_comments),
        cmocka_unit_test(hash_inside_a_token_is_no_comment),
        cmocka_unit_test(backslash_joins_tokens),
        cmocka_unit_test(form_tells_the_operation),
        cmocka_unit_test(one_operation_of_a_mixed_file),
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
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
