#include "gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The child's exit status, or -1 with errno if it could not be started. */
static int run(const char *folder, char *script, FILE *input, FILE *errors)
{
    char *const argv[] = {"gnuplot", script, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (folder)
        posix_spawn_file_actions_addchdir_np(&actions, folder);
    if (input)
        posix_spawn_file_actions_adddup2(&actions, fileno(input), STDIN_FILENO);
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

enum tmk_status tmk_gnuplot(const char *folder, const char *script, FILE *input)
{
    char reason[512], file[256];
    FILE *errors = tmpfile();
    if (!errors)
        return tmk_fail(TMK_EIO, "gnuplot cannot be run: %s: make room for temporary files",
                        strerror(errno));
    snprintf(file, sizeof file, "%s", script ? script : "");
    fflush(stdout);
    int status = run(folder, script ? file : NULL, input, errors);
    int started = errno;
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
    return tmk_fail(TMK_EIO, "gnuplot failed on %s%s%s: %s: run it there by hand to see more",
                    folder ? folder : "", folder ? "/" : "", script ? script : "a plot in text",
                    reason);
}
