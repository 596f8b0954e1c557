/* Files that a command writes into a folder of the user's. */
#ifndef TMK_PLOT_FOLDER_H
#define TMK_PLOT_FOLDER_H

#include "status.h"

#include <stdio.h>

/* Make a folder, and those above it, if they are not there. TMK_EIO. */
enum tmk_status tmk_folder_make(const char *folder);

/* Open FOLDER/NAME.ENDING for writing; what it held is lost. TMK_EIO. */
enum tmk_status tmk_folder_create(const char *folder, const char *name, const char *ending,
                                  FILE **out);

/* Close such a file. TMK_EIO: not all of it could be written. */
enum tmk_status tmk_folder_close(FILE *file, const char *name);

#endif
