#include "meanfield.h"

#include <math.h>

#define REACH 12.0        /* standard deviations; beyond them a Gaussian is below 1e-31 */
#define NEARLY_ZERO 1e-30 /* a mean square */
#define FAR 1e60          /* from 1, at which mean squares are put in other units */

static double value(const struct tmk_activation *activation, double z)
{
    return activation->value(z);
}

static double value_squared(const struct tmk_activation *activation, double z)
{
    return activation->value(z) * activation->value(z);
}

static double slope_squared(const struct tmk_activation *activation, double z)
{
    double slope = tmk_activation_slope(activation, z);
    return slope * slope;
}

/* E[f(sqrt(q) z)], z ~ N(0, 1), by the midpoint rule on the whole line, whose error falls
 * exponentially with the step h: as exp(-2 pi^2 q/h^2) for the Gaussian and exp(-2 pi a/h) for a
 * function with poles at distance a from the line (sigmoid pi, tanh pi/2), both below 1e-34 here.
 * As the nodes are symmetric, relu's kink at 0 leaves no trace either. */
static double expectation(double (*f)(const struct tmk_activation *, double),
                          const struct tmk_activation *activation, double q)
{
    double deviation = sqrt(q), sum = 0;
    double step = activation->rate == 0 ? 0.25 * deviation : fmin(0.25 * deviation, 0.125);
    if (q == 0)
        return f(activation, 0);
    for (double u = 0.5 * step; u < REACH * deviation; u += step)
        sum += (f(activation, u) + f(activation, -u)) * exp(-0.5 * u * u / q);
    return sum * step / (deviation * sqrt(2 * M_PI));
}

/* A step's slope is the same at every scale; q may then be beyond the range of double. */
static double mean_slope_squared(const struct tmk_activation *activation, double q)
{
    return expectation(slope_squared, activation, activation->rate == 0 ? 1 : q);
}

/* E[phi^2] grows more slowly than q, so that q's image over q falls: one crossing of 1. */
double tmk_meanfield_fixed_point(const struct tmk_activation *activation, double sigma_w2,
                                 double sigma_b2)
{
    if (activation->rate == 0) /* E[relu^2] = q/2 */
        return sigma_w2 < 2 ? sigma_b2 / (1 - sigma_w2 / 2) : INFINITY;
    double lo = NEARLY_ZERO, hi = sigma_w2 + sigma_b2; /* |phi| <= 1 */
    while (hi / lo > 1 + 1e-14) {
        double q = sqrt(lo * hi);
        if (sigma_w2 * expectation(value_squared, activation, q) + sigma_b2 > q)
            lo = q;
        else
            hi = q;
    }
    return lo == NEARLY_ZERO ? 0 : hi;
}

double tmk_meanfield_chi(const struct tmk_activation *activation, double sigma_w2, double q)
{
    return sigma_w2 * mean_slope_squared(activation, q);
}

double tmk_meanfield_critical(const struct tmk_activation *activation)
{
    double lo = 1e-3, hi = 1e5;
    while (hi / lo > 1 + 1e-9) {
        double middle = sqrt(lo * hi);
        double q = tmk_meanfield_fixed_point(activation, middle, 0);
        if (tmk_meanfield_chi(activation, middle, q) < 1)
            lo = middle;
        else
            hi = middle;
    }
    return sqrt(lo * hi);
}

/* What a layer hands on: E[y] and E[y^2] of a unit, in units of 10^(offset/2) and 10^offset. */
struct signal {
    double mean, square, offset;
};

/* E[phi] and E[phi^2] where phi is linear at the scale of z: on both sides of 0, or on one. */
static struct signal linear_moments(const struct tmk_activation *activation, double q,
                                    double offset)
{
    bool one_sided = isinf(activation->linear_below);
    return (struct signal){one_sided ? sqrt(q / (2 * M_PI)) : 0, one_sided ? q / 2 : q, offset};
}

static struct signal to_units(struct signal s, double offset)
{
    double shift = s.offset - offset;
    return (struct signal){s.mean * pow(10, shift / 2), s.square * pow(10, shift), offset};
}

/* The signal after an activation on Z of mean square q * 10^in.offset. */
static struct signal activate(const struct tmk_mlp_spec *spec, struct signal in, double q)
{
    const struct tmk_activation *activation = spec->activation;
    double true_q = q * pow(10, in.offset);
    struct signal out;
    if (REACH * sqrt(true_q) < activation->linear_below || isinf(activation->linear_below))
        out = linear_moments(activation, q, in.offset);
    else
        out = (struct signal){expectation(value, activation, true_q),
                              expectation(value_squared, activation, true_q), 0};
    if (spec->residual) {
        struct signal before = to_units(in, out.offset);
        out.square += before.square + 2 * before.mean * out.mean; /* independent in each unit */
        out.mean += before.mean;
    }
    if (activation->linear_below > 0 && out.square > 0 &&
        (out.square > FAR || out.square < 1 / FAR))
        out = to_units(out, out.offset + log10(out.square));
    return out;
}

static struct tmk_init_moments moments_of(const struct tmk_mlp_spec *spec, size_t l)
{
    size_t fan_out = l == spec->depth ? 1 : spec->width;
    return tmk_init_moments(spec->init, spec->sigma_w, spec->width, fan_out);
}

bool tmk_meanfield_predict(const struct tmk_mlp_spec *spec, struct tmk_meanfield_layer *layers)
{
    double width = (double)spec->width;
    struct signal y = {.mean = 0.5, .square = 1.0 / 3};
    if (moments_of(spec, 1).mean != 0)
        return false;
    for (size_t l = 1; l <= spec->depth; l++) {
        struct tmk_init_moments moments = moments_of(spec, l);
        double q = width * moments.variance * y.square;
        if (moments.bias_variance > 0)
            q += moments.bias_variance * pow(10, -y.offset);
        layers[l - 1].log10_y = 0.5 * (log10(width * y.square) + y.offset);
        layers[l - 1].q = q * pow(10, y.offset);
        if (l < spec->depth)
            y = activate(spec, y, q);
    }
    /* log10 E||dL/dY_l||^2 over that of the last layer, which is linear */
    double signal = 0;
    for (size_t l = spec->depth; l >= 1; l--) {
        bool hidden = l < spec->depth;
        double slope = hidden ? mean_slope_squared(spec->activation, layers[l - 1].q) : 1;
        double chi = width * moments_of(spec, l).variance * slope;
        layers[l - 1].log10_delta = 0.5 * (signal + log10(slope));
        signal += log10(chi + (hidden && spec->residual));
    }
    return true;
}
