#include "options.h"
#include "conv2d.h"
#include "matmul.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Note why problems are left out; the first reason stays. */
static enum tmk_status refuse(struct tmk_setting *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static enum tmk_status refuse(struct tmk_setting *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!*s->refusal)
        vsnprintf(s->refusal, sizeof s->refusal, format, args);
    va_end(args);
    return TMK_OK;
}

/* Is `word` one of the words of `list`, separated by spaces? */
static bool is_one_of(const char *word, const char *list)
{
    size_t length = strlen(word);
    for (const char *at = list; length > 0 && (at = strstr(at, word)); at += length) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* -- what one value of an option does to a setting; `name` is the option's -- */

static enum tmk_status set_mb(struct tmk_setting *s, const char *name, const char *value)
{
    if (!tmk_parse_size(value, &s->context.mb))
        return tmk_fail(TMK_EINVAL, "--%s: '%s' is not a batch size: give a whole number", name,
                        value);
    return TMK_OK;
}

static const struct direction {
    const char *word;
    enum tmk_dir dir;
    bool bias, no_bias;
} directions[] = {
    {"FWD_B", TMK_FWD, true, false},    {"FWD_D", TMK_FWD, false, true},
    {"FWD_I", TMK_FWD, false, true},    {"BWD_D", TMK_BWD_D, false, false},
    {"BWD_WB", TMK_BWD_W, true, false}, {"BWD_W", TMK_BWD_W, false, true},
};

static const struct direction *find_direction(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof directions / sizeof *directions; i++) {
        const char *known = directions[i].word;
        if (strlen(known) == length && strncmp(known, word, length) == 0)
            return &directions[i];
    }
    return NULL;
}

/* All directions of the list at once: they are those of one problem. */
static enum tmk_status set_dir(struct tmk_setting *s, const char *name, const char *value)
{
    bool bias = false, no_bias = false;
    memset(s->dir, 0, sizeof s->dir);
    for (;;) {
        size_t length = strcspn(value, ",");
        const struct direction *direction = find_direction(value, length);
        if (!direction)
            return tmk_fail(TMK_EINVAL,
                            "--%s: '%.*s' is not a direction: use FWD_B, FWD_D, FWD_I, BWD_D, "
                            "BWD_W or BWD_WB",
                            name, (int)length, value);
        s->dir[direction->dir] = true;
        bias |= direction->bias;
        no_bias |= direction->no_bias;
        if (value[length] == '\0')
            break;
        value += length + 1;
    }
    if (bias || no_bias)
        s->context.no_bias = !bias;
    return TMK_OK;
}

static enum tmk_status set_dtype(struct tmk_setting *s, const char *name, const char *value)
{
    (void)name;
    if (is_one_of(value, "f32 f32:f32:f32 f32f32f32"))
        s->context.dtype = TMK_F32;
    else if (is_one_of(value, "f64 f64:f64:f64 f64f64f64"))
        s->context.dtype = TMK_F64;
    else
        return refuse(s, "data type %s is not offered", value);
    return TMK_OK;
}

/* Source and destination must have one layout, which either may name; "any" leaves it open. */
static enum tmk_status set_layout(struct tmk_setting *s, const char *name, const char *value)
{
    if (is_one_of(value, "any undef"))
        return TMK_OK;
    bool nchw = is_one_of(value, "abx abcd nchw");
    if (!nchw && !is_one_of(value, "axb acdb nhwc"))
        return refuse(s, "layout --%s=%s is not offered", name, value);
    enum tmk_layout layout = nchw ? TMK_NCHW : TMK_NHWC;
    if (s->has_layout && s->context.layout != layout)
        return refuse(s, "different layouts of source and destination are not offered");
    s->context.layout = layout;
    s->has_layout = true;
    return TMK_OK;
}

static enum tmk_status set_conv_wtag(struct tmk_setting *s, const char *name, const char *value)
{
    if (!is_one_of(value, "any undef abx axb abcd acdb abcde acdeb oihw ohwi goihw gohwi"))
        return refuse(s, "layout --%s=%s is not offered", name, value);
    return TMK_OK;
}

/* The order of a matrix's two dimensions, whatever the batch dimensions before them. */
static enum tmk_status read_order(struct tmk_setting *s, const char *name, const char *value,
                                  const char **order)
{
    if (is_one_of(value, "ba acb abdc abced"))
        *order = "ba";
    else if (is_one_of(value, "ab abc abcd abcde abx any undef"))
        *order = "ab";
    else
        return refuse(s, "layout --%s=%s is not offered", name, value);
    return TMK_OK;
}

static enum tmk_status set_matmul_stag(struct tmk_setting *s, const char *name, const char *value)
{
    return read_order(s, name, value, &s->context.stag);
}

static enum tmk_status set_matmul_wtag(struct tmk_setting *s, const char *name, const char *value)
{
    return read_order(s, name, value, &s->context.wtag);
}

static enum tmk_status set_matmul_dtag(struct tmk_setting *s, const char *name, const char *value)
{
    const char *order = "ab";
    TMK_TRY(read_order(s, name, value, &order));
    return strcmp(order, "ab") == 0 ? TMK_OK
                                    : refuse(s, "layout --%s=%s is not offered", name, value);
}

static enum tmk_status set_strides(struct tmk_setting *s, const char *name, const char *value)
{
    (void)name;
    s->context.strides = value;
    return TMK_OK;
}

/* Something that only its neutral values let through. */
static enum tmk_status set_neutral(struct tmk_setting *s, const char *name, const char *value)
{
    if (*value && !is_one_of(value, "undef any none strict 0 0:0 0:0:0 false"))
        return refuse(s, "--%s is not offered", name);
    return TMK_OK;
}

/* The table. `op` NULL: all; `whole`: the comma list is one value; `apply` NULL: no effect. */
static const struct option {
    const char *name;
    const struct tmk_op *op;
    bool whole;
    enum tmk_status (*apply)(struct tmk_setting *setting, const char *name, const char *value);
} table[] = {
    {"mb", NULL, false, set_mb},
    {"dir", NULL, true, set_dir},
    {"dt", NULL, false, set_dtype},
    {"cfg", NULL, false, set_dtype},
    {"stag", &tmk_op_conv2d, false, set_layout},
    {"dtag", &tmk_op_conv2d, false, set_layout},
    {"wtag", &tmk_op_conv2d, false, set_conv_wtag},
    {"stag", &tmk_op_matmul, false, set_matmul_stag},
    {"wtag", &tmk_op_matmul, false, set_matmul_wtag},
    {"dtag", &tmk_op_matmul, false, set_matmul_dtag},
    {"strides", &tmk_op_matmul, false, set_strides},
    {"bia-dt", NULL, false, set_neutral},
    {"bia-mask", NULL, true, NULL}, /* says nothing without bia-dt */
    {"runtime-dims-masks", NULL, false, set_neutral},
    {"encoding", NULL, false, set_neutral},
    {"attr", NULL, false, set_neutral},
    {"attr-acc-mode", NULL, false, set_neutral},
    {"attr-deterministic", NULL, true, NULL}, /* always so */
    {"attr-dropout", NULL, false, set_neutral},
    {"attr-fpmath", NULL, false, set_neutral},
    {"attr-oscale", NULL, false, set_neutral},
    {"attr-post-ops", NULL, false, set_neutral},
    {"attr-precomputed-reductions", NULL, false, set_neutral},
    {"attr-rounding-mode", NULL, false, set_neutral},
    {"attr-scales", NULL, false, set_neutral},
    {"attr-scratchpad", NULL, true, NULL}, /* tilemark's own workspace */
    {"attr-zero-points", NULL, false, set_neutral},
    {"alg", NULL, true, NULL}, /* from here on: benchdnn's implementations and its own run */
    {"allow-enum-tags-only", NULL, true, NULL},
    {"canonical", NULL, true, NULL},
    {"check-ref-impl", NULL, true, NULL},
    {"cold-cache", NULL, true, NULL},
    {"cpu-isa-hints", NULL, true, NULL},
    {"ctx-exe", NULL, true, NULL},
    {"ctx-init", NULL, true, NULL},
    {"engine", NULL, true, NULL},
    {"execution-mode", NULL, true, NULL},
    {"fast-ref", NULL, true, NULL},
    {"fast-ref-gpu", NULL, true, NULL},
    {"fix-times-per-prb", NULL, true, NULL},
    {"global-impl", NULL, true, NULL},
    {"global-skip-impl", NULL, true, NULL},
    {"impl", NULL, true, NULL},
    {"max-ms-per-prb", NULL, true, NULL},
    {"mem-check", NULL, true, NULL},
    {"memory-kind", NULL, true, NULL},
    {"mode", NULL, true, NULL},
    {"mode-modifier", NULL, true, NULL},
    {"num-streams", NULL, true, NULL},
    {"perf-template", NULL, true, NULL},
    {"repeats-per-prb", NULL, true, NULL},
    {"skip-impl", NULL, true, NULL},
    {"stream-kind", NULL, true, NULL},
    {"verbose", NULL, true, NULL},
};
enum { ROWS = sizeof table / sizeof *table };
_Static_assert(ROWS <= TMK_OPTIONS_MAX, "struct tmk_options holds a value for each row");

/* Run the values of one row through `then`, each on a setting of its own. */
static enum tmk_status
for_each_value(const struct tmk_options *options, size_t row, const struct tmk_setting *setting,
               enum tmk_status (*then)(void *ctx, const struct tmk_setting *setting), void *ctx)
{
    const struct option *option = &table[row];
    enum tmk_status status = TMK_OK;
    for (const char *at = options->value[row]; at && status == TMK_OK;) {
        size_t length = option->whole ? strlen(at) : strcspn(at, ",");
        char *value = strndup(at, length);
        if (!value)
            return tmk_fail(TMK_ENOMEM, "no memory for the value of --%s", option->name);
        struct tmk_setting next = *setting;
        status = option->apply(&next, option->name, value);
        if (status == TMK_OK)
            status = then(ctx, &next);
        free(value); /* after `then`: the setting may point to it */
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return status;
}

static enum tmk_status ignore(void *ctx, const struct tmk_setting *setting)
{
    (void)ctx;
    (void)setting;
    return TMK_OK;
}

/* Does an option's name, of `length` characters, stand in this row? */
static bool is_named(const struct option *option, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (option->name[i] != (name[i] == '_' ? '-' : name[i]))
            return false;
    }
    return option->name[length] == '\0';
}

static enum tmk_status set_row(struct tmk_options *options, size_t row, const char *value)
{
    char *old = options->value[row];
    options->value[row] = strdup(value);
    enum tmk_status status = TMK_OK;
    if (!options->value[row])
        status = tmk_fail(TMK_ENOMEM, "no memory for the value of --%s", table[row].name);
    else if (table[row].apply)
        status = for_each_value(options, row, &(struct tmk_setting){0}, ignore, NULL);
    free(status == TMK_OK ? old : options->value[row]);
    if (status != TMK_OK)
        options->value[row] = old;
    return status;
}

enum tmk_status tmk_options_set(struct tmk_options *options, const char *token)
{
    const char *name = token + strspn(token, "-");
    size_t length = strcspn(name, "=");
    const char *value = name[length] == '=' ? name + length + 1 : "";
    bool known = false;
    for (size_t row = 0; row < ROWS && name == token + 2; row++) {
        if (!is_named(&table[row], name, length))
            continue;
        known = true;
        TMK_TRY(set_row(options, row, value));
    }
    if (!known)
        return tmk_fail(TMK_EINVAL,
                        "option %.*s is unknown: use benchdnn's for conv and matmul, as --mb=, "
                        "--dir=, --dt=",
                        (int)(name - token + (ptrdiff_t)length), token);
    return TMK_OK;
}

void tmk_options_reset(struct tmk_options *options)
{
    for (size_t row = 0; row < ROWS; row++) {
        free(options->value[row]);
        options->value[row] = NULL;
    }
}

/* Going through the rows, one level of recursion for each that has values. */
struct walk {
    const struct tmk_options *options;
    const struct tmk_op *op;
    size_t row;
    enum tmk_status (*visit)(void *ctx, const struct tmk_setting *setting);
    void *ctx;
};

static enum tmk_status walk_rows(void *ctx, const struct tmk_setting *setting)
{
    struct walk walk = *(const struct walk *)ctx;
    for (; walk.row < ROWS; walk.row++) {
        const struct option *option = &table[walk.row];
        if (option->apply && walk.options->value[walk.row] &&
            (!option->op || option->op == walk.op))
            break;
    }
    if (walk.row == ROWS)
        return walk.visit(walk.ctx, setting);
    size_t row = walk.row++;
    return for_each_value(walk.options, row, setting, walk_rows, &walk);
}

enum tmk_status
tmk_options_each(const struct tmk_options *options, const struct tmk_op *op,
                 enum tmk_status (*visit)(void *ctx, const struct tmk_setting *setting), void *ctx)
{
    struct tmk_setting setting = {.context = options->start, .dir = {true, true, true}};
    struct walk walk = {options, op, 0, visit, ctx};
    return walk_rows(&walk, &setting);
}
