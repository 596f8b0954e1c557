/* The built program, run as a user runs it: exit codes, messages, help, streams. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "streams.h"

#include "select.h"

#include <fcntl.h>

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

static void list_shows_the_implementations(void **state)
{
    (void)state;
    static const char *const names[] = {"matmul", "conv2d",  "naive",
                                        "im2col", "strided", "blocked"};
    run("list");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect(0, names[i], "");
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
        cmocka_unit_test(list_shows_the_implementations),
        cmocka_unit_test(a_full_disk_is_an_io_error),
        cmocka_unit_test(an_interrupt_keeps_what_is_done),
        cmocka_unit_test(colour_is_for_terminals_that_want_it),
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
