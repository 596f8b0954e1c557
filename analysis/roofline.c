/* tilemark roofline: every implementation under the ceilings that were measured on this machine. */
#include "roofline.h"
#include "commands.h"
#include "quick_run.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SET "roofline"

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] [OP:DESCRIPTOR...]",
    .about =
        "Show each implementation under its roof, min(peak, bandwidth * intensity) (Williams,\n"
        "Waterman & Patterson, \"Roofline\", CACM 2009), with every ceiling measured here:\n"
        "FMA peak by instruction set, STREAM triad bandwidth of L1, L2, L3 and memory.\n"
        "\n"
        "Intensity: FLOP per byte. FLOP: 2 a multiply-add, padding taps counted. Bytes: every\n"
        "  operand moved once; for a convolution in f32\n"
        "  2*N*K*C*R*S*P*Q / 4(N*C*H*W + K*C*R*S + N*K*P*Q), bias left out here.\n"
        "Own: with what an implementation moves besides. im2col writes its columns and reads them\n"
        "  again, 2*N*C*R*S*P*Q elements more (bwd_d: 2*N*K*R*S*H*W): its points move left, to "
        "the\n"
        "  hollow marks, under a lower roof. For the others the own roof is the roof.\n"
        "Under: the level of memory whose bandwidth is the roof, or compute. Data lie in the\n"
        "  fastest level that holds them all (caches cold: in memory); a point that is above that\n"
        "  roof shows that they lie nearer, and the next faster level counts.\n"
        "% of roof: the rate over its own roof; what is missing to 100 is not the machine's "
        "fault.\n"
        "\n"
        "--run takes the points of a run; else bench makes a short one first, of the set\n"
        "`roofline` if nothing is named. --op, --dir, --impl and --threads choose points of "
        "either.",
    .examples = "tilemark roofline\n"
                "tilemark roofline --run results/mine --out results/mine/chapters/roofline\n"
                "tilemark roofline --set resnet50 --dir fwd --threads max --time-budget 1\n"
                "tilemark roofline 'matmul:512x512:512x512' --impl naive,blocked",
};

static struct {
    struct tmk_selection selection;
    char *run, *out;
    double budget_s;
} options = {.budget_s = 0.3};

static const struct poptOption *option_table(void)
{
    static struct poptOption own[] = {
        {"run", 0, POPT_ARG_STRING, &options.run, 0, "the run whose points to show", "DIR"},
        {"out", 'o', POPT_ARG_STRING, &options.out, 0,
         "folder for tables, scripts, pictures and the report's chapter", "DIR"},
        {"time-budget", 0, POPT_ARG_DOUBLE, &options.budget_s, 0,
         "without --run: for a problem and direction (default: 0.3)", "SECONDS"},
        POPT_TABLEEND,
    };
    static struct poptOption table[3];
    const struct poptOption selection = TMK_SELECT_OPTIONS(&options.selection);
    const struct poptOption mine = {NULL, '\0', POPT_ARG_INCLUDE_TABLE, own, 0, "Roofline:", NULL};
    table[0] = selection;
    table[1] = mine;
    table[2] = (struct poptOption)POPT_TABLEEND;
    return table;
}

/* What names problems makes no sense beside a run, which has its own. */
static enum tmk_status check(const char **descriptors)
{
    const struct tmk_selection *selection = &options.selection;
    if (!(options.budget_s > 0) || options.budget_s > 3600)
        return tmk_fail(TMK_EINVAL, "--time-budget: %g is no time: give seconds, as in 0.3",
                        options.budget_s);
    if (!options.run)
        return TMK_OK;
    if (*descriptors)
        return tmk_fail(TMK_EINVAL, "%s: a run has its own problems: leave it out, or --run",
                        *descriptors);
    const struct {
        const char *name;
        bool given;
    } refused[] = {{"--set", selection->set},
                   {"--batch", selection->batch},
                   {"--mb", selection->mb},
                   {"--bind", selection->bind},
                   {"--layout", selection->layout},
                   {"--dtype", selection->dtype},
                   {"--max-gflop", selection->max_gflop > 0}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (refused[i].given)
            return tmk_fail(TMK_EINVAL, "%s: a run has its own problems: leave it out, or --run",
                            refused[i].name);
    }
    return TMK_OK;
}

static bool has_word(const char *const *words, const char *word)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

/* Is the cell among those that the options choose? What was not given chooses all. */
static bool chosen(const struct tmk_selection *selection, const bool threads_given,
                   const struct tmk_cell *cell)
{
    bool dir = !selection->dir, threads = !threads_given;
    for (int i = 0; i < TMK_NDIRS; i++)
        dir |= selection->dirs[i] && strcmp(cell->dir, tmk_dir_name[i]) == 0;
    for (size_t i = 0; i < selection->nthreads; i++)
        threads |= selection->thread_counts[i] == cell->threads;
    return dir && threads && (!selection->op || has_word(selection->ops, cell->op)) &&
           (!selection->impl || tmk_select_has_impl(selection, cell->impl));
}

static enum tmk_status load(struct tmk_run *run)
{
    bool threads_given = options.selection.threads != NULL;
    TMK_TRY(tmk_select_filters(&options.selection));
    TMK_TRY(tmk_run_load(options.run, run));
    struct tmk_summaries *summaries = &run->summaries;
    size_t kept = 0;
    for (size_t i = 0; i < summaries->count; i++) {
        if (chosen(&options.selection, threads_given, &summaries->cells[i].cell))
            summaries->cells[kept++] = summaries->cells[i];
    }
    summaries->count = kept;
    return TMK_OK;
}

static enum tmk_status measure(const char **descriptors, struct tmk_run *run)
{
    TMK_TRY(tmk_isa_select());
    TMK_TRY(tmk_select_resolve(&options.selection, descriptors, DEFAULT_SET));
    return tmk_quick_run(&options.selection, descriptors, DEFAULT_SET, options.budget_s, run);
}

static enum tmk_status show(const struct tmk_roofline *roofline, int argc, const char **argv)
{
    char text[1024];
    struct tmk_roofline_part part;
    int threads[TMK_ROOFLINE_THREADS];
    TMK_TRY(tmk_roofline_print_ceilings(roofline, stdout, false));
    puts("");
    TMK_TRY(tmk_roofline_print(roofline, stdout, false));
    puts("");
    size_t count = tmk_roofline_threads(roofline, threads);
    for (size_t i = 0; i < count; i++) {
        TMK_TRY(tmk_roofline_part(roofline, threads[i], &part));
        tmk_roofline_say(&part, text, sizeof text);
        puts(text);
    }
    if (tmk_roofline_say_columns(roofline, text, sizeof text))
        puts(text);
    if (roofline->without)
        tmk_cli_note("%zu cells are left out: no ceilings were measured at their thread count",
                     roofline->without);
    return options.out ? tmk_roofline_draw(roofline, options.out, argc, argv)
                       : tmk_roofline_plot_text(roofline);
}

/* The machine that the run was made on. */
static enum tmk_status find_machine(struct tmk_topology **loaded,
                                    const struct tmk_topology **machine)
{
    char path[PATH_MAX];
    *loaded = NULL;
    *machine = options.run ? NULL : tmk_this_machine();
    if (*machine || !options.run)
        return *machine ? TMK_OK : TMK_EIO;
    snprintf(path, sizeof path, "%s/topology.xml", options.run);
    TMK_TRY(tmk_topology_load(path, loaded));
    *machine = *loaded;
    return TMK_OK;
}

static enum tmk_status roofline(const char **descriptors, int argc, const char **argv)
{
    struct tmk_run run = {0};
    struct tmk_roofline roofline;
    struct tmk_topology *loaded;
    const struct tmk_topology *machine;
    TMK_TRY(check(descriptors));
    TMK_TRY(options.run ? load(&run) : measure(descriptors, &run));
    enum tmk_status status = find_machine(&loaded, &machine);
    if (status == TMK_OK)
        status = tmk_roofline_make(&run, machine, &roofline);
    if (status == TMK_OK) {
        status = show(&roofline, argc, argv);
        tmk_roofline_free(&roofline);
    }
    tmk_topology_free(loaded);
    tmk_run_free(&run);
    return status;
}

int tmk_command_roofline(int argc, const char **argv)
{
    poptContext context;
    const char **descriptors;
    bool done;
    enum tmk_status status =
        tmk_cli_parse(argc, argv, option_table(), &usage, &context, &descriptors, &done);
    if (status == TMK_OK && !done)
        status = roofline(descriptors, argc, argv);
    int code = tmk_cli_finish(argv[0], status);
    tmk_select_free(&options.selection);
    free(options.run);
    free(options.out);
    poptFreeContext(context);
    return code;
}
