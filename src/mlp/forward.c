#include "mlp_parts.h"

#include <math.h>

/* Y_l is kept within 2^+-COMFORT by its power of two, so that f32 products stay in range too. */
#define COMFORT 30

static size_t elements(const struct tmk_mlp *mlp, size_t l)
{
    return mlp->spec.batch * tmk_mlp_units(mlp, l);
}

void tmk_mlp_draw_layer(struct tmk_mlp *mlp, size_t l, struct tmk_random *random)
{
    struct tmk_view weights = tmk_mlp_weights(mlp, l);
    tmk_init_draw(mlp->spec.init, mlp->spec.sigma_w, random, &weights, mlp->buffer[TMK_MLP_BIASES]);
}

static void draw_samples(struct tmk_mlp *mlp, struct tmk_random *random)
{
    double *x = mlp->buffer[TMK_MLP_SCRATCH], *target = mlp->buffer[TMK_MLP_TARGETS];
    for (size_t i = 0; i < mlp->spec.batch * mlp->spec.width; i++)
        x[i] = tmk_random_f32(random);
    for (size_t i = 0; i < mlp->spec.batch; i++)
        target[i] = tmk_random_f32(random);
    struct tmk_view y = tmk_mlp_y(mlp, 0);
    tmk_mlp_store(&y, x);
    *tmk_mlp_exponent(mlp, 0) = 0;
}

/* Z_l = Y_(l-1) A_l^T + b_l, all of it in units of Y_(l-1)'s power of two. */
static enum tmk_status preactivate(struct tmk_mlp *mlp, size_t l)
{
    size_t units = tmk_mlp_units(mlp, l);
    int exponent = (int)*tmk_mlp_exponent(mlp, l - 1);
    double *z = tmk_mlp_z(mlp, l), *bias = mlp->buffer[TMK_MLP_BIASES];
    struct tmk_view y = tmk_mlp_y(mlp, l - 1);
    struct tmk_view weights = tmk_mlp_weights(mlp, l);
    struct tmk_view out = tmk_mlp_matrix(mlp, TMK_MLP_PRODUCT, mlp->spec.batch, units);
    TMK_TRY(tmk_mlp_multiply(mlp, l, TMK_FWD, &y, &weights, &out));
    tmk_mlp_load(&out, z);
    for (size_t i = 0; i < elements(mlp, l); i++)
        z[i] += ldexp(bias[i % units], -exponent);
    return TMK_OK;
}

static double largest(const double *values, size_t count)
{
    double max = 0;
    for (size_t i = 0; i < count; i++)
        max = fmax(max, fabs(values[i]));
    return max;
}

/* Y_l = phi(Z_l) [+ Y_(l-1)]. Where phi is linear at the size of Z_l (relu; tanh near 0) it
 * commutes with the power of two, which may then grow or shrink without end; elsewhere phi's values
 * need none. */
static void activate(struct tmk_mlp *mlp, size_t l)
{
    const struct tmk_activation *activation = mlp->spec.activation;
    size_t count = elements(mlp, l);
    const double *z = tmk_mlp_z(mlp, l);
    double *out = mlp->buffer[TMK_MLP_SIGNAL], *before = mlp->buffer[TMK_MLP_SCRATCH];
    int in_power = (int)*tmk_mlp_exponent(mlp, l - 1);
    bool linear = ldexp(largest(z, count), in_power) < activation->linear_below ||
                  isinf(activation->linear_below);
    long out_power = linear ? in_power : 0;
    for (size_t i = 0; i < count; i++)
        out[i] = activation->value(linear ? z[i] : ldexp(z[i], in_power));
    struct tmk_view y = tmk_mlp_y(mlp, l - 1);
    if (mlp->spec.residual) {
        tmk_mlp_load(&y, before);
        for (size_t i = 0; i < count; i++)
            out[i] += ldexp(before[i], in_power - (int)out_power);
    }
    double max = largest(out, count);
    if (activation->linear_below > 0 && (max > ldexp(1, COMFORT) || max < ldexp(1, -COMFORT)))
        tmk_scaled_normalise(out, count, &out_power);
    y = tmk_mlp_y(mlp, l);
    tmk_mlp_store(&y, out);
    *tmk_mlp_exponent(mlp, l) = out_power;
}

/* Mean square of the units, and their share in saturation. */
static void record(const struct tmk_mlp *mlp, size_t l, struct tmk_mlp_layer *layer)
{
    const double *z = tmk_mlp_z(mlp, l);
    size_t count = elements(mlp, l), saturated = 0;
    int power = tmk_mlp_slope_power(mlp, l);
    struct tmk_scaled norm = tmk_scaled_norm(TMK_F64, z, count, *tmk_mlp_exponent(mlp, l - 1));
    layer->q = tmk_scaled_value(
        tmk_scaled_make(norm.mantissa * norm.mantissa / (double)count, 2 * norm.exponent));
    for (size_t i = 0; i < count; i++)
        saturated += tmk_activation_is_saturated(mlp->spec.activation, ldexp(z[i], power));
    layer->saturated = l == mlp->spec.depth ? 0 : (double)saturated / (double)count;
}

enum tmk_status tmk_mlp_forward(struct tmk_mlp *mlp, uint32_t seed, bool spectral,
                                const struct tmk_mlp_watch *watch, struct tmk_mlp_result *result)
{
    struct tmk_random random, *stream = mlp->buffer[TMK_MLP_STREAMS];
    tmk_random_seed(&random, seed);
    draw_samples(mlp, &random);
    for (size_t l = 1; l <= mlp->spec.depth; l++) {
        struct tmk_mlp_layer *layer = &result->layers[l - 1];
        stream[l - 1] = random;
        tmk_mlp_draw_layer(mlp, l, &random);
        layer->spectral = 0;
        if (spectral)
            TMK_TRY(tmk_mlp_spectral(mlp, l, &layer->spectral));
        TMK_TRY(preactivate(mlp, l));
        record(mlp, l, layer);
        if (l < mlp->spec.depth)
            activate(mlp, l);
        TMK_TRY(tmk_mlp_tick(watch));
    }
    return TMK_OK;
}
