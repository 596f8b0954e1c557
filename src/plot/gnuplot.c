#include "gnuplot.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A child to be started: gnuplot on a script in a folder, or on the commands of a file. */
struct job {
    const char *folder;
    char *script;
    FILE *input, *output;
};

/* The child's exit status, or -1 with errno if it could not be started. */
static int run(const struct job *job, FILE *errors)
{
    char *const argv[] = {"gnuplot", job->script, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (job->folder)
        posix_spawn_file_actions_addchdir_np(&actions, job->folder);
    if (job->input)
        posix_spawn_file_actions_adddup2(&actions, fileno(job->input), STDIN_FILENO);
    if (job->output)
        posix_spawn_file_actions_adddup2(&actions, fileno(job->output), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(errors), STDERR_FILENO);
    pid_t child;
    int status, failed = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        errno = failed;
        return -1;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* The last line with something on it: gnuplot repeats the command, then says what is wrong. */
static const char *last_line(FILE *file, char *buf, size_t size)
{
    char line[512];
    snprintf(buf, size, "no reason given");
    rewind(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " \t^")])
            snprintf(buf, size, "%s", line + strspn(line, " \t"));
    }
    return buf;
}

static enum tmk_status run_job(const struct job *job, const char *what)
{
    char reason[512];
    FILE *errors = tmpfile();
    if (!errors)
        return tmk_fail(TMK_EIO, "gnuplot cannot be run: %s: make room for temporary files",
                        strerror(errno));
    int status = run(job, errors), started = errno;
    last_line(errors, reason, sizeof reason);
    fclose(errors);
    if (status == 0)
        return TMK_OK;
    if (status == -1 && started == ENOENT)
        return tmk_fail(TMK_EIO, "no pictures: gnuplot is not installed: install gnuplot (apt "
                                 "install gnuplot-nox) and run the command again");
    if (status == -1)
        return tmk_fail(TMK_EIO, "gnuplot cannot be started: %s: check that it runs by hand",
                        strerror(started));
    return tmk_fail(TMK_EIO, "gnuplot failed on %s: %s", what, reason);
}

enum tmk_status tmk_gnuplot_script(const char *folder, const char *script)
{
    char file[256], what[PATH_MAX + 320];
    snprintf(file, sizeof file, "%s", script);
    snprintf(what, sizeof what, "%s/%s (run it by hand there to see more)", folder, script);
    return run_job(&(struct job){.folder = folder, .script = file}, what);
}

enum tmk_status tmk_gnuplot_commands(FILE *input, FILE *output)
{
    rewind(input);
    enum tmk_status status = run_job(&(struct job){.input = input, .output = output}, "a plot");
    rewind(output);
    return status;
}
