/* Real batch files of oneDNN's benchdnn, read unmodified, where they lie beside the project. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char root[512];

struct expected {
    const char *file;
    size_t problems, skips;
};

static void read_file(void **state)
{
    const struct expected *expected = *state;
    const struct tmk_context plain = {0};
    struct tmk_list list = {0};
    char path[768];
    snprintf(path, sizeof path, "%s/%s", root, expected->file);
    if (tmk_list_batch(&list, path, NULL, &plain) != TMK_OK)
        fail_msg("%s", tmk_message());
    assert_int_equal(list.count, expected->problems);
    assert_int_equal(list.nskips, expected->skips);
    tmk_list_free(&list);
}

int main(void)
{
    static const struct expected files[] = {
        {"conv/harness_conv_f32_plain", 18, 164},
        {"conv/set_all_topologies", 155, 35},
        {"conv/shapes_alexnet", 5, 0},
        {"conv/shapes_deepbench_training", 94, 0},
        {"conv/shapes_dilated", 27, 15},
        {"conv/shapes_googlenet_v1", 51, 0},
        {"conv/shapes_googlenet_v3", 43, 0},
        {"conv/shapes_mobilenet", 11, 0},
        {"conv/shapes_mobilenet_dw", 9, 0},
        {"conv/shapes_regression_padding", 19, 2},
        {"conv/shapes_resnet_50_v1_5", 23, 0},
        {"conv/shapes_tails", 60, 10},
        {"conv/shapes_vgg_19", 9, 0},
        {"matmul/shapes_2d", 10, 0},
        {"matmul/shapes_3d", 8, 0},
        {"matmul/shapes_bert", 4, 0},
        {"matmul/shapes_converted_ip_tr_resnet_bwd_d", 2, 0},
        {"matmul/shapes_converted_ip_tr_resnet_bwd_w", 2, 0},
        {"matmul/shapes_converted_ip_tr_resnet_fwd", 2, 0},
        {"matmul/shapes_mem_strided", 37, 0},
        {"matmul/shapes_transformer", 4, 0},
    };
    enum { COUNT = sizeof files / sizeof files[0] };
    const char *tests = getenv("TMK_TEST_DIR");
    snprintf(root, sizeof root, "%s/../../shared/inputs/benchdnn", tests ? tests : ".");
    if (access(root, R_OK) != 0) {
        print_message("1..%d\n", (int)COUNT);
        for (int i = 0; i < COUNT; i++)
            print_message("ok %d %s # SKIP no benchdnn files here\n", i + 1, files[i].file);
        return 0;
    }
    struct CMUnitTest cases[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        cases[i] = (struct CMUnitTest){
            .name = files[i].file, .test_func = read_file, .initial_state = (void *)&files[i]};
    return cmocka_run_group_tests_name("benchdnn", cases, NULL, NULL);
}
