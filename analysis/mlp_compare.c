/* One network's gradients in three ways. */
#include "gradcheck.h"
#include "mlp.h"

#include "table.h"

#include <math.h>

static enum tmk_status differentiate(struct tmk_comparison *c, struct tmk_graph *graph)
{
    struct tmk_node *leaf[TMK_TWO_LAYER_PARTS];
    struct tmk_node *f = tmk_two_layer_loss(graph, &c->net, true, leaf, NULL);
    TMK_TRY(tmk_graph_status(graph));
    TMK_TRY(tmk_ad_number(f, &c->f_automatic));
    TMK_TRY(tmk_ad_backward(f));
    for (int i = 0; i < TMK_TWO_LAYER_GRADIENTS; i++) {
        const struct tmk_view *part = &c->net.part[i].view;
        struct tmk_view gradient;
        TMK_TRY(tmk_variable_make(&c->automatic[i], TMK_F64, part->ndim, part->shape));
        TMK_TRY(tmk_variable_make(&c->numerical[i], TMK_F64, part->ndim, part->shape));
        TMK_TRY(tmk_ad_gradient(leaf[i], &gradient));
        TMK_TRY(tmk_view_copy(&c->automatic[i].view, &gradient));
    }
    for (int i = 0; i < TMK_TWO_LAYER_GRADIENTS; i++)
        TMK_TRY(
            tmk_numerical_gradient(f, &c->net.part[i], TMK_GRADCHECK_STEP, &c->numerical[i].view));
    return TMK_OK;
}

static enum tmk_status find_single(struct tmk_graph *graph, double *f)
{
    struct tmk_two_layer net;
    struct tmk_node *leaf[TMK_TWO_LAYER_PARTS];
    TMK_TRY(tmk_two_layer_published(TMK_F32, &net));
    struct tmk_node *node = tmk_two_layer_loss(graph, &net, false, leaf, NULL);
    enum tmk_status status = tmk_graph_status(graph);
    if (status == TMK_OK)
        status = tmk_ad_number(node, f);
    tmk_two_layer_free(&net);
    return status;
}

enum tmk_status tmk_comparison_make(struct tmk_comparison *out)
{
    struct tmk_graph *graph;
    *out = (struct tmk_comparison){.f_closed = 0};
    TMK_TRY(tmk_two_layer_published(TMK_F64, &out->net));
    TMK_TRY(tmk_two_layer_closed(&out->net, &out->f_closed, out->closed));
    TMK_TRY(tmk_graph_make(&(struct tmk_graph_options){.threads = 1}, &graph));
    enum tmk_status status = differentiate(out, graph);
    tmk_graph_reset(graph);
    if (status == TMK_OK)
        status = find_single(graph, &out->f_f32);
    tmk_graph_free(graph);
    return status;
}

void tmk_comparison_free(struct tmk_comparison *comparison)
{
    tmk_two_layer_free(&comparison->net);
    for (int i = 0; i < TMK_TWO_LAYER_GRADIENTS; i++) {
        tmk_variable_free(&comparison->closed[i]);
        tmk_variable_free(&comparison->automatic[i]);
        tmk_variable_free(&comparison->numerical[i]);
    }
}

double tmk_comparison_error(const struct tmk_variable *a, const struct tmk_variable *b)
{
    const double *x = a->view.data, *y = b->view.data;
    double largest = 0, error = 0;
    for (size_t i = 0; i < tmk_view_count(&a->view); i++) {
        largest = fmax(largest, fabs(x[i]));
        error = fmax(error, fabs(x[i] - y[i]));
    }
    return largest > 0 ? error / largest : error;
}

enum tmk_status tmk_comparison_print(const struct tmk_comparison *comparison, size_t most,
                                     FILE *file, bool csv)
{
    static const struct tmk_column columns[] = {
        {"gradient", false}, {"closed form", true}, {"automatic", true}, {"numerical", true}};
    struct tmk_table table = TMK_TABLE(columns);
    for (int part = 0; part < TMK_TWO_LAYER_GRADIENTS; part++) {
        const struct tmk_view *closed = &comparison->closed[part].view;
        for (size_t i = 0; i < tmk_view_count(closed) && i < most; i++) {
            size_t row = i / closed->shape[1], column = i % closed->shape[1];
            tmk_table_cell(&table, "d%s[%zu,%zu]", tmk_two_layer_name[part], row, column);
            tmk_table_cell(&table, "%.15g", ((double *)closed->data)[i]);
            tmk_table_cell(&table, "%.15g", ((double *)comparison->automatic[part].view.data)[i]);
            tmk_table_cell(&table, "%.15g", ((double *)comparison->numerical[part].view.data)[i]);
        }
    }
    return tmk_table_print(&table, file, csv);
}
