/* Pictures, chapters and the folders they lie in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "chapter.h"
#include "folder.h"
#include "plot.h"
#include "text.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/tilemark-test-XXXXXX"; /* every test has its folder below */
static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static bool exists(const char *name)
{
    return access(in_folder(name), F_OK) == 0;
}

static void assert_contains(const char *name, const char *part)
{
    char *text = NULL;
    if (tmk_read_file(in_folder(name), &text) != TMK_OK)
        fail_msg("%s", tmk_message());
    if (!strstr(text, part))
        fail_msg("%s does not hold '%s': %s", name, part, text);
    free(text);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Send `stream` into a file of the folder; give back what restores it. */
static int divert(FILE *stream, const char *name)
{
    fflush(stream);
    int saved = dup(fileno(stream)), file = open(in_folder(name), O_CREAT | O_WRONLY, 0600);
    dup2(file, fileno(stream));
    close(file);
    return saved;
}

static void restore(FILE *stream, int saved)
{
    fflush(stream);
    dup2(saved, fileno(stream));
    close(saved);
}

static char *hide_programs(void)
{
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    return path;
}

static void show_programs(char *path)
{
    setenv("PATH", path, 1);
    free(path);
}

static void folders_are_made_with_those_above(void **state)
{
    (void)state;
    char deep[PATH_MAX];
    snprintf(deep, sizeof deep, "%s/a/b/c", folder);
    assert_int_equal(tmk_folder_make(deep), TMK_OK);
    assert_true(exists("a/b/c"));
    assert_int_equal(tmk_folder_make(deep), TMK_OK);
    strcat(deep, "/d/");
    assert_int_equal(tmk_folder_make(deep), TMK_OK);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    assert_int_equal(tmk_folder_make("/dev/null/run"), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "/dev/null"));
    assert_int_equal(tmk_folder_make("/dev/null"), TMK_EIO);
    char path[2 * PATH_MAX];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(tmk_folder_make(path), TMK_EIO);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    FILE *file = fopen("/dev/full", "w");
    fputs("text", file);
    assert_int_equal(tmk_folder_close(file, "x.csv"), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "x.csv"));
}

static void begin(struct tmk_plot *plot, const char *heading)
{
    if (tmk_plot_begin(plot, folder, "pic", heading) != TMK_OK)
        fail_msg("%s", tmk_message());
}

/* A picture of the test's own: style and templates below the folder. */
static void draw_with(const char *template, enum tmk_status expected)
{
    struct tmk_plot plot;
    char data[PATH_MAX];
    snprintf(data, sizeof data, "%s/plots", folder);
    assert_int_equal(tmk_folder_make(data), TMK_OK);
    write_file("plots/style.gp", "set datafile separator comma\n");
    write_file("plots/own.gp", template);
    setenv("TILEMARK_DATA", folder, 1);
    begin(&plot, "seen");
    fputs("x,y\n1,2\n3,4\n", plot.table);
    enum tmk_status finished = tmk_plot_finish(&plot, "own");
    unsetenv("TILEMARK_DATA");
    assert_int_equal(finished, TMK_OK);
    assert_int_equal(tmk_plot_draw(folder, "pic"), expected);
}

#define PLOT "set terminal svg\nset output output_svg\nset title heading\nplot data skip 1\n"

static void variables_are_quoted_as_gnuplot_wants(void **state)
{
    (void)state;
    struct tmk_plot plot;
    begin(&plot, "it's \"seen\"\nhere");
    tmk_plot_set_text(&plot, "name", "`rm` $x 'y' \\n");
    tmk_plot_set_number(&plot, "tenth", 0.1);
    tmk_plot_put_text(plot.table, "a \"b\", c");
    assert_int_equal(tmk_plot_finish(&plot, "panels"), TMK_OK);
    assert_contains("pic.gp", "heading = 'it''s \"seen\" here'\n");
    assert_contains("pic.gp", "name = '`rm` $x ''y'' \\n'\n");
    assert_contains("pic.gp", "tenth = 0.1\n");
    assert_contains("pic.gp", "data = 'pic.csv'\noutput_svg = 'pic.svg'\n");
    assert_contains("pic.csv", "\"a 'b', c\"");
}

static void the_style_stands_before_templates_and_once(void **state)
{
    (void)state;
    struct tmk_plot plot;
    char *text;
    begin(&plot, "seen");
    assert_int_equal(tmk_plot_include(&plot, "panels"), TMK_OK);
    assert_int_equal(tmk_plot_finish(&plot, "time"), TMK_OK);
    assert_int_equal(tmk_read_file(in_folder("pic.gp"), &text), TMK_OK);
    const char *style = strstr(text, "# What every picture shares");
    const char *panels = strstr(text, "# What the pictures of a run share");
    const char *time = strstr(text, "# Time of one call");
    assert_true(style && panels && time && style < panels && panels < time);
    assert_null(strstr(style + 1, "# What every picture shares"));
    free(text);
}

static void a_missing_template_is_told(void **state)
{
    (void)state;
    struct tmk_plot plot;
    begin(&plot, "seen");
    assert_int_equal(tmk_plot_finish(&plot, "nonesuch"), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "plots/nonesuch.gp"));
}

static void a_picture_is_drawn(void **state)
{
    (void)state;
    draw_with(PLOT, TMK_OK);
    assert_contains("pic.svg", "<svg");
    assert_contains("pic.svg", "seen");
}

static void the_house_style_draws_by_itself(void **state)
{
    (void)state;
    char path[PATH_MAX], *style, text[32768];
    assert_int_equal(tmk_data_path("plots/style.gp", path, sizeof path), TMK_OK);
    assert_int_equal(tmk_read_file(path, &style), TMK_OK);
    snprintf(text, sizeof text,
             "%s\nheight = 300\nsubtitle = 'sub'\nset terminal svg size width, height @svg\n"
             "set output output_svg\n@title_at\ntick_lo = 1; tick_hi = 1000; tick_room = 40\n"
             "panel_px = 500\ntick_name(v) = short(v)\nset logscale x\n@log_ticks\n"
             "plot data skip 1 linecolor rgb hue(9) pointtype mark(2)\n",
             style);
    free(style);
    draw_with(text, TMK_OK);
    assert_contains("pic.svg", "sub");
}

static void harmless_warnings_stay_away(void **state)
{
    (void)state;
    int saved = divert(stderr, "errors");
    draw_with(PLOT "plot [0:1] data skip 1 using 1:(NaN), x\n", TMK_OK);
    restore(stderr, saved);
    struct stat info;
    assert_int_equal(stat(in_folder("errors"), &info), 0);
    assert_int_equal(info.st_size, 0);
}

static void gnuplots_reason_is_told(void **state)
{
    (void)state;
    draw_with("set terminal svg\nx = nonesuch + 1\n", TMK_EIO);
    assert_non_null(strstr(tmk_message(), "pic.gp"));
    assert_non_null(strstr(tmk_message(), "undefined variable: nonesuch"));
    assert_null(strchr(tmk_message(), '\n'));
}

static void without_gnuplot_the_remedy_is_told(void **state)
{
    (void)state;
    char *path = hide_programs();
    draw_with(PLOT, TMK_EIO);
    show_programs(path);
    assert_non_null(strstr(tmk_message(), "install gnuplot"));
    assert_true(exists("pic.gp") && exists("pic.csv") && !exists("pic.svg"));
}

static void the_palette_ends_in_black_and_begins_again(void **state)
{
    (void)state;
    assert_string_equal(tmk_plot_colour(7), "#000000");
    assert_string_equal(tmk_plot_colour(8), tmk_plot_colour(0));
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(tmk_plot_colour(i), tmk_plot_colour(k));
}

static enum tmk_status plot_decay(void)
{
    static const double x[] = {1, 2, 3, 4}, a[] = {1, .1, .01, .001}, b[] = {1, NAN, .5, INFINITY};
    static const double *const y[] = {a, b};
    static const char *const names[] = {"sigmoid", "it's relu"};
    return tmk_plot_text(&(struct tmk_text_plot){.title = "Norms `shrink`",
                                                 .x_label = "layer",
                                                 .y_label = "norm",
                                                 .log_y = true,
                                                 .nseries = 2,
                                                 .names = names,
                                                 .points = 4,
                                                 .x = x,
                                                 .y = y});
}

static void a_plot_in_text_shows_its_words(void **state)
{
    (void)state;
    int saved = divert(stdout, "said");
    enum tmk_status status = plot_decay();
    restore(stdout, saved);
    assert_int_equal(status, TMK_OK);
    static const char *const words[] = {"Norms `shrink`", "layer", "norm", "sigmoid", "it's relu"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_contains("said", words[i]);
    char *text;
    assert_int_equal(tmk_read_file(in_folder("said"), &text), TMK_OK);
    assert_null(strpbrk(text, "\f\033"));
    free(text);
}

static void without_gnuplot_a_plot_in_text_is_a_note(void **state)
{
    (void)state;
    char *path = hide_programs();
    int out = divert(stdout, "said"), err = divert(stderr, "errors");
    enum tmk_status status = plot_decay();
    restore(stdout, out);
    restore(stderr, err);
    show_programs(path);
    struct stat info;
    assert_int_equal(status, TMK_OK);
    assert_int_equal(stat(in_folder("said"), &info), 0);
    assert_int_equal(info.st_size, 0);
    assert_contains("errors", "install gnuplot");
}

static enum tmk_status write_chapter(const char *title)
{
    static const char *const paragraphs[] = {"One.", "Two & <three>.", NULL};
    static const struct tmk_chapter_item pictures[] = {{"pic", "How to read it."}, {NULL, NULL}};
    static const char *argv[] = {"tilemark count", "alexnet", "--out", "my 'dir'"};
    char deep[PATH_MAX];
    snprintf(deep, sizeof deep, "%s/chapters/count", folder);
    return tmk_chapter_write(deep, &(struct tmk_chapter){.place = 20,
                                                         .title = title,
                                                         .paragraphs = paragraphs,
                                                         .pictures = pictures,
                                                         .argc = 4,
                                                         .argv = argv});
}

static void a_chapter_tells_all_that_it_holds(void **state)
{
    (void)state;
    assert_int_equal(write_chapter("What \"it\" costs"), TMK_OK);
    json_t *json = json_load_file(in_folder("chapters/count/chapter.json"), 0, NULL);
    const char *title, *command, *first, *second, *name, *caption;
    int place;
    json_t *tables;
    assert_int_equal(json_unpack(json, "{s:i, s:s, s:s, s:[s, s!], s:[{s:s, s:s}!], s:o}", "place",
                                 &place, "title", &title, "command", &command, "paragraphs", &first,
                                 &second, "pictures", "name", &name, "caption", &caption, "tables",
                                 &tables),
                     0);
    assert_int_equal(place, 20);
    assert_string_equal(title, "What \"it\" costs");
    assert_string_equal(command, "tilemark count alexnet --out 'my '\\''dir'\\'''");
    assert_string_equal(second, "Two & <three>.");
    assert_string_equal(name, "pic");
    assert_int_equal(json_array_size(tables), 0);
    json_decref(json);
}

static void a_chapter_takes_no_broken_text(void **state)
{
    (void)state;
    assert_int_equal(write_chapter("caf\xe9"), TMK_EINVAL);
    assert_false(exists("chapters/count/chapter.json"));
}

static void templates_of_every_room_are_found(void **state)
{
    (void)state;
    char path[PATH_MAX];
    assert_int_equal(tmk_data_path("plots/style.gp", path, sizeof path), TMK_OK);
    assert_int_equal(tmk_data_path("plots/panels.gp", path, sizeof path), TMK_OK);
    assert_int_equal(tmk_data_path("plots/nonesuch.gp", path, sizeof path), TMK_EIO);
}

static int new_folder(void **state)
{
    static int number;
    (void)state;
    snprintf(folder, sizeof folder, "%s/%d", base, number++);
    return mkdir(folder, 0700);
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

#define IN_A_FOLDER(test) cmocka_unit_test_setup(test, new_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(folders_are_made_with_those_above),
        IN_A_FOLDER(a_folder_that_cannot_be_made_is_named),
        IN_A_FOLDER(a_full_disk_is_told),
        IN_A_FOLDER(variables_are_quoted_as_gnuplot_wants),
        IN_A_FOLDER(the_style_stands_before_templates_and_once),
        IN_A_FOLDER(a_missing_template_is_told),
        IN_A_FOLDER(a_picture_is_drawn),
        IN_A_FOLDER(the_house_style_draws_by_itself),
        IN_A_FOLDER(harmless_warnings_stay_away),
        IN_A_FOLDER(gnuplots_reason_is_told),
        IN_A_FOLDER(without_gnuplot_the_remedy_is_told),
        IN_A_FOLDER(the_palette_ends_in_black_and_begins_again),
        IN_A_FOLDER(a_plot_in_text_shows_its_words),
        IN_A_FOLDER(without_gnuplot_a_plot_in_text_is_a_note),
        IN_A_FOLDER(a_chapter_tells_all_that_it_holds),
        IN_A_FOLDER(a_chapter_takes_no_broken_text),
        IN_A_FOLDER(templates_of_every_room_are_found),
    };
    return cmocka_run_group_tests_name("plot", tests, make_base, remove_base);
}
