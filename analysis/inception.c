/* tilemark inception: what 1x1 bottlenecks save, in operations and in time. */
#include "inception.h"
#include "commands.h"
#include "inception_audit.h"
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS 1.0 /* for each direction, implementation and thread count */

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...]",
    .about =
        "Compare an Inception module's naive form with the one that has 1x1 bottlenecks (Szegedy "
        "et\n"
        "al., \"Going deeper with convolutions\", CVPR 2015, figures 2a and 2b): parameters,\n"
        "multiplications, additions and activations by branch.\n"
        "\n"
        "naive:       1x1, 3x3, 5x5 side by side, and the pooled input passed on\n"
        "bottleneck:  1x1 before the 3x3 and the 5x5, and 1x1 after the pool\n"
        "\n"
        "A k x k convolution from C to K channels has K*(C*k*k + 1) parameters, takes K*C*k*k*H*W\n"
        "multiplications (padding taps counted) and, its bias added, as many additions.\n"
        "--measure times all convolutions of both forms by every implementation, verified first,\n"
        "in rounds side by side, and sets the saving in time beside the saving in operations. The\n"
        "naive loop nest alone takes most of its minutes: --impl leaves it out.\n"
        "--audit recomputes table 1 of that paper and flags what its own channels do not give.",
    .examples =
        "tilemark inception\n"
        "tilemark inception --googlenet\n"
        "tilemark inception --module 4c --mb 8\n"
        "tilemark inception --channels 192 --size 28x28 --branches 64,128,32 --reduce 96,16 "
        "--pool 32\n"
        "tilemark inception --measure --threads 1,max --out results/inception\n"
        "tilemark inception --audit",
};

struct options {
    char *channels, *size, *branches, *reduce, *pool, *mb, *module, *out;
    double seconds;
    int googlenet, audit, measure, csv;
};

/* The example's module with what the options change. */
static enum tmk_status read_module(const struct options *options, struct tmk_inception *module)
{
    size_t list[3];
    *module = tmk_inception_example;
    if (options->channels)
        TMK_TRY(tmk_parse_positive("--channels", options->channels, &module->channels));
    if (options->size)
        TMK_TRY(tmk_parse_image("--size", options->size, &module->height, &module->width));
    if (options->branches) {
        TMK_TRY(tmk_parse_list("--branches", options->branches, 3, list));
        module->c1x1 = list[0];
        module->c3x3 = list[1];
        module->c5x5 = list[2];
    }
    if (options->reduce) {
        TMK_TRY(tmk_parse_list("--reduce", options->reduce, 2, list));
        module->reduce3x3 = list[0];
        module->reduce5x5 = list[1];
    }
    if (options->pool)
        TMK_TRY(tmk_parse_positive("--pool", options->pool, &module->pool_proj));
    return TMK_OK;
}

static enum tmk_status fill(struct tmk_inception_study *study, const struct options *options)
{
    const bool shaped =
        options->channels || options->size || options->branches || options->reduce || options->pool;
    struct tmk_inception module;
    if (options->mb)
        TMK_TRY(tmk_parse_positive("--mb", options->mb, &study->mb));
    if (shaped && (options->googlenet || options->module))
        return tmk_fail(TMK_EINVAL, "--googlenet and --module bring channels, size and branches: "
                                    "leave those options out");
    if (options->googlenet || options->module)
        return tmk_study_add_googlenet(study, options->module);
    TMK_TRY(read_module(options, &module));
    return tmk_study_add(study, "module", &module);
}

static enum tmk_status print_times(const struct tmk_inception_study *study,
                                   const struct tmk_time_table *times,
                                   const struct options *options)
{
    if (options->csv)
        return tmk_times_write(times, stdout, true);
    printf("\nTime of all convolutions, one after the other, caches warm\n\n");
    TMK_TRY(tmk_times_write(times, stdout, false));
    if (!options->out)
        tmk_times_print_bars(study, times);
    return TMK_OK;
}

/* What was measured before an interruption is shown too. */
static enum tmk_status measure(const struct tmk_inception_study *study,
                               struct tmk_selection *selection, const struct options *options)
{
    struct tmk_time_table times = {0};
    TMK_TRY(tmk_select_filters(selection));
    enum tmk_status status = tmk_study_measure(study, selection, options->seconds, &times);
    enum tmk_status shown = times.count ? print_times(study, &times, options) : TMK_OK;
    if (shown == TMK_OK && options->out && (status == TMK_OK || status == TMK_EINTR))
        shown = tmk_study_draw(study, &times, options->out);
    free(times.rows);
    return status == TMK_OK ? shown : status;
}

static enum tmk_status show(const struct tmk_inception_study *study,
                            struct tmk_selection *selection, const struct options *options)
{
    if (!(options->seconds > 0))
        return tmk_fail(TMK_EINVAL, "--time: %g is no time: give seconds above 0",
                        options->seconds);
    if (!options->csv)
        TMK_TRY(tmk_study_print(study));
    else if (!options->measure)
        TMK_TRY(tmk_study_write_csv(study, stdout));
    if (options->measure)
        return measure(study, selection, options);
    return options->out ? tmk_study_draw(study, NULL, options->out) : TMK_OK;
}

static enum tmk_status run(const char **words, struct tmk_selection *selection,
                           const struct options *options, int argc, const char **argv)
{
    if (*words)
        return tmk_fail(TMK_EINVAL,
                        "'%s': inception takes options only: see tilemark inception "
                        "--help",
                        *words);
    if (options->audit)
        return tmk_audit_show(options->csv, options->out, argc, argv);
    struct tmk_inception_study study = {.mb = 1, .argc = argc, .argv = argv};
    enum tmk_status status = fill(&study, options);
    if (status == TMK_OK)
        status = show(&study, selection, options);
    tmk_study_free(&study);
    return status;
}

int tmk_command_inception(int argc, const char **argv)
{
    static struct tmk_selection selection;
    struct options options = {.seconds = SECONDS};
    const struct poptOption table[] = {
        {"channels", '\0', POPT_ARG_STRING, &options.channels, 0, "into the module (256)", "N"},
        {"size", '\0', POPT_ARG_STRING, &options.size, 0, "of its images (32x32)", "HxW"},
        {"branches", '\0', POPT_ARG_STRING, &options.branches, 0,
         "channels out of 1x1, 3x3, 5x5 (128,192,96)", "N,N,N"},
        {"reduce", '\0', POPT_ARG_STRING, &options.reduce, 0,
         "channels of the 1x1 before 3x3, 5x5 (64,64)", "N,N"},
        {"pool", '\0', POPT_ARG_STRING, &options.pool, 0, "channels of the 1x1 after the pool (64)",
         "N"},
        {"mb", '\0', POPT_ARG_STRING, &options.mb, 0, "batch size (1)", "N"},
        {"googlenet", '\0', POPT_ARG_NONE, &options.googlenet, 0, "all nine modules of GoogLeNet",
         NULL},
        {"module", '\0', POPT_ARG_STRING, &options.module, 0, "one of them: 3a, 3b, 4a, ... 5b",
         "NAME"},
        {"audit", '\0', POPT_ARG_NONE, &options.audit, 0, "recompute GoogLeNet's table 1", NULL},
        {"measure", '\0', POPT_ARG_NONE, &options.measure, 0, "time both forms", NULL},
        {"time", '\0', POPT_ARG_DOUBLE, &options.seconds, 0,
         "for each direction, implementation and thread count (1)", "SECONDS"},
        {"impl", '\0', POPT_ARG_STRING, &selection.impl, 0, "implementations to time (all)",
         "LIST"},
        {"dir", '\0', POPT_ARG_STRING, &selection.dir, 0, "directions to time (all)", "LIST"},
        {"threads", '\0', POPT_ARG_STRING, &selection.threads, 0,
         "to time on, as in 1,2,4 or 1,max (all: 1, 2, 4, ... max)", "LIST"},
        {"bind", '\0', POPT_ARG_STRING, &selection.bind, 0,
         "where threads run: compact, scatter, none, or CPUs (compact)", "POLICY"},
        {"seed", '\0', POPT_ARG_INT, &selection.seed, 0, "of the random operands (0)", "N"},
        {"csv", '\0', POPT_ARG_NONE, &options.csv, 0, "print the counts, times or audit as CSV",
         NULL},
        {"out", '\0', POPT_ARG_STRING, &options.out, 0,
         "leave tables, pictures and a chapter of the report in this folder", "DIR"},
        POPT_TABLEEND,
    };
    poptContext context;
    const char **words;
    bool done;
    enum tmk_status status = tmk_cli_parse(argc, argv, table, &usage, &context, &words, &done);
    if (status == TMK_OK && !done)
        status = run(words, &selection, &options, argc, argv);
    char *const texts[] = {options.channels, options.size, options.branches, options.reduce,
                           options.pool,     options.mb,   options.module,   options.out};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    tmk_select_free(&selection);
    poptFreeContext(context);
    return tmk_cli_finish(argv[0], status);
}
