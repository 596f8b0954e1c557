#include "table.h"

#include <csv.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void tmk_table_cell(struct tmk_table *table, const char *format, ...)
{
    if (table->ncells == table->capacity) {
        size_t more = table->capacity ? 2 * table->capacity : 64;
        char **grown = reallocarray(table->cells, more, sizeof *grown);
        table->failed |= !grown;
        if (!grown)
            return;
        table->cells = grown;
        table->capacity = more;
    }
    va_list args;
    va_start(args, format);
    char *text;
    bool written = vasprintf(&text, format, args) >= 0;
    va_end(args);
    table->failed |= !written;
    if (written)
        table->cells[table->ncells++] = text;
}

static int column_width(const struct tmk_table *table, size_t column)
{
    size_t width = strlen(table->columns[column].head);
    for (size_t i = column; i < table->ncells; i += table->ncolumns) {
        if (strlen(table->cells[i]) > width)
            width = strlen(table->cells[i]);
    }
    return (int)width;
}

static void print_cell(const struct tmk_table *table, size_t column, int width, const char *text,
                       FILE *file)
{
    bool last = column == table->ncolumns - 1;
    if (!table->columns[column].number)
        width = last ? 0 : -width;
    fprintf(file, "%*s%s", width, text, last ? "\n" : "  ");
}

static void print_text(const struct tmk_table *table, const int *width, FILE *file)
{
    for (size_t c = 0; c < table->ncolumns; c++)
        print_cell(table, c, width[c], table->columns[c].head, file);
    for (size_t i = 0; i < table->ncells; i++) {
        size_t c = i % table->ncolumns;
        print_cell(table, c, width[c], table->cells[i], file);
    }
}

static void print_field(const char *text, bool last, FILE *file)
{
    if (strpbrk(text, ",\"\r\n"))
        csv_fwrite(file, text, strlen(text));
    else
        fputs(text, file);
    fputc(last ? '\n' : ',', file);
}

static void print_csv(const struct tmk_table *table, FILE *file)
{
    for (size_t c = 0; c < table->ncolumns; c++)
        print_field(table->columns[c].head, c == table->ncolumns - 1, file);
    for (size_t i = 0; i < table->ncells; i++)
        print_field(table->cells[i], i % table->ncolumns == table->ncolumns - 1, file);
}

enum tmk_status tmk_table_print(struct tmk_table *table, FILE *file, bool csv)
{
    int *width = calloc(table->ncolumns, sizeof *width);
    bool complete = width && !table->failed;
    for (size_t c = 0; complete && c < table->ncolumns; c++)
        width[c] = column_width(table, c);
    if (complete && csv)
        print_csv(table, file);
    else if (complete)
        print_text(table, width, file);
    for (size_t i = 0; i < table->ncells; i++)
        free(table->cells[i]);
    free(table->cells);
    free(width);
    table->cells = NULL;
    table->ncells = table->capacity = 0;
    return complete ? TMK_OK : tmk_fail(TMK_ENOMEM, "no memory for the table");
}
