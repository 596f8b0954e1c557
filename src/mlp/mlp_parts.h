/* What the files of this room share: the workspace of a network, and its parts. */
#ifndef TMK_MLP_MLP_PARTS_H
#define TMK_MLP_MLP_PARTS_H

#include "matmul.h"
#include "mlp.h"

/* n = width, B = batch, L = depth. "real" is the spec's dtype. */
enum tmk_mlp_buffer {
    TMK_MLP_ACTIVATIONS,    /* real (L, B, n): Y_0 .. Y_(L-1) */
    TMK_MLP_PREACTIVATIONS, /* double (L, B, n): Z_1 .. Z_L */
    TMK_MLP_TARGETS,        /* double (B) */
    TMK_MLP_WEIGHTS,        /* real (n, n) or, if all are kept, (L, n, n): A_l */
    TMK_MLP_BIASES,         /* double (n): b_l */
    TMK_MLP_GRADIENT,       /* real (n, n): dL/dA_l */
    TMK_MLP_DELTA,          /* real (B, n): dL/dZ_l, and any other factor of a product */
    TMK_MLP_PRODUCT,        /* real (B, n): what a product gave */
    TMK_MLP_SIGNAL,         /* double (B, n): dL/dY_l */
    TMK_MLP_SCRATCH,        /* double (B, n) */
    TMK_MLP_STREAMS,        /* struct tmk_random (L): the stream before A_l */
    TMK_MLP_EXPONENTS,      /* long (L): Y_l and Z_(l+1) stand for themselves times 2^this */
    TMK_MLP_WORKSPACE,      /* of the products */
    TMK_MLP_NBUFFERS
};

struct tmk_mlp {
    struct tmk_mlp_spec spec;
    struct tmk_matmul hidden, last; /* SRC Y_(l-1), WEI A_l^T, DST Z_l */
    bool keeps_weights;             /* for the way back, instead of drawing them again */
    void *memory;
    void *buffer[TMK_MLP_NBUFFERS];
    struct tmk_exec exec;
    struct tmk_view gradient; /* dL/dA of the layer last seen by the backward pass */
    long gradient_exponent;
    long signal_exponent; /* of dL/dY_l */
};

/* Units of layer l, 1 .. depth. */
static inline size_t tmk_mlp_units(const struct tmk_mlp *mlp, size_t l)
{
    return l == mlp->spec.depth ? 1 : mlp->spec.width;
}

/* Z_l, l = 1 .. depth, and the power of two that belongs to it. */
double *tmk_mlp_z(const struct tmk_mlp *mlp, size_t l);
/* Y_l, l = 0 .. depth - 1, as a view (batch, width), and the power of two that belongs to it. */
struct tmk_view tmk_mlp_y(const struct tmk_mlp *mlp, size_t l);
long *tmk_mlp_exponent(const struct tmk_mlp *mlp, size_t l);
/* The power of two at which slopes are taken: 0 for a step, whose slope does not depend on it. */
int tmk_mlp_slope_power(const struct tmk_mlp *mlp, size_t l);

/* A_l (units, width). */
struct tmk_view tmk_mlp_weights(const struct tmk_mlp *mlp, size_t l);

/* A dense view (rows, cols) on one of the real buffers. */
struct tmk_view tmk_mlp_matrix(const struct tmk_mlp *mlp, enum tmk_mlp_buffer buffer, size_t rows,
                               size_t cols);

/* A_l and b_l from the stream into WEIGHTS and BIASES. */
void tmk_mlp_draw_layer(struct tmk_mlp *mlp, size_t l, struct tmk_random *random);

/* The product of one direction at layer l. `src` is Y_(l-1) or its gradient (batch, width), `wei`
 * is A_l or its gradient, `dst` is Z_l or its gradient (batch, units). */
enum tmk_status tmk_mlp_multiply(const struct tmk_mlp *mlp, size_t l, enum tmk_dir dir,
                                 const struct tmk_view *src, const struct tmk_view *wei,
                                 const struct tmk_view *dst);

/* Copy `count` doubles to or from a dense view. */
void tmk_mlp_load(const struct tmk_view *view, double *values);
void tmk_mlp_store(const struct tmk_view *view, const double *values);

/* Both fill in their share of each layer's record. */
enum tmk_status tmk_mlp_forward(struct tmk_mlp *mlp, uint32_t seed, bool spectral,
                                const struct tmk_mlp_watch *watch, struct tmk_mlp_result *result);
enum tmk_status tmk_mlp_backward(struct tmk_mlp *mlp, const struct tmk_mlp_watch *watch,
                                 struct tmk_mlp_result *result);

/* ||A_l||_2 of the weights just drawn, by Lanczos' method on A^T A (Golub & Van Loan,
 * section 10.1); uses DELTA, PRODUCT, SCRATCH, SIGNAL and Z_l. */
enum tmk_status tmk_mlp_spectral(struct tmk_mlp *mlp, size_t l, double *norm);

/* TMK_EINTR if the watcher has had enough. */
enum tmk_status tmk_mlp_tick(const struct tmk_mlp_watch *watch);

#endif
