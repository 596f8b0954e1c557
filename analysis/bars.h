/* Bars drawn in characters, for those who gave no --out. */
#ifndef TMK_ANALYSIS_BARS_H
#define TMK_ANALYSIS_BARS_H

#include <stddef.h>

#define TMK_BARS_PARTS 4

/* One bar: its parts stand one after the other, each in its own character. */
struct tmk_bar {
    const char *name, *text; /* before it, and after it (what it comes to) */
    double part[TMK_BARS_PARTS];
};

/* Print `title` and the bars to stdout, the longest `width` characters long. A part greater than
 * zero that is too short for a character is not drawn. */
void tmk_bars_print(const char *title, const struct tmk_bar *bars, size_t count, int width);

#endif
