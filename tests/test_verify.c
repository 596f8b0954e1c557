/* tilemark verify: what it checks, counts, refuses and leaves out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "streams.h"

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
    run("verify", "matmul:3x5:5x2", "--impl", "fma", "--threads", "1");
    expect(0, "it has no result", "");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_much_memory_is_refused),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(vectors_bring_their_own_problems),
        cmocka_unit_test(verify_passes_on_all_implementations),
        cmocka_unit_test(verify_counts_every_cell),
        cmocka_unit_test(verify_passes_on_golden_vectors),
        cmocka_unit_test(a_wrong_result_fails_with_the_command_that_repeats_it),
        cmocka_unit_test(a_malformed_vector_is_named_with_line_and_token),
        cmocka_unit_test(larger_problems_are_left_out_with_a_warning),
        cmocka_unit_test(too_many_threads_are_warned_about),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
