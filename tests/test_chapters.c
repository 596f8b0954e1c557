/* What an analysis writes is what the report shows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "chapter.h"
#include "chapters.h"
#include "folder.h"
#include "html.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/tilemark-test-XXXXXX"; /* every test has a run of its own below */
static char run[64];

static void write_file(const char *name, const char *file, const char *ending, const char *text)
{
    char folder[128];
    FILE *out;
    snprintf(folder, sizeof folder, "%s/chapters/%s", run, name);
    assert_int_equal(tmk_folder_make(folder), TMK_OK);
    assert_int_equal(tmk_folder_create(folder, file, ending, &out), TMK_OK);
    fputs(text, out);
    assert_int_equal(tmk_folder_close(out, file), TMK_OK);
}

static void write_chapter(const char *name, int place)
{
    static const char *const paragraphs[] = {"Depth <costs> & pays.", NULL};
    static const struct tmk_chapter_item pictures[] = {{"pic", "A \"falling\" line."},
                                                       {NULL, NULL}};
    static const struct tmk_chapter_item tables[] = {{"all", "One row a layer."}, {NULL, NULL}};
    static const char *argv[] = {"tilemark count", "a&b"};
    char folder[128], title[64];
    snprintf(folder, sizeof folder, "%s/chapters/%s", run, name);
    snprintf(title, sizeof title, "About %s", name);
    struct tmk_chapter chapter = {.place = place,
                                  .title = title,
                                  .paragraphs = paragraphs,
                                  .pictures = pictures,
                                  .tables = tables,
                                  .argc = 2,
                                  .argv = argv};
    assert_int_equal(tmk_chapter_write(folder, &chapter), TMK_OK);
    write_file(name, "all", "csv", "layer,MAC\n\"conv, 1\",9408\n<b>,1e3\n");
}

static const char *const svg =
    "<?xml version=\"1.0\"?>\n<svg width=\"9\">\n<title>Gnuplot</title>\n"
    "<desc>by gnuplot</desc>\n<g id=\"a\"/><use href=\"#a\"/></svg>\n";

static void load(struct tmk_chapters *chapters)
{
    if (tmk_chapters_load(run, chapters) != TMK_OK)
        fail_msg("%s", tmk_message());
}

/* The page's part of the first chapter. */
static char *render(void)
{
    struct tmk_chapters chapters;
    static char *html;
    size_t size;
    load(&chapters);
    assert_int_equal(chapters.count, 1);
    FILE *file = open_memstream(&html, &size);
    enum tmk_status status = tmk_html_chapter(file, &chapters.list[0]);
    fclose(file);
    tmk_chapters_free(&chapters);
    assert_non_null(html);
    if (status != TMK_OK)
        fail_msg("%s", tmk_message());
    return html;
}

static void assert_shows(const char *html, const char *part)
{
    if (!strstr(html, part))
        fail_msg("no '%s' in: %s", part, html);
}

static void a_run_may_have_no_chapters(void **state)
{
    (void)state;
    struct tmk_chapters chapters;
    load(&chapters);
    assert_int_equal(chapters.count, 0);
    tmk_chapters_free(&chapters);
    write_file("empty", "notes", "txt", "no chapter");
    load(&chapters);
    assert_int_equal(chapters.count, 0);
    tmk_chapters_free(&chapters);
}

static void chapters_come_by_place_then_by_name(void **state)
{
    (void)state;
    struct tmk_chapters chapters;
    write_chapter("alpha", 30);
    write_chapter("gamma", 10);
    write_chapter("beta", 10);
    load(&chapters);
    assert_int_equal(chapters.count, 3);
    assert_string_equal(chapters.list[0].name, "beta");
    assert_string_equal(chapters.list[1].name, "gamma");
    assert_string_equal(chapters.list[2].name, "alpha");
    tmk_chapters_free(&chapters);
}

static void a_chapter_shows_text_picture_table_and_command(void **state)
{
    (void)state;
    write_chapter("count", 10);
    write_file("count", "pic", "svg", svg);
    char *html = render();
    assert_shows(html, "<h2 id=\"chapter-count\">About count</h2>");
    assert_shows(html, "<p>Depth &lt;costs&gt; &amp; pays.</p>");
    assert_shows(html, "<title>A &quot;falling&quot; line.</title>");
    assert_shows(html, "id=\"count-pic-a\"");
    assert_shows(html, "href=\"#count-pic-a\"");
    assert_shows(html, "<code>tilemark count &#39;a&amp;b&#39;</code>");
    assert_shows(html, "chapters/count/pic.gp, .csv");
    free(html);
}

static void numbers_of_a_table_sort_as_numbers(void **state)
{
    (void)state;
    write_chapter("count", 10);
    char *html = render();
    assert_shows(html, "<tr><th>layer</th><th>MAC</th></tr></thead>");
    assert_shows(html, "<tr><td>conv, 1</td><td class=\"n\" data-v=\"9408\">9408</td></tr>");
    assert_shows(html, "<tr><td>&lt;b&gt;</td><td class=\"n\" data-v=\"1000\">1e3</td></tr>");
    free(html);
}

static void a_long_table_is_cut_and_says_so(void **state)
{
    (void)state;
    write_chapter("count", 10);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    fputs("layer\n", file);
    for (int i = 0; i < 1234; i++)
        fprintf(file, "row%d\n", i);
    fclose(file);
    write_file("count", "all", "csv", text);
    free(text);
    char *html = render();
    assert_shows(html, "<td>row999</td>");
    assert_null(strstr(html, "row1000"));
    assert_shows(html, "The first 1000 of 1234 rows.");
    free(html);
}

static void a_picture_that_was_not_drawn_says_so(void **state)
{
    (void)state;
    write_chapter("count", 10);
    char *html = render();
    assert_shows(html, "Not drawn: install gnuplot");
    free(html);
}

static void a_damaged_chapter_is_named(void **state)
{
    (void)state;
    static const char *const damaged[] = {"", "{", "[]", "{\"place\": 1}",
                                          "{\"place\": \"x\", \"title\": 1}"};
    struct tmk_chapters chapters;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        write_file("bad", "chapter", "json", damaged[i]);
        assert_int_equal(tmk_chapters_load(run, &chapters), TMK_EINVAL);
        assert_non_null(strstr(tmk_message(), "chapters/bad/chapter.json"));
    }
}

static void a_missing_table_is_named(void **state)
{
    (void)state;
    char path[128];
    struct tmk_chapters chapters;
    write_chapter("count", 10);
    snprintf(path, sizeof path, "%s/chapters/count/all.csv", run);
    assert_int_equal(unlink(path), 0);
    load(&chapters);
    FILE *file = fopen("/dev/null", "w");
    assert_int_equal(tmk_html_chapter(file, &chapters.list[0]), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "all.csv"));
    fclose(file);
    tmk_chapters_free(&chapters);
}

static int new_run(void **state)
{
    static int number;
    (void)state;
    snprintf(run, sizeof run, "%s/%d", base, number++);
    return mkdir(run, 0700);
}

static int make_base(void **state)
{
    (void)state;
    return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        execlp("rm", "rm", "-rf", base, (char *)NULL);
    int status;
    return waitpid(child, &status, 0) == child ? status : -1;
}

#define IN_A_RUN(test) cmocka_unit_test_setup(test, new_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_RUN(a_run_may_have_no_chapters),
        IN_A_RUN(chapters_come_by_place_then_by_name),
        IN_A_RUN(a_chapter_shows_text_picture_table_and_command),
        IN_A_RUN(numbers_of_a_table_sort_as_numbers),
        IN_A_RUN(a_long_table_is_cut_and_says_so),
        IN_A_RUN(a_picture_that_was_not_drawn_says_so),
        IN_A_RUN(a_damaged_chapter_is_named),
        IN_A_RUN(a_missing_table_is_named),
    };
    return cmocka_run_group_tests_name("chapters", tests, make_base, remove_base);
}
