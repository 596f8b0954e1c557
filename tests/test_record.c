/* samples.csv: appending, reading, and what a killed run or a full disk leaves. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record.h"
#include "text.h"

static char directory[] = "/tmp/tmk_record_XXXXXX";
static char path[64];

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/samples.csv", directory);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static struct tmk_row row_of(const char *impl, int threads, unsigned round, double seconds)
{
    struct tmk_row row = {.cell = {.op = "conv2d",
                                   .problem = "mb1ic64ih56oc64oh56kh3ph1",
                                   .name = "resnet50:res2a_branch2b",
                                   .dir = "fwd",
                                   .dtype = "f32",
                                   .layout = "nchw",
                                   .threads = threads,
                                   .cache = "warm",
                                   .status = "ok",
                                   .flops = 231211008,
                                   .bytes = 1753088,
                                   .workspace_bytes = 4096,
                                   .err_over_bound = 0.015625},
                          .round = round,
                          .calls = 4,
                          .seconds = seconds,
                          .phase = {0.25 * seconds, 0.5 * seconds, 0},
                          .steal_s = 0.01,
                          .canary_s = 2e-4,
                          .cpus = "0;1"};
    snprintf(row.cell.impl, sizeof row.cell.impl, "%s", impl);
    return row;
}

static void append_rows(const struct tmk_row *rows, size_t count)
{
    struct tmk_samples *samples;
    assert_int_equal(tmk_samples_open(path, &samples), TMK_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(tmk_samples_append(samples, &rows[i]), TMK_OK);
    assert_int_equal(tmk_samples_close(samples), TMK_OK);
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static char *file_text(const char *name)
{
    char *text;
    assert_int_equal(tmk_read_file(name, &text), TMK_OK);
    return text;
}

static bool same_nine_digits(double a, double b)
{
    char text[2][32];
    snprintf(text[0], sizeof text[0], "%.9g", a);
    snprintf(text[1], sizeof text[1], "%.9g", b);
    return strcmp(text[0], text[1]) == 0;
}

static void assert_rows_equal(const struct tmk_row *a, const struct tmk_row *b)
{
    assert_true(tmk_cell_same(&a->cell, &b->cell));
    assert_string_equal(a->cell.status, b->cell.status);
    assert_true(a->cell.flops == b->cell.flops && a->cell.bytes == b->cell.bytes);
    assert_true(a->cell.workspace_bytes == b->cell.workspace_bytes);
    assert_true(a->cell.err_over_bound == b->cell.err_over_bound ||
                (isnan(a->cell.err_over_bound) && isnan(b->cell.err_over_bound)));
    assert_true(a->round == b->round && a->calls == b->calls && a->noisy == b->noisy);
    assert_true(same_nine_digits(a->seconds, b->seconds));
    for (int p = 0; p < TMK_NPHASES; p++)
        assert_true(same_nine_digits(a->phase[p], b->phase[p]));
    assert_true(a->steal_s == b->steal_s && a->canary_s == b->canary_s);
    assert_string_equal(a->cpus, b->cpus);
    assert_string_equal(a->cell.chosen, b->cell.chosen);
}

static void assert_round_trip(const struct tmk_row *rows, size_t count)
{
    struct tmk_rows read;
    append_rows(rows, count);
    assert_int_equal(tmk_samples_read(path, &read), TMK_OK);
    assert_int_equal(read.count, count);
    for (size_t i = 0; i < count; i++)
        assert_rows_equal(&rows[i], &read.rows[i]);
    tmk_rows_free(&read);
}

static const char header[] = "op,problem,name,dir,impl,dtype,layout,threads,cache,status,round,"
                             "calls,seconds,pack_s,compute_s,reduce_s,steal_s,canary_s,noisy,"
                             "workspace_bytes,err_over_bound,flops,bytes,cpus,chosen\n";

static void test_rows_are_written_as_promised(void **state)
{
    (void)state;
    struct tmk_row row = row_of("auto", 2, 7, 0.125);
    strcpy(row.cell.chosen, "winograd");
    append_rows(&row, 1);
    char *text = file_text(path), expected[1024];
    snprintf(expected, sizeof expected, "%s%s", header,
             "conv2d,mb1ic64ih56oc64oh56kh3ph1,resnet50:res2a_branch2b,fwd,auto,f32,nchw,2,warm,"
             "ok,7,4,0.125,0.03125,0.0625,0,0.01,0.0002,0,4096,0.015625,231211008,1753088,0;1,"
             "winograd\n");
    assert_string_equal(text, expected);
    free(text);
}

static void test_rows_round_trip(void **state)
{
    (void)state;
    struct tmk_row rows[] = {row_of("naive", 1, 0, 1.0 / 3), row_of("blocked", 128, 999, 1e-9)};
    rows[0].cell.flops = 0x1.fffffffffffffp+60;
    rows[0].cell.err_over_bound = NAN;
    rows[0].noisy = true;
    rows[1].cell.name[0] = '\0';
    rows[1].cpus[0] = '\0';
    rows[1].calls = 0;
    assert_round_trip(rows, 2);
}

static void test_quotes_commas_and_spaces_round_trip(void **state)
{
    (void)state;
    struct tmk_row row = row_of("blocked", 1, 0, 1);
    strcpy(row.cell.name, " \"a,b\",\"\"c d\" ");
    strcpy(row.cell.status, "unverified: too large, \"sampled\" rows only");
    strcpy(row.cell.problem, "\"");
    strcpy(row.cell.op, " x ");
    assert_round_trip(&row, 1);
}

static void test_longest_texts_round_trip(void **state)
{
    (void)state;
    struct tmk_row row = row_of("", 1, 0, 1);
    memset(row.cell.problem, '"', sizeof row.cell.problem - 1);
    memset(row.cell.name, ',', sizeof row.cell.name - 1);
    memset(row.cell.status, '"', sizeof row.cell.status - 1);
    memset(row.cpus, '"', sizeof row.cpus - 1);
    assert_round_trip(&row, 1);
}

static void test_control_characters_are_refused(void **state)
{
    (void)state;
    struct tmk_row row = row_of("blocked", 1, 0, 1);
    struct tmk_samples *samples;
    strcpy(row.cell.name, "two\nlines");
    assert_int_equal(tmk_samples_open(path, &samples), TMK_OK);
    assert_int_equal(tmk_samples_append(samples, &row), TMK_EINVAL);
    assert_int_equal(tmk_samples_close(samples), TMK_OK);
    char *text = file_text(path);
    assert_string_equal(text, header);
    free(text);
}

static void test_appending_goes_on_after_reopening(void **state)
{
    (void)state;
    struct tmk_row rows[] = {row_of("naive", 1, 0, 1), row_of("naive", 1, 1, 2)};
    append_rows(rows, 1);
    append_rows(rows + 1, 1);
    struct tmk_rows read;
    assert_int_equal(tmk_samples_read(path, &read), TMK_OK);
    assert_int_equal(read.count, 2);
    assert_rows_equal(&read.rows[1], &rows[1]);
    tmk_rows_free(&read);
}

/* Cut a file of two rows at every length: reading gives the whole rows, opening repairs. */
static void test_torn_files_keep_their_whole_rows(void **state)
{
    (void)state;
    struct tmk_row rows[] = {row_of("naive", 1, 0, 1), row_of("blocked", 4, 2, 3)};
    append_rows(rows, 2);
    char *text = file_text(path);
    for (size_t length = 0; length <= strlen(text); length++) {
        FILE *file = fopen(path, "w");
        assert_int_equal(fwrite(text, 1, length, file), length);
        fclose(file);
        size_t lines = 0;
        for (size_t i = 0; i < length; i++)
            lines += text[i] == '\n';
        struct tmk_rows read;
        assert_int_equal(tmk_samples_read(path, &read), TMK_OK);
        assert_int_equal(read.count, lines ? lines - 1 : 0);
        tmk_rows_free(&read);
        append_rows(rows, 1);
        assert_int_equal(tmk_samples_read(path, &read), TMK_OK);
        assert_int_equal(read.count, (lines ? lines - 1 : 0) + 1);
        assert_rows_equal(&read.rows[read.count - 1], &rows[0]);
        tmk_rows_free(&read);
    }
    free(text);
}

static void test_other_files_are_refused_and_left_alone(void **state)
{
    (void)state;
    static const char *const texts[] = {"op,problem\n1,2\n", "no newline at all", "\n",
                                        "op,problem,title", "op,problem,name"};
    for (size_t i = 0; i < 4; i++) {
        struct tmk_samples *samples;
        struct tmk_rows read;
        write_text(texts[i]);
        assert_int_equal(tmk_samples_open(path, &samples), TMK_EINVAL);
        assert_non_null(strstr(tmk_message(), path));
        assert_int_equal(tmk_samples_read(path, &read), TMK_EINVAL);
        assert_non_null(strstr(tmk_message(), "line 1"));
        char *text = file_text(path);
        assert_string_equal(text, texts[i]);
        free(text);
    }
    write_text(texts[4]); /* the start of a header: a writer that was killed at once */
    append_rows(NULL, 0);
    char *text = file_text(path);
    assert_string_equal(text, header);
    free(text);
}

/* Each has one field of a good row replaced; the message names line and column. */
static void test_malformed_rows_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"conv2d,p,n,fwd,i,f32,nchw,two,warm,ok,0,1,1,0,0,0,0,0,0,0,0,1,1,0,\n",
         "line 2: column threads: \"two\""},
        {"conv2d,p,n,fwd,i,f32,nchw,-1,warm,ok,0,1,1,0,0,0,0,0,0,0,0,1,1,0,\n", "column threads"},
        {"conv2d,p,n,fwd,i,f32,nchw,99999999999,warm,ok,0,1,1,0,0,0,0,0,0,0,0,1,1,0,\n",
         "column threads"},
        {"conv2d,p,n,fwd,i,f32,nchw,2,warm,ok,0,1,1s,0,0,0,0,0,0,0,0,1,1,0,\n", "column seconds"},
        {"conv2d,p,n,fwd,i,f32,nchw,2,warm,ok,0,,1,0,0,0,0,0,0,0,0,1,1,0,\n", "column calls"},
        {"conv2d,p,n,fwd,i,f32,nchw,2,warm,ok,0,1,1,0,0,0,0,0,2,0,0,1,1,0,\n", "column noisy"},
        {"conv2d,p,n,fwd,i,f32,channels_last,2,warm,ok,0,1,1,0,0,0,0,0,0,0,0,1,1,0,\n",
         "column layout"},
        {"conv2d,p,n,fwd\n", "line 2: 4 columns, but 25"},
        {"\n", "line 2: empty"},
        {"conv2d,\"p,n,fwd\n", "line 2: empty, or a quote left open"},
        {"conv2d,p\"q,n,fwd\n", "line 2: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        struct tmk_rows read;
        snprintf(text, sizeof text, "%s%s", header, cases[i].line);
        write_text(text);
        assert_int_equal(tmk_samples_read(path, &read), TMK_EINVAL);
        if (!strstr(tmk_message(), cases[i].says) || !strstr(tmk_message(), path))
            fail_msg("case %zu says: %s", i, tmk_message());
    }
}

static void test_later_columns_and_crlf_are_read(void **state)
{
    (void)state;
    struct tmk_rows read;
    char text[1024];
    snprintf(text, sizeof text, "%.*s,energy_j\r\n%s", (int)strlen(header) - 1, header,
             "conv2d,p,n,fwd,i,f32,nchw,2,warm,ok,0,1,1,,,,0,0,1,0,,1,1,0;1,naive,3.5\r\n");
    write_text(text);
    assert_int_equal(tmk_samples_read(path, &read), TMK_OK);
    assert_int_equal(read.count, 1);
    assert_string_equal(read.rows[0].cpus, "0;1");
    assert_string_equal(read.rows[0].cell.chosen, "naive");
    assert_true(isnan(read.rows[0].phase[0]) && read.rows[0].noisy);
    tmk_rows_free(&read);
    struct tmk_samples *samples; /* but nothing is added to a table that is not ours */
    assert_int_equal(tmk_samples_open(path, &samples), TMK_EINVAL);
}

static void test_an_earlier_table_is_read(void **state)
{
    (void)state;
    struct tmk_rows read;
    char text[1024];
    snprintf(text, sizeof text, "%.*s\n%s", (int)(strstr(header, ",chosen") - header), header,
             "conv2d,p,n,fwd,auto,f32,nchw,2,warm,ok,0,1,1,,,,0,0,1,0,,1,1,0;1\n");
    write_text(text);
    assert_int_equal(tmk_samples_read(path, &read), TMK_OK);
    assert_int_equal(read.count, 1);
    assert_string_equal(read.rows[0].cell.chosen, "");
    tmk_rows_free(&read);
}

static void test_missing_files(void **state)
{
    (void)state;
    struct tmk_rows read;
    struct tmk_samples *samples;
    assert_int_equal(tmk_samples_read("/nonexistent/samples.csv", &read), TMK_EIO);
    assert_int_equal(tmk_samples_open("/nonexistent/samples.csv", &samples), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "No such file"));
    assert_int_equal(tmk_samples_open(directory, &samples), TMK_EIO);
    assert_int_equal(tmk_samples_close(NULL), TMK_OK);
}

static void test_a_full_device(void **state)
{
    (void)state;
    struct tmk_samples *samples;
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(tmk_samples_open("/dev/full", &samples), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "No space left on device"));
    assert_non_null(strstr(tmk_message(), "--resume"));
}

/* The file may grow to a few bytes short of the third row: that row fails and leaves nothing. */
static void test_a_short_write_leaves_whole_rows(void **state)
{
    (void)state;
    struct tmk_row row = row_of("blocked", 2, 0, 0.5);
    struct tmk_samples *samples;
    struct stat whole;
    struct rlimit unlimited, limit;
    append_rows(&row, 1);
    assert_int_equal(stat(path, &whole), 0);
    off_t length = whole.st_size - (off_t)strlen(header);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limit = unlimited;
    limit.rlim_cur = (rlim_t)(whole.st_size + 2 * length - 10);

    assert_int_equal(tmk_samples_open(path, &samples), TMK_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum tmk_status second = tmk_samples_append(samples, &row);
    enum tmk_status third = tmk_samples_append(samples, &row);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_int_equal(second, TMK_OK);
    assert_int_equal(third, TMK_EIO);
    assert_non_null(strstr(tmk_message(), "free some space"));
    struct stat after;
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_size, whole.st_size + length);

    assert_int_equal(tmk_samples_append(samples, &row), TMK_OK); /* space was freed */
    assert_int_equal(tmk_samples_close(samples), TMK_OK);
    struct tmk_rows read;
    assert_int_equal(tmk_samples_read(path, &read), TMK_OK);
    assert_int_equal(read.count, 3);
    tmk_rows_free(&read);
}

#define CASE(test) cmocka_unit_test_teardown(test, remove_files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_rows_are_written_as_promised),
        CASE(test_rows_round_trip),
        CASE(test_quotes_commas_and_spaces_round_trip),
        CASE(test_longest_texts_round_trip),
        CASE(test_control_characters_are_refused),
        CASE(test_appending_goes_on_after_reopening),
        CASE(test_torn_files_keep_their_whole_rows),
        CASE(test_other_files_are_refused_and_left_alone),
        CASE(test_malformed_rows_are_named),
        CASE(test_later_columns_and_crlf_are_read),
        CASE(test_an_earlier_table_is_read),
        CASE(test_missing_files),
        CASE(test_a_full_device),
        CASE(test_a_short_write_leaves_whole_rows),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
