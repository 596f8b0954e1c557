/* tilemark resblock: one residual block, differentiated number by number and tensor by tensor. */
#include "commands.h"
#include "residual.h"

#include "cli.h"
#include "size.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

#define PUBLISHED_SEED 1919810

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...]",
    .about =
        "Differentiate a residual block by a graph with one node for every number and every\n"
        "operation on numbers, and by a graph of tensors:\n"
        "\n"
        "  z = conv(X, K),  out = relu(z) + X,  L = ||out - S||^2,  X and S 10x10, K 3x3,\n"
        "\n"
        "all drawn from N(0, 1) by MT19937 and numpy's legacy normal(). The gradient is held "
        "against\n"
        "a difference quotient along a direction G ~ N(5, 1): (L(K + h G) - L(K)) / h, h = 1e-6,\n"
        "should be near <G, dL/dK>.\n"
        "\n"
        "The published version of this exercise pads by (10 - 3) / 2 = 3, cuts the result to "
        "10x10,\n"
        "and adds S. It walks every path from the loss to K, so that each square d * d hands its\n"
        "gradient on twice, in turn: `every path` has two copies of d and comes out equal to the\n"
        "last bit (seed 1919810). With shared nodes the same sum is rounded in another order. The\n"
        "repaired block pads by 1 and subtracts.",
    .examples = "tilemark resblock\n"
                "tilemark resblock --seed 7\n"
                "tilemark resblock --csv",
};

/* What the published program prints for its seed. */
static const struct tmk_residual_result published = {
    .loss = 851.6435013317051,
    .quotient = 1082.2033767681205,
    .slope = 1082.1961242353982,
};

struct row {
    const char *block, *graph;
    struct tmk_residual_form form;
    enum tmk_status (*compute)(const struct tmk_residual *, const struct tmk_residual_form *,
                               struct tmk_residual_result *);
};

static const struct row rows[] = {
    {"published: pad 3, +S", "scalars, every path", {3, true, true}, tmk_residual_by_scalars},
    {"published: pad 3, +S", "scalars, shared", {3, true, false}, tmk_residual_by_scalars},
    {"published: pad 3, +S", "tensors", {3, true, false}, tmk_residual_by_tensors},
    {"pad 1, +S", "scalars, shared", {1, true, false}, tmk_residual_by_scalars},
    {"pad 1, +S", "tensors", {1, true, false}, tmk_residual_by_tensors},
    {"repaired: pad 1, -S", "scalars, shared", {1, false, false}, tmk_residual_by_scalars},
    {"repaired: pad 1, -S", "tensors", {1, false, false}, tmk_residual_by_tensors},
};
enum { ROWS = sizeof rows / sizeof *rows, PUBLISHED = 0, REPAIRED = 5 };

/* The shortest decimal number that reads back as the same double. */
static const char *exact(char buf[32], double value)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buf, 32, "%.*g", digits, value);
        if (strtod(buf, NULL) == value)
            break;
    }
    return buf;
}

static enum tmk_status print_rows(const struct tmk_residual_result *results, bool csv)
{
    static const struct tmk_column columns[] = {
        {"block", false}, {"graph", false},           {"nodes", true},
        {"loss", true},   {"(L(K+hG)-L(K))/h", true}, {"<G,dL/dK>", true}};
    struct tmk_table table = TMK_TABLE(columns);
    char text[32];
    for (int i = 0; i < ROWS; i++) {
        const struct tmk_residual_result *r = &results[i];
        tmk_table_cell(&table, "%s", rows[i].block);
        tmk_table_cell(&table, "%s", rows[i].graph);
        tmk_table_cell(&table, "%zu", r->nodes);
        tmk_table_cell(&table, "%s", exact(text, r->loss));
        tmk_table_cell(&table, "%s", exact(text, r->quotient));
        tmk_table_cell(&table, "%s", exact(text, r->slope));
    }
    return tmk_table_print(&table, stdout, csv);
}

static void print_gradient(const struct row *row, const struct tmk_residual_result *result)
{
    printf("\ndL/dK, %s, %s\n", row->block, row->graph);
    for (int i = 0; i < TMK_RESIDUAL_KERNEL; i++) {
        for (int j = 0; j < TMK_RESIDUAL_KERNEL; j++) {
            char text[32];
            printf("  %20s", exact(text, result->gradient[i * TMK_RESIDUAL_KERNEL + j]));
        }
        printf("\n");
    }
}

static enum tmk_status check_published(const struct tmk_residual_result *r)
{
    if (r->loss != published.loss || r->quotient != published.quotient ||
        r->slope != published.slope)
        return tmk_fail(TMK_ECHECK,
                        "resblock: the published figures are not met to the last bit: was the "
                        "program compiled with -ffp-contract=off and without -ffast-math?");
    printf("\nThe first row equals the published figures to the last bit.\n");
    return TMK_OK;
}

static enum tmk_status resblock(uint32_t seed, bool csv)
{
    struct tmk_residual block;
    struct tmk_residual_result results[ROWS];
    tmk_residual_draw(seed, &block);
    for (int i = 0; i < ROWS; i++)
        TMK_TRY(rows[i].compute(&block, &rows[i].form, &results[i]));
    TMK_TRY(print_rows(results, csv));
    if (csv)
        return TMK_OK;
    print_gradient(&rows[PUBLISHED], &results[PUBLISHED]);
    print_gradient(&rows[REPAIRED], &results[REPAIRED]);
    return seed == PUBLISHED_SEED ? check_published(&results[PUBLISHED]) : TMK_OK;
}

int tmk_command_resblock(int argc, const char **argv)
{
    int seed = PUBLISHED_SEED, csv = 0;
    const struct poptOption options[] = {
        {"seed", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &seed, 0,
         "draw the block from this seed", "N"},
        {"csv", '\0', POPT_ARG_NONE, &csv, 0, "print the table as CSV, and nothing else", NULL},
        POPT_TABLEEND,
    };
    bool done;
    enum tmk_status status = tmk_cli_parse_options(argc, argv, options, &usage, &done);
    if (status == TMK_OK && !done)
        status = resblock((uint32_t)seed, csv);
    return tmk_cli_finish(argv[0], status);
}
