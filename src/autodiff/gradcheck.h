/* Gradients against central differences: (f(x + h e_i) - f(x - h e_i)) / 2h, in f64. */
#ifndef TMK_AUTODIFF_GRADCHECK_H
#define TMK_AUTODIFF_GRADCHECK_H

#include "graph.h"

/* Central differences of a node with one element with respect to a variable below it. Writes
 * `out`, dense f64 of the variable's shape; the variable is as before at the end (but counts as
 * written). The step at an element x is h * max(1, |x|). */
enum tmk_status tmk_numerical_gradient(struct tmk_node *node, struct tmk_variable *variable,
                                       double h, const struct tmk_view *out);

/* One operator's case: random inputs, built, differentiated both ways. */
struct tmk_gradcheck_result {
    const char *name;  /* the operator */
    const char *shape; /* which case: "(1,3,4) @ (5,4,2)" */
    size_t elements;   /* of all gradients that were compared */
    double error;      /* the largest |automatic - numerical| / max(1, |numerical|) */
    bool passed;       /* error <= TMK_GRADCHECK_BOUND */
};
#define TMK_GRADCHECK_STEP 1e-5
#define TMK_GRADCHECK_BOUND 1e-7

/* The number of cases; every operator of ops.h has at least one. */
size_t tmk_gradcheck_count(void);

/* Run case `i` in f64 with inputs drawn from `seed`, its heavy operators by options->conv2d and
 * options->matmul. The function is the sum of the operator's result times fixed random weights. */
enum tmk_status tmk_gradcheck_run(size_t i, uint32_t seed, const struct tmk_graph_options *options,
                                  struct tmk_gradcheck_result *out);

#endif
