/* Where the time of training goes, by layer and operator. */
#include "train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row of that layer and operator, new if need be; NULL: no memory. */
static struct tmk_profile_row *find_row(struct tmk_profile *profile, const char *layer,
                                        const char *operator)
{
    for (size_t i = 0; i < profile->count; i++) {
        struct tmk_profile_row *row = &profile->rows[i];
        if (strcmp(row->layer, layer) == 0 && strcmp(row->operator, operator) == 0)
            return row;
    }
    struct tmk_profile_row *rows =
        reallocarray(profile->rows, profile->count + 1, sizeof *profile->rows);
    if (!rows)
        return NULL;
    profile->rows = rows;
    struct tmk_profile_row *row = &rows[profile->count++];
    *row = (struct tmk_profile_row){.layer = ""};
    snprintf(row->layer, sizeof row->layer, "%s", layer);
    snprintf(row->operator, sizeof row->operator, "%s", operator);
    return row;
}

static enum tmk_status fail_memory(void)
{
    return tmk_fail(TMK_ENOMEM, "no memory to note where time goes: train a smaller network");
}

enum tmk_status tmk_profile_add_graph(struct tmk_profile *profile, const struct tmk_graph *graph,
                                      size_t steps)
{
    for (size_t i = 0; i < tmk_graph_size(graph); i++) {
        const struct tmk_node *node = tmk_graph_node(graph, i);
        const struct tmk_node_cost *cost = &node->cost;
        if (cost->seconds[0] + cost->seconds[1] <= 0)
            continue;
        struct tmk_profile_row *row = find_row(profile, node->label, tmk_node_kind(node));
        if (!row)
            return fail_memory();
        for (int pass = 0; pass < 2; pass++) {
            row->seconds[pass] += cost->seconds[pass];
            row->kernel_seconds[pass] += cost->kernel_seconds[pass];
            row->flops[pass] += cost->flops[pass] * (double)steps;
        }
    }
    profile->steps += steps;
    return TMK_OK;
}

enum tmk_status tmk_profile_add(struct tmk_profile *profile, const char *layer,
                                const char *operator, double seconds)
{
    struct tmk_profile_row *row = find_row(profile, layer, operator);
    if (!row)
        return fail_memory();
    row->seconds[0] += seconds;
    return TMK_OK;
}

double tmk_profile_kernel_share(const struct tmk_profile *profile)
{
    double kernels = 0;
    for (size_t i = 0; i < profile->count; i++)
        kernels += profile->rows[i].kernel_seconds[0] + profile->rows[i].kernel_seconds[1];
    return profile->seconds > 0 ? kernels / profile->seconds : 0;
}

void tmk_profile_free(struct tmk_profile *profile)
{
    free(profile->rows);
    *profile = (struct tmk_profile){0};
}
