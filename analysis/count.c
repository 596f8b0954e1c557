/* tilemark count: where the parameters of a network are, and where its work is. */
#include "count.h"
#include "commands.h"
#include "numbers.h"

#include "cli.h"
#include "table.h"
#include "text.h"

#include <popt.h>
#include <stdlib.h>
#include <string.h>

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] [NET]",
    .about =
        "Count what a network holds and does: per layer, module or kind of layer, and in total.\n"
        "Without NET: the networks, with their totals beside the published ones.\n"
        "\n"
        "Parameters: weights OC*(IC/G)*KH*KW and biases OC of convolutions, IC*OC and OC of "
        "linear\n"
        "  layers, scale and shift of norms (2*C), as torchvision counts them. Running means are "
        "none.\n"
        "MAC: multiply-adds forward of convolutions, linear layers and products of activations,\n"
        "  N*OC*OH*OW*(IC/G)*KH*KW, taps on padding counted; `unpadded` leaves those out. Biases,\n"
        "  norms, activations and pools are not in it: the convention of published GMAC.\n"
        "FLOP: 2 a multiply-add. Backward takes twice the forward's: the gradient of the data and\n"
        "  that of the weights are each a convolution of as many multiply-adds.\n"
        "Activations: numbers that the layers with multiply-adds put out (Radosavovic et al. "
        "2020).\n"
        "Moved: least memory traffic forward in f32, if every layer reads its inputs and its\n"
        "  parameters and writes its output once, on its own; a cache or fusion can only save "
        "some.\n"
        "An auxiliary classifier, which only training has, is shown but not in the total.",
    .examples = "tilemark count\n"
                "tilemark count vgg16 --by kind\n"
                "tilemark count googlenet --by module\n"
                "tilemark count resnet50 --mb 32 --size 256x256 --csv\n"
                "tilemark count alexnet --out results/alexnet-count",
};

struct options {
    char *mb, *size, *by, *out;
    int csv;
};

static enum tmk_status read_grouping(const char *text, enum tmk_grouping *out)
{
    for (int g = 0; g < TMK_NGROUPINGS; g++) {
        if (strcmp(text, tmk_grouping_name[g]) == 0) {
            *out = (enum tmk_grouping)g;
            return TMK_OK;
        }
    }
    return tmk_fail(TMK_EINVAL, "--by: '%s' is unknown: choose from layer, module, kind", text);
}

/* The network's own size is `published`'s condition, so 0 stays 0 for it. */
static enum tmk_status read_request(const struct options *options, struct tmk_count *count)
{
    if (options->by)
        TMK_TRY(read_grouping(options->by, &count->grouping));
    if (options->mb)
        TMK_TRY(tmk_parse_positive("--mb", options->mb, &count->mb));
    if (options->size)
        TMK_TRY(tmk_parse_image("--size", options->size, &count->height, &count->width));
    return TMK_OK;
}

/* --out: the picture shows modules unless told otherwise, or it would be pages long. */
static enum tmk_status show(const struct tmk_count *count, const struct tmk_cost_table *table,
                            const struct options *options)
{
    struct tmk_cost_table modules;
    if (options->csv && !options->out)
        return tmk_count_write(count, table, stdout, true);
    TMK_TRY(tmk_count_write(count, table, stdout, false));
    tmk_count_print_totals(count, table);
    TMK_TRY(tmk_cost_table_make(count->net, options->by ? count->grouping : TMK_BY_MODULE,
                                count->mb, &modules));
    enum tmk_status status = options->out ? tmk_count_draw(count, table, &modules, options->out)
                                          : tmk_count_print_bars(count, &modules);
    tmk_cost_table_free(&modules);
    return status;
}

static enum tmk_status count_net(const char *name, const struct options *options,
                                 struct tmk_count *count)
{
    struct tmk_net net;
    struct tmk_cost_table table;
    TMK_TRY(read_request(options, count));
    TMK_TRY(tmk_net_make(name, count->height, count->width, &net));
    count->net = &net;
    enum tmk_status status = tmk_cost_table_make(&net, count->grouping, count->mb, &table);
    if (status == TMK_OK) {
        status = show(count, &table, options);
        tmk_cost_table_free(&table);
    }
    tmk_net_free(&net);
    return status;
}

static enum tmk_status list_row(struct tmk_table *table, const struct tmk_net_entry *entry)
{
    char params[TMK_GROUPED_MAX];
    struct tmk_net net;
    struct tmk_cost_table costs;
    const struct tmk_published *published = tmk_net_published(entry->name);
    TMK_TRY(tmk_net_make(entry->name, 0, 0, &net));
    enum tmk_status status = tmk_cost_table_make(&net, TMK_BY_KIND, 1, &costs);
    if (status == TMK_OK) {
        double all = costs.total.params + costs.auxiliary.params;
        tmk_table_cell(table, "%s", entry->name);
        tmk_table_cell(table, "%zux%zu", entry->height, entry->width);
        tmk_table_cell(table, "%s", tmk_format_grouped(params, all));
        tmk_table_cell(table, "%.3f", costs.total.macs / 1e9);
        tmk_table_cell(table, "%s",
                       published ? tmk_format_grouped(params, (double)published->params) : "-");
        tmk_table_cell(table, "%s", published ? published->gmac : "-");
        tmk_table_cell(table, "%s", entry->summary);
        tmk_cost_table_free(&costs);
    }
    tmk_net_free(&net);
    return status;
}

static enum tmk_status list_nets(bool csv)
{
    static const struct tmk_column columns[] = {
        {"net", false},          {"input", true}, {"parameters", true}, {"GMAC", true},
        {"torchvision's", true}, {"GMAC", true},  {"summary", false}};
    struct tmk_table table = TMK_TABLE(columns);
    enum tmk_status status = TMK_OK;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name && status == TMK_OK; entry++)
        status = list_row(&table, entry);
    enum tmk_status printed = tmk_table_print(&table, stdout, csv);
    return status == TMK_OK ? printed : status;
}

static enum tmk_status run(const char **nets, const struct options *options,
                           struct tmk_count *count)
{
    if (*nets && nets[1])
        return tmk_fail(TMK_EINVAL, "'%s': one network at a time, please: leave it out", nets[1]);
    if (*nets)
        return count_net(*nets, options, count);
    if (options->mb || options->size || options->by || options->out)
        return tmk_fail(TMK_EINVAL, "no network is named: choose one of those that `tilemark "
                                    "count` lists");
    return list_nets(options->csv);
}

int tmk_command_count(int argc, const char **argv)
{
    struct options options = {0};
    const struct poptOption table[] = {
        {"by", '\0', POPT_ARG_STRING, &options.by, 0, "rows: layer (default), module, kind",
         "ROWS"},
        {"mb", '\0', POPT_ARG_STRING, &options.mb, 0, "batch size (default: 1)", "N"},
        {"size", '\0', POPT_ARG_STRING, &options.size, 0,
         "image in rows x columns (default: the network's own)", "HxW"},
        {"csv", '\0', POPT_ARG_NONE, &options.csv, 0, "print the table as CSV, counts exact", NULL},
        {"out", '\0', POPT_ARG_STRING, &options.out, 0,
         "leave table, picture and a chapter of the report in this folder", "DIR"},
        POPT_TABLEEND,
    };
    struct tmk_count count = {.mb = 1, .argc = argc, .argv = argv};
    poptContext context;
    const char **nets;
    bool done;
    enum tmk_status status = tmk_cli_parse(argc, argv, table, &usage, &context, &nets, &done);
    if (status == TMK_OK && !done)
        status = run(nets, &options, &count);
    free(options.mb);
    free(options.size);
    free(options.by);
    free(options.out);
    poptFreeContext(context);
    return tmk_cli_finish(argv[0], status);
}
