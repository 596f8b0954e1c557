/* tilemark roofline: what it shows of a run, and of one that it makes on the spot. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/tilemark-test-XXXXXX";
static char run_folder[64],
    said[1 << 17]; /* a run that the tests share; stdout and stderr of all */

static pid_t start(const char *const *args)
{
    const char *argv[32] = {getenv("TILEMARK")};
    for (size_t i = 0; args[i]; i++)
        argv[i + 1] = args[i];
    pid_t child = fork();
    if (child == 0) {
        char path[64];
        snprintf(path, sizeof path, "%s/said", base);
        int file = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
        dup2(file, STDOUT_FILENO);
        dup2(file, STDERR_FILENO);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

static int finish(pid_t child)
{
    char path[64];
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    snprintf(path, sizeof path, "%s/said", base);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void expect(const char *const *args, int code, const char *words)
{
    int got = finish(start(args));
    if (got != code || !strstr(said, words))
        fail_msg("code %d (wanted %d), wanted '%s':\n%s", got, code, words, said);
}

#define EXPECT(code, words, ...)                                                                   \
    expect((const char *const[]){"roofline", __VA_ARGS__, NULL}, code, words)

static void assert_contains(const char *name, const char *part)
{
    char path[128], *text = NULL;
    snprintf(path, sizeof path, "%s/%s", base, name);
    if (tmk_read_file(path, &text) != TMK_OK)
        fail_msg("%s", tmk_message());
    if (!strstr(text, part))
        fail_msg("%s does not hold '%s': %s", name, part, text);
    free(text);
}

static void a_run_is_shown_as_tables_and_text(void **state)
{
    (void)state;
    EXPECT(0, "FLOP/byte", "--run", run_folder);
    static const char *const words[] = {
        "GFLOP/s f32", "memory",      "im2col",          "tiny",
        "compute",     "On 1 thread", "times the bytes", "roof: memory, compute"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strstr(said, words[i]))
            fail_msg("no '%s' in:\n%s", words[i], said);
    }
}

static void options_choose_points_of_a_run(void **state)
{
    (void)state;
    EXPECT(0, "fwd", "--run", run_folder, "--impl", "blocked", "--dir", "fwd", "--op", "matmul");
    assert_null(strstr(said, "im2col_blocked"));
    assert_null(strstr(said, "bwd_d"));
    assert_null(strstr(said, "tiny"));
    EXPECT(2, "no point is left", "--run", run_folder, "--threads", "3");
}

static void a_folder_gets_tables_pictures_and_a_chapter(void **state)
{
    (void)state;
    char out[128];
    snprintf(out, sizeof out, "%s/out", base);
    EXPECT(0, "On 1 thread", "--run", run_folder, "--out", out);
    assert_contains("out/chapter.json", "\"Roofline");
    assert_contains("out/chapter.json", "tilemark roofline --run");
    assert_contains("out/points.csv", "layer,dir,impl");
    assert_contains("out/ceilings.csv", "1 thread");
    assert_contains("out/roofline-1.csv", "\"tiny\"");
    assert_contains("out/roofline-1.svg", "its roof in the median");
}

static void a_short_run_is_made_on_the_spot(void **state)
{
    (void)state;
    EXPECT(0, "On 1 thread", "--threads", "1", "--time-budget", "0.02", "--impl", "naive,blocked",
           "matmul:17x13:13x11");
    assert_null(strstr(said, "/run"));
    EXPECT(2, "matmul 3x", "matmul:3x");
    EXPECT(2, "nonesuch", "--set", "nonesuch");
}

static void senseless_options_are_refused(void **state)
{
    (void)state;
    EXPECT(2, "--time-budget", "--time-budget", "0");
    EXPECT(2, "leave it out", "--run", run_folder, "matmul:3x4:4x5");
    EXPECT(2, "--set", "--run", run_folder, "--set", "quick");
    EXPECT(2, "'fast' is unknown", "--run", run_folder, "--impl", "fast");
    EXPECT(3, "is no run", "--run", "/nowhere");
    EXPECT(3, "/dev/null", "--run", run_folder, "--out", "/dev/null/x");
}

static void help_names_formula_and_source(void **state)
{
    (void)state;
    EXPECT(0, "Williams", "--help");
    assert_non_null(strstr(said, "min(peak, bandwidth * intensity)"));
}

static void an_interrupt_ends_the_measuring_too(void **state)
{
    (void)state;
    pid_t child =
        start((const char *const[]){"roofline", "--threads", "1", "--impl", "naive",
                                    "--time-budget", "60", "matmul:600x600:600x600", NULL});
    sleep(3);
    kill(child, SIGINT);
    assert_int_equal(finish(child), 130);
    assert_non_null(strstr(said, "interrupted"));
}

static int make_run(void **state)
{
    (void)state;
    if (!mkdtemp(base))
        return -1;
    setenv("TMPDIR", base, 1); /* what an interrupt leaves goes too */
    snprintf(run_folder, sizeof run_folder, "%s/run", base);
    return finish(start((const char *const[]){
        "bench", "--out", run_folder, "--no-report", "--threads", "1", "--time-budget", "0.02",
        "conv2d:mb1ic4ih9oc6oh9kh3ph1n\"tiny\"", "matmul:17x13:13x11", NULL}));
}

static int remove_all(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0)
        execlp("rm", "rm", "-rf", base, (char *)NULL);
    return waitpid(child, &status, 0) == child ? status : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_shown_as_tables_and_text),
        cmocka_unit_test(options_choose_points_of_a_run),
        cmocka_unit_test(a_folder_gets_tables_pictures_and_a_chapter),
        cmocka_unit_test(a_short_run_is_made_on_the_spot),
        cmocka_unit_test(senseless_options_are_refused),
        cmocka_unit_test(help_names_formula_and_source),
        cmocka_unit_test(an_interrupt_ends_the_measuring_too),
    };
    return cmocka_run_group_tests_name("roofline_command", tests, make_run, remove_all);
}
