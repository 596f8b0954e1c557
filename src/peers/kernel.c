#include "kernel.h"

#include "isa.h"
#include "library.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_S 20

/* Words by which kernels tell the ISA they are for; the first that is part of the name counts. */
static const struct {
    const char *word;
    enum tmk_isa isa;
} words[] = {
    {"SkylakeX", TMK_ISA_AVX512},
    {"Cooperlake", TMK_ISA_AVX512},
    {"Sapphire", TMK_ISA_AVX512},
    {"skx", TMK_ISA_AVX512},
    {"knl", TMK_ISA_AVX512},
    {"zen4", TMK_ISA_AVX512},
    {"zen5", TMK_ISA_AVX512},
    {"AVX-512", TMK_ISA_AVX512},
    {"AVX10", TMK_ISA_AVX512},
    {"Haswell", TMK_ISA_AVX2},
    {"Zen", TMK_ISA_AVX2},
    {"Excavator", TMK_ISA_AVX2},
    {"AVX2", TMK_ISA_AVX2},
    {"Prescott", TMK_ISA_GENERIC},
    {"Core2", TMK_ISA_GENERIC},
    {"Penryn", TMK_ISA_GENERIC},
    {"Dunnington", TMK_ISA_GENERIC},
    {"Nehalem", TMK_ISA_GENERIC},
    {"Sandybridge", TMK_ISA_GENERIC},
    {"Barcelona", TMK_ISA_GENERIC},
    {"Bulldozer", TMK_ISA_GENERIC},
    {"SSE", TMK_ISA_GENERIC},
    {"generic", TMK_ISA_GENERIC},
};

/* What each library may be told for an ISA, the best first. Before 1.0 BLIS takes numbers only. */
static const struct {
    enum tmk_vendor vendor;
    const char *variable;
    const char *values[TMK_NISAS][2];
} settings[] = {
    {TMK_VENDOR_OPENBLAS,
     "OPENBLAS_CORETYPE",
     {[TMK_ISA_GENERIC] = {"PRESCOTT"},
      [TMK_ISA_AVX2] = {"HASWELL"},
      [TMK_ISA_AVX512] = {"SKYLAKEX"}}},
    {TMK_VENDOR_BLIS,
     "BLIS_ARCH_TYPE",
     {[TMK_ISA_GENERIC] = {"penryn", "5"},
      [TMK_ISA_AVX2] = {"haswell", "3"},
      [TMK_ISA_AVX512] = {"skx", "0"}}},
    {TMK_VENDOR_MKL,
     "MKL_ENABLE_INSTRUCTIONS",
     {[TMK_ISA_GENERIC] = {"SSE4_2"}, [TMK_ISA_AVX2] = {"AVX2"}, [TMK_ISA_AVX512] = {"AVX512"}}},
};

/* Unknown names are taken to be right. */
static bool fits(const char *kernel)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasestr(kernel, words[i].word))
            return words[i].isa == tmk_isa();
    }
    return true;
}

struct answer {
    enum tmk_vendor vendor;
    char kernel[96];
};

/* In a process of its own: a library may end it if it does not like the setting. */
static void answer_and_exit(const char *path, const char *variable, const char *value, int to)
{
    const struct rlimit no_core = {0, 0};
    struct tmk_library library;
    struct answer answer = {0};
    char fault[256];
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(PATIENCE_S);
    if (variable)
        setenv(variable, value, 1);
    if (!tmk_library_open(path, &library, fault, sizeof fault))
        _exit(1);
    answer.vendor = library.vendor;
    tmk_library_kernel(&library, answer.kernel, sizeof answer.kernel);
    _exit(write(to, &answer, sizeof answer) == sizeof answer ? 0 : 1);
}

/* False if the library cannot be loaded so. */
static bool ask(const char *path, const char *variable, const char *value, struct answer *answer)
{
    int pipes[2], status = 1;
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    pid_t child = fork();
    if (child == 0)
        answer_and_exit(path, variable, value, pipes[1]);
    close(pipes[1]);
    bool answered = child > 0 && read(pipes[0], answer, sizeof *answer) == sizeof *answer;
    close(pipes[0]);
    if (child > 0)
        waitpid(child, &status, 0);
    return answered && status == 0;
}

void tmk_kernel_choose(const char *path, char *setting, size_t size)
{
    struct answer now, then;
    setting[0] = '\0';
    if (!ask(path, NULL, NULL, &now) || fits(now.kernel))
        return;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const char *variable = settings[i].variable;
        const char *const *values = settings[i].values[tmk_isa()];
        if (settings[i].vendor != now.vendor || getenv(variable))
            continue;
        for (int k = 0; k < 2 && values[k]; k++) {
            if (!ask(path, variable, values[k], &then) || !fits(then.kernel))
                continue;
            setenv(variable, values[k], 1);
            snprintf(setting, size, "%s=%s", variable, values[k]);
            return;
        }
    }
}
