#include "fit.h"
#include "optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t frame_steps[TMK_FIT_FRAMES - 1] = {0, 100, 1000};

/* The network at work. */
struct fitting {
    struct tmk_fit *fit;
    struct tmk_two_layer net;
    struct tmk_graph *graph;
    struct tmk_node *leaf[TMK_TWO_LAYER_PARTS];
    struct tmk_node *loss, *prediction;
    struct tmk_sgd sgd;
    size_t capacity; /* of the curve */
};

static double mean(const double *values)
{
    double sum = 0;
    for (int i = 0; i < TMK_FIT_POINTS; i++)
        sum += values[i];
    return sum / TMK_FIT_POINTS;
}

static double variance(const double *values)
{
    double average = mean(values), sum = 0;
    for (int i = 0; i < TMK_FIT_POINTS; i++)
        sum += (values[i] - average) * (values[i] - average);
    return sum / TMK_FIT_POINTS;
}

static void draw_points(struct tmk_fit *fit, struct tmk_random *random)
{
    double noise[TMK_FIT_POINTS];
    for (int i = 0; i < TMK_FIT_POINTS; i++) {
        fit->x[i] = 2.0 * i / (TMK_FIT_POINTS - 1) - 1;
        noise[i] = TMK_FIT_NOISE * tmk_random_f32(random);
        fit->y[i] = fit->x[i] * fit->x[i] + noise[i];
    }
    fit->spread = variance(fit->y);
    fit->floor = variance(noise);
}

static enum tmk_status set_up(struct fitting *f)
{
    const struct tmk_fit_options *options = &f->fit->options;
    struct tmk_random random;
    struct tmk_variable *parameters[TMK_TWO_LAYER_PARAMETERS];
    tmk_random_seed(&random, options->seed);
    draw_points(f->fit, &random);
    TMK_TRY(tmk_two_layer_make(TMK_F64, TMK_FIT_POINTS, 1, options->hidden, 1, &f->net));
    tmk_two_layer_draw(&f->net, &random);
    memcpy(tmk_variable_write(&f->net.part[TMK_X])->data, f->fit->x, sizeof f->fit->x);
    memcpy(tmk_variable_write(&f->net.part[TMK_Y])->data, f->fit->y, sizeof f->fit->y);
    for (int i = 0; i < TMK_TWO_LAYER_PARAMETERS; i++)
        parameters[i] = &f->net.part[i];
    f->sgd = (struct tmk_sgd){
        .lr = options->lr, .momentum = options->momentum, .form = TMK_MOMENTUM_II, .threads = 1};
    TMK_TRY(tmk_sgd_make(&f->sgd, TMK_TWO_LAYER_PARAMETERS, parameters));
    TMK_TRY(tmk_graph_make(&(struct tmk_graph_options){.threads = 1}, &f->graph));
    struct tmk_node *sum = tmk_two_layer_loss(f->graph, &f->net, false, f->leaf, &f->prediction);
    f->loss = tmk_ad_div_scalar(sum, TMK_FIT_POINTS);
    return tmk_graph_status(f->graph);
}

static enum tmk_status take_frame(struct fitting *f, size_t step, double error)
{
    struct tmk_fit_frame *frame = &f->fit->frame[f->fit->nframes++];
    struct tmk_view prediction;
    frame->step = step;
    frame->error = error;
    TMK_TRY(tmk_ad_value(f->prediction, &prediction));
    memcpy(frame->prediction, prediction.data, sizeof frame->prediction);
    return TMK_OK;
}

static enum tmk_status add_to_curve(struct fitting *f, size_t step, double error)
{
    struct tmk_fit *fit = f->fit;
    if (fit->points == f->capacity) {
        size_t capacity = f->capacity ? 2 * f->capacity : 256;
        double *steps = reallocarray(fit->step, capacity, sizeof *steps);
        if (steps)
            fit->step = steps;
        double *errors = reallocarray(fit->error, capacity, sizeof *errors);
        if (errors)
            fit->error = errors;
        if (!steps || !errors)
            return tmk_fail(TMK_ENOMEM, "no memory for the curve: take fewer steps");
        f->capacity = capacity;
    }
    fit->step[fit->points] = (double)step;
    fit->error[fit->points++] = error;
    return TMK_OK;
}

/* Every step to 100, then 1 % apart. */
static bool on_curve(size_t step, const struct tmk_fit *fit)
{
    return fit->points == 0 || (double)step >= 1.01 * fit->step[fit->points - 1];
}

static enum tmk_status note(struct fitting *f, size_t step, double error)
{
    struct tmk_fit *fit = f->fit;
    if (!isfinite(error))
        return tmk_fail(TMK_EINVAL, "the error is infinite after %zu steps: lower --lr %g", step,
                        fit->options.lr);
    if (on_curve(step, fit))
        TMK_TRY(add_to_curve(f, step, error));
    if (fit->nframes < TMK_FIT_FRAMES - 1 && step == frame_steps[fit->nframes])
        TMK_TRY(take_frame(f, step, error));
    return TMK_OK;
}

static enum tmk_status descend(struct fitting *f, tmk_fit_progress *progress, void *context)
{
    struct tmk_fit *fit = f->fit;
    double error = 0, before = INFINITY;
    for (size_t step = 0;; step++) {
        TMK_TRY(tmk_ad_number(f->loss, &error));
        TMK_TRY(note(f, step, error));
        fit->steps = step;
        if (step % TMK_FIT_PATIENCE == 0) {
            fit->still = before - error < TMK_FIT_STILL * before && step > 0;
            before = error;
        }
        if (fit->still || step == fit->options.max_steps || !progress(context, step, error))
            return take_frame(f, step, error);
        TMK_TRY(tmk_ad_backward(f->loss));
        TMK_TRY(tmk_sgd_step(&f->sgd, f->leaf));
    }
}

static enum tmk_status check(const struct tmk_fit_options *options)
{
    if (options->hidden == 0 || options->max_steps == 0)
        return tmk_fail(TMK_EINVAL, "%zu hidden units, %zu steps: use at least 1 of each",
                        options->hidden, options->max_steps);
    return TMK_OK;
}

enum tmk_status tmk_fit_run(const struct tmk_fit_options *options, tmk_fit_progress *progress,
                            void *context, struct tmk_fit *out)
{
    struct fitting f = {.fit = out};
    *out = (struct tmk_fit){.options = *options};
    enum tmk_status status = check(options);
    if (status == TMK_OK)
        status = set_up(&f);
    if (status == TMK_OK)
        status = descend(&f, progress, context);
    tmk_graph_free(f.graph);
    tmk_sgd_free(&f.sgd);
    tmk_two_layer_free(&f.net);
    if (status != TMK_OK)
        tmk_fit_free(out);
    return status;
}

void tmk_fit_free(struct tmk_fit *fit)
{
    free(fit->step);
    free(fit->error);
    fit->step = fit->error = NULL;
    fit->points = 0;
}
