/* Gradients through one kind of network, measured over seeds and foretold by theory. */
#ifndef TMK_ANALYSIS_VANISHING_DECAY_H
#define TMK_ANALYSIS_VANISHING_DECAY_H

#include "ensemble.h"
#include "meanfield.h"

/* Logarithms are decimal; spreads are over seeds. */
struct tmk_decay_layer {
    struct tmk_quantiles da, db;    /* log of ||dL/dA_l||, ||dL/db_l|| */
    struct tmk_quantiles saturated; /* share of units, 0 to 1 */
    double delta;                   /* log of ||dL/dZ_l|| / ||dL/dZ_L||, median */
    double factor; /* log of ||dL/dZ_l|| / ||dL/dZ_(l+1)||, median; NaN for l = L */
    double q;      /* mean square of Z_l, median */

    /* Mean field: NaN where it does not hold. For one sample da and db lie on the same axes as the
     * measured ones, from the measured median of the last layer on. */
    double theory_da, theory_db, theory_delta, theory_factor, theory_q;
    double bound; /* log of prod max|phi'| ||A_k||_2, k > l, times the measured median of the last
                     layer's db; NaN: the plan is not spectral */
    double textbook_error; /* relative error of ||dL/dA_l|| with textbook slopes; NaN: not asked */
};

/* Measured and predicted, over the hidden layers 1 .. L-1. NaN below three layers. */
struct tmk_decay_fit {
    struct tmk_quantiles decades; /* lost per layer: -log of the factor */
    double theory_decades, bound_decades;
    double ratio; /* measured factor over the predicted one; 1 is perfect */
    double rms;   /* distance of the curves of log ||dL/dZ_l|| / ||dL/dZ_L||, decades */
    double r2;    /* share of the measured curve's variance that the theory explains */
};

struct tmk_decay {
    struct tmk_ensemble_plan plan;
    char label[48];                 /* "normal, sigma_w 2" */
    struct tmk_decay_layer *layers; /* layer l at l - 1 */
    struct tmk_decay_fit fit;
    bool has_theory;
    struct tmk_scaled loss, da_first;                   /* of the first seed */
    struct tmk_scaled textbook_loss, textbook_da_first; /* the same with textbook slopes */
};

/* `textbook`: run the first seed again with textbook slopes. The bound needs plan->spectral. */
enum tmk_status tmk_decay_make(const struct tmk_ensemble_plan *plan, bool textbook,
                               struct tmk_decay *out);
void tmk_decay_free(struct tmk_decay *decay);

#endif
