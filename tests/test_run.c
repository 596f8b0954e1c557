/* A run from its first sample to its report, by the built program in folders of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "matmul.h"
#include "record.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONV "conv2d:mb1ic4ih9oc6oh9kh3ph1n\"tiny\""
#define MATMUL "matmul:17x13:13x11"
#define QUICKLY "--threads", "1", "--time-budget", "0.02"

static char base[] = "/tmp/tilemark-test-XXXXXX"; /* every test has its folder below */
static char run[PATH_MAX], said[65536]; /* the run under test; stdout and stderr of both */

static const char *in_run(const char *name)
{
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", run, name);
    return path;
}

static bool exists(const char *name)
{
    return access(in_run(name), F_OK) == 0;
}

static char *contents(const char *name)
{
    static char *text; /* automatic, gcc 12 believes that it dangles */
    if (tmk_read_file(in_run(name), &text) != TMK_OK)
        fail_msg("%s", tmk_message());
    return text;
}

static pid_t start(const char *const *args)
{
    const char *argv[32] = {getenv("TILEMARK")};
    for (size_t i = 0; args[i]; i++)
        argv[i + 1] = args[i];
    pid_t child = fork();
    if (child == 0) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/said", base);
        int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
        dup2(file, STDOUT_FILENO);
        dup2(file, STDERR_FILENO);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

/* Its exit code; what it printed is in `said`. */
static int finish(pid_t child)
{
    int status;
    char path[PATH_MAX], *text;
    assert_int_equal(waitpid(child, &status, 0), child);
    snprintf(path, sizeof path, "%s/said", base);
    assert_int_equal(tmk_read_file(path, &text), TMK_OK);
    snprintf(said, sizeof said, "%s", text);
    free(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void expect(int code, const char *text, const char *const *args)
{
    int got = finish(start(args));
    if (got != code || !strstr(said, text))
        fail_msg("code %d (wanted %d) saying (wanted '%s'):\n%s", got, code, text, said);
}
#define EXPECT(code, text, ...) expect(code, text, (const char *const[]){__VA_ARGS__, NULL})

static struct tmk_rows samples(void)
{
    struct tmk_rows rows;
    if (tmk_samples_read(in_run("samples.csv"), &rows) != TMK_OK)
        fail_msg("%s", tmk_message());
    return rows;
}

/* Rows of one cell, all of one status if that is not NULL. */
static size_t rows_of(const char *op, const char *dir, const char *impl, const char *status)
{
    struct tmk_rows rows = samples();
    size_t count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const struct tmk_cell *cell = &rows.rows[i].cell;
        if (strcmp(cell->op, op) || strcmp(cell->dir, dir) || strcmp(cell->impl, impl))
            continue;
        if (status && strncmp(cell->status, status, strlen(status)) != 0)
            fail_msg("%s %s %s: status '%s', not '%s'", op, dir, impl, cell->status, status);
        count++;
    }
    tmk_rows_free(&rows);
    return count;
}

static const char *const directions[] = {"fwd", "bwd_d", "bwd_w"};

/* Every rung of both ops has samples in every direction. */
static void assert_complete(void)
{
    static const char *const cells[][2] = {{"conv2d", "naive"},          {"conv2d", "im2col"},
                                           {"conv2d", "im2col_blocked"}, {"conv2d", "blocked"},
                                           {"matmul", "naive"},          {"matmul", "strided"},
                                           {"matmul", "blocked"}};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        for (int dir = 0; dir < 3; dir++) {
            if (rows_of(cells[i][0], directions[dir], cells[i][1], "ok") == 0)
                fail_msg("%s %s %s has no samples", cells[i][0], directions[dir], cells[i][1]);
        }
    }
}

static void a_run_has_its_files(void **state)
{
    (void)state;
    EXPECT(0, "report.html", "bench", "--out", run, QUICKLY, CONV, MATMUL);
    static const char *const files[] = {"manifest.json",        "topology.xml",
                                        "samples.csv",          "summary.csv",
                                        "report.html",          "plots/conv2d-time.svg",
                                        "plots/matmul-time.gp", "plots/conv2d-roofline.svg"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (!exists(files[i]))
            fail_msg("%s is missing", files[i]);
    }
    assert_complete();
}

static void the_summary_has_its_columns(void **state)
{
    (void)state;
    EXPECT(0, "blocked", "bench", "--out", run, "--no-report", QUICKLY, MATMUL);
    char *text = contents("summary.csv");
    static const char columns[] =
        "op,problem,name,dir,impl,dtype,layout,threads,cache,status,samples,median_s,ci_lo_s,"
        "ci_hi_s,min_s,gflops,pct_peak,intensity,speedup_vs_naive,efficiency,workspace_bytes,"
        "err_over_bound,pack_s,compute_s,reduce_s,noisy,outliers,mad_s,chosen\n";
    assert_int_equal(strncmp(text, columns, strlen(columns)), 0);
    assert_false(exists("report.html"));
    free(text);
}

static void what_auto_chose_is_shown_and_recorded(void **state)
{
    (void)state;
    EXPECT(0, "auto (", "bench", "--out", run, "--no-report", "--impl", "naive,auto", "--dir",
           "fwd", QUICKLY, MATMUL);
    struct tmk_rows rows = samples();
    assert_true(rows.count >= 2);
    for (size_t i = 0; i < rows.count; i++) {
        const struct tmk_cell *cell = &rows.rows[i].cell;
        const struct tmk_impl *chosen = tmk_op_impl(&tmk_op_matmul, cell->chosen);
        assert_true(strcmp(cell->impl, "auto") == 0 ? chosen && chosen->auto_flops > 0 : !chosen);
    }
    tmk_rows_free(&rows);
}

static void the_manifest_tells_machine_and_settings(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, "--no-report", QUICKLY, "--seed", "7", "--label", "mine",
           MATMUL);
    char *text = contents("manifest.json");
    static const char *const words[] = {"\"schema\": 1",       "\"ceilings\"", "\"seed\": 7",
                                        "\"label\": \"mine\"", "\"finished\"", "\"compiler\"",
                                        "\"libraries\"",       MATMUL,         "\"kernel\""};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strstr(text, words[i]))
            fail_msg("the manifest does not say %s", words[i]);
    }
    free(text);
}

static void a_dry_run_writes_nothing(void **state)
{
    (void)state;
    EXPECT(0, "groups", "bench", "--out", run, "--dry-run", MATMUL);
    assert_false(exists(""));
}

static void scripts_are_told_the_folder(void **state)
{
    (void)state;
    char file[PATH_MAX + 16], wanted[PATH_MAX + 16], *told;
    snprintf(file, sizeof file, "%s.folder", run);
    snprintf(wanted, sizeof wanted, "%s\n", run);
    EXPECT(0, "blocked", "bench", "--out", run, "--no-report", QUICKLY, "--run-file", file, MATMUL);
    assert_int_equal(tmk_read_file(file, &told), TMK_OK);
    assert_string_equal(told, wanted);
    free(told);
}

static void a_run_is_not_overwritten(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, "--no-report", QUICKLY, MATMUL);
    EXPECT(2, "--resume", "bench", "--out", run, QUICKLY, MATMUL);
}

static void an_unwritable_folder_is_refused(void **state)
{
    (void)state;
    EXPECT(3, "/dev/null", "bench", "--out", "/dev/null/run", MATMUL);
    EXPECT(3, "/proc", "bench", "--out", "/proc/nowhere/run", MATMUL);
}

static void senseless_settings_are_refused(void **state)
{
    (void)state;
    EXPECT(2, "--ci", "bench", "--out", run, "--ci", "0", MATMUL);
    EXPECT(2, "--time-budget", "bench", "--out", run, "--time-budget", "-1", MATMUL);
    EXPECT(2, "--cache", "bench", "--out", run, "--cache", "tepid", MATMUL);
    EXPECT(2, "nothing to time", "bench", "--out", run, "--impl", "strided", CONV);
    EXPECT(2, "exclude", "bench", "--out", run, "--resume", run);
    assert_false(exists(""));
}

static void a_problem_larger_than_memory_is_refused(void **state)
{
    (void)state;
    EXPECT(4, "needs", "bench", "--out", run, QUICKLY, "--impl", "blocked", "--dir", "fwd",
           "matmul:999999x999999:999999x999999");
    assert_int_equal(rows_of("matmul", "fwd", "blocked", "skipped: needs"), 1);
}

static void a_large_call_is_verified_by_sums(void **state)
{
    (void)state;
    EXPECT(0, "verified by sums", "bench", "--dry-run", "--verify-gflop", "0", MATMUL);
    EXPECT(0, "blocked", "bench", "--out", run, "--no-report", QUICKLY, "--verify-gflop", "0",
           MATMUL);
    assert_true(rows_of("matmul", "fwd", "blocked", "ok") > 0);
}

static void cold_caches_are_offered(void **state)
{
    (void)state;
    EXPECT(0, "cold", "bench", "--out", run, "--no-report", QUICKLY, "--cache", "cold", "--impl",
           "blocked", "--dir", "fwd", MATMUL);
    struct tmk_rows rows = samples();
    assert_true(rows.count > 0);
    for (size_t i = 0; i < rows.count; i++)
        assert_int_equal(rows.rows[i].calls, 1);
    tmk_rows_free(&rows);
}

static void a_complete_run_has_nothing_to_resume(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, "--no-report", QUICKLY, MATMUL);
    char *before = contents("samples.csv");
    EXPECT(0, "", "bench", "--resume", run, "--no-report");
    char *after = contents("samples.csv");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* Replace the first `from` in the manifest. */
static void edit_manifest(const char *from, const char *to)
{
    char *text = contents("manifest.json");
    assert_non_null(strstr(text, from));
    size_t at = (size_t)(strstr(text, from) - text);
    FILE *file = fopen(in_run("manifest.json"), "w");
    assert_non_null(file);
    fprintf(file, "%.*s%s%s", (int)at, text, to, text + at + strlen(from));
    fclose(file);
    free(text);
}

static void a_torn_run_is_completed(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, "--no-report", QUICKLY, CONV, MATMUL);
    char *whole = contents("samples.csv");
    size_t keep = strlen(whole) / 2;
    while (whole[keep] == '\n' || whole[keep - 1] == '\n')
        keep++;
    assert_int_equal(truncate(in_run("samples.csv"), (off_t)keep), 0);
    edit_manifest("\"finished\"", "\"was finished\"");
    EXPECT(0, "", "bench", "--resume", run, "--no-report");
    char *resumed = contents("samples.csv");
    char *line_end = whole + keep;
    while (*line_end != '\n')
        line_end--;
    assert_int_equal(strncmp(whole, resumed, (size_t)(line_end - whole)), 0);
    assert_complete();
    free(whole);
    free(resumed);
}

static void resuming_takes_no_other_selection(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, "--no-report", QUICKLY, MATMUL);
    EXPECT(2, "leave out --impl", "bench", "--resume", run, "--impl", "naive");
    EXPECT(2, "leave out '" CONV "'", "bench", "--resume", run, CONV);
    EXPECT(3, "is no run", "bench", "--resume", "/nowhere");
}

static void a_run_of_another_machine_is_not_resumed(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, "--no-report", QUICKLY, MATMUL);
    edit_manifest("\"cpu\": \"", "\"cpu\": \"another ");
    EXPECT(4, "another machine", "bench", "--resume", run);
}

static size_t file_size(const char *name)
{
    struct stat info;
    return stat(in_run(name), &info) == 0 ? (size_t)info.st_size : 0;
}

static void an_interrupted_run_is_kept_and_resumed(void **state)
{
    (void)state;
    pid_t child = start((const char *const[]){"bench", "--out", run, "--no-report", "--threads",
                                              "1", "--ci", "0.001", "--time-budget", "1", "--impl",
                                              "blocked", MATMUL, NULL});
    for (int tenths = 0; tenths < 600 && file_size("samples.csv") < 2000; tenths++)
        usleep(100000);
    kill(child, SIGINT);
    assert_int_equal(finish(child), 130);
    assert_non_null(strstr(said, "resume with: tilemark bench --resume"));
    assert_true(exists("summary.csv"));
    EXPECT(0, "bwd_w", "bench", "--resume", run, "--no-report");
    for (int dir = 0; dir < 3; dir++)
        assert_true(rows_of("matmul", directions[dir], "blocked", "ok") > 0);
}

static void without_gnuplot_all_but_pictures_is_made(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, "--no-report", QUICKLY, CONV);
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    EXPECT(3, "install gnuplot", "report", run);
    setenv("PATH", path, 1);
    free(path);
    assert_true(exists("report.html") && exists("plots/conv2d-time.gp"));
    assert_false(exists("plots/conv2d-time.svg"));
}

/* What a shell, gnuplot or a browser might take for its own. */
static void strange_names_stay_names(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, QUICKLY, "--impl", "naive,blocked",
           "conv2d:mb1ic1ih5oc1oh5kh3ph1n\"<b>'`touch${IFS}x`'&@%s\\n\"");
    char *html = contents("report.html");
    assert_null(strstr(html, "<b>'`"));
    assert_non_null(strstr(html, "&lt;b&gt;&#39;`touch"));
    assert_true(exists("plots/conv2d-time.svg"));
    assert_false(exists("plots/x"));
    free(html);
}

static void report_wants_a_run(void **state)
{
    (void)state;
    EXPECT(2, "one run", "report");
    EXPECT(3, "is no run", "report", "/nowhere");
}

static void a_report_is_made_again_from_samples_alone(void **state)
{
    (void)state;
    EXPECT(0, "", "bench", "--out", run, "--no-report", QUICKLY, MATMUL);
    char *before = contents("summary.csv");
    assert_int_equal(unlink(in_run("summary.csv")), 0);
    EXPECT(0, "report.html", "report", run);
    char *after = contents("summary.csv");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static int new_folder(void **state)
{
    static int number;
    (void)state;
    snprintf(run, sizeof run, "%s/run%d", base, number++);
    return 0;
}

static int make_base(void **state)
{
    (void)state;
    return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        execlp("rm", "rm", "-rf", base, (char *)NULL);
    int status;
    return waitpid(child, &status, 0) == child ? status : -1;
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup(test, new_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_run_has_its_files),
        IN_A_FOLDER(the_summary_has_its_columns),
        IN_A_FOLDER(what_auto_chose_is_shown_and_recorded),
        IN_A_FOLDER(the_manifest_tells_machine_and_settings),
        IN_A_FOLDER(a_dry_run_writes_nothing),
        IN_A_FOLDER(scripts_are_told_the_folder),
        IN_A_FOLDER(a_run_is_not_overwritten),
        IN_A_FOLDER(an_unwritable_folder_is_refused),
        IN_A_FOLDER(senseless_settings_are_refused),
        IN_A_FOLDER(a_problem_larger_than_memory_is_refused),
        IN_A_FOLDER(a_large_call_is_verified_by_sums),
        IN_A_FOLDER(cold_caches_are_offered),
        IN_A_FOLDER(a_complete_run_has_nothing_to_resume),
        IN_A_FOLDER(a_torn_run_is_completed),
        IN_A_FOLDER(resuming_takes_no_other_selection),
        IN_A_FOLDER(a_run_of_another_machine_is_not_resumed),
        IN_A_FOLDER(an_interrupted_run_is_kept_and_resumed),
        IN_A_FOLDER(without_gnuplot_all_but_pictures_is_made),
        IN_A_FOLDER(strange_names_stay_names),
        IN_A_FOLDER(report_wants_a_run),
        IN_A_FOLDER(a_report_is_made_again_from_samples_alone),
    };
    return cmocka_run_group_tests_name("run", tests, make_base, remove_base);
}
