#include "field.h"

#include "size.h"

#include <stdint.h>
#include <stdlib.h>

bool tmk_layer_taps(const struct tmk_layer *l, enum tmk_axis axis, struct tmk_taps *taps)
{
    if (l->kind != TMK_LAYER_CONV && l->kind != TMK_LAYER_MAXPOOL && l->kind != TMK_LAYER_AVGPOOL)
        return false;
    *taps = axis == TMK_ROWS ? (struct tmk_taps){l->kh, l->sh, l->ph, l->dh}
                             : (struct tmk_taps){l->kw, l->sw, l->pw, l->dw};
    return true;
}

size_t tmk_layer_extent(const struct tmk_layer *l, enum tmk_axis axis)
{
    return axis == TMK_ROWS ? l->oh : l->ow;
}

/* Does each position of its output come from the same position of its inputs? */
static bool is_pointwise(const struct tmk_layer *l)
{
    switch (l->kind) {
    case TMK_LAYER_LINEAR:
    case TMK_LAYER_BATCHNORM:
    case TMK_LAYER_LAYERNORM:
    case TMK_LAYER_LRN:
    case TMK_LAYER_RELU:
    case TMK_LAYER_SIGMOID:
    case TMK_LAYER_GELU:
    case TMK_LAYER_DROPOUT:
    case TMK_LAYER_ADD:
    case TMK_LAYER_CONCAT:
        return true;
    case TMK_LAYER_ADAPTIVEPOOL:
        return l->oh == l->ih && l->ow == l->iw;
    default:
        return false;
    }
}

static bool fits(size_t value)
{
    return value <= PTRDIFF_MAX / 4;
}

/* False: overflow. */
static bool slide(struct tmk_field *field, const struct tmk_taps *taps)
{
    size_t growth, shift, size, jump;
    if (!tmk_size_mul((taps->count - 1) * taps->dilation, field->jump, &growth) ||
        !tmk_size_mul(taps->padding, field->jump, &shift) ||
        !tmk_size_mul(taps->stride, field->jump, &jump) ||
        !tmk_size_add(field->size, growth, &size) || !fits(size) || !fits(shift) || !fits(jump) ||
        field->start < -(PTRDIFF_MAX / 4))
        return false;
    *field = (struct tmk_field){size, jump, field->start - (ptrdiff_t)shift};
    return true;
}

/* The hull of two fields of the same jump. */
static struct tmk_field join(struct tmk_field a, struct tmk_field b)
{
    ptrdiff_t start = TMK_MIN(a.start, b.start);
    ptrdiff_t end = TMK_MAX(a.start + (ptrdiff_t)a.size, b.start + (ptrdiff_t)b.size);
    return (struct tmk_field){(size_t)(end - start), a.jump, start};
}

/* Work out layer i from its inputs; unknown inputs, or inputs of other jumps, leave it unknown. */
static enum tmk_status follow(struct tmk_fields *f, int i)
{
    const struct tmk_layer *l = &f->net->layers[i];
    struct tmk_taps taps;
    f->known[i] = !l->auxiliary && (is_pointwise(l) || tmk_layer_taps(l, TMK_ROWS, &taps));
    for (int axis = 0; axis < TMK_NAXES; axis++) {
        for (int k = 0; k < l->ninputs && f->known[i]; k++) {
            const struct tmk_field *from = &f->of[l->input[k]][axis];
            f->known[i] = f->known[l->input[k]] && from->jump == f->of[l->input[0]][axis].jump;
            f->of[i][axis] = k ? join(f->of[i][axis], *from) : *from;
        }
        if (f->known[i] && tmk_layer_taps(l, axis, &taps) && !slide(&f->of[i][axis], &taps))
            return tmk_fail(TMK_EINVAL,
                            "layer %s: its receptive field overflows: use smaller "
                            "strides or fewer layers",
                            l->name);
    }
    return TMK_OK;
}

/* Its input with the largest field, rows and columns together. */
static int largest_input(const struct tmk_fields *f, const struct tmk_layer *l)
{
    int largest = l->input[0];
    for (int k = 1; k < l->ninputs; k++) {
        const struct tmk_field *a = f->of[l->input[k]], *b = f->of[largest];
        if (a[TMK_ROWS].size + a[TMK_COLUMNS].size > b[TMK_ROWS].size + b[TMK_COLUMNS].size)
            largest = l->input[k];
    }
    return largest;
}

/* From the last layer back to the image, then turned round. */
static void trace(struct tmk_fields *f)
{
    struct tmk_taps taps;
    for (int i = f->last; i > 0; i = largest_input(f, &f->net->layers[i]))
        if (tmk_layer_taps(&f->net->layers[i], TMK_ROWS, &taps))
            f->path[f->npath++] = i;
    for (int i = 0; i < f->npath / 2; i++) {
        int swapped = f->path[i];
        f->path[i] = f->path[f->npath - 1 - i];
        f->path[f->npath - 1 - i] = swapped;
    }
}

enum tmk_status tmk_fields_make(const struct tmk_net *net, struct tmk_fields *out)
{
    size_t n = (size_t)net->nlayers;
    enum tmk_status status = TMK_OK;
    *out = (struct tmk_fields){.net = net,
                               .of = calloc(n, sizeof *out->of),
                               .known = calloc(n, sizeof *out->known),
                               .path = calloc(n, sizeof *out->path)};
    if (!out->of || !out->known || !out->path) {
        status = tmk_fail(TMK_ENOMEM, "no memory for the layers of %s", net->name);
    } else {
        out->known[0] = true;
        out->of[0][TMK_ROWS] = out->of[0][TMK_COLUMNS] = (struct tmk_field){1, 1, 0};
    }
    for (int i = 1; i < net->nlayers && status == TMK_OK; i++) {
        status = follow(out, i);
        if (out->known[i])
            out->last = i;
    }
    if (status == TMK_OK)
        trace(out);
    else
        tmk_fields_free(out);
    return status;
}

void tmk_fields_free(struct tmk_fields *fields)
{
    free(fields->of);
    free(fields->known);
    free(fields->path);
    *fields = (struct tmk_fields){0};
}
