/* Gradients against central differences, (f(x + h e_i) - f(x - h e_i)) / 2h, in f64. */
#ifndef TMK_AUTODIFF_GRADCHECK_H
#define TMK_AUTODIFF_GRADCHECK_H

#include "graph.h"

/* Central differences of a node with one element with respect to a variable below it. Writes `out`,
 * an f64 view of the variable's shape. The step at an element x is h max(1, |x|). The variable's
 * values are as before at the end, but it counts as written. */
enum tmk_status tmk_numerical_gradient(struct tmk_node *node, struct tmk_variable *variable,
                                       double h, const struct tmk_view *out);

#define TMK_GRADCHECK_STEP 1e-5
#define TMK_GRADCHECK_BOUND 1e-7

/* One case of one operator. */
struct tmk_gradcheck {
    const char *name; /* the operator: "matmul" */
    const char *note; /* what is special about the case, or "" */
    char shapes[128]; /* of the inputs: "(1,3,4) (5,4,2)" */
    size_t elements;  /* of all gradients that were compared */
    double error;     /* the largest |automatic - numerical| / max(1, |numerical|) */
    bool passed;      /* error <= TMK_GRADCHECK_BOUND */
};

/* The number of cases; every operator of ops.h has at least one. */
size_t tmk_gradcheck_count(void);
/* The operator of case `i`. */
const char *tmk_gradcheck_name(size_t i);

/* Run case `i` in f64 with sizes and inputs drawn from `seed`, on the threads and implementations
 * of `options`. What is differentiated is the sum of the operator's results times random weights.
 */
enum tmk_status tmk_gradcheck_run(size_t i, uint32_t seed, const struct tmk_graph_options *options,
                                  struct tmk_gradcheck *out);

#endif
