#include "isa.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tmk_isa_name[TMK_NISAS] = {"generic", "avx2", "avx512", "neon"};

bool tmk_isa_available(enum tmk_isa isa)
{
    switch (isa) {
    case TMK_ISA_GENERIC:
        return true;
#if defined(__x86_64__)
    case TMK_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case TMK_ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    case TMK_ISA_NEON:
        return true;
#endif
    default:
        return false;
    }
}

static enum tmk_isa chosen;
static enum tmk_status chosen_status;
static char chosen_fault[256];
static pthread_once_t chosen_once = PTHREAD_ONCE_INIT;

static enum tmk_isa best_isa(void)
{
    enum tmk_isa best = TMK_ISA_GENERIC;
    for (int isa = 0; isa < TMK_NISAS; isa++) /* each architecture lists its own narrowest first */
        if (tmk_isa_available((enum tmk_isa)isa))
            best = (enum tmk_isa)isa;
    return best;
}

/* "generic, avx2": what TILEMARK_ISA may say here */
static void list_available(char *buf, size_t size)
{
    size_t used = 0;
    for (int isa = 0; isa < TMK_NISAS && used < size; isa++)
        if (tmk_isa_available((enum tmk_isa)isa))
            used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
                                     tmk_isa_name[isa]);
}

static enum tmk_status obey(const char *name)
{
    char available[64];
    list_available(available, sizeof available);
    for (int isa = 0; isa < TMK_NISAS; isa++) {
        if (strcmp(name, tmk_isa_name[isa]) != 0)
            continue;
        if (!tmk_isa_available((enum tmk_isa)isa))
            return tmk_fail(TMK_EUNSUPPORTED,
                            "TILEMARK_ISA=%s cannot run on this CPU: use one of %s", name,
                            available);
        chosen = (enum tmk_isa)isa;
        return TMK_OK;
    }
    return tmk_fail(TMK_EINVAL, "TILEMARK_ISA=%s is unknown: use one of %s, or unset it", name,
                    available);
}

static void choose(void)
{
    chosen = best_isa();
    const char *name = getenv("TILEMARK_ISA");
    if (!name || !*name)
        return;
    chosen_status = obey(name);
    if (chosen_status != TMK_OK)
        snprintf(chosen_fault, sizeof chosen_fault, "%s", tmk_message());
}

enum tmk_status tmk_isa_select(void)
{
    pthread_once(&chosen_once, choose);
    return chosen_status == TMK_OK ? TMK_OK : tmk_fail(chosen_status, "%s", chosen_fault);
}

enum tmk_isa tmk_isa(void)
{
    pthread_once(&chosen_once, choose);
    return chosen;
}
