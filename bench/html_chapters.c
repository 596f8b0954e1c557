#include "html.h"

#include "text.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ROWS 1000 /* of a table in the page; the file has all */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

void tmk_html_chapter_links(FILE *file, const struct tmk_chapters *chapters)
{
    for (size_t i = 0; i < chapters->count; i++) {
        fputs("<a href=\"#chapter-", file);
        tmk_html_text(file, chapters->list[i].name);
        fputs("\">", file);
        tmk_html_text(file, chapters->list[i].name);
        fputs("</a>", file);
    }
}

/* A CSV file on its way into a table of the page. */
struct rows {
    FILE *file;
    size_t row, column; /* row 0 is the header */
};

static void on_field(void *text, size_t length, void *context)
{
    (void)length;
    struct rows *rows = context;
    if (rows->row > MAX_ROWS)
        return;
    if (rows->column++ == 0)
        fputs("<tr>", rows->file);
    char *end;
    double value = strtod(text, &end);
    if (rows->row == 0)
        fputs("<th>", rows->file);
    else if (*(char *)text && !*end)
        fprintf(rows->file, "<td class=\"n\" data-v=\"%.17g\">", value);
    else
        fputs("<td>", rows->file);
    tmk_html_text(rows->file, text);
    fputs(rows->row == 0 ? "</th>" : "</td>", rows->file);
}

static void on_record(int end, void *context)
{
    (void)end;
    struct rows *rows = context;
    if (rows->row <= MAX_ROWS)
        fputs(rows->row == 0 ? "</tr></thead>\n<tbody>\n" : "</tr>\n", rows->file);
    rows->row++;
    rows->column = 0;
}

static enum tmk_status put_csv(FILE *file, const char *path)
{
    struct csv_parser parser;
    struct rows rows = {.file = file};
    char *text;
    TMK_TRY(tmk_read_file(path, &text));
    if (csv_init(&parser, CSV_APPEND_NULL) != 0) {
        free(text);
        return tmk_fail(TMK_ENOMEM, "no memory to read %s", path);
    }
    fputs("<div class=\"scroll\"><table class=\"sortable\"><thead>\n", file);
    csv_parse(&parser, text, strlen(text), on_field, on_record, &rows);
    csv_fini(&parser, on_field, on_record, &rows);
    csv_free(&parser);
    fputs("</tbody></table></div>\n", file);
    if (rows.row > MAX_ROWS + 1)
        fprintf(file, "<p class=\"note\">The first %d of %zu rows.</p>\n", MAX_ROWS, rows.row - 1);
    free(text);
    return TMK_OK;
}

/* How to read it, and where it is. */
static void put_caption(FILE *file, const struct tmk_chapter_read *chapter, const json_t *item,
                        const char *endings)
{
    tmk_html_text(file, text_of(item, "caption"));
    fputs(" <span class=\"made\">chapters/", file);
    tmk_html_text(file, chapter->name);
    fputc('/', file);
    tmk_html_text(file, text_of(item, "name"));
    fprintf(file, "%s</span>", endings);
}

static enum tmk_status put_picture(FILE *file, const struct tmk_chapter_read *chapter,
                                   const json_t *item)
{
    char path[PATH_MAX + 256], name[512];
    snprintf(path, sizeof path, "%s/%s.svg", chapter->folder, text_of(item, "name"));
    snprintf(name, sizeof name, "%s-%s", chapter->name, text_of(item, "name"));
    fputs("<figure>", file);
    if (access(path, R_OK) == 0)
        TMK_TRY(tmk_html_drawing(file, path, name, text_of(item, "caption")));
    else
        fputs("<p class=\"lacks\">Not drawn: install gnuplot and run the command above.</p>", file);
    fputs("<figcaption>", file);
    put_caption(file, chapter, item, ".gp, .csv");
    fputs("</figcaption></figure>\n", file);
    return TMK_OK;
}

static enum tmk_status put_table(FILE *file, const struct tmk_chapter_read *chapter,
                                 const json_t *item)
{
    char path[PATH_MAX + 256];
    snprintf(path, sizeof path, "%s/%s.csv", chapter->folder, text_of(item, "name"));
    fputs("<p class=\"note\">", file);
    put_caption(file, chapter, item, ".csv");
    fputs("</p>\n", file);
    return put_csv(file, path);
}

enum tmk_status tmk_html_chapter(FILE *file, const struct tmk_chapter_read *chapter)
{
    size_t i;
    json_t *item;
    fputs("<h2 id=\"chapter-", file);
    tmk_html_text(file, chapter->name);
    fputs("\">", file);
    tmk_html_text(file, text_of(chapter->json, "title"));
    fputs("</h2>\n", file);
    json_array_foreach(json_object_get(chapter->json, "paragraphs"), i, item)
    {
        fputs("<p>", file);
        tmk_html_text(file, json_string_value(item) ? json_string_value(item) : "");
        fputs("</p>\n", file);
    }
    fputs("<p class=\"note\">Made by <code>", file);
    tmk_html_text(file, text_of(chapter->json, "command"));
    fputs("</code></p>\n", file);
    json_array_foreach(json_object_get(chapter->json, "pictures"), i, item)
        TMK_TRY(put_picture(file, chapter, item));
    json_array_foreach(json_object_get(chapter->json, "tables"), i, item)
        TMK_TRY(put_table(file, chapter, item));
    return TMK_OK;
}
