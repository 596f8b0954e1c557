/* tilemark blocking: the engine's speed by the size of its packed blocks, and what the model takes.
 */
#include "blocking_grid.h"

#include "commands.h"
#include "cli.h"
#include "isa.h"
#include "numbers.h"
#include "sets.h"
#include "table.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] [DESCRIPTOR]",
    .about =
        "Time the blocked engine over a grid of block sizes and show GFLOP/s as a heat map, with\n"
        "the point that the engine's own model chooses.\n"
        "\n"
        "The engine cuts C = A B into blocks that are packed and stay in the caches: kc is their\n"
        "depth, mc the rows of the block of A. Small ones pack and load too often, large ones do\n"
        "not fit; the model computes both from the sizes of the caches (Low et al., ACM TOMS 43,\n"
        "2016). Sizes asked for are rounded as the engine rounds its own, repeats dropped. Every\n"
        "one is verified, on integers, then all take turns in random order; medians are shown.\n"
        "Without a descriptor: 1024x1024:1024x1024.\n"
        "Exit code 1: a result was wrong; 3: --out, and gnuplot is missing.",
    .examples = "tilemark blocking\n"
                "tilemark blocking 512x512:512x4608 --dtype f64 --time-budget 60\n"
                "tilemark blocking --threads 2 --out /tmp/blocking",
};

struct options {
    char *dtype, *threads, *out;
    double budget_s;
    int csv;
};

static enum tmk_status find_dtype(const char *word, enum tmk_dtype *out)
{
    size_t found = tmk_find_word(tmk_dtype_name, TMK_NDTYPES, word ? word : "f32");
    *out = found < TMK_NDTYPES ? (enum tmk_dtype)found : TMK_F32;
    return found < TMK_NDTYPES
               ? TMK_OK
               : tmk_fail(TMK_EINVAL, "--dtype: '%s' is unknown: choose f32 or f64", word);
}

static enum tmk_status read_options(const struct options *o, enum tmk_dtype *dtype, size_t *threads)
{
    *threads = 1;
    TMK_TRY(find_dtype(o->dtype, dtype));
    if (o->threads)
        TMK_TRY(tmk_parse_positive("--threads", o->threads, threads));
    if (*threads > 1024)
        return tmk_fail(TMK_EINVAL, "--threads: %zu are too many: give up to 1024", *threads);
    if (!(o->budget_s > 0) || o->budget_s > 3600)
        return tmk_fail(TMK_EINVAL, "--time-budget: %g is no time: give seconds, as in 20",
                        o->budget_s);
    return TMK_OK;
}

static enum tmk_status print(const struct tmk_blocking_grid *grid, bool csv)
{
    struct tmk_column columns[TMK_BLOCKING_STEPS + 1] = {{"kc \\ mc", true}};
    char heads[TMK_BLOCKING_STEPS][24];
    for (size_t m = 0; m < grid->nmc; m++) {
        snprintf(heads[m], sizeof heads[m], "%zu", grid->mc[m]);
        columns[m + 1] = (struct tmk_column){heads[m], true};
    }
    struct tmk_table table = {.columns = columns, .ncolumns = grid->nmc + 1};
    for (size_t i = 0; i < grid->nkc * grid->nmc; i++) {
        if (i % grid->nmc == 0)
            tmk_table_cell(&table, "%zu", grid->kc[i / grid->nmc]);
        tmk_table_cell(&table, i == grid->model && !csv ? "[%.1f]" : "%.1f", grid->cells[i].gflops);
    }
    return tmk_table_print(&table, stdout, csv);
}

static enum tmk_status show(const struct tmk_blocking_grid *grid, const struct options *o, int argc,
                            const char **argv)
{
    char text[512];
    TMK_TRY(print(grid, o->csv));
    if (!o->csv)
        printf("\n%s.\n", tmk_blocking_say(grid, text, sizeof text));
    return o->out ? tmk_blocking_draw(grid, o->out, argc, argv) : TMK_OK;
}

static enum tmk_status answer(const struct options *o, const char *descriptor, int argc,
                              const char **argv)
{
    enum tmk_dtype dtype = TMK_F32;
    size_t threads = 1;
    struct tmk_list list = {0};
    struct tmk_blocking_grid grid;
    TMK_TRY(read_options(o, &dtype, &threads));
    TMK_TRY(tmk_isa_select());
    const struct tmk_context context = {.dtype = dtype};
    TMK_TRY(tmk_list_descriptor(&list, descriptor ? descriptor : "1024x1024:1024x1024", &context));
    const struct tmk_problem *problem = list.count == 1 ? list.items[0].problem : NULL;
    enum tmk_status status =
        problem && problem->op == &tmk_op_matmul && tmk_matmul_of(problem)->nbatch == 0
            ? tmk_blocking_measure(tmk_matmul_of(problem), (int)threads, o->budget_s, &grid)
            : tmk_fail(TMK_EINVAL, "%s: give one product of two matrices, as in 1024x1024:1024x512",
                       descriptor);
    if (status == TMK_OK) {
        status = show(&grid, o, argc, argv);
        tmk_blocking_free(&grid);
    }
    tmk_list_free(&list);
    return status;
}

int tmk_command_blocking(int argc, const char **argv)
{
    struct options o = {.budget_s = 20};
    const struct poptOption table[] = {
        {"dtype", 0, POPT_ARG_STRING, &o.dtype, 0, "f32 (default) or f64", "TYPE"},
        {"threads", 0, POPT_ARG_STRING, &o.threads, 0, "how many (1)", "N"},
        {"time-budget", 0, POPT_ARG_DOUBLE, &o.budget_s, 0, "for all sizes together (20)",
         "SECONDS"},
        {"csv", 0, POPT_ARG_NONE, &o.csv, 0, "print CSV", NULL},
        {"out", 0, POPT_ARG_STRING, &o.out, 0, "heat map, table, a chapter of the report", "DIR"},
        POPT_TABLEEND,
    };
    poptContext context;
    const char **rest;
    bool done;
    enum tmk_status status = tmk_cli_parse(argc, argv, table, &usage, &context, &rest, &done);
    if (status == TMK_OK && !done)
        status = *rest && rest[1] ? tmk_fail(TMK_EINVAL, "'%s': give one product", rest[1])
                                  : answer(&o, *rest, argc, argv);
    free(o.dtype);
    free(o.threads);
    free(o.out);
    poptFreeContext(context);
    return tmk_cli_finish(argv[0], status);
}
