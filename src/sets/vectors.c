#include "vectors.h"
#include "size.h"
#include "text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Tokens of a text in memory. The current token is ended by a NUL; `held` is what stood there. */
struct reader {
    const char *path;
    char *cursor;
    char held;
    int line;
};

static bool ends_token(char c)
{
    return c == '\0' || c == '#' || isspace((unsigned char)c);
}

/* The next token, or NULL at the end of the text. */
static char *next_token(struct reader *reader)
{
    char *c = reader->cursor;
    *c = reader->held;
    while (*c && ends_token(*c)) {
        if (*c == '#')
            c += strcspn(c, "\n");
        else
            reader->line += *c++ == '\n';
    }
    char *token = c;
    while (!ends_token(*c))
        c++;
    reader->cursor = c;
    reader->held = *c;
    *c = '\0';
    return *token ? token : NULL;
}

static enum tmk_status bad_token(const struct reader *reader, const char *token, const char *wanted)
{
    if (!token)
        return tmk_fail(TMK_EINVAL, "%s:%d: the file ends where %s should stand", reader->path,
                        reader->line, wanted);
    return tmk_fail(TMK_EINVAL, "%s:%d: '%s' where %s should stand", reader->path, reader->line,
                    token, wanted);
}

static enum tmk_status read_word(struct reader *reader, const char *wanted, char *out, size_t size)
{
    const char *token = next_token(reader);
    if (!token || strlen(token) >= size)
        return bad_token(reader, token, wanted);
    strcpy(out, token);
    return TMK_OK;
}

static enum tmk_status read_size(struct reader *reader, const char *wanted, size_t max, size_t *out)
{
    const char *token = next_token(reader);
    if (!token || !tmk_parse_size(token, out) || *out > max)
        return bad_token(reader, token, wanted);
    return TMK_OK;
}

static enum tmk_status read_numbers(struct reader *reader, struct tmk_vector_field *field)
{
    /* A number takes at least two bytes: a count that the file cannot hold is no reason to
     * allocate. */
    if (field->count > strlen(reader->cursor + (reader->held != '\0')) / 2 + 1)
        return tmk_fail(TMK_EINVAL, "%s:%d: '%s' states %zu numbers, more than the file holds",
                        reader->path, reader->line, field->name, field->count);
    field->values = malloc((field->count + 1) * sizeof *field->values);
    if (!field->values)
        return tmk_fail(TMK_ENOMEM, "%s:%d: no memory for %zu numbers of '%s'", reader->path,
                        reader->line, field->count, field->name);
    for (size_t i = 0; i < field->count; i++) {
        char *end = NULL;
        const char *token = next_token(reader);
        if (token)
            field->values[i] = strtod(token, &end);
        if (!token || *end)
            return bad_token(reader, token, "a number");
    }
    return TMK_OK;
}

/* A new field, named by the next token. */
static enum tmk_status add_field(struct reader *reader, struct tmk_vector *vector,
                                 struct tmk_vector_field **out)
{
    struct tmk_vector_field field = {0};
    TMK_TRY(
        read_word(reader, "a field's name of at most 31 letters", field.name, sizeof field.name));
    if (tmk_vector_find(vector, field.name))
        return tmk_fail(TMK_EINVAL, "%s:%d: field '%s' stands there twice", reader->path,
                        reader->line, field.name);
    struct tmk_vector_field *fields =
        realloc(vector->fields, (vector->nfields + 1) * sizeof *fields);
    if (!fields)
        return tmk_fail(TMK_ENOMEM, "%s: no memory for field '%s'", reader->path, field.name);
    vector->fields = fields;
    *out = &fields[vector->nfields++];
    **out = field;
    return TMK_OK;
}

static enum tmk_status read_format(struct reader *reader, struct tmk_vector *vector)
{
    size_t version = 0;
    (void)vector;
    TMK_TRY(read_size(reader, "format version 1", 1, &version));
    return version == 1 ? TMK_OK : bad_token(reader, "0", "format version 1");
}

static enum tmk_status read_op(struct reader *reader, struct tmk_vector *vector)
{
    return read_word(reader, "an operation's name of at most 31 letters", vector->op,
                     sizeof vector->op);
}

static enum tmk_status read_name(struct reader *reader, struct tmk_vector *vector)
{
    return read_word(reader, "a case's name of at most 63 letters", vector->name,
                     sizeof vector->name);
}

static enum tmk_status read_exact(struct reader *reader, struct tmk_vector *vector)
{
    size_t exact = 0;
    TMK_TRY(read_size(reader, "0 or 1", 1, &exact));
    vector->exact = exact == 1;
    return TMK_OK;
}

static enum tmk_status read_ints(struct reader *reader, struct tmk_vector *vector)
{
    struct tmk_vector_field *field = NULL;
    TMK_TRY(add_field(reader, vector, &field));
    field->ndim = 1;
    TMK_TRY(read_size(reader, "a count of integers", SIZE_MAX, &field->count));
    field->shape[0] = field->count;
    TMK_TRY(read_numbers(reader, field));
    for (size_t i = 0; i < field->count; i++)
        if (field->values[i] != floor(field->values[i]))
            return tmk_fail(TMK_EINVAL, "%s:%d: ints %s holds %g, which is no integer",
                            reader->path, reader->line, field->name, field->values[i]);
    return TMK_OK;
}

static enum tmk_status read_str(struct reader *reader, struct tmk_vector *vector)
{
    struct tmk_vector_field *field = NULL;
    TMK_TRY(add_field(reader, vector, &field));
    const char *token = next_token(reader);
    if (!token)
        return bad_token(reader, token, "a word");
    field->text = strdup(token);
    return field->text ? TMK_OK : tmk_fail(TMK_ENOMEM, "%s: no memory", reader->path);
}

static enum tmk_status read_tensor(struct reader *reader, struct tmk_vector *vector)
{
    struct tmk_vector_field *field = NULL;
    size_t ndim = 0;
    TMK_TRY(add_field(reader, vector, &field));
    TMK_TRY(read_size(reader, "a number of dimensions, 0 to 8", TMK_MAX_DIMS, &ndim));
    field->ndim = (int)ndim;
    field->count = 1;
    for (size_t i = 0; i < ndim; i++) {
        TMK_TRY(read_size(reader, "a dimension", SIZE_MAX, &field->shape[i]));
        if (!tmk_size_mul(field->count, field->shape[i], &field->count))
            return tmk_fail(TMK_EINVAL, "%s:%d: the shape of '%s' overflows", reader->path,
                            reader->line, field->name);
    }
    return read_numbers(reader, field);
}

static const struct {
    const char *name;
    enum tmk_status (*read)(struct reader *reader, struct tmk_vector *vector);
} directives[] = {
    {"format", read_format}, {"op", read_op},   {"name", read_name},     {"exact", read_exact},
    {"ints", read_ints},     {"str", read_str}, {"tensor", read_tensor},
};
#define NDIRECTIVES (sizeof directives / sizeof *directives)

static enum tmk_status read_directives(struct reader *reader, struct tmk_vector *vector)
{
    for (;;) {
        const char *token = next_token(reader);
        size_t i = 0;
        if (token && !strcmp(token, "end"))
            break;
        while (token && i < NDIRECTIVES && strcmp(directives[i].name, token))
            i++;
        if (!token || i == NDIRECTIVES)
            return bad_token(reader, token, "format, op, name, exact, ints, str, tensor or end");
        TMK_TRY(directives[i].read(reader, vector));
    }
    const char *token = next_token(reader);
    if (token)
        return bad_token(reader, token, "nothing, after 'end',");
    if (!*vector->op)
        return tmk_fail(TMK_EINVAL, "%s:%d: no 'op NAME' before 'end'", reader->path, reader->line);
    return TMK_OK;
}

enum tmk_status tmk_vector_read(const char *path, struct tmk_vector *out)
{
    char *text;
    *out = (struct tmk_vector){0};
    TMK_TRY(tmk_read_file(path, &text));
    struct reader reader = {.path = path, .cursor = text, .held = text[0], .line = 1};
    enum tmk_status status = read_directives(&reader, out);
    free(text);
    if (status != TMK_OK)
        tmk_vector_free(out);
    return status;
}

void tmk_vector_free(struct tmk_vector *vector)
{
    for (size_t i = 0; i < vector->nfields; i++) {
        free(vector->fields[i].text);
        free(vector->fields[i].values);
    }
    free(vector->fields);
    *vector = (struct tmk_vector){0};
}

const struct tmk_vector_field *tmk_vector_find(const struct tmk_vector *vector, const char *name)
{
    for (size_t i = 0; i < vector->nfields; i++)
        if (!strcmp(vector->fields[i].name, name))
            return &vector->fields[i];
    return NULL;
}
