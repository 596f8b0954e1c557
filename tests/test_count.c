/* Counts of networks against published figures, and `tilemark count` as a user runs it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cost.h"
#include "numbers.h"

#include <stdbool.h>
#include "program.h"

static struct tmk_net net;

static struct tmk_cost_table costs(const char *name, enum tmk_grouping grouping, size_t mb)
{
    struct tmk_cost_table table = {0};
    if (tmk_net_make(name, 0, 0, &net) != TMK_OK ||
        tmk_cost_table_make(&net, grouping, mb, &table) != TMK_OK)
        fail_msg("%s", tmk_message());
    return table;
}

static void done(struct tmk_cost_table *table)
{
    tmk_cost_table_free(table);
    tmk_net_free(&net);
}

static void assert_equal(double value, double wanted)
{
    if (value != wanted)
        fail_msg("%.17g is not %.17g", value, wanted);
}

static const struct tmk_cost_row *row(const struct tmk_cost_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    fail_msg("no row %s", name);
    return NULL;
}

static void totals_equal_torchvision(void **state)
{
    (void)state;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        const struct tmk_published *published = tmk_net_published(entry->name);
        if (!published)
            continue;
        struct tmk_cost_table table = costs(entry->name, TMK_BY_KIND, 1);
        char digits[32];
        snprintf(digits, sizeof digits, "%.*f", (int)strlen(strchr(published->gmac, '.') + 1),
                 table.total.macs / 1e9);
        assert_string_equal(digits, published->gmac);
        assert_equal(table.total.params + (published->auxiliary ? table.auxiliary.params : 0),
                     (double)published->params);
        done(&table);
    }
}

static void googlenet_rows_equal_table_1(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double weights, mmac;
    } rows[] = {{"conv1", 9408, 118.0},          {"conv2", 114688, 359.7},
                {"inception_3a", 163328, 128.0}, {"inception_3b", 388096, 304.3},
                {"inception_4a", 375552, 73.6},  {"inception_4b", 448512, 87.9},
                {"inception_4c", 509440, 99.9},  {"inception_4d", 604672, 118.5},
                {"inception_4e", 867328, 170.0}, {"inception_5a", 1042432, 51.1},
                {"inception_5b", 1442816, 70.7}, {"classifier", 1024000, 1.0}};
    struct tmk_cost_table table = costs("googlenet", TMK_BY_MODULE, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct tmk_cost *cost = &row(&table, rows[i].name)->cost;
        char printed[16], wanted[16];
        snprintf(printed, sizeof printed, "%.1f", cost->macs / 1e6);
        snprintf(wanted, sizeof wanted, "%.1f", rows[i].mmac);
        assert_string_equal(printed, wanted);
        assert_equal(cost->weights, rows[i].weights);
    }
    assert_equal(table.total.weights, 6990272);
    assert_equal(table.total.params, 6998552);
    assert_equal(table.total.macs, 1582671872);
    done(&table);
}

static void inception_module(void **state)
{
    (void)state;
    struct tmk_cost_table table = costs("inception-naive", TMK_BY_LAYER, 1);
    assert_equal(table.total.params, 1089952);
    assert_equal(table.total.macs, 1115684864);
    assert_equal(table.total.activations, 425984);
    assert_equal(row(&table, "5x5")->cost.params, 614496);
    done(&table);
    table = costs("inception-bottleneck", TMK_BY_LAYER, 1);
    assert_equal(table.total.params, 346720);
    assert_equal(table.total.macs, 354418688);
    assert_equal(table.total.activations, 622592);
    done(&table);
}

static void alexnet_mnist(void **state)
{
    (void)state;
    struct tmk_cost_table table = costs("alexnet-mnist", TMK_BY_LAYER, 1);
    assert_equal(table.total.params, 8925738);
    assert_equal(table.total.macs, 749668672);
    done(&table);
}

static void batch_multiplies_work_but_not_parameters(void **state)
{
    (void)state;
    struct tmk_cost_table one = costs("mobilenet_v2", TMK_BY_KIND, 1);
    struct tmk_cost total = one.total;
    done(&one);
    struct tmk_cost_table many = costs("mobilenet_v2", TMK_BY_KIND, 7);
    assert_equal(many.total.params, total.params);
    assert_equal(many.total.macs, 7 * total.macs);
    assert_equal(many.total.macs_unpadded, 7 * total.macs_unpadded);
    assert_equal(many.total.activations, 7 * total.activations);
    assert_true(many.total.bytes < 7 * total.bytes); /* parameters are read once */
    done(&many);
}

static void groupings_add_up(void **state)
{
    (void)state;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        for (int g = 0; g < TMK_NGROUPINGS; g++) {
            struct tmk_cost_table table = costs(entry->name, (enum tmk_grouping)g, 2);
            struct tmk_cost rows = {0}, classes = {0};
            for (size_t i = 0; i < table.count; i++)
                tmk_cost_add(&rows, &table.rows[i].cost);
            for (int c = 0; c < TMK_NCLASSES; c++)
                tmk_cost_add(&classes, &table.class[c]);
            assert_equal(rows.params, table.total.params + table.auxiliary.params);
            assert_equal(rows.macs, table.total.macs + table.auxiliary.macs);
            assert_equal(classes.bytes, table.total.bytes);
            assert_equal(classes.outputs, table.total.outputs);
            assert_true(table.total.macs_unpadded <= table.total.macs);
            assert_true(table.total.activations <= table.total.outputs);
            done(&table);
        }
    }
}

/* conv1 of alexnet-mnist by hand: 28x28 -> 96 x 25x25, 4x4, no padding. */
static void one_layer_by_hand(void **state)
{
    (void)state;
    struct tmk_cost_table table = costs("alexnet-mnist", TMK_BY_LAYER, 3);
    const struct tmk_cost *conv1 = &row(&table, "conv1")->cost;
    assert_equal(conv1->weights, 96 * 16);
    assert_equal(conv1->params, 96 * 17);
    assert_equal(conv1->macs, 3.0 * 96 * 625 * 16);
    assert_equal(conv1->macs_unpadded, conv1->macs);
    assert_equal(conv1->macs_image, conv1->macs);
    assert_equal(conv1->bytes, 4.0 * (3 * 784 + 96 * 17 + 3 * 96 * 625));
    const struct tmk_cost *relu = &row(&table, "conv1_relu")->cost;
    assert_equal(relu->bytes, 4.0 * 2 * 3 * 96 * 625);
    assert_equal(relu->activations, 0);
    assert_equal(relu->outputs, 3 * 96 * 625);
    /* a 3x3 with padding 1 on 11x11 misses a column of taps on each of four sides */
    const struct tmk_cost *conv4 = &row(&table, "conv4")->cost;
    assert_equal(33 * 33 * conv4->macs_unpadded, 31 * 31 * conv4->macs);
    assert_equal(conv4->macs_image, 0);
    done(&table);
}

static void numbers_are_grouped_and_read(void **state)
{
    (void)state;
    char buf[TMK_GROUPED_MAX];
    size_t h, w, list[3];
    assert_string_equal(tmk_format_grouped(buf, 0), "0");
    assert_string_equal(tmk_format_grouped(buf, 999), "999");
    assert_string_equal(tmk_format_grouped(buf, 1000), "1,000");
    assert_string_equal(tmk_format_grouped(buf, 1115684864), "1,115,684,864");
    assert_string_equal(tmk_format_grouped(buf, -123456), "-123,456");
    assert_int_equal(tmk_parse_image("--size", "224x192", &h, &w), TMK_OK);
    assert_true(h == 224 && w == 192);
    assert_int_equal(tmk_parse_image("--size", "32", &h, &w), TMK_OK);
    assert_true(h == 32 && w == 32);
    static const char *const bad[] = {"", "x", "0", "0x5", "5x0", "5x", "1x2x3", "-4", "5 x 5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(tmk_parse_image("--size", bad[i], &h, &w), TMK_EINVAL);
    assert_int_equal(tmk_parse_list("--branches", "1,22,333", 3, list), TMK_OK);
    assert_true(list[0] == 1 && list[1] == 22 && list[2] == 333);
    assert_int_equal(tmk_parse_list("--branches", "1,2", 3, list), TMK_EINVAL);
    assert_int_equal(tmk_parse_list("--branches", "1,2,3,4", 3, list), TMK_EINVAL);
    assert_int_equal(tmk_parse_list("--branches", "1,,3", 3, list), TMK_EINVAL);
    assert_int_equal(tmk_parse_list("--branches", "1,0,3", 3, list), TMK_EINVAL);
}

static void command_prints_tables(void **state)
{
    (void)state;
    expect("count", 0, "27,161,264");
    expect("count resnet50 --by kind", 0, "25,557,032 parameters, 4.089 GMAC: the same");
    expect("count inception_v3 --by module", 0, "3,326,696 parameters");
    said("AuxLogits (training only)");
    said("parameters     23,834,568");
    expect("count googlenet --by module", 0, "1,582,671,872 = 1.583 G");
    said("Where the parameters are");
    expect("count vgg16", 0, "conv5_3_relu");
    expect("count alexnet --csv --by kind", 0,
           "kind,output,auxiliary,weights,params,macs,macs_unpadded,flops_fwd,flops_fwd_bwd,");
    said("\nlinear,3 layers,0,58621952,58631144,58621952,58621952,");
    expect("count resnet18 --mb 4 --size 64x96 --by kind", 0, "input 4x3x64x96");
    assert_null(strstr(program_output, "published"));
}

static void command_draws(void **state)
{
    (void)state;
    expect_picture("count squeezenet1_1", "count");
}

static void command_refuses(void **state)
{
    (void)state;
    expect("count resnet51 2>&1", 2, "resnet50");
    expect("count vgg16 --size 16 2>&1", 2, "does not fit");
    expect("count vgg16 --size 0x5 2>&1", 2, "--size: '0x5'");
    expect("count vgg16 --mb 0 2>&1", 2, "--mb: '0'");
    expect("count vgg16 --by row 2>&1", 2, "layer, module, kind");
    expect("count vgg16 vgg19 2>&1", 2, "one network");
    expect("count --mb 3 2>&1", 2, "no network");
    expect("count vgg16 --mb 99999999999999999999 2>&1", 2, "--mb");
    expect("count alexnet --mb 18446744073709551615 2>&1", 2, "too large");
    expect("count alexnet --out /proc/nowhere 2>&1", 3, "/proc/nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_equal_torchvision),
        cmocka_unit_test(googlenet_rows_equal_table_1),
        cmocka_unit_test(inception_module),
        cmocka_unit_test(alexnet_mnist),
        cmocka_unit_test(batch_multiplies_work_but_not_parameters),
        cmocka_unit_test(groupings_add_up),
        cmocka_unit_test(one_layer_by_hand),
        cmocka_unit_test(numbers_are_grouped_and_read),
        cmocka_unit_test(command_prints_tables),
        cmocka_unit_test(command_draws),
        cmocka_unit_test(command_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
