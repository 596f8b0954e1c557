#include "gradcheck.h"
#include "cases.h"
#include "ops.h"

#include "random.h"
#include "size.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- central differences -- */

/* Visits the variable's elements, row-major. */
struct differences {
    struct tmk_node *node;
    struct tmk_variable *variable;
    double h;
    const struct tmk_view *out;
    enum tmk_status status;
};

static double value_at(struct differences *d, const size_t *index, double x)
{
    double value = 0;
    tmk_view_set(tmk_variable_write(d->variable), index, x);
    if (d->status == TMK_OK)
        d->status = tmk_ad_number(d->node, &value);
    return value;
}

static void difference(void *ctx, const size_t *index, void *element)
{
    struct differences *d = ctx;
    (void)element;
    double x = tmk_view_get(&d->variable->view, index);
    double step = d->h * fmax(1, fabs(x));
    double above = value_at(d, index, x + step), below = value_at(d, index, x - step);
    tmk_view_set(tmk_variable_write(d->variable), index, x);
    tmk_view_set(d->out, index, (above - below) / (2 * step));
}

enum tmk_status tmk_numerical_gradient(struct tmk_node *node, struct tmk_variable *variable,
                                       double h, const struct tmk_view *out)
{
    struct differences d = {node, variable, h, out, TMK_OK};
    if (!tmk_view_same_shape(out, &variable->view))
        return tmk_fail(TMK_EINVAL, "numerical gradient: give it the shape of the variable");
    tmk_view_each(&variable->view, difference, &d);
    return d.status;
}

/* -- a case -- */

/* A case at work; variables at the end hold the weights of the result. */
struct trial {
    const struct tmk_case *which;
    struct tmk_random random;
    size_t sizes[26]; /* of the letters */
    int ninputs;
    struct tmk_variable variable[TMK_CASE_INPUTS + 1];
    struct tmk_variable automatic, numerical;
    struct tmk_graph *graph;
    struct tmk_node *leaf[TMK_CASE_INPUTS];
    struct tmk_node *sum;
};

static double draw(struct trial *trial, char fill, size_t i, size_t count)
{
    double u = tmk_random_f64(&trial->random);
    switch (fill) {
    case 'p':
        return 0.5 + 1.5 * u;
    case 'd': /* i times a number that has no factor in common with the number of elements */
        return 0.1 * (double)(i * 7919 % count) - 0.05 * (double)count + 0.05 * u;
    case 'l':
        return floor(u * (double)trial->variable[0].view.shape[1]);
    default:
        return (u < 0.5 ? -1 : 1) * (0.2 + 1.3 * tmk_random_f64(&trial->random));
    }
}

static enum tmk_status fill_variable(struct trial *trial, struct tmk_variable *variable, char fill,
                                     int ndim, const size_t *shape)
{
    TMK_TRY(tmk_variable_make(variable, TMK_F64, ndim, shape));
    double *element = tmk_variable_write(variable)->data;
    size_t count = tmk_view_count(&variable->view);
    for (size_t i = 0; i < count; i++)
        element[i] = draw(trial, fill, i, count);
    return TMK_OK;
}

/* Read one word of the shapes; gives where it ends. */
static const char *read_shape(const struct trial *trial, const char *word, int *ndim, size_t *shape)
{
    *ndim = 0;
    for (; *word && *word != ' '; word++) {
        if (*word != '-')
            shape[(*ndim)++] =
                isdigit((unsigned char)*word) ? (size_t)(*word - '0') : trial->sizes[*word - 'a'];
    }
    return word;
}

static enum tmk_status make_inputs(struct trial *trial, struct tmk_gradcheck *out)
{
    const char *at = trial->which->shapes;
    FILE *text = fmemopen(out->shapes, sizeof out->shapes, "w");
    if (!text)
        return tmk_fail(TMK_ENOMEM, "gradcheck: no memory for a line of text");
    for (int i = 0; i < 26; i++)
        trial->sizes[i] = 1 + tmk_random_below(&trial->random, 4);
    enum tmk_status status = TMK_OK;
    while (status == TMK_OK && *at) {
        size_t shape[TMK_MAX_DIMS];
        int ndim, i = trial->ninputs;
        at = read_shape(trial, at, &ndim, shape);
        at += *at == ' ';
        fprintf(text, "%s(", i ? " " : "");
        for (int d = 0; d < ndim; d++)
            fprintf(text, "%s%zu", d ? "," : "", shape[d]);
        fprintf(text, ")");
        status = fill_variable(trial, &trial->variable[i], trial->which->fills[i], ndim, shape);
        trial->ninputs += status == TMK_OK;
    }
    fclose(text);
    return status;
}

/* The sum of the operator's results times random weights. */
static enum tmk_status build(struct trial *trial, const struct tmk_graph_options *options)
{
    TMK_TRY(tmk_graph_make(options, &trial->graph));
    tmk_graph_set_step(trial->graph, 5, 3);
    for (int i = 0; i < trial->ninputs; i++) {
        bool label = trial->which->fills[i] == 'l';
        trial->leaf[i] = label ? tmk_ad_input(trial->graph, &trial->variable[i])
                               : tmk_ad_parameter(trial->graph, &trial->variable[i]);
    }
    struct tmk_node *result = trial->which->build(trial->leaf);
    TMK_TRY(tmk_graph_status(trial->graph));
    struct tmk_variable *weights = &trial->variable[trial->ninputs];
    TMK_TRY(fill_variable(trial, weights, 'r', result->value.ndim, result->value.shape));
    struct tmk_node *product = tmk_ad_mul(result, tmk_ad_input(trial->graph, weights));
    trial->sum = tmk_ad_sum(product, 0, NULL, false);
    return tmk_graph_status(trial->graph);
}

/* Both gradients of one input; the first changes nothing, the second makes all others out of date.
 */
static enum tmk_status compare(struct trial *trial, int i, struct tmk_gradcheck *out)
{
    const struct tmk_view *shape = &trial->variable[i].view;
    struct tmk_view gradient;
    TMK_TRY(tmk_variable_make(&trial->automatic, TMK_F64, shape->ndim, shape->shape));
    TMK_TRY(tmk_variable_make(&trial->numerical, TMK_F64, shape->ndim, shape->shape));
    TMK_TRY(tmk_ad_backward(trial->sum));
    TMK_TRY(tmk_ad_gradient(trial->leaf[i], &gradient));
    TMK_TRY(tmk_view_copy(&trial->automatic.view, &gradient));
    TMK_TRY(tmk_numerical_gradient(trial->sum, &trial->variable[i], TMK_GRADCHECK_STEP,
                                   &trial->numerical.view));
    const double *a = trial->automatic.view.data, *n = trial->numerical.view.data;
    for (size_t e = 0; e < tmk_view_count(shape); e++) {
        double error = fabs(a[e] - n[e]) / fmax(1, fabs(n[e]));
        out->error = isnan(error) ? INFINITY : fmax(out->error, error);
        out->elements++;
    }
    tmk_variable_free(&trial->automatic);
    tmk_variable_free(&trial->numerical);
    return TMK_OK;
}

static enum tmk_status run(struct trial *trial, const struct tmk_graph_options *options,
                           struct tmk_gradcheck *out)
{
    TMK_TRY(make_inputs(trial, out));
    TMK_TRY(build(trial, options));
    for (int i = 0; i < trial->ninputs; i++) {
        if (trial->leaf[i]->needs_gradient)
            TMK_TRY(compare(trial, i, out));
    }
    out->passed = out->error <= TMK_GRADCHECK_BOUND;
    return TMK_OK;
}

enum tmk_status tmk_gradcheck_run(size_t i, uint32_t seed, const struct tmk_graph_options *options,
                                  struct tmk_gradcheck *out)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (!trial)
        return tmk_fail(TMK_ENOMEM, "gradcheck: no memory for a case: close other programs");
    trial->which = &tmk_cases[i];
    tmk_random_seed(&trial->random, seed * 1000003u + (uint32_t)i); /* other shapes in each case */
    *out = (struct tmk_gradcheck){.name = trial->which->name, .note = trial->which->note};
    enum tmk_status status = run(trial, options, out);
    tmk_graph_free(trial->graph);
    for (int v = 0; v <= TMK_CASE_INPUTS; v++)
        tmk_variable_free(&trial->variable[v]);
    tmk_variable_free(&trial->automatic);
    tmk_variable_free(&trial->numerical);
    free(trial);
    return status;
}

size_t tmk_gradcheck_count(void)
{
    size_t count = 0;
    while (tmk_cases[count].name)
        count++;
    return count;
}

const char *tmk_gradcheck_name(size_t i)
{
    return tmk_cases[i].name;
}
