#include "activation.h"

#include <math.h>
#include <string.h>

#define SATURATED 0.1 /* of the steepest slope */

static const double ln_2 = 0.69314718055994530942;

static double sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

static double sigmoid_textbook(double z)
{
    return sigmoid(z) * (1 - sigmoid(z));
}

static double tanh_textbook(double z)
{
    return 1 - tanh(z) * tanh(z);
}

static double relu(double z)
{
    return z > 0 ? z : 0;
}

static double step(double z)
{
    return z > 0;
}

const struct tmk_activation tmk_activations[] = {
    {"sigmoid", "1 / (1 + exp(-z))", sigmoid, sigmoid_textbook, 0.25, 1, 0},
    {"tanh", "tanh(z)", tanh, tanh_textbook, 1, 2, 0x1p-30},
    {"relu", "max(z, 0)", relu, step, 1, 0, INFINITY},
    {.name = NULL},
};

const struct tmk_activation *tmk_activation_find(const char *name)
{
    for (const struct tmk_activation *a = tmk_activations; a->name; a++)
        if (!strcmp(a->name, name))
            return a;
    return NULL;
}

double tmk_activation_slope(const struct tmk_activation *activation, double z)
{
    return tmk_activation_slope_scaled(activation, z, 0);
}

double tmk_activation_slope_scaled(const struct tmk_activation *activation, double z, long exponent)
{
    if (activation->rate == 0)
        return ldexp(step(z), (int)exponent);
    double x = activation->rate * fabs(z), e = exp(-x);
    double scaled = exponent == 0 ? e : exp((double)exponent * ln_2 - x);
    return 4 * activation->steepest * scaled / ((1 + e) * (1 + e));
}

bool tmk_activation_is_saturated(const struct tmk_activation *activation, double z)
{
    return tmk_activation_slope(activation, z) < SATURATED * activation->steepest;
}
