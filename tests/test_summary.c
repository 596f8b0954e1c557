/* Cells: telling them apart, summing them up, and summary.csv. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "record.h"
#include "text.h"

/* 100 GFLOP/s a thread in f32, unknown in f64 */
static double peak(void *context, int threads, const char *dtype)
{
    (void)context;
    return strcmp(dtype, "f32") == 0 ? 100.0 * threads : 0;
}

static struct tmk_row row_of(const char *impl, int threads, unsigned round, double seconds)
{
    struct tmk_row row = {.cell = {.op = "matmul",
                                   .problem = "512x512:512x512",
                                   .dir = "fwd",
                                   .dtype = "f32",
                                   .layout = "row",
                                   .threads = threads,
                                   .cache = "warm",
                                   .status = "ok",
                                   .flops = 2e9,
                                   .bytes = 1e9,
                                   .err_over_bound = 0.5},
                          .round = round,
                          .calls = 1,
                          .seconds = seconds,
                          .phase = {0.25 * seconds, 0.5 * seconds, 0}};
    snprintf(row.cell.impl, sizeof row.cell.impl, "%s", impl);
    return row;
}

static void test_which_cells_are_the_same(void **state)
{
    (void)state;
    struct tmk_cell a = row_of("naive", 2, 0, 1).cell, b = a;
    strcpy(b.status, "skipped: why");
    b.flops = b.bytes = b.workspace_bytes = b.err_over_bound = 0;
    assert_true(tmk_cell_same(&a, &b));
    assert_true(tmk_cell_hash(&a) == tmk_cell_hash(&b));
    char *const texts[] = {b.op, b.problem, b.name, b.dir, b.impl, b.dtype, b.layout, b.cache};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        texts[i][0]++;
        assert_false(tmk_cell_same(&a, &b));
        assert_true(tmk_cell_hash(&a) != tmk_cell_hash(&b));
        texts[i][0]--;
    }
    b.threads = 3;
    assert_false(tmk_cell_same(&a, &b));
    assert_true(tmk_cell_hash(&a) != tmk_cell_hash(&b));
}

static void test_what_a_run_holds_of_a_cell(void **state)
{
    (void)state;
    struct tmk_row rows[] = {row_of("naive", 1, 0, 1), row_of("naive", 2, 9, 2),
                             row_of("naive", 1, 4, 3), row_of("naive", 1, 2, 5),
                             row_of("blocked", 1, 0, 0)};
    rows[4].calls = 0;
    struct tmk_rows all = {rows, 5};
    struct tmk_held held;
    assert_int_equal(tmk_rows_of_cell(&all, &rows[0].cell, &held), TMK_OK);
    assert_true(held.rows == 3 && held.samples == 3 && held.next_round == 5);
    assert_true(held.seconds[0] == 1 && held.seconds[1] == 3 && held.seconds[2] == 5);
    tmk_held_free(&held);
    assert_int_equal(tmk_rows_of_cell(&all, &rows[4].cell, &held), TMK_OK); /* skipped */
    assert_true(held.rows == 1 && held.samples == 0 && held.next_round == 0);
    tmk_held_free(&held);
    rows[4].cell.threads = 64; /* of five rows, none; of no rows, none */
    struct tmk_cell absent = row_of("blocked", 32, 0, 0).cell;
    assert_int_equal(tmk_rows_of_cell(&all, &absent, &held), TMK_OK);
    assert_true(held.rows == 0 && held.samples == 0);
    tmk_held_free(&held);
    assert_int_equal(tmk_rows_of_cell(&(struct tmk_rows){0}, &absent, &held), TMK_OK);
    tmk_held_free(&held);
}

static struct tmk_summaries summaries_of(struct tmk_row *rows, size_t count)
{
    struct tmk_rows all = {rows, count};
    struct tmk_summaries summaries;
    assert_int_equal(tmk_summaries_make(&all, peak, NULL, &summaries), TMK_OK);
    return summaries;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-14 * fabs(b);
}

static void test_a_cell_by_hand(void **state)
{
    (void)state;
    static const double seconds[] = {0.5, 0.25, 1, 0.5, 0.5, 0.75, 20};
    struct tmk_row rows[7];
    for (unsigned i = 0; i < 7; i++) {
        rows[i] = row_of("blocked", 2, i, seconds[i]);
        rows[i].noisy = i % 3 == 0;
    }
    struct tmk_summaries summaries = summaries_of(rows, 7);
    assert_int_equal(summaries.count, 1);
    const struct tmk_cell_summary *cell = summaries.cells;
    assert_int_equal(cell->samples, 7);
    assert_true(cell->median_s == 0.5 && cell->min_s == 0.25);
    assert_true(cell->ci_lo_s == 0.25 && cell->ci_hi_s == 20);
    assert_true(near(cell->gflops, 4) && near(cell->pct_peak, 2) && cell->intensity == 2);
    assert_true(cell->phase[TMK_PHASE_PACK] == 0.125 && cell->phase[TMK_PHASE_COMPUTE] == 0.25 &&
                cell->phase[TMK_PHASE_REDUCE] == 0);
    assert_true(cell->mad_s == 0.25);
    assert_int_equal(cell->outliers, 1);
    assert_int_equal(cell->noisy, 3);
    assert_true(isnan(cell->speedup_vs_naive) && isnan(cell->efficiency));
    tmk_summaries_free(&summaries);
}

static void test_speedup_and_efficiency(void **state)
{
    (void)state;
    struct tmk_row rows[] = {
        row_of("blocked", 4, 0, 1), row_of("blocked", 1, 0, 3), row_of("naive", 4, 0, 10),
        row_of("naive", 1, 0, 24),  row_of("strided", 2, 0, 7),
    };
    rows[4].cell.flops = rows[4].cell.bytes = 0;
    strcpy(rows[4].cell.dtype, "f64");
    struct tmk_summaries summaries = summaries_of(rows, 5);
    static const double speedup[] = {10, 8, 1, 1}, efficiency[] = {0.75, 1, 0.6, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(summaries.cells[i].cell.impl, rows[i].cell.impl);
        assert_true(near(summaries.cells[i].speedup_vs_naive, speedup[i]));
        assert_true(near(summaries.cells[i].efficiency, efficiency[i]));
    }
    const struct tmk_cell_summary *alone = &summaries.cells[4];
    assert_true(isnan(alone->speedup_vs_naive) && isnan(alone->efficiency));
    assert_true(isnan(alone->pct_peak) && isnan(alone->intensity));
    tmk_summaries_free(&summaries);
}

/* Each differs from naive in something else than the implementation: no speed-up to speak of. */
static void test_only_the_same_problem_is_compared(void **state)
{
    (void)state;
    struct tmk_row rows[9];
    for (size_t i = 0; i < 9; i++)
        rows[i] = row_of(i == 0 ? "naive" : "blocked", 1, 0, 1);
    strcpy(rows[1].cell.op, "conv2d");
    strcpy(rows[2].cell.problem, "other");
    strcpy(rows[3].cell.dir, "bwd_d");
    strcpy(rows[4].cell.dtype, "f64");
    strcpy(rows[5].cell.layout, "nhwc");
    strcpy(rows[6].cell.cache, "cold");
    rows[7].cell.threads = 2;
    struct tmk_summaries summaries = summaries_of(rows, 9);
    assert_int_equal(summaries.count, 9);
    for (size_t i = 1; i < 8; i++)
        assert_true(isnan(summaries.cells[i].speedup_vs_naive));
    assert_true(summaries.cells[8].speedup_vs_naive == 1);
    tmk_summaries_free(&summaries);
}

static void test_skipped_cells_have_no_numbers(void **state)
{
    (void)state;
    struct tmk_row rows[] = {row_of("naive", 1, 0, 0), row_of("blocked", 1, 0, 1)};
    rows[0].calls = 0;
    strcpy(rows[0].cell.status, "skipped: needs 3 TiB");
    struct tmk_summaries summaries = summaries_of(rows, 2);
    const struct tmk_cell_summary *skipped = &summaries.cells[0];
    assert_int_equal(skipped->samples, 0);
    assert_true(isnan(skipped->median_s) && isnan(skipped->gflops) && isnan(skipped->pct_peak) &&
                isnan(skipped->speedup_vs_naive) && isnan(skipped->efficiency) &&
                isnan(skipped->phase[0]) && isnan(skipped->mad_s));
    assert_true(isnan(summaries.cells[1].speedup_vs_naive));
    tmk_summaries_free(&summaries);
}

static void test_the_latest_sample_says_what_a_cell_is(void **state)
{
    (void)state;
    struct tmk_row rows[4];
    for (unsigned i = 0; i < 4; i++)
        rows[i] = row_of("naive", 1, i, 1);
    rows[0].calls = rows[3].calls = 0; /* skipped, then sampled twice, then skipped */
    strcpy(rows[0].cell.status, "skipped: a");
    strcpy(rows[2].cell.status, "unverified: b");
    strcpy(rows[3].cell.status, "skipped: c");
    struct tmk_summaries summaries = summaries_of(rows, 4);
    assert_int_equal(summaries.count, 1);
    assert_int_equal(summaries.cells[0].samples, 2);
    assert_string_equal(summaries.cells[0].cell.status, "unverified: b");
    tmk_summaries_free(&summaries);
}

static void test_no_rows(void **state)
{
    (void)state;
    struct tmk_summaries summaries = summaries_of(NULL, 0);
    assert_int_equal(summaries.count, 0);
    tmk_summaries_free(&summaries);
}

/* 100,000 rows of 5,000 cells, interleaved as rounds interleave them. */
static void test_many_rows_take_well_under_a_second(void **state)
{
    (void)state;
    const size_t cells = 5000, rounds = 20;
    struct tmk_row *rows = calloc(cells * rounds, sizeof *rows);
    assert_non_null(rows);
    for (size_t i = 0; i < cells * rounds; i++) {
        size_t cell = i % cells;
        rows[i] = row_of(cell % 2 ? "blocked" : "naive", (int)(cell / 2 % 10) + 1,
                         (unsigned)(i / cells), (double)(cell + 1));
        snprintf(rows[i].cell.problem, sizeof rows[i].cell.problem, "%zux2:2x2", cell / 20);
    }
    double start = tmk_now();
    struct tmk_summaries summaries = summaries_of(rows, cells * rounds);
    double seconds = tmk_now() - start;
    assert_int_equal(summaries.count, cells);
    for (size_t i = 0; i < cells; i++) {
        const struct tmk_cell_summary *cell = &summaries.cells[i];
        assert_int_equal(cell->samples, rounds);
        assert_true(cell->median_s == (double)(i + 1));
        double naive = (double)(i / 2 * 2 + 1), alone = (double)(i / 20 * 20 + i % 2 + 1);
        assert_true(near(cell->speedup_vs_naive, naive / (double)(i + 1)));
        assert_true(near(cell->efficiency, alone / (cell->cell.threads * (double)(i + 1))));
    }
    assert_true(seconds < 2); /* 0.1 s; sanitizers take longer */
    tmk_summaries_free(&summaries);
    free(rows);
}

/* --- on disk --- */

static char directory[] = "/tmp/tmk_summary_XXXXXX";
static char path[64];

static int make_directory(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/summary.csv", mkdtemp(directory) ? directory : "/nonexistent");
    return access(directory, W_OK);
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory); /* fails if a temporary file was left behind */
}

static const char header[] =
    "op,problem,name,dir,impl,dtype,layout,threads,cache,status,samples,median_s,ci_lo_s,ci_hi_s,"
    "min_s,gflops,pct_peak,intensity,speedup_vs_naive,efficiency,workspace_bytes,err_over_bound,"
    "pack_s,compute_s,reduce_s,noisy,outliers,mad_s,chosen\n";

static void test_the_table_is_written_as_promised(void **state)
{
    (void)state;
    struct tmk_row rows[] = {row_of("naive", 1, 0, 0.5), row_of("blocked", 2, 0, 0)};
    rows[1].calls = 0;
    rows[1].cell.err_over_bound = NAN;
    strcpy(rows[1].cell.status, "skipped: a, b");
    strcpy(rows[1].cell.impl, "auto");
    strcpy(rows[1].cell.chosen, "blocked");
    struct tmk_summaries summaries = summaries_of(rows, 2);
    assert_int_equal(tmk_summaries_write(&summaries, path), TMK_OK);
    char *text, expected[1024];
    assert_int_equal(tmk_read_file(path, &text), TMK_OK);
    snprintf(expected, sizeof expected, "%s%s%s", header,
             "matmul,512x512:512x512,,fwd,naive,f32,row,1,warm,ok,1,0.5,0.5,0.5,0.5,4,4,2,1,1,0,"
             "0.5,0.125,0.25,0,0,0,0,\n",
             "matmul,512x512:512x512,,fwd,auto,f32,row,2,warm,\"skipped: a, b\",0,,,,,,,2,,,0,,,,,"
             "0,0,,blocked\n");
    assert_string_equal(text, expected);
    free(text);
    tmk_summaries_free(&summaries);
}

static void test_an_unwritable_table_keeps_the_old_one(void **state)
{
    (void)state;
    struct tmk_row rows[] = {row_of("naive", 1, 0, 0.5), row_of("naive", 2, 0, 0.5)};
    struct tmk_summaries summaries = summaries_of(rows, 2);
    assert_int_equal(tmk_summaries_write(&summaries, path), TMK_OK);
    char *before, *after;
    assert_int_equal(tmk_read_file(path, &before), TMK_OK);
    strcpy(summaries.cells[1].cell.name, "a\ttab");
    assert_int_equal(tmk_summaries_write(&summaries, path), TMK_EINVAL);
    assert_int_equal(tmk_read_file(path, &after), TMK_OK);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_int_equal(tmk_summaries_write(&summaries, "/nonexistent/summary.csv"), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "/nonexistent/summary.csv"));
    tmk_summaries_free(&summaries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_cells_are_the_same),
        cmocka_unit_test(test_what_a_run_holds_of_a_cell),
        cmocka_unit_test(test_a_cell_by_hand),
        cmocka_unit_test(test_speedup_and_efficiency),
        cmocka_unit_test(test_only_the_same_problem_is_compared),
        cmocka_unit_test(test_skipped_cells_have_no_numbers),
        cmocka_unit_test(test_the_latest_sample_says_what_a_cell_is),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_many_rows_take_well_under_a_second),
        cmocka_unit_test(test_the_table_is_written_as_promised),
        cmocka_unit_test(test_an_unwritable_table_keeps_the_old_one),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
