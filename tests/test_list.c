/* `tilemark list`, run as a user runs it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char output[65536];

/* Run `tilemark list ARGUMENTS` in a shell; its exit code, and stdout (and stderr, if 2>&1). */
static int list(const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "'%s' list %s", getenv("TILEMARK"), arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const char *arguments, int code, const char *part)
{
    int got = list(arguments);
    if (got != code || !strstr(output, part))
        fail_msg("list %s: code %d (wanted %d), wanted '%s' in:\n%s", arguments, got, code, part,
                 output);
}

static void overview(void **state)
{
    (void)state;
    expect("", 0, "im2col_blocked");
    expect("", 0, "mobilenet_v1");
    expect("--csv 2>&1", 2, "one table");
}

static void each_word(void **state)
{
    (void)state;
    expect("ops", 0, "mb50ic64ih56");
    expect("impls --op matmul", 0, "strided");
    assert_null(strstr(output, "conv2d"));
    assert_null(strstr(output, "fma")); /* runs if it is named */
    expect("impls --impl fma", 0, "in registers");
    expect("sets", 0, "matmul_skinny");
    expect("nets", 0, "138357544");
    expect("problems", 0, "resnet50:res2a_branch2b");
    expect("sets --set quick 2>&1", 2, "takes no problems");
}

static void selections(void **state)
{
    (void)state;
    expect("--set alexnet-2012 --mb 4", 0, "g2mb4ic96ih27oc256oh27kh5ph2");
    expect("--set alexnet --op matmul", 0, "3 problems, 0 skipped; 3 layers");
    expect("'matmul:--wtag=ba 8x4:4x2'", 0, "--wtag=ba 8x4:4x2");
    expect("conv2d:mb1ic3ih8oc4kh3 --dtype f32,f64 --layout nchw,nhwc", 0, "4 problems");
    expect("--set resnet51 2>&1", 2, "resnet50");
    expect("conv2d:mb1ic3ih8oc4kh9 2>&1", 2, "kh");
    expect("--batch /nonexistent 2>&1", 3, "/nonexistent");
}

static void csv(void **state)
{
    (void)state;
    expect("problems 32x2048:2048x1000n\\\"a,b\\\" --csv 2>/dev/null", 0,
           "op,problem,name,layers,dir,dtype,layout,MFLOP,MiB,FLOP/byte\n"
           "matmul,32x2048:2048x1000,\"a,b\",1,\"fwd,bwd_d,bwd_w\",f32,row,131.1,8.18,15.3\n");
    assert_null(strstr(output, "skipped"));
}

static void offers_for_problems(void **state)
{
    (void)state;
    expect("impls 8x4:4x2 --impl naive --dir bwd_d --csv", 0,
           "op,problem,impl,dir,offered\nmatmul,8x4:4x2,naive,bwd_d,yes\n");
}

static void skips_are_grouped_and_located(void **state)
{
    (void)state;
    static const char descriptors[] =
        "'4x4:4x4 --dt=u8 2x2:2x2 3x3:3x3 --dt=f32 ic3id4ih8oc4kd2kh3'";
    char arguments[256];
    snprintf(arguments, sizeof arguments, "problems %s", descriptors);
    expect(arguments, 0, "1 problem, 3 skipped; 1 layer,");
    expect(arguments, 0, "2 skipped: data type u8 is not offered\n1 skipped: 3-D");
    snprintf(arguments, sizeof arguments, "%s --skips --csv", descriptors);
    expect(arguments, 0, "where,what,why\nargument,2x2:2x2,data type u8 is not offered\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overview),
        cmocka_unit_test(each_word),
        cmocka_unit_test(selections),
        cmocka_unit_test(csv),
        cmocka_unit_test(offers_for_problems),
        cmocka_unit_test(skips_are_grouped_and_located),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
