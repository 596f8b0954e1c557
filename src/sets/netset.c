/* A network's layers as problems. */
#include "conv2d.h"
#include "matmul.h"
#include "named.h"
#include "size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool tmk_net_is_set(const struct tmk_net_entry *entry, const char *name)
{
    return strcmp(entry->name, name) == 0 || (entry->group && strcmp(entry->group, name) == 0);
}

const struct tmk_op *tmk_layer_op(const struct tmk_layer *l)
{
    if (l->kind == TMK_LAYER_CONV)
        return &tmk_op_conv2d;
    return l->kind == TMK_LAYER_LINEAR || l->kind == TMK_LAYER_MATMUL ? &tmk_op_matmul : NULL;
}

/* Its descriptor, for `mb` images. False if sizes overflow. */
static bool describe(const struct tmk_layer *l, size_t mb, char *desc, size_t size)
{
    size_t rows, batch;
    switch (l->kind) {
    case TMK_LAYER_CONV:
        snprintf(desc, size,
                 "g%zumb%zuic%zuih%zuiw%zuoc%zuoh%zuow%zukh%zukw%zush%zusw%zuph%zupw%zudh%zudw%zu",
                 l->groups, mb, l->ic, l->ih, l->iw, l->oc, l->oh, l->ow, l->kh, l->kw, l->sh,
                 l->sw, l->ph, l->pw, l->dh - 1, l->dw - 1);
        return true;
    case TMK_LAYER_LINEAR: /* each position of each image is a row */
        if (!tmk_size_mul(mb, l->ih * l->iw, &rows))
            return false;
        snprintf(desc, size, "%zux%zu:%zux%zu", rows, l->ic, l->ic, l->oc);
        return true;
    default:
        if (!tmk_size_mul(mb, l->batch, &batch))
            return false;
        snprintf(desc, size, "%zux%zux%zu:%zux%zux%zu", batch, l->m, l->k, batch, l->k, l->n);
        return true;
    }
}

enum tmk_status tmk_layer_problem(const struct tmk_layer *l, const struct tmk_context *context,
                                  struct tmk_problem *out)
{
    char desc[2 * TMK_DESC_MAX];
    struct tmk_context own = *context;
    own.stag = own.wtag = own.strides = NULL;
    if (!describe(l, own.mb ? own.mb : 1, desc, sizeof desc))
        return tmk_fail(TMK_EINVAL, "layer %s: sizes overflow at batch size %zu: use a smaller one",
                        l->name, own.mb);
    return tmk_layer_op(l)->parse(desc, &own, out);
}

/* The problem of the same shape among those from `first` on, or NULL. */
static struct tmk_problem *find_same(const struct tmk_list *list, size_t first,
                                     const struct tmk_problem *problem)
{
    char wanted[TMK_DESC_MAX], found[TMK_DESC_MAX];
    problem->op->format(problem, wanted, sizeof wanted);
    for (size_t i = first; i < list->count; i++) {
        struct tmk_problem *other = list->items[i].problem;
        if (other->op != problem->op)
            continue;
        other->op->format(other, found, sizeof found);
        if (strcmp(wanted, found) == 0)
            return other;
    }
    return NULL;
}

static enum tmk_status add_layer(struct tmk_list *list, size_t first, const char *net,
                                 const struct tmk_layer *l, const struct tmk_setting *setting,
                                 struct tmk_problem *problem)
{
    TMK_TRY(tmk_layer_problem(l, &setting->context, problem));
    snprintf(problem->name, sizeof problem->name, "%s:%s", net, l->name);
    struct tmk_problem *same = find_same(list, first, problem);
    if (same)
        same->multiplicity++;
    return same ? TMK_OK : tmk_list_add(list, problem, setting->dir);
}

enum tmk_status tmk_list_net(struct tmk_list *list, const struct tmk_net_entry *entry,
                             const struct tmk_op *op, const struct tmk_setting *setting)
{
    struct tmk_net net;
    TMK_TRY(tmk_net_make(entry->name, 0, 0, &net));
    struct tmk_problem *problem = calloc(1, op->problem_size);
    enum tmk_status status =
        problem ? TMK_OK : tmk_fail(TMK_ENOMEM, "no memory for the problems of %s", entry->name);
    size_t first = list->count;
    for (int i = 0; i < net.nlayers && status == TMK_OK; i++) {
        if (tmk_layer_op(&net.layers[i]) == op && !net.layers[i].auxiliary)
            status = add_layer(list, first, entry->name, &net.layers[i], setting, problem);
    }
    free(problem);
    tmk_net_free(&net);
    return status;
}
