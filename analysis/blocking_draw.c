/* The picture and the chapter of `tilemark blocking`. */
#include "blocking_grid.h"

#include "chapter.h"
#include "plot.h"
#include "text.h"

#include <math.h>

#define CHAPTER_PLACE 15

static const char picture[] = "blocking";

char *tmk_blocking_say(const struct tmk_blocking_grid *grid, char *buf, size_t size)
{
    const struct tmk_blocking_cell *model = &grid->cells[grid->model];
    const struct tmk_blocking_cell *best = &grid->cells[grid->best];
    snprintf(buf, size,
             "The model's blocks, kc %zu and mc %zu, reach %.0f GFLOP/s: %.0f %% of the fastest of "
             "%zu sizes (kc %zu, mc %zu), %.0f %% of the FMA peak",
             model->kc, model->mc, model->gflops, 100 * model->gflops / best->gflops,
             grid->nkc * grid->nmc, best->kc, best->mc, 100 * model->gflops / grid->peak);
    return buf;
}

static void set_place(struct tmk_plot *plot, const struct tmk_blocking_grid *grid,
                      const char *which, size_t cell)
{
    char name[32];
    snprintf(name, sizeof name, "%s_x", which);
    tmk_plot_set_number(plot, name, (double)(cell / grid->nmc));
    snprintf(name, sizeof name, "%s_y", which);
    tmk_plot_set_number(plot, name, (double)(cell % grid->nmc));
}

static void put_cells(struct tmk_plot *plot, const struct tmk_blocking_grid *grid)
{
    double lowest = INFINITY;
    fputs("kc,mc,kc_place,mc_place,gflops,lo,hi,samples\n", plot->table);
    for (size_t i = 0; i < grid->nkc * grid->nmc; i++) {
        const struct tmk_blocking_cell *cell = &grid->cells[i];
        lowest = fmin(lowest, cell->gflops);
        fprintf(plot->table, "%zu,%zu,%zu,%zu,%.5g,%.5g,%.5g,%zu\n", cell->kc, cell->mc,
                i / grid->nmc, i % grid->nmc, cell->gflops, cell->lo, cell->hi, cell->samples);
    }
    tmk_plot_set_number(plot, "lowest", lowest);
    tmk_plot_set_number(plot, "highest", grid->cells[grid->best].gflops);
}

static enum tmk_status draw(const struct tmk_blocking_grid *grid, const char *folder)
{
    struct tmk_plot plot;
    const struct tmk_matmul *p = grid->problem;
    char heading[256], subtitle[256];
    snprintf(heading, sizeof heading, "The model's block sizes reach %.0f %% of the fastest",
             100 * grid->cells[grid->model].gflops / grid->cells[grid->best].gflops);
    snprintf(subtitle, sizeof subtitle,
             "GFLOP/s of %zu x %zu x %zu in %s on %d thread%s; medians. FMA peak: %.0f.", p->m,
             p->n, p->k, tmk_dtype_name[p->base.dtype], grid->threads, grid->threads > 1 ? "s" : "",
             grid->peak);
    TMK_TRY(tmk_plot_begin(&plot, folder, picture, heading));
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "columns", (double)grid->nkc);
    tmk_plot_set_number(&plot, "rows", (double)grid->nmc);
    set_place(&plot, grid, "model", grid->model);
    set_place(&plot, grid, "best", grid->best);
    put_cells(&plot, grid);
    return tmk_plot_finish(&plot, picture);
}

static enum tmk_status write_chapter(const struct tmk_blocking_grid *grid, const char *folder,
                                     int argc, const char **argv)
{
    char found[512], paragraph[768];
    snprintf(paragraph, sizeof paragraph, "%s.", tmk_blocking_say(grid, found, sizeof found));
    const char *const paragraphs[] = {
        paragraph,
        "The engine packs blocks of A (mc x kc) and of B (kc deep) so that they stay in the caches "
        "while they are used. Shallow blocks load and store C too often; deep and tall ones do not "
        "fit the L2 cache. The model takes the sizes from the caches that hwloc reports (Low et "
        "al., ACM TOMS 43, 2016); here they are held against the measurement. Every size was "
        "verified before it was timed, and all took turns in random order.",
        NULL};
    const struct tmk_chapter_item pictures[] = {
        {picture, "A cell is a size of the blocks. The frame marks the model's, the dashes the "
                  "fastest; near it cells differ by noise only."},
        {NULL, NULL}};
    const struct tmk_chapter_item tables[] = {{picture, "The same in numbers."}, {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = "How large the packed blocks should be",
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = argc,
                                        .argv = argv};
    return tmk_chapter_write(folder, &chapter);
}

enum tmk_status tmk_blocking_draw(const struct tmk_blocking_grid *grid, const char *folder,
                                  int argc, const char **argv)
{
    TMK_TRY(draw(grid, folder));
    TMK_TRY(write_chapter(grid, folder, argc, argv));
    return tmk_plot_draw(folder, picture);
}
