#include "quick_run.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* A command line that grows; the texts are its own. */
struct command {
    char **words;
    size_t count;
    bool failed; /* out of memory */
};

static void add(struct command *command, const char *word)
{
    char **grown = reallocarray(command->words, command->count + 2, sizeof *grown);
    char *copy = strdup(word);
    command->failed |= !grown || !copy;
    if (grown)
        command->words = grown;
    if (command->failed) {
        free(copy);
        return;
    }
    command->words[command->count++] = copy;
    command->words[command->count] = NULL;
}

static void add_option(struct command *command, const char *option, const char *value)
{
    if (!value)
        return;
    add(command, option);
    add(command, value);
}

static void add_number(struct command *command, const char *option, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    add_option(command, option, text);
}

static void add_selection(struct command *command, const struct tmk_selection *selection)
{
    const char *const options[][2] = {
        {"--op", selection->op},       {"--dir", selection->dir},
        {"--impl", selection->impl},   {"--threads", selection->threads},
        {"--dtype", selection->dtype}, {"--layout", selection->layout},
        {"--bind", selection->bind},   {"--mb", selection->mb},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        add_option(command, options[i][0], options[i][1]);
    for (char **set = selection->set; set && *set; set++)
        add_option(command, "--set", *set);
    for (char **file = selection->batch; file && *file; file++)
        add_option(command, "--batch", *file);
    if (selection->max_gflop > 0)
        add_number(command, "--max-gflop", selection->max_gflop);
    add_number(command, "--seed", selection->seed);
}

static void command_free(struct command *command)
{
    for (size_t i = 0; i < command->count; i++)
        free(command->words[i]);
    free(command->words);
}

/* The exit code of the child. Looks up now and then, for an interrupt that reached us alone and
 * must be passed on; so seldom that it does not disturb what is timed. */
static enum tmk_status wait_for(pid_t child, int *code)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    int status = 0;
    bool told = false;
    pid_t ended;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        if (tmk_cli_interrupted && !told)
            kill(child, SIGINT);
        told = tmk_cli_interrupted;
        nanosleep(&pause, NULL);
    }
    if (ended < 0)
        return tmk_fail(TMK_EIO, "lost the measuring process: %s: try again", strerror(errno));
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return TMK_OK;
}

static enum tmk_status status_of(int code)
{
    static const enum tmk_status statuses[] = {TMK_ECHECK, TMK_EINVAL, TMK_EIO, TMK_EUNSUPPORTED,
                                               TMK_EINTR};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (tmk_exit_code(statuses[i]) == code)
            return statuses[i];
    }
    return TMK_EIO;
}

/* This very program. */
static enum tmk_status bench(const struct command *command)
{
    pid_t child;
    int code = 0;
    if (command->failed)
        return tmk_fail(TMK_ENOMEM, "no memory for a command line: choose fewer problems");
    tmk_cli_catch_interrupt();
    int failed = posix_spawn(&child, "/proc/self/exe", NULL, NULL, command->words, environ);
    if (failed)
        return tmk_fail(TMK_EIO, "cannot start tilemark bench: %s: give a run with --run",
                        strerror(failed));
    TMK_TRY(wait_for(child, &code));
    if (code == 0)
        return TMK_OK;
    return tmk_fail(status_of(code), "measuring ended with exit code %d: bench said why above",
                    code);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info, (void)type, (void)ftw;
    return remove(path);
}

enum tmk_status tmk_quick_run(const struct tmk_selection *selection, const char **descriptors,
                              const char *default_set, double budget_s, struct tmk_run *out)
{
    const char *temporary = getenv("TMPDIR");
    char parent[PATH_MAX], folder[PATH_MAX + 8];
    snprintf(parent, sizeof parent, "%s/tilemark-XXXXXX",
             temporary && temporary[0] ? temporary : "/tmp");
    if (!mkdtemp(parent))
        return tmk_fail(TMK_EIO, "cannot make a folder like %s: %s: set TMPDIR to a writable one",
                        parent, strerror(errno));
    snprintf(folder, sizeof folder, "%s/run", parent);
    struct command command = {.count = 0};
    add(&command, "tilemark");
    add(&command, "bench");
    add(&command, "--quiet");
    add(&command, "--no-report");
    add_option(&command, "--out", folder);
    add_number(&command, "--time-budget", budget_s);
    add_selection(&command, selection);
    if (!*descriptors && !selection->set && !selection->batch)
        add_option(&command, "--set", default_set);
    for (; *descriptors; descriptors++)
        add(&command, *descriptors);
    enum tmk_status status = bench(&command);
    command_free(&command);
    if (status == TMK_EINTR)
        return tmk_fail(TMK_EINTR,
                        "interrupted: go on with: tilemark bench --resume %s, then give "
                        "that folder to --run",
                        folder);
    if (status == TMK_OK)
        status = tmk_run_load(folder, out);
    out->path = NULL;
    nftw(parent, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}
