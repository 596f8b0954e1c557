/* Mean softmax cross-entropy. The second half of this file is a template that the first half
 * includes for each data type. */
#ifndef TYPE

#include "loop.h"
#include "ops.h"
#include "room.h"

#include <stdint.h>
#include <tgmath.h>

/* Row n of the logits, of the probabilities that forward keeps, and of the logits' gradient. */
struct rows {
    size_t classes;
    const void *logits, *labels;
    void *probabilities;
    double *losses; /* one a row */
    void *gradient;
    double factor; /* of the gradient: g / N */
    bool add;
};
typedef void row_function(const struct rows *rows, size_t n);

#define TEMPLATE "entropy.c"
#include "both_types.h"

static struct rows make_rows(const struct tmk_node *node)
{
    const struct tmk_view *logits = &node->input[0]->value;
    size_t losses = logits->shape[0] * sizeof(double);
    return (struct rows){.classes = logits->shape[1],
                         .logits = logits->data,
                         .labels = node->input[1]->value.data,
                         .losses = node->saved,
                         .probabilities = (char *)node->saved + losses};
}

static void each_row(const struct tmk_node *node, const struct rows *rows,
                     row_function *const run[TMK_NDTYPES])
{
    const struct tmk_view *logits = &node->input[0]->value;
    int threads = node->graph->options.threads;
    bool team = threads > 1 && tmk_loop_is_long(tmk_view_count(logits), 1);
#pragma omp parallel for schedule(static) num_threads(team ? threads : 1)
    for (size_t n = 0; n < logits->shape[0]; n++)
        run[logits->dtype](rows, n);
}

static enum tmk_status check_labels(const struct tmk_view *labels, size_t classes)
{
    for (size_t n = 0; n < labels->shape[0]; n++) {
        double label = tmk_view_get(labels, &n);
        if (!(label >= 0 && label < (double)classes && label == floor(label)))
            return tmk_fail(TMK_EINVAL,
                            "cross_entropy: label %g of row %zu is no class: use 0 to %zu", label,
                            n, classes - 1);
    }
    return TMK_OK;
}

static enum tmk_status forward(struct tmk_node *node)
{
    static row_function *const run[] = {row_loss_f32, row_loss_f64};
    struct rows rows = make_rows(node);
    const struct tmk_view *labels = &node->input[1]->value;
    TMK_TRY(check_labels(labels, rows.classes));
    each_row(node, &rows, run);
    double sum = 0;
    for (size_t n = 0; n < labels->shape[0]; n++)
        sum += rows.losses[n];
    tmk_view_set(&node->value, NULL, sum / (double)labels->shape[0]);
    return TMK_OK;
}

static enum tmk_status backward(struct tmk_node *node)
{
    static row_function *const run[] = {row_gradient_f32, row_gradient_f64};
    struct rows rows = make_rows(node);
    struct tmk_view g = tmk_gradient_view(node), gradient;
    bool first;
    if (!tmk_gradient_begin(node, 0, &gradient, &first))
        return TMK_OK;
    rows.gradient = gradient.data;
    rows.factor = tmk_view_get(&g, NULL) / (double)gradient.shape[0];
    rows.add = !first;
    each_row(node, &rows, run);
    return TMK_OK;
}

static enum tmk_status check_shapes(const struct tmk_node *logits, const struct tmk_node *labels)
{
    const struct tmk_view *z = &logits->value, *y = &labels->value;
    if (z->ndim != 2 || y->ndim != 1 || z->shape[0] != y->shape[0] || tmk_view_count(z) == 0)
        return tmk_fail(TMK_EINVAL, "cross_entropy: needs logits (N, C) and labels (N), N and C at "
                                    "least 1: flatten the logits");
    if (labels->needs_gradient)
        return tmk_fail(TMK_EINVAL, "cross_entropy: labels have no gradient: make them an input");
    return TMK_OK;
}

struct tmk_node *tmk_ad_cross_entropy(struct tmk_node *logits, struct tmk_node *labels)
{
    static const struct tmk_operator op = {
        .name = "cross_entropy", .forward = forward, .backward = backward};
    logits = tmk_ad_contiguous(logits);
    labels = tmk_ad_contiguous(labels);
    if (!logits || !labels)
        return NULL;
    enum tmk_status status = check_shapes(logits, labels);
    if (status != TMK_OK)
        return tmk_graph_fail(logits->graph, status);
    struct tmk_node *node = tmk_node_new(&op, 2, (struct tmk_node *[]){logits, labels}, 0, NULL, 0);
    if (node)
        node->saved_bytes = logits->value.shape[0] * sizeof(double) + tmk_node_bytes(logits);
    return node;
}

#else

/* ln sum e^z - z[label] with the row's maximum subtracted from every z */
static void NAME(row_loss)(const struct rows *rows, size_t n)
{
    const TYPE *z = (const TYPE *)rows->logits + n * rows->classes;
    TYPE *p = (TYPE *)rows->probabilities + n * rows->classes;
    const size_t label = (size_t)((const TYPE *)rows->labels)[n];
    TYPE most = z[0];
    double sum = 0;
    for (size_t c = 1; c < rows->classes; c++)
        most = z[c] > most ? z[c] : most;
    for (size_t c = 0; c < rows->classes; c++)
        sum += p[c] = exp(z[c] - most);
    for (size_t c = 0; c < rows->classes; c++)
        p[c] = (TYPE)(p[c] / sum);
    rows->losses[n] = log(sum) - (double)(z[label] - most);
}

static void NAME(row_gradient)(const struct rows *rows, size_t n)
{
    const TYPE *p = (const TYPE *)rows->probabilities + n * rows->classes;
    TYPE *gradient = (TYPE *)rows->gradient + n * rows->classes;
    const size_t label = (size_t)((const TYPE *)rows->labels)[n];
    for (size_t c = 0; c < rows->classes; c++) {
        const TYPE value = (TYPE)(rows->factor * ((double)p[c] - (c == label)));
        gradient[c] = rows->add ? gradient[c] + value : value;
    }
}

#endif
