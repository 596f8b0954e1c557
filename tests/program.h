/* Run the built program as a user does, in a shell, and look at what it prints. */
#ifndef TMK_TESTS_PROGRAM_H
#define TMK_TESTS_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char program_output[1 << 18]; /* stdout of the last run, and stderr if the words say 2>&1 */

/* Run `tilemark WORDS`; its exit code. */
static inline int program(const char *words)
{
    char command[2048];
    snprintf(command, sizeof command, "'%s' %s", getenv("TILEMARK"), words);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    program_output[fread(program_output, 1, sizeof program_output - 1, pipe)] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* It ends with this code, and says this. */
static inline void expect(const char *words, int code, const char *part)
{
    int got = program(words);
    if (got != code || !strstr(program_output, part))
        fail_msg("tilemark %s: code %d (wanted %d), wanted '%s' in:\n%s", words, got, code, part,
                 program_output);
}

/* The same run said this too. */
static inline void said(const char *part)
{
    if (!strstr(program_output, part))
        fail_msg("wanted '%s' in:\n%s", part, program_output);
}

/* A folder that is there until it is removed; the path is static. */
static inline const char *make_folder(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/tilemark-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void remove_folder(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", path);
    assert_int_equal(system(command), 0);
}

/* `tilemark WORDS --out FOLDER` leaves NAME.csv, NAME.gp, NAME.svg and a chapter. Without gnuplot
 * there is no picture, and the exit code says so. */
static inline void expect_picture(const char *words, const char *name)
{
    const char *folder = make_folder();
    char command[512], path[256];
    snprintf(command, sizeof command, "%s --out %s 2>&1", words, folder);
    bool gnuplot = system("gnuplot --version >/dev/null 2>&1") == 0;
    int code = program(command);
    if (code != (gnuplot ? 0 : 3))
        fail_msg("tilemark %s: code %d\n%s", command, code, program_output);
    static const char *const endings[] = {"csv", "gp", "svg"};
    for (int i = 0; i < (gnuplot ? 3 : 2); i++) {
        snprintf(path, sizeof path, "%s/%s.%s", folder, name, endings[i]);
        if (access(path, R_OK) != 0)
            fail_msg("%s is not there", path);
    }
    snprintf(path, sizeof path, "%s/chapter.json", folder);
    assert_int_equal(access(path, R_OK), 0);
    remove_folder(folder);
}

#endif
