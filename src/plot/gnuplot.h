/* Running gnuplot. */
#ifndef TMK_PLOT_GNUPLOT_H
#define TMK_PLOT_GNUPLOT_H

#include "status.h"

#include <stdio.h>

/* gnuplot SCRIPT in `folder`, without a shell. What it says on stderr is shown, by its last line,
 * only if it fails. TMK_EIO: that, or gnuplot is not installed. */
enum tmk_status tmk_gnuplot_script(const char *folder, const char *script);

/* gnuplot on the commands of the file `input`; what it draws in text goes to the file `output`.
 * Both are used from their beginning. TMK_EIO, as above. */
enum tmk_status tmk_gnuplot_commands(FILE *input, FILE *output);

#endif
