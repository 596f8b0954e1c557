#include "select.h"
#include "conv2d.h"
#include "peers.h"
#include "placement.h"
#include "size.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define MAX_NAMES 64
#define MAX_THREADS 4096 /* what no machine has, and what OpenMP can still start */

/* A NULL-terminated list of names, none twice. */
struct names {
    const char *name[MAX_NAMES + 1];
    bool on_demand[MAX_NAMES]; /* not among those that are chosen without an option */
    size_t count;
};

static void names_add(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(names->name[i], name))
            return;
    if (names->count < MAX_NAMES)
        names->name[names->count++] = name;
}

static struct names names_of(const char *const *table, size_t count)
{
    struct names names = {0};
    for (size_t i = 0; i < count; i++)
        names_add(&names, table[i]);
    return names;
}

static struct names known_ops(void)
{
    struct names names = {0};
    for (size_t i = 0; tmk_ops[i]; i++)
        names_add(&names, tmk_ops[i]->name);
    return names;
}

/* Libraries that are not on this machine have a name all the same. */
static struct names known_impls(void)
{
    struct names names = {0};
    const struct tmk_impl *impl;
    for (size_t i = 0; tmk_ops[i]; i++) {
        for (size_t j = 0; (impl = tmk_op_impl_at(tmk_ops[i], j)); j++) {
            size_t before = names.count;
            names_add(&names, impl->name);
            if (names.count > before)
                names.on_demand[before] = tmk_impl_absent(impl) || impl == tmk_ops[i]->ceiling;
        }
    }
    return names;
}

static enum tmk_status unknown_name(const char *option, const char *word, size_t length,
                                    const struct names *known)
{
    char list[512] = "";
    for (size_t i = 0, used = 0; i < known->count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                 known->name[i]);
    return tmk_fail(TMK_EINVAL, "--%s: '%.*s' is unknown: choose from %s", option, (int)length,
                    word, list);
}

/* Mark the known names that a comma list holds. */
static enum tmk_status choose(const char *option, const char *text, const struct names *known,
                              bool *chosen)
{
    for (const char *word = text;; word++) {
        size_t length = strcspn(word, ","), i = 0;
        while (i < known->count &&
               (strlen(known->name[i]) != length || strncmp(known->name[i], word, length)))
            i++;
        if (i == known->count)
            return unknown_name(option, word, length, known);
        chosen[i] = true;
        word += length;
        if (!*word)
            return TMK_OK;
    }
}

/* Without a text: the first `defaults` names, less those on demand. */
static enum tmk_status choose_flags(const char *option, const char *text, const struct names *known,
                                    size_t defaults, bool *chosen)
{
    if (text)
        return choose(option, text, known, chosen);
    for (size_t i = 0; i < defaults; i++)
        chosen[i] = !known->on_demand[i];
    return TMK_OK;
}

/* The chosen ones as a list of their own; all but those on demand without a text. */
static enum tmk_status choose_names(const char *option, const char *text, const struct names *known,
                                    const char ***out)
{
    bool chosen[MAX_NAMES] = {false};
    TMK_TRY(choose_flags(option, text, known, known->count, chosen));
    const char **list = calloc(known->count + 1, sizeof *list);
    if (!list)
        return tmk_fail(TMK_ENOMEM, "--%s: no memory for a list of names", option);
    size_t count = 0;
    for (size_t i = 0; i < known->count; i++)
        if (chosen[i])
            list[count++] = known->name[i];
    *out = list;
    return TMK_OK;
}

static bool has_name(const char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (!strcmp(*list, name))
            return true;
    return false;
}

bool tmk_select_has_impl(const struct tmk_selection *selection, const char *name)
{
    return has_name(selection->impls, name);
}

/* Thread counts in the order given, none twice. */
struct counts {
    int value[MAX_THREADS];
    size_t count;
};

static void counts_add(struct counts *counts, size_t value)
{
    for (size_t i = 0; i < counts->count; i++)
        if (counts->value[i] == (int)value)
            return;
    counts->value[counts->count++] = (int)value;
}

/* "4", "1-8", "1-8*2", "1-8+2"; false if it is nothing of that kind. */
static bool add_range(struct counts *counts, char *item)
{
    size_t first, last, step = 1;
    char *dash = strchr(item, '-');
    char *sign = dash ? strpbrk(dash, "*+") : NULL;
    bool multiply = sign && *sign == '*';
    if (sign) {
        if (!tmk_parse_size(sign + 1, &step))
            return false;
        *sign = '\0';
    }
    if (dash)
        *dash = '\0';
    if (!tmk_parse_size(item, &first) || !tmk_parse_size(dash ? dash + 1 : item, &last))
        return false;
    if (first < 1 || last < first || last > MAX_THREADS)
        return false;
    if (step < (multiply ? 2 : 1) || step > MAX_THREADS)
        return false;
    for (size_t value = first; value <= last; value = multiply ? value * step : value + step)
        counts_add(counts, value);
    return true;
}

static bool add_threads(struct counts *counts, char *item, int available)
{
    bool all = !strcmp(item, "all");
    if (!all && strcmp(item, "max"))
        return add_range(counts, item);
    for (int value = 1; all && value < available; value *= 2)
        counts_add(counts, (size_t)value);
    counts_add(counts, (size_t)available);
    return true;
}

enum tmk_status tmk_parse_threads(const char *text, int available, int **counts, size_t *n)
{
    struct counts found = {.count = 0};
    for (const char *word = text;; word++) {
        char item[64];
        size_t length = strcspn(word, ",");
        snprintf(item, sizeof item, "%.*s", (int)TMK_MIN(length, sizeof item), word);
        if (!add_threads(&found, item, TMK_MIN(available, MAX_THREADS)))
            return tmk_fail(TMK_EINVAL,
                            "--threads: '%.*s' is no thread count: write 4, 1,2,4, 1-8, 1-8*2 or "
                            "1-8+2 (at most %d), max, or all",
                            (int)length, word, MAX_THREADS);
        word += length;
        if (!*word)
            break;
    }
    *counts = malloc(found.count * sizeof **counts);
    if (!*counts)
        return tmk_fail(TMK_ENOMEM, "--threads: no memory for %zu counts", found.count);
    memcpy(*counts, found.value, found.count * sizeof **counts);
    *n = found.count;
    return TMK_OK;
}

int tmk_select_cpus(void)
{
    const struct tmk_topology *machine = tmk_this_machine();
    return machine ? TMK_MAX(tmk_topology_pus(machine), 1) : 1;
}

struct poptOption *tmk_select_options(struct tmk_selection *s)
{
    static struct poptOption table[16];
    const struct poptOption options[] = {
        {"op", 0, POPT_ARG_STRING, &s->op, 0, "operations: conv2d, matmul (default: all)", "LIST"},
        {"set", 0, POPT_ARG_ARGV, &s->set, 0, "named sets of problems; `tilemark list` shows them",
         "LIST"},
        {"batch", 0, POPT_ARG_ARGV, &s->batch, 0, "problems of a file as benchdnn has them",
         "FILE"},
        {"dir", 0, POPT_ARG_STRING, &s->dir, 0, "directions: fwd, bwd_d, bwd_w (default: all)",
         "LIST"},
        {"impl", 0, POPT_ARG_STRING, &s->impl, 0,
         "implementations (default: our own, and the libraries that are found)", "LIST"},
        TMK_SELECT_PEER(&s->peer),
        {"threads", 0, POPT_ARG_STRING, &s->threads, 0,
         "as in 1,2,4 or 1-8*2 (1 2 4 8) or 1-8; max: every CPU allowed to us, hardware threads "
         "counted; all: 1, 2, 4, ... max",
         "LIST"},
        {"dtype", 0, POPT_ARG_STRING, &s->dtype, 0, "data types: f32 (default), f64", "LIST"},
        {"layout", 0, POPT_ARG_STRING, &s->layout, 0, "of convolutions: nchw (default), nhwc",
         "LIST"},
        {"mb", 0, POPT_ARG_STRING, &s->mb, 0,
         "batch size of convolutions (default, and 0: each problem's own)", "N"},
        {"max-gflop", 0, POPT_ARG_DOUBLE, &s->max_gflop, 0,
         "leave out problems with more GFLOP forward", "X"},
        {"seed", 0, POPT_ARG_INT, &s->seed, 0, "of the random inputs (default: 0)", "N"},
        {"bind", 0, POPT_ARG_STRING, &s->bind, 0,
         "where timed threads run: compact (default), scatter, none, or CPUs as in 0,2,4-7",
         "POLICY"},
        POPT_TABLEEND,
    };
    _Static_assert(sizeof options <= sizeof table, "the static table is too short");
    memcpy(table, options, sizeof options);
    return table;
}

static enum tmk_status own_default(char **option, const char *value)
{
    if (!*option)
        *option = strdup(value);
    return *option ? TMK_OK : tmk_fail(TMK_ENOMEM, "no memory for the option '%s'", value);
}

static enum tmk_status check_binding(const char *policy)
{
    const struct tmk_topology *machine = tmk_this_machine();
    if (!machine)
        return TMK_EIO;
    struct tmk_placement placement;
    TMK_TRY(tmk_placement_make(machine, policy, 1, &placement));
    tmk_placement_free(&placement);
    return TMK_OK;
}

enum tmk_status tmk_select_peers(char **specs)
{
    for (; specs && *specs; specs++) {
        char name[TMK_PEER_NAME_MAX];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*specs, "="), *specs);
        for (size_t i = 0; tmk_ops[i]; i++) {
            for (const struct tmk_impl *const *own = tmk_ops[i]->impls; *own; own++)
                if (!strcmp((*own)->name, name))
                    return tmk_fail(TMK_EINVAL,
                                    "--peer %s: %s is an implementation of our own: choose another "
                                    "name",
                                    *specs, name);
        }
        TMK_TRY(tmk_peer_add(*specs));
    }
    return TMK_OK;
}

enum tmk_status tmk_select_filters(struct tmk_selection *s)
{
    TMK_TRY(tmk_select_peers(s->peer));
    struct names ops = known_ops(), impls = known_impls();
    struct names dirs = names_of(tmk_dir_name, TMK_NDIRS);
    struct names dtypes = names_of(tmk_dtype_name, TMK_NDTYPES);
    struct names layouts = names_of(tmk_layout_name, TMK_NLAYOUTS);
    TMK_TRY(choose_names("op", s->op, &ops, &s->ops));
    TMK_TRY(choose_names("impl", s->impl, &impls, &s->impls));
    TMK_TRY(choose_flags("dir", s->dir, &dirs, TMK_NDIRS, s->dirs));
    TMK_TRY(choose_flags("dtype", s->dtype, &dtypes, 1, s->dtypes));
    TMK_TRY(choose_flags("layout", s->layout, &layouts, 1, s->layouts));
    TMK_TRY(own_default(&s->threads, "all"));
    TMK_TRY(tmk_parse_threads(s->threads, tmk_select_cpus(), &s->thread_counts, &s->nthreads));
    TMK_TRY(own_default(&s->bind, "compact"));
    return check_binding(s->bind);
}

/* The problems of the sets that a comma list names. */
static enum tmk_status list_sets(struct tmk_list *list, const char *names,
                                 const struct tmk_context *context)
{
    char *copy = strdup(names), *name, *rest = copy;
    enum tmk_status status =
        copy ? TMK_OK : tmk_fail(TMK_ENOMEM, "no memory for the sets '%s'", names);
    while (status == TMK_OK && (name = strsep(&rest, ",")))
        status = tmk_list_set(list, name, context);
    free(copy);
    return status;
}

/* The problems that descriptors, sets and batch files name, as they state them. */
static enum tmk_status load(const struct tmk_selection *s, const char **descriptors,
                            const char *default_set, struct tmk_list *list)
{
    struct tmk_context context = {0};
    if (s->mb && !tmk_parse_size(s->mb, &context.mb))
        return tmk_fail(TMK_EINVAL, "--mb: '%s' is no batch size: write a whole number", s->mb);
    bool named = *descriptors || s->set || s->batch;
    if (!named && !default_set)
        return tmk_fail(TMK_EINVAL, "no problem is named: give a descriptor such as "
                                    "'matmul:64x64:64x64', --set NAME or --batch FILE");
    for (; *descriptors; descriptors++)
        TMK_TRY(tmk_list_descriptor(list, *descriptors, &context));
    const struct tmk_op *op = s->ops[0] && !s->ops[1] ? tmk_op_find(s->ops[0]) : NULL;
    for (char **file = s->batch; file && *file; file++)
        TMK_TRY(tmk_list_batch(list, *file, op, &context));
    for (char **names = s->set; names && *names; names++)
        TMK_TRY(list_sets(list, *names, &context));
    return named ? TMK_OK : tmk_list_set(list, default_set, &context);
}

/* Add `item` in every chosen dtype and layout. */
static enum tmk_status add_variants(struct tmk_selection *s, const struct tmk_item *item,
                                    struct tmk_problem *copy)
{
    bool layouts = copy->op == &tmk_op_conv2d;
    const bool *dir = s->dir ? s->dirs : item->dir;
    for (int dtype = 0; dtype < TMK_NDTYPES; dtype++) {
        if (s->dtype ? !s->dtypes[dtype] : dtype != (int)item->problem->dtype)
            continue;
        for (int layout = 0; layout < TMK_NLAYOUTS; layout++) {
            if (layouts && s->layout ? !s->layouts[layout] : layout != (int)item->problem->layout)
                continue;
            copy->dtype = (enum tmk_dtype)dtype;
            copy->layout = (enum tmk_layout)layout;
            TMK_TRY(tmk_list_add(&s->list, copy, dir));
        }
    }
    return TMK_OK;
}

static enum tmk_status add_item(struct tmk_selection *s, const struct tmk_item *item)
{
    const struct tmk_op *op = item->problem->op;
    if (!has_name(s->ops, op->name))
        return TMK_OK;
    if (s->max_gflop > 0 && op->flops(item->problem, TMK_FWD) > s->max_gflop * 1e9) {
        s->too_large++;
        return TMK_OK;
    }
    struct tmk_problem *copy = malloc(op->problem_size);
    if (!copy)
        return tmk_fail(TMK_ENOMEM, "no memory for the list of problems");
    memcpy(copy, item->problem, op->problem_size);
    enum tmk_status status = add_variants(s, item, copy);
    free(copy);
    return status;
}

/* Fill s->list from the problems as stated; what was skipped moves along. */
static enum tmk_status filter(struct tmk_selection *s, struct tmk_list *stated)
{
    for (size_t i = 0; i < stated->count; i++)
        TMK_TRY(add_item(s, &stated->items[i]));
    s->list.skips = stated->skips;
    s->list.nskips = stated->nskips;
    s->list.skips_capacity = stated->skips_capacity;
    stated->skips = NULL;
    stated->nskips = stated->skips_capacity = 0;
    if (s->too_large)
        tmk_cli_warn("%zu problem%s above %g GFLOP left out (--max-gflop)", s->too_large,
                     s->too_large == 1 ? "" : "s", s->max_gflop);
    if (!s->list.count && !s->list.nskips)
        return tmk_fail(TMK_EINVAL, "no problem is left: relax --op%s",
                        s->too_large ? " or --max-gflop" : ", or name another set or file");
    return TMK_OK;
}

enum tmk_status tmk_select_resolve(struct tmk_selection *s, const char **descriptors,
                                   const char *default_set)
{
    if (!(s->max_gflop >= 0))
        return tmk_fail(TMK_EINVAL, "--max-gflop: %g is negative: give GFLOP, as in 2.5",
                        s->max_gflop);
    TMK_TRY(tmk_select_filters(s));
    struct tmk_list stated = {0};
    enum tmk_status status = load(s, descriptors, default_set, &stated);
    if (status == TMK_OK)
        status = filter(s, &stated);
    tmk_list_free(&stated);
    return status;
}

static void free_strings(char **strings)
{
    for (char **string = strings; string && *string; string++)
        free(*string);
    free(strings);
}

void tmk_select_free(struct tmk_selection *s)
{
    char *texts[] = {s->op, s->dir, s->impl, s->threads, s->dtype, s->layout, s->bind, s->mb};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free_strings(s->set);
    free_strings(s->batch);
    free_strings(s->peer);
    free(s->ops);
    free(s->impls);
    free(s->thread_counts);
    tmk_list_free(&s->list);
    *s = (struct tmk_selection){0};
}
