/* The names of sets: networks, groups of networks, and text files in bench/sets. */
#include "named.h"
#include "text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char extension[] = ".txt";

bool tmk_set_path(const char *name, char *path, size_t size)
{
    char file[256];
    if (strchr(name, '/') ||
        snprintf(file, sizeof file, "sets/%s%s", name, extension) >= (int)sizeof file)
        return false;
    return tmk_data_path(file, path, size) == TMK_OK;
}

/* What the first line of a text set says of it: "# SUMMARY". */
static void read_summary(const char *name, char *summary, size_t size)
{
    char path[4096], line[256] = "";
    FILE *file = tmk_set_path(name, path, sizeof path) ? fopen(path, "r") : NULL;
    if (file && !fgets(line, sizeof line, file))
        *line = '\0';
    if (file)
        fclose(file);
    const char *text = line + strspn(line, "# \t");
    snprintf(summary, size, "%.*s", *line == '#' ? (int)strcspn(text, "\r\n") : 0, text);
}

static int is_set_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), tail = sizeof extension - 1;
    return length > tail && strcmp(entry->d_name + length - tail, extension) == 0;
}

static void each_file(void (*visit)(void *ctx, const char *name, const char *summary), void *ctx)
{
    char folder[4096], name[256], summary[256];
    struct dirent **files;
    if (tmk_data_path("sets", folder, sizeof folder) != TMK_OK)
        return;
    int count = scandir(folder, &files, is_set_file, alphasort);
    for (int i = 0; i < count; i++) {
        size_t stem = strlen(files[i]->d_name) - (sizeof extension - 1);
        snprintf(name, sizeof name, "%.*s", (int)stem, files[i]->d_name);
        read_summary(name, summary, sizeof summary);
        visit(ctx, name, summary);
        free(files[i]);
    }
    if (count >= 0)
        free(files);
}

/* Of a group, before the first of its networks: "inception-naive, inception-bottleneck". */
static void visit_group(const struct tmk_net_entry *first,
                        void (*visit)(void *ctx, const char *name, const char *summary), void *ctx)
{
    char summary[256] = "";
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        if (!entry->group || strcmp(entry->group, first->group) != 0)
            continue;
        if (!*summary && entry != first)
            return; /* the group had its turn */
        size_t used = strlen(summary);
        snprintf(summary + used, sizeof summary - used, "%s%s", used ? ", " : "", entry->name);
    }
    visit(ctx, first->group, summary);
}

void tmk_sets_each(void (*visit)(void *ctx, const char *name, const char *summary), void *ctx)
{
    for (const struct tmk_net_entry *entry = tmk_nets; entry->name; entry++) {
        if (entry->group)
            visit_group(entry, visit, ctx);
        visit(ctx, entry->name, entry->summary);
    }
    each_file(visit, ctx);
}

struct names {
    char text[1024];
};

static void append_name(void *ctx, const char *name, const char *summary)
{
    (void)summary;
    struct names *names = ctx;
    size_t used = strlen(names->text);
    snprintf(names->text + used, sizeof names->text - used, "%s%s", used ? ", " : "", name);
}

enum tmk_status tmk_fail_unknown_set(const char *name)
{
    char folder[4096];
    TMK_TRY(tmk_data_path("sets", folder, sizeof folder)); /* else it may well be a set */
    struct names names = {""};
    tmk_sets_each(append_name, &names);
    return tmk_fail(TMK_EINVAL, "set %s is unknown: choose one of %s", name, names.text);
}
