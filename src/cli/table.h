/* A table of texts on a terminal, or the same as CSV. */
#ifndef TMK_CLI_TABLE_H
#define TMK_CLI_TABLE_H

#include "status.h"

#include <stdbool.h>
#include <stdio.h>

struct tmk_column {
    const char *head;
    bool number; /* set flush right */
};

/* Start with TMK_TABLE(columns), an array; cells follow row by row. */
struct tmk_table {
    const struct tmk_column *columns;
    size_t ncolumns;
    char **cells;
    size_t ncells, capacity;
    bool failed; /* out of memory: tmk_table_print() tells */
};

#define TMK_TABLE(array)                                                                           \
    {                                                                                              \
        .columns = (array), .ncolumns = sizeof(array) / sizeof *(array)                            \
    }

/* Append a cell, printf style. */
void tmk_table_cell(struct tmk_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Print the table, columns two spaces apart or as CSV, and free its cells. TMK_ENOMEM if a cell was
 * lost: then nothing is printed. */
enum tmk_status tmk_table_print(struct tmk_table *table, FILE *file, bool csv);

#endif
