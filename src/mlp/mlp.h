/* A deep multilayer perceptron that watches its gradients. With the samples as rows,
 *
 *     Y_0 = X,    Z_l = Y_(l-1) A_l^T + b_l,    Y_l = phi(Z_l)  [+ Y_(l-1) if residual],   l < L
 *     Y_L = Z_L,    loss = 1/(2 batch) sum (Y_L - Y)^2
 *
 * X (batch, width) and Y (batch, 1) uniform in [0, 1); A_l (width, width), A_L (1, width). All come
 * from one MT19937 stream in the order X, Y, A_1 (row-major), b_1, A_2, ... The products run on one
 * implementation of matmul: forward Z_l, and backward, with D_l = dL/dZ_l,
 *
 *     dL/dA_l = D_l^T Y_(l-1),    dL/db_l = column sums of D_l,    dL/dY_(l-1) = D_l A_l  [+
 * dL/dY_l]
 *
 * Signals carry a power of two beside them, so that neither a gradient of 1e-5000 nor an activation
 * of 1e+5000 leaves the range of numbers. Weights beyond TMK_MLP_KEEP_WEIGHTS bytes are not kept
 * but drawn again on the way back: then a network takes the memory of one layer's weights. */
#ifndef TMK_MLP_MLP_H
#define TMK_MLP_MLP_H

#include "activation.h"
#include "init.h"
#include "op.h"
#include "scaled.h"

struct tmk_mlp_spec {
    size_t depth, width, batch; /* all >= 1; depth counts the linear last layer */
    const struct tmk_activation *activation;
    const struct tmk_init *init;
    double sigma_w; /* read by init `normal` */
    bool residual;
    bool textbook;               /* slopes as most programs compute them: see activation.h */
    size_t keep_bytes;           /* weights up to this size are kept for the way back */
    enum tmk_dtype dtype;        /* of weights, activations and products */
    const struct tmk_impl *impl; /* of tmk_op_matmul */
};

/* What is recorded of layer l. Norms are Frobenius'. */
struct tmk_mlp_layer {
    struct tmk_scaled da, db; /* of dL/dA_l and dL/db_l */
    struct tmk_scaled delta;  /* of dL/dZ_l, all samples; with one sample equal to db */
    double q;                 /* mean square of Z_l */
    double saturated; /* share of units in saturation, 0 to 1; 0 for the linear last layer */
    double spectral;  /* ||A_l||_2 if asked for, else 0 */
};

struct tmk_mlp_result {
    struct tmk_scaled loss, output; /* output: y_L of the first sample */
    struct tmk_scaled da_first;     /* dL/dA_1[0][0] */
    struct tmk_mlp_layer *layers;   /* layer l at l - 1; the caller's memory for `depth` */
};

/* Called after every layer, forward and backward (2 depth times a run), by the thread that runs the
 * network: false stops it with TMK_EINTR. */
struct tmk_mlp_watch {
    bool (*tick)(void *ctx); /* NULL: nobody watches */
    void *ctx;
};

struct tmk_mlp; /* workspace for networks of one spec */

/* Bytes that tmk_mlp_make() allocates. TMK_EINVAL: a size is 0, or the bytes overflow. */
enum tmk_status tmk_mlp_bytes(const struct tmk_mlp_spec *spec, int threads, size_t *bytes);

/* `threads`: of the kernels. TMK_EINVAL, TMK_ENOMEM (before touching memory that is not there);
 * TMK_EUNSUPPORTED: the implementation does not offer a direction. */
enum tmk_status tmk_mlp_make(const struct tmk_mlp_spec *spec, int threads, struct tmk_mlp **out);
void tmk_mlp_free(struct tmk_mlp *mlp);

/* Draw the network of this seed, run it forward and backward. `spectral`: find each ||A_l||_2 as
 * well, by Lanczos' method, to about 0.1 % (from below). */
enum tmk_status tmk_mlp_run(struct tmk_mlp *mlp, uint32_t seed, bool spectral,
                            const struct tmk_mlp_watch *watch, struct tmk_mlp_result *result);

/* After a run: dL/dA_1 (width, width) is this view times 2^*exponent. */
const struct tmk_view *tmk_mlp_first_gradient(const struct tmk_mlp *mlp, long *exponent);

#endif
