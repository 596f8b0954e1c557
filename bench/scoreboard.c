/* tilemark scoreboard: runs held against the goals that this suite has set itself. */
#include "commands.h"

#include "cli.h"
#include "folder.h"
#include "score.h"
#include "table.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 20 /* cells under a floor, of each goal */

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] RUN...",
    .about =
        "Hold runs against the goals that this suite has set itself, and print a table: for each\n"
        "kind of work the goal, what was measured, the floor for any single cell, and the cells\n"
        "under it. `bench/sets/scoreboard` makes the runs that it takes and calls this.\n"
        "\n"
        "Against rivals the measure is the rival's time over ours, above 1 is faster: in each "
        "cell\n"
        "the median over the rounds in which both were sampled, over all cells the geometric\n"
        "mean. A cell is a problem, direction and thread count; a problem that stands in several\n"
        "networks counts once. `best` is the fastest of all rivals that took part in that cell.\n"
        "Two threads against one: time on one over time on two, of cells of over 50 MFLOP.\n"
        "FMA peak: in percent of `fma`, which took turns. Workspace: the most of any cell.\n"
        "Floors hold for cells of over 10 MFLOP. f32, NCHW or rows, and warm caches count.\n"
        "\n"
        "With --out, DIR gets the same as scoreboard.txt, and every cell in cells.csv.\n"
        "Exit code 0 whether goals are met or not; 2, 3: something is no run.",
    .examples = "bench/sets/scoreboard --quick\n"
                "tilemark scoreboard results/scoreboard/*/\n"
                "tilemark scoreboard --out /tmp/score results/mine",
};

static const char *unit(const struct tmk_goal *goal)
{
    static const char *const units[] = {[TMK_AGAINST_RIVALS] = "",
                                        [TMK_AGAINST_PEAK] = " %",
                                        [TMK_AGAINST_ONE_THREAD] = "",
                                        [TMK_WORKSPACE] = " MiB"};
    return units[goal->measure];
}

static char *number(const struct tmk_goal *goal, double value, char *buf, size_t size)
{
    const bool ratio = !unit(goal)[0];
    snprintf(buf, size, ratio ? "%.2f%s" : "%.3g%s", value, unit(goal));
    return buf;
}

/* "onednn_winograd, else best" */
static const char *opponent(const struct tmk_goal *goal, char *buf, size_t size)
{
    static const char *const words[] = {[TMK_AGAINST_PEAK] = "FMA peak",
                                        [TMK_AGAINST_ONE_THREAD] = "one thread",
                                        [TMK_WORKSPACE] = "per thread"};
    if (goal->measure != TMK_AGAINST_RIVALS)
        return words[goal->measure];
    snprintf(buf, size, "%s%s%s", goal->rivals[0], goal->rivals[1] ? ", else " : "",
             goal->rivals[1] ? goal->rivals[1] : "");
    return buf;
}

static void add_row(struct tmk_table *table, const struct tmk_score *score)
{
    const struct tmk_goal *goal = score->goal;
    const bool most = goal->measure == TMK_WORKSPACE;
    char text[64];
    tmk_table_cell(table, "%s", goal->work);
    tmk_table_cell(table, "%s", goal->ours);
    tmk_table_cell(table, "%s", opponent(goal, text, sizeof text));
    tmk_table_cell(table, "%s %s", most ? "<=" : ">=", number(goal, goal->goal, text, sizeof text));
    tmk_table_cell(table, "%s", score->count ? number(goal, score->mean, text, sizeof text) : "-");
    tmk_table_cell(table, "%s", most ? "-" : number(goal, goal->floor, text, sizeof text));
    tmk_table_cell(table, "%s",
                   isfinite(score->worst) && !most ? number(goal, score->worst, text, sizeof text)
                                                   : "-");
    tmk_table_cell(table, "%zu", score->count);
    tmk_table_cell(table, "%zu", score->below);
    tmk_table_cell(table, "%s",
                   !score->count             ? "not measured"
                   : tmk_score_is_met(score) ? "met"
                                             : "MISSED");
}

static enum tmk_status print_table(const struct tmk_scores *scores, FILE *out)
{
    static const struct tmk_column columns[] = {
        {"work", false}, {"ours", false}, {"against", false}, {"goal", true},  {"measured", true},
        {"floor", true}, {"worst", true}, {"cells", true},    {"under", true}, {"goal is", false}};
    struct tmk_table table = TMK_TABLE(columns);
    for (size_t i = 0; i < scores->count; i++)
        add_row(&table, &scores->list[i]);
    return tmk_table_print(&table, out, false);
}

static void print_scored(const struct tmk_score *score, const struct tmk_scored *s, FILE *out)
{
    const struct tmk_cell *cell = &s->cell;
    char value[32], lo[32], hi[32];
    fprintf(out, "  %s", number(score->goal, s->value, value, sizeof value));
    if (s->rounds)
        fprintf(out, " (%s to %s)", number(score->goal, s->lo, lo, sizeof lo),
                number(score->goal, s->hi, hi, sizeof hi));
    fprintf(out, "  %s:%s%s%s %s on %d: %.4g GFLOP/s", cell->op, cell->problem,
            cell->name[0] ? " " : "", cell->name, cell->dir, cell->threads,
            cell->flops / s->our_s / 1e9);
    if (s->other[0])
        fprintf(out, ", %s %.4g", s->other, cell->flops / s->other_s / 1e9);
    fputc('\n', out);
}

/* The cells under the floor, and what keeps the row from being the whole truth. */
static void print_outliers(const struct tmk_score *score, FILE *out)
{
    const struct tmk_goal *goal = score->goal;
    size_t shown = 0;
    char text[64];
    if (score->below + score->unverified + score->unopposed == 0)
        return;
    fprintf(out, "\n%s, %s against %s\n", goal->work, goal->ours,
            opponent(goal, text, sizeof text));
    for (size_t i = 0; i < score->count && shown < SHOWN; i++) {
        if (tmk_score_is_below(score, &score->cells[i])) {
            print_scored(score, &score->cells[i], out);
            shown++;
        }
    }
    if (score->below > shown)
        fprintf(out, "  and %zu more: --out writes all into cells.csv\n", score->below - shown);
    if (score->unverified)
        fprintf(out, "  results not verified: %zu cells\n", score->unverified);
    if (score->unopposed)
        fprintf(out, "  left out, nobody to compare with: %zu cells\n", score->unopposed);
}

static const char *word(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "";
}

/* Where the numbers come from. */
static void print_run(const struct tmk_run *run, FILE *out)
{
    const json_t *rivals = json_object_get(run->manifest, "rivals"), *rival;
    size_t i;
    fprintf(out, "%s: %zu cells, %s, tilemark %s, %s; rivals: ", run->path, run->summaries.count,
            tmk_manifest_text(run->manifest, "started", NULL),
            tmk_manifest_text(run->manifest, "program", "commit"),
            tmk_manifest_text(run->manifest, "machine", "cpu"));
    json_array_foreach(rivals, i, rival)
    {
        fprintf(out, "%s%s %s", i ? ", " : "", word(rival, "version"), word(rival, "kernel"));
    }
    fprintf(out, "%s\n", json_array_size(rivals) ? "" : "none is installed");
}

static void print_score(const struct tmk_score *score, FILE *out)
{
    for (size_t i = 0; i < score->count; i++) {
        const struct tmk_scored *s = &score->cells[i];
        const struct tmk_cell *cell = &s->cell;
        fprintf(out, "\"%s\",%s,%s,%s,%s,%s,%d,%.6g,%s,%.5g,%.5g,%.5g,%zu,%.6g,%.6g,%d,\"%s\"\n",
                score->goal->work, cell->op, cell->problem, cell->name, cell->dir, cell->impl,
                cell->threads, cell->flops / 1e6, s->other, s->value, s->lo, s->hi, s->rounds,
                s->our_s, s->other_s, tmk_score_is_below(score, s), cell->status);
    }
}

static enum tmk_status write_files(const struct tmk_scores *scores, const char *folder,
                                   const char *text)
{
    FILE *file;
    TMK_TRY(tmk_folder_make(folder));
    TMK_TRY(tmk_folder_create(folder, "scoreboard", "txt", &file));
    fputs(text, file);
    TMK_TRY(tmk_folder_close(file, "scoreboard.txt"));
    TMK_TRY(tmk_folder_create(folder, "cells", "csv", &file));
    fputs("work,op,problem,name,dir,ours,threads,mflop,against,value,ci_lo,ci_hi,rounds,our_s,"
          "other_s,under_floor,status\n",
          file);
    for (size_t i = 0; i < scores->count; i++)
        print_score(&scores->list[i], file);
    return tmk_folder_close(file, "cells.csv");
}

/* All that is printed, as one text. */
static enum tmk_status add_runs(struct tmk_scores *scores, const char **paths, FILE *out)
{
    for (; *paths; paths++) {
        struct tmk_run run;
        TMK_TRY(tmk_run_load(*paths, &run));
        enum tmk_status status = tmk_scores_add(scores, &run);
        print_run(&run, out);
        tmk_run_free(&run);
        TMK_TRY(status);
    }
    TMK_TRY(tmk_scores_finish(scores));
    fputc('\n', out);
    TMK_TRY(print_table(scores, out));
    for (size_t i = 0; i < scores->count; i++)
        print_outliers(&scores->list[i], out);
    return TMK_OK;
}

static enum tmk_status scoreboard(const char **paths, const char *folder)
{
    struct tmk_scores scores;
    char *text = NULL;
    size_t size;
    if (!*paths)
        return tmk_fail(TMK_EINVAL, "give runs: tilemark scoreboard results/NAME, or let "
                                    "bench/sets/scoreboard make them");
    TMK_TRY(tmk_scores_make(&scores));
    FILE *out = open_memstream(&text, &size);
    enum tmk_status status =
        out ? add_runs(&scores, paths, out) : tmk_fail(TMK_ENOMEM, "no memory for the scoreboard");
    if (out && fclose(out) != 0 && status == TMK_OK)
        status = tmk_fail(TMK_ENOMEM, "no memory for the scoreboard");
    if (status == TMK_OK)
        fputs(text, stdout);
    if (status == TMK_OK && folder)
        status = write_files(&scores, folder, text);
    free(text);
    tmk_scores_free(&scores);
    return status;
}

int tmk_command_scoreboard(int argc, const char **argv)
{
    char *folder = NULL;
    const struct poptOption options[] = {
        {"out", 'o', POPT_ARG_STRING, &folder, 0, "write scoreboard.txt and cells.csv there",
         "DIR"},
        POPT_TABLEEND,
    };
    poptContext context;
    const char **rest;
    bool done;
    enum tmk_status status = tmk_cli_parse(argc, argv, options, &usage, &context, &rest, &done);
    if (status == TMK_OK && !done)
        status = scoreboard(rest, folder);
    poptFreeContext(context);
    free(folder);
    return tmk_cli_finish(argv[0], status);
}
