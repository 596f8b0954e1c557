/* `tilemark train` as a user runs it, kills it and lets it go on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "idx.h"
#include "text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char said[65536]; /* stdout and stderr of the last command */

/* The program in the background; its first arguments are "train" and so on, by single spaces. */
static pid_t begin(const char *arguments)
{
    static char words[1024];
    char *argv[40] = {getenv("TILEMARK")}, *rest = words;
    int argc = 1;
    snprintf(words, sizeof words, "%s", arguments);
    while (rest)
        argv[argc++] = strsep(&rest, " ");
    pid_t child = fork();
    if (child == 0) {
        int file = open(path_of("said"), O_CREAT | O_TRUNC | O_WRONLY, 0600);
        dup2(file, STDOUT_FILENO);
        dup2(file, STDERR_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    return child;
}

/* Its exit code, or 128 and the signal. */
static int finish(pid_t child)
{
    int status;
    char *text;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(tmk_read_file(path_of("said"), &text), TMK_OK);
    snprintf(said, sizeof said, "%s", text);
    free(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void expect(int code, const char *text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void expect(int code, const char *text, const char *format, ...)
{
    char arguments[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(arguments, sizeof arguments, format, args);
    va_end(args);
    int got = finish(begin(arguments));
    if (got != code || !strstr(said, text))
        fail_msg("%s: code %d (wanted %d) saying (wanted '%s'):\n%s", arguments, got, code, text,
                 said);
}

static void assert_same_file(const char *a, const char *b)
{
    char bytes[2][4096];
    FILE *file[] = {fopen(a, "rb"), fopen(b, "rb")};
    size_t got[2], total = 0;
    assert_non_null(file[0]);
    assert_non_null(file[1]);
    do {
        for (int i = 0; i < 2; i++)
            got[i] = fread(bytes[i], 1, sizeof *bytes, file[i]);
        assert_int_equal(got[0], got[1]);
        if (memcmp(bytes[0], bytes[1], got[0]) != 0)
            fail_msg("%s and %s differ after byte %zu", a, b, total);
        total += got[0];
    } while (got[0] > 0);
    assert_true(total > 0);
    fclose(file[0]);
    fclose(file[1]);
}

/* Wait up to ten seconds for the first checkpoint. */
static void wait_for(const char *path)
{
    for (int i = 0; i < 1000 && access(path, F_OK) != 0; i++)
        usleep(10000);
    assert_int_equal(access(path, F_OK), 0);
}

/* Begin `options`, kill the run `kills` times at odd moments, let it end, and hold its checkpoint
 * against that of a run in peace. */
static void kill_and_resume(const char *name, const char *options, int kills)
{
    char arguments[512], calm[96], killed[96];
    snprintf(calm, sizeof calm, "%s/%s-calm", base, name);
    snprintf(killed, sizeof killed, "%s/%s-killed", base, name);
    expect(0, "where a step's time goes", "train %s --out %s", options, calm);
    snprintf(arguments, sizeof arguments, "train %s --out %s", options, killed);
    strcat(calm, "/checkpoint");
    int interrupted = 0;
    for (int i = 0; i < kills; i++) {
        char checkpoint[128];
        pid_t child = begin(arguments);
        snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", killed);
        wait_for(checkpoint);
        usleep(30000 + 17000 * (unsigned)i);
        kill(child, SIGKILL);
        interrupted += finish(child) == 128 + SIGKILL;
        snprintf(arguments, sizeof arguments, "train --resume %s", killed);
    }
    assert_true(interrupted > 0);
    expect(0, "", "train --resume %s", killed);
    strcat(killed, "/checkpoint");
    assert_same_file(calm, killed);
}

static void a_killed_run_goes_on_bit_for_bit(void **state)
{
    (void)state;
    kill_and_resume("mlp",
                    "mlp-relu --synthetic 900 --epochs 60 --momentum 0.9 --lr 0.01 "
                    "--weight-decay 0.001 --threads 1",
                    5);
}

static void a_killed_residual_net_goes_on_bit_for_bit(void **state)
{
    (void)state;
    kill_and_resume("mini", "resnet-mini --synthetic 20 --batch 8 --epochs 12 --threads 2", 2);
}

static void a_run_can_be_made_longer(void **state)
{
    (void)state;
    const char *options = "mlp-sigmoid --synthetic 50 --batch 20 --threads 1";
    expect(0, "", "train %s --epochs 5 --out %s", options, path_of("long"));
    expect(0, "", "train %s --epochs 2 --out %s", options, path_of("short"));
    expect(0, "", "train --resume %s --epochs 5", path_of("short"));
    assert_same_file(path_of("long/checkpoint"), path_of("short/checkpoint"));
    expect(0, "", "train --resume %s", path_of("short"));
    expect(2, "has done 5", "train --resume %s --epochs 4", path_of("short"));
    expect(2, "lr is another", "train --resume %s --lr 0.2", path_of("short"));
    expect(2, "net is another", "train mlp-relu --resume %s", path_of("short"));
    expect(2, "holds a run", "train %s --out %s", options, path_of("short"));
    for (const char *const *name =
             (const char *const[]){"chapter.json", "epochs.csv", "train-curves.svg",
                                   "train-time.csv", NULL};
         *name; name++) {
        char path[128];
        snprintf(path, sizeof path, "long/%s", *name);
        assert_int_equal(access(path_of(path), F_OK), 0);
    }
}

static void a_damaged_checkpoint_is_refused(void **state)
{
    (void)state;
    expect(0, "", "train mlp-sigmoid --synthetic 20 --epochs 1 --out %s", path_of("damaged"));
    FILE *file = fopen(path_of("damaged/checkpoint"), "r+b");
    assert_non_null(file);
    fseek(file, -1000, SEEK_END);
    int byte = fgetc(file);
    fseek(file, -1000, SEEK_END);
    fputc(byte ^ 1, file);
    fclose(file);
    expect(2, "damaged", "train --resume %s", path_of("damaged"));
    assert_int_equal(truncate(path_of("damaged/checkpoint"), 10), 0);
    expect(2, "damaged", "train --resume %s", path_of("damaged"));
    expect(3, "cannot open", "train --resume %s", path_of("nowhere"));
}

static void files_are_trained_on(void **state)
{
    (void)state;
    const uint32_t shape[] = {40, 28, 28};
    char images[256], labels[256];
    snprintf(images, sizeof images, "%s",
             write_idx("digits", 0x803, 3, shape, 40 * 28 * 28, 251, true));
    snprintf(labels, sizeof labels, "%s",
             write_idx("digits-labels", 0x801, 1, shape, 40, 10, true));
    expect(0, "20 images",
           "train mlp-relu --images %s --labels %s --fraction 0.5 --epochs 2 --out %s", images,
           labels, path_of("files"));
    expect(0, "",
           "train mlp-relu --images %s --labels %s --epochs 1 --impl "
           "conv2d=im2col,matmul=naive --dtype f64 --in-order --random-labels",
           images, labels);
    write_idx("digits", 0x803, 3, shape, 40 * 28 * 28, 250, true);
    expect(2, "trained on other data", "train --resume %s --epochs 3", path_of("files"));
    write_idx("digits-labels", 0x801, 1, shape, 40, 11, true);
    expect(2, "is no class", "train mlp-relu --images %s --labels %s", images, labels);
}

static void a_dry_run_tells_memory_and_refuses_too_much(void **state)
{
    (void)state;
    expect(0, "It fits", "train resnet-mini --dry-run --batch 8");
    assert_non_null(strstr(said, "workspace"));
    assert_non_null(strstr(said, "FLOP a step"));
    expect(4, "use a smaller --batch", "train vgg16 --dry-run --batch 1000000");
    expect(4, "use a smaller --batch", "train vgg16 --synthetic 1000000 --batch 1000000");
    expect(4, "embedding cannot be trained here", "train bert --dry-run");
}

static void a_bench_compares_implementations(void **state)
{
    (void)state;
    expect(0, "im2col",
           "train mlp-relu --bench --impl im2col,naive --batch 4 --threads 1,2 "
           "--time-budget 0.2 --out %s",
           path_of("bench"));
    assert_int_equal(access(path_of("bench/train-bench.svg"), F_OK), 0);
    expect(2, "no implementation 'fast'", "train mlp-relu --bench --impl fast");
    expect(2, "plain names", "train mlp-relu --bench --impl conv2d=naive");
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    expect(2, "no network", "train");
    expect(2, "network lenet is unknown", "train lenet --synthetic 3");
    expect(2, "no data, or twice", "train mlp-relu");
    expect(2, "--batch 0", "train mlp-relu --synthetic 3 --batch 0");
    expect(2, "--epochs -1", "train mlp-relu --synthetic 3 --epochs -1");
    expect(2, "--fraction 2", "train mlp-relu --synthetic 3 --fraction 2");
    expect(2, "--contrast inf", "train mlp-relu --synthetic 3 --contrast inf");
    expect(2, "learning rate of -1", "train mlp-relu --synthetic 3 --lr -1");
    expect(2, "momentum of nan", "train mlp-relu --synthetic 3 --momentum nan");
    expect(2, "--dtype f16", "train mlp-relu --synthetic 3 --dtype f16");
    expect(2, "no implementation 'quick'", "train mlp-relu --synthetic 3 --impl quick");
    expect(2, "no implementation 'matmul=im2col'",
           "train mlp-relu --synthetic 3 --impl matmul=im2col");
    expect(2, "one number", "train mlp-relu --synthetic 3 --threads 1,2");
    expect(2, "give one network", "train mlp-relu resnet-mini --synthetic 3");
    expect(2, "belong together", "train mlp-relu --images /dev/null");
    expect(3, "cannot open", "train mlp-relu --images absent --labels absent");
    expect(0, "weight_decay theta", "train --help");
}

static void a_loss_that_explodes_is_told(void **state)
{
    (void)state;
    expect(1, "use a smaller --lr", "train mlp-relu --synthetic 50 --lr 1e30 --threads 1");
}

static void an_interrupt_keeps_the_checkpoint(void **state)
{
    (void)state;
    char arguments[512];
    snprintf(arguments, sizeof arguments,
             "train mlp-relu --synthetic 500 --epochs 100000 --threads 1 --out %s",
             path_of("stop"));
    pid_t child = begin(arguments);
    wait_for(path_of("stop/checkpoint"));
    kill(child, SIGINT);
    assert_int_equal(finish(child), 130);
    assert_non_null(strstr(said, "go on with `tilemark train --resume"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_run_goes_on_bit_for_bit),
        cmocka_unit_test(a_killed_residual_net_goes_on_bit_for_bit),
        cmocka_unit_test(a_run_can_be_made_longer),
        cmocka_unit_test(a_damaged_checkpoint_is_refused),
        cmocka_unit_test(files_are_trained_on),
        cmocka_unit_test(a_dry_run_tells_memory_and_refuses_too_much),
        cmocka_unit_test(a_bench_compares_implementations),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(a_loss_that_explodes_is_told),
        cmocka_unit_test(an_interrupt_keeps_the_checkpoint),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
