/* Running gnuplot. */
#ifndef TMK_PLOT_GNUPLOT_H
#define TMK_PLOT_GNUPLOT_H

#include "status.h"

#include <stdio.h>

/* gnuplot SCRIPT in `folder` without a shell, or on the commands of `input` if `script` is NULL
 * (`folder` may be NULL too: here). What it says on stderr is shown, by its last line, only if it
 * fails. TMK_EIO: that, or gnuplot is not installed. */
enum tmk_status tmk_gnuplot(const char *folder, const char *script, FILE *input);

#endif
