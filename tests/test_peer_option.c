/* --peer on the command line, and what becomes of it in a run; the library is that of fake_blas.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char output[65536];
static char folder[] = "/tmp/tmk-peer-option-XXXXXX";

/* Run a shell command, in which $T is the program, $P the library and $D the folder. */
static void expect(const char *command, int code, const char *part)
{
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    int status = pclose(pipe);
    int got = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (got != code || !strstr(output, part))
        fail_msg("%s: code %d (wanted %d), wanted '%s' in:\n%s", command, got, code, part, output);
}

static int begin(void **state)
{
    (void)state;
    char library[4096];
    snprintf(library, sizeof library, "%s/libfake_blas_plain.so", getenv("TMK_FAKE_DIR"));
    return setenv("T", getenv("TILEMARK"), 1) || setenv("P", library, 1) || !mkdtemp(folder) ||
           setenv("D", folder, 1);
}

static int end(void **state)
{
    (void)state;
    return system("rm -r \"$D\"");
}

static void lists_it(void **state)
{
    (void)state;
    expect("\"$T\" list impls --peer fake=\"$P\"", 0, "matmul  fake ");
    expect("\"$T\" list impls --peer fake=\"$P\"", 0, "conv2d  im2col_fake ");
    expect("\"$T\" list impls --peer fake=\"$P\" --impl fake", 0, "one thread only");
    expect("\"$T\" list impls 5x3:3x4 --peer fake=\"$P\" --impl fake --dir fwd --csv", 0,
           "fake,fwd,yes");
    expect("\"$T\" machine --no-ceilings --peer fake=\"$P\"", 0, "libfake_blas_plain.so");
    expect("\"$T\" machine --no-ceilings --json --peer fake=\"$P\"", 0, "\"name\": \"fake\"");
}

static void refuses_nonsense(void **state)
{
    (void)state;
    expect("\"$T\" list impls --impl fake 2>&1", 2, "'fake' is unknown");
    expect("\"$T\" list impls --peer fake 2>&1", 2, "write NAME=");
    expect("\"$T\" list impls --peer fake=/nonexistent 2>&1", 3, "no such file");
    expect("\"$T\" verify 5x3:3x4 --peer fake=\"$T\" 2>&1", 3, "--peer fake: cannot load");
    expect("\"$T\" bench --peer blocked=\"$P\" 2>&1", 2, "an implementation of our own");
}

static void verifies_it(void **state)
{
    (void)state;
    expect("\"$T\" verify matmul:5x3:3x4 conv2d:g2mb2ic4ih5oc6kh3 --peer fake=\"$P\" "
           "--impl fake,im2col_fake --threads 1 --dtype f32,f64",
           0, "12 checks, 0 failed");
    expect("\"$T\" verify 5x3:3x4 --peer fake=\"$P\" --impl fake --threads 2", 0,
           "cannot be counted");
}

/* A missing library is a reason to skip, not a fault. */
static void a_missing_library_is_skipped(void **state)
{
    (void)state;
    expect("TILEMARK_PEERS=none \"$T\" verify 5x3:3x4 --impl naive,mkl --threads 1", 0,
           "skipped: matmul mkl fwd, 1 times: libmkl_rt not found: pip install mkl");
    expect("TILEMARK_PEERS=none \"$T\" verify 5x3:3x4 --threads 1", 0, "blocked");
    assert_null(strstr(output, "mkl"));
}

/* From a run's own folder, where the relative path of the library means nothing. */
static void a_run_keeps_it(void **state)
{
    (void)state;
    expect("cd \"$(dirname \"$P\")\" && \"$T\" bench 5x3:3x4 --peer fake=./libfake_blas_plain.so "
           "--impl blocked,fake --threads 1 --dir fwd --time-budget 0.05 --no-report --out "
           "\"$D\"/run 2>&1",
           0, "fake ");
    expect("grep -c '5x3:3x4.*,fake,' \"$D\"/run/summary.csv", 0, "1");
    expect("cat \"$D\"/run/manifest.json", 0, "\"rivals\": [");
    expect("grep gflops_512 \"$D\"/run/manifest.json", 0, "gflops_512");
    expect("cd \"$D\" && \"$T\" bench --resume run --no-report 2>&1", 0, "fake ");
    expect("\"$T\" report \"$D\"/run >\"$D\"/out 2>&1; grep -o 'Other projects[^;]*' "
           "\"$D\"/run/report.html",
           0, "libraries");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_it),       cmocka_unit_test(refuses_nonsense),
        cmocka_unit_test(verifies_it),    cmocka_unit_test(a_missing_library_is_skipped),
        cmocka_unit_test(a_run_keeps_it),
    };
    return cmocka_run_group_tests_name("peer_option", tests, begin, end);
}
