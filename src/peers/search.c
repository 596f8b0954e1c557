#include "search.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "."
#endif

/* A folder, or the colon list of folders that an environment variable holds, with what stands
 * after each. */
static const struct {
    const char *variable, *path;
} places[] = {
    {"TILEMARK_PEERS", ""},
    {"LD_LIBRARY_PATH", ""},
    {"VIRTUAL_ENV", "/lib"},
    {"CONDA_PREFIX", "/lib"},
    {NULL, "/usr/local/lib"},
    {NULL, "/usr/lib/" MULTIARCH},
    {NULL, "/usr/lib64"},
    {NULL, "/usr/lib"},
    {NULL, "/opt/intel/oneapi/mkl/latest/lib"},
    {"HOME", "/.local/lib"},
    {"HOME", "/.pyenv/versions/*/lib"},
};

static bool is_known(const struct tmk_search *search, const char *path)
{
    for (size_t i = 0; i < search->count; i++) {
        if (strcmp(search->path[i], path) == 0)
            return true;
    }
    return false;
}

static void add_file(const char *found, struct tmk_search *search)
{
    char path[PATH_MAX];
    if (search->count < TMK_SEARCH_MAX && access(found, R_OK) == 0 && realpath(found, path) &&
        !is_known(search, path))
        strcpy(search->path[search->count++], path);
}

static void search_folder(const char *folder, const char *const *patterns,
                          struct tmk_search *search)
{
    for (; *patterns; patterns++) {
        char pattern[PATH_MAX];
        glob_t found;
        if (snprintf(pattern, sizeof pattern, "%s/%s", folder, *patterns) >= (int)sizeof pattern)
            continue;
        if (glob(pattern, 0, NULL, &found) == 0) {
            for (size_t i = found.gl_pathc; i > 0; i--)
                add_file(found.gl_pathv[i - 1], search);
        }
        globfree(&found);
    }
}

void tmk_search(const char *const *patterns, struct tmk_search *out)
{
    const char *first = getenv("TILEMARK_PEERS");
    out->count = 0;
    if (first && strcmp(first, "none") == 0)
        return;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *folders = places[i].variable ? getenv(places[i].variable) : "";
        for (const char *start = folders; start;) {
            size_t length = strcspn(start, ":");
            char folder[PATH_MAX];
            int written =
                snprintf(folder, sizeof folder, "%.*s%s", (int)length, start, places[i].path);
            if (written > 0 && written < (int)sizeof folder)
                search_folder(folder, patterns, out);
            start = start[length] ? start + length + 1 : NULL;
        }
    }
}
