/* tilemark bench: time implementations side by side and record a run. */
#include "commands.h"

#include "folder.h"
#include "manifest.h"
#include "rivals.h"
#include "rundir.h"
#include "size.h"
#include "sweep.h"
#include "text.h"
#include "version.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] [OP:DESCRIPTOR...]",
    .about =
        "Time every chosen implementation, direction and thread count of every chosen problem,\n"
        "side by side, and record a run: a folder with samples.csv (every sample), summary.csv,\n"
        "manifest.json, topology.xml, plots/ and report.html. Without a problem: the set `quick`.\n"
        "\n"
        "A cell is verified against the oracle at its very shape and thread count, then timed. Of\n"
        "calls of over --verify-gflop, random sums of the results are compared in place of each\n"
        "(R. Freivalds, IFIP 1977): a wrong element shows in its sum.\n"
        "All cells of a problem and direction take turns in random order, round by round, until\n"
        "the 95 % confidence interval of the median is within --ci percent either way, or\n"
        "--time-budget seconds are over; that time is for all of them together, verification is\n"
        "not in it. Calls too long for it are sampled --rounds times all the same.\n"
        "Warm caches: operands stay where the previous call left them. Cold: before every call,\n"
        "all threads write through a buffer of twice the last-level cache.\n"
        "GFLOP/s: 2 FLOP per multiply-add, padding taps counted. % peak: of the FMA peak measured\n"
        "on as many threads before and after the sweep. `--impl blocked,fma` lets a matmul take\n"
        "turns with its multiply-adds alone, in registers: the peak of the same minute.\n"
        "Ctrl-C keeps what was measured; --resume goes on.\n"
        "Exit code 1: a result was wrong; 3: a folder cannot be written, or gnuplot is missing; "
        "4:\n"
        "memory does not suffice for any cell; 130: interrupted.",
    .examples = "tilemark bench\n"
                "tilemark bench --set resnet50 --dir fwd --impl im2col,blocked --threads 1,2\n"
                "tilemark bench 'matmul:1024x1024:1024x1024' --ci 1 --out results/mine\n"
                "tilemark bench --set vgg16 --dry-run\n"
                "tilemark bench --resume results/mine",
};

static struct tmk_settings settings = {.budget_s = 3, .ci_percent = 2, .verify_gflop = 2};

static const struct poptOption *options(void)
{
    static struct poptOption own[] = {
        {"out", 'o', POPT_ARG_STRING, &settings.out, 0,
         "folder of the run (default: results/TIME-LABEL)", "DIR"},
        {"label", 0, POPT_ARG_STRING, &settings.label, 0,
         "name of the run (default: this machine's)", "NAME"},
        {"time-budget", 0, POPT_ARG_DOUBLE, &settings.budget_s, 0,
         "for a problem and direction, all cells together (default: 3)", "SECONDS"},
        {"ci", 0, POPT_ARG_DOUBLE, &settings.ci_percent, 0,
         "half-width of the confidence interval to reach (default: 2)", "PERCENT"},
        {"rounds", 0, POPT_ARG_INT, &settings.rounds, 0,
         "take at least so many samples of a cell, however long they take (default: 1)", "N"},
        {"cache", 0, POPT_ARG_STRING, &settings.cache, 0, "caches before a call (default: warm)",
         "warm|cold"},
        {"verify-gflop", 0, POPT_ARG_DOUBLE, &settings.verify_gflop, 0,
         "verify larger calls by random sums of their results (default: 2)", "X"},
        {"dry-run", 'n', POPT_ARG_NONE, &settings.dry_run, 0,
         "print cells, time and memory needed; measure nothing", NULL},
        {"resume", 0, POPT_ARG_STRING, &settings.resume, 0,
         "go on with an interrupted run, as it was begun", "RUN"},
        {"no-report", 0, POPT_ARG_NONE, &settings.no_report, 0, "make no pictures, no report.html",
         NULL},
        {"run-file", 0, POPT_ARG_STRING, &settings.run_file, 0,
         "write the run's folder into FILE once all is measured, for scripts", "FILE"},
        {"quiet", 'q', POPT_ARG_NONE, &settings.quiet, 0,
         "print neither results nor where they are, only progress and what went wrong", NULL},
        POPT_TABLEEND,
    };
    static struct poptOption table[3];
    const struct poptOption selection = TMK_SELECT_OPTIONS(&settings.selection);
    const struct poptOption mine = {NULL, '\0', POPT_ARG_INCLUDE_TABLE, own, 0, "Measuring:", NULL};
    table[0] = selection;
    table[1] = mine;
    table[2] = (struct poptOption)POPT_TABLEEND;
    return table;
}

/* A bench while it runs. */
struct bench {
    char folder[PATH_MAX];
    struct tmk_plan plan;
    struct tmk_machine_report machine;
    struct tmk_samples *samples;
    struct tmk_rows earlier;
    json_t *manifest;
};

/* results/20260131-120000-LABEL, the label without what a path or shell would mistake. */
static void default_folder(char *folder, size_t size)
{
    char host[64] = "", name[64], stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &utc);
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s", settings.label ? settings.label : host);
    for (char *c = name; *c; c++)
        *c = isalnum((unsigned char)*c) || strchr("._-", *c) ? *c : '-';
    snprintf(folder, size, "results/%s-%s", stamp, name);
}

static int most_threads(void)
{
    int most = 1;
    for (size_t i = 0; i < settings.selection.nthreads; i++)
        most = TMK_MAX(most, settings.selection.thread_counts[i]);
    return most;
}

static enum tmk_status place(struct bench *bench)
{
    struct tmk_machine_report *machine = &bench->machine;
    machine->topology = tmk_this_machine();
    if (!machine->topology)
        return TMK_EIO;
    machine->bind = settings.selection.bind;
    machine->policies[0] = machine->bind;
    TMK_TRY(tmk_placement_make(machine->topology, machine->bind, most_threads(),
                               &machine->placements[0]));
    machine->nplacements = 1;
    if (machine->placements[0].oversubscribed)
        tmk_cli_warn("%d threads share fewer CPUs with --bind %s and wait for one another: choose "
                     "--threads up to %d",
                     most_threads(), machine->bind, tmk_topology_pus(machine->topology));
    return TMK_OK;
}

static void forget_ceilings(struct tmk_machine_report *machine)
{
    for (size_t i = 0; i < machine->nrows; i++)
        free(machine->rows[i].ran_on);
    free(machine->rows);
    machine->rows = NULL;
    machine->nrows = 0;
}

static enum tmk_status measure_ceilings(struct tmk_machine_report *machine)
{
    const struct tmk_selection *selection = &settings.selection;
    forget_ceilings(machine);
    machine->rows = calloc(selection->nthreads, sizeof *machine->rows);
    if (!machine->rows)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu thread counts", selection->nthreads);
    for (size_t i = 0; i < selection->nthreads; i++) {
        int threads = selection->thread_counts[i];
        struct tmk_machine_row *row = &machine->rows[i];
        if (tmk_cli_interrupted)
            return tmk_fail(TMK_EINTR, "interrupted while ceilings were measured");
        tmk_cli_note("measuring ceilings on %d thread%s", threads, threads == 1 ? "" : "s");
        TMK_TRY(tmk_placement_bind(machine->topology, &machine->placements[0], threads));
        TMK_TRY(tmk_ceilings_measure(machine->topology, threads, &row->ceilings));
        row->ran_on = calloc((size_t)threads, sizeof *row->ran_on);
        if (!row->ran_on)
            return tmk_fail(TMK_ENOMEM, "no memory for %d threads", threads);
        tmk_placement_actual(machine->topology, threads, row->ran_on);
        machine->nrows++;
    }
    return TMK_OK;
}

/* Measure the ceilings once more and keep the higher ones: a neighbour's load at either end of the
 * run must not make its results look better than the machine. */
static enum tmk_status raise_ceilings(struct bench *bench)
{
    struct tmk_ceilings *before;
    size_t count;
    TMK_TRY(measure_ceilings(&bench->machine));
    TMK_TRY(tmk_manifest_ceilings(bench->manifest, &before, &count));
    for (size_t i = 0; i < bench->machine.nrows; i++) {
        for (size_t k = 0; k < count; k++)
            tmk_ceilings_raise(&bench->machine.rows[i].ceilings, &before[k]);
    }
    free(before);
    json_t *machine = tmk_machine_json(&bench->machine);
    return json_object_set_new(bench->manifest, "machine", machine) == 0
               ? TMK_OK
               : tmk_fail(TMK_ENOMEM, "no memory for the manifest");
}

static void bench_free(struct bench *bench)
{
    tmk_plan_free(&bench->plan);
    forget_ceilings(&bench->machine);
    for (size_t i = 0; i < bench->machine.nplacements; i++)
        tmk_placement_free(&bench->machine.placements[i]);
    tmk_rows_free(&bench->earlier);
    json_decref(bench->manifest);
}

/* On one thread, bound as those that are timed. */
static enum tmk_status look_at_rivals(struct bench *bench, json_t **json)
{
    struct tmk_rivals rivals;
    TMK_TRY(tmk_placement_bind(bench->machine.topology, &bench->machine.placements[0], 1));
    tmk_rivals_look(&settings.selection, true, &rivals);
    tmk_rivals_warn(&rivals);
    *json = tmk_rivals_json(&rivals);
    return *json ? TMK_OK : tmk_fail(TMK_ENOMEM, "no memory for the manifest");
}

/* The folder, and all that is in it before the first sample. */
static enum tmk_status begin_run(struct bench *bench, int argc, const char **argv)
{
    char path[PATH_MAX + 16];
    json_t *rivals;
    if (settings.out)
        snprintf(bench->folder, sizeof bench->folder, "%s", settings.out);
    else
        default_folder(bench->folder, sizeof bench->folder);
    TMK_TRY(tmk_folder_make(bench->folder));
    snprintf(path, sizeof path, "%s/samples.csv", bench->folder);
    if (access(path, F_OK) == 0)
        return tmk_fail(TMK_EINVAL,
                        "%s holds a run already: choose another --out, or go on with "
                        "--resume %s",
                        bench->folder, bench->folder);
    TMK_TRY(tmk_samples_open(path, &bench->samples));
    TMK_TRY(measure_ceilings(&bench->machine));
    TMK_TRY(look_at_rivals(bench, &rivals));
    TMK_TRY(tmk_manifest_describe(argc, argv, &bench->machine, &bench->manifest));
    json_object_set_new(bench->manifest, "rivals", rivals);
    json_object_set_new(bench->manifest, "label",
                        json_string(settings.label ? settings.label : ""));
    json_object_set_new(bench->manifest, "settings", tmk_settings_to_json(&settings));
    TMK_TRY(tmk_manifest_write(bench->folder, bench->manifest));
    snprintf(path, sizeof path, "%s/topology.xml", bench->folder);
    return tmk_topology_export_xml(bench->machine.topology, path);
}

/* Is this the machine, and the program, that the run was begun with? */
static enum tmk_status check_resumed(struct bench *bench, int argc, const char **argv)
{
    json_t *here;
    TMK_TRY(tmk_manifest_describe(argc, argv, &bench->machine, &here));
    enum tmk_status status = tmk_manifest_same_machine(bench->manifest, here);
    if (status == TMK_OK &&
        strcmp(tmk_manifest_text(bench->manifest, "program", "commit"), TMK_COMMIT) != 0)
        tmk_cli_warn("the run was begun with commit %s, this is %s: times may not be comparable",
                     tmk_manifest_text(bench->manifest, "program", "commit"), TMK_COMMIT);
    json_decref(here);
    return status;
}

static enum tmk_status reopen_run(struct bench *bench, int argc, const char **argv)
{
    char path[PATH_MAX + 16];
    TMK_TRY(check_resumed(bench, argc, argv));
    snprintf(path, sizeof path, "%s/samples.csv", bench->folder);
    TMK_TRY(tmk_samples_read(path, &bench->earlier));
    return tmk_samples_open(path, &bench->samples);
}

/* For scripts: the folder's name in a file. */
static enum tmk_status tell_folder(const char *folder)
{
    if (!settings.run_file)
        return TMK_OK;
    FILE *file = fopen(settings.run_file, "w");
    bool written = file && fprintf(file, "%s\n", folder) > 0;
    written = file && fclose(file) == 0 && written;
    return written ? TMK_OK
                   : tmk_fail(TMK_EIO, "--run-file: cannot write %s: %s: name another file",
                              settings.run_file, strerror(errno));
}

/* Table, summary and report of what there is. */
static enum tmk_status conclude(const struct bench *bench, bool report)
{
    struct tmk_run run;
    TMK_TRY(tmk_run_load(bench->folder, &run));
    if (!settings.quiet)
        tmk_run_print(&run);
    enum tmk_status status = tmk_run_write_summary(&run);
    if (status == TMK_OK && report)
        status = tmk_run_report(&run);
    if (!settings.quiet)
        tmk_cli_note("%s%s", bench->folder, report && status == TMK_OK ? "/report.html" : "");
    tmk_run_free(&run);
    return status;
}

static enum tmk_status judge(const struct tmk_sweep_tally *tally)
{
    if (tally->skipped)
        tmk_cli_note("%zu cells skipped; the first: %s", tally->skipped, tally->refusal);
    if (tally->unverified)
        tmk_cli_note("%zu cells timed but not verified", tally->unverified);
    if (tally->wrong)
        return tmk_fail(TMK_ECHECK,
                        "%zu cells gave wrong results and were not timed: see their "
                        "status in samples.csv",
                        tally->wrong);
    if (tally->too_large && tally->timed + tally->kept == 0)
        return tmk_fail(TMK_ENOMEM, "nothing could be timed: %s: choose smaller problems or --mb",
                        tally->refusal);
    return TMK_OK;
}

static enum tmk_status sweep_and_conclude(struct bench *bench)
{
    struct tmk_sweep_tally tally;
    struct tmk_sweep sweep = {
        .settings = &settings,
        .plan = &bench->plan,
        .placement = &bench->machine.placements[0],
        .samples = bench->samples,
        .earlier = settings.resume ? &bench->earlier : NULL,
        .finished = json_object_get(bench->manifest, "finished") != NULL,
    };
    enum tmk_status status = tmk_sweep_run(&sweep, &tally);
    enum tmk_status closed = tmk_samples_close(bench->samples);
    bench->samples = NULL;
    if (status == TMK_OK)
        status = closed;
    if (status == TMK_EINTR) {
        conclude(bench, false);
        return tmk_fail(TMK_EINTR,
                        "interrupted: %zu cells are done; resume with: tilemark bench "
                        "--resume %s",
                        tally.timed + tally.kept, bench->folder);
    }
    TMK_TRY(status);
    TMK_TRY(raise_ceilings(bench));
    char now[32];
    json_object_set_new(bench->manifest, "finished", json_string(tmk_utc_now(now, sizeof now)));
    TMK_TRY(tmk_manifest_write(bench->folder, bench->manifest));
    TMK_TRY(tell_folder(bench->folder));
    enum tmk_status concluded = conclude(bench, !settings.no_report);
    char reason[512];
    snprintf(reason, sizeof reason, "%s", concluded == TMK_OK ? "" : tmk_message());
    TMK_TRY(judge(&tally));
    return concluded == TMK_OK ? TMK_OK : tmk_fail(concluded, "%s", reason);
}

static enum tmk_status bench_run(struct bench *bench, const struct tmk_settings *defaults, int argc,
                                 const char **argv)
{
    TMK_TRY(tmk_settings_check(&settings));
    TMK_TRY(tmk_isa_select());
    if (settings.resume) {
        snprintf(bench->folder, sizeof bench->folder, "%s", settings.resume);
        TMK_TRY(tmk_manifest_read(bench->folder, &bench->manifest));
        TMK_TRY(
            tmk_settings_resume(&settings, json_object_get(bench->manifest, "settings"), defaults));
    }
    TMK_TRY(tmk_select_resolve(&settings.selection, settings.descriptors, TMK_DEFAULT_SET));
    if (settings.selection.list.nskips)
        tmk_cli_note("%zu entries left out: `tilemark list` with the same options says why",
                     settings.selection.list.nskips);
    TMK_TRY(tmk_plan_make(&settings, &bench->plan));
    TMK_TRY(place(bench));
    if (settings.dry_run) {
        tmk_plan_print(&bench->plan, &settings);
        return TMK_OK;
    }
    tmk_cli_catch_interrupt();
    TMK_TRY(settings.resume ? reopen_run(bench, argc, argv) : begin_run(bench, argc, argv));
    return sweep_and_conclude(bench);
}

int tmk_command_bench(int argc, const char **argv)
{
    const struct tmk_settings defaults = settings;
    struct bench bench = {.folder = ""};
    poptContext context;
    bool done;
    enum tmk_status status =
        tmk_cli_parse(argc, argv, options(), &usage, &context, &settings.descriptors, &done);
    if (status == TMK_OK && !done)
        status = bench_run(&bench, &defaults, argc, argv);
    int code = tmk_cli_finish(argv[0], status);
    if (bench.samples)
        tmk_samples_close(bench.samples);
    bench_free(&bench);
    tmk_settings_free(&settings);
    poptFreeContext(context);
    return code;
}
