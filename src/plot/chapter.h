/* A chapter of the report. An analysis that is given --out DIR leaves its pictures (plot.h) and its
 * tables there and describes them in DIR/chapter.json; `tilemark report RUN` takes in every
 * RUN/chapters/NAME/chapter.json, in the order of `place` and then of NAME: the title, the
 * paragraphs, each picture with its caption, each table, and the command that made it all.
 *
 *   tilemark count googlenet --out RUN/chapters/count && tilemark report RUN
 *
 * An analysis does, with --out:
 *
 *   tmk_plot_begin(&plot, out, "count-layers", "...");  rows to plot.table;  tmk_plot_finish(...);
 *   tmk_folder_create(out, "count", "csv", &file);  tmk_table_print(&table, file, true);
 *   tmk_folder_close(file, "count.csv");
 *   tmk_chapter_write(out, &chapter);
 *   tmk_plot_draw(out, "count-layers");                 last: all else is there without gnuplot
 */
#ifndef TMK_PLOT_CHAPTER_H
#define TMK_PLOT_CHAPTER_H

#include "status.h"

/* NAME.svg or NAME.csv of the chapter's folder, and a sentence or two on how to read it. */
struct tmk_chapter_item {
    const char *name, *caption;
};

/* All texts are plain UTF-8; the report escapes them. The lists may be NULL: none. */
struct tmk_chapter {
    int place;                               /* where in the report: lower comes first */
    const char *title;                       /* "What GoogLeNet costs, layer by layer" */
    const char *const *paragraphs;           /* what was found and how; NULL-terminated */
    const struct tmk_chapter_item *pictures; /* ended by a NULL name */
    const struct tmk_chapter_item *tables;   /* ended by a NULL name; CSV with a header row */
    int argc; /* the command that made it; argv[0] is "tilemark NAME" */
    const char **argv;
};

/* Write FOLDER/chapter.json, making the folder if need be. TMK_EIO. TMK_EINVAL: a text is no UTF-8.
 */
enum tmk_status tmk_chapter_write(const char *folder, const struct tmk_chapter *chapter);

#endif
