/* The two forms of momentum (Polyak 1964), run side by side.
 *
 *   I     theta^(n+1) = theta^n - alpha g^n + beta (theta^n - theta^(n-1)),      theta^(-1) =
 * theta^0 II    v^(n+1) = g^n + beta v^n,  theta^(n+1) = theta^n - alpha v^(n+1),      v^0 = 0
 *
 * With a constant alpha the velocity is v^(n+1) = (theta^n - theta^(n+1)) / alpha and the two are
 * the same sequence up to rounding. If alpha changes they are not: with u^n = theta^(n+1) -
 * theta^n,
 *
 *   I     u^n = -alpha_n g^n + beta u^(n-1)
 *   II    u^n = -alpha_n g^n + beta (alpha_n / alpha_(n-1)) u^(n-1)
 *
 * I carries past gradients at the step size they were taken with; II applies the new one to all of
 * them at once. */
#ifndef TMK_ANALYSIS_MOMENTUM_FORMS_H
#define TMK_ANALYSIS_MOMENTUM_FORMS_H

#include "view.h"

enum tmk_momentum_form {
    TMK_FORM_I,
    TMK_FORM_II,
    TMK_FORM_I_RESCALED, /* I with its velocity times alpha_n / alpha_(n-1): II again */
    TMK_NFORMS
};
extern const char *const tmk_form_name[TMK_NFORMS]; /* "I", "II", "I rescaled" */

/* A function to minimise; its minimum is at theta = (1, ..., 1). */
struct tmk_landscape {
    const char *name, *formula;
    size_t n;         /* dimensions */
    double start;     /* of every coordinate but the first */
    double first;     /* of the first */
    double condition; /* of the quadratic: largest over smallest curvature; the largest is 1 */
    void (*gradient_f32)(const struct tmk_landscape *landscape, const float *theta, float *out);
    void (*gradient_f64)(const struct tmk_landscape *landscape, const double *theta, double *out);
};

/* sum h_i (theta_i - 1)^2 / 2 over ten coordinates, h_i from 1/condition to 1 by equal ratios. */
struct tmk_landscape tmk_quadratic(double condition);
/* (1 - x)^2 + 100 (y - x^2)^2 (Rosenbrock 1960): not convex; from (-1.2, 1). */
struct tmk_landscape tmk_rosenbrock(void);

struct tmk_momentum_plan {
    struct tmk_landscape landscape;
    enum tmk_dtype dtype; /* of all arithmetic */
    double alpha, beta;
    size_t change; /* the step from which on alpha is alpha * factor */
    double factor;
    size_t steps;
};

struct tmk_trajectory {
    size_t steps, n;
    enum tmk_dtype dtype;
    double *theta; /* (steps + 1, n): theta^0, theta^1, ... */
};

/* TMK_ENOMEM. */
enum tmk_status tmk_momentum_run(const struct tmk_momentum_plan *plan, enum tmk_momentum_form form,
                                 struct tmk_trajectory *out);
void tmk_trajectory_free(struct tmk_trajectory *trajectory);

/* Largest difference of a coordinate after `step` steps, in units in the last place of the largest
 * coordinate. */
double tmk_trajectory_ulps(const struct tmk_trajectory *a, const struct tmk_trajectory *b,
                           size_t step);

/* ||theta^(step+1) - theta^step|| and ||theta^step - (1, ..., 1)||. */
double tmk_trajectory_stride(const struct tmk_trajectory *trajectory, size_t step);
double tmk_trajectory_distance(const struct tmk_trajectory *trajectory, size_t step);

#endif
