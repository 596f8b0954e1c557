/* Other projects' libraries as users meet them: which are there, what they are, are they well. */
#ifndef TMK_BENCH_RIVALS_H
#define TMK_BENCH_RIVALS_H

#include "peers.h"
#include "select.h"

#include <jansson.h>

struct tmk_rival {
    int peer;
    const char *refusal;                /* why it cannot be used; NULL: it can */
    const struct tmk_peer_facts *facts; /* if it can */
    double gflops, peak; /* f32 at 512 x 512 x 512, and the FMA peak of our kernels' ISA, the higher
                            of just before and just after; both on the calling thread in GFLOP/s;
                            0: not measured */
};

struct tmk_rivals {
    struct tmk_rival list[TMK_PEERS];
    size_t count;
};

/* Load the libraries that the selection's implementations are made of; NULL: all known ones.
 * Measuring takes some 0.1 s each. */
void tmk_rivals_look(const struct tmk_selection *selection, bool measure, struct tmk_rivals *out);

/* Warn of those that reach less than TMK_PEER_CRIPPLED of the peak. */
void tmk_rivals_warn(const struct tmk_rivals *rivals);

/* A table on stdout: libraries, versions, kernels, threads, rates, paths; then those missing. */
enum tmk_status tmk_rivals_print(const struct tmk_rivals *rivals);

/* [{"name", "version", "path", "kernel", "setting", "threading", "gflops_512", "fma_gflops"}],
 * those that can be used; NULL if memory ran out. */
json_t *tmk_rivals_json(const struct tmk_rivals *rivals);

#endif
