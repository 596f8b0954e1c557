/* The pictures and the chapter of `tilemark inception`. */
#include "inception.h"
#include "numbers.h"

#include "chapter.h"
#include "folder.h"
#include "plot.h"
#include "size.h"
#include "text.h"

#include <math.h>
#include <string.h>

#define CHAPTER_PLACE 30

static const char counts_picture[] = "inception-counts", times_picture[] = "inception-times";
static const char counts_table[] = "inception-table", times_table[] = "inception-times-table";

static void counts_heading(const struct tmk_inception_study *study, char *buf, size_t size)
{
    char name[96];
    snprintf(buf, size, "%s: the bottleneck takes %.1f times fewer multiplications",
             tmk_study_name(study, name, sizeof name), tmk_study_saving(study));
}

/* module,measure,version, the amounts by branch, and the sum as text */
static void write_counts(const struct tmk_inception_study *study, FILE *file)
{
    static const char *const measures[] = {"parameters", "multiplications", "activations"};
    static const char *const branches[] = {"1x1", "3x3", "5x5", "pool"};
    fputs("row,module,measure,version,1x1,3x3,5x5,pool,text\n", file);
    for (size_t i = 0; i < study->count; i++) {
        for (int m = 0; m < 3; m++) {
            for (enum tmk_version v = 0; v < TMK_NVERSIONS; v++) {
                const struct tmk_cost_table *costs = &study->pairs[i].costs[v];
                double sum = 0;
                char text[32];
                fprintf(file, "%zu,%s,%s,%s", i, study->pairs[i].name, measures[m],
                        tmk_version_name[v]);
                for (int b = 0; b < 4; b++) {
                    double branch = 0;
                    for (size_t r = 0; r < costs->count; r++) {
                        const struct tmk_cost *c = &costs->rows[r].cost;
                        const double amounts[] = {c->params, c->macs, c->activations};
                        if (strncmp(costs->rows[r].name, branches[b], strlen(branches[b])) == 0)
                            branch += amounts[m];
                    }
                    fprintf(file, ",%.0f", branch);
                    sum += branch;
                }
                fprintf(file, ",\"%s\"\n", tmk_format_count(text, sizeof text, sum));
            }
        }
    }
}

static enum tmk_status write_counts_picture(const struct tmk_inception_study *study,
                                            const char *folder)
{
    struct tmk_plot plot;
    char heading[192];
    counts_heading(study, heading, sizeof heading);
    TMK_TRY(tmk_plot_begin(&plot, folder, counts_picture, heading));
    tmk_plot_set_text(&plot, "subtitle",
                      "Convolutions of each branch, with the 1x1 before them: n naive, b with "
                      "bottlenecks. Biases are counted.");
    tmk_plot_set_number(&plot, "modules", (double)study->count);
    write_counts(study, plot.table);
    return tmk_plot_finish(&plot, "inception-counts");
}

/* The smallest and largest saving in time. */
static void time_range(const struct tmk_time_table *times, double *low, double *high)
{
    *low = INFINITY;
    *high = 0;
    for (size_t i = 0; i < times->count; i++) {
        *low = fmin(*low, times->rows[i].ratio);
        *high = fmax(*high, times->rows[i].ratio);
    }
}

static void times_heading(const struct tmk_inception_study *study,
                          const struct tmk_time_table *times, char *buf, size_t size)
{
    double low, high;
    time_range(times, &low, &high);
    snprintf(buf, size, "Bottlenecks: %.1f times fewer operations, %.1f", tmk_study_saving(study),
             low);
    size_t used = strlen(buf);
    if (high - low >= 0.05)
        used += (size_t)snprintf(buf + used, size - used, " to %.1f", high);
    snprintf(buf + used, size - used, " times less time");
}

/* Names in the order of their first row, for the template's legend and rows. */
static void set_names(struct tmk_plot *plot, const struct tmk_time_table *times)
{
    char impls[512] = "", threads[256] = "", dirs[64] = "";
    for (size_t i = 0; i < times->count; i++) {
        const struct tmk_time_row *row = &times->rows[i];
        char word[64];
        struct {
            char *list;
            size_t size;
            const char *word;
        } lists[] = {{impls, sizeof impls, row->impl},
                     {threads, sizeof threads, word},
                     {dirs, sizeof dirs, tmk_dir_name[row->dir]}};
        snprintf(word, sizeof word, "%d", row->threads);
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            char padded[600], wanted[80];
            snprintf(padded, sizeof padded, " %s ", lists[k].list);
            snprintf(wanted, sizeof wanted, " %s ", lists[k].word);
            size_t used = strlen(lists[k].list);
            if (!strstr(padded, wanted))
                snprintf(lists[k].list + used, lists[k].size - used, "%s%s", used ? " " : "",
                         lists[k].word);
        }
    }
    tmk_plot_set_text(plot, "impls", impls);
    tmk_plot_set_text(plot, "thread_counts", threads);
    tmk_plot_set_text(plot, "dirs", dirs);
}

static enum tmk_status write_times_picture(const struct tmk_inception_study *study,
                                           const struct tmk_time_table *times, const char *folder)
{
    struct tmk_plot plot;
    char heading[192], subtitle[256], name[96];
    times_heading(study, times, heading, sizeof heading);
    TMK_TRY(tmk_plot_begin(&plot, folder, times_picture, heading));
    snprintf(subtitle, sizeof subtitle,
             "%s, batch size %zu: naive over bottleneck, right is better. Lines: 95 %% confidence "
             "interval.",
             tmk_study_name(study, name, sizeof name), study->mb);
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "saving", tmk_study_saving(study));
    set_names(&plot, times);
    TMK_TRY(tmk_times_write(times, plot.table, true));
    return tmk_plot_finish(&plot, "inception-times");
}

static enum tmk_status write_file(const struct tmk_inception_study *study,
                                  const struct tmk_time_table *times, const char *folder,
                                  const char *name)
{
    FILE *file;
    TMK_TRY(tmk_folder_create(folder, name, "csv", &file));
    enum tmk_status written =
        times ? tmk_times_write(times, file, true) : tmk_study_write_csv(study, file);
    enum tmk_status closed = tmk_folder_close(file, name);
    return written == TMK_OK ? closed : written;
}

static enum tmk_status write_chapter(const struct tmk_inception_study *study,
                                     const struct tmk_time_table *times, const char *folder)
{
    char counted[256], timed[512] = "", name[128], title[160];
    const struct tmk_cost *naive = &study->total[TMK_NAIVE];
    const struct tmk_cost *bottleneck = &study->total[TMK_BOTTLENECK];
    snprintf(
        counted, sizeof counted,
        "%s: %.2f times fewer multiplications, %.2f times fewer parameters, %.2f times as many "
        "activations of convolutions.",
        tmk_study_name(study, name, sizeof name), tmk_study_saving(study),
        naive->params / bottleneck->params, bottleneck->activations / naive->activations);
    snprintf(title, sizeof title, "%s: naive against bottleneck", name);
    if (times) {
        times_heading(study, times, name, sizeof name);
        snprintf(
            timed, sizeof timed,
            "%s. Where less is saved in time than in operations, the bottleneck's convolutions, "
            "half of them 1x1 and all with fewer channels, run at fewer operations a second.",
            name);
    }
    const char *const paragraphs[] = {counted, times ? timed : NULL, NULL};
    const struct tmk_chapter_item with_times[] = {
        {times_picture, "Dashed: the saving in operations. Bars that end before it: time that the "
                        "smaller count does not save."},
        {counts_picture,
         "What the 1x1 convolutions before the 3x3 and 5x5 save, branch by branch."},
        {NULL, NULL}};
    const struct tmk_chapter_item tables[] = {{counts_table, "Counts by convolution."},
                                              {times ? times_table : NULL, "Times, medians."},
                                              {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = title,
                                        .paragraphs = paragraphs,
                                        .pictures = times ? with_times : with_times + 1,
                                        .tables = tables,
                                        .argc = study->argc,
                                        .argv = study->argv};
    return tmk_chapter_write(folder, &chapter);
}

enum tmk_status tmk_study_draw(const struct tmk_inception_study *study,
                               const struct tmk_time_table *times, const char *folder)
{
    if (times && !times->count)
        times = NULL;
    TMK_TRY(write_counts_picture(study, folder));
    TMK_TRY(write_file(study, NULL, folder, counts_table));
    if (times) {
        TMK_TRY(write_times_picture(study, times, folder));
        TMK_TRY(write_file(study, times, folder, times_table));
    }
    TMK_TRY(write_chapter(study, times, folder));
    TMK_TRY(tmk_plot_draw(folder, counts_picture));
    return times ? tmk_plot_draw(folder, times_picture) : TMK_OK;
}
