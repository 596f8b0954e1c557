#include "vanishing_decay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of layer l of one seed's run. */
typedef double (*layer_value)(const struct tmk_mlp_layer *layers, size_t depth, size_t l);

static double log_da(const struct tmk_mlp_layer *layers, size_t depth, size_t l)
{
    (void)depth;
    return tmk_scaled_log10(layers[l - 1].da);
}

static double log_db(const struct tmk_mlp_layer *layers, size_t depth, size_t l)
{
    (void)depth;
    return tmk_scaled_log10(layers[l - 1].db);
}

static double log_delta(const struct tmk_mlp_layer *layers, size_t depth, size_t l)
{
    return tmk_scaled_log10(layers[l - 1].delta) - tmk_scaled_log10(layers[depth - 1].delta);
}

static double log_factor(const struct tmk_mlp_layer *layers, size_t depth, size_t l)
{
    if (l == depth)
        return NAN;
    return tmk_scaled_log10(layers[l - 1].delta) - tmk_scaled_log10(layers[l].delta);
}

static double saturated(const struct tmk_mlp_layer *layers, size_t depth, size_t l)
{
    (void)depth;
    return layers[l - 1].saturated;
}

static double mean_square(const struct tmk_mlp_layer *layers, size_t depth, size_t l)
{
    (void)depth;
    return layers[l - 1].q;
}

/* Decades lost per layer between the first layer and the last hidden one; `l` is not used. */
static double decades(const struct tmk_mlp_layer *layers, size_t depth, size_t l)
{
    (void)l;
    if (depth < 3)
        return NAN;
    return (log_delta(layers, depth, depth - 1) - log_delta(layers, depth, 1)) /
           (double)(depth - 2);
}

/* Over all seeds; `values` has room for one each. */
static struct tmk_quantiles over_seeds(const struct tmk_ensemble *ensemble, layer_value value,
                                       size_t l, double *values)
{
    for (size_t s = 0; s < ensemble->seeds; s++)
        values[s] = value(ensemble->results[s].layers, ensemble->depth, l);
    return tmk_quantiles_of(values, ensemble->seeds);
}

static void measure(struct tmk_decay *decay, const struct tmk_ensemble *ensemble, double *values)
{
    for (size_t l = 1; l <= ensemble->depth; l++) {
        struct tmk_decay_layer *layer = &decay->layers[l - 1];
        layer->da = over_seeds(ensemble, log_da, l, values);
        layer->db = over_seeds(ensemble, log_db, l, values);
        layer->saturated = over_seeds(ensemble, saturated, l, values);
        layer->delta = over_seeds(ensemble, log_delta, l, values).median;
        layer->factor = over_seeds(ensemble, log_factor, l, values).median;
        layer->q = over_seeds(ensemble, mean_square, l, values).median;
        layer->textbook_error = NAN;
    }
    decay->fit.decades = over_seeds(ensemble, decades, 1, values);
    decay->loss = ensemble->results[0].loss;
    decay->da_first = ensemble->results[0].da_first;
}

/* From the spectral norms of the first seed. The last layer is linear: its slope is 1. */
static void bound(struct tmk_decay *decay, const struct tmk_ensemble *ensemble)
{
    size_t depth = ensemble->depth;
    const struct tmk_mlp_layer *first = ensemble->results[0].layers;
    double signal = decay->plan.spectral ? decay->layers[depth - 1].db.median : NAN, steepest = 1;
    for (size_t l = depth; l >= 1; l--) {
        decay->layers[l - 1].bound = signal + log10(steepest);
        bool skips = decay->plan.spec.residual && l < depth;
        signal += log10(steepest * first[l - 1].spectral + skips);
        steepest = decay->plan.spec.activation->steepest;
    }
    decay->fit.bound_decades =
        depth < 3 ? NAN
                  : (decay->layers[depth - 2].bound - decay->layers[0].bound) / (double)(depth - 2);
}

static enum tmk_status predict(struct tmk_decay *decay)
{
    size_t depth = decay->plan.spec.depth;
    struct tmk_meanfield_layer *theory = calloc(depth, sizeof *theory);
    if (!theory)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu layers", depth);
    decay->has_theory = tmk_meanfield_predict(&decay->plan.spec, theory);
    double last = decay->layers[depth - 1].db.median;
    for (size_t l = 1; l <= depth; l++) {
        struct tmk_decay_layer *layer = &decay->layers[l - 1];
        bool follows = decay->has_theory && l < depth;
        layer->theory_delta = decay->has_theory ? theory[l - 1].log10_delta : NAN;
        layer->theory_db = last + layer->theory_delta;
        layer->theory_da = layer->theory_db + (decay->has_theory ? theory[l - 1].log10_y : NAN);
        layer->theory_q = decay->has_theory ? theory[l - 1].q : NAN;
        layer->theory_factor = follows ? theory[l - 1].log10_delta - theory[l].log10_delta : NAN;
    }
    free(theory);
    return TMK_OK;
}

static void fit(struct tmk_decay *decay)
{
    const struct tmk_decay_layer *layers = decay->layers;
    size_t hidden = decay->plan.spec.depth - 1;
    double mean = 0, distance = 0, variance = 0;
    decay->fit.theory_decades = decay->fit.ratio = decay->fit.rms = decay->fit.r2 = NAN;
    if (hidden < 2)
        return;
    decay->fit.theory_decades =
        (layers[hidden - 1].theory_delta - layers[0].theory_delta) / (double)(hidden - 1);
    decay->fit.ratio = pow(10, decay->fit.theory_decades - decay->fit.decades.median);
    for (size_t i = 0; i < hidden; i++)
        mean += layers[i].delta / (double)hidden;
    for (size_t i = 0; i < hidden; i++) {
        distance += pow(layers[i].delta - layers[i].theory_delta, 2);
        variance += pow(layers[i].delta - mean, 2);
    }
    decay->fit.rms = sqrt(distance / (double)hidden);
    decay->fit.r2 = 1 - distance / variance;
}

static enum tmk_status run_textbook(struct tmk_decay *decay, const struct tmk_mlp_layer *exact)
{
    struct tmk_ensemble textbook;
    struct tmk_ensemble_plan plan = decay->plan;
    plan.seeds = 1;
    plan.spectral = false;
    plan.spec.textbook = true;
    TMK_TRY(tmk_ensemble_run(&plan, &textbook));
    for (size_t l = 1; l <= textbook.depth; l++) {
        double logs = log_da(textbook.layers, textbook.depth, l) - log_da(exact, textbook.depth, l);
        decay->layers[l - 1].textbook_error = fabs(expm1(logs * M_LN10));
    }
    decay->textbook_loss = textbook.results[0].loss;
    decay->textbook_da_first = textbook.results[0].da_first;
    tmk_ensemble_free(&textbook);
    return TMK_OK;
}

static void name(struct tmk_decay *decay)
{
    if (!strcmp(decay->plan.spec.init->name, "normal"))
        snprintf(decay->label, sizeof decay->label, "normal, sigma_w %g", decay->plan.spec.sigma_w);
    else
        snprintf(decay->label, sizeof decay->label, "%s", decay->plan.spec.init->name);
}

static enum tmk_status evaluate(struct tmk_decay *decay, const struct tmk_ensemble *ensemble)
{
    double *values = calloc(ensemble->seeds, sizeof *values);
    if (!values)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu seeds", ensemble->seeds);
    measure(decay, ensemble, values);
    free(values);
    bound(decay, ensemble);
    TMK_TRY(predict(decay));
    fit(decay);
    return TMK_OK;
}

enum tmk_status tmk_decay_make(const struct tmk_ensemble_plan *plan, bool textbook,
                               struct tmk_decay *out)
{
    struct tmk_ensemble ensemble;
    size_t depth = plan->spec.depth;
    TMK_TRY(tmk_ensemble_run(plan, &ensemble));
    *out = (struct tmk_decay){.plan = *plan, .layers = calloc(depth, sizeof *out->layers)};
    name(out);
    enum tmk_status status = out->layers ? evaluate(out, &ensemble)
                                         : tmk_fail(TMK_ENOMEM, "no memory for %zu layers", depth);
    if (status == TMK_OK && textbook)
        status = run_textbook(out, ensemble.layers);
    tmk_ensemble_free(&ensemble);
    if (status != TMK_OK)
        tmk_decay_free(out);
    return status;
}

void tmk_decay_free(struct tmk_decay *decay)
{
    free(decay->layers);
    decay->layers = NULL;
}
