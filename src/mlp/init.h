/* Initialisations: from which distribution the weights and biases of a layer are drawn. */
#ifndef TMK_MLP_INIT_H
#define TMK_MLP_INIT_H

#include "random.h"
#include "view.h"

enum tmk_distribution {
    TMK_DRAW_U01,    /* uniform in [0, 1): torch.rand in f32 */
    TMK_DRAW_SPREAD, /* uniform in [-scale, scale): scale (2 u - 1), u as above */
    TMK_DRAW_NORMAL  /* N(0, scale^2): numpy's legacy normal */
};

enum tmk_bias {
    TMK_BIAS_ZERO,
    TMK_BIAS_DRAWN_ZERO, /* zero, but each takes a number from the stream */
    TMK_BIAS_DRAWN       /* as the weights */
};

struct tmk_init {
    const char *name, *summary, *source;
    enum tmk_distribution distribution;
    enum tmk_bias bias;
    /* Of a layer; `sigma_w` is the user's, for those that read it. NULL: 1. */
    double (*scale)(size_t fan_in, size_t fan_out, double sigma_w);
};

extern const struct tmk_init tmk_inits[]; /* ends with name NULL */

/* The initialisation of that name, or NULL. */
const struct tmk_init *tmk_init_find(const char *name);

/* Draw weights A (fan_out, fan_in) in the dtype and order of the dense view, then biases
 * b (fan_out). */
void tmk_init_draw(const struct tmk_init *init, double sigma_w, struct tmk_random *random,
                   const struct tmk_view *weights, double *biases);

/* Mean and variance of a weight, and the variance of a bias, of such a layer. */
struct tmk_init_moments {
    double mean, variance, bias_variance;
};
struct tmk_init_moments tmk_init_moments(const struct tmk_init *init, double sigma_w, size_t fan_in,
                                         size_t fan_out);

#endif
