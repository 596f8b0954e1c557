/* A residual block on one image, differentiated by a graph of scalars and by tensor operators:
 *
 *   z[y,x]   = sum over i, j of X[y+i-pad, x+j-pad] K[i,j]     X 10x10, 0 outside; K 3x3
 *   out      = relu(z) + X
 *   loss     = sum over y, x of (out - S)^2                    S 10x10; published: (out + S)^2
 *
 * Drawn as the course work that it comes from does: MT19937 with a seed, normal numbers as numpy's
 * legacy generator gives them, X, K, S ~ N(0, 1), then a direction G ~ N(5, 1). */
#ifndef TMK_ANALYSIS_RESIDUAL_H
#define TMK_ANALYSIS_RESIDUAL_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TMK_RESIDUAL_IMAGE = 10,
    TMK_RESIDUAL_KERNEL = 3,
    TMK_RESIDUAL_PIXELS = TMK_RESIDUAL_IMAGE * TMK_RESIDUAL_IMAGE,
    TMK_RESIDUAL_TAPS = TMK_RESIDUAL_KERNEL * TMK_RESIDUAL_KERNEL
};

/* All row-major. */
struct tmk_residual {
    double x[TMK_RESIDUAL_PIXELS], k[TMK_RESIDUAL_TAPS], s[TMK_RESIDUAL_PIXELS];
    double g[TMK_RESIDUAL_TAPS];
};

void tmk_residual_draw(uint32_t seed, struct tmk_residual *out);

/* A way to compute it. */
struct tmk_residual_form {
    size_t pad;
    bool add;   /* + S instead of - S, as published */
    bool paths; /* scalars: the two factors of a square do not share their nodes, as in code that
                   walks every path from the loss */
};

struct tmk_residual_result {
    double loss;
    double gradient[TMK_RESIDUAL_TAPS]; /* dL/dK */
    double slope;                       /* <G, dL/dK> */
    double quotient;                    /* (L(K + h G) - L(K)) / h, h = TMK_RESIDUAL_STEP */
    size_t nodes;                       /* of the graph */
};
#define TMK_RESIDUAL_STEP 1e-6

/* One node for every number and every operation on numbers, in the order of the published code:
 * taps with i outside, j inside, out-of-range ones left out; squares row by row. */
enum tmk_status tmk_residual_by_scalars(const struct tmk_residual *block,
                                        const struct tmk_residual_form *form,
                                        struct tmk_residual_result *out);

/* Six operators on tensors; `paths` does not matter. */
enum tmk_status tmk_residual_by_tensors(const struct tmk_residual *block,
                                        const struct tmk_residual_form *form,
                                        struct tmk_residual_result *out);

#endif
