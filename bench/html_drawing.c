#include "html.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

/* Several drawings in one page: what they name within themselves gets the drawing's name in front.
 * `at` stands on a possible beginning of such a name; returns how much was written instead. */
static size_t put_own_name(FILE *file, const char *at, const char *drawing)
{
    static const char *const marks[] = {"id='", "id=\"", "href='#", "href=\"#", "url(#"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t length = strlen(marks[i]);
        if (strncmp(at, marks[i], length) == 0) {
            fprintf(file, "%s%s-", marks[i], drawing);
            return length;
        }
    }
    return 0;
}

enum tmk_status tmk_html_drawing(FILE *file, const char *path, const char *name,
                                 const char *heading)
{
    char *text;
    TMK_TRY(tmk_read_file(path, &text));
    const char *svg = strstr(text, "<svg");
    const char *title = svg ? strstr(svg, "<title>") : NULL;
    const char *body = title ? strstr(title, "</desc>") : NULL;
    if (!body) {
        free(text);
        return tmk_fail(TMK_EIO, "%s is no drawing of gnuplot's: make it again", path);
    }
    fwrite(svg, 1, (size_t)(title - svg), file);
    fputs("<title>", file);
    tmk_html_text(file, heading);
    fputs("</title>", file);
    for (const char *at = body + strlen("</desc>"); *at;) {
        size_t skipped = put_own_name(file, at, name);
        if (skipped == 0)
            fputc(*at, file);
        at += skipped ? skipped : 1;
    }
    free(text);
    return TMK_OK;
}
