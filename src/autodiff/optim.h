/* Stochastic gradient descent with momentum in its two common forms, and weight decay.
 *
 *   g = dL/dtheta + weight_decay * theta
 *   form I    theta' = theta - lr g + momentum (theta - theta_previous)       (Polyak 1964)
 *   form II   v' = g + momentum v,   theta' = theta - lr v'                   (as PyTorch's SGD)
 *
 * with theta_previous = theta and v = 0 at first. At a constant lr both give the same sequence, but
 * for rounding. */
#ifndef TMK_AUTODIFF_OPTIM_H
#define TMK_AUTODIFF_OPTIM_H

#include "graph.h"

enum tmk_momentum_form { TMK_MOMENTUM_I, TMK_MOMENTUM_II };

struct tmk_sgd {
    double lr, momentum, weight_decay; /* may be changed between steps */
    enum tmk_momentum_form form;
    int threads;

    /* by tmk_sgd_make() */
    size_t count;
    struct tmk_variable **parameters;
    struct tmk_variable *state; /* per parameter: theta_previous or v; NULL if momentum is 0. What a
                                   checkpoint must keep besides the parameters. */
};

/* Set up for these parameters, which are dense, hold their first values (form I looks at them) and
 * outlive it. The caller has set lr, momentum, weight_decay, form and threads; a momentum of 0
 * stays 0. TMK_EINVAL: one of them is negative or not finite; TMK_ENOMEM. */
enum tmk_status tmk_sgd_make(struct tmk_sgd *sgd, size_t count,
                             struct tmk_variable *const *parameters);
void tmk_sgd_free(struct tmk_sgd *sgd);

/* One step with the gradients of the last backward pass: nodes[i] is the leaf of parameter i. The
 * parameters count as written. TMK_EINVAL as tmk_ad_gradient(), and if shapes differ. */
enum tmk_status tmk_sgd_step(struct tmk_sgd *sgd, struct tmk_node *const *nodes);

/* Bytes of state that tmk_sgd_make() will allocate. */
size_t tmk_sgd_bytes(const struct tmk_sgd *sgd, size_t count,
                     struct tmk_variable *const *parameters);

#endif
