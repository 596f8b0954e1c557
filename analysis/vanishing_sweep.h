/* How the decay depends on the spread of the weights, N(0, sigma_w^2 / n). */
#ifndef TMK_ANALYSIS_VANISHING_SWEEP_H
#define TMK_ANALYSIS_VANISHING_SWEEP_H

#include "vanishing_decay.h"

struct tmk_sigma_sweep {
    struct tmk_ensemble_plan plan; /* but for sigma_w */
    size_t points;
    double *sigma_w; /* evenly spaced by logarithm */
    struct tmk_decay *decays;
    double critical; /* sigma_w of the theory at which gradients neither vanish nor explode */
    double crossing; /* the measured one, between two points; NaN: not within the range */
    double worst;    /* largest |ratio - 1| of a point's fit */
};

/* `points` values of sigma_w from lo to hi for the plan's network; points >= 2, 0 < lo < hi. */
enum tmk_status tmk_sigma_sweep_make(const struct tmk_ensemble_plan *plan, double lo, double hi,
                                     size_t points, struct tmk_sigma_sweep *out);
void tmk_sigma_sweep_free(struct tmk_sigma_sweep *sweep);

#endif
