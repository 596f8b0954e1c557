/* What `tilemark train` shows: memory of a step, where its time goes, curves of loss and accuracy.
 */
#include "train.h"

#include "alloc.h"
#include "chapter.h"
#include "cli.h"
#include "folder.h"
#include "plot.h"
#include "table.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHAPTER_PLACE 80
#define SHOWN_ROWS 28 /* of the picture of times, the longest ones */

static const char curves[] = "train-curves", times[] = "train-time";

/* -- memory -- */

enum tmk_status tmk_train_print_memory(const struct tmk_trainer *t)
{
    const struct tmk_train_memory memory = tmk_trainer_memory(t);
    const struct tmk_graph_memory *graph = &memory.graph;
    const struct {
        const char *what;
        size_t bytes;
    } parts[] = {{"images and labels", memory.data},
                 {"a batch of them", memory.batch},
                 {"parameters", memory.parameters},
                 {"optimiser", memory.optimiser},
                 {"values", graph->values},
                 {"kept for backward", graph->saved},
                 {"gradients", graph->gradients},
                 {"workspace", graph->workspace},
                 {"all", memory.total}};
    static const struct tmk_column columns[] = {{"memory", false}, {"bytes", true}, {"", true}};
    struct tmk_table table = TMK_TABLE(columns);
    char text[32];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        tmk_table_cell(&table, "%s", parts[i].what);
        tmk_table_cell(&table, "%zu", parts[i].bytes);
        tmk_table_cell(&table, "%s", tmk_format_bytes(text, sizeof text, (double)parts[i].bytes));
    }
    printf("%s, %zu images in batches of %zu, %s, %d thread%s\n%sFLOP a step\n\n", t->net.name,
           t->data.count, t->model.batch, tmk_dtype_name[t->options.dtype], t->options.threads,
           t->options.threads > 1 ? "s" : "",
           tmk_format_count(text, sizeof text, tmk_model_flops(&t->model)));
    TMK_TRY(tmk_table_print(&table, stdout, false));
    TMK_TRY(tmk_trainer_check_memory(t));
    printf("\nIt fits: %s are free.\n",
           tmk_format_bytes(text, sizeof text, (double)tmk_memory_available()));
    return TMK_OK;
}

/* -- where time goes -- */

static double row_seconds(const struct tmk_profile_row *row)
{
    return row->seconds[0] + row->seconds[1];
}

/* The rows summed by operator; the caller frees them. */
static enum tmk_status sum_by_operator(const struct tmk_profile *profile, struct tmk_profile *out)
{
    *out = (struct tmk_profile){.seconds = profile->seconds, .steps = profile->steps};
    for (size_t i = 0; i < profile->count; i++) {
        const struct tmk_profile_row *row = &profile->rows[i];
        TMK_TRY(tmk_profile_add(out, "", row->operator, row->seconds[0]));
        size_t at = 0;
        while (strcmp(out->rows[at].operator, row->operator) != 0)
            at++;
        out->rows[at].seconds[1] += row->seconds[1];
        for (int pass = 0; pass < 2; pass++) {
            out->rows[at].kernel_seconds[pass] += row->kernel_seconds[pass];
            out->rows[at].flops[pass] += row->flops[pass];
        }
    }
    return TMK_OK;
}

static int by_time(const void *a, const void *b)
{
    double x = row_seconds(a), y = row_seconds(b);
    return (x < y) - (x > y);
}

/* A number, or nothing where there is none. */
static void number_cell(struct tmk_table *table, bool known, const char *format, double value)
{
    char text[32] = "";
    if (known)
        snprintf(text, sizeof text, format, value);
    tmk_table_cell(table, "%s", text);
}

static enum tmk_status print_times(const struct tmk_profile *profile)
{
    static const struct tmk_column columns[] = {{"operator", false},  {"forward", true},
                                                {"backward", true},   {"share", true},
                                                {"in kernels", true}, {"GFLOP/s", true}};
    struct tmk_table table = TMK_TABLE(columns);
    struct tmk_profile sums;
    char text[32];
    enum tmk_status status = sum_by_operator(profile, &sums);
    double steps = (double)sums.steps;
    if (status == TMK_OK && sums.count > 0)
        qsort(sums.rows, sums.count, sizeof *sums.rows, by_time);
    for (size_t i = 0; i < sums.count && status == TMK_OK; i++) {
        const struct tmk_profile_row *row = &sums.rows[i];
        double flops = row->flops[0] + row->flops[1];
        double kernels = row->kernel_seconds[0] + row->kernel_seconds[1];
        tmk_table_cell(&table, "%s", row->operator);
        for (int pass = 0; pass < 2; pass++)
            tmk_table_cell(&table, "%s",
                           tmk_format_seconds(text, sizeof text, row->seconds[pass] / steps));
        tmk_table_cell(&table, "%.1f %%", 100 * row_seconds(row) / sums.seconds);
        number_cell(&table, kernels > 0, "%.1f %%", 100 * kernels / row_seconds(row));
        number_cell(&table, flops > 0, "%.3g", flops / row_seconds(row) / 1e9);
    }
    tmk_profile_free(&sums);
    TMK_TRY(status);
    printf("\nwhere a step's time goes: %s, %.1f %% of it inside the kernels\n",
           tmk_format_seconds(text, sizeof text, profile->seconds / steps),
           100 * tmk_profile_kernel_share(profile));
    return tmk_table_print(&table, stdout, false);
}

/* The seconds of row number SHOWN_ROWS by time: smaller ones are in the table only. */
static enum tmk_status find_least(const struct tmk_profile *profile, double *least)
{
    *least = 0;
    if (profile->count <= SHOWN_ROWS)
        return TMK_OK;
    struct tmk_profile_row *sorted = malloc(profile->count * sizeof *sorted);
    if (!sorted)
        return tmk_fail(TMK_ENOMEM, "no memory to sort %zu rows", profile->count);
    memcpy(sorted, profile->rows, profile->count * sizeof *sorted);
    qsort(sorted, profile->count, sizeof *sorted, by_time);
    *least = row_seconds(&sorted[SHOWN_ROWS - 1]);
    free(sorted);
    return TMK_OK;
}

static void write_time_row(FILE *table, const struct tmk_profile_row *row, double steps, bool shown)
{
    fprintf(table, "%s,%s,%.9g,%.9g,%.9g,%.9g,%.6g,%d\n", row->layer, row->operator,
            row->seconds[0] / steps, row->kernel_seconds[0] / steps, row->seconds[1] / steps,
            row->kernel_seconds[1] / steps,
            (row->flops[0] + row->flops[1]) / row_seconds(row) / 1e9, shown);
}

static void describe_step(const struct tmk_trainer *t, size_t shown, double rest, char *buf,
                          size_t size)
{
    const struct tmk_profile *profile = &t->profile;
    double steps = (double)profile->steps;
    char text[2][32], hidden[96] = "";
    if (shown < profile->count)
        snprintf(hidden, sizeof hidden, " Not shown: %zu smaller rows, together %s.",
                 profile->count - shown, tmk_format_seconds(text[0], sizeof *text, rest / steps));
    snprintf(buf, size, "A step of %zu images takes %s on average: %s, %s, %d thread%s.%s",
             t->options.batch, tmk_format_seconds(text[1], sizeof *text, profile->seconds / steps),
             t->options.impl, tmk_dtype_name[t->options.dtype], t->options.threads,
             t->options.threads > 1 ? "s" : "", hidden);
}

static enum tmk_status write_times(const struct tmk_trainer *t, const char *folder)
{
    const struct tmk_profile *profile = &t->profile;
    struct tmk_plot plot;
    char heading[192], subtitle[384];
    double least, rest = 0;
    size_t shown = 0;
    TMK_TRY(find_least(profile, &least));
    snprintf(heading, sizeof heading, "%.0f %% of a training step of %s is inside the kernels",
             100 * tmk_profile_kernel_share(profile), t->net.name);
    TMK_TRY(tmk_plot_begin(&plot, folder, times, heading));
    fputs("layer,operator,forward_s,forward_kernel_s,backward_s,backward_kernel_s,gflops,shown\n",
          plot.table);
    for (size_t i = 0; i < profile->count; i++) {
        const struct tmk_profile_row *row = &profile->rows[i];
        bool large = row_seconds(row) >= least;
        write_time_row(plot.table, row, (double)profile->steps, large);
        shown += large;
        rest += large ? 0 : row_seconds(row);
    }
    describe_step(t, shown, rest, subtitle, sizeof subtitle);
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "rows", (double)shown);
    return tmk_plot_finish(&plot, times);
}

/* -- curves -- */

static bool is_random(const struct tmk_trainer *t)
{
    return t->options.synthetic || t->options.random_labels;
}

static void make_heading(const struct tmk_trainer *t, char *buf, size_t size)
{
    bool random = is_random(t);
    double accuracy = t->log[t->epoch - 1].accuracy;
    if (random && accuracy > 0.95)
        snprintf(buf, size, "%s learns %zu random labels by heart: accuracy %.3f after %llu epochs",
                 t->net.name, t->data.count, accuracy, (unsigned long long)t->epoch);
    else
        snprintf(buf, size, "%s comes to an accuracy of %.3f on %zu %s in %llu epoch%s",
                 t->net.name, accuracy, t->data.count, random ? "random labels" : "images",
                 (unsigned long long)t->epoch, t->epoch > 1 ? "s" : "");
}

static enum tmk_status write_curves(const struct tmk_trainer *t, const char *folder,
                                    const char *heading)
{
    struct tmk_plot plot;
    char subtitle[224], contrast[48] = "";
    TMK_TRY(tmk_plot_begin(&plot, folder, curves, heading));
    if (t->options.synthetic)
        snprintf(contrast, sizeof contrast, "contrast %g, ", t->options.contrast);
    snprintf(subtitle, sizeof subtitle,
             "Batches of %zu, learning rate %g, momentum %g, weight decay %g, %s%s, seed %u; each "
             "image before its own step.",
             t->options.batch, t->options.lr, t->options.momentum, t->options.weight_decay,
             contrast, tmk_dtype_name[t->options.dtype], t->options.seed);
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "classes", (double)tmk_model_classes(&t->net));
    fputs("epoch,loss,accuracy\n", plot.table);
    for (uint64_t i = 0; i < t->epoch; i++)
        fprintf(plot.table, "%llu,%.9g,%.9g\n", (unsigned long long)i + 1, t->log[i].loss,
                t->log[i].accuracy);
    return tmk_plot_finish(&plot, curves);
}

/* "; accuracy passes 0.5 in epoch 41": the end of a plateau. Nothing if it never does. */
static void describe_rise(const struct tmk_trainer *t, char *buf, size_t size)
{
    uint64_t i = 0;
    while (i < t->epoch && t->log[i].accuracy < 0.5)
        i++;
    buf[0] = '\0';
    if (i < t->epoch)
        snprintf(buf, size, "; accuracy passes 0.5 in epoch %llu", (unsigned long long)i + 1);
}

static void describe_result(const struct tmk_trainer *t, const char *heading, char *buf,
                            size_t size)
{
    const struct tmk_epoch *last = &t->log[t->epoch - 1];
    size_t classes = tmk_model_classes(&t->net);
    char rise[64];
    describe_rise(t, rise, sizeof rise);
    snprintf(buf, size,
             "%s. Whoever guesses among %zu classes has a loss of ln %zu = %.3f and an accuracy of "
             "%.3g, the dashed lines; the last epoch has %.4g and %.3f%s.%s",
             heading, classes, classes, log((double)classes), 1.0 / (double)classes, last->loss,
             last->accuracy, rise,
             is_random(t) ? " With random labels there is nothing to learn but the labels "
                            "themselves: a network that comes to 1 has the room to store them."
                          : "");
}

static void describe_cost(const struct tmk_trainer *t, char *buf, size_t size)
{
    const struct tmk_profile *profile = &t->profile;
    char text[2][32];
    double flops = 0, steps = (double)profile->steps;
    for (size_t i = 0; i < profile->count; i++)
        flops += profile->rows[i].flops[0] + profile->rows[i].flops[1];
    snprintf(buf, size,
             "On average a step takes %s and holds %sFLOP; %.1f %% of the time is inside the "
             "kernels of convolution and matrix multiplication.",
             tmk_format_seconds(text[0], sizeof *text, profile->seconds / steps),
             tmk_format_count(text[1], sizeof *text, flops / steps),
             100 * tmk_profile_kernel_share(profile));
}

static enum tmk_status write_chapter(const struct tmk_trainer *t, const char *folder, int argc,
                                     const char **argv, const char *heading)
{
    char found[1024], cost[320], title[96];
    bool timed = t->profile.steps > 0;
    describe_result(t, heading, found, sizeof found);
    describe_cost(t, cost, sizeof cost);
    snprintf(title, sizeof title, "Training %s", t->net.name);
    const char *const paragraphs[] = {found, timed ? cost : NULL, NULL};
    const struct tmk_chapter_item pictures[] = {
        {curves, "Loss and accuracy by epoch; dashed, what guessing gives."},
        {timed ? times : NULL,
         "A step by layer and operator. Dark: inside kernels; light: around them."},
        {NULL, NULL}};
    const struct tmk_chapter_item tables[] = {
        {timed ? times : NULL, "Seconds of a step by layer and operator."}, {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = title,
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = argc,
                                        .argv = argv};
    return tmk_chapter_write(folder, &chapter);
}

enum tmk_status tmk_train_report(struct tmk_trainer *t, const char *folder, int argc,
                                 const char **argv)
{
    char heading[192];
    bool timed = t->profile.seconds > 0; /* false: resumed after the last epoch */
    TMK_TRY(tmk_trainer_harvest(t));
    if (timed)
        TMK_TRY(print_times(&t->profile));
    if (!folder)
        return TMK_OK;
    make_heading(t, heading, sizeof heading);
    TMK_TRY(write_curves(t, folder, heading));
    if (timed)
        TMK_TRY(write_times(t, folder));
    TMK_TRY(write_chapter(t, folder, argc, argv, heading));
    TMK_TRY(tmk_plot_draw(folder, curves));
    return timed ? tmk_plot_draw(folder, times) : TMK_OK;
}
