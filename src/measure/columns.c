#include "columns.h"

#include "text.h"

#include <csv.h>
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum tmk_status add(struct tmk_line *line, const char *text, size_t length)
{
    if (length > sizeof line->text - line->length)
        return tmk_fail(TMK_EINVAL, "a line of more than %zu characters: use shorter names",
                        sizeof line->text);
    memcpy(line->text + line->length, text, length);
    line->length += length;
    return TMK_OK;
}

static enum tmk_status add_text(struct tmk_line *line, const struct tmk_column *column,
                                const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (iscntrl((unsigned char)text[i]))
            return tmk_fail(TMK_EINVAL, "%s \"%.*s...\": has a control character: leave it out",
                            column->name, (int)i, text);
    if (!strpbrk(text, ", \""))
        return add(line, text, length);
    char quoted[TMK_LINE_MAX];
    size_t needed = csv_write2(quoted, sizeof quoted, text, length, CSV_QUOTE);
    return add(line, quoted, needed);
}

static enum tmk_status add_value(struct tmk_line *line, const struct tmk_column *column,
                                 const void *value)
{
    char text[32] = "";
    double real;
    switch (column->type) {
    case TMK_COLUMN_TEXT:
        return add_text(line, column, value);
    case TMK_COLUMN_INT:
        snprintf(text, sizeof text, "%d", *(const int *)value);
        break;
    case TMK_COLUMN_UNSIGNED:
        snprintf(text, sizeof text, "%u", *(const unsigned *)value);
        break;
    case TMK_COLUMN_SIZE:
        snprintf(text, sizeof text, "%zu", *(const size_t *)value);
        break;
    case TMK_COLUMN_FLAG:
        snprintf(text, sizeof text, "%d", *(const bool *)value);
        break;
    case TMK_COLUMN_MEASURED:
    case TMK_COLUMN_EXACT:
        real = *(const double *)value;
        if (!isnan(real))
            snprintf(text, sizeof text, "%.*g", column->type == TMK_COLUMN_EXACT ? 17 : 9, real);
        break;
    }
    return add(line, text, strlen(text));
}

enum tmk_status tmk_line_header(const struct tmk_column *columns, size_t count,
                                struct tmk_line *line)
{
    line->length = 0;
    for (size_t i = 0; i < count; i++) {
        TMK_TRY(add(line, columns[i].name, strlen(columns[i].name)));
        TMK_TRY(add(line, i + 1 < count ? "," : "\n", 1));
    }
    return TMK_OK;
}

enum tmk_status tmk_line_record(const struct tmk_column *columns, size_t count, const void *record,
                                struct tmk_line *line)
{
    line->length = 0;
    for (size_t i = 0; i < count; i++) {
        TMK_TRY(add_value(line, &columns[i], (const char *)record + columns[i].offset));
        TMK_TRY(add(line, i + 1 < count ? "," : "\n", 1));
    }
    return TMK_OK;
}

static const char *parse_real(const char *text, double *out)
{
    char *end;
    *out = *text ? strtod(text, &end) : NAN;
    return *text && *end ? "a number" : NULL;
}

/* A whole number up to `max`. */
static const char *parse_whole(const char *text, size_t max, size_t *out)
{
    return tmk_parse_size(text, out) && *out <= max ? NULL : "a whole number in range";
}

const char *tmk_column_parse(const struct tmk_column *column, const char *text, void *record)
{
    void *value = (char *)record + column->offset;
    size_t whole = 0;
    const char *wanted = NULL;
    switch (column->type) {
    case TMK_COLUMN_TEXT:
        if (strlen(text) >= column->size)
            return "a shorter text";
        strcpy(value, text);
        break;
    case TMK_COLUMN_INT:
        wanted = parse_whole(text, INT_MAX, &whole);
        *(int *)value = (int)whole;
        break;
    case TMK_COLUMN_UNSIGNED:
        wanted = parse_whole(text, UINT_MAX, &whole);
        *(unsigned *)value = (unsigned)whole;
        break;
    case TMK_COLUMN_SIZE:
        wanted = parse_whole(text, SIZE_MAX, &whole);
        *(size_t *)value = whole;
        break;
    case TMK_COLUMN_FLAG:
        wanted = parse_whole(text, 1, &whole) ? "0 or 1" : NULL;
        *(bool *)value = whole == 1;
        break;
    case TMK_COLUMN_MEASURED:
    case TMK_COLUMN_EXACT:
        wanted = parse_real(text, value);
        break;
    }
    return wanted;
}
