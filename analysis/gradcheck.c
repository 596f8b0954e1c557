/* tilemark gradcheck: the table of operators, each gradient against central differences. */
#include "commands.h"

#include "cli.h"
#include "conv2d.h"
#include "gradcheck.h"
#include "matmul.h"
#include "progress.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] [OPERATOR...]",
    .about =
        "Check the gradient of every operator of the automatic differentiation, in f64:\n"
        "the sum of the operator's results times random weights is differentiated by one backward\n"
        "pass and by central differences,\n"
        "\n"
        "  (f(x + h e_i) - f(x - h e_i)) / 2h,  h = 1e-5 max(1, |x_i|).\n"
        "\n"
        "The error is the largest |automatic - numerical| / max(1, |numerical|) over all elements "
        "of\n"
        "all inputs; up to 1e-7 passes (differences themselves are good to some 1e-10). Shapes "
        "and\n"
        "numbers are drawn anew in each round. Without a name every operator is checked. Exit "
        "code\n"
        "1: a check failed.",
    .examples = "tilemark gradcheck\n"
                "tilemark gradcheck matmul conv2d --impl naive --rounds 20\n"
                "tilemark gradcheck --seed 7 --threads 2 --csv",
};

struct options {
    int seed, rounds, threads, csv;
    char *impl;
    const char **names;
};

/* The worst of all rounds of a case, and the first round that failed. */
struct outcome {
    struct tmk_gradcheck worst;
    size_t elements;
    uint32_t failed_seed;
    bool skipped; /* the implementation does not offer it; tmk_message() says why */
};

static bool is_chosen(const struct options *options, const char *name)
{
    if (!*options->names)
        return true;
    for (const char **chosen = options->names; *chosen; chosen++) {
        if (strcmp(*chosen, name) == 0)
            return true;
    }
    return false;
}

static enum tmk_status check_names(const struct options *options)
{
    for (const char **name = options->names; *name; name++) {
        bool known = false;
        for (size_t i = 0; !known && i < tmk_gradcheck_count(); i++)
            known = strcmp(*name, tmk_gradcheck_name(i)) == 0;
        if (!known)
            return tmk_fail(TMK_EINVAL, "no operator '%s': `tilemark gradcheck` lists them", *name);
    }
    return TMK_OK;
}

/* --impl names an implementation of matmul, of conv2d, or of both; the other op keeps its own. */
static enum tmk_status choose_impl(const char *name, const struct tmk_impl *conv2d[2],
                                   const struct tmk_impl *matmul[2],
                                   struct tmk_graph_options *graph)
{
    if (!name)
        return TMK_OK;
    conv2d[0] = tmk_op_impl(&tmk_op_conv2d, name);
    matmul[0] = tmk_op_impl(&tmk_op_matmul, name);
    if (!conv2d[0] && !matmul[0])
        return tmk_fail(TMK_EINVAL, "no implementation '%s': `tilemark list impls` names them",
                        name);
    if (conv2d[0])
        graph->conv2d = conv2d;
    if (matmul[0])
        graph->matmul = matmul;
    return TMK_OK;
}

static enum tmk_status run_case(size_t i, const struct options *options,
                                const struct tmk_graph_options *graph, struct outcome *out)
{
    *out = (struct outcome){.elements = 0};
    for (int round = 0; round < options->rounds; round++) {
        struct tmk_gradcheck result;
        uint32_t seed = (uint32_t)(options->seed + round);
        enum tmk_status status = tmk_gradcheck_run(i, seed, graph, &result);
        out->skipped = status == TMK_EUNSUPPORTED;
        if (out->skipped) {
            out->worst = result;
            return TMK_OK;
        }
        TMK_TRY(status);
        bool failed_before = round > 0 && !out->worst.passed;
        if (!result.passed && !failed_before)
            out->failed_seed = seed;
        if (round == 0 || result.error > out->worst.error)
            out->worst = result;
        out->elements += result.elements;
    }
    return TMK_OK;
}

static void add_row(struct tmk_table *table, const struct outcome *outcome)
{
    const struct tmk_gradcheck *worst = &outcome->worst;
    tmk_table_cell(table, "%s", worst->name);
    tmk_table_cell(table, "%s", worst->note);
    tmk_table_cell(table, "%s", worst->shapes);
    tmk_table_cell(table, "%zu", outcome->elements);
    tmk_table_cell(table, "%.1e", worst->error);
    if (outcome->skipped)
        tmk_table_cell(table, "skipped: %s", tmk_message());
    else if (worst->passed)
        tmk_table_cell(table, "passed");
    else
        tmk_table_cell(table, "FAILED: --seed %u --rounds 1", outcome->failed_seed);
}

static enum tmk_status run_cases(const struct options *options,
                                 const struct tmk_graph_options *graph, struct tmk_table *table,
                                 size_t *cases, size_t *failed)
{
    struct tmk_progress progress;
    size_t count = tmk_gradcheck_count();
    enum tmk_status status = TMK_OK;
    tmk_progress_begin(&progress, "gradcheck", (double)count);
    for (size_t i = 0; i < count && status == TMK_OK && !tmk_cli_interrupted; i++) {
        struct outcome outcome;
        if (!is_chosen(options, tmk_gradcheck_name(i)))
            continue;
        tmk_progress_update(&progress, (double)i, tmk_gradcheck_name(i));
        status = run_case(i, options, graph, &outcome);
        if (status == TMK_OK) {
            add_row(table, &outcome);
            *cases += !outcome.skipped;
            *failed += !outcome.skipped && !outcome.worst.passed;
        }
    }
    tmk_progress_end(&progress);
    if (status == TMK_OK && tmk_cli_interrupted)
        status = tmk_fail(TMK_EINTR, "interrupted: the table is not complete");
    return status;
}

static enum tmk_status gradcheck(const struct options *options)
{
    static const struct tmk_column columns[] = {
        {"operator", false}, {"case", false}, {"shapes of the worst round", false},
        {"elements", true},  {"error", true}, {"", false}};
    struct tmk_table table = TMK_TABLE(columns);
    struct tmk_graph_options graph = {.threads = options->threads};
    const struct tmk_impl *conv2d[2] = {NULL}, *matmul[2] = {NULL};
    size_t cases = 0, failed = 0;
    TMK_TRY(check_names(options));
    TMK_TRY(choose_impl(options->impl, conv2d, matmul, &graph));
    if (options->rounds < 1)
        return tmk_fail(TMK_EINVAL, "--rounds %d: use at least 1", options->rounds);
    tmk_cli_catch_interrupt();
    enum tmk_status status = run_cases(options, &graph, &table, &cases, &failed);
    enum tmk_status printed = tmk_table_print(&table, stdout, options->csv);
    if (status == TMK_OK)
        status = printed;
    if (status == TMK_OK && !options->csv)
        printf("\n%zu of %zu cases passed, drawn %d times each, from seed %d.\n", cases - failed,
               cases, options->rounds, options->seed);
    if (status == TMK_OK && failed)
        status = tmk_fail(TMK_ECHECK, "%zu of %zu gradients are wrong", failed, cases);
    return status;
}

int tmk_command_gradcheck(int argc, const char **argv)
{
    static struct options options = {.seed = 1, .rounds = 3, .threads = 1};
    const struct poptOption table[] = {
        {"seed", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &options.seed, 0,
         "of the first round; each round takes the next", "N"},
        {"rounds", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &options.rounds, 0,
         "how often each case is drawn", "N"},
        {"threads", 't', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &options.threads, 0,
         "OpenMP threads", "N"},
        {"impl", '\0', POPT_ARG_STRING, &options.impl, 0,
         "implementation of matmul and conv2d (default: blocked)", "NAME"},
        {"csv", '\0', POPT_ARG_NONE, &options.csv, 0, "print the table as CSV", NULL},
        POPT_TABLEEND,
    };
    poptContext context = NULL;
    bool done;
    enum tmk_status status =
        tmk_cli_parse(argc, argv, table, &usage, &context, &options.names, &done);
    if (status == TMK_OK && !done)
        status = gradcheck(&options);
    free(options.impl);
    poptFreeContext(context);
    return tmk_cli_finish(argv[0], status);
}
