/* The base room: status, memory, numbers as text, files, time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "alloc.h"
#include "clock.h"
#include "exec.h"
#include "size.h"
#include "status.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- status --- */

static void exit_codes_are_the_documented_ones(void **state)
{
    (void)state;
    assert_int_equal(tmk_exit_code(TMK_OK), 0);
    assert_int_equal(tmk_exit_code(TMK_ECHECK), 1);
    assert_int_equal(tmk_exit_code(TMK_EINVAL), 2);
    assert_int_equal(tmk_exit_code(TMK_EIO), 3);
    assert_int_equal(tmk_exit_code(TMK_ENOMEM), 4);
    assert_int_equal(tmk_exit_code(TMK_EUNSUPPORTED), 4);
    assert_int_equal(tmk_exit_code(TMK_EINTR), 130);
}

static void message_is_kept_and_may_quote_itself(void **state)
{
    (void)state;
    assert_int_equal(tmk_fail(TMK_EIO, "file %s: %d", "x", 7), TMK_EIO);
    assert_string_equal(tmk_message(), "file x: 7");
    assert_int_equal(tmk_fail(TMK_EINVAL, "while reading: %s", tmk_message()), TMK_EINVAL);
    assert_string_equal(tmk_message(), "while reading: file x: 7");
}

static void overlong_message_is_cut(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    tmk_fail(TMK_EIO, "%s", text);
    assert_in_range(strlen(tmk_message()), 100, sizeof text - 2);
}

static enum tmk_status try_twice(enum tmk_status first, int *calls)
{
    ++*calls;
    TMK_TRY(first);
    ++*calls;
    return TMK_OK;
}

static void try_returns_the_first_failure(void **state)
{
    (void)state;
    int calls = 0;
    assert_int_equal(try_twice(TMK_OK, &calls), TMK_OK);
    assert_int_equal(calls, 2);
    assert_int_equal(try_twice(TMK_ENOMEM, &calls), TMK_ENOMEM);
    assert_int_equal(calls, 3);
}

/* --- sizes --- */

static void size_products_notice_overflow(void **state)
{
    (void)state;
    size_t out = 42;
    assert_true(tmk_size_mul(SIZE_MAX / 2, 2, &out));
    assert_true(out == SIZE_MAX - 1);
    out = 42;
    assert_false(tmk_size_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(tmk_size_mul(SIZE_MAX, SIZE_MAX, &out));
    assert_int_equal(out, 42);
    assert_true(tmk_size_mul(SIZE_MAX, 0, &out));
    assert_int_equal(out, 0);
    assert_true(tmk_size_add(SIZE_MAX - 1, 1, &out));
    assert_true(out == SIZE_MAX);
    assert_false(tmk_size_add(SIZE_MAX, 1, &out));
}

static void size_rounding(void **state)
{
    (void)state;
    assert_int_equal(tmk_ceil_div(0, 7), 0);
    assert_int_equal(tmk_ceil_div(14, 7), 2);
    assert_int_equal(tmk_ceil_div(15, 7), 3);
    assert_true(tmk_ceil_div(SIZE_MAX, 2) == SIZE_MAX / 2 + 1);
    assert_int_equal(tmk_round_up(0, 64), 0);
    assert_int_equal(tmk_round_up(64, 64), 64);
    assert_int_equal(tmk_round_up(65, 64), 128);
}

/* --- memory --- */

static void memory_is_aligned_and_writable(void **state)
{
    (void)state;
    const size_t sizes[] = {
        0, 1, 63, 4096, ((size_t)4 << 20) - 1, (size_t)4 << 20, (size_t)9 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *memory = NULL;
        assert_int_equal(tmk_alloc(sizes[i], "test", &memory), TMK_OK);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % TMK_ALIGN, 0);
        if (sizes[i] >= TMK_PAGE)
            assert_int_equal((uintptr_t)memory % TMK_PAGE, 0);
        if (sizes[i] >= (size_t)4 << 20)
            assert_int_equal((uintptr_t)memory % ((uintptr_t)2 << 20), 0);
        memset(memory, 0x5a, sizes[i]);
        tmk_free(memory);
    }
    tmk_free(NULL);
}

static void absurd_sizes_fail_and_say_what_for(void **state)
{
    (void)state;
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - TMK_ALIGN, SIZE_MAX / 2, (size_t)1 << 60};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *memory = &memory;
        assert_int_equal(tmk_alloc(sizes[i], "the columns", &memory), TMK_ENOMEM);
        assert_ptr_equal(memory, &memory);
        assert_non_null(strstr(tmk_message(), "the columns"));
        assert_non_null(strstr(tmk_message(), "EiB"));
    }
}

static void more_than_is_available_fails(void **state)
{
    (void)state;
    size_t available = tmk_memory_available();
    assert_true(available > (size_t)1 << 20);
    if (available > SIZE_MAX / 4)
        skip(); /* this system does not say */
    void *memory;
    assert_int_equal(tmk_alloc(2 * available, "test", &memory), TMK_ENOMEM);
}

/* --- numbers as text --- */

static void bytes_as_text(void **state)
{
    (void)state;
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1, "1 B"},
        {64, "64 B"},
        {999, "999 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {1536, "1.50 KiB"},
        {1572864, "1.50 MiB"},
        {102400, "100 KiB"},
        {10240, "10.0 KiB"},
        {35.75 * 1048576, "35.8 MiB"},
        {0x1p30, "1.00 GiB"},
        {0x1p64, "16.0 EiB"},
        {0x1p75, "32768 EiB"},
    };
    char buf[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(tmk_format_bytes(buf, sizeof buf, cases[i].bytes), cases[i].text);
}

static void counts_as_text(void **state)
{
    (void)state;
    static const struct {
        double count;
        const char *text;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {999, "999"},
        {1000, "1.00 k"},
        {8.93e6, "8.93 M"},
        {1.5827e9, "1.58 G"},
        {12.34e3, "12.3 k"},
        {345.6e12, "346 T"},
        {0.5, "0.50"},
        {-1500, "-1.50 k"},
    };
    char buf[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(tmk_format_count(buf, sizeof buf, cases[i].count), cases[i].text);
}

static void seconds_as_text(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0, "0 ns"},           {25e-9, "25 ns"},     {45.6e-6, "45.6 us"}, {1.23e-3, "1.23 ms"},
        {1.5, "1.50 s"},       {59.4, "59.4 s"},     {60, "1 min 00 s"},   {125, "2 min 05 s"},
        {3599, "59 min 59 s"}, {3600, "1 h 00 min"}, {7500, "2 h 05 min"},
    };
    char buf[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(tmk_format_seconds(buf, sizeof buf, cases[i].seconds), cases[i].text);
}

/* A value just below a unit's end must not print as "1000 us" or "1024 KiB". */
static void rounding_moves_to_the_next_unit(void **state)
{
    (void)state;
    char buf[32];
    assert_string_equal(tmk_format_seconds(buf, sizeof buf, 999.9e-6), "1.00 ms");
    assert_string_equal(tmk_format_count(buf, sizeof buf, 999999), "1.00 M");
    assert_string_equal(tmk_format_bytes(buf, sizeof buf, 1048575), "1.00 MiB");
    assert_string_equal(tmk_format_seconds(buf, sizeof buf, 59.99), "1 min 00 s");
}

static void parse_size_takes_whole_decimal_numbers_only(void **state)
{
    (void)state;
    size_t out = 0;
    assert_true(tmk_parse_size("0", &out));
    assert_int_equal(out, 0);
    assert_true(tmk_parse_size("007", &out));
    assert_int_equal(out, 7);
    assert_true(tmk_parse_size("18446744073709551615", &out));
    assert_true(out == UINT64_MAX);
    out = 42;
    const char *const bad[] = {"",
                               "18446744073709551616",
                               "99999999999999999999999",
                               "-1",
                               "+1",
                               " 1",
                               "1 ",
                               "1x",
                               "0x10",
                               "1.0",
                               "1e3",
                               "one"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(tmk_parse_size(bad[i], &out));
    assert_int_equal(out, 42);
}

/* --- files --- */

static void file_is_read_whole(void **state)
{
    (void)state;
    char folder[] = "/tmp/tmk_base_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 40000; i++)
        fprintf(file, "line %d\n", i);
    fclose(file);
    char *text = NULL;
    assert_int_equal(tmk_read_file(path, &text), TMK_OK);
    assert_int_equal(strlen(text), 10 * 7 + 90 * 8 + 900 * 9 + 9000 * 10 + 30000 * 11);
    assert_memory_equal(text, "line 0\nline 1\n", 14);
    assert_string_equal(text + strlen(text) - 11, "line 39999\n");
    free(text);

    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(tmk_read_file(path, &text), TMK_OK);
    assert_string_equal(text, "");
    free(text);
    unlink(path);
    rmdir(folder);
}

static void unreadable_file_says_why(void **state)
{
    (void)state;
    char *text = NULL;
    assert_int_equal(tmk_read_file("/nowhere/at/all", &text), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "/nowhere/at/all"));
    assert_non_null(strstr(tmk_message(), "No such file"));
    assert_int_equal(tmk_read_file("/tmp", &text), TMK_EIO); /* a folder */
    assert_null(text);
}

static void data_files_are_found_below_the_variable(void **state)
{
    (void)state;
    char folder[] = "/tmp/tmk_base_XXXXXX", path[128], found[256], tiny[4];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/set", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    setenv("TILEMARK_DATA", folder, 1);
    assert_int_equal(tmk_data_path("set", found, sizeof found), TMK_OK);
    assert_string_equal(found, path);
    assert_int_equal(tmk_data_path("set", tiny, sizeof tiny), TMK_EIO);
    assert_int_equal(tmk_data_path("missing", found, sizeof found), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "TILEMARK_DATA"));
    unsetenv("TILEMARK_DATA");
    unlink(path);
    rmdir(folder);
}

/* --- time --- */

static void clock_does_not_go_back(void **state)
{
    (void)state;
    double last = tmk_now(), start = last;
    for (int i = 0; i < 1000; i++) {
        double now = tmk_now();
        assert_true(now >= last);
        last = now;
    }
    usleep(2000);
    assert_true(tmk_now() - start >= 0.002);
}

static void phases_add_up_only_if_wanted(void **state)
{
    (void)state;
    struct tmk_phases phases[2] = {{{0}}};
    struct tmk_exec exec = {.threads = 2, .phases = phases};
    double start = tmk_phase_start(&exec);
    usleep(1000);
    double middle = tmk_phase_end(&exec, 1, TMK_PHASE_PACK, start);
    usleep(1000);
    double end = tmk_phase_end(&exec, 1, TMK_PHASE_COMPUTE, middle);
    assert_true(start < middle && middle < end);
    assert_true(phases[1].seconds[TMK_PHASE_PACK] == middle - start);
    assert_true(phases[1].seconds[TMK_PHASE_COMPUTE] == end - middle);
    assert_true(phases[1].seconds[TMK_PHASE_REDUCE] == 0);
    assert_true(phases[0].seconds[TMK_PHASE_PACK] == 0);
    exec.phases = NULL;
    assert_true(tmk_phase_end(&exec, 0, TMK_PHASE_PACK, tmk_phase_start(&exec)) == 0);
    assert_int_equal((uintptr_t)&phases[1] - (uintptr_t)&phases[0], 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_are_the_documented_ones),
        cmocka_unit_test(message_is_kept_and_may_quote_itself),
        cmocka_unit_test(overlong_message_is_cut),
        cmocka_unit_test(try_returns_the_first_failure),
        cmocka_unit_test(size_products_notice_overflow),
        cmocka_unit_test(size_rounding),
        cmocka_unit_test(memory_is_aligned_and_writable),
        cmocka_unit_test(absurd_sizes_fail_and_say_what_for),
        cmocka_unit_test(more_than_is_available_fails),
        cmocka_unit_test(bytes_as_text),
        cmocka_unit_test(counts_as_text),
        cmocka_unit_test(seconds_as_text),
        cmocka_unit_test(rounding_moves_to_the_next_unit),
        cmocka_unit_test(parse_size_takes_whole_decimal_numbers_only),
        cmocka_unit_test(file_is_read_whole),
        cmocka_unit_test(unreadable_file_says_why),
        cmocka_unit_test(data_files_are_found_below_the_variable),
        cmocka_unit_test(clock_does_not_go_back),
        cmocka_unit_test(phases_add_up_only_if_wanted),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
