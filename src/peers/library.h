/* One loaded library: its symbols, what it says of itself, its threads. Private to this room. */
#ifndef TMK_PEERS_LIBRARY_H
#define TMK_PEERS_LIBRARY_H

#include "peers.h"

#include <stdint.h>

/* By the functions that it has beside CBLAS. */
enum tmk_vendor {
    TMK_VENDOR_OTHER,
    TMK_VENDOR_OPENBLAS,
    TMK_VENDOR_BLIS,
    TMK_VENDOR_MKL,
    TMK_VENDOR_ONEDNN
};

/* cblas_?gemm() for sizes of 32 or 64 bits. */
#define TMK_CBLAS_GEMM(name, real, integer)                                                        \
    typedef void name(int order, int transpose_a, int transpose_b, integer m, integer n,           \
                      integer k, real alpha, const real *a, integer lda, const real *b,            \
                      integer ldb, real beta, real *c, integer ldc)
TMK_CBLAS_GEMM(tmk_sgemm_32, float, int32_t);
TMK_CBLAS_GEMM(tmk_sgemm_64, float, int64_t);
TMK_CBLAS_GEMM(tmk_dgemm_32, double, int32_t);
TMK_CBLAS_GEMM(tmk_dgemm_64, double, int64_t);

struct tmk_library {
    void *handle;                /* NULL: linked */
    const char *prefix, *suffix; /* of its symbols */
    bool wide;                   /* sizes of 64 bits */
    enum tmk_vendor vendor;
    union {
        tmk_sgemm_32 *narrow;
        tmk_sgemm_64 *wide;
    } sgemm;
    union {
        tmk_dgemm_32 *narrow;
        tmk_dgemm_64 *wide;
    } dgemm; /* NULL: it has no doubles */

    /* Who makes its threads. */
    enum { TMK_TEAM_OPENMP, TMK_TEAM_CALLBACK, TMK_TEAM_SERIAL } team;
};

/* Load a file, NULL and a message in `fault` if it cannot be used. What a library reads from the
 * environment as it is loaded must stand there before. */
bool tmk_library_open(const char *path, struct tmk_library *out, char *fault, size_t size);
void tmk_library_close(struct tmk_library *library);

/* oneDNN, which is linked. False if this build is without it. */
bool tmk_library_onednn(struct tmk_library *out, struct tmk_peer_facts *facts);

/* The kernels that it chose for this CPU, in its own words: "SkylakeX"; "" if it does not tell. */
void tmk_library_kernel(const struct tmk_library *library, char *buf, size_t size);

/* "OpenBLAS 0.3.21", or "unknown". */
void tmk_library_version(const struct tmk_library *library, char *buf, size_t size);

/* "OpenMP (libgomp.so.1.0.0)". */
void tmk_library_threading(const struct tmk_library *library, char *buf, size_t size);

/* Use exactly this many threads from now on. False if it will not. */
bool tmk_library_set_threads(struct tmk_library *library, int threads);

/* NULL, or why it cannot run on more than one thread that is bound. */
const char *tmk_library_serial(const struct tmk_library *library);

#endif
