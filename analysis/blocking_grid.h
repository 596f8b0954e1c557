/* How the speed of the blocked engine depends on the size of its packed blocks. Private to this
 * room. */
#ifndef TMK_ANALYSIS_BLOCKING_GRID_H
#define TMK_ANALYSIS_BLOCKING_GRID_H

#include "matmul.h"

#define TMK_BLOCKING_STEPS 24 /* of either axis at most */

/* One point of the grid. */
struct tmk_blocking_cell {
    size_t kc, mc;
    double gflops, lo, hi; /* by the median time and its 95 % confidence interval */
    size_t samples;
};

/* Every depth kc of the blocks with every number mc of rows of the block of A, as the engine makes
 * them of what it is asked for. The model's own are among them. */
struct tmk_blocking_grid {
    const struct tmk_matmul *problem; /* forward, without a batch */
    int threads;
    size_t kc[TMK_BLOCKING_STEPS], mc[TMK_BLOCKING_STEPS]; /* ascending */
    size_t nkc, nmc;
    struct tmk_blocking_cell *cells; /* nkc x nmc, kc outermost */
    size_t model, best;              /* which of them */
    double peak;                     /* GFLOP/s on so many threads, measured before and after */
};

/* Verify every blocking against the oracle, then time them, interleaved, for `budget_s` seconds in
 * all. TMK_ENOMEM, TMK_ECHECK, TMK_EINTR. */
enum tmk_status tmk_blocking_measure(const struct tmk_matmul *problem, int threads, double budget_s,
                                     struct tmk_blocking_grid *out);
void tmk_blocking_free(struct tmk_blocking_grid *grid);

/* "the model's 256 x 384 reaches 98 % of the best, ..." */
char *tmk_blocking_say(const struct tmk_blocking_grid *grid, char *buf, size_t size);

/* The heat map, its table and the chapter. */
enum tmk_status tmk_blocking_draw(const struct tmk_blocking_grid *grid, const char *folder,
                                  int argc, const char **argv);

#endif
