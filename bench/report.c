/* tilemark report: summary, pictures and report.html from the samples of a run. */
#include "commands.h"

#include "cli.h"
#include "html.h"
#include "sets.h"

#include <stdlib.h>
#include <string.h>

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] RUN",
    .about =
        "Make summary.csv, plots/ and report.html of a run from its samples.csv and\n"
        "manifest.json; nothing is timed again. Every picture lies in plots/ with the gnuplot\n"
        "script that draws it and the table that the script reads, so that\n"
        "`cd RUN/plots && gnuplot conv2d-time.gp` draws it again.\n"
        "Exit code 3: RUN is no run, or gnuplot is missing (all but the pictures is made).",
    .examples = "tilemark report results/mine",
};

/* A scene for every op that the run has measured; *count of them. */
static enum tmk_status make_scenes(const struct tmk_run *run, struct tmk_scene **out, size_t *count)
{
    size_t ops = 0;
    while (tmk_ops[ops])
        ops++;
    *count = 0;
    *out = calloc(ops, sizeof **out);
    if (!*out)
        return tmk_fail(TMK_ENOMEM, "no memory for the report");
    for (size_t i = 0; i < ops; i++) {
        struct tmk_scene *scene = &(*out)[*count];
        TMK_TRY(tmk_scene_make(&run->summaries, tmk_ops[i]->name, run->ceilings, run->nceilings,
                               scene));
        if (scene->nlayers > 0)
            ++*count;
        else
            tmk_scene_free(scene);
    }
    return TMK_OK;
}

enum tmk_status tmk_run_report(const struct tmk_run *run)
{
    struct tmk_scene *scenes = NULL;
    struct tmk_pictures pictures = {0};
    size_t count = 0;
    enum tmk_status drawn = TMK_OK, status = make_scenes(run, &scenes, &count);
    if (status == TMK_OK) {
        drawn = tmk_pictures_make(run->path, scenes, count, &pictures);
        char reason[256];
        snprintf(reason, sizeof reason, "%s", drawn == TMK_OK ? "" : tmk_message());
        status = tmk_html_write(run, scenes, count, &pictures);
        if (status == TMK_OK && drawn != TMK_OK)
            status = tmk_fail(drawn, "%s", reason);
    }
    tmk_pictures_free(&pictures);
    for (size_t i = 0; i < count; i++)
        tmk_scene_free(&scenes[i]);
    free(scenes);
    return status;
}

static enum tmk_status report(const char *path)
{
    struct tmk_run run;
    TMK_TRY(tmk_run_load(path, &run));
    enum tmk_status status = tmk_run_write_summary(&run);
    if (status == TMK_OK)
        status = tmk_run_report(&run);
    if (status == TMK_OK)
        printf("%s/report.html\n", path);
    tmk_run_free(&run);
    return status;
}

int tmk_command_report(int argc, const char **argv)
{
    static const struct poptOption options[] = {POPT_TABLEEND};
    poptContext context;
    const char **rest;
    bool done;
    enum tmk_status status = tmk_cli_parse(argc, argv, options, &usage, &context, &rest, &done);
    if (status == TMK_OK && !done) {
        if (!rest[0] || rest[1])
            status = tmk_fail(TMK_EINVAL, "give one run: tilemark report results/NAME");
        else
            status = report(rest[0]);
    }
    poptFreeContext(context);
    return tmk_cli_finish(argv[0], status);
}
