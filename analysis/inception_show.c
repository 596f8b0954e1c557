/* The counts of `tilemark inception`. */
#include "bars.h"
#include "inception.h"
#include "numbers.h"

#include "table.h"
#include "text.h"

#include <string.h>

#define BAR_WIDTH 50

/* A convolution's counts. With the bias, an output takes as many additions as multiplications. */
static void add_counts(struct tmk_table *table, const struct tmk_cost *cost, bool csv)
{
    const double counts[] = {cost->params, cost->macs, cost->macs, cost->activations};
    char grouped[TMK_GROUPED_MAX];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (csv)
            tmk_table_cell(table, "%.0f", counts[i]);
        else
            tmk_table_cell(table, "%s", tmk_format_grouped(grouped, counts[i]));
    }
}

/* The convolutions of one version of a module. */
static void add_layers(struct tmk_table *table, const struct tmk_module_pair *pair,
                       enum tmk_version version, bool csv)
{
    const struct tmk_cost_table *costs = &pair->costs[version];
    for (size_t i = 0; i < costs->count; i++) {
        const struct tmk_cost_row *row = &costs->rows[i];
        const struct tmk_layer *l = row->last;
        if (l->kind != TMK_LAYER_CONV)
            continue;
        if (csv)
            tmk_table_cell(table, "%s", pair->name);
        tmk_table_cell(table, "%s", tmk_version_name[version]);
        tmk_table_cell(table, "%s", tmk_branch_name[tmk_branch_of(row->name)]);
        tmk_table_cell(table, "%s", row->name);
        tmk_table_cell(table, csv ? "%zu>%zu" : "%zu -> %zu", l->ic, l->oc);
        add_counts(table, &row->cost, csv);
    }
}

static enum tmk_status print_module(const struct tmk_inception_study *study)
{
    static const struct tmk_column columns[] = {{"version", false},   {"branch", false},
                                                {"layer", false},     {"channels", true},
                                                {"parameters", true}, {"multiplications", true},
                                                {"additions", true},  {"activations", true}};
    struct tmk_table table = TMK_TABLE(columns);
    for (enum tmk_version v = 0; v < TMK_NVERSIONS; v++) {
        const struct tmk_net *net = &study->pairs[0].net[v];
        add_layers(&table, &study->pairs[0], v, false);
        tmk_table_cell(&table, "%s", tmk_version_name[v]);
        tmk_table_cell(&table, "total");
        tmk_table_cell(&table, "%s", "");
        tmk_table_cell(&table, "%zu -> %zu", study->pairs[0].module.channels,
                       net->layers[net->nlayers - 1].oc);
        add_counts(&table, &study->total[v], false);
    }
    return tmk_table_print(&table, stdout, false);
}

static void add_pair(struct tmk_table *table, const char *name, const char *input,
                     const struct tmk_cost *naive, const struct tmk_cost *bottleneck)
{
    char a[TMK_GROUPED_MAX], b[TMK_GROUPED_MAX];
    tmk_table_cell(table, "%s", name);
    tmk_table_cell(table, "%s", input);
    tmk_table_cell(table, "%s", tmk_format_grouped(a, naive->params));
    tmk_table_cell(table, "%s", tmk_format_grouped(b, bottleneck->params));
    tmk_table_cell(table, "%.2fx", naive->params / bottleneck->params);
    tmk_table_cell(table, "%.1f", naive->macs / 1e6);
    tmk_table_cell(table, "%.1f", bottleneck->macs / 1e6);
    tmk_table_cell(table, "%.2fx", naive->macs / bottleneck->macs);
    tmk_table_cell(table, "%s", tmk_format_grouped(a, naive->activations));
    tmk_table_cell(table, "%s", tmk_format_grouped(b, bottleneck->activations));
}

static enum tmk_status print_modules(const struct tmk_inception_study *study)
{
    static const struct tmk_column columns[] = {
        {"module", false},    {"input", true}, {"parameters naive", true},
        {"bottleneck", true}, {"fewer", true}, {"MMAC naive", true},
        {"bottleneck", true}, {"fewer", true}, {"activations naive", true},
        {"bottleneck", true}};
    struct tmk_table table = TMK_TABLE(columns);
    char input[64];
    for (size_t i = 0; i < study->count; i++) {
        const struct tmk_module_pair *pair = &study->pairs[i];
        snprintf(input, sizeof input, "%zux%zux%zu", pair->module.channels, pair->module.height,
                 pair->module.width);
        add_pair(&table, pair->name, input, &pair->costs[TMK_NAIVE].total,
                 &pair->costs[TMK_BOTTLENECK].total);
    }
    add_pair(&table, "total", "", &study->total[TMK_NAIVE], &study->total[TMK_BOTTLENECK]);
    return tmk_table_print(&table, stdout, false);
}

static void print_bars(const struct tmk_inception_study *study)
{
    struct tmk_bar bars[TMK_NVERSIONS] = {{.name = NULL}};
    char texts[TMK_NVERSIONS][32];
    for (enum tmk_version v = 0; v < TMK_NVERSIONS; v++) {
        bars[v].name = tmk_version_name[v];
        bars[v].text = tmk_format_count(texts[v], sizeof texts[v], study->total[v].macs);
        for (size_t i = 0; i < study->count; i++)
            for (int b = 0; b < TMK_BRANCHES; b++)
                bars[v].part[b] += tmk_branch_sum(&study->pairs[i], v, TMK_MULTIPLICATIONS, b);
    }
    tmk_bars_print(
        "\nMultiplications by branch: # 1x1, = 3x3, + 5x5, - pool (1x1s before included)", bars,
        TMK_NVERSIONS, BAR_WIDTH);
}

enum tmk_status tmk_study_print(const struct tmk_inception_study *study)
{
    const struct tmk_cost *naive = &study->total[TMK_NAIVE];
    const struct tmk_cost *bottleneck = &study->total[TMK_BOTTLENECK];
    char name[96];
    printf("%s, batch size %zu\n\n", tmk_study_name(study, name, sizeof name), study->mb);
    TMK_TRY(study->count > 1 ? print_modules(study) : print_module(study));
    printf("\nThe bottleneck takes %.2f times fewer multiplications, holds %.2f times fewer "
           "parameters,\nand its convolutions put out %.2f times as many numbers.\n",
           tmk_study_saving(study), naive->params / bottleneck->params,
           bottleneck->activations / naive->activations);
    print_bars(study);
    return TMK_OK;
}

enum tmk_status tmk_study_write_csv(const struct tmk_inception_study *study, FILE *file)
{
    static const struct tmk_column columns[] = {
        {"module", false},         {"version", false},  {"branch", false},
        {"layer", false},          {"channels", true},  {"params", true},
        {"multiplications", true}, {"additions", true}, {"activations", true}};
    struct tmk_table table = TMK_TABLE(columns);
    for (size_t i = 0; i < study->count; i++)
        for (enum tmk_version v = 0; v < TMK_NVERSIONS; v++)
            add_layers(&table, &study->pairs[i], v, true);
    return tmk_table_print(&table, file, true);
}
