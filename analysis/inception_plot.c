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

/* One bar: the amounts by branch, and their sum as text. */
static void write_bar(const struct tmk_module_pair *pair, enum tmk_version version,
                      enum tmk_measure measure, FILE *file)
{
    double sum = 0;
    char text[32];
    fprintf(file, "%s,%s,%s", pair->name, tmk_measure_name[measure], tmk_version_name[version]);
    for (int b = 0; b < TMK_BRANCHES; b++) {
        double branch = tmk_branch_sum(pair, version, measure, b);
        fprintf(file, ",%.0f", branch);
        sum += branch;
    }
    fprintf(file, ",\"%s\"\n", tmk_format_count(text, sizeof text, sum));
}

static void write_counts(const struct tmk_inception_study *study, FILE *file)
{
    fputs("row,module,measure,version,1x1,3x3,5x5,pool,text\n", file);
    for (size_t i = 0; i < study->count; i++) {
        for (enum tmk_measure m = 0; m < TMK_NMEASURES; m++) {
            for (enum tmk_version v = 0; v < TMK_NVERSIONS; v++) {
                fprintf(file, "%zu,", i);
                write_bar(&study->pairs[i], v, m, file);
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

/* Append a word to a list of words, unless it is there. */
static void add_word(char *list, size_t size, const char *word)
{
    size_t used = strlen(list), length = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == length && strncmp(at, word, length) == 0)
            return;
    snprintf(list + used, size - used, "%s%s", used ? " " : "", word);
}

/* Names in the order of their first row, for the template's legend and rows. */
static void set_names(struct tmk_plot *plot, const struct tmk_time_table *times)
{
    char impls[512] = "", threads[256] = "", dirs[64] = "", number[16];
    for (size_t i = 0; i < times->count; i++) {
        snprintf(number, sizeof number, "%d", times->rows[i].threads);
        add_word(impls, sizeof impls, times->rows[i].impl);
        add_word(threads, sizeof threads, number);
        add_word(dirs, sizeof dirs, tmk_dir_name[times->rows[i].dir]);
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
