/* Numbers as people write them: options that hold several, and counts too long to read without
 * commas. */
#ifndef TMK_ANALYSIS_NUMBERS_H
#define TMK_ANALYSIS_NUMBERS_H

#include "status.h"

#include <stddef.h>

#define TMK_GROUPED_MAX 64

/* "1,582,671,872"; rounded to a whole number. Returns buf. */
char *tmk_format_grouped(char buf[TMK_GROUPED_MAX], double count);

/* A whole number of 1 or more. TMK_EINVAL names the option. */
enum tmk_status tmk_parse_positive(const char *option, const char *text, size_t *out);

/* "32x48" or "32": rows and columns, 1 or more each. TMK_EINVAL names the option. */
enum tmk_status tmk_parse_image(const char *option, const char *text, size_t *height,
                                size_t *width);

/* Exactly `count` whole numbers of 1 or more with commas between them. TMK_EINVAL names the option.
 */
enum tmk_status tmk_parse_list(const char *option, const char *text, size_t count, size_t *out);

#endif
