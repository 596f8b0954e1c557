/* The commands gradcheck, resblock and mlp, run as a user runs them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char said[65536]; /* stdout and stderr of the last command */

/* The exit code of `tilemark ARGUMENTS`. */
static int run(const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "'%s' %s 2>&1", getenv("TILEMARK"), arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    said[fread(said, 1, sizeof said - 1, pipe)] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(int code, const char *arguments, const char *text)
{
    int found = run(arguments);
    if (found != code || !strstr(said, text))
        fail_msg("%s: exit code %d (wanted %d), '%s' wanted in:\n%s", arguments, found, code, text,
                 said);
}

static void gradcheck_passes_every_operator(void **state)
{
    (void)state;
    expect(0, "gradcheck --rounds 1", "cases passed");
    assert_null(strstr(said, "FAILED"));
    assert_non_null(strstr(said, "(3,1,2,4) (1,5,4,2)"));
    expect(0, "gradcheck matmul conv2d --impl naive --threads 2 --rounds 1 --csv", "matmul,");
    assert_null(strstr(said, "relu"));
}

static void gradcheck_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    expect(2, "gradcheck softplus", "no operator 'softplus'");
    expect(2, "gradcheck --impl fastest", "no implementation 'fastest'");
    expect(2, "gradcheck --rounds 0", "--rounds 0");
    expect(2, "gradcheck --threads 0", "0 threads");
    expect(0, "gradcheck --help", "f(x + h e_i)");
}

static void resblock_meets_the_published_figures(void **state)
{
    (void)state;
    expect(0, "resblock", "851.6435013317051  1082.2033767681205  1082.1961242353982");
    assert_non_null(strstr(said, "equals the published figures to the last bit"));
    assert_non_null(strstr(said, "832.54"));
    assert_non_null(strstr(said, "repaired"));
    expect(0, "resblock --csv --seed 3", "block,graph,nodes,loss");
    expect(2, "resblock 3", "not understood");
}

static void mlp_shows_gradients_and_fit(void **state)
{
    (void)state;
    expect(0, "mlp --steps 300", "1.8570190588362252");
    assert_non_null(strstr(said, "dW1[0,2]"));
    assert_non_null(strstr(said, "give more --steps"));
    expect(2, "mlp --hidden 0", "--hidden 0");
    expect(2, "mlp --lr -1", "learning rate of -1");
}

static void mlp_writes_a_chapter(void **state)
{
    (void)state;
    char folder[] = "/tmp/tilemark-test-XXXXXX", arguments[128], path[64];
    static const char *const names[] = {"chapter.json", "mlp.csv", "mlp.gp", "mlp-gradients.csv"};
    assert_non_null(mkdtemp(folder));
    snprintf(arguments, sizeof arguments, "mlp --steps 200 --out %s", folder);
    int code = run(arguments);
    assert_true(code == 0 || (code == 3 && strstr(said, "gnuplot")));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(access(path, R_OK), 0);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/mlp.svg", folder);
    assert_true(unlink(path) == 0 || code == 3);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradcheck_passes_every_operator),
        cmocka_unit_test(gradcheck_refuses_what_it_does_not_know),
        cmocka_unit_test(resblock_meets_the_published_figures),
        cmocka_unit_test(mlp_shows_gradients_and_fit),
        cmocka_unit_test(mlp_writes_a_chapter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
