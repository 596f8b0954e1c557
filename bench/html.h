/* report.html: the pictures, the numbers, the machine and the method in one file. */
#ifndef TMK_BENCH_HTML_H
#define TMK_BENCH_HTML_H

#include "chapters.h"
#include "pictures.h"
#include "rundir.h"

#include <stdio.h>

/* Write RUN/report.html by way of a temporary file. Pictures that were not drawn are left out with
 * a word of why. TMK_EIO. */
enum tmk_status tmk_html_write(const struct tmk_run *run, const struct tmk_scene *scenes,
                               size_t nscenes, const struct tmk_pictures *pictures);

/* Text with &, <, > and quotes escaped. */
void tmk_html_text(FILE *file, const char *text);

/* The tables: speed and distance from the peak by implementation; every cell; what is missing. */
void tmk_html_overview(FILE *file, const struct tmk_scene *scene);
void tmk_html_cells(FILE *file, const struct tmk_summaries *summaries);
void tmk_html_missing(FILE *file, const struct tmk_summaries *summaries);

/* A drawing of gnuplot's, the SVG file at `path`, as a part of the page. `name`: goes in front of
 * all ids in it, as one page holds several; `heading`: its title for those who cannot see it.
 * TMK_EIO. */
enum tmk_status tmk_html_drawing(FILE *file, const char *path, const char *name,
                                 const char *heading);

/* What an analysis left: a link to each chapter; a chapter. TMK_EIO. */
void tmk_html_chapter_links(FILE *file, const struct tmk_chapters *chapters);
enum tmk_status tmk_html_chapter(FILE *file, const struct tmk_chapter_read *chapter);

/* Everything about the machine and the program that made the run. */
void tmk_html_machine(FILE *file, const json_t *manifest);

#endif
