/* The modules that `tilemark inception` looks at, in both versions. */
#include "inception.h"

#include <stdio.h>
#include <string.h>

const char *const tmk_version_name[TMK_NVERSIONS] = {"naive", "bottleneck"};
const char *const tmk_measure_name[TMK_NMEASURES] = {"parameters", "multiplications",
                                                     "activations"};
const char *const tmk_branch_name[TMK_BRANCHES] = {"1x1", "3x3", "5x5", "pool"};

int tmk_branch_of(const char *layer)
{
    for (int b = 0; b < TMK_BRANCHES; b++)
        if (strncmp(layer, tmk_branch_name[b], strlen(tmk_branch_name[b])) == 0)
            return b;
    return -1;
}

double tmk_branch_sum(const struct tmk_module_pair *pair, enum tmk_version version,
                      enum tmk_measure measure, int branch)
{
    const struct tmk_cost_table *costs = &pair->costs[version];
    double sum = 0;
    for (size_t i = 0; i < costs->count; i++) {
        const struct tmk_cost *cost = &costs->rows[i].cost;
        const double amounts[TMK_NMEASURES] = {cost->params, cost->macs, cost->activations};
        if (tmk_branch_of(costs->rows[i].name) == branch)
            sum += amounts[measure];
    }
    return sum;
}

static enum tmk_status make_version(struct tmk_module_pair *pair, enum tmk_version version,
                                    size_t mb)
{
    struct tmk_net *net = &pair->net[version];
    TMK_TRY(tmk_net_inception(&pair->module, version == TMK_NAIVE, net));
    return tmk_cost_table_make(net, TMK_BY_LAYER, mb, &pair->costs[version]);
}

enum tmk_status tmk_study_add(struct tmk_inception_study *study, const char *name,
                              const struct tmk_inception *module)
{
    struct tmk_module_pair *pair = &study->pairs[study->count++];
    pair->module = *module;
    snprintf(pair->name, sizeof pair->name, "%s", name);
    for (enum tmk_version v = 0; v < TMK_NVERSIONS; v++) {
        TMK_TRY(make_version(pair, v, study->mb));
        tmk_cost_add(&study->total[v], &pair->costs[v].total);
    }
    return TMK_OK;
}

/* "inception_4c" is meant by itself and by "4c". */
static bool is_meant(const char *module, const char *only)
{
    const char *end = strrchr(module, '_');
    return !only || strcmp(module, only) == 0 || (end && strcmp(end + 1, only) == 0);
}

enum tmk_status tmk_study_add_googlenet(struct tmk_inception_study *study, const char *only)
{
    struct tmk_net net;
    enum tmk_status status = TMK_OK;
    TMK_TRY(tmk_net_make("googlenet", 0, 0, &net));
    for (int m = 0; m < net.nmodules && status == TMK_OK; m++) {
        struct tmk_inception module;
        if (is_meant(net.modules[m], only) && tmk_net_find_inception(&net, m, &module))
            status = tmk_study_add(study, net.modules[m], &module);
    }
    if (status == TMK_OK && !study->count)
        status = tmk_fail(TMK_EINVAL,
                          "--module: GoogLeNet has no '%s': choose from 3a, 3b, 4a, 4b, "
                          "4c, 4d, 4e, 5a, 5b",
                          only);
    tmk_net_free(&net);
    return status;
}

void tmk_study_free(struct tmk_inception_study *study)
{
    for (size_t i = 0; i < study->count; i++) {
        for (int v = 0; v < TMK_NVERSIONS; v++) {
            tmk_cost_table_free(&study->pairs[i].costs[v]);
            tmk_net_free(&study->pairs[i].net[v]);
        }
    }
    study->count = 0;
}

double tmk_study_saving(const struct tmk_inception_study *study)
{
    return study->total[TMK_NAIVE].macs / study->total[TMK_BOTTLENECK].macs;
}

char *tmk_study_name(const struct tmk_inception_study *study, char *buf, size_t size)
{
    const struct tmk_inception *m = &study->pairs[0].module;
    if (study->count > 1)
        snprintf(buf, size, "GoogLeNet's %zu modules", study->count);
    else
        snprintf(buf, size, "Inception module on %zux%zux%zu", m->channels, m->height, m->width);
    return buf;
}
