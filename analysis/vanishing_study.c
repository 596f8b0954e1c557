#include "vanishing_study.h"

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
static struct tmk_spread spread(const struct tmk_ensemble *ensemble, layer_value value, size_t l,
                                double *values)
{
    for (size_t s = 0; s < ensemble->seeds; s++)
        values[s] = value(ensemble->results[s].layers, ensemble->depth, l);
    return tmk_spread_of(values, ensemble->seeds);
}

static void measure(struct tmk_study *study, const struct tmk_ensemble *ensemble, double *values)
{
    for (size_t l = 1; l <= ensemble->depth; l++) {
        struct tmk_study_layer *layer = &study->layers[l - 1];
        layer->da = spread(ensemble, log_da, l, values);
        layer->db = spread(ensemble, log_db, l, values);
        layer->saturated = spread(ensemble, saturated, l, values);
        layer->delta = spread(ensemble, log_delta, l, values).median;
        layer->factor = spread(ensemble, log_factor, l, values).median;
        layer->q = spread(ensemble, mean_square, l, values).median;
        layer->textbook_error = NAN;
    }
    study->fit.decades = spread(ensemble, decades, 1, values);
    study->loss = ensemble->results[0].loss;
    study->da_first = ensemble->results[0].da_first;
}

/* From the spectral norms of the first seed. The last layer is linear: its slope is 1. */
static void bound(struct tmk_study *study, const struct tmk_ensemble *ensemble)
{
    size_t depth = ensemble->depth;
    const struct tmk_mlp_layer *first = ensemble->results[0].layers;
    double signal = study->plan.spectral ? study->layers[depth - 1].db.median : NAN, steepest = 1;
    for (size_t l = depth; l >= 1; l--) {
        study->layers[l - 1].bound = signal + log10(steepest);
        bool skips = study->plan.spec.residual && l < depth;
        signal += log10(steepest * first[l - 1].spectral + skips);
        steepest = study->plan.spec.activation->steepest;
    }
    study->fit.bound_decades =
        depth < 3 ? NAN
                  : (study->layers[depth - 2].bound - study->layers[0].bound) / (double)(depth - 2);
}

static enum tmk_status predict(struct tmk_study *study)
{
    size_t depth = study->plan.spec.depth;
    struct tmk_meanfield_layer *theory = calloc(depth, sizeof *theory);
    if (!theory)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu layers", depth);
    study->has_theory = tmk_meanfield_predict(&study->plan.spec, theory);
    double last = study->layers[depth - 1].db.median;
    for (size_t l = 1; l <= depth; l++) {
        struct tmk_study_layer *layer = &study->layers[l - 1];
        bool follows = study->has_theory && l < depth;
        layer->theory_delta = study->has_theory ? theory[l - 1].log10_delta : NAN;
        layer->theory_db = last + layer->theory_delta;
        layer->theory_da = layer->theory_db + (study->has_theory ? theory[l - 1].log10_y : NAN);
        layer->theory_q = study->has_theory ? theory[l - 1].q : NAN;
        layer->theory_factor = follows ? theory[l - 1].log10_delta - theory[l].log10_delta : NAN;
    }
    free(theory);
    return TMK_OK;
}

static void fit(struct tmk_study *study)
{
    const struct tmk_study_layer *layers = study->layers;
    size_t hidden = study->plan.spec.depth - 1;
    double mean = 0, distance = 0, variance = 0;
    study->fit.theory_decades = study->fit.ratio = study->fit.rms = study->fit.r2 = NAN;
    if (hidden < 2)
        return;
    study->fit.theory_decades =
        (layers[hidden - 1].theory_delta - layers[0].theory_delta) / (double)(hidden - 1);
    study->fit.ratio = pow(10, study->fit.theory_decades - study->fit.decades.median);
    for (size_t i = 0; i < hidden; i++)
        mean += layers[i].delta / (double)hidden;
    for (size_t i = 0; i < hidden; i++) {
        distance += pow(layers[i].delta - layers[i].theory_delta, 2);
        variance += pow(layers[i].delta - mean, 2);
    }
    study->fit.rms = sqrt(distance / (double)hidden);
    study->fit.r2 = 1 - distance / variance;
}

static enum tmk_status run_textbook(struct tmk_study *study, const struct tmk_mlp_layer *exact)
{
    struct tmk_ensemble textbook;
    struct tmk_ensemble_plan plan = study->plan;
    plan.seeds = 1;
    plan.spectral = false;
    plan.spec.textbook = true;
    TMK_TRY(tmk_ensemble_run(&plan, &textbook));
    for (size_t l = 1; l <= textbook.depth; l++) {
        double logs = log_da(textbook.layers, textbook.depth, l) - log_da(exact, textbook.depth, l);
        study->layers[l - 1].textbook_error = fabs(expm1(logs * M_LN10));
    }
    study->textbook_loss = textbook.results[0].loss;
    study->textbook_da_first = textbook.results[0].da_first;
    tmk_ensemble_free(&textbook);
    return TMK_OK;
}

static void name(struct tmk_study *study)
{
    if (!strcmp(study->plan.spec.init->name, "normal"))
        snprintf(study->label, sizeof study->label, "normal, sigma_w %g", study->plan.spec.sigma_w);
    else
        snprintf(study->label, sizeof study->label, "%s", study->plan.spec.init->name);
}

static enum tmk_status evaluate(struct tmk_study *study, const struct tmk_ensemble *ensemble)
{
    double *values = calloc(ensemble->seeds, sizeof *values);
    if (!values)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu seeds", ensemble->seeds);
    measure(study, ensemble, values);
    free(values);
    bound(study, ensemble);
    TMK_TRY(predict(study));
    fit(study);
    return TMK_OK;
}

enum tmk_status tmk_study_make(const struct tmk_ensemble_plan *plan, bool textbook,
                               struct tmk_study *out)
{
    struct tmk_ensemble ensemble;
    size_t depth = plan->spec.depth;
    TMK_TRY(tmk_ensemble_run(plan, &ensemble));
    *out = (struct tmk_study){.plan = *plan, .layers = calloc(depth, sizeof *out->layers)};
    name(out);
    enum tmk_status status = out->layers ? evaluate(out, &ensemble)
                                         : tmk_fail(TMK_ENOMEM, "no memory for %zu layers", depth);
    if (status == TMK_OK && textbook)
        status = run_textbook(out, ensemble.layers);
    tmk_ensemble_free(&ensemble);
    if (status != TMK_OK)
        tmk_study_free(out);
    return status;
}

void tmk_study_free(struct tmk_study *study)
{
    free(study->layers);
    study->layers = NULL;
}
