/* Other projects' BLAS libraries, found and loaded at run time: to build, none of them is needed.
 *
 * A peer is a shared library with cblas_sgemm() and cblas_dgemm(), under the prefixes and suffixes
 * that distributors give them, for 32-bit or 64-bit sizes. Each is loaded with its symbols to
 * itself (RTLD_LOCAL), so that two of them do not meet. OpenBLAS, BLIS and MKL are looked for where
 * Debian and Python put them; any other is named by the user.
 *
 * Not to be called by several threads at once. */
#ifndef TMK_PEERS_PEERS_H
#define TMK_PEERS_PEERS_H

#include "op.h"
#include "product.h"

#include <limits.h>

/* Peers go by their number; those after the known ones are the user's. OneDNN's sgemm, which has
 * another interface and no doubles, is one if this program was built with oneDNN. */
enum { TMK_PEER_OPENBLAS, TMK_PEER_BLIS, TMK_PEER_MKL, TMK_PEER_ONEDNN, TMK_PEERS_KNOWN };
#define TMK_PEERS 10

#define TMK_PEER_NAME_MAX 24

/* "openblas"; and "im2col_openblas" for the columns of a convolution. "": nobody's number yet. */
extern char tmk_peer_name[TMK_PEERS][TMK_PEER_NAME_MAX];
extern char tmk_peer_im2col_name[TMK_PEERS][TMK_PEER_NAME_MAX + 8];

/* "NAME=/path/lib.so": load this library as NAME, a known one or a new one. TMK_EINVAL: malformed,
 * or too many. TMK_EIO: it cannot be used. A NAME that is loaded already from this path is left as
 * it is, from another TMK_EINVAL. */
enum tmk_status tmk_peer_add(const char *spec);

/* True if there is a file to load. Loads nothing. */
bool tmk_peer_found(int peer);

/* What is known of a library that is loaded, for people to read. */
struct tmk_peer_facts {
    char path[PATH_MAX]; /* without symbolic links */
    char version[64];    /* "OpenBLAS 0.3.21" */
    char kernel[96];     /* the kernels that it chose: "SkylakeX" */
    char setting[64];    /* what made it choose them: "OPENBLAS_CORETYPE=SKYLAKEX"; "": itself */
    char threading[96];  /* "OpenMP (libgomp.so.1)" */
};

/* NULL, or why there is no such library or it cannot be used, and the remedy. Loads it. */
const char *tmk_peer_refusal(int peer);

/* The functions of struct tmk_impl by those names, for self->peer: whether there is anything of it,
 * which loads nothing; and why it does not run on exactly that many threads, each bound as the
 * OpenMP team is, which loads it. */
bool tmk_peer_absent(const struct tmk_impl *self);
const char *tmk_peer_supports_threads(const struct tmk_impl *self, int threads);

/* NULL if tmk_peer_refusal() has not been asked, or refuses. */
const struct tmk_peer_facts *tmk_peer_facts(int peer);

/* The best rate in GFLOP/s of a few f32 products of 512 x 512 matrices on the calling thread; 0 if
 * there is no memory for them. The peer is loaded. */
double tmk_peer_gflops(int peer);

/* Below this share of the FMA peak tmk_peer_gflops() says that something is wrong with a peer:
 * mostly that it does not know the CPU and chose kernels for an old one. */
#define TMK_PEER_CRIPPLED 0.35

/* The calls of cblas_?gemm() that a product comes to once it is folded. */
struct tmk_peer_calls {
    int peer;
    struct tmk_product product;
    bool column_major, transpose_left, transpose_right;
    size_t rows, cols, depth;
    size_t ld_out, ld_left, ld_right;
};

/* NULL and *calls, or why there is no such library or BLAS cannot take these views. Loads it. The
 * views may be without memory, but then the calls must not be run. */
const char *tmk_peer_plan(int peer, const struct tmk_product *product,
                          struct tmk_peer_calls *calls);

/* Make the calls on exactly exec->threads threads. Where there are matrices enough for all of them,
 * each thread takes its own. Notes the phase compute. TMK_EUNSUPPORTED as
 * tmk_peer_supports_threads(). */
enum tmk_status tmk_peer_run(const struct tmk_peer_calls *calls, const struct tmk_exec *exec);

#endif
