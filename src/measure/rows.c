#include "record.h"

#include "columns.h"
#include "size.h"
#include "text.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

/* The texts that, with the number of threads, tell one cell from another. */
static const size_t identity[] = {
    offsetof(struct tmk_cell, op),     offsetof(struct tmk_cell, problem),
    offsetof(struct tmk_cell, name),   offsetof(struct tmk_cell, dir),
    offsetof(struct tmk_cell, impl),   offsetof(struct tmk_cell, dtype),
    offsetof(struct tmk_cell, layout), offsetof(struct tmk_cell, cache),
};
#define NIDENTITY (sizeof identity / sizeof *identity)

static const char *text_at(const struct tmk_cell *cell, size_t offset)
{
    return (const char *)cell + offset;
}

bool tmk_cell_same(const struct tmk_cell *a, const struct tmk_cell *b)
{
    if (a->threads != b->threads)
        return false;
    for (size_t i = 0; i < NIDENTITY; i++)
        if (strcmp(text_at(a, identity[i]), text_at(b, identity[i])) != 0)
            return false;
    return true;
}

/* FNV-1a, 64 bits, over the texts with their terminators. */
uint64_t tmk_cell_hash(const struct tmk_cell *cell)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)cell->threads;
    for (size_t i = 0; i < NIDENTITY; i++) {
        const char *text = text_at(cell, identity[i]);
        do
            hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
        while (*text++);
    }
    return hash;
}

struct reader {
    const char *path;
    size_t line, field; /* the line being read, from 1; fields of it seen so far */
    size_t columns;     /* that belong there: those of the header */
    bool ended;         /* the line is a whole record */
    struct tmk_row row;
    struct tmk_rows rows;
    size_t capacity;
    enum tmk_status status;
};

static void check_header(struct reader *reader, const struct tmk_column *column, const char *text)
{
    if (strcmp(text, column->name) != 0)
        reader->status = tmk_fail(TMK_EINVAL,
                                  "%s: line 1: column %zu is \"%.32s\", not %s: not a samples.csv "
                                  "of this version; name another run",
                                  reader->path, reader->field, text, column->name);
}

static void on_field(void *text, size_t length, void *context)
{
    (void)length;
    struct reader *reader = context;
    size_t index = reader->field++;
    if (reader->status != TMK_OK || index >= tmk_sample_column_count)
        return;
    const struct tmk_column *column = &tmk_sample_columns[index];
    if (reader->line == 1) {
        check_header(reader, column, text);
        return;
    }
    const char *wanted = tmk_column_parse(column, text, &reader->row);
    if (wanted)
        reader->status = tmk_fail(
            TMK_EINVAL, "%s: line %zu: column %s: \"%.64s\" is not %s: mend or delete the line",
            reader->path, reader->line, column->name, (const char *)text, wanted);
}

static void add_row(struct reader *reader)
{
    struct tmk_rows *rows = &reader->rows;
    if (rows->count == reader->capacity) {
        size_t capacity = TMK_MAX(2 * reader->capacity, 64);
        struct tmk_row *grown = reallocarray(rows->rows, capacity, sizeof *grown);
        if (!grown) {
            reader->status = tmk_fail(TMK_ENOMEM, "%s: no memory for %zu rows: read a shorter run",
                                      reader->path, capacity);
            return;
        }
        rows->rows = grown;
        reader->capacity = capacity;
    }
    rows->rows[rows->count++] = reader->row;
}

static void on_end(int terminator, void *context)
{
    (void)terminator;
    struct reader *reader = context;
    reader->ended = true;
    if (reader->line == 1) /* the last one, `chosen`, came later */
        reader->columns =
            reader->field == tmk_sample_column_count - 1 ? reader->field : tmk_sample_column_count;
    if (reader->status == TMK_OK && reader->field < reader->columns)
        reader->status = tmk_fail(TMK_EINVAL,
                                  "%s: line %zu: %zu columns, but %zu belong there: mend or delete "
                                  "the line",
                                  reader->path, reader->line, reader->field, reader->columns);
    if (reader->status == TMK_OK && reader->line > 1)
        add_row(reader);
    reader->field = 0;
}

static void read_line(struct reader *reader, struct csv_parser *parser, const char *line,
                      size_t length)
{
    reader->line++;
    reader->ended = false;
    bool parsed = csv_parse(parser, line, length, on_field, on_end, reader) == length;
    if (reader->status == TMK_OK && !(parsed && reader->ended))
        reader->status = tmk_fail(
            TMK_EINVAL, "%s: line %zu: %s: mend or delete the line", reader->path, reader->line,
            parsed ? "empty, or a quote left open" : csv_strerror(csv_error(parser)));
}

/* A file without a whole line is fine if its writer was killed while writing the header. */
static enum tmk_status check_torn_header(const char *path, const char *text)
{
    struct tmk_line header;
    TMK_TRY(tmk_line_header(tmk_sample_columns, tmk_sample_column_count, &header));
    size_t length = strlen(text);
    if (length > header.length || memcmp(text, header.text, length) != 0)
        return tmk_fail(TMK_EINVAL, "%s: line 1 is not the header of samples.csv: name another run",
                        path);
    return TMK_OK;
}

static enum tmk_status read_lines(struct reader *reader, const char *text)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_APPEND_NULL) != 0)
        return tmk_fail(TMK_ENOMEM, "%s: no memory to parse it: free some", reader->path);
    const char *newline;
    for (; reader->status == TMK_OK && (newline = strchr(text, '\n')); text = newline + 1)
        read_line(reader, &parser, text, (size_t)(newline - text) + 1);
    csv_free(&parser);
    if (reader->status == TMK_OK && reader->line == 0)
        return check_torn_header(reader->path, text);
    return reader->status;
}

enum tmk_status tmk_samples_read(const char *path, struct tmk_rows *out)
{
    char *text;
    TMK_TRY(tmk_read_file(path, &text));
    struct reader reader = {.path = path, .status = TMK_OK};
    enum tmk_status status = read_lines(&reader, text);
    free(text);
    if (status == TMK_OK)
        *out = reader.rows;
    else
        tmk_rows_free(&reader.rows);
    return status;
}

void tmk_rows_free(struct tmk_rows *rows)
{
    free(rows->rows);
    *rows = (struct tmk_rows){0};
}

enum tmk_status tmk_rows_of_cell(const struct tmk_rows *rows, const struct tmk_cell *cell,
                                 struct tmk_held *out)
{
    struct tmk_held held = {0};
    for (size_t i = 0; i < rows->count; i++)
        held.rows += tmk_cell_same(&rows->rows[i].cell, cell);
    held.seconds = calloc(TMK_MAX(held.rows, 1), sizeof *held.seconds);
    if (!held.seconds)
        return tmk_fail(TMK_ENOMEM, "no memory for the %zu rows of a cell: free some", held.rows);
    for (size_t i = 0; held.rows > 0 && i < rows->count; i++) {
        const struct tmk_row *row = &rows->rows[i];
        if (row->calls == 0 || !tmk_cell_same(&row->cell, cell))
            continue;
        held.seconds[held.samples++] = row->seconds;
        held.next_round = TMK_MAX(held.next_round, row->round + 1);
    }
    *out = held;
    return TMK_OK;
}

void tmk_held_free(struct tmk_held *held)
{
    free(held->seconds);
    *held = (struct tmk_held){0};
}
