/* Mean-field theory of signals in wide random networks (Schoenholz, Gilmer, Ganguli &
 * Sohl-Dickstein 2017; with residual connections Yang & Schoenholz 2017). With weights of mean 0
 * and variance sigma_w^2 / n, biases of variance sigma_b^2, and z ~ N(0, 1),
 *
 *     q_(l+1) = sigma_w^2 E[phi(sqrt(q_l) z)^2] + sigma_b^2       mean square of Z_l
 *     chi(q)  = sigma_w^2 E[phi'(sqrt(q) z)^2]
 *     E||dL/dZ_l||^2 = chi(q_l) E||dL/dZ_(l+1)||^2
 *
 * so that sqrt(chi) is the factor by which a gradient shrinks or grows in a layer, and -log10 of it
 * the decades it loses. Gradients neither vanish nor explode where chi(q*) = 1. Hochreiter (1991)
 * and Pascanu et al. (2013) bound the same factor by max|phi'| ||A_l||_2. */
#ifndef TMK_MLP_MEANFIELD_H
#define TMK_MLP_MEANFIELD_H

#include "mlp.h"

/* The stable q* = sigma_w^2 E[phi(sqrt(q*) z)^2] + sigma_b^2 of an activation of this room;
 * infinity if q grows without end (relu from sigma_w^2 = 2 on). */
double tmk_meanfield_fixed_point(const struct tmk_activation *activation, double sigma_w2,
                                 double sigma_b2);

/* chi at q. */
double tmk_meanfield_chi(const struct tmk_activation *activation, double sigma_w2, double q);

/* The sigma_w^2 at which chi(q*) = 1, for sigma_b = 0: sigmoid 103.0, tanh 1, relu 2. */
double tmk_meanfield_critical(const struct tmk_activation *activation);

struct tmk_meanfield_layer {
    double q;           /* mean square of Z_l */
    double log10_y;     /* log10 sqrt E||Y_(l-1)||^2, one sample */
    double log10_delta; /* log10 sqrt(E||dL/dZ_l||^2 / E||dL/dZ_L||^2) */
};

/* Layer by layer from the uniform samples of mlp.h on, with each layer's own fan-in and fan-out,
 * into layers[0 .. depth-1]. False, and nothing is written, if the initialisation's weights have a
 * mean other than 0 (u01), for which the theory does not hold. */
bool tmk_meanfield_predict(const struct tmk_mlp_spec *spec, struct tmk_meanfield_layer *layers);

#endif
