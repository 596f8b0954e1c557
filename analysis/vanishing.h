/* The parts of `tilemark vanishing`: what was asked and found, and how it is shown. */
#ifndef TMK_ANALYSIS_VANISHING_H
#define TMK_ANALYSIS_VANISHING_H

#include "vanishing_sweep.h"

#include <stdio.h>

#define TMK_VANISHING_CASES 8

struct tmk_vanishing {
    bool textbook;
    size_t ncases; /* 0: only a sweep was asked for */
    struct tmk_decay cases[TMK_VANISHING_CASES];
    bool swept;
    struct tmk_sigma_sweep sweep;
    int argc; /* the command */
    const char **argv;
};

/* Tables on stdout; then, unless pictures are made, plots in text. */
enum tmk_status tmk_vanishing_print(const struct tmk_vanishing *vanishing, bool plots);

/* The table of one case, on a terminal or as CSV with logarithms where norms would underflow. */
enum tmk_status tmk_vanishing_write(const struct tmk_decay *decay, FILE *file, bool csv);

/* A table with a row per case: decades lost per layer, measured, predicted, bounded. */
enum tmk_status tmk_vanishing_summarise(const struct tmk_vanishing *vanishing, FILE *file,
                                        bool csv);

/* A table with a row per sigma_w. */
enum tmk_status tmk_vanishing_write_sweep(const struct tmk_sigma_sweep *sweep, FILE *file,
                                          bool csv);

/* Pictures, tables and the chapter in `folder`. */
enum tmk_status tmk_vanishing_draw(const struct tmk_vanishing *vanishing, const char *folder);

#endif
