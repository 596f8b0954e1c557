#include "commands.h"
#include "list.h"
#include "nets.h"

#include <stdlib.h>
#include <string.h>

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] [ops|impls|sets|nets|problems] [OP:DESCRIPTOR...]",
    .about =
        "Show what there is, and what a selection comes to before it is verified or timed.\n"
        "\n"
        "ops       operations, and the grammar of their descriptors\n"
        "impls     implementations and their directions; with problems: what each offers of them\n"
        "sets      named sets of problems, for --set\n"
        "nets      networks, with their sources\n"
        "problems  the selection, which is what this word's absence means: FLOPs of the forward\n"
        "          direction (2 per multiply-add, padding taps counted), MiB that it moves if "
        "each\n"
        "          operand moves once, and their ratio; `layers` is how often a shape stands in "
        "its\n"
        "          network. Without a selection: the set quick, as `bench` has it.\n"
        "\n"
        "Batch files and descriptors are those of oneDNN's benchdnn; what is not offered here is\n"
        "skipped and counted by reason, and --skips tells where.",
    .examples = "tilemark list sets\n"
                "tilemark list --set resnet50 --mb 8\n"
                "tilemark list problems 'matmul:--wtag=ba 128x768:768x3072' --csv\n"
                "tilemark list impls 'conv2d:mb1ic64ih56oc64oh56kh3ph1' --dir bwd_w",
};

static enum tmk_status list_ops(const struct tmk_listing *listing)
{
    static const struct tmk_column columns[] = {{"op", false}, {"summary", false}};
    struct tmk_table table = TMK_TABLE(columns);
    for (const char **name = listing->selection->ops; *name; name++) {
        tmk_table_cell(&table, "%s", *name);
        tmk_table_cell(&table, "%s", tmk_op_find(*name)->summary);
    }
    TMK_TRY(tmk_table_print(&table, stdout, listing->csv));
    for (const char **name = listing->selection->ops; *name && !listing->csv; name++)
        printf("\n%s", tmk_op_find(*name)->grammar);
    return TMK_OK;
}

struct set_rows {
    struct tmk_table table;
    enum tmk_status status;
};

static void add_set(void *ctx, const char *name, const char *summary)
{
    struct set_rows *rows = ctx;
    struct tmk_list list = {0};
    if (rows->status == TMK_OK)
        rows->status = tmk_list_set(&list, name, &(struct tmk_context){0});
    tmk_table_cell(&rows->table, "%s", name);
    tmk_table_cell(&rows->table, "%zu", list.count);
    tmk_table_cell(&rows->table, "%s", summary);
    tmk_list_free(&list);
}

static enum tmk_status list_sets(const struct tmk_listing *listing)
{
    static const struct tmk_column columns[] = {
        {"set", false}, {"problems", true}, {"summary", false}};
    struct set_rows rows = {.table = TMK_TABLE(columns)};
    tmk_sets_each(add_set, &rows);
    TMK_TRY(tmk_table_print(&rows.table, stdout, listing->csv));
    return rows.status;
}

static enum tmk_status add_net(struct tmk_table *table, const struct tmk_net_entry *entry)
{
    struct tmk_net net;
    TMK_TRY(tmk_net_make(entry->name, 0, 0, &net));
    size_t params = 0;
    for (int i = 0; i < net.nlayers; i++)
        params += tmk_layer_params(&net.layers[i]);
    tmk_table_cell(table, "%s", entry->name);
    tmk_table_cell(table, "%zux%zu", entry->height, entry->width);
    tmk_table_cell(table, "%d", net.nlayers);
    tmk_table_cell(table, "%zu", params);
    tmk_table_cell(table, "%s", entry->summary);
    tmk_table_cell(table, "%s", entry->source);
    tmk_net_free(&net);
    return TMK_OK;
}

static enum tmk_status list_nets(const struct tmk_listing *listing)
{
    static const struct tmk_column columns[] = {{"net", false},     {"input", true},
                                                {"layers", true},   {"parameters", true},
                                                {"summary", false}, {"source", false}};
    struct tmk_table table = TMK_TABLE(columns);
    enum tmk_status status = TMK_OK;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name && status == TMK_OK; entry++)
        status = add_net(&table, entry);
    enum tmk_status printed = tmk_table_print(&table, stdout, listing->csv);
    return status == TMK_OK ? printed : status;
}

/* Without a word or a selection: what there is to choose from. */
static enum tmk_status list_overview(const struct tmk_listing *listing)
{
    if (listing->csv)
        return tmk_fail(TMK_EINVAL,
                        "--csv prints one table: add ops, impls, sets, nets or problems");
    TMK_TRY(tmk_listing_impls(listing));
    printf("\n");
    return list_sets(listing);
}

/* The words, and whether each takes problems. */
static const struct word {
    const char *name;
    enum { NO_PROBLEMS, MAY_HAVE, DEFAULT_SET } problems;
    enum tmk_status (*list)(const struct tmk_listing *listing);
} words[] = {
    {"ops", NO_PROBLEMS, list_ops},
    {"impls", MAY_HAVE, tmk_listing_impls},
    {"sets", NO_PROBLEMS, list_sets},
    {"nets", NO_PROBLEMS, list_nets},
    {"problems", DEFAULT_SET, tmk_listing_problems},
};
static const struct word no_word = {"", NO_PROBLEMS, list_overview};
static const struct word no_word_but_problems = {"", DEFAULT_SET, tmk_listing_problems};

/* The word that *rest begins with, or NULL. */
static const struct word *find_word(const char **rest)
{
    for (size_t i = 0; *rest && i < sizeof words / sizeof *words; i++) {
        if (strcmp(*rest, words[i].name) == 0)
            return &words[i];
    }
    return NULL;
}

static enum tmk_status list(const char **rest, struct tmk_listing *listing)
{
    struct tmk_selection *selection = listing->selection;
    const struct word *word = find_word(rest);
    rest += word != NULL;
    listing->selecting = *rest || selection->set || selection->batch;
    if (!word)
        word = listing->selecting ? &no_word_but_problems : &no_word;
    if (listing->selecting && word->problems == NO_PROBLEMS)
        return tmk_fail(TMK_EINVAL, "%s takes no problems%s%s: list them with `problems`",
                        word->name, *rest ? ", but got " : "", *rest ? *rest : "");
    if (listing->selecting || word->problems == DEFAULT_SET)
        TMK_TRY(tmk_select_resolve(selection, rest, "quick"));
    else
        TMK_TRY(tmk_select_filters(selection));
    return word->list(listing);
}

int tmk_command_list(int argc, const char **argv)
{
    static struct tmk_selection selection;
    int csv = 0, skips = 0;
    const struct poptOption options[] = {
        {"csv", 0, POPT_ARG_NONE, &csv, 0, "print CSV", NULL},
        {"skips", 0, POPT_ARG_NONE, &skips, 0, "problems: list those that are left out", NULL},
        TMK_SELECT_OPTIONS(&selection),
        POPT_TABLEEND,
    };
    poptContext context = NULL;
    const char **rest = NULL;
    bool done = false;
    enum tmk_status status = tmk_cli_parse(argc, argv, options, &usage, &context, &rest, &done);
    if (status == TMK_OK && !done) {
        struct tmk_listing listing = {.selection = &selection, .csv = csv, .skips = skips};
        status = list(rest, &listing);
    }
    poptFreeContext(context);
    tmk_select_free(&selection);
    return tmk_cli_finish(argv[0], status);
}
