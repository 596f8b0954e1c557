/* Text and number formatting, and where data files are. */
#ifndef TMK_BASE_TEXT_H
#define TMK_BASE_TEXT_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* "1.50 MiB", "64 B": binary prefixes, three significant digits. Returns buf. */
char *tmk_format_bytes(char *buf, size_t size, double bytes);

/* "1.23 ms", "45.6 us", "2 min 05 s". Returns buf. */
char *tmk_format_seconds(char *buf, size_t size, double seconds);

/* "8.93 M", "1.58 G": decimal prefixes, three significant digits. Returns buf. */
char *tmk_format_count(char *buf, size_t size, double count);

/* Parse a whole decimal number without sign that fills all of `text`. False if it is anything
 * else or does not fit. */
bool tmk_parse_size(const char *text, size_t *out);

/* The place of a word in a table of `count`; `count` if it is not there. */
size_t tmk_find_word(const char *const *words, size_t count, const char *word);

/* A command line as one can type it: words that a shell would split or change are quoted. argv[0]
 * stays as it is, for it is "tilemark NAME". The caller frees it; NULL: no memory. */
char *tmk_format_command(int argc, const char **argv);

/* Read a whole text file into one NUL-terminated string that the caller frees. TMK_EIO with the
 * path and the system's reason if that fails. */
enum tmk_status tmk_read_file(const char *path, char **out);

/* Find a data file such as "sets/quick" or "plots/speedup.gp": below $TILEMARK_DATA if set, else
 * in bench/, analysis/ or src/plot/ of the source tree tilemark was built from, else where all of
 * them were installed. TMK_EIO if absent. */
enum tmk_status tmk_data_path(const char *name, char *out, size_t size);

#endif
