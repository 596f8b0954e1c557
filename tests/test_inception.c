/* Inception: the counts of a published exercise and of GoogLeNet's modules, the audit of its table
 * 1, and the command. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inception.h"
#include "inception_audit.h"

#include "program.h"

static void assert_equal(double value, double wanted)
{
    if (value != wanted)
        fail_msg("%.17g is not %.17g", value, wanted);
}

static const struct tmk_cost *cost(const struct tmk_module_pair *pair, enum tmk_version version,
                                   const char *layer)
{
    const struct tmk_cost_table *costs = &pair->costs[version];
    for (size_t i = 0; i < costs->count; i++)
        if (strcmp(costs->rows[i].name, layer) == 0)
            return &costs->rows[i].cost;
    fail_msg("no layer %s", layer);
    return NULL;
}

/* A published exercise; its solution prints 346,920 parameters by a slip of addition. */
static void exercise(void **state)
{
    (void)state;
    struct tmk_inception_study study = {.mb = 1};
    assert_int_equal(tmk_study_add(&study, "module", &tmk_inception_example), TMK_OK);
    const struct tmk_module_pair *pair = &study.pairs[0];
    assert_equal(cost(pair, TMK_NAIVE, "1x1")->params, 32896);
    assert_equal(cost(pair, TMK_NAIVE, "3x3")->params, 442560);
    assert_equal(cost(pair, TMK_NAIVE, "5x5")->params, 614496);
    assert_equal(study.total[TMK_NAIVE].params, 1089952);
    assert_equal(study.total[TMK_NAIVE].macs, 1115684864);
    assert_equal(study.total[TMK_NAIVE].activations, 425984);
    assert_equal(cost(pair, TMK_BOTTLENECK, "1x1")->params, 32896);
    assert_equal(cost(pair, TMK_BOTTLENECK, "3x3_reduce")->params, 16448);
    assert_equal(cost(pair, TMK_BOTTLENECK, "5x5_reduce")->params, 16448);
    assert_equal(cost(pair, TMK_BOTTLENECK, "pool_proj")->params, 16448);
    assert_equal(cost(pair, TMK_BOTTLENECK, "3x3")->params, 110784);
    assert_equal(cost(pair, TMK_BOTTLENECK, "5x5")->params, 153696);
    assert_equal(study.total[TMK_BOTTLENECK].params, 346720);
    assert_equal(study.total[TMK_BOTTLENECK].macs, 354418688);
    assert_equal(study.total[TMK_BOTTLENECK].activations, 622592);
    tmk_study_free(&study);
}

static void any_widths(void **state)
{
    (void)state;
    struct tmk_inception_study study = {.mb = 3};
    const struct tmk_inception module = {.channels = 5,
                                         .height = 7,
                                         .width = 11,
                                         .c1x1 = 2,
                                         .c3x3 = 3,
                                         .c5x5 = 4,
                                         .reduce3x3 = 6,
                                         .reduce5x5 = 8,
                                         .pool_proj = 9};
    assert_int_equal(tmk_study_add(&study, "module", &module), TMK_OK);
    const double positions = 3 * 7 * 11;
    assert_equal(study.total[TMK_NAIVE].macs, positions * 5 * (2 + 3 * 9 + 4 * 25));
    assert_equal(study.total[TMK_BOTTLENECK].macs,
                 positions * (5 * (2 + 6 + 8 + 9) + 6 * 3 * 9 + 8 * 4 * 25));
    assert_equal(study.total[TMK_NAIVE].params, 5 * (2 + 3 * 9 + 4 * 25) + 2 + 3 + 4);
    assert_equal(study.total[TMK_BOTTLENECK].activations, positions * (2 + 3 + 4 + 6 + 8 + 9));
    tmk_study_free(&study);
}

static void zero_widths_are_refused(void **state)
{
    (void)state;
    struct tmk_inception module = tmk_inception_example;
    struct tmk_net net;
    module.reduce3x3 = 0;
    assert_int_equal(tmk_net_inception(&module, false, &net), TMK_EINVAL);
    module = tmk_inception_example;
    module.height = 0;
    assert_int_equal(tmk_net_inception(&module, true, &net), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "1 or more"));
}

static void googlenet_modules(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double weights;
    } rows[] = {{"inception_3a", 163328}, {"inception_3b", 388096},  {"inception_4a", 375552},
                {"inception_4b", 448512}, {"inception_4c", 509440},  {"inception_4d", 604672},
                {"inception_4e", 867328}, {"inception_5a", 1042432}, {"inception_5b", 1442816}};
    struct tmk_inception_study study = {.mb = 1};
    assert_int_equal(tmk_study_add_googlenet(&study, NULL), TMK_OK);
    assert_int_equal(study.count, 9);
    for (size_t i = 0; i < study.count; i++) {
        const struct tmk_module_pair *pair = &study.pairs[i];
        const struct tmk_inception *m = &pair->module;
        assert_string_equal(pair->name, rows[i].name);
        assert_equal(pair->costs[TMK_BOTTLENECK].total.weights, rows[i].weights);
        assert_equal(pair->costs[TMK_NAIVE].total.weights,
                     (double)(m->channels * (m->c1x1 + 9 * m->c3x3 + 25 * m->c5x5)));
    }
    tmk_study_free(&study);
    assert_int_equal(tmk_study_add_googlenet(&study, "4c"), TMK_OK);
    assert_int_equal(study.count, 1);
    assert_int_equal(study.pairs[0].module.channels, 512);
    assert_int_equal(study.pairs[0].module.height, 14);
    tmk_study_free(&study);
    assert_int_equal(tmk_study_add_googlenet(&study, "4f"), TMK_EINVAL);
    tmk_study_free(&study);
}

/* weights and million multiply-adds, and whether the printed figures agree */
static void audit_of_table_1(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double weights, mmac;
        bool weights_agree, macs_agree;
    } wanted[TMK_AUDIT_ROWS] = {
        {"conv 7x7/2", 9408, 118.0, false, false},
        {"conv 3x3/1", 114688, 359.7, true, true},
        {"inception (3a)", 163328, 128.0, true, true},
        {"inception (3b)", 388096, 304.3, false, true},
        {"inception (4a)", 375552, 73.6, false, false},
        {"inception (4b)", 448512, 87.9, false, true},
        {"inception (4c)", 509440, 99.9, false, true},
        {"inception (4d)", 604672, 118.5, false, true},
        {"inception (4e)", 867328, 170.0, false, true},
        {"inception (5a)", 1042432, 51.1, false, false},
        {"inception (5b)", 1442816, 70.7, false, true},
        {"linear", 1024000, 1.0, true, true},
        {"total", 6990272, 1582.7, true, false},
    };
    struct tmk_audit_row rows[TMK_AUDIT_ROWS];
    assert_int_equal(tmk_audit_make(rows), TMK_OK);
    for (int i = 0; i < TMK_AUDIT_ROWS; i++) {
        char macs[16], wanted_macs[16];
        snprintf(macs, sizeof macs, "%.1f", rows[i].macs.computed / 1e6);
        snprintf(wanted_macs, sizeof wanted_macs, "%.1f", wanted[i].mmac);
        assert_string_equal(rows[i].name, wanted[i].name);
        assert_equal(rows[i].weights.computed, wanted[i].weights);
        assert_string_equal(macs, wanted_macs);
        assert_int_equal(rows[i].weights.agrees, wanted[i].weights_agree);
        assert_int_equal(rows[i].macs.agrees, wanted[i].macs_agree);
        bool explained = *rows[i].explanation;
        assert_int_equal(explained, !(wanted[i].weights_agree && wanted[i].macs_agree));
    }
    assert_non_null(strstr(rows[0].explanation, "2712 weights and takes 34.0 M"));
    assert_non_null(strstr(rows[12].explanation, "1498.7 M"));
}

static void command_prints_counts(void **state)
{
    (void)state;
    expect("inception", 0, "1,089,952");
    said("1,115,684,864");
    said("425,984");
    said("346,720");
    said("354,418,688");
    said("622,592");
    said("3.15 times fewer multiplications");
    expect("inception --googlenet", 0, "5,849,136");
    expect("inception --module 3a --mb 2", 0, "192x28x28, batch size 2");
    expect("inception --channels 192 --size 28x28 --branches 64,128,32 --reduce 96,16 --pool 32", 0,
           "163,696");
    expect("inception --csv", 0,
           "module,bottleneck,3x3,3x3_reduce,256>64,16448,16777216,16777216,65536\n");
    expect("inception --audit", 0, "463 K   -6.9 %");
}

#define SMALL "--channels 4 --size 6 --branches 2,3,2 --reduce 2,2 --pool 2 "

static void command_measures(void **state)
{
    (void)state;
    expect("inception --measure " SMALL "--time 0.05 --threads 1,2 --impl im2col,auto 2>&1", 0,
           "95 % interval");
    said("bwd_w  im2col        2");
    said("What the bottleneck saves, bwd_d");
    expect("inception --measure " SMALL "--time 0.05 --threads 1 --dir fwd --impl blocked 2>&1", 0,
           "fwd  blocked        1");
    assert_null(strstr(program_output, "bwd_d"));
    assert_null(strstr(program_output, "naive, 1 thread"));
    expect("inception --measure " SMALL "--time 0.05 --threads 1 --dir fwd --impl blocked --csv", 0,
           "dir,impl,threads,naive_s,bottleneck_s,time_ratio,ci_lo,ci_hi,rounds\nfwd,blocked,1,");
    expect("inception --audit --csv", 0, "\ninception (5a),1042432,1097728,0,51079168,54000000,0,");
}

static void command_draws(void **state)
{
    (void)state;
    expect_picture("inception", "inception-counts");
    expect_picture("inception --googlenet", "inception-counts");
    expect_picture("inception --audit", "audit");
    expect_picture("inception --measure " SMALL "--time 0.05 --threads 1 --dir fwd,bwd_w "
                   "--impl naive,blocked",
                   "inception-times");
}

static void command_refuses(void **state)
{
    (void)state;
    expect("inception --branches 1,2 2>&1", 2, "--branches: '1,2'");
    expect("inception --branches 1,0,2 2>&1", 2, "--branches");
    expect("inception --channels 0 2>&1", 2, "--channels: '0'");
    expect("inception --size 0x5 2>&1", 2, "--size: '0x5'");
    expect("inception --reduce 4 2>&1", 2, "--reduce");
    expect("inception --pool x 2>&1", 2, "--pool");
    expect("inception --module 4f 2>&1", 2, "4f");
    expect("inception --googlenet --channels 4 2>&1", 2, "--googlenet");
    expect("inception naive 2>&1", 2, "options only");
    expect("inception --measure --time 0 2>&1", 2, "--time");
    expect("inception --measure --impl none 2>&1", 2, "none");
    expect("inception --measure --impl strided 2>&1", 4, "no chosen implementation");
    expect("inception --channels 18446744073709551615 2>&1", 2, "fit");
    expect("inception --out /proc/nowhere 2>&1", 3, "/proc/nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exercise),
        cmocka_unit_test(any_widths),
        cmocka_unit_test(zero_widths_are_refused),
        cmocka_unit_test(googlenet_modules),
        cmocka_unit_test(audit_of_table_1),
        cmocka_unit_test(command_prints_counts),
        cmocka_unit_test(command_measures),
        cmocka_unit_test(command_draws),
        cmocka_unit_test(command_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
