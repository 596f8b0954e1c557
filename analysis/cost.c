#include "cost.h"

#include "sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tmk_cost_class_name[TMK_NCLASSES] = {"convolution", "linear", "attention",
                                                       "other"};
const char *const tmk_grouping_name[TMK_NGROUPINGS] = {"layer", "module", "kind"};

void tmk_cost_add(struct tmk_cost *sum, const struct tmk_cost *part)
{
    sum->params += part->params;
    sum->weights += part->weights;
    sum->macs += part->macs;
    sum->macs_unpadded += part->macs_unpadded;
    sum->macs_image += part->macs_image;
    sum->activations += part->activations;
    sum->outputs += part->outputs;
    sum->bytes += part->bytes;
}

static double elements(const struct tmk_layer *l)
{
    return (double)l->oc * (double)l->oh * (double)l->ow;
}

/* Numbers that a layer reads besides its inputs. */
static double constants(const struct tmk_layer *l)
{
    switch (l->kind) {
    case TMK_LAYER_BATCHNORM: /* running mean and variance too */
        return 4 * (double)l->oc;
    case TMK_LAYER_EMBEDDING: /* the rows looked up, of the image's tokens: see traffic() */
        return 0;
    default:
        return (double)tmk_layer_params(l);
    }
}

/* Numbers that a layer moves for mb images. */
static double traffic(const struct tmk_net *net, const struct tmk_layer *l, double mb)
{
    double inputs = 0;
    if (l->kind == TMK_LAYER_INPUT || l->kind == TMK_LAYER_FLATTEN || l->kind == TMK_LAYER_DROPOUT)
        return 0;
    for (int i = 0; i < l->ninputs; i++)
        inputs += elements(&net->layers[l->input[i]]);
    if (l->kind == TMK_LAYER_EMBEDDING)
        inputs += elements(l);
    return mb * (inputs + elements(l)) + constants(l);
}

/* The work of a layer that an operation computes. */
static enum tmk_status add_work(const struct tmk_net *net, const struct tmk_layer *l, size_t mb,
                                struct tmk_cost *cost)
{
    const struct tmk_op *op = tmk_layer_op(l);
    const struct tmk_context context = {.mb = mb};
    if (!op)
        return TMK_OK;
    struct tmk_problem *problem = calloc(1, op->problem_size);
    if (!problem)
        return tmk_fail(TMK_ENOMEM, "no memory for the layers of %s", net->name);
    enum tmk_status status = tmk_layer_problem(l, &context, problem);
    if (status == TMK_OK) {
        cost->macs = op->flops(problem, TMK_FWD) / 2;
        cost->macs_unpadded = op->flops_unpadded(problem, TMK_FWD) / 2;
        if (net->layers[l->input[0]].kind == TMK_LAYER_INPUT)
            cost->macs_image = cost->macs;
        cost->activations = (double)mb * elements(l);
    }
    free(problem);
    return status;
}

enum tmk_status tmk_cost_layer(const struct tmk_net *net, int layer, size_t mb,
                               struct tmk_cost *out)
{
    const struct tmk_layer *l = &net->layers[layer];
    *out = (struct tmk_cost){
        .params = (double)tmk_layer_params(l),
        .weights = (double)tmk_layer_weights(l),
        .outputs = l->kind == TMK_LAYER_INPUT ? 0 : (double)mb * elements(l),
        .bytes = traffic(net, l, (double)mb) * (double)sizeof(float),
    };
    return add_work(net, l, mb, out);
}

enum tmk_cost_class tmk_cost_class_of(const struct tmk_layer *l)
{
    switch (l->kind) {
    case TMK_LAYER_CONV:
        return TMK_CONVOLUTION;
    case TMK_LAYER_LINEAR:
        return TMK_LINEAR;
    case TMK_LAYER_MATMUL:
        return TMK_ATTENTION;
    default:
        return TMK_OTHER;
    }
}

static void kind_name(const struct tmk_layer *l, char *name, size_t size)
{
    bool depthwise = l->groups > 1 && l->groups == l->ic;
    if (l->kind == TMK_LAYER_CONV)
        snprintf(name, size, "conv %zux%zu%s", l->kh, l->kw,
                 depthwise       ? " depthwise"
                 : l->groups > 1 ? " grouped"
                                 : "");
    else
        snprintf(name, size, "%s", tmk_layer_kind_name[l->kind]);
}

/* The row among those so far that layer i belongs to, or NULL: it starts one of its own. */
static struct tmk_cost_row *find_row(const struct tmk_net *net, enum tmk_grouping grouping,
                                     const struct tmk_cost_table *table, int i, const char *name)
{
    const struct tmk_layer *l = &net->layers[i];
    struct tmk_cost_row *last = table->count ? &table->rows[table->count - 1] : NULL;
    switch (grouping) {
    case TMK_BY_KIND:
        for (size_t r = 0; r < table->count; r++)
            if (strcmp(table->rows[r].name, name) == 0 && table->rows[r].auxiliary == l->auxiliary)
                return &table->rows[r];
        return NULL;
    case TMK_BY_MODULE:
        if (!last || last->last->module != l->module)
            return NULL;
        return l->module >= 0 || tmk_layer_weights(l) == 0 ? last : NULL;
    default:
        return NULL;
    }
}

static void row_name(const struct tmk_net *net, enum tmk_grouping grouping,
                     const struct tmk_layer *l, char *name, size_t size)
{
    if (grouping == TMK_BY_KIND)
        kind_name(l, name, size);
    else if (grouping == TMK_BY_MODULE && l->module >= 0)
        snprintf(name, size, "%s", net->modules[l->module]);
    else
        snprintf(name, size, "%s", l->name);
}

static void add_layer(const struct tmk_net *net, enum tmk_grouping grouping, int i,
                      const struct tmk_cost *cost, struct tmk_cost_table *table)
{
    const struct tmk_layer *l = &net->layers[i];
    enum tmk_cost_class class = tmk_cost_class_of(l);
    char name[2 * TMK_LAYER_NAME_MAX];
    row_name(net, grouping, l, name, sizeof name);
    struct tmk_cost_row *row = find_row(net, grouping, table, i, name);
    if (!row) {
        row = &table->rows[table->count++];
        *row = (struct tmk_cost_row){.auxiliary = l->auxiliary};
        memcpy(row->name, name, sizeof name);
    }
    row->last = l;
    row->layers++;
    tmk_cost_add(&row->cost, cost);
    tmk_cost_add(&row->class[class], cost);
    tmk_cost_add(l->auxiliary ? &table->auxiliary : &table->total, cost);
    if (!l->auxiliary)
        tmk_cost_add(&table->class[class], cost);
}

enum tmk_status tmk_cost_table_make(const struct tmk_net *net, enum tmk_grouping grouping,
                                    size_t mb, struct tmk_cost_table *out)
{
    *out = (struct tmk_cost_table){.rows = calloc((size_t)net->nlayers, sizeof *out->rows)};
    if (!out->rows)
        return tmk_fail(TMK_ENOMEM, "no memory for the rows of %s", net->name);
    for (int i = 0; i < net->nlayers; i++) {
        struct tmk_cost cost;
        if (net->layers[i].kind == TMK_LAYER_INPUT)
            continue;
        enum tmk_status status = tmk_cost_layer(net, i, mb, &cost);
        if (status != TMK_OK) {
            tmk_cost_table_free(out);
            return status;
        }
        add_layer(net, grouping, i, &cost, out);
    }
    return TMK_OK;
}

void tmk_cost_table_free(struct tmk_cost_table *table)
{
    free(table->rows);
    *table = (struct tmk_cost_table){0};
}
