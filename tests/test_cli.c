/* The built program, run as a user runs it: exit codes, messages, help, streams. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "select.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 512
#define MAX_TEXT 65536

/* What a finished program left behind. */
static struct {
    int code; /* 128 + signal if one ended it */
    char out[MAX_TEXT], err[MAX_TEXT];
} result;

static void read_back(FILE *file, char *text)
{
    rewind(file);
    text[fread(text, 1, MAX_TEXT - 1, file)] = '\0';
    fclose(file);
}

static pid_t start(const char *const *args, int out, int err)
{
    const char *argv[MAX_ARGS] = {getenv("TILEMARK")};
    for (size_t i = 0; args[i] && i < MAX_ARGS - 2; i++)
        argv[i + 1] = args[i];
    pid_t child = fork();
    if (child == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

static int finish(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Run and, after `seconds` of work, interrupt (0: do not). */
static void run_interrupted(const char *const *args, unsigned seconds)
{
    FILE *out = tmpfile(), *err = tmpfile();
    pid_t child = start(args, fileno(out), fileno(err));
    if (seconds) {
        sleep(seconds);
        kill(child, SIGINT);
    }
    result.code = finish(child);
    read_back(out, result.out);
    read_back(err, result.err);
}

#define run(...) run_interrupted((const char *const[]){__VA_ARGS__, NULL}, 0)

static void expect(int code, const char *out, const char *err)
{
    if (result.code != code || !strstr(result.out, out) || !strstr(result.err, err))
        fail_msg("code %d (wanted %d)\nstdout (wanted '%s'):\n%s\nstderr (wanted '%s'):\n%s",
                 result.code, code, out, result.out, err, result.err);
}

static size_t lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Refused: the code, nothing on stdout, and one clear line on stderr. */
static void expect_refusal(int code, const char *err)
{
    expect(code, "", err);
    assert_string_equal(result.out, "");
    assert_int_equal(lines(result.err), 1);
}

static void no_command_shows_the_table(void **state)
{
    (void)state;
    run_interrupted((const char *const[]){NULL}, 0);
    expect(0, "Commands:", "");
    expect(0, "verify", "");
}

static void help_shows_the_table(void **state)
{
    (void)state;
    run("--help");
    expect(0, "Examples:", "");
    run("help");
    expect(0, "Commands:", "");
}

static void version_is_told(void **state)
{
    (void)state;
    run("--version");
    expect(0, "tilemark 0.", "");
}

static void command_help_has_synopsis_options_examples(void **state)
{
    (void)state;
    static const char *const commands[] = {"machine",  "list",  "verify",    "bench",    "report",
                                           "roofline", "count", "inception", "receptive"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        run(commands[i], "--help");
        expect(0, "Usage: tilemark ", "");
        expect(0, commands[i], "");
        expect(0, "Examples:\n  tilemark ", "");
        expect(0, "--help", "");
        assert_string_equal(result.err, "");
    }
}

static void help_of_a_command_is_its_help(void **state)
{
    (void)state;
    run("help", "verify");
    expect(0, "Usage: tilemark verify", "");
    expect(0, "--max-gflop", "");
}

static void unknown_command_names_the_nearest(void **state)
{
    (void)state;
    run("benhc");
    expect_refusal(2, "unknown command 'benhc': did you mean 'bench'? see tilemark --help");
    run("help", "verfy");
    expect_refusal(2, "did you mean 'verify'?");
    run("xyzzy");
    expect_refusal(2, "unknown command 'xyzzy': see tilemark --help");
    run("--verbose");
    expect_refusal(2, "unknown option '--verbose': see tilemark --help");
}

static void unknown_option_names_the_nearest(void **state)
{
    (void)state;
    run("verify", "--thread", "2");
    expect_refusal(2, "unknown option '--thread': did you mean '--threads'? see tilemark verify");
    run("verify", "--frobnicate");
    expect_refusal(2, "unknown option '--frobnicate': see tilemark verify --help");
}

static void options_want_their_values(void **state)
{
    (void)state;
    run("verify", "--threads");
    expect_refusal(2, "--threads");
    run("verify", "--seed", "abc");
    expect_refusal(2, "--seed");
    run("verify", "--max-gflop", "many");
    expect_refusal(2, "--max-gflop");
    run("verify", "--max-gflop", "-1");
    expect_refusal(2, "--max-gflop: -1 is negative");
    run("verify", "--mb", "two", "conv2d:ic3ih8oc4kh3");
    expect_refusal(2, "--mb: 'two'");
}

static void unknown_names_list_the_known_ones(void **state)
{
    (void)state;
    run("verify", "--op", "pool");
    expect_refusal(2, "--op: 'pool' is unknown: choose from ");
    run("verify", "--dir", "fwd,backward");
    expect_refusal(2, "--dir: 'backward' is unknown: choose from fwd, bwd_d, bwd_w");
    run("verify", "--dtype", "f16");
    expect_refusal(2, "--dtype: 'f16' is unknown: choose from f32, f64");
    run("verify", "--layout", "chwn");
    expect_refusal(2, "--layout: 'chwn' is unknown: choose from nchw, nhwc");
    run("verify", "--impl", "magic");
    expect_refusal(2, "--impl: 'magic' is unknown: choose from naive");
    run("verify", "--impl", "naive,");
    expect_refusal(2, "--impl: '' is unknown");
    run("verify", "--set", "lenet");
    expect_refusal(2, "resnet50");
    run("verify", "--bind", "sideways");
    expect_refusal(2, "sideways");
}

static void thread_lists_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0",     "",      "two",   "1,", "4-1",
                                        "1-8*1", "1-8/2", "99999", "-2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run("verify", "--threads", wrong[i], "matmul:2x2:2x2");
        expect_refusal(2, "--threads: '");
    }
}

static void thread_lists_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        int counts[8];
    } cases[] = {
        {"3", 1, {3}},
        {"4,1,4,2", 3, {4, 1, 2}},
        {"1-4", 4, {1, 2, 3, 4}},
        {"1-8*2", 4, {1, 2, 4, 8}},
        {"3-20*3", 2, {3, 9}},
        {"1-8+3", 3, {1, 4, 7}},
        {"all", 4, {1, 2, 4, 6}},
        {"1,max", 2, {1, 6}},
        {"all,12", 5, {1, 2, 4, 6, 12}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int *counts;
        size_t n;
        assert_int_equal(tmk_parse_threads(cases[i].text, 6, &counts, &n), TMK_OK);
        assert_int_equal(n, cases[i].n);
        assert_memory_equal(counts, cases[i].counts, n * sizeof *counts);
        free(counts);
    }
}

static void malformed_descriptors_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "conv2d:mb1ic",
        "conv2d:",
        "conv2d:mb1ic3ih8oc4kh9", /* kernel too large */
        "matmul:2x3:4x5",
        "matmul:2x3",
        "matmul:2x3:3x",
        "pool:2x2",
        "conv2d:ic3ih8oc4kh3sh0",
        "matmul:99999999999x99999999999:99999999999x1",
        "matmul:99999999999999999999999x1:1x1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run("verify", wrong[i]);
        expect_refusal(2, "tilemark verify: ");
    }
}

static void too_much_memory_is_refused(void **state)
{
    (void)state;
    run("verify", "matmul:200000x200000:200000x200000", "--dir", "fwd");
    expect(4, "", "of memory");
    expect(4, "", "free");
}

static void a_missing_file_is_an_io_error(void **state)
{
    (void)state;
    run("verify", "--batch", "/nowhere/batch");
    expect_refusal(3, "/nowhere/batch");
    run("verify", "--vectors", "/nowhere/vectors");
    expect_refusal(3, "/nowhere/vectors");
}

static void vectors_bring_their_own_problems(void **state)
{
    (void)state;
    run("verify", "--vectors", "/tmp", "matmul:2x2:2x2");
    expect_refusal(2, "--vectors brings its own problems");
}

static void list_shows_the_implementations(void **state)
{
    (void)state;
    static const char *const names[] = {"matmul", "conv2d",  "naive",
                                        "im2col", "strided", "blocked"};
    run("list");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect(0, names[i], "");
}

static void verify_passes_on_all_implementations(void **state)
{
    (void)state;
    run("verify", "conv2d:mb2ic3ih7iw5oc4kh3kw2sh2ph1", "matmul:3x5x7:7x2", "--threads", "1,3",
        "--dtype", "f32,f64", "--layout", "nchw,nhwc");
    expect(0, " 0 failed", "");
    static const char *const names[] = {"naive", "im2col", "im2col_blocked", "strided", "blocked"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect(0, names[i], "");
}

static void verify_counts_every_cell(void **state)
{
    (void)state;
    /* 3 directions x 2 thread counts x 2 dtypes, one implementation; no layouts for matmul */
    run("verify", "matmul:3x5:5x2", "--impl", "blocked", "--threads", "1,2", "--dtype", "f32,f64",
        "--layout", "nchw,nhwc");
    expect(0, "12 checks, 0 failed", "");
    run("verify", "conv2d:ic3ih5oc4kh3", "--impl", "naive", "--threads", "1", "--layout",
        "nchw,nhwc", "--dir", "fwd,bwd_w");
    expect(0, "4 checks, 0 failed", "");
}

static void verify_passes_on_golden_vectors(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/golden", getenv("TMK_TEST_DIR"));
    run("verify", "--vectors", path);
    expect(0, " 0 failed", "");
    expect(0, "\nsigmoid_mlp naive                   20         0         0", "");
    run("verify", "--vectors", path, "--dtype", "f32", "--threads", "1", "--op", "matmul");
    expect(0, "10 times: op 'sigmoid_mlp' is checked in f64 only", "");
}

/* A file of reference vectors with this text; the caller unlinks it. */
static void write_vector(char *path, const char *text)
{
    strcpy(path, "/tmp/tilemark-vector-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void a_wrong_result_fails_with_the_command_that_repeats_it(void **state)
{
    (void)state;
    char path[64], repeat[256];
    write_vector(path, "format 1 op matmul name wrong exact 1 tensor a 2 1 2 1 2 "
                       "tensor b 2 2 1 3 4 tensor y 2 1 1 12 end");
    run("verify", "--vectors", path, "--impl", "naive", "--threads", "1", "--dtype", "f32");
    unlink(path);
    snprintf(repeat, sizeof repeat,
             "repeat: tilemark verify --vectors '%s' --dir fwd --impl naive --threads 1 "
             "--dtype f32\n",
             path);
    expect(1, "FAIL matmul:1x2:2x1", "1 of 1 checks failed");
    expect(1, repeat, "");
}

static void a_malformed_vector_is_named_with_line_and_token(void **state)
{
    (void)state;
    char path[64], place[128];
    write_vector(path, "format 1\nop matmul\ntensor a 1 2 0 zero\nend\n");
    run("verify", "--vectors", path);
    unlink(path);
    snprintf(place, sizeof place, "%s:3: 'zero' where a number", path);
    expect_refusal(2, place);
}

static void larger_problems_are_left_out_with_a_warning(void **state)
{
    (void)state;
    run("verify", "matmul:64x64:64x64", "matmul:2x2:2x2", "--max-gflop", "0.0001", "--impl",
        "naive");
    expect(0, " 0 failed", "warning: 1 problem above 0.0001 GFLOP left out");
    run("verify", "matmul:64x64:64x64", "--max-gflop", "0.0001");
    expect(2, "", "no problem is left");
}

static void too_many_threads_are_warned_about(void **state)
{
    (void)state;
    run("verify", "matmul:2x2:2x2", "--threads", "300", "--impl", "naive");
    expect(0, " 0 failed", "warning: 300 threads on ");
}

static void a_full_disk_is_an_io_error(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY);
    if (full < 0)
        skip();
    FILE *err = tmpfile();
    result.code = finish(start((const char *const[]){"--help", NULL}, full, fileno(err)));
    close(full);
    read_back(err, result.err);
    result.out[0] = '\0';
    expect_refusal(3, "standard output: cannot write: No space left on device");
}

static void an_interrupt_keeps_what_is_done(void **state)
{
    (void)state;
    const char *args[MAX_ARGS] = {"verify"};
    for (size_t i = 1; i < MAX_ARGS - 2; i++)
        args[i] = "matmul:160x160:160x160";
    run_interrupted(args, 2);
    expect(130, " 0 failed", "interrupted after ");
}

/* stderr as a terminal shows it. */
static void run_on_terminal(const char *argument)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(terminal >= 0 && !grantpt(terminal) && !unlockpt(terminal));
    int slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    result.code = finish(start((const char *const[]){argument, NULL}, slave, slave));
    ssize_t got = read(terminal, result.err, MAX_TEXT - 1);
    result.err[got > 0 ? got : 0] = '\0';
    close(slave);
    close(terminal);
}

static void colour_is_for_terminals_that_want_it(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    run_on_terminal("nonsense");
    assert_non_null(strchr(result.err, '\033'));
    setenv("NO_COLOR", "1", 1);
    run_on_terminal("nonsense");
    assert_non_null(strstr(result.err, "unknown command"));
    assert_null(strchr(result.err, '\033'));
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    run_on_terminal("nonsense");
    assert_null(strchr(result.err, '\033'));
    run("nonsense");
    assert_null(strchr(result.err, '\033'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_command_shows_the_table),
        cmocka_unit_test(help_shows_the_table),
        cmocka_unit_test(version_is_told),
        cmocka_unit_test(command_help_has_synopsis_options_examples),
        cmocka_unit_test(help_of_a_command_is_its_help),
        cmocka_unit_test(unknown_command_names_the_nearest),
        cmocka_unit_test(unknown_option_names_the_nearest),
        cmocka_unit_test(options_want_their_values),
        cmocka_unit_test(unknown_names_list_the_known_ones),
        cmocka_unit_test(thread_lists_are_checked),
        cmocka_unit_test(thread_lists_are_read),
        cmocka_unit_test(malformed_descriptors_are_refused),
        cmocka_unit_test(too_much_memory_is_refused),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(vectors_bring_their_own_problems),
        cmocka_unit_test(list_shows_the_implementations),
        cmocka_unit_test(verify_passes_on_all_implementations),
        cmocka_unit_test(verify_counts_every_cell),
        cmocka_unit_test(verify_passes_on_golden_vectors),
        cmocka_unit_test(a_wrong_result_fails_with_the_command_that_repeats_it),
        cmocka_unit_test(a_malformed_vector_is_named_with_line_and_token),
        cmocka_unit_test(larger_problems_are_left_out_with_a_warning),
        cmocka_unit_test(too_many_threads_are_warned_about),
        cmocka_unit_test(a_full_disk_is_an_io_error),
        cmocka_unit_test(an_interrupt_keeps_what_is_done),
        cmocka_unit_test(colour_is_for_terminals_that_want_it),
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
