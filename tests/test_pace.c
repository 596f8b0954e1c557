/* Shares of threads whose pace is known. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"
#include "paces.h"

/* Forget, as far as shares tell. */
static void learn_equal(size_t threads)
{
    struct tmk_pace pace = {.threads = threads, .watched = true};
    for (size_t i = 0; i < threads; i++)
        pace.speed[i] = 1;
    for (int calls = 0; calls < 40; calls++)
        tmk_pace_learn(&pace);
}

static size_t length(struct tmk_range range)
{
    return range.end - range.begin;
}

/* One axis of a grid, from thread `first` on. */
static void assert_covers(const struct tmk_pace *pace, size_t whole, size_t first, size_t parts,
                          size_t step)
{
    size_t at = 0;
    for (size_t i = 0; i < parts * step; i++) {
        const struct tmk_range range = tmk_pace_share(pace, whole, (int)(first + i), parts, step);
        if (i % step > 0) /* of one part, which thread i - 1 has, too */
            at -= length(range);
        assert_int_equal(range.begin, at);
        assert_true(range.end >= range.begin);
        assert_true(length(range) <= tmk_pace_most(whole, parts));
        at = range.end;
    }
    assert_int_equal(at, whole);
}

static void test_shares_cover_all_at_any_pace(void **state)
{
    (void)state;
    static const size_t wholes[] = {0, 1, 2, 5, 48, 1000003}, parts[] = {1, 2, 3, 4, 6, 12};
    for (size_t w = 0; w < sizeof wholes / sizeof *wholes; w++) {
        for (size_t pattern = 0; pattern < 8; pattern++) {
            learn_paces(12, pattern);
            struct tmk_pace pace;
            tmk_pace_ask(&pace, 12);
            for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
                assert_covers(&pace, wholes[w], 0, parts[i], 12 / parts[i]);
                assert_covers(&pace, wholes[w], 12 - parts[i], parts[i], 1);
            }
        }
    }
}

static void test_equal_threads_have_equal_shares(void **state)
{
    (void)state;
    learn_equal(4);
    struct tmk_pace pace;
    tmk_pace_ask(&pace, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(length(tmk_pace_own(&pace, 400, i)), 100);
}

static void test_the_faster_thread_gets_more(void **state)
{
    (void)state;
    learn_equal(2);
    for (int calls = 0; calls < 20; calls++) {
        struct tmk_pace pace = {.threads = 2, .watched = true, .speed = {3, 2}};
        tmk_pace_learn(&pace);
    }
    struct tmk_pace pace;
    tmk_pace_ask(&pace, 2);
    assert_in_range(length(tmk_pace_own(&pace, 1000, 0)), 590, 610);
    learn_paces(2, 1); /* ten times as fast: half as fast at worst is believed */
    tmk_pace_ask(&pace, 2);
    assert_in_range(length(tmk_pace_own(&pace, 1000, 0)), 660, 667);
}

static void test_what_is_not_known_is_not_learned(void **state)
{
    (void)state;
    struct tmk_pace before, after;
    tmk_pace_ask(&before, 2);
    struct tmk_pace idle = {.threads = 2, .watched = true, .speed = {1, 0}};
    tmk_pace_learn(&idle);
    struct tmk_pace unwatched = {.threads = 2, .speed = {5, 1}};
    tmk_pace_learn(&unwatched);
    tmk_pace_ask(&after, 2);
    assert_int_equal(length(tmk_pace_own(&after, 1000, 0)), length(tmk_pace_own(&before, 1000, 0)));
}

static void test_calls_are_watched_now_and_then(void **state)
{
    (void)state;
    struct tmk_pace pace;
    const double start = tmk_now();
    int calls = 0, watched = 0;
    for (; tmk_now() - start < 0.01; calls++) {
        tmk_pace_ask(&pace, 2);
        watched += pace.watched;
        assert_int_equal(pace.watched, tmk_pace_start(&pace) > 0);
    }
    assert_true(watched > 0 && watched <= 201 && watched <= calls);
}

static void test_one_thread_and_very_many(void **state)
{
    (void)state;
    struct tmk_pace pace;
    tmk_pace_ask(&pace, 1);
    assert_false(pace.watched);
    assert_int_equal(length(tmk_pace_own(&pace, 10, 0)), 10);
    tmk_pace_ask(&pace, TMK_PACE_THREADS + 1);
    assert_false(pace.watched);
    assert_covers(&pace, 1000, 0, TMK_PACE_THREADS + 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_cover_all_at_any_pace),
        cmocka_unit_test(test_equal_threads_have_equal_shares),
        cmocka_unit_test(test_the_faster_thread_gets_more),
        cmocka_unit_test(test_what_is_not_known_is_not_learned),
        cmocka_unit_test(test_calls_are_watched_now_and_then),
        cmocka_unit_test(test_one_thread_and_very_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
