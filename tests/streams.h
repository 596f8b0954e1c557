/* Run the built program as a user does, and look at its exit code, stdout and stderr. */
#ifndef TMK_TESTS_STREAMS_H
#define TMK_TESTS_STREAMS_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 512
#define MAX_TEXT 65536

/* What a finished program left behind. */
static struct {
    int code; /* 128 + signal if one ended it */
    char out[MAX_TEXT], err[MAX_TEXT];
} result;

static inline void read_back(FILE *file, char *text)
{
    rewind(file);
    text[fread(text, 1, MAX_TEXT - 1, file)] = '\0';
    fclose(file);
}

static inline pid_t start(const char *const *args, int out, int err)
{
    const char *argv[MAX_ARGS] = {getenv("TILEMARK")};
    for (size_t i = 0; args[i] && i < MAX_ARGS - 2; i++)
        argv[i + 1] = args[i];
    pid_t child = fork();
    if (child == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

static inline int finish(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Run and, after `seconds` of work, interrupt (0: do not). */
static inline void run_interrupted(const char *const *args, unsigned seconds)
{
    FILE *out = tmpfile(), *err = tmpfile();
    pid_t child = start(args, fileno(out), fileno(err));
    if (seconds) {
        sleep(seconds);
        kill(child, SIGINT);
    }
    result.code = finish(child);
    read_back(out, result.out);
    read_back(err, result.err);
}

#define run(...) run_interrupted((const char *const[]){__VA_ARGS__, NULL}, 0)

static inline void expect(int code, const char *out, const char *err)
{
    if (result.code != code || !strstr(result.out, out) || !strstr(result.err, err))
        fail_msg("code %d (wanted %d)\nstdout (wanted '%s'):\n%s\nstderr (wanted '%s'):\n%s",
                 result.code, code, out, result.out, err, result.err);
}

static inline size_t lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Refused: the code, nothing on stdout, and one clear line on stderr. */
static inline void expect_refusal(int code, const char *err)
{
    expect(code, "", err);
    assert_string_equal(result.out, "");
    assert_int_equal(lines(result.err), 1);
}

#endif
