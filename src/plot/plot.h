/* Pictures by gnuplot. A picture is three files in one folder: NAME.csv with the numbers, NAME.gp,
 * a script that can be run there by hand, and NAME.svg, which it draws. */
#ifndef TMK_PLOT_PLOT_H
#define TMK_PLOT_PLOT_H

#include "status.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct tmk_plot {
    char folder[PATH_MAX], name[64];
    FILE *table;  /* NAME.csv */
    FILE *script; /* NAME.gp, in which the variables data, output_svg and heading are already set */
    bool styled;  /* the house style is in it */
};

/* Make the folder if need be and open both files. `heading` is a sentence that says what is seen.
 * TMK_EIO. */
enum tmk_status tmk_plot_begin(struct tmk_plot *plot, const char *folder, const char *name,
                               const char *heading);

/* Set a gnuplot variable in the script: any characters, quoted as gnuplot wants them; a number. */
void tmk_plot_set_text(struct tmk_plot *plot, const char *variable, const char *text);
void tmk_plot_set_number(struct tmk_plot *plot, const char *variable, double value);

/* A field of the table with its quotes. */
void tmk_plot_put_text(FILE *table, const char *text);

/* Append the house style (plots/style.gp), unless it is there, and plots/TEMPLATE.gp: what several
 * templates build on. After a failure the files are still to be closed by tmk_plot_finish().
 * TMK_EIO. */
enum tmk_status tmk_plot_include(struct tmk_plot *plot, const char *template);

/* Append the house style (plots/style.gp), unless it is there, and then the template
 * plots/TEMPLATE.gp of the data files, and close both files, also after a failure. TMK_EIO: a file
 * is missing, or the disk is full. */
enum tmk_status tmk_plot_finish(struct tmk_plot *plot, const char *template);

/* Let gnuplot run FOLDER/NAME.gp. TMK_EIO with the remedy if it is not installed or fails. */
enum tmk_status tmk_plot_draw(const char *folder, const char *name);

/* "#rrggbb": colour `i` of the colour-blind palette (Okabe & Ito 2008), black last. */
const char *tmk_plot_colour(int i);

/* A line plot drawn in characters on stdout for those who gave no --out: `n` series of `points`
 * values over x, gnuplot's dumb terminal; NaN: no point. log_y: logarithmic axis. Without gnuplot
 * one note on stderr and nothing else. */
struct tmk_text_plot {
    const char *title, *x_label, *y_label;
    bool log_x, log_y;
    bool scatter; /* points without lines between them */
    int nseries;
    const char *const *names;
    size_t points;
    const double *x;        /* points */
    const double *const *y; /* nseries x points */
};
enum tmk_status tmk_plot_text(const struct tmk_text_plot *plot);

#endif
