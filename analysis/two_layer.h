/* A two-layer network with sigmoid units and a squared error,
 *
 *   S = sigmoid(X W1 + b1),  E = Y - (S W2 + b2),  f = ||E||^2
 *
 * with X (N, in), W1 (in, hidden), b1 (1, hidden), W2 (hidden, out), b2 (1, out), Y (N, out), and
 * its gradients in closed form:
 *
 *   dW2 = -2 S^T E,  db2 = -2 colsum(E),  G = -2 (E W2^T) * S * (1 - S)  element by element,
 *   dW1 = X^T G,     db1 = colsum(G),     dX = G W1^T. */
#ifndef TMK_ANALYSIS_TWO_LAYER_H
#define TMK_ANALYSIS_TWO_LAYER_H

#include "ops.h"
#include "random.h"

enum tmk_two_layer_part { TMK_W1, TMK_B1, TMK_W2, TMK_B2, TMK_X, TMK_Y, TMK_TWO_LAYER_PARTS };
extern const char *const tmk_two_layer_name[TMK_TWO_LAYER_PARTS]; /* "W1", "b1", ... */

/* The parts with a gradient come first: parameters, then the input. */
enum { TMK_TWO_LAYER_PARAMETERS = TMK_B2 + 1, TMK_TWO_LAYER_GRADIENTS = TMK_X + 1 };

struct tmk_two_layer {
    size_t batch, in, hidden, out;
    struct tmk_variable part[TMK_TWO_LAYER_PARTS];
};

/* All zeros. TMK_ENOMEM; then there is nothing to free. */
enum tmk_status tmk_two_layer_make(enum tmk_dtype dtype, size_t batch, size_t in, size_t hidden,
                                   size_t out, struct tmk_two_layer *net);
void tmk_two_layer_free(struct tmk_two_layer *net);

/* PyTorch's initial parameters: float32 numbers, uniform within 1 / sqrt(inputs of the unit), drawn
 * in the order W1, b1, W2, b2. */
void tmk_two_layer_draw(struct tmk_two_layer *net, struct tmk_random *random);

/* The published case, one input and one output, 20 hidden units, batch 1: MT19937 with seed 1, 1276
 * outputs skipped, x normal, the parameters, y = x^2 + 0.2 rand. All float32 numbers. */
enum tmk_status tmk_two_layer_published(enum tmk_dtype dtype, struct tmk_two_layer *net);

/* The graph of f; leaf[] gets the nodes of the parts, *prediction that of S W2 + b2 (NULL: not
 * wanted). X is a parameter too if `input_gradient`. */
struct tmk_node *tmk_two_layer_loss(struct tmk_graph *graph, const struct tmk_two_layer *net,
                                    bool input_gradient, struct tmk_node *leaf[TMK_TWO_LAYER_PARTS],
                                    struct tmk_node **prediction);

/* f and its gradients by the formulas above, in double. gradient[i] is (re)made with the shape of
 * part i; free them with tmk_variable_free(). TMK_ENOMEM. */
enum tmk_status tmk_two_layer_closed(const struct tmk_two_layer *net, double *f,
                                     struct tmk_variable gradient[TMK_TWO_LAYER_GRADIENTS]);

#endif
