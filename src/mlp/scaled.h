/* Numbers far outside the range of double, such as the norm of a gradient that a thousand layers
 * have shrunk: mantissa * 2^exponent. Scaling by powers of two adds no rounding error. */
#ifndef TMK_MLP_SCALED_H
#define TMK_MLP_SCALED_H

#include "view.h"

struct tmk_scaled {
    double mantissa; /* in [1/2, 1) or 0 where it comes from a function below */
    long exponent;
};

/* value * 2^exponent */
struct tmk_scaled tmk_scaled_make(double value, long exponent);

/* The nearest double: 0 or infinity beyond its range. */
double tmk_scaled_value(struct tmk_scaled x);

/* log10 of a number >= 0; -infinity for 0. */
double tmk_scaled_log10(struct tmk_scaled x);

/* "9.79e-5", "1.23e-500": `digits` significant digits, those of printf's %g within the range
 * of double. Returns buf. */
char *tmk_scaled_format(struct tmk_scaled x, int digits, char *buf, size_t size);

/* The Euclidean norm of `count` values * 2^exponent, whatever their size; summed in double. NaN if
 * a value is. */
struct tmk_scaled tmk_scaled_norm(enum tmk_dtype dtype, const void *values, size_t count,
                                  long exponent);

/* Multiply all values by the same power of two, so that the largest lies in [1/2, 1), and take that
 * power off *exponent. All zero or not finite: left alone. */
void tmk_scaled_normalise(double *values, size_t count, long *exponent);

#endif
