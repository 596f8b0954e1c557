/* Reading batch files and descriptors; sets.h has the grammar. */
#include "conv2d.h"
#include "matmul.h"
#include "named.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files inside files; a file that includes itself runs into this. */
enum { MAX_DEPTH = 16, PATH_SIZE = 4096 };

struct reader {
    struct tmk_list *list;
    const struct tmk_op *op;   /* of every descriptor; NULL: told by its form */
    const struct tmk_op *only; /* leave out other operations; NULL: none */
    struct tmk_options options;
    int depth;
};

/* What is being read: a file under the name it was asked for, or (NULL) an argument. */
struct source {
    const char *path, *label;
    size_t line;
    char *next;
};

static enum tmk_status read_source(struct reader *reader, struct source *source);

static void format_place(const struct source *source, char *buf, size_t size)
{
    if (source->label)
        snprintf(buf, size, "%s:%zu", source->label, source->line);
    else
        snprintf(buf, size, "argument");
}

/* Put the place before the message of a failure inside one token. */
static enum tmk_status at_place(const struct source *source, enum tmk_status status)
{
    char place[PATH_SIZE];
    if (status == TMK_OK || !source->label)
        return status;
    format_place(source, place, sizeof place);
    return tmk_fail(status, "%s: %s", place, tmk_message());
}

static enum tmk_status skip(struct reader *reader, const struct source *source, const char *what,
                            const char *why)
{
    char place[PATH_SIZE];
    format_place(source, place, sizeof place);
    return tmk_list_skip(reader->list, what, why, place);
}

/* -- tokens -- */

/* Step over white space and comments; false at the end of the text. */
static bool find_word(struct source *source)
{
    for (;; source->next++) {
        if (*source->next == '#')
            source->next += strcspn(source->next, "\n");
        if (*source->next == '\0')
            return false;
        if (!isspace((unsigned char)*source->next))
            return true;
        source->line += *source->next == '\n';
    }
}

/* Cut the next token out of the text, words that end in a backslash joined with the next in place.
 * NULL at the end. */
static char *next_token(struct source *source)
{
    if (!find_word(source))
        return NULL;
    char *token = source->next, *end = token;
    bool joined;
    do {
        size_t length = strcspn(source->next, " \t\n\v\f\r");
        memmove(end, source->next, length);
        source->next += length;
        end += length;
        joined = end[-1] == '\\';
        end -= joined;
    } while (joined && find_word(source));
    if (*source->next) {
        source->line += *source->next == '\n';
        source->next++;
    }
    *end = '\0';
    return token;
}

/* -- descriptors -- */

struct descriptor {
    struct reader *reader;
    const struct source *source;
    const struct tmk_op *op;
    const char *text;
};

/* Why a problem is left out, without the descriptor, which stands beside it. */
static void cut_out(char *message, const char *text)
{
    char *at = strstr(message, text);
    if (!at)
        return;
    char *end = at + strlen(text);
    if (at > message && at[-1] == '\'' && *end == '\'')
        at--, end++;
    if (at > message && at[-1] == ' ')
        at--;
    memmove(at, end, strlen(end) + 1);
}

static enum tmk_status parse(const struct descriptor *d, const struct tmk_setting *setting,
                             struct tmk_problem *problem)
{
    enum tmk_status status = d->op->parse(d->text, &setting->context, problem);
    if (status == TMK_OK)
        return tmk_list_add(d->reader->list, problem, setting->dir);
    if (status != TMK_EUNSUPPORTED)
        return status;
    char why[512];
    snprintf(why, sizeof why, "%s", tmk_message());
    cut_out(why, d->text);
    return skip(d->reader, d->source, d->text, why);
}

static enum tmk_status add_descriptor(void *ctx, const struct tmk_setting *setting)
{
    const struct descriptor *d = ctx;
    if (*setting->refusal)
        return skip(d->reader, d->source, d->text, setting->refusal);
    struct tmk_problem *problem = calloc(1, d->op->problem_size);
    if (!problem)
        return tmk_fail(TMK_ENOMEM, "no memory for %s", d->text);
    enum tmk_status status = parse(d, setting, problem);
    free(problem);
    return status;
}

/* An operation's name and ':' at the start of `*text` is stepped over. */
static const struct tmk_op *take_prefix(const char **text)
{
    for (const struct tmk_op *const *op = tmk_ops; *op; op++) {
        size_t length = strlen((*op)->name);
        if (strncmp(*text, (*op)->name, length) == 0 && (*text)[length] == ':') {
            *text += length + 1;
            return *op;
        }
    }
    return NULL;
}

static enum tmk_status read_descriptor(struct reader *reader, const struct source *source,
                                       const char *text)
{
    const struct tmk_op *form = isdigit((unsigned char)*text) ? &tmk_op_matmul : &tmk_op_conv2d;
    struct descriptor d = {reader, source, reader->op ? reader->op : form, text};
    if (reader->only && d.op != reader->only)
        return TMK_OK;
    return at_place(source, tmk_options_each(&reader->options, d.op, add_descriptor, &d));
}

/* -- files and named sets -- */

static enum tmk_status read_file(struct reader *reader, const char *path, const char *label)
{
    char *text;
    TMK_TRY(tmk_read_file(path, &text));
    struct source source = {.path = path, .label = label, .line = 1, .next = text};
    enum tmk_status status = read_source(reader, &source);
    free(text);
    return status;
}

struct member {
    struct reader *reader;
    const struct source *source; /* NULL: the set was asked for by name */
    const struct tmk_net_entry *entry;
    const struct tmk_op *op;
};

static enum tmk_status add_net(void *ctx, const struct tmk_setting *setting)
{
    const struct member *m = ctx;
    if (*setting->refusal)
        return skip(m->reader, m->source, m->entry->name, setting->refusal);
    return tmk_list_net(m->reader->list, m->entry, m->op, setting);
}

/* Append the set of that name, if there is one. */
static enum tmk_status read_set(struct reader *reader, const struct source *source,
                                const char *name, bool *found)
{
    char path[PATH_SIZE];
    *found = false;
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        if (!tmk_net_is_set(entry, name))
            continue;
        *found = true;
        for (const struct tmk_op *const *op = tmk_ops; *op; op++) {
            struct member m = {reader, source, entry, *op};
            if (!reader->only || reader->only == *op)
                TMK_TRY(tmk_options_each(&reader->options, *op, add_net, &m));
        }
    }
    if (*found || !tmk_set_path(name, path, sizeof path))
        return TMK_OK;
    *found = true;
    return read_file(reader, path, name);
}

/* The path of `file` beside the including one. False if there is no such file. */
static bool find_beside(const struct source *source, const char *file, char *path, size_t size)
{
    const char *slash = source->path ? strrchr(source->path, '/') : NULL;
    int folder = *file == '/' || !slash ? 0 : (int)(slash + 1 - source->path);
    int length = snprintf(path, size, "%.*s%s", folder, folder ? source->path : "", file);
    return *file && length < (int)size && access(path, R_OK) == 0;
}

static enum tmk_status read_nested(struct reader *reader, const struct source *source,
                                   const char *token)
{
    const char *file = strchr(token, '=') + 1;
    char path[PATH_SIZE];
    bool found;
    if (reader->depth == MAX_DEPTH)
        return at_place(source, tmk_fail(TMK_EINVAL,
                                         "%s: files nested deeper than %d: does one include "
                                         "itself?",
                                         token, MAX_DEPTH));
    reader->depth++;
    enum tmk_status status = TMK_OK;
    if (find_beside(source, file, path, sizeof path)) {
        status = read_file(reader, path, file);
    } else {
        status = read_set(reader, source, file, &found);
        if (status == TMK_OK && !found)
            status = skip(reader, source, token, "no such file or set");
    }
    reader->depth--;
    return status;
}

static enum tmk_status read_token(struct reader *reader, const struct source *source,
                                  const char *token)
{
    if (strncmp(token, "--batch=", 8) == 0)
        return read_nested(reader, source, token);
    if (strcmp(token, "--reset") == 0) {
        tmk_options_reset(&reader->options);
        return TMK_OK;
    }
    if (*token == '-')
        return at_place(source, tmk_options_set(&reader->options, token));
    return read_descriptor(reader, source, token);
}

static enum tmk_status read_source(struct reader *reader, struct source *source)
{
    while (find_word(source)) {
        struct source start = *source; /* whose line is that of the token's beginning */
        const char *token = next_token(source);
        if (*token)
            TMK_TRY(read_token(reader, &start, token));
    }
    return TMK_OK;
}

/* -- the three ways in -- */

enum tmk_status tmk_list_descriptor(struct tmk_list *list, const char *text,
                                    const struct tmk_context *context)
{
    const char *rest = text;
    struct reader reader = {.list = list, .op = take_prefix(&rest), .options.start = *context};
    char *copy = strdup(rest);
    if (!copy)
        return tmk_fail(TMK_ENOMEM, "no memory for %s", text);
    size_t before = list->count + list->nskips;
    struct source source = {.line = 1, .next = copy};
    enum tmk_status status = read_source(&reader, &source);
    free(copy);
    tmk_options_reset(&reader.options);
    if (status == TMK_OK && list->count + list->nskips == before)
        return tmk_fail(TMK_EINVAL, "'%s' holds no descriptor: give one, as matmul:64x64:64x64",
                        text);
    return status;
}

enum tmk_status tmk_list_batch(struct tmk_list *list, const char *path, const struct tmk_op *op,
                               const struct tmk_context *context)
{
    struct reader reader = {.list = list, .only = op, .options.start = *context};
    enum tmk_status status = read_file(&reader, path, path);
    tmk_options_reset(&reader.options);
    return status;
}

enum tmk_status tmk_list_set(struct tmk_list *list, const char *name,
                             const struct tmk_context *context)
{
    struct reader reader = {.list = list, .options.start = *context};
    bool found;
    enum tmk_status status = read_set(&reader, NULL, name, &found);
    tmk_options_reset(&reader.options);
    return status == TMK_OK && !found ? tmk_fail_unknown_set(name) : status;
}
