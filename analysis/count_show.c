/* The tables, totals and bars of `tilemark count`. */
#include "bars.h"
#include "count.h"
#include "numbers.h"

#include "table.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define FLOPS_PER_MAC 2
#define DIRECTIONS 3 /* forward, gradient of the data, gradient of the weights: alike in MACs */
#define BARS_MAX 40  /* more than fit on a screen */
#define BAR_WIDTH 40

static void output_name(const struct tmk_cost_row *row, enum tmk_grouping grouping, char *buf,
                        size_t size)
{
    const struct tmk_layer *l = row->last;
    if (grouping == TMK_BY_KIND)
        snprintf(buf, size, "%d layer%s", row->layers, row->layers == 1 ? "" : "s");
    else
        snprintf(buf, size, "%zux%zux%zu", l->oc, l->oh, l->ow);
}

static void add_exact(struct tmk_table *table, const struct tmk_cost *cost)
{
    const double flops = FLOPS_PER_MAC * cost->macs, inside = FLOPS_PER_MAC * cost->macs_unpadded;
    const double columns[] = {
        cost->weights, cost->params,       cost->macs,          cost->macs_unpadded,
        flops,         DIRECTIONS * flops, DIRECTIONS * inside, cost->activations,
        cost->outputs, cost->bytes};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        tmk_table_cell(table, "%.0f", columns[i]);
}

static void add_readable(struct tmk_table *table, const struct tmk_cost *cost)
{
    char grouped[TMK_GROUPED_MAX];
    tmk_table_cell(table, "%s", tmk_format_grouped(grouped, cost->weights));
    tmk_table_cell(table, "%s", tmk_format_grouped(grouped, cost->params));
    tmk_table_cell(table, "%.1f", cost->macs / 1e6);
    tmk_table_cell(table, "%.1f", cost->macs_unpadded / 1e6);
    tmk_table_cell(table, "%.1f", FLOPS_PER_MAC * cost->macs / 1e6);
    tmk_table_cell(table, "%.1f", DIRECTIONS * FLOPS_PER_MAC * cost->macs / 1e6);
    tmk_table_cell(table, "%s", tmk_format_grouped(grouped, cost->activations));
    tmk_table_cell(table, "%.2f", cost->bytes / (1 << 20));
}

static void add_row(struct tmk_table *table, bool csv, const char *name, const char *output,
                    bool auxiliary, const struct tmk_cost *cost)
{
    tmk_table_cell(table, "%s%s", name, auxiliary && !csv ? " (training only)" : "");
    tmk_table_cell(table, "%s", output);
    if (csv)
        tmk_table_cell(table, "%d", auxiliary);
    (csv ? add_exact : add_readable)(table, cost);
}

enum tmk_status tmk_count_write(const struct tmk_count *count, const struct tmk_cost_table *costs,
                                FILE *file, bool csv)
{
    const char *head = tmk_grouping_name[count->grouping];
    const struct tmk_column exact[] = {{head, false},           {"output", true},
                                       {"auxiliary", true},     {"weights", true},
                                       {"params", true},        {"macs", true},
                                       {"macs_unpadded", true}, {"flops_fwd", true},
                                       {"flops_fwd_bwd", true}, {"flops_fwd_bwd_unpadded", true},
                                       {"activations", true},   {"outputs", true},
                                       {"bytes", true}};
    const struct tmk_column readable[] = {
        {head, false},         {"output", true},   {"weights", true},   {"parameters", true},
        {"MMAC", true},        {"unpadded", true}, {"MFLOP fwd", true}, {"fwd+bwd", true},
        {"activations", true}, {"MiB moved", true}};
    struct tmk_table plain = TMK_TABLE(readable), comma = TMK_TABLE(exact);
    struct tmk_table *table = csv ? &comma : &plain;
    char output[64];
    for (size_t i = 0; i < costs->count; i++) {
        const struct tmk_cost_row *row = &costs->rows[i];
        output_name(row, count->grouping, output, sizeof output);
        add_row(table, csv, row->name, output, row->auxiliary, &row->cost);
    }
    add_row(table, csv, "total", "", false, &costs->total);
    return tmk_table_print(table, file, csv);
}

static bool as_published(const struct tmk_count *count)
{
    return count->mb == 1 && !count->height && !count->width;
}

/* Do the digits that are printed come out? */
static bool same_digits(const char *printed, double value)
{
    char digits[32];
    int decimals = (int)strlen(strchr(printed, '.') + 1);
    snprintf(digits, sizeof digits, "%.*f", decimals, value);
    return strcmp(digits, printed) == 0;
}

static void print_published(const struct tmk_count *count, const struct tmk_cost_table *table)
{
    char grouped[TMK_GROUPED_MAX];
    const struct tmk_published *published = tmk_net_published(count->net->name);
    if (!published || !as_published(count))
        return;
    double params = table->total.params + (published->auxiliary ? table->auxiliary.params : 0);
    bool same = params == (double)published->params &&
                same_digits(published->gmac, table->total.macs / 1e9);
    printf("published      torchvision: %s parameters%s, %s GMAC: %s\n",
           tmk_format_grouped(grouped, (double)published->params),
           published->auxiliary ? " with the auxiliary classifier" : "", published->gmac,
           same ? "the same" : "NOT the same");
}

static void print_auxiliary(const struct tmk_cost *auxiliary)
{
    char params[TMK_GROUPED_MAX], macs[TMK_GROUPED_MAX];
    if (auxiliary->params > 0)
        printf(
            "auxiliary      another %s parameters and %s MAC in training only, not in the total\n",
            tmk_format_grouped(params, auxiliary->params),
            tmk_format_grouped(macs, auxiliary->macs));
}

void tmk_count_print_totals(const struct tmk_count *count, const struct tmk_cost_table *table)
{
    const struct tmk_cost *total = &table->total;
    char a[TMK_GROUPED_MAX], b[TMK_GROUPED_MAX], bytes[32];
    const struct tmk_layer *input = &count->net->layers[0];
    double both = FLOPS_PER_MAC * DIRECTIONS;
    printf("\n%s (%s), input %zux%zux%zux%zu\n", count->net->name, count->net->source, count->mb,
           input->oc, input->oh, input->ow);
    printf("parameters     %s, of which weights %s\n", tmk_format_grouped(a, total->params),
           tmk_format_grouped(b, total->weights));
    print_auxiliary(&table->auxiliary);
    printf("MAC            %s = %.3f G; without taps on padding %s\n",
           tmk_format_grouped(a, total->macs), total->macs / 1e9,
           tmk_format_grouped(b, total->macs_unpadded));
    printf("FLOP forward   %s; without taps on padding %s\n",
           tmk_format_grouped(a, FLOPS_PER_MAC * total->macs),
           tmk_format_grouped(b, FLOPS_PER_MAC * total->macs_unpadded));
    printf("  and backward %s; ", tmk_format_grouped(a, both * total->macs));
    printf("without taps on padding %s\n", tmk_format_grouped(b, both * total->macs_unpadded));
    printf("               of which %s for the gradient of the image, which training can skip\n",
           tmk_format_grouped(a, FLOPS_PER_MAC * total->macs_image));
    printf("activations    %s; all layers put out %s numbers\n",
           tmk_format_grouped(a, total->activations), tmk_format_grouped(b, total->outputs));
    printf("moved forward  %s in f32: %.1f FLOP/byte\n",
           tmk_format_bytes(bytes, sizeof bytes, total->bytes),
           total->bytes > 0 ? FLOPS_PER_MAC * total->macs / total->bytes : 0);
    print_published(count, table);
}

/* One row's part of a total, split by class. */
static struct tmk_bar bar_of(const struct tmk_cost_row *row, bool work, double total, char *text,
                             size_t size)
{
    struct tmk_bar bar = {.name = row->name, .text = text};
    double sum = work ? row->cost.macs : row->cost.params;
    for (int c = 0; c < TMK_NCLASSES; c++)
        bar.part[c] = work ? row->class[c].macs : row->class[c].params;
    char count[32];
    snprintf(text, size, "%5.1f %%  %s", total > 0 ? 100 * sum / total : 0,
             tmk_format_count(count, sizeof count, sum));
    return bar;
}

static enum tmk_status print_bars(const struct tmk_cost_table *table, bool work)
{
    struct tmk_bar *bars = calloc(table->count, sizeof *bars);
    char(*texts)[48] = calloc(table->count, sizeof *texts);
    size_t shown = 0;
    for (size_t i = 0; bars && texts && i < table->count; i++) {
        const struct tmk_cost_row *row = &table->rows[i];
        if (!row->auxiliary && (row->cost.params > 0 || row->cost.macs > 0)) {
            bars[shown] = bar_of(row, work, work ? table->total.macs : table->total.params,
                                 texts[shown], sizeof *texts);
            shown++;
        }
    }
    bool complete = bars && texts;
    if (complete)
        tmk_bars_print(work ? "\nWhere the multiply-adds are" : "\nWhere the parameters are", bars,
                       shown, BAR_WIDTH);
    free(bars);
    free(texts);
    return complete ? TMK_OK : tmk_fail(TMK_ENOMEM, "no memory for the bars");
}

enum tmk_status tmk_count_print_bars(const struct tmk_count *count,
                                     const struct tmk_cost_table *table)
{
    struct tmk_cost_table kinds = {0};
    bool long_list = table->count > BARS_MAX;
    if (long_list)
        TMK_TRY(tmk_cost_table_make(count->net, TMK_BY_KIND, count->mb, &kinds));
    const struct tmk_cost_table *shown = long_list ? &kinds : table;
    enum tmk_status status = print_bars(shown, false);
    if (status == TMK_OK)
        status = print_bars(shown, true);
    printf("  # convolution   = linear   + attention   - other\n");
    tmk_cost_table_free(&kinds);
    return status;
}
