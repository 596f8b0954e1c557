/* Activation functions and their slopes, exact where they saturate. */
#ifndef TMK_MLP_ACTIVATION_H
#define TMK_MLP_ACTIVATION_H

#include <stdbool.h>

/* The slopes of sigmoid and tanh have one form, phi'(z) = 4 steepest e / (1 + e)^2 with
 * e = exp(-rate |z|): no difference of nearly equal numbers, so it is right to the last digits
 * however saturated a unit is, where s (1 - s) has lost them all at |z| = 37. */
struct tmk_activation {
    const char *name; /* "sigmoid" */
    const char *summary;
    double (*value)(double z);
    double (*textbook_slope)(double z); /* what most programs compute: s (1 - s), 1 - t^2 */
    double steepest;                    /* the largest slope: 1/4, 1, 1 */
    double rate;                        /* see above; 0: the slope is a step at 0, and phi(0) = 0 */
    double linear_below; /* phi(z) = slope z to double precision for |z| below; infinity: on either
                            side of 0 everywhere (relu); 0: nowhere */
};

extern const struct tmk_activation tmk_activations[]; /* ends with name NULL */

/* The activation of that name, or NULL. */
const struct tmk_activation *tmk_activation_find(const char *name);

/* phi'(z); relu'(0) = 0. */
double tmk_activation_slope(const struct tmk_activation *activation, double z);

/* phi'(z) * 2^exponent, computed so that neither factor need be within the range of double. */
double tmk_activation_slope_scaled(const struct tmk_activation *activation, double z,
                                   long exponent);

/* True if the slope at z is below a tenth of the steepest: sigmoid from |z| = 3.64 on, tanh from
 * 1.82, relu for z <= 0 (a dead unit). */
bool tmk_activation_is_saturated(const struct tmk_activation *activation, double z);

#endif
