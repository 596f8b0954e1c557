/* The picture and the chapter of `tilemark receptive`. */
#include "receptive.h"

#include "chapter.h"
#include "folder.h"
#include "plot.h"
#include "size.h"

#include <string.h>

#define CHAPTER_PLACE 40
#define WITNESSES 3 /* outputs whose inputs are drawn: first, middle, last */

static const char picture[] = "receptive";

/* What a row of the first, the middle and the last output depends on, at one depth. */
static enum tmk_status put_witnesses(const struct tmk_receptive *receptive, int layer, FILE *file)
{
    size_t extent = tmk_layer_extent(&receptive->fields.net->layers[layer], TMK_ROWS);
    const size_t witnesses[WITNESSES] = {0, (extent - 1) / 2, extent - 1};
    for (int i = 0; i < WITNESSES; i++) {
        struct tmk_range range;
        TMK_TRY(tmk_range_exact(receptive, layer, TMK_ROWS, witnesses[i], &range));
        if (range.count)
            fprintf(file, ",%zu,%zu", range.first, range.last);
        else
            fputs(",NaN,NaN", file);
    }
    fputc('\n', file);
    return TMK_OK;
}

static const char *short_name(const struct tmk_receptive *receptive, int depth)
{
    int layer = depth ? receptive->listed[depth - 1] : 0;
    const char *name = receptive->fields.net->layers[layer].name;
    return receptive->stack && depth ? strchr(name, ' ') + 1 : name;
}

static size_t longest_name(const struct tmk_receptive *receptive)
{
    size_t longest = 0;
    for (int i = 0; i <= receptive->nlisted; i++)
        longest = TMK_MAX(longest, strlen(short_name(receptive, i)));
    return longest;
}

/* One line for rows and columns, even if the image is no square. */
static bool same_fields(const struct tmk_receptive *receptive)
{
    bool same = true;
    for (int i = 0; i < receptive->nlisted; i++) {
        const struct tmk_field *of = receptive->fields.of[receptive->listed[i]];
        same &= of[TMK_ROWS].size == of[TMK_COLUMNS].size;
    }
    return same;
}

static enum tmk_status write_rows(const struct tmk_receptive *receptive, FILE *file)
{
    fputs(
        "depth,layer,field_rows,field_columns,jump_rows,first_from,first_to,middle_from,middle_to,"
        "last_from,last_to\n",
        file);
    for (int i = 0; i <= receptive->nlisted; i++) {
        int layer = i ? receptive->listed[i - 1] : 0;
        const struct tmk_field *of = receptive->fields.of[layer];
        fprintf(file, "%d,", i);
        tmk_plot_put_text(file, short_name(receptive, i));
        fprintf(file, ",%zu,%zu,%zu", of[TMK_ROWS].size, of[TMK_COLUMNS].size, of[TMK_ROWS].jump);
        TMK_TRY(put_witnesses(receptive, layer, file));
    }
    return TMK_OK;
}

static void make_heading(const struct tmk_receptive *receptive, char *buf, size_t size)
{
    const struct tmk_net *net = receptive->fields.net;
    const struct tmk_field *of = receptive->fields.of[receptive->fields.last];
    if (receptive->stack)
        snprintf(buf, size, "After %d layer%s an output depends on %zu x %zu inputs",
                 receptive->nlisted, receptive->nlisted == 1 ? "" : "s", of[TMK_ROWS].size,
                 of[TMK_COLUMNS].size);
    else
        snprintf(buf, size, "%s: a position of the last feature map depends on %zu x %zu inputs",
                 net->name, of[TMK_ROWS].size, of[TMK_COLUMNS].size);
}

static enum tmk_status write_picture(const struct tmk_receptive *receptive, const char *folder,
                                     const char *heading)
{
    struct tmk_plot plot;
    const struct tmk_layer *image = &receptive->fields.net->layers[0];
    TMK_TRY(tmk_plot_begin(&plot, folder, picture, heading));
    tmk_plot_set_text(
        &plot, "subtitle",
        "A layer adds (kernel - 1) x dilation x jump to the field, and multiplies the "
        "jump by its stride.");
    tmk_plot_set_number(&plot, "depth", receptive->nlisted);
    tmk_plot_set_number(&plot, "image_rows", (double)image->oh);
    tmk_plot_set_number(&plot, "alike", same_fields(receptive));
    tmk_plot_set_number(&plot, "longest", (double)longest_name(receptive));
    enum tmk_status rows = write_rows(receptive, plot.table);
    enum tmk_status finished = tmk_plot_finish(&plot, "receptive");
    return rows == TMK_OK ? finished : rows;
}

static enum tmk_status write_chapter(const struct tmk_receptive *receptive, const char *checked,
                                     const char *heading, const char *folder)
{
    char found[256], title[128];
    snprintf(found, sizeof found, "%s.", heading);
    snprintf(title, sizeof title, "Receptive field: %s", receptive->fields.net->name);
    const char *const paragraphs[] = {
        found,
        "The field grows linearly while the jump, the distance between the fields of neighbours, "
        "stays; a stride makes every later window count that much more (Araujo et al., Distill "
        "2019). At the borders part of the field lies in the padding, and outputs depend on fewer "
        "inputs.",
        *checked ? checked : NULL, NULL};
    const struct tmk_chapter_item pictures[] = {
        {picture, "Above: the field by depth. Below: the rows of the image that the first, the "
                  "middle and the last output row of each layer depend on, borders cut."},
        {NULL, NULL}};
    const struct tmk_chapter_item tables[] = {
        {"receptive-table", "Fields, jumps, offsets (the first input of output 1, from 1; 0 and "
                            "less lie in the padding) and ranges."},
        {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = title,
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = receptive->argc,
                                        .argv = receptive->argv};
    return tmk_chapter_write(folder, &chapter);
}

enum tmk_status tmk_receptive_draw(const struct tmk_receptive *receptive, const char *checked,
                                   const char *folder)
{
    FILE *file;
    char heading[192];
    make_heading(receptive, heading, sizeof heading);
    TMK_TRY(write_picture(receptive, folder, heading));
    TMK_TRY(tmk_folder_create(folder, "receptive-table", "csv", &file));
    enum tmk_status written = tmk_receptive_write_csv(receptive, file);
    enum tmk_status closed = tmk_folder_close(file, "receptive-table.csv");
    TMK_TRY(written);
    TMK_TRY(closed);
    TMK_TRY(write_chapter(receptive, checked, heading, folder));
    return tmk_plot_draw(folder, picture);
}
