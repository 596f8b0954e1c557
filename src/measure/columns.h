/* A table on disk as a list of columns: where each one's value stands in a record, and how it is
 * written. The same list writes the header, writes rows and reads them. */
#ifndef TMK_MEASURE_COLUMNS_H
#define TMK_MEASURE_COLUMNS_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

enum tmk_column_type {
    TMK_COLUMN_TEXT,     /* char[size], quoted where it must be */
    TMK_COLUMN_INT,      /* int, >= 0 */
    TMK_COLUMN_UNSIGNED, /* unsigned */
    TMK_COLUMN_SIZE,     /* size_t */
    TMK_COLUMN_FLAG,     /* bool: 0 or 1 */
    TMK_COLUMN_MEASURED, /* double with nine digits, more than any clock has; empty: NaN */
    TMK_COLUMN_EXACT     /* double that reads back bit for bit; empty: NaN */
};

struct tmk_column {
    const char *name;
    enum tmk_column_type type;
    size_t offset, size; /* of the member */
};
#define TMK_COLUMN(name, type, record, member)                                                     \
    {                                                                                              \
        name, TMK_COLUMN_##type, offsetof(record, member), sizeof(((record *)0)->member)           \
    }

/* Enough for any line of the tables here; writing checks it all the same. */
#define TMK_LINE_MAX 4096
struct tmk_line {
    char text[TMK_LINE_MAX]; /* not terminated */
    size_t length;
};

/* One line with its newline. TMK_EINVAL: a text holds control characters; too long. */
enum tmk_status tmk_line_header(const struct tmk_column *columns, size_t count,
                                struct tmk_line *line);
enum tmk_status tmk_line_record(const struct tmk_column *columns, size_t count, const void *record,
                                struct tmk_line *line);

/* Store the value that `text` spells. NULL, or what should have stood there ("a whole number"). */
const char *tmk_column_parse(const struct tmk_column *column, const char *text, void *record);

/* The columns of samples.csv, of struct tmk_row. */
extern const struct tmk_column tmk_sample_columns[];
extern const size_t tmk_sample_column_count;

#endif
