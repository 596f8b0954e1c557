#include "scaled.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

#define LEAST_POWER (-1000) /* the reciprocals of subnormal numbers may overflow */

static const double log10_of_2 = 0.30102999566398119521;

/* ldexp's int holds any power that matters to a double */
static double shift(double value, long exponent)
{
    return ldexp(value, exponent > INT_MAX   ? INT_MAX
                        : exponent < INT_MIN ? INT_MIN
                                             : (int)exponent);
}

struct tmk_scaled tmk_scaled_make(double value, long exponent)
{
    int power = 0;
    double mantissa = frexp(value, &power);
    return (struct tmk_scaled){mantissa, mantissa == 0 ? 0 : exponent + power};
}

double tmk_scaled_value(struct tmk_scaled x)
{
    return shift(x.mantissa, x.exponent);
}

double tmk_scaled_log10(struct tmk_scaled x)
{
    return log10(x.mantissa) + (double)x.exponent * log10_of_2;
}

char *tmk_scaled_format(struct tmk_scaled x, int digits, char *buf, size_t size)
{
    if (x.mantissa == 0 || isnormal(tmk_scaled_value(x))) {
        snprintf(buf, size, "%.*g", digits, tmk_scaled_value(x));
        return buf;
    }
    struct tmk_scaled magnitude = {fabs(x.mantissa), x.exponent};
    double log = tmk_scaled_log10(magnitude), whole = floor(log);
    double mantissa = pow(10, log - whole);
    if (mantissa >= 10 - 5 * pow(10, -digits)) { /* prints as the next power */
        mantissa = 1;
        whole += 1;
    }
    snprintf(buf, size, "%.*ge%+.0f", digits, copysign(mantissa, x.mantissa), whole);
    return buf;
}

/* max |value|, and the sum of (value * factor)^2 */
#define DEFINE_SUMS(suffix, real)                                                                  \
    static double largest_##suffix(const real *values, size_t count)                               \
    {                                                                                              \
        double max = 0;                                                                            \
        for (size_t i = 0; i < count; i++)                                                         \
            max = fabs((double)values[i]) > max ? fabs((double)values[i]) : max;                   \
        return max;                                                                                \
    }                                                                                              \
    static double squares_##suffix(const real *values, size_t count, double factor)                \
    {                                                                                              \
        double sum = 0;                                                                            \
        for (size_t i = 0; i < count; i++)                                                         \
            sum += ((double)values[i] * factor) * ((double)values[i] * factor);                    \
        return sum;                                                                                \
    }
DEFINE_SUMS(f32, float)
DEFINE_SUMS(f64, double)

struct tmk_scaled tmk_scaled_norm(enum tmk_dtype dtype, const void *values, size_t count,
                                  long exponent)
{
    int power = 0;
    double max = dtype == TMK_F32 ? largest_f32(values, count) : largest_f64(values, count);
    frexp(max, &power);
    if (power < LEAST_POWER)
        power = LEAST_POWER;
    double factor = ldexp(1, -power);
    double sum =
        dtype == TMK_F32 ? squares_f32(values, count, factor) : squares_f64(values, count, factor);
    return tmk_scaled_make(sqrt(sum), exponent + power);
}

void tmk_scaled_normalise(double *values, size_t count, long *exponent)
{
    int power = 0;
    double max = largest_f64(values, count);
    if (max == 0 || !isfinite(max))
        return;
    frexp(max, &power);
    for (size_t i = 0; i < count; i++)
        values[i] = ldexp(values[i], -power);
    *exponent += power;
}
