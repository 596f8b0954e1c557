/* The pictures of `tilemark mlp`. */
#include "mlp.h"

#include "chapter.h"
#include "folder.h"
#include "plot.h"

#include <math.h>
#include <string.h>

#define CHAPTER_PLACE 70

static const char picture[] = "mlp";

enum tmk_status tmk_fit_print(const struct tmk_fit *fit)
{
    static const char *const fit_names[] = {"data", "network"}, *const error_names[] = {"error"};
    const struct tmk_fit_frame *last = &fit->frame[fit->nframes - 1];
    const double *const lines[] = {fit->y, last->prediction}, *const error[] = {fit->error};
    struct tmk_text_plot plot = {.title = "y = x^2 + noise, and what the network makes of it",
                                 .x_label = "x",
                                 .y_label = "y",
                                 .nseries = 2,
                                 .names = fit_names,
                                 .points = TMK_FIT_POINTS,
                                 .x = fit->x,
                                 .y = lines};
    TMK_TRY(tmk_plot_text(&plot));
    plot = (struct tmk_text_plot){.title = "mean squared error, from the second step on",
                                  .x_label = "step",
                                  .y_label = "error",
                                  .log_x = true,
                                  .log_y = true,
                                  .nseries = 1,
                                  .names = error_names,
                                  .points = fit->points - 1,
                                  .x = fit->step + 1,
                                  .y = (const double *const[]){error[0] + 1}};
    return tmk_plot_text(&plot);
}

/* Rows: 0, x, y of the data; f, x, prediction of frame f = 1, ...; -1, step, error. */
static void write_rows(const struct tmk_fit *fit, FILE *table)
{
    fputs("what,x,y\n", table);
    for (int i = 0; i < TMK_FIT_POINTS; i++)
        fprintf(table, "0,%.6g,%.6g\n", fit->x[i], fit->y[i]);
    for (size_t f = 0; f < fit->nframes; f++) {
        for (int i = 0; i < TMK_FIT_POINTS; i++)
            fprintf(table, "%zu,%.6g,%.6g\n", f + 1, fit->x[i], fit->frame[f].prediction[i]);
    }
    for (size_t i = 0; i < fit->points; i++)
        fprintf(table, "-1,%.0f,%.6g\n", fit->step[i], fit->error[i]);
}

static void make_heading(const struct tmk_fit *fit, char *buf, size_t size)
{
    const struct tmk_fit_frame *last = &fit->frame[fit->nframes - 1];
    if (fit->still)
        snprintf(
            buf, size, "%zu sigmoid units fit x² down to %s after %zu steps", fit->options.hidden,
            last->error < 1.2 * fit->floor ? "the noise" : "a plateau above the noise", fit->steps);
    else
        snprintf(buf, size, "%zu sigmoid units are still learning x² after %zu steps",
                 fit->options.hidden, fit->steps);
}

static enum tmk_status write_picture(const struct tmk_fit *fit, const char *folder,
                                     const char *heading)
{
    struct tmk_plot plot;
    char subtitle[256];
    TMK_TRY(tmk_plot_begin(&plot, folder, picture, heading));
    snprintf(subtitle, sizeof subtitle,
             "Gradient descent on the mean squared error of %d points, learning rate %g, momentum "
             "%g, seed %u.",
             TMK_FIT_POINTS, fit->options.lr, fit->options.momentum, fit->options.seed);
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "frames", (double)fit->nframes);
    tmk_plot_set_number(&plot, "spread", fit->spread);
    tmk_plot_set_number(&plot, "noise_floor", fit->floor);
    fprintf(plot.script, "array frame_step[%zu]\n", fit->nframes);
    for (size_t f = 0; f < fit->nframes; f++)
        fprintf(plot.script, "frame_step[%zu] = %zu\n", f + 1, fit->frame[f].step);
    write_rows(fit, plot.table);
    return tmk_plot_finish(&plot, "mlp");
}

static enum tmk_status write_table(const struct tmk_comparison *comparison, const char *folder)
{
    FILE *file;
    TMK_TRY(tmk_folder_create(folder, "mlp-gradients", "csv", &file));
    enum tmk_status status = tmk_comparison_print(comparison, SIZE_MAX, file, true);
    enum tmk_status closed = tmk_folder_close(file, "mlp-gradients.csv");
    return status == TMK_OK ? closed : status;
}

static enum tmk_status write_chapter(const struct tmk_fit *fit, const char *folder, int argc,
                                     const char **argv, const char *heading)
{
    const struct tmk_fit_frame *last = &fit->frame[fit->nframes - 1];
    char found[1024];
    snprintf(found, sizeof found,
             "%s. The error comes to %.4g; a constant would leave %.4g, the variance of y, and the "
             "exact curve with the mean of the noise %.4g, the variance of the noise. On the way "
             "the error stands nearly still twice: first where the network says the same of every "
             "x, because its units are all in their straight middle part and a sum of straight "
             "lines cannot bend; then, for good, where only noise is left.",
             heading, last->error, fit->spread, fit->floor);
    const char *const paragraphs[] = {
        found,
        "A two-layer network S = sigmoid(X W1 + b1), f = ||Y - (S W2 + b2)||^2: its gradients in "
        "closed form, dW2 = -2 S^T E, G = -2 (E W2^T) S (1 - S), dW1 = X^T G, those of a backward "
        "pass through the graph, and central differences stand side by side in the table.",
        NULL};
    const struct tmk_chapter_item pictures[] = {
        {picture, "Left: the data and what the network says at four times. Right: the error, both "
                  "axes logarithmic; dashed, what a constant leaves and what the noise leaves."},
        {NULL, NULL}};
    const struct tmk_chapter_item tables[] = {
        {"mlp-gradients", "Gradients of the published case, seed 1, one sample, 20 units."},
        {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = "A two-layer network, differentiated and trained",
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = argc,
                                        .argv = argv};
    return tmk_chapter_write(folder, &chapter);
}

enum tmk_status tmk_mlp_write(const struct tmk_comparison *comparison, const struct tmk_fit *fit,
                              const char *folder, int argc, const char **argv)
{
    char heading[128];
    make_heading(fit, heading, sizeof heading);
    TMK_TRY(write_picture(fit, folder, heading));
    TMK_TRY(write_table(comparison, folder));
    TMK_TRY(write_chapter(fit, folder, argc, argv, heading));
    return tmk_plot_draw(folder, picture);
}
