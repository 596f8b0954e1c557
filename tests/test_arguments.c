/* Descriptors as arguments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lists.h"

static const struct tmk_context plain; /* f32, nchw, the descriptors' own batch sizes */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments),
        cmocka_unit_test(unsupported_argument_is_skipped),
        cmocka_unit_test(malformed_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
