#include "commands.h"
#include "machine.h"

#include "cli.h"
#include "progress.h"
#include "select.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...]",
    .about =
        "Show what this machine is and the most it can do: the ceilings of every roofline.\n"
        "\n"
        "FMA peak: independent multiply-adds on registers only, per instruction set, in GFLOP/s,\n"
        "  2 FLOP per multiply-add and lane. `bench` gives results as a percentage of it.\n"
        "Bandwidth: the STREAM triad a[i] = b[i] + s*c[i] (McCalpin 1995) on arrays that stay in "
        "one\n"
        "  level, 24 bytes per element counted, in GB/s. A kernel of intensity I (FLOP/byte) runs "
        "at\n"
        "  most at min(peak, bandwidth * I) (Williams et al. 2009). The L3 that a virtual machine\n"
        "  reports may be no faster than memory: then neighbours use it.\n"
        "Placement: compact fills the cores of one package before the next; scatter goes round "
        "over\n"
        "  packages, NUMA nodes and L3s, for the most bandwidth; either gives every core a thread\n"
        "  before any core gets two. A list such as 0,2,4-7 names CPUs. none binds nothing.\n"
        "\n"
        "Libraries: OpenBLAS, BLIS, MKL where they are installed, oneDNN if it was built in, and "
        "those "
        "that\n"
        "  --peer names: version, the kernels they chose for this CPU, whose threads they use, and "
        "how\n"
        "  near the peak one product comes. A library that does not know the CPU may choose "
        "kernels of\n"
        "  an old one; where it can be told otherwise, tilemark does, and shows how.\n"
        "\n"
        "CPUs are those that the cgroup and taskset allow. TILEMARK_ISA=generic|avx2|avx512|neon\n"
        "chooses the instruction set that kernels use. Measuring takes about a second per thread\n"
        "count; other programs' load shows as lower ceilings.",
    .examples = "tilemark machine\n"
                "tilemark machine --threads 1,2 --bind scatter\n"
                "tilemark machine --no-ceilings --json\n"
                "tilemark machine --topology 'pack:2 numa:1 l3:1 core:4 pu:2' --threads 6\n"
                "taskset -c 0 tilemark machine",
};

struct options {
    char *threads, *bind, *topology, **peer;
    int no_ceilings, json;
};

static enum tmk_status parse(int argc, const char **argv, struct options *options, bool *done)
{
    const struct poptOption table[] = {
        {"threads", 't', POPT_ARG_STRING, &options->threads, 0,
         "thread counts to measure (default: all, that is 1, 2, 4, ... and every CPU)",
         "1,2,4|1-8*2|all"},
        {"bind", '\0', POPT_ARG_STRING, &options->bind, 0,
         "where threads run: compact (default), scatter, a list of CPUs, none", "POLICY"},
        {"topology", '\0', POPT_ARG_STRING, &options->topology, 0,
         "place threads on another machine, drawn by hwloc's synthetic description or by the "
         "topology.xml of a run; nothing is bound or measured",
         "DESCRIPTION|FILE.xml"},
        TMK_SELECT_PEER(&options->peer),
        {"no-ceilings", '\0', POPT_ARG_NONE, &options->no_ceilings, 0, "measure nothing", NULL},
        {"json", '\0', POPT_ARG_NONE, &options->json, 0, "print JSON", NULL},
        POPT_TABLEEND,
    };
    return tmk_cli_parse_options(argc, argv, table, &usage, done);
}

static enum tmk_status place(struct tmk_machine_report *report, int threads)
{
    const char *policies[TMK_MACHINE_PLACEMENTS] = {"compact", "scatter", report->bind};
    bool known = strcmp(report->bind, "compact") == 0 || strcmp(report->bind, "scatter") == 0;
    size_t count = known ? 2 : 3;
    for (size_t i = 0; i < count; i++) {
        TMK_TRY(tmk_placement_make(report->topology, policies[i], threads, &report->placements[i]));
        report->policies[i] = policies[i];
        report->nplacements++;
    }
    return TMK_OK;
}

static void warn_of_oversubscription(const struct tmk_machine_report *report, int threads)
{
    struct tmk_placement placement;
    if (tmk_placement_make(report->topology, report->bind, threads, &placement) != TMK_OK)
        return;
    if (placement.oversubscribed)
        tmk_cli_warn(
            "%d threads share fewer CPUs with --bind %s, so that they wait for one another: "
            "choose --threads up to %d, or more CPUs",
            threads, report->bind, tmk_topology_pus(report->topology));
    tmk_placement_free(&placement);
}

/* Bind this many threads, measure, and note where they ran. */
static enum tmk_status measure_row(const struct tmk_machine_report *report, int threads,
                                   struct tmk_machine_row *row)
{
    struct tmk_placement placement;
    TMK_TRY(tmk_placement_make(report->topology, report->bind, threads, &placement));
    enum tmk_status status = tmk_placement_bind(report->topology, &placement, threads);
    tmk_placement_free(&placement);
    TMK_TRY(status);
    TMK_TRY(tmk_ceilings_measure(report->topology, threads, &row->ceilings));
    row->ran_on = calloc((size_t)threads, sizeof *row->ran_on);
    if (!row->ran_on)
        return tmk_fail(TMK_ENOMEM, "no memory for %d threads: ask for fewer", threads);
    tmk_placement_actual(report->topology, threads, row->ran_on);
    return TMK_OK;
}

/* One row per thread count; an interrupt keeps the rows so far. */
static enum tmk_status measure(struct tmk_machine_report *report, const int *counts, size_t n)
{
    report->rows = calloc(n, sizeof *report->rows);
    if (!report->rows)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu thread counts: ask for fewer", n);
    struct tmk_progress progress;
    enum tmk_status status = TMK_OK;
    tmk_cli_catch_interrupt();
    tmk_progress_begin(&progress, "ceilings", (double)n);
    for (size_t i = 0; i < n && status == TMK_OK; i++) {
        char label[32];
        snprintf(label, sizeof label, "threads %d", counts[i]);
        tmk_progress_update(&progress, (double)i, label);
        status = measure_row(report, counts[i], &report->rows[i]);
        if (status == TMK_OK)
            report->nrows++;
        if (tmk_cli_interrupted)
            status =
                tmk_fail(TMK_EINTR, "interrupted: ceilings of %zu of %zu thread counts are shown",
                         report->nrows, n);
    }
    tmk_progress_end(&progress);
    return status;
}

static enum tmk_status print(const struct tmk_machine_report *report, bool json)
{
    if (!json)
        return tmk_machine_print(report);
    json_t *object = tmk_machine_json(report);
    int failed =
        !object || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) != 0;
    json_decref(object);
    if (failed)
        return tmk_fail(TMK_EIO, "cannot write JSON to standard output: free some space or memory");
    printf("\n");
    return TMK_OK;
}

static enum tmk_status look_at_rivals(struct tmk_machine_report *report,
                                      const struct options *options)
{
    TMK_TRY(tmk_select_peers(options->peer));
    if (!options->no_ceilings)
        TMK_TRY(tmk_placement_bind(report->topology, &report->placements[0], 1));
    tmk_rivals_look(NULL, !options->no_ceilings, &report->rivals);
    tmk_rivals_warn(&report->rivals);
    return TMK_OK;
}

static enum tmk_status fill(struct tmk_machine_report *report, const struct options *options,
                            const int *counts, size_t n)
{
    int most = options->threads ? 1 : tmk_topology_pus(report->topology);
    for (size_t i = 0; i < n; i++)
        most = TMK_MAX(most, counts[i]);
    TMK_TRY(place(report, most));
    warn_of_oversubscription(report, most);
    if (!tmk_topology_is_real(report->topology)) {
        tmk_cli_note("This machine is drawn: nothing is bound, nothing is measured.");
        return TMK_OK;
    }
    if (!options->no_ceilings)
        TMK_TRY(measure(report, counts, n));
    return look_at_rivals(report, options);
}

static void free_report(struct tmk_machine_report *report)
{
    for (size_t i = 0; i < report->nrows; i++)
        free(report->rows[i].ran_on);
    for (size_t i = 0; i < report->nplacements; i++)
        tmk_placement_free(&report->placements[i]);
    free(report->rows);
}

static enum tmk_status show(const struct tmk_topology *topology, const struct options *options)
{
    int *counts = NULL;
    size_t n = 0;
    struct tmk_machine_report report = {.topology = topology,
                                        .bind = options->bind ? options->bind : "compact"};
    TMK_TRY(tmk_isa_select());
    TMK_TRY(tmk_parse_threads(options->threads ? options->threads : "all",
                              tmk_topology_pus(topology), &counts, &n));
    enum tmk_status status = fill(&report, options, counts, n);
    if (status == TMK_OK || status == TMK_EINTR) {
        enum tmk_status printed = print(&report, options->json);
        status = status == TMK_OK ? printed : status;
    }
    free_report(&report);
    free(counts);
    return status;
}

static enum tmk_status run(const struct options *options)
{
    if (!options->topology) {
        const struct tmk_topology *machine = tmk_this_machine();
        return machine ? show(machine, options) : TMK_EIO;
    }
    struct tmk_topology *drawn = NULL;
    TMK_TRY(tmk_topology_load(options->topology, &drawn));
    enum tmk_status status = show(drawn, options);
    tmk_topology_free(drawn);
    return status;
}

int tmk_command_machine(int argc, const char **argv)
{
    struct options options = {0};
    bool done = false;
    enum tmk_status status = parse(argc, argv, &options, &done);
    if (status == TMK_OK && !done)
        status = run(&options);
    free(options.threads);
    free(options.bind);
    free(options.topology);
    for (char **peer = options.peer; peer && *peer; peer++)
        free(*peer);
    free(options.peer);
    return tmk_cli_finish(argv[0], status);
}
