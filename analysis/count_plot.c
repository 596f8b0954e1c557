/* The picture and the chapter of `tilemark count`. */
#include "count.h"
#include "numbers.h"

#include "chapter.h"
#include "folder.h"
#include "plot.h"
#include "text.h"

#include <math.h>
#include <string.h>

#define CHAPTER_PLACE 20

static const char picture[] = "count";

static double amount(const struct tmk_cost *cost, bool work)
{
    return work ? cost->macs : cost->params;
}

static double share(const struct tmk_cost_table *table, int class, bool work)
{
    double total = amount(&table->total, work);
    return total > 0 ? 100 * amount(&table->class[class], work) / total : 0;
}

static int largest_class(const struct tmk_cost_table *table, bool work)
{
    int largest = 0;
    for (int c = 1; c < TMK_NCLASSES; c++)
        if (share(table, c, work) > share(table, largest, work))
            largest = c;
    return largest;
}

static const char *plural(int class)
{
    static const char *const names[TMK_NCLASSES] = {"convolutions", "linear layers", "attention",
                                                    "norms and embeddings"};
    return names[class];
}

/* "100" only if it is all of it. */
static char *percent(char *buf, size_t size, double value)
{
    snprintf(buf, size, value > 99.5 && value < 100 ? "%.1f" : "%.0f",
             value < 100 ? fmin(value, 99.9) : value);
    return buf;
}

static void make_heading(const struct tmk_count *count, const struct tmk_cost_table *table,
                         char *buf, size_t size)
{
    int holder = largest_class(table, false), worker = largest_class(table, true);
    char held[16], done[16];
    percent(held, sizeof held, share(table, holder, false));
    percent(done, sizeof done, share(table, worker, true));
    if (holder == worker)
        snprintf(buf, size, "%s: %s hold %s %% of the parameters and do %s %% of the work",
                 count->net->name, plural(holder), held, done);
    else
        snprintf(buf, size, "%s: %s hold %s %% of the parameters, %s do %s %% of the work",
                 count->net->name, plural(holder), held, plural(worker), done);
}

/* Rows that have something to show, as percentages of the network by class. */
static size_t write_rows(const struct tmk_cost_table *table, FILE *file)
{
    size_t rows = 0;
    char params[32], macs[32];
    fputs("row,name", file);
    for (int work = 0; work < 2; work++)
        for (int c = 0; c < TMK_NCLASSES; c++)
            fprintf(file, ",%s_%s_percent", work ? "macs" : "params", tmk_cost_class_name[c]);
    fputs(",params,macs,params_text,macs_text\n", file);
    for (size_t i = 0; i < table->count; i++) {
        const struct tmk_cost_row *row = &table->rows[i];
        if (row->auxiliary || (row->cost.params <= 0 && row->cost.macs <= 0))
            continue;
        fprintf(file, "%zu,", rows++);
        tmk_plot_put_text(file, row->name);
        for (int work = 0; work < 2; work++) {
            double total = amount(&table->total, work);
            for (int c = 0; c < TMK_NCLASSES; c++)
                fprintf(file, ",%.6g", total > 0 ? 100 * amount(&row->class[c], work) / total : 0);
        }
        fprintf(file, ",%.0f,%.0f,", row->cost.params, row->cost.macs);
        tmk_plot_put_text(file, tmk_format_count(params, sizeof params, row->cost.params));
        fputc(',', file);
        tmk_plot_put_text(file, tmk_format_count(macs, sizeof macs, row->cost.macs));
        fputc('\n', file);
    }
    return rows;
}

static size_t longest_name(const struct tmk_cost_table *table)
{
    size_t longest = 0;
    for (size_t i = 0; i < table->count; i++)
        if (strlen(table->rows[i].name) > longest)
            longest = strlen(table->rows[i].name);
    return longest;
}

static enum tmk_status write_picture(const struct tmk_count *count,
                                     const struct tmk_cost_table *table, const char *folder,
                                     const char *heading)
{
    struct tmk_plot plot;
    char params[TMK_GROUPED_MAX], macs[32], subtitle[256];
    TMK_TRY(tmk_plot_begin(&plot, folder, picture, heading));
    snprintf(
        subtitle, sizeof subtitle,
        "%s parameters and %s multiply-adds forward at batch size %zu; a bar is a row's share, "
        "the number its count.",
        tmk_format_grouped(params, table->total.params),
        tmk_format_count(macs, sizeof macs, table->total.macs), count->mb);
    tmk_plot_set_text(&plot, "subtitle", subtitle);
    tmk_plot_set_number(&plot, "longest", (double)longest_name(table));
    tmk_plot_set_number(&plot, "rows", (double)write_rows(table, plot.table));
    for (int c = 0; c < TMK_NCLASSES; c++) {
        char name[48];
        snprintf(name, sizeof name, "has_%s", tmk_cost_class_name[c]);
        tmk_plot_set_number(&plot, name,
                            table->class[c].params > 0 || table->class[c].macs > 0 ? 1 : 0);
    }
    return tmk_plot_finish(&plot, "count");
}

static enum tmk_status write_chapter(const struct tmk_count *count,
                                     const struct tmk_cost_table *table, const char *folder,
                                     const char *heading)
{
    char title[128], found[256], sums[512], params[TMK_GROUPED_MAX], macs[TMK_GROUPED_MAX];
    char activations[TMK_GROUPED_MAX], bytes[32];
    snprintf(title, sizeof title, "What %s holds and does", count->net->name);
    snprintf(found, sizeof found, "%s.", heading);
    snprintf(
        sums, sizeof sums,
        "%s parameters; %s multiply-adds forward at batch size %zu, taps on padding counted, "
        "and twice as many again backward; %s activations; at least %s to move forward in f32. "
        "Counted as torchvision counts: convolutions and linear layers, no biases, norms or "
        "pools in the multiply-adds.",
        tmk_format_grouped(params, table->total.params),
        tmk_format_grouped(macs, table->total.macs), count->mb,
        tmk_format_grouped(activations, table->total.activations),
        tmk_format_bytes(bytes, sizeof bytes, table->total.bytes));
    const char *const paragraphs[] = {found, sums, NULL};
    const struct tmk_chapter_item pictures[] = {
        {picture,
         "Left: where the parameters are, and with them the model's size. Right: where the "
         "multiply-adds are, and with them the time."},
        {NULL, NULL}};
    const struct tmk_chapter_item tables[] = {{"count-table", "Exact counts, row by row."},
                                              {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = title,
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = count->argc,
                                        .argv = count->argv};
    return tmk_chapter_write(folder, &chapter);
}

enum tmk_status tmk_count_draw(const struct tmk_count *count, const struct tmk_cost_table *table,
                               const struct tmk_cost_table *shown, const char *folder)
{
    FILE *file;
    char heading[192];
    make_heading(count, table, heading, sizeof heading);
    TMK_TRY(write_picture(count, shown, folder, heading));
    TMK_TRY(tmk_folder_create(folder, "count-table", "csv", &file));
    enum tmk_status written = tmk_count_write(count, table, file, true);
    enum tmk_status closed = tmk_folder_close(file, "count-table.csv");
    TMK_TRY(written);
    TMK_TRY(closed);
    TMK_TRY(write_chapter(count, table, folder, heading));
    return tmk_plot_draw(folder, picture);
}
