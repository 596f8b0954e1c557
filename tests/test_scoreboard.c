/* Cells held against goals: paired rounds, the fastest rival, floors; and the command. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "program.h"
#include "score.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct tmk_samples *samples;

/* A round of one cell. Operations of 1 GFLOP, 3 MiB of workspace a thread. */
static void put(const char *op, const char *problem, const char *impl, int threads, unsigned round,
                double seconds)
{
    struct tmk_row row = {.round = round, .calls = 1, .seconds = seconds};
    row.cell = (struct tmk_cell){.threads = threads,
                                 .flops = 1e9,
                                 .bytes = 1e6,
                                 .workspace_bytes = threads * 3.0 * 1024 * 1024,
                                 .err_over_bound = 0.1,
                                 .dir = "fwd",
                                 .dtype = "f32",
                                 .cache = "warm",
                                 .status = "ok"};
    snprintf(row.cell.op, sizeof row.cell.op, "%s", op);
    snprintf(row.cell.problem, sizeof row.cell.problem, "%s", problem);
    snprintf(row.cell.impl, sizeof row.cell.impl, "%s", impl);
    snprintf(row.cell.layout, sizeof row.cell.layout, "%s", strcmp(op, "matmul") ? "nchw" : "row");
    snprintf(row.cpus, sizeof row.cpus, "0");
    assert_int_equal(tmk_samples_append(samples, &row), TMK_OK);
}

/* Rounds get slower together, so that only ratios within a round are 1 / speed. */
static void put_rounds(const char *op, const char *problem, const char *impl, int threads,
                       double speed, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++)
        put(op, problem, impl, threads, round, (1 + round) * 1e-2 / speed);
}

static const char *begin(void)
{
    const char *folder = make_folder();
    char path[128];
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"schema\": 1, \"rivals\": [{\"version\": \"OpenBLAS 9\", \"kernel\": \"k\"}]}", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/samples.csv", folder);
    assert_int_equal(tmk_samples_open(path, &samples), TMK_OK);
    return folder;
}

static struct tmk_scores scores_of(const char *folder)
{
    struct tmk_scores scores;
    struct tmk_run run;
    assert_int_equal(tmk_samples_close(samples), TMK_OK);
    assert_int_equal(tmk_scores_make(&scores), TMK_OK);
    assert_int_equal(tmk_run_load(folder, &run), TMK_OK);
    for (int again = 0; again < 2; again++) /* nothing counts twice */
        assert_int_equal(tmk_scores_add(&scores, &run), TMK_OK);
    assert_int_equal(tmk_scores_finish(&scores), TMK_OK);
    tmk_run_free(&run);
    return scores;
}

static const struct tmk_score *score_of(const struct tmk_scores *scores, enum tmk_measure measure,
                                        const char *work)
{
    for (size_t i = 0; i < scores->count; i++) {
        const struct tmk_goal *goal = scores->list[i].goal;
        if (goal->measure == measure && (!work || strcmp(goal->work, work) == 0))
            return &scores->list[i];
    }
    fail_msg("no goal for %s", work ? work : "this measure");
    return NULL;
}

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-6 * fabs(wanted)))
        fail_msg("%.17g is not %.17g", value, wanted);
}

/* Twice as fast as one rival, 0.8 times the other; the medians alone would say otherwise, as ours
 * has more rounds. */
static void the_fastest_rival_counts_in_paired_rounds(void **state)
{
    (void)state;
    const char *folder = begin();
    put_rounds("matmul", "64x64:64x64", "naive", 1, 9, 3);
    put_rounds("matmul", "64x64:64x64", "blocked", 1, 1, 9);
    put_rounds("matmul", "64x64:64x64", "openblas", 1, 1.25, 3);
    put_rounds("matmul", "64x64:64x64", "blis", 1, 0.5, 3);
    put_rounds("matmul", "96x96:96x96", "blocked", 1, 1, 3);
    put_rounds("matmul", "96x96:96x96", "blis", 1, 0.8, 3);
    put_rounds("matmul", "128x128:128x128", "blocked", 1, 1, 3);
    struct tmk_scores scores = scores_of(folder);
    const struct tmk_score *score = score_of(&scores, TMK_AGAINST_RIVALS, "square products");
    assert_int_equal(score->count, 2);
    assert_true(score->unopposed > 0);
    assert_int_equal(score->below, 1);
    assert_near(score->cells[0].value, 0.8);
    assert_string_equal(score->cells[0].other, "openblas");
    assert_int_equal(score->cells[0].rounds, 3);
    assert_near(score->mean, 1); /* of 0.8 and 1.25 */
    assert_near(score->worst, 0.8);
    assert_false(tmk_score_is_met(score));
    assert_true(tmk_score_is_met(score_of(&scores, TMK_WORKSPACE, NULL)));
    assert_near(score_of(&scores, TMK_WORKSPACE, NULL)->mean, 3);
    assert_int_equal(score_of(&scores, TMK_AGAINST_RIVALS, "other products")->count, 0);
    tmk_scores_free(&scores);
    remove_folder(folder);
}

static void two_threads_and_the_peak(void **state)
{
    (void)state;
    const char *folder = begin();
    put_rounds("matmul", "1024x1024:1024x1024", "blocked", 1, 1, 1); /* 100 GFLOP/s */
    put_rounds("matmul", "1024x1024:1024x1024", "blocked", 2, 1.6, 1);
    put_rounds("matmul", "1024x1024:1024x1024", "fma", 1, 1.25, 1);
    struct tmk_scores scores = scores_of(folder);
    const struct tmk_score *score = score_of(&scores, TMK_AGAINST_ONE_THREAD, NULL);
    assert_int_equal(score->count, 1);
    assert_near(score->mean, 1.6);
    assert_int_equal(score->below, 1);
    score = score_of(&scores, TMK_AGAINST_PEAK, NULL);
    assert_int_equal(score->count, 1); /* on two none took turns */
    assert_near(score->mean, 80);
    assert_int_equal(score_of(&scores, TMK_AGAINST_RIVALS, "square products")->count, 0);
    tmk_scores_free(&scores);
    remove_folder(folder);
}

/* Where the first rival named does not take part, the next does. */
static void convolutions_go_where_they_belong(void **state)
{
    (void)state;
    const char *folder = begin();
    static const char *const problems[] = {"mb1ic4ih28oc4oh28kh3ph1", "mb1ic8ih28oc8oh28kh3ph1",
                                           "g4mb1ic4ih28oc4oh28kh3ph1", "mb1ic8ih14oc8oh14kh3ph1"};
    static const char *const impls[] = {"blocked", "winograd", "onednn"};
    for (size_t i = 0; i < COUNT(problems); i++) {
        for (size_t k = 0; k < COUNT(impls); k++)
            put_rounds("conv2d", problems[i], impls[k], 1, (double)(k + 1), 2);
        if (i == 0)
            put_rounds("conv2d", problems[i], "onednn_winograd", 1, 8, 2);
    }
    struct tmk_scores scores = scores_of(folder);
    const struct tmk_score *score = score_of(&scores, TMK_AGAINST_RIVALS, "convolutions");
    assert_int_equal(score->count, 3);
    assert_near(score->mean, 1.0 / 3);
    assert_int_equal(score_of(&scores, TMK_AGAINST_RIVALS, "depthwise convolutions")->count, 1);
    score = score_of(&scores, TMK_AGAINST_RIVALS, "3x3, stride 1, images 28 and up");
    assert_int_equal(score->count, 2);
    assert_near(score->cells[0].value, 2.0 / 8);
    assert_near(score->cells[1].value, 2.0 / 3);
    tmk_scores_free(&scores);
    remove_folder(folder);
}

static void command_prints_and_writes(void **state)
{
    (void)state;
    const char *folder = begin();
    char words[256], path[128];
    put_rounds("matmul", "64x64:64x64", "blocked", 2, 1, 2);
    put_rounds("matmul", "64x64:64x64", "openblas", 2, 2, 2);
    assert_int_equal(tmk_samples_close(samples), TMK_OK);
    snprintf(words, sizeof words, "scoreboard --out %s/out %s", folder, folder);
    expect(words, 0, "OpenBLAS 9");
    said("MISSED");
    said("not measured");
    said("0.50 (0.50 to 0.50)  matmul:64x64:64x64 fwd on 2: 66.67 GFLOP/s, openblas 133.3");
    snprintf(path, sizeof path, "%s/out/cells.csv", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(program_output, 1, sizeof program_output - 1, file) > 0);
    fclose(file);
    said("\n\"square products\",matmul,64x64:64x64,,fwd,blocked,2,1000,openblas,0.5,");
    snprintf(path, sizeof path, "%s/out/scoreboard.txt", folder);
    assert_int_equal(access(path, R_OK), 0);
    remove_folder(folder);
    expect("scoreboard 2>&1", 2, "give runs");
    expect("scoreboard /proc/nowhere 2>&1", 3, "is no run");
}

/* The script that makes the runs explains itself, and refuses what it does not know. */
static void script_has_help(void **state)
{
    (void)state;
    char command[512];
    static const char *const words[] = {"--help", "--nonsense 2>&1"};
    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "'%s'/../bench/sets/scoreboard %s",
                 getenv("TMK_TEST_DIR"), words[i]);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        program_output[fread(program_output, 1, sizeof program_output - 1, pipe)] = '\0';
        assert_int_equal(WEXITSTATUS(pclose(pipe)), i ? 2 : 0);
        said("bench/sets/scoreboard [--quick] [--out DIR]");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_rival_counts_in_paired_rounds),
        cmocka_unit_test(two_threads_and_the_peak),
        cmocka_unit_test(convolutions_go_where_they_belong),
        cmocka_unit_test(command_prints_and_writes),
        cmocka_unit_test(script_has_help),
    };
    return cmocka_run_group_tests_name("scoreboard", tests, NULL, NULL);
}
