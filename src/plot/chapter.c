#include "chapter.h"

#include "folder.h"
#include "text.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *describe_paragraphs(const char *const *paragraphs)
{
    json_t *array = json_array();
    for (; paragraphs && *paragraphs; paragraphs++)
        json_array_append_new(array, json_string(*paragraphs));
    return array;
}

static json_t *describe_items(const struct tmk_chapter_item *items)
{
    json_t *array = json_array();
    for (; items && items->name; items++)
        json_array_append_new(
            array, json_pack("{s:s, s:s}", "name", items->name, "caption", items->caption));
    return array;
}

enum tmk_status tmk_chapter_write(const char *folder, const struct tmk_chapter *chapter)
{
    FILE *file;
    char *command = tmk_format_command(chapter->argc, chapter->argv);
    json_t *json = json_pack(
        "{s:i, s:s, s:s, s:o, s:o, s:o}", "place", chapter->place, "title", chapter->title,
        "command", command ? command : "", "paragraphs", describe_paragraphs(chapter->paragraphs),
        "pictures", describe_items(chapter->pictures), "tables", describe_items(chapter->tables));
    free(command);
    if (!json)
        return tmk_fail(TMK_EINVAL,
                        "the chapter '%s' cannot be written: give a command line in "
                        "UTF-8",
                        chapter->title);
    enum tmk_status status = tmk_folder_make(folder);
    if (status == TMK_OK)
        status = tmk_folder_create(folder, "chapter", "json", &file);
    if (status == TMK_OK) {
        json_dumpf(json, file, JSON_INDENT(2));
        status = tmk_folder_close(file, "chapter.json");
    }
    json_decref(json);
    return status;
}
