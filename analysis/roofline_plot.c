#include "roofline.h"

#include "chapter.h"
#include "folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAME_LINE 1.15 /* ceilings nearer than this factor are drawn as one */
#define DENSE 80       /* points from which on they are drawn smaller */

static void put_points(const struct tmk_roofline *roofline, int threads, FILE *table)
{
    fputs("intensity,impl,dir,gflops,lo,hi,own_intensity,layer,type,under,percent_of_own_roof\n",
          table);
    for (size_t i = 0; i < roofline->count; i++) {
        const struct tmk_roofline_point *point = &roofline->points[i];
        const struct tmk_cell_summary *summary = point->cell;
        const struct tmk_cell *cell = &summary->cell;
        if (cell->threads != threads)
            continue;
        fprintf(table, "%.6g,%s,%s,%.6g,%.6g,%.6g,%.6g,", point->least.intensity, cell->impl,
                cell->dir, summary->gflops, cell->flops / summary->ci_hi_s * 1e-9,
                cell->flops / summary->ci_lo_s * 1e-9, point->own.intensity);
        tmk_plot_put_text(table, tmk_roofline_layer(point));
        fprintf(table, ",%s,%s,%.4g\n", cell->dtype, tmk_roof_name(point->own.ceiling),
                point->own.percent);
    }
}

/* The FMA peaks' lines; those of ISAs that are about as fast become one. */
struct peaks {
    char isas[2 * TMK_NISAS][64]; /* "avx2, avx512" */
    double gflops[2 * TMK_NISAS];
    bool f64[2 * TMK_NISAS];
    int count;
};

/* Peaks of one data type from `least` on. */
static void add_peaks(const double rates[TMK_NISAS], double least, bool f64, struct peaks *peaks)
{
    const int first = peaks->count;
    for (int isa = 0; isa < TMK_NISAS; isa++) {
        if (rates[isa] <= 0 || rates[isa] < least)
            continue;
        int line = first;
        while (line < peaks->count && fmax(rates[isa], peaks->gflops[line]) >
                                          SAME_LINE * fmin(rates[isa], peaks->gflops[line]))
            line++;
        char *isas = peaks->isas[line];
        size_t used = strlen(isas);
        snprintf(isas + used, sizeof peaks->isas[line] - used, "%s%s", used ? ", " : "",
                 tmk_isa_name[isa]);
        peaks->gflops[line] = fmax(peaks->gflops[line], rates[isa]);
        peaks->f64[line] = f64;
        peaks->count = line == peaks->count ? line + 1 : peaks->count;
    }
}

/* Beside f32, of f64 the highest only: lines would lie too close. */
static void put_peaks(struct tmk_plot *plot, const struct tmk_roofline_part *part)
{
    struct peaks peaks = {0};
    if (part->f32)
        add_peaks(part->ceilings->peak_f32, 0, false, &peaks);
    if (part->f64)
        add_peaks(part->ceilings->peak_f64, part->f32 ? tmk_ceilings_peak(part->ceilings, true) : 0,
                  true, &peaks);
    fprintf(plot->script, "array peak_gflops[%d]\narray peak_name[%d]\narray peak_f64[%d]\n",
            peaks.count, peaks.count, peaks.count);
    for (int i = 0; i < peaks.count; i++)
        fprintf(plot->script,
                "peak_gflops[%d] = %.6g; peak_name[%d] = '%s %s'; peak_f64[%d] = %d\n", i + 1,
                peaks.gflops[i], i + 1, peaks.isas[i], peaks.f64[i] ? "f64" : "f32", i + 1,
                peaks.f64[i]);
    tmk_plot_set_number(plot, "peak", tmk_ceilings_peak(part->ceilings, !part->f32));
}

static void put_levels(struct tmk_plot *plot, const struct tmk_ceilings *ceilings)
{
    int count = 0;
    double fastest = 0;
    for (int level = 0; level < TMK_NLEVELS; level++)
        count += ceilings->bandwidth[level] > 0;
    fprintf(plot->script, "array level_gbs[%d]\narray level_name[%d]\n", count, count);
    count = 0;
    for (int level = 0; level < TMK_NLEVELS; level++) {
        if (ceilings->bandwidth[level] <= 0)
            continue;
        count++;
        fprintf(plot->script, "level_gbs[%d] = %.6g; level_name[%d] = '%s'\n", count,
                ceilings->bandwidth[level], count, tmk_level_name[level]);
        fastest = fmax(fastest, ceilings->bandwidth[level]);
    }
    tmk_plot_set_number(plot, "fastest", fastest);
}

/* NAME.csv, NAME.gp of the points on so many threads. */
static enum tmk_status write_picture(const struct tmk_roofline *roofline, int threads,
                                     const char *out, const char *name)
{
    struct tmk_roofline_part part;
    struct tmk_plot plot;
    char finding[160], heading[192];
    TMK_TRY(tmk_roofline_part(roofline, threads, &part));
    tmk_roofline_say_heading(&part, finding, sizeof finding);
    snprintf(heading, sizeof heading, "%d thread%s: %s", threads, threads == 1 ? "" : "s", finding);
    TMK_TRY(tmk_plot_begin(&plot, out, name, heading));
    put_points(roofline, threads, plot.table);
    tmk_plot_set_number(&plot, "dense", part.count >= DENSE);
    tmk_plot_set_impls(&plot, part.impls, part.nimpls);
    put_peaks(&plot, &part);
    put_levels(&plot, part.ceilings);
    enum tmk_status included = tmk_plot_include(&plot, "impls");
    enum tmk_status finished = tmk_plot_finish(&plot, "roofline_threads");
    return included != TMK_OK ? included : finished;
}

typedef enum tmk_status table_printer(const struct tmk_roofline *roofline, FILE *file, bool csv);

static enum tmk_status write_table(const struct tmk_roofline *roofline, table_printer *print,
                                   const char *out, const char *name)
{
    FILE *file;
    TMK_TRY(tmk_folder_create(out, name, "csv", &file));
    enum tmk_status status = print(roofline, file, true);
    enum tmk_status closed = tmk_folder_close(file, name);
    return status != TMK_OK ? status : closed;
}

static void picture_name(char *buf, size_t size, int threads)
{
    snprintf(buf, size, "roofline-%d", threads);
}

/* chapter.json: what was found, a picture for each thread count, the largest first. */
static enum tmk_status write_chapter(const struct tmk_roofline *roofline, const char *out, int argc,
                                     const char **argv)
{
    static const char caption[] =
        "Filled: FLOP over the bytes of the operands, each moved once, against the rate reached; "
        "bars are the 95 % interval of the median. Hollow: the same call with the bytes of "
        "im2col's columns added. Slanted lines: STREAM triad bandwidth of each level; flat lines: "
        "FMA peak of each instruction set. The distance up to the roof is what is left to gain; "
        "moving less moves a point to the right.";
    static const struct tmk_chapter_item tables[] = {
        {"points", "Every point. Under: the ceiling that is the point's roof, by its intensity and "
                   "by where its data lie. Own: with the columns of im2col counted."},
        {"ceilings", "What was measured on this machine, by number of threads."},
        {NULL, NULL}};
    int threads[TMK_ROOFLINE_THREADS];
    char names[TMK_ROOFLINE_THREADS][32], found[2][1024];
    struct tmk_chapter_item pictures[TMK_ROOFLINE_THREADS + 1] = {{NULL, NULL}};
    struct tmk_roofline_part part;
    size_t count = tmk_roofline_threads(roofline, threads);
    for (size_t i = 0; i < count; i++) {
        picture_name(names[i], sizeof names[i], threads[count - 1 - i]);
        pictures[i] =
            (struct tmk_chapter_item){names[i], i ? "The same on fewer threads." : caption};
    }
    TMK_TRY(tmk_roofline_part(roofline, threads[count - 1], &part));
    tmk_roofline_say(&part, found[0], sizeof found[0]);
    bool columns = tmk_roofline_say_columns(roofline, found[1], sizeof found[1]);
    const char *const paragraphs[] = {found[0], columns ? found[1] : NULL, NULL};
    return tmk_chapter_write(
        out,
        &(struct tmk_chapter){.place = 10,
                              .title = "Roofline: how far each implementation is from its roof",
                              .paragraphs = paragraphs,
                              .pictures = pictures,
                              .tables = tables,
                              .argc = argc,
                              .argv = argv});
}

enum tmk_status tmk_roofline_draw(const struct tmk_roofline *roofline, const char *out, int argc,
                                  const char **argv)
{
    int threads[TMK_ROOFLINE_THREADS];
    char name[32];
    size_t count = tmk_roofline_threads(roofline, threads);
    for (size_t i = 0; i < count; i++) {
        picture_name(name, sizeof name, threads[i]);
        TMK_TRY(write_picture(roofline, threads[i], out, name));
    }
    TMK_TRY(write_table(roofline, tmk_roofline_print, out, "points"));
    TMK_TRY(write_table(roofline, tmk_roofline_print_ceilings, out, "ceilings"));
    TMK_TRY(write_chapter(roofline, out, argc, argv));
    for (size_t i = 0; i < count; i++) {
        picture_name(name, sizeof name, threads[i]);
        TMK_TRY(tmk_plot_draw(out, name));
    }
    return TMK_OK;
}
