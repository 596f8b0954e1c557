/* tilemark train --bench: what an implementation does for a whole network. */
#include "train.h"

#include "alloc.h"
#include "chapter.h"
#include "cli.h"
#include "clock.h"
#include "conv2d.h"
#include "matmul.h"
#include "plot.h"
#include "progress.h"
#include "sampler.h"
#include "size.h"
#include "stats.h"
#include "table.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHAPTER_PLACE 85

static const char picture[] = "train-bench";

/* One implementation at one number of threads. */
struct cell {
    struct tmk_trainer trainer;
    double *seconds; /* of its samples */
    size_t count, capacity;
    struct tmk_summary summary;
    double kernel_share;
};

struct cells {
    struct cell **cell; /* trainers must not move */
    size_t count;
    double images, flops; /* of a step */
    struct tmk_progress bar;
    size_t samples;
};

/* -- setting up -- */

static enum tmk_status add_cell(struct cells *cells, const struct tmk_train_options *options,
                                const char *impl, int threads)
{
    struct tmk_train_options own = *options;
    struct cell **grown = reallocarray(cells->cell, cells->count + 1, sizeof *grown);
    if (grown)
        cells->cell = grown;
    struct cell *cell = grown ? calloc(1, sizeof *cell) : NULL;
    if (!cell)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu contestants: name fewer", cells->count + 1);
    cells->cell[cells->count++] = cell;
    if (strchr(impl, '=') || strlen(impl) >= sizeof own.impl)
        return tmk_fail(TMK_EINVAL, "--impl %s: with --bench a list of plain names", impl);
    strcpy(own.impl, impl);
    own.threads = threads;
    own.epochs = 1;
    return tmk_trainer_plan(&own, &cell->trainer);
}

static enum tmk_status add_impl(struct cells *cells, const struct tmk_train_options *options,
                                const struct tmk_train_bench *bench, const char *impl)
{
    for (size_t i = 0; i < bench->nthreads; i++)
        TMK_TRY(add_cell(cells, options, impl, bench->threads[i]));
    return TMK_OK;
}

static bool has_convolution(const struct tmk_net *net)
{
    for (int i = 0; i < net->nlayers; i++) {
        if (net->layers[i].kind == TMK_LAYER_CONV)
            return true;
    }
    return false;
}

/* Every implementation of the operator that the network lives on. */
static enum tmk_status add_all(struct cells *cells, const struct tmk_train_options *options,
                               const struct tmk_train_bench *bench)
{
    struct tmk_net net;
    TMK_TRY(tmk_net_make(options->net, 0, 0, &net));
    const struct tmk_op *op = has_convolution(&net) ? &tmk_op_conv2d : &tmk_op_matmul;
    tmk_net_free(&net);
    for (const struct tmk_impl *const *impl = op->impls; *impl; impl++)
        TMK_TRY(add_impl(cells, options, bench, (*impl)->name));
    return TMK_OK;
}

static enum tmk_status add_named(struct cells *cells, const struct tmk_train_options *options,
                                 const struct tmk_train_bench *bench)
{
    char *names = strdup(bench->impls), *rest = names, *name;
    enum tmk_status status =
        names ? TMK_OK : tmk_fail(TMK_ENOMEM, "no memory for the list of implementations");
    while (status == TMK_OK && (name = strsep(&rest, ",")))
        status = add_impl(cells, options, bench, name);
    free(names);
    return status;
}

static enum tmk_status start_all(struct cells *cells)
{
    char need[32], have[32];
    size_t total = 0, available = tmk_memory_available();
    for (size_t i = 0; i < cells->count; i++) {
        if (!tmk_size_add(total, tmk_trainer_memory(&cells->cell[i]->trainer).total, &total))
            total = SIZE_MAX;
    }
    if (total > available)
        return tmk_fail(TMK_ENOMEM, "%zu contestants need %s, %s are free: use a smaller --batch",
                        cells->count, tmk_format_bytes(need, sizeof need, (double)total),
                        tmk_format_bytes(have, sizeof have, (double)available));
    for (size_t i = 0; i < cells->count; i++)
        TMK_TRY(tmk_trainer_start(&cells->cell[i]->trainer));
    const struct tmk_model *model = &cells->cell[0]->trainer.model;
    cells->images = (double)model->batch;
    cells->flops = tmk_model_flops(model);
    return TMK_OK;
}

static void free_cells(struct cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        tmk_trainer_free(&cells->cell[i]->trainer);
        free(cells->cell[i]->seconds);
        free(cells->cell[i]);
    }
    free(cells->cell);
}

/* -- measuring -- */

static enum tmk_status step(void *context)
{
    struct tmk_trainer *trainer = context;
    double loss = 0;
    size_t right = 0;
    return tmk_trainer_step(trainer, 0, trainer->model.batch, &loss, &right);
}

static enum tmk_status take_sample(void *context, const struct tmk_sample *sample)
{
    struct cells *cells = context;
    struct cell *cell = cells->cell[sample->contestant];
    char label[160];
    if (cell->count == cell->capacity) {
        size_t capacity = TMK_MAX(2 * cell->capacity, 16);
        double *grown = reallocarray(cell->seconds, capacity, sizeof *grown);
        if (!grown)
            return tmk_fail(TMK_ENOMEM, "no memory for %zu samples", capacity);
        cell->seconds = grown;
        cell->capacity = capacity;
    }
    cell->seconds[cell->count++] = sample->seconds;
    snprintf(label, sizeof label, "%zu samples, %s", ++cells->samples, cell->trainer.options.impl);
    tmk_progress_update(&cells->bar, tmk_now() - cells->bar.start, label);
    return TMK_OK;
}

static enum tmk_status sample(struct cells *cells, double budget_s)
{
    struct tmk_contestant *contestants = calloc(cells->count, sizeof *contestants);
    enum tmk_stop *stop = calloc(cells->count, sizeof *stop);
    struct tmk_sampling sampling = tmk_sampling_default();
    sampling.budget_s = budget_s;
    for (size_t i = 0; contestants && i < cells->count; i++) {
        contestants[i] = (struct tmk_contestant){.call = step, .ctx = &cells->cell[i]->trainer};
    }
    tmk_cli_catch_interrupt();
    tmk_progress_begin(&cells->bar, "train --bench", budget_s);
    enum tmk_status status =
        contestants && stop
            ? tmk_sample_group(contestants, cells->count, &sampling, take_sample, cells,
                               &tmk_cli_interrupted, stop)
            : tmk_fail(TMK_ENOMEM, "no memory for %zu contestants: name fewer", cells->count);
    tmk_progress_end(&cells->bar);
    free(contestants);
    free(stop);
    if (status == TMK_EINTR)
        return tmk_fail(TMK_EINTR, "interrupted: nothing is written");
    return status;
}

static enum tmk_status summarise(struct cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        struct cell *cell = cells->cell[i];
        cell->summary = tmk_summarise(cell->seconds, cell->count);
        TMK_TRY(tmk_trainer_harvest(&cell->trainer));
        cell->kernel_share = tmk_profile_kernel_share(&cell->trainer.profile);
    }
    return TMK_OK;
}

/* -- reporting -- */

static enum tmk_status print(const struct cells *cells)
{
    static const struct tmk_column columns[] = {
        {"implementation", false}, {"threads", true}, {"step", true},    {"95 % interval", true},
        {"images/s", true},        {"GFLOP/s", true}, {"kernels", true}, {"samples", true}};
    struct tmk_table table = TMK_TABLE(columns);
    char text[3][32];
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = cells->cell[i];
        const struct tmk_summary *s = &cell->summary;
        tmk_table_cell(&table, "%s", cell->trainer.options.impl);
        tmk_table_cell(&table, "%d", cell->trainer.options.threads);
        tmk_table_cell(&table, "%s", tmk_format_seconds(text[0], sizeof *text, s->median));
        tmk_table_cell(&table, "%s to %s", tmk_format_seconds(text[1], sizeof *text, s->ci_lo),
                       tmk_format_seconds(text[2], sizeof *text, s->ci_hi));
        tmk_table_cell(&table, "%.4g", cells->images / s->median);
        tmk_table_cell(&table, "%.4g", cells->flops / s->median / 1e9);
        tmk_table_cell(&table, "%.1f %%", 100 * cell->kernel_share);
        tmk_table_cell(&table, "%zu", s->n);
    }
    return tmk_table_print(&table, stdout, false);
}

static const struct cell *extreme(const struct cells *cells, bool slowest)
{
    const struct cell *found = cells->cell[0];
    for (size_t i = 1; i < cells->count; i++) {
        if ((cells->cell[i]->summary.median > found->summary.median) == slowest)
            found = cells->cell[i];
    }
    return found;
}

static void describe(const struct cell *cell, char *buf, size_t size)
{
    const struct tmk_train_options *options = &cell->trainer.options;
    snprintf(buf, size, "%s on %d thread%s", options->impl, options->threads,
             options->threads > 1 ? "s" : "");
}

static void make_heading(const struct cells *cells, char *buf, size_t size)
{
    const struct cell *slow = extreme(cells, true), *fast = extreme(cells, false);
    const char *net = fast->trainer.net.name;
    char text[32], slow_name[160], fast_name[160];
    describe(slow, slow_name, sizeof slow_name);
    describe(fast, fast_name, sizeof fast_name);
    if (cells->count == 1)
        snprintf(buf, size, "A step of %s takes %s, %s", net,
                 tmk_format_seconds(text, sizeof text, fast->summary.median), fast_name);
    else
        snprintf(buf, size, "A step of %s: %s takes %.3g times as long as %s", net, slow_name,
                 slow->summary.median / fast->summary.median, fast_name);
}

static enum tmk_status write_picture(const struct cells *cells, const char *folder,
                                     const char *heading)
{
    struct tmk_plot plot;
    char subtitle[256], flops[32];
    TMK_TRY(tmk_plot_begin(&plot, folder, picture, heading));
    snprintf(subtitle, sizeof subtitle,
             "Forward, backward and update of %.0f images, %sFLOP. Median and its 95 %% interval. "
             "At the right: share of time inside kernels.",
             cells->images, tmk_format_count(flops, sizeof flops, cells->flops));
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "rows", (double)cells->count);
    fputs("impl,threads,samples,median_s,ci_lo_s,ci_hi_s,images_per_s,gflops,kernel_share\n",
          plot.table);
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = cells->cell[i];
        const struct tmk_summary *s = &cell->summary;
        fprintf(plot.table, "%s,%d,%zu,%.9g,%.9g,%.9g,%.6g,%.6g,%.4f\n", cell->trainer.options.impl,
                cell->trainer.options.threads, s->n, s->median, s->ci_lo, s->ci_hi,
                cells->images / s->median, cells->flops / s->median / 1e9, cell->kernel_share);
    }
    return tmk_plot_finish(&plot, picture);
}

/* "naive 99.9 %, blocked 93.5 %": shares at the number of threads of the last contestant. */
static void list_shares(const struct cells *cells, char *buf, size_t size)
{
    const int threads = cells->cell[cells->count - 1]->trainer.options.threads;
    size_t used = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < cells->count && used < size; i++) {
        const struct tmk_train_options *options = &cells->cell[i]->trainer.options;
        if (options->threads == threads)
            used += (size_t)snprintf(buf + used, size - used, "%s%s %.1f %%", used ? ", " : "",
                                     options->impl, 100 * cells->cell[i]->kernel_share);
    }
}

static enum tmk_status write_chapter(const struct cells *cells, const struct tmk_train_bench *bench,
                                     const char *heading)
{
    char found[1024], inside[1024], shares[640];
    list_shares(cells, shares, sizeof shares);
    snprintf(found, sizeof found,
             "%s. A step is the forward pass, the backward pass and the update of a batch of %.0f, "
             "timed side by side in random order. Products that an implementation does not offer "
             "are run by blocked.",
             heading, cells->images);
    snprintf(inside, sizeof inside,
             "Of a step's time, this share is inside the kernels of convolution and matrix "
             "multiplication: %s. The rest is pooling, activation, bias and the update of all "
             "parameters, which costs the same however small the batch.",
             shares);
    const char *const paragraphs[] = {found, inside, NULL};
    const struct tmk_chapter_item pictures[] = {
        {picture, "Shorter is better; the axis is logarithmic."}, {NULL, NULL}};
    const struct tmk_chapter_item tables[] = {{picture, "The same in numbers."}, {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = "What the implementation does for a whole network",
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = bench->argc,
                                        .argv = bench->argv};
    return tmk_chapter_write(bench->folder, &chapter);
}

static enum tmk_status report(struct cells *cells, const struct tmk_train_bench *bench)
{
    char heading[512];
    TMK_TRY(summarise(cells));
    TMK_TRY(print(cells));
    if (!bench->folder)
        return TMK_OK;
    make_heading(cells, heading, sizeof heading);
    TMK_TRY(write_picture(cells, bench->folder, heading));
    TMK_TRY(write_chapter(cells, bench, heading));
    return tmk_plot_draw(bench->folder, picture);
}

enum tmk_status tmk_train_bench(const struct tmk_train_options *options,
                                const struct tmk_train_bench *bench)
{
    struct cells cells = {.count = 0};
    enum tmk_status status =
        bench->impls ? add_named(&cells, options, bench) : add_all(&cells, options, bench);
    if (status == TMK_OK)
        status = start_all(&cells);
    if (status == TMK_OK)
        status = sample(&cells, bench->budget_s);
    if (status == TMK_OK)
        status = report(&cells, bench);
    free_cells(&cells);
    return status;
}
