#include "peers.h"

#include "alloc.h"
#include "clock.h"
#include "kernel.h"
#include "onednn.h"
#include "registry.h"
#include "search.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char tmk_peer_name[TMK_PEERS][TMK_PEER_NAME_MAX] = {[TMK_PEER_OPENBLAS] = "openblas",
                                                    [TMK_PEER_BLIS] = "blis",
                                                    [TMK_PEER_MKL] = "mkl",
                                                    [TMK_PEER_ONEDNN] = "onednn_sgemm"};
char tmk_peer_im2col_name[TMK_PEERS][TMK_PEER_NAME_MAX + 8] = {
    [TMK_PEER_OPENBLAS] = "im2col_openblas",
    [TMK_PEER_BLIS] = "im2col_blis",
    [TMK_PEER_MKL] = "im2col_mkl",
    [TMK_PEER_ONEDNN] = "im2col_onednn_sgemm"};

/* Where the files of the known ones are below a folder of libraries, those on OpenMP first, and
 * what to do if there are none. */
static const struct {
    const char *missing;
    const char *files[12];
} known[TMK_PEERS_KNOWN] = {
    [TMK_PEER_OPENBLAS] = {"libopenblas not found: apt-get install libopenblas0-openmp, or pip "
                           "install scipy-openblas32, or give --peer openblas=PATH",
                           {"openblas-openmp/libopenblas.so.0", "libopenblaso.so.0",
                            "libopenblas.so.0", "libopenblas.so",
                            "python3*/*-packages/scipy_openblas32/lib/libscipy_openblas.so",
                            "python3*/*-packages/scipy_openblas64/lib/libscipy_openblas64_.so",
                            "python3*/*-packages/numpy.libs/libscipy_openblas64_-*.so",
                            "python3*/*-packages/numpy.libs/libopenblas64_p-*.so",
                            "python3*/*-packages/scipy.libs/libscipy_openblas-*.so"}},
    [TMK_PEER_BLIS] = {"libblis not found: apt-get install libblis4-openmp, or give --peer "
                       "blis=PATH",
                       {"blis-openmp/libblis.so.4", "libblis-mt.so", "libblis.so.4", "libblis.so"}},
    [TMK_PEER_MKL] = {"libmkl_rt not found: pip install mkl, or give --peer mkl=PATH",
                      {"libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so"}},
    [TMK_PEER_ONEDNN] = {"not part of this program: apt-get install libdnnl-dev and build it anew",
                         {NULL}},
};

static struct peer {
    struct tmk_search files; /* what may be loaded, the first choice first */
    bool searched, tried, loaded;
    struct tmk_library library;
    struct tmk_peer_facts facts;
    char fault[640];
    char threads_fault[160];
} peers[TMK_PEERS];

/* --- finding and loading --- */

static const struct tmk_search *files_of(int number)
{
    struct peer *peer = &peers[number];
    if (!peer->searched && number < TMK_PEERS_KNOWN)
        tmk_search(known[number].files, &peer->files);
    peer->searched = true;
    return &peer->files;
}

bool tmk_peer_found(int peer)
{
    struct tmk_peer_facts facts;
    return peer == TMK_PEER_ONEDNN ? tmk_onednn_facts(&facts) : files_of(peer)->count > 0;
}

/* What must stand in the environment before a library is loaded. MKL asks it which interface and
 * which threads to load: sizes of 32 bits, which cblas_sgemm() has elsewhere, and GNU's OpenMP, on
 * which this program runs. OpenBLAS keeps threads of its own even when others run its jobs: they
 * are to sleep at once (after 2^4 ticks), not to wait busily. */
static void set_environment(void)
{
    setenv("MKL_THREADING_LAYER", "GNU", 1);
    setenv("MKL_INTERFACE_LAYER", "LP64", 1);
    setenv("OPENBLAS_THREAD_TIMEOUT", "4", 0);
}

/* Threads are counted per library, so no two peers may share one. */
static const char *owner_of(const char *path)
{
    for (int i = 0; i < TMK_PEERS; i++) {
        if (peers[i].loaded && strcmp(peers[i].facts.path, path) == 0)
            return tmk_peer_name[i];
    }
    return NULL;
}

static bool load_file(struct peer *peer, const char *path)
{
    struct tmk_peer_facts *facts = &peer->facts;
    const char *owner = owner_of(path);
    if (owner) {
        snprintf(peer->fault, sizeof peer->fault, "%s is %s already", path, owner);
        return false;
    }
    set_environment();
    tmk_kernel_choose(path, facts->setting, sizeof facts->setting);
    if (!tmk_library_open(path, &peer->library, peer->fault, sizeof peer->fault))
        return false;
    snprintf(facts->path, sizeof facts->path, "%s", path);
    tmk_library_version(&peer->library, facts->version, sizeof facts->version);
    tmk_library_kernel(&peer->library, facts->kernel, sizeof facts->kernel);
    return true;
}

/* The first of its files that can be loaded, or what is linked. */
static void load(int number)
{
    struct peer *peer = &peers[number];
    const struct tmk_search *files = files_of(number);
    if (number == TMK_PEER_ONEDNN)
        peer->loaded = tmk_library_onednn(&peer->library, &peer->facts);
    for (size_t i = 0; i < files->count && !peer->loaded; i++)
        peer->loaded = load_file(peer, files->path[i]);
    if (peer->loaded)
        tmk_library_threading(&peer->library, peer->facts.threading, sizeof peer->facts.threading);
    else if (files->count == 0)
        snprintf(peer->fault, sizeof peer->fault, "%s", known[number].missing);
}

const char *tmk_peer_refusal(int number)
{
    struct peer *peer = &peers[number];
    if (!peer->tried)
        load(number);
    peer->tried = true;
    return peer->loaded ? NULL : peer->fault;
}

const struct tmk_peer_facts *tmk_peer_facts(int peer)
{
    return peers[peer].loaded ? &peers[peer].facts : NULL;
}

bool tmk_peer_absent(const struct tmk_impl *self)
{
    return !tmk_peer_found(self->peer);
}

const char *tmk_peer_supports_threads(const struct tmk_impl *self, int threads)
{
    struct peer *peer = &peers[self->peer];
    if (tmk_peer_refusal(self->peer))
        return peer->fault;
    if (threads > 1 && tmk_library_serial(&peer->library))
        return tmk_library_serial(&peer->library);
    if (tmk_library_set_threads(&peer->library, threads))
        return NULL;
    snprintf(peer->threads_fault, sizeof peer->threads_fault,
             "was not built for %d threads: use fewer", threads);
    return peer->threads_fault;
}

struct tmk_library *tmk_peer_library(int peer)
{
    return &peers[peer].library;
}

/* --- naming --- */

static bool is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    }
    return length > 0 && length < TMK_PEER_NAME_MAX;
}

/* The number that has this name, or the first that is free; TMK_PEERS: none. */
static int number_for(const char *name, size_t length)
{
    int number = 0;
    while (number < TMK_PEERS && tmk_peer_name[number][0] &&
           (strncmp(tmk_peer_name[number], name, length) != 0 || tmk_peer_name[number][length]))
        number++;
    return number;
}

enum tmk_status tmk_peer_add(const char *spec)
{
    size_t length = strcspn(spec, "=");
    char path[PATH_MAX];
    if (!spec[length] || !is_name(spec, length))
        return tmk_fail(
            TMK_EINVAL,
            "--peer %s: write NAME=/path/lib.so, NAME of up to %d letters, digits and _", spec,
            TMK_PEER_NAME_MAX - 1);
    int number = number_for(spec, length);
    if (number == TMK_PEERS)
        return tmk_fail(TMK_EINVAL, "--peer %s: there are %d libraries already: leave one out",
                        spec, TMK_PEERS);
    if (number == TMK_PEER_ONEDNN)
        return tmk_fail(TMK_EINVAL, "--peer %s: that name stands for oneDNN: choose another", spec);
    struct peer *peer = &peers[number];
    if (!realpath(spec + length + 1, path))
        return tmk_fail(TMK_EIO, "--peer %s: no such file: give the path of a CBLAS library", spec);
    if (peer->loaded && strcmp(peer->facts.path, path) == 0)
        return TMK_OK;
    if (peer->loaded)
        return tmk_fail(TMK_EINVAL, "--peer %s: that name stands for %s already: choose another",
                        spec, peer->facts.path);
    *peer = (struct peer){.searched = true, .files = {.count = 1}};
    strcpy(peer->files.path[0], path);
    const char *refusal = tmk_peer_refusal(number);
    if (refusal)
        return tmk_fail(TMK_EIO, "--peer %.*s: %s: give the path of a CBLAS library", (int)length,
                        spec, refusal);
    snprintf(tmk_peer_name[number], sizeof *tmk_peer_name, "%.*s", (int)length, spec);
    snprintf(tmk_peer_im2col_name[number], sizeof *tmk_peer_im2col_name, "im2col_%.*s", (int)length,
             spec);
    return TMK_OK;
}

/* --- is it well? --- */

#define HEALTH_SIZE 512
#define HEALTH_ROUNDS 6

double tmk_peer_gflops(int number)
{
    const size_t n = HEALTH_SIZE, count = n * n;
    void *memory;
    if (tmk_alloc(3 * count * sizeof(float), "a product of matrices", &memory) != TMK_OK)
        return 0;
    float *element = memory;
    for (size_t i = 0; i < 3 * count; i++)
        element[i] = (float)(i % 7) - 3;
    struct tmk_view matrix[3];
    for (size_t i = 0; i < 3; i++)
        tmk_view_make(&matrix[i], TMK_F32, 2, (size_t[]){n, n}, element + i * count,
                      count * sizeof(float));
    const struct tmk_product product = {.left = matrix[0], .right = matrix[1], .out = matrix[2]};
    const struct tmk_exec exec = {.threads = 1};
    struct tmk_peer_calls calls;
    double best = INFINITY;
    if (!tmk_peer_plan(number, &product, &calls)) {
        for (int round = 0; round < HEALTH_ROUNDS; round++) {
            double start = tmk_now();
            if (tmk_peer_run(&calls, &exec) == TMK_OK)
                best = fmin(best, tmk_now() - start);
        }
    }
    tmk_free(memory);
    return 2e-9 * (double)count * (double)n / best;
}
