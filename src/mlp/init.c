#include "init.h"

#include <math.h>
#include <string.h>

static double torch(size_t fan_in, size_t fan_out, double sigma_w)
{
    (void)fan_out, (void)sigma_w;
    return 1 / sqrt((double)fan_in);
}

static double glorot(size_t fan_in, size_t fan_out, double sigma_w)
{
    (void)sigma_w;
    return sqrt(6.0 / (double)(fan_in + fan_out));
}

static double gain4(size_t fan_in, size_t fan_out, double sigma_w)
{
    return 4 * glorot(fan_in, fan_out, sigma_w);
}

static double he(size_t fan_in, size_t fan_out, double sigma_w)
{
    (void)fan_out, (void)sigma_w;
    return sqrt(2.0 / (double)fan_in);
}

static double normal(size_t fan_in, size_t fan_out, double sigma_w)
{
    (void)fan_out;
    return sigma_w / sqrt((double)fan_in);
}

const struct tmk_init tmk_inits[] = {
    {"torch", "U(-1/sqrt(n_in), 1/sqrt(n_in)), biases too", "torch.nn.Linear's default",
     TMK_DRAW_SPREAD, TMK_BIAS_DRAWN, torch},
    {"glorot", "U(-g, g), g = sqrt(6/(n_in + n_out)), biases 0", "Glorot & Bengio 2010, eq. 16",
     TMK_DRAW_SPREAD, TMK_BIAS_DRAWN_ZERO, glorot},
    {"gain4", "glorot with weights times 4, for the sigmoid", "Glorot & Bengio 2010",
     TMK_DRAW_SPREAD, TMK_BIAS_DRAWN_ZERO, gain4},
    {"he", "N(0, 2/n_in), biases 0", "He et al. 2015, eq. 10", TMK_DRAW_NORMAL, TMK_BIAS_ZERO, he},
    {"normal", "N(0, sigma_w^2/n_in), biases 0", "Schoenholz et al. 2017", TMK_DRAW_NORMAL,
     TMK_BIAS_ZERO, normal},
    {"u01", "U(0, 1), biases too: every unit saturates as width grows", "course work", TMK_DRAW_U01,
     TMK_BIAS_DRAWN, NULL},
    {.name = NULL},
};

const struct tmk_init *tmk_init_find(const char *name)
{
    for (const struct tmk_init *init = tmk_inits; init->name; init++)
        if (!strcmp(init->name, name))
            return init;
    return NULL;
}

static double scale_of(const struct tmk_init *init, size_t fan_in, size_t fan_out, double sigma_w)
{
    return init->scale ? init->scale(fan_in, fan_out, sigma_w) : 1;
}

static double draw(enum tmk_distribution distribution, double scale, struct tmk_random *random)
{
    if (distribution == TMK_DRAW_NORMAL)
        return scale * tmk_random_normal(random);
    double u = tmk_random_f32(random);
    return distribution == TMK_DRAW_U01 ? u : scale * (2 * u - 1);
}

void tmk_init_draw(const struct tmk_init *init, double sigma_w, struct tmk_random *random,
                   const struct tmk_view *weights, double *biases)
{
    size_t fan_out = weights->shape[0], fan_in = weights->shape[1];
    double scale = scale_of(init, fan_in, fan_out, sigma_w);
    for (size_t i = 0; i < fan_out * fan_in; i++) {
        double weight = draw(init->distribution, scale, random);
        if (weights->dtype == TMK_F32)
            ((float *)weights->data)[i] = (float)weight;
        else
            ((double *)weights->data)[i] = weight;
    }
    for (size_t i = 0; i < fan_out; i++) {
        double bias = init->bias == TMK_BIAS_ZERO ? 0 : draw(init->distribution, scale, random);
        biases[i] = init->bias == TMK_BIAS_DRAWN ? bias : 0;
    }
}

struct tmk_init_moments tmk_init_moments(const struct tmk_init *init, double sigma_w, size_t fan_in,
                                         size_t fan_out)
{
    double scale = scale_of(init, fan_in, fan_out, sigma_w), square = scale * scale;
    struct tmk_init_moments moments = {
        .mean = init->distribution == TMK_DRAW_U01 ? 0.5 : 0,
        .variance = init->distribution == TMK_DRAW_U01      ? 1.0 / 12
                    : init->distribution == TMK_DRAW_SPREAD ? square / 3
                                                            : square,
    };
    moments.bias_variance = init->bias == TMK_BIAS_DRAWN ? moments.variance : 0;
    return moments;
}
