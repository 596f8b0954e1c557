#include "library.h"

#include "onednn.h"

#include <dlfcn.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- symbols --- */

/* What stands around the names of symbols, and whether it means sizes of 64 bits. */
static const struct {
    const char *prefix, *suffix;
    bool wide;
} affixes[] = {
    {"", "", false},         {"scipy_", "", false}, {"", "64_", true},
    {"scipy_", "64_", true}, {"", "_64", true},
};

/* Store the address of a function in the function pointer at `out`; false if there is none. */
static bool find(const struct tmk_library *library, const char *name, void *out)
{
    char symbol[96];
    if (!library->handle)
        return false;
    snprintf(symbol, sizeof symbol, "%s%s%s", library->prefix, name, library->suffix);
    void *address = dlsym(library->handle, symbol);
    memcpy(out, &address, sizeof address);
    return address != NULL;
}

static bool find_gemm(struct tmk_library *library)
{
    for (size_t i = 0; i < sizeof affixes / sizeof *affixes; i++) {
        library->prefix = affixes[i].prefix;
        library->suffix = affixes[i].suffix;
        library->wide = affixes[i].wide;
        if (find(library, "cblas_sgemm", &library->sgemm) &&
            find(library, "cblas_dgemm", &library->dgemm))
            return true;
    }
    return false;
}

static enum tmk_vendor vendor_of(const struct tmk_library *library)
{
    static const struct {
        const char *symbol;
        enum tmk_vendor vendor;
    } marks[] = {{"openblas_get_config", TMK_VENDOR_OPENBLAS},
                 {"bli_arch_query_id", TMK_VENDOR_BLIS},
                 {"MKL_Get_Version", TMK_VENDOR_MKL}};
    void *found;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (find(library, marks[i].symbol, &found))
            return marks[i].vendor;
    }
    return TMK_VENDOR_OTHER;
}

/* --- threads --- */

/* OpenBLAS hands its jobs to this one where it would start threads of its own. Its jobs wait for
 * one another, so each needs a thread. */
typedef void job(int thread, void *data, int argument);
static void run_jobs(int sync, job *run, int count, size_t size, void *data, int argument)
{
    (void)sync;
#pragma omp parallel for num_threads(count) schedule(static, 1)
    for (int i = 0; i < count; i++)
        run(i, (char *)data + (size_t)i * size, argument);
}

/* True if it was built for OpenMP and finds the runtime that this program runs on. A library in
 * which two runtimes meet uses LLVM's entry points, which libgomp does not have. */
static bool shares_openmp(const struct tmk_library *library)
{
    bool gnu = dlsym(library->handle, "GOMP_parallel") && dlsym(RTLD_DEFAULT, "GOMP_parallel");
    bool llvm = dlsym(library->handle, "__kmpc_fork_call") != NULL;
    return llvm ? dlsym(RTLD_DEFAULT, "__kmpc_fork_call") != NULL : gnu;
}

static void choose_team(struct tmk_library *library)
{
    int (*parallel)(void);
    void (*set_callback)(void (*)(int, job *, int, size_t, void *, int));
    void (*set_dynamic)(int);
    library->team = shares_openmp(library) ? TMK_TEAM_OPENMP : TMK_TEAM_SERIAL;
    if (library->vendor == TMK_VENDOR_OPENBLAS &&
        find(library, "openblas_get_parallel", &parallel) && parallel() == 1 &&
        find(library, "openblas_set_threads_callback_function", &set_callback)) {
        set_callback(run_jobs);
        library->team = TMK_TEAM_CALLBACK;
    }
    if (library->vendor == TMK_VENDOR_MKL && find(library, "MKL_Set_Dynamic", &set_dynamic)) {
        set_dynamic(0);
        library->team = TMK_TEAM_OPENMP; /* that of its GNU layer, which it loads later */
    }
}

const char *tmk_library_serial(const struct tmk_library *library)
{
    if (library->team != TMK_TEAM_SERIAL)
        return NULL;
    return library->vendor == TMK_VENDOR_OTHER
               ? "its threads cannot be counted or bound: run it on one, or give a library built "
                 "for "
                 "OpenMP"
               : "starts threads of its own, which cannot be bound: install a build for OpenMP";
}

static int threads_of(const struct tmk_library *library)
{
    int (*get)(void) = NULL;
    int64_t (*get_long)(void) = NULL;
    if (find(library, "openblas_get_num_threads", &get) ||
        find(library, "MKL_Get_Max_Threads", &get))
        return get();
    return find(library, "bli_thread_get_num_threads", &get_long) ? (int)get_long() : 0;
}

/* OpenMP's own number is the calling thread's, and other libraries set it too. What a library was
 * told last is asked for, not remembered: others may have told it since. */
bool tmk_library_set_threads(struct tmk_library *library, int threads)
{
    void (*set)(int) = NULL;
    void (*set_long)(int64_t) = NULL;
    omp_set_num_threads(threads);
    if (threads_of(library) == threads)
        return true;
    if (find(library, "openblas_set_num_threads", &set) ||
        find(library, "MKL_Set_Num_Threads", &set))
        set(threads);
    else if (find(library, "bli_thread_set_num_threads", &set_long))
        set_long(threads);
    const int told = threads_of(library);
    return told == 0 || told == threads; /* 0: it does not say */
}

/* --- what it says of itself --- */

struct mkl_version {
    int major, minor, update;
    const char *status, *build, *processor, *platform;
};

/* "AVX-512" of "Intel(R) Advanced Vector Extensions 512 (Intel(R) AVX-512) enabled processors"; of
 * others' processors MKL says "Intel(R) Architecture processors" only. */
static void shorten_processor(const char *processor, char *buf, size_t size)
{
    static const char open[] = "(Intel(R) ";
    const char *start = strstr(processor, open);
    if (start) {
        start += strlen(open);
        snprintf(buf, size, "%.*s", (int)strcspn(start, ")"), start);
    } else {
        snprintf(buf, size, "%s", processor);
    }
}

void tmk_library_kernel(const struct tmk_library *library, char *buf, size_t size)
{
    const char *(*core_name)(void), *(*arch_name)(int);
    int (*arch)(void);
    void (*init)(void), (*version)(struct mkl_version *);
    struct mkl_version mkl = {0};
    buf[0] = '\0';
    switch (library->vendor) {
    case TMK_VENDOR_OPENBLAS:
        if (find(library, "openblas_get_corename", &core_name))
            snprintf(buf, size, "%s", core_name());
        break;
    case TMK_VENDOR_BLIS:
        if (find(library, "bli_init", &init) && find(library, "bli_arch_query_id", &arch) &&
            find(library, "bli_arch_string", &arch_name)) {
            init();
            snprintf(buf, size, "%s", arch_name(arch()));
        }
        break;
    case TMK_VENDOR_MKL:
        if (find(library, "MKL_Get_Version", &version)) {
            version(&mkl);
            shorten_processor(mkl.processor, buf, size);
        }
        break;
    default:
        break;
    }
}

void tmk_library_version(const struct tmk_library *library, char *buf, size_t size)
{
    const char *(*text)(void), *word = "";
    void (*mkl_text)(char *, int);
    char mkl[256] = "";
    snprintf(buf, size, "unknown");
    if (find(library, "openblas_get_config", &text)) { /* "OpenBLAS 0.3.21 DYNAMIC_ARCH ..." */
        word = text();
        word += strncmp(word, "OpenBLAS ", 9) == 0 ? 9 : 0;
        snprintf(buf, size, "OpenBLAS %.*s", (int)strcspn(word, " "), word);
    } else if (find(library, "bli_info_get_version_str", &text)) {
        snprintf(buf, size, "BLIS %s", text());
    } else if (find(library, "MKL_Get_Version_String",
                    &mkl_text)) { /* "... Version 2026.2-Product" */
        mkl_text(mkl, sizeof mkl - 1);
        word = strstr(mkl, "Version ");
        word = word ? word + 8 : mkl;
        snprintf(buf, size, "MKL %.*s", (int)strcspn(word, "- "), word);
    }
}

void tmk_library_threading(const struct tmk_library *library, char *buf, size_t size)
{
    Dl_info runtime = {0};
    void *entry = dlsym(RTLD_DEFAULT, "omp_get_max_threads");
    const char *file = entry && dladdr(entry, &runtime) ? strrchr(runtime.dli_fname, '/') : NULL;
    file = file ? file + 1 : "this program's";
    if (library->team == TMK_TEAM_OPENMP)
        snprintf(buf, size, "OpenMP (%s)", file);
    else if (library->team == TMK_TEAM_CALLBACK)
        snprintf(buf, size, "jobs on this program's OpenMP team (%s)", file);
    else
        snprintf(buf, size, "one thread only");
}

/* --- loading --- */

bool tmk_library_open(const char *path, struct tmk_library *out, char *fault, size_t size)
{
    *out = (struct tmk_library){.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    if (!out->handle) {
        snprintf(fault, size, "cannot load: %s", dlerror());
        return false;
    }
    if (!find_gemm(out)) {
        snprintf(fault, size, "%s has no cblas_sgemm and cblas_dgemm", path);
        tmk_library_close(out);
        return false;
    }
    out->vendor = vendor_of(out);
    choose_team(out);
    return true;
}

bool tmk_library_onednn(struct tmk_library *out, struct tmk_peer_facts *facts)
{
    *out = (struct tmk_library){.vendor = TMK_VENDOR_ONEDNN,
                                .wide = true,
                                .sgemm.wide = tmk_onednn_sgemm,
                                .team = tmk_onednn_openmp() ? TMK_TEAM_OPENMP : TMK_TEAM_SERIAL};
    return tmk_onednn_facts(facts);
}

void tmk_library_close(struct tmk_library *library)
{
    dlclose(library->handle);
    *library = (struct tmk_library){0};
}
