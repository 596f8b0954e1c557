#include "settings.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The options that a run decides once and for all, by their place in struct tmk_settings. */
static const struct {
    const char *name;
    enum { TEXT, NUMBER, INTEGER, LIST, FILES, PEERS } kind;
    size_t offset;
} fields[] = {
    {"op", TEXT, offsetof(struct tmk_settings, selection.op)},
    {"set", LIST, offsetof(struct tmk_settings, selection.set)},
    {"batch", FILES, offsetof(struct tmk_settings, selection.batch)},
    {"peer", PEERS, offsetof(struct tmk_settings, selection.peer)},
    {"dir", TEXT, offsetof(struct tmk_settings, selection.dir)},
    {"impl", TEXT, offsetof(struct tmk_settings, selection.impl)},
    {"threads", TEXT, offsetof(struct tmk_settings, selection.threads)},
    {"dtype", TEXT, offsetof(struct tmk_settings, selection.dtype)},
    {"layout", TEXT, offsetof(struct tmk_settings, selection.layout)},
    {"bind", TEXT, offsetof(struct tmk_settings, selection.bind)},
    {"mb", TEXT, offsetof(struct tmk_settings, selection.mb)},
    {"max-gflop", NUMBER, offsetof(struct tmk_settings, selection.max_gflop)},
    {"seed", INTEGER, offsetof(struct tmk_settings, selection.seed)},
    {"cache", TEXT, offsetof(struct tmk_settings, cache)},
    {"time-budget", NUMBER, offsetof(struct tmk_settings, budget_s)},
    {"ci", NUMBER, offsetof(struct tmk_settings, ci_percent)},
    {"verify-gflop", NUMBER, offsetof(struct tmk_settings, verify_gflop)},
    {"rounds", INTEGER, offsetof(struct tmk_settings, rounds)},
};
#define FIELDS (sizeof fields / sizeof *fields)

static void *place(const struct tmk_settings *settings, size_t field)
{
    return (char *)settings + fields[field].offset;
}

enum tmk_status tmk_settings_check(const struct tmk_settings *s)
{
    if (!(s->budget_s > 0) || s->budget_s > 86400)
        return tmk_fail(TMK_EINVAL, "--time-budget: %g is no time: give seconds, as in 3",
                        s->budget_s);
    if (!(s->ci_percent > 0) || s->ci_percent > 100)
        return tmk_fail(TMK_EINVAL, "--ci: %g %% is no half-width: give a percentage, as in 2",
                        s->ci_percent);
    if (!(s->verify_gflop >= 0))
        return tmk_fail(TMK_EINVAL, "--verify-gflop: %g is negative: give GFLOP, as in 2",
                        s->verify_gflop);
    if (s->rounds < 0 || s->rounds > TMK_MOST_ROUNDS)
        return tmk_fail(TMK_EINVAL, "--rounds: %d is out of reach: give 1 to %d", s->rounds,
                        TMK_MOST_ROUNDS);
    if (s->cache && strcmp(s->cache, "warm") != 0 && strcmp(s->cache, "cold") != 0)
        return tmk_fail(TMK_EINVAL, "--cache: '%s' is unknown: choose warm or cold", s->cache);
    if (s->out && s->resume)
        return tmk_fail(TMK_EINVAL, "--out and --resume exclude each other: a resumed run stays "
                                    "where it is");
    return TMK_OK;
}

bool tmk_settings_cold(const struct tmk_settings *settings)
{
    return settings->cache && strcmp(settings->cache, "cold") == 0;
}

/* Files, also those after "NAME=" of peers, with their absolute paths. */
static json_t *list_to_json(char **list, int kind)
{
    json_t *array = list ? json_array() : json_null();
    for (; list && *list; list++) {
        char path[PATH_MAX];
        size_t name = kind == PEERS ? strcspn(*list, "=") + 1 : 0;
        bool found = kind != LIST && name < strlen(*list) && realpath(*list + name, path);
        json_array_append_new(array, found ? json_sprintf("%.*s%s", (int)name, *list, path)
                                           : json_string(*list));
    }
    return array;
}

static json_t *field_to_json(const struct tmk_settings *settings, size_t field)
{
    const void *at = place(settings, field);
    switch (fields[field].kind) {
    case TEXT: {
        const char *text = *(char *const *)at;
        return text ? json_string(text) : json_null();
    }
    case NUMBER:
        return json_real(*(const double *)at);
    case INTEGER:
        return json_integer(*(const int *)at);
    default:
        return list_to_json(*(char **const *)at, fields[field].kind);
    }
}

json_t *tmk_settings_to_json(const struct tmk_settings *settings)
{
    json_t *json = json_object(), *descriptors = json_array();
    for (size_t i = 0; i < FIELDS; i++)
        json_object_set_new(json, fields[i].name, field_to_json(settings, i));
    for (const char **descriptor = settings->descriptors; descriptor && *descriptor; descriptor++)
        json_array_append_new(descriptors, json_string(*descriptor));
    json_object_set_new(json, "descriptors", descriptors);
    return json;
}

static char **list_from_json(const json_t *json)
{
    size_t count = json_array_size(json);
    char **list = json_is_array(json) ? calloc(count + 1, sizeof *list) : NULL;
    for (size_t i = 0; list && i < count; i++) {
        const char *text = json_string_value(json_array_get(json, i));
        list[i] = strdup(text ? text : "");
    }
    return list;
}

static void field_from_json(struct tmk_settings *settings, size_t field, const json_t *json)
{
    void *at = place(settings, field);
    const char *text = json_string_value(json);
    switch (fields[field].kind) {
    case TEXT:
        *(char **)at = text ? strdup(text) : NULL;
        break;
    case NUMBER:
        *(double *)at = json_number_value(json);
        break;
    case INTEGER:
        *(int *)at = (int)json_integer_value(json);
        break;
    default:
        *(char ***)at = list_from_json(json);
    }
}

/* Was the option left as it was before the command line was read? */
static bool is_untouched(const struct tmk_settings *settings, const struct tmk_settings *defaults,
                         size_t field)
{
    static const size_t sizes[] = {
        [TEXT] = sizeof(char *),  [NUMBER] = sizeof(double), [INTEGER] = sizeof(int),
        [LIST] = sizeof(char **), [FILES] = sizeof(char **), [PEERS] = sizeof(char **)};
    return memcmp(place(settings, field), place(defaults, field), sizes[fields[field].kind]) == 0;
}

enum tmk_status tmk_settings_resume(struct tmk_settings *settings, const json_t *json,
                                    const struct tmk_settings *defaults)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (!is_untouched(settings, defaults, i))
            return tmk_fail(TMK_EINVAL, "--resume goes on as the run was begun: leave out --%s",
                            fields[i].name);
    }
    if (settings->descriptors && *settings->descriptors)
        return tmk_fail(TMK_EINVAL, "--resume goes on as the run was begun: leave out '%s'",
                        *settings->descriptors);
    if (!json_is_object(json))
        return tmk_fail(TMK_EINVAL, "the run's manifest has no settings: begin a new run");
    for (size_t i = 0; i < FIELDS; i++)
        field_from_json(settings, i, json_object_get(json, fields[i].name));
    settings->descriptors = (const char **)list_from_json(json_object_get(json, "descriptors"));
    settings->owns_descriptors = true;
    if (!settings->descriptors)
        return tmk_fail(TMK_EINVAL, "the run's manifest lists no descriptors: begin a new run");
    return tmk_settings_check(settings);
}

void tmk_settings_free(struct tmk_settings *settings)
{
    if (settings->owns_descriptors) {
        for (const char **text = settings->descriptors; text && *text; text++)
            free((char *)*text);
        free(settings->descriptors);
    }
    tmk_select_free(&settings->selection);
    free(settings->out);
    free(settings->label);
    free(settings->resume);
    free(settings->cache);
    free(settings->run_file);
}
