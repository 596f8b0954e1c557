/* The same network from many seeds, and what is typical of them. */
#ifndef TMK_MLP_ENSEMBLE_H
#define TMK_MLP_ENSEMBLE_H

#include "mlp.h"

struct tmk_ensemble {
    size_t seeds, depth;
    struct tmk_mlp_layer *layers;   /* (seeds, depth) */
    struct tmk_mlp_result *results; /* of each seed; their layers lie above */
};

/* What to run: seeds first, first + 1, ... in parallel, each on one of `threads` threads; a single
 * seed's kernels get all of them. Fewer networks run at a time if memory is short. */
struct tmk_ensemble_plan {
    struct tmk_mlp_spec spec;
    uint32_t first;
    size_t seeds;
    int threads;
    bool spectral;              /* find each ||A_l||_2 of the first seed */
    struct tmk_mlp_watch watch; /* called by every thread */
};

/* TMK_EINVAL: no seeds; else as tmk_mlp_make() and tmk_mlp_run(). */
enum tmk_status tmk_ensemble_run(const struct tmk_ensemble_plan *plan, struct tmk_ensemble *out);
void tmk_ensemble_free(struct tmk_ensemble *ensemble);

/* Median, and the 10 % and 90 % quantiles (nearest rank), of values that may be infinite. Sorts
 * them. */
struct tmk_quantiles {
    double lo, median, hi;
};
struct tmk_quantiles tmk_quantiles_of(double *values, size_t count);

#endif
