#include "chapters.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_types(const json_t *json)
{
    const char *title, *command;
    json_t *paragraphs, *pictures, *tables;
    int place;
    return json_unpack((json_t *)json, "{s:i, s:s, s:s, s:o, s:o, s:o}", "place", &place, "title",
                       &title, "command", &command, "paragraphs", &paragraphs, "pictures",
                       &pictures, "tables", &tables) == 0;
}

static enum tmk_status load_one(const char *path, json_t **out)
{
    json_error_t error;
    *out = json_load_file(path, 0, &error);
    if (!*out)
        return tmk_fail(TMK_EINVAL, "%s: line %d: %s: delete its folder or make the chapter again",
                        path, error.line, error.text);
    return has_types(*out)
               ? TMK_OK
               : tmk_fail(TMK_EINVAL, "%s is no chapter: delete its folder or make it again", path);
}

/* Folders without a chapter.json are somebody else's. */
static enum tmk_status load_all(const char *folder, struct dirent **names, int count,
                                struct tmk_chapters *out)
{
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX + 16];
        struct tmk_chapter_read *chapter = &out->list[out->count];
        snprintf(chapter->name, sizeof chapter->name, "%s", names[i]->d_name);
        int length =
            snprintf(chapter->folder, sizeof chapter->folder, "%s/%s", folder, chapter->name);
        snprintf(path, sizeof path, "%s/chapter.json", chapter->folder);
        if (length >= (int)sizeof chapter->folder || access(path, F_OK) != 0)
            continue;
        out->count++;
        TMK_TRY(load_one(path, &chapter->json));
    }
    return TMK_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct tmk_chapter_read *x = a, *y = b;
    json_int_t i = json_integer_value(json_object_get(x->json, "place"));
    json_int_t k = json_integer_value(json_object_get(y->json, "place"));
    return i != k ? (i < k ? -1 : 1) : strcmp(x->name, y->name);
}

enum tmk_status tmk_chapters_load(const char *run, struct tmk_chapters *out)
{
    char folder[PATH_MAX];
    struct dirent **names;
    *out = (struct tmk_chapters){0};
    snprintf(folder, sizeof folder, "%s/chapters", run);
    int count = scandir(folder, &names, NULL, NULL);
    if (count < 0)
        return TMK_OK;
    out->list = calloc((size_t)count + 1, sizeof *out->list);
    enum tmk_status status = out->list ? load_all(folder, names, count, out)
                                       : tmk_fail(TMK_ENOMEM, "no memory for %d chapters", count);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    if (status == TMK_OK)
        qsort(out->list, out->count, sizeof *out->list, by_place);
    else
        tmk_chapters_free(out);
    return status;
}

void tmk_chapters_free(struct tmk_chapters *chapters)
{
    for (size_t i = 0; i < chapters->count; i++)
        json_decref(chapters->list[i].json);
    free(chapters->list);
    *chapters = (struct tmk_chapters){0};
}
