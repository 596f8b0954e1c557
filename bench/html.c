#include "html.h"

#include "text.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A data file as it is: the style sheet, the script. */
static enum tmk_status put_data(FILE *file, const char *name)
{
    char path[PATH_MAX], *text;
    TMK_TRY(tmk_data_path(name, path, sizeof path));
    TMK_TRY(tmk_read_file(path, &text));
    fputs(text, file);
    free(text);
    return TMK_OK;
}

static enum tmk_status put_picture(FILE *file, const char *run, const struct tmk_picture *picture,
                                   bool drawn)
{
    fprintf(file, "<figure id=\"%s\">", picture->file);
    if (picture->lacks)
        fprintf(file, "<p class=\"lacks\">No picture &ldquo;%s&rdquo;: %s.</p>",
                picture->kind->name, picture->lacks);
    else if (!drawn)
        fprintf(file, "<p class=\"lacks\">Not drawn: install gnuplot and run <code>tilemark "
                      "report</code> on this run.</p>");
    else {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/plots/%s.svg", run, picture->file);
        TMK_TRY(tmk_html_drawing(file, path, picture->file, picture->heading));
    }
    fputs("<figcaption>", file);
    tmk_html_text(file, picture->kind->caption);
    if (!picture->lacks)
        fprintf(file, " <span class=\"made\">plots/%s.gp, .csv</span>", picture->file);
    fputs("</figcaption></figure>\n", file);
    return TMK_OK;
}

static enum tmk_status put_pictures(FILE *file, const char *run, const char *op,
                                    const struct tmk_pictures *pictures)
{
    for (size_t i = 0; i < pictures->count; i++) {
        if (strcmp(pictures->list[i].op, op) == 0)
            TMK_TRY(put_picture(file, run, &pictures->list[i], pictures->drawn));
    }
    return TMK_OK;
}

/* "Intel Xeon, 2 cores; 2026-01-31; 1 % of samples in noisy rounds" */
static void put_facts(FILE *file, const struct tmk_run *run)
{
    const json_t *machine = json_object_get(run->manifest, "machine");
    size_t samples = 0, noisy = 0, unverified = 0;
    for (size_t i = 0; i < run->summaries.count; i++) {
        const struct tmk_cell_summary *summary = &run->summaries.cells[i];
        samples += summary->samples;
        noisy += summary->noisy;
        unverified += summary->samples > 0 && strcmp(summary->cell.status, "ok") != 0;
    }
    double share = samples ? 100.0 * (double)noisy / (double)samples : 0;
    fputs("<ul class=\"facts\"><li>", file);
    tmk_html_text(file, tmk_manifest_text(run->manifest, "machine", "cpu"));
    fprintf(file, ", %d core%s</li><li>",
            (int)json_integer_value(json_object_get(machine, "cores")),
            json_integer_value(json_object_get(machine, "cores")) == 1 ? "" : "s");
    tmk_html_text(file, tmk_manifest_text(run->manifest, "started", NULL));
    fprintf(file,
            "</li><li>%zu cells, %zu samples</li><li%s>%.1f %% of the samples in noisy rounds"
            "</li>",
            run->summaries.count, samples, share > 10 ? " class=\"warn\"" : "", share);
    if (unverified)
        fprintf(file, "<li class=\"warn\">%zu timed cells were not verified</li>", unverified);
    if (!json_object_get(run->manifest, "finished"))
        fputs("<li class=\"warn\">the run is not complete: tilemark bench --resume</li>", file);
    fputs("</ul>\n", file);
}

static void put_reading(FILE *file, const struct tmk_run *run)
{
    const json_t *settings = json_object_get(run->manifest, "settings");
    fputs("<p><b>Cell</b>: one problem, direction, implementation, data type and thread count. "
          "<b>dir</b>: fwd computes the output, bwd_d the gradient of the data, bwd_w that of the "
          "weights. <b>median</b>: of all samples, none left out; <b>CI</b>: half its 95 % "
          "confidence interval, unknown below 6 samples. <b>GFLOP/s</b>: 2 FLOP per multiply-add, "
          "padding taps counted, "
          "over the median. <b>% peak</b>: of the FMA rate measured on as many threads. <b>vs "
          "naive</b>: time of naive over this time, same threads. <b>eff.</b>: time on one thread "
          "over threads times this time. <b>FLOP/B</b>: FLOP per byte of compulsory traffic, every "
          "operand once. <b>workspace</b>: bytes needed besides the operands. <b>err/bound</b>: "
          "largest error over its bound &gamma;<sub>K</sub>&middot;|A||B|; at most 1 passes. "
          "<b>noisy</b>: samples in rounds in which the machine was disturbed.</p>\n",
          file);
    fputs("<h2>Method</h2>\n<p>Before a cell is timed, its result is held against an independent "
          "serial oracle in double precision at that very shape, direction and thread count: on "
          "small integers, where sums are exact, by equality; on reals by the error bound. Then "
          "all contestants of a problem and direction run side by side: warmed up, their number of "
          "calls calibrated, then sampled in rounds, each round in a new random order, so that a "
          "slow minute of the machine hits all alike. ",
          file);
    fprintf(file,
            "A contestant ends when its interval's half-width reaches %g %% of the median, or the "
            "time is over (%g s for a problem and direction). Caches are %s. ",
            json_number_value(json_object_get(settings, "ci")),
            json_number_value(json_object_get(settings, "time-budget")),
            strcmp(tmk_manifest_text(run->manifest, "settings", "cache"), "cold") == 0
                ? "flushed before every call"
                : "warm: operands stay where the previous call left them");
    fputs("The interval is that of order statistics (Hoefler &amp; Belli, SC&#39;15); no normal "
          "distribution is assumed. A round is noisy if a fixed register-only kernel ran 1.25 "
          "times slower than usual, or more than 2 % of its CPU time was stolen by other virtual "
          "machines. Threads are bound to CPUs before they are timed. Every sample is in "
          "samples.csv.</p>\n",
          file);
}

static void put_title(FILE *file, const struct tmk_run *run)
{
    const char *label = tmk_manifest_text(run->manifest, "label", NULL);
    const char *slash = strrchr(run->path, '/');
    tmk_html_text(file, label[0] ? label : slash && slash[1] ? slash + 1 : run->path);
}

static enum tmk_status put_head(FILE *file, const struct tmk_run *run)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
          "tilemark: ",
          file);
    put_title(file, run);
    fputs("</title>\n<style>\n", file);
    TMK_TRY(put_data(file, "plots/report.css"));
    fputs("</style></head><body>\n<header><p class=\"brand\">tilemark</p><h1>", file);
    put_title(file, run);
    fputs("</h1>\n<p class=\"question\">How far is each implementation from what this machine can "
          "do, and what stands in between?</p>\n",
          file);
    put_facts(file, run);
    fputs("</header>\n<main>\n", file);
    return TMK_OK;
}

static void put_navigation(FILE *file, const struct tmk_scene *scenes, size_t nscenes,
                           const struct tmk_chapters *chapters)
{
    fputs("<nav>", file);
    for (size_t i = 0; i < nscenes; i++)
        fprintf(file, "<a href=\"#%s\">%s</a>", scenes[i].op, scenes[i].op);
    tmk_html_chapter_links(file, chapters);
    fputs("<a href=\"#all\">all cells</a><a href=\"#missing\">left out</a>"
          "<a href=\"#reading\">how to read</a><a href=\"#machine\">machine</a></nav>\n",
          file);
}

static enum tmk_status put_page(FILE *file, const struct tmk_run *run,
                                const struct tmk_scene *scenes, size_t nscenes,
                                const struct tmk_pictures *pictures,
                                const struct tmk_chapters *chapters)
{
    TMK_TRY(put_head(file, run));
    put_navigation(file, scenes, nscenes, chapters);
    fputs("<section class=\"overviews\">\n", file);
    for (size_t i = 0; i < nscenes; i++)
        tmk_html_overview(file, &scenes[i]);
    fputs("</section>\n<p class=\"note\">vs naive: geometric mean over the layers; % of peak: "
          "median over the layers, of the measured FMA peak.</p>\n",
          file);
    for (size_t i = 0; i < nscenes; i++) {
        fprintf(file, "<h2 id=\"%s\">%s</h2>\n", scenes[i].op, scenes[i].op);
        TMK_TRY(put_pictures(file, run->path, scenes[i].op, pictures));
    }
    for (size_t i = 0; i < chapters->count; i++)
        TMK_TRY(tmk_html_chapter(file, &chapters->list[i]));
    fputs("<h2 id=\"all\">All cells</h2>\n", file);
    tmk_html_cells(file, &run->summaries);
    fputs("<h2 id=\"missing\">Left out, or not verified</h2>\n", file);
    tmk_html_missing(file, &run->summaries);
    fputs("<h2 id=\"reading\">How to read this</h2>\n", file);
    put_reading(file, run);
    fputs("<h2 id=\"machine\">Machine and program</h2>\n", file);
    tmk_html_machine(file, run->manifest);
    fputs("</main>\n<script>\n", file);
    TMK_TRY(put_data(file, "plots/report.js"));
    fputs("</script></body></html>\n", file);
    return TMK_OK;
}

static enum tmk_status write_page(FILE *file, const struct tmk_run *run,
                                  const struct tmk_scene *scenes, size_t nscenes,
                                  const struct tmk_pictures *pictures)
{
    struct tmk_chapters chapters;
    TMK_TRY(tmk_chapters_load(run->path, &chapters));
    enum tmk_status status = put_page(file, run, scenes, nscenes, pictures, &chapters);
    tmk_chapters_free(&chapters);
    return status;
}

enum tmk_status tmk_html_write(const struct tmk_run *run, const struct tmk_scene *scenes,
                               size_t nscenes, const struct tmk_pictures *pictures)
{
    char path[PATH_MAX], temporary[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/report.html", run->path);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    FILE *file = fopen(temporary, "w");
    if (!file)
        return tmk_fail(TMK_EIO, "cannot write %s: %s: check the folder's rights", path,
                        strerror(errno));
    enum tmk_status status = write_page(file, run, scenes, nscenes, pictures);
    bool failed = ferror(file) != 0;
    failed |= fclose(file) != 0;
    if (status == TMK_OK && (failed || rename(temporary, path) != 0))
        status = tmk_fail(TMK_EIO, "cannot write %s: %s: free some space", path, strerror(errno));
    if (status != TMK_OK)
        unlink(temporary);
    return status;
}
