#include "mlp_parts.h"

#include <math.h>
#include <string.h>

/* Beyond this a common power of two is taken out of the slopes; within it they are as they are. */
#define STEEP_ENOUGH 64

static const double ln_2 = 0.69314718055994530942;

/* The loss, and dL/dY_L = (Y_L - Y) / batch into the signal. */
static void start(struct tmk_mlp *mlp, struct tmk_mlp_result *result)
{
    size_t batch = mlp->spec.batch;
    const double *output = tmk_mlp_z(mlp, mlp->spec.depth);
    const double *target = mlp->buffer[TMK_MLP_TARGETS];
    double *signal = mlp->buffer[TMK_MLP_SIGNAL], sum = 0;
    long power = *tmk_mlp_exponent(mlp, mlp->spec.depth - 1);
    long exponent = power > 0 ? power : 0; /* neither outputs nor targets leave the range */
    for (size_t i = 0; i < batch; i++) {
        double error = ldexp(output[i], (int)(power - exponent)) - ldexp(target[i], (int)-exponent);
        sum += error * error;
        signal[i] = error / (double)batch;
    }
    result->output = tmk_scaled_make(output[0], power);
    result->loss = tmk_scaled_make(0.5 * sum / (double)batch, 2 * exponent);
    mlp->signal_exponent = exponent;
}

/* A power of two that brings the slopes at the units that matter back to a common size. */
static long slope_exponent(const struct tmk_activation *activation, const double *z, int exponent,
                           const double *signal, size_t count)
{
    double least = INFINITY;
    for (size_t i = 0; i < count; i++)
        if (signal[i] != 0)
            least = fmin(least, fabs(ldexp(z[i], exponent)));
    double power = floor(least * activation->rate / ln_2);
    return isfinite(power) && power > STEEP_ENOUGH ? (long)power : 0;
}

/* dL/dZ_l = dL/dY_l phi'(Z_l) into `delta`; gives its power of two. The last layer is linear. */
static long differentiate(const struct tmk_mlp *mlp, size_t l, double *delta)
{
    const struct tmk_activation *activation = mlp->spec.activation;
    size_t count = mlp->spec.batch * tmk_mlp_units(mlp, l);
    const double *z = tmk_mlp_z(mlp, l), *signal = mlp->buffer[TMK_MLP_SIGNAL];
    long exponent = mlp->signal_exponent;
    if (l == mlp->spec.depth) {
        memcpy(delta, signal, count * sizeof *delta);
    } else {
        int power = tmk_mlp_slope_power(mlp, l);
        long shift = mlp->spec.textbook ? 0 : slope_exponent(activation, z, power, signal, count);
        for (size_t i = 0; i < count; i++) {
            double at = ldexp(z[i], power);
            delta[i] = signal[i] * (mlp->spec.textbook
                                        ? activation->textbook_slope(at)
                                        : tmk_activation_slope_scaled(activation, at, shift));
        }
        exponent -= shift;
    }
    tmk_scaled_normalise(delta, count, &exponent);
    return exponent;
}

/* dL/db_l: the sum over samples, in `sums`. */
static struct tmk_scaled bias_norm(const double *delta, size_t batch, size_t units, long exponent,
                                   double *sums)
{
    memset(sums, 0, units * sizeof *sums);
    for (size_t i = 0; i < batch * units; i++)
        sums[i % units] += delta[i];
    return tmk_scaled_norm(TMK_F64, sums, units, exponent);
}

static enum tmk_status weight_gradient(struct tmk_mlp *mlp, size_t l, const struct tmk_view *delta,
                                       long exponent, struct tmk_mlp_layer *layer)
{
    size_t units = tmk_mlp_units(mlp, l);
    struct tmk_view y = tmk_mlp_y(mlp, l - 1);
    mlp->gradient = tmk_mlp_matrix(mlp, TMK_MLP_GRADIENT, units, mlp->spec.width);
    mlp->gradient_exponent = exponent + *tmk_mlp_exponent(mlp, l - 1);
    TMK_TRY(tmk_mlp_multiply(mlp, l, TMK_BWD_W, &y, &mlp->gradient, delta));
    layer->da = tmk_scaled_norm(mlp->spec.dtype, mlp->gradient.data, units * mlp->spec.width,
                                mlp->gradient_exponent);
    return TMK_OK;
}

/* dL/dY_(l-1) = dL/dZ_l A_l [+ dL/dY_l] into the signal. */
static enum tmk_status propagate(struct tmk_mlp *mlp, size_t l, const struct tmk_view *delta,
                                 long exponent)
{
    size_t count = mlp->spec.batch * mlp->spec.width;
    double *signal = mlp->buffer[TMK_MLP_SIGNAL], *product = mlp->buffer[TMK_MLP_SCRATCH];
    bool skips = mlp->spec.residual && l < mlp->spec.depth;
    struct tmk_random random = ((struct tmk_random *)mlp->buffer[TMK_MLP_STREAMS])[l - 1];
    if (!mlp->keeps_weights)
        tmk_mlp_draw_layer(mlp, l, &random);
    struct tmk_view weights = tmk_mlp_weights(mlp, l);
    struct tmk_view out = tmk_mlp_matrix(mlp, TMK_MLP_PRODUCT, mlp->spec.batch, mlp->spec.width);
    TMK_TRY(tmk_mlp_multiply(mlp, l, TMK_BWD_D, &out, &weights, delta));
    tmk_mlp_load(&out, product);
    long common = skips && mlp->signal_exponent > exponent ? mlp->signal_exponent : exponent;
    for (size_t i = 0; i < count; i++) {
        double through = skips ? ldexp(signal[i], (int)(mlp->signal_exponent - common)) : 0;
        signal[i] = ldexp(product[i], (int)(exponent - common)) + through;
    }
    mlp->signal_exponent = common;
    tmk_scaled_normalise(signal, count, &mlp->signal_exponent);
    return TMK_OK;
}

enum tmk_status tmk_mlp_backward(struct tmk_mlp *mlp, const struct tmk_mlp_watch *watch,
                                 struct tmk_mlp_result *result)
{
    size_t batch = mlp->spec.batch;
    start(mlp, result);
    for (size_t l = mlp->spec.depth; l >= 1; l--) {
        struct tmk_mlp_layer *layer = &result->layers[l - 1];
        size_t units = tmk_mlp_units(mlp, l);
        double *values = mlp->buffer[TMK_MLP_SCRATCH];
        long exponent = differentiate(mlp, l, values);
        struct tmk_view delta = tmk_mlp_matrix(mlp, TMK_MLP_DELTA, batch, units);
        tmk_mlp_store(&delta, values);
        layer->delta = tmk_scaled_norm(TMK_F64, values, batch * units, exponent);
        layer->db = bias_norm(values, batch, units, exponent, mlp->buffer[TMK_MLP_BIASES]);
        TMK_TRY(weight_gradient(mlp, l, &delta, exponent, layer));
        if (l > 1)
            TMK_TRY(propagate(mlp, l, &delta, exponent));
        TMK_TRY(tmk_mlp_tick(watch));
    }
    const size_t first[2] = {0, 0};
    result->da_first = tmk_scaled_make(tmk_view_get(&mlp->gradient, first), mlp->gradient_exponent);
    return TMK_OK;
}
