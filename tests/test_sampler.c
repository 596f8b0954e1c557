/* The sampler, timing callbacks that last as long as the case wants. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "sampler.h"
#include "size.h"

#define MAX_SAMPLES 8192

/* A call that lasts `seconds`, and what it saw. */
struct load {
    double seconds;
    double alternate;     /* every second call lasts this much longer */
    struct tmk_exec exec; /* adds 2, 3 and 4 ms times (thread + 1) to its phases, if it has any */
    unsigned calls, befores, clocked;
    unsigned fail_at, unready_at; /* the call and the before() that fail, from 1; 0: none */
};

static void spin(double seconds)
{
    for (double end = tmk_now() + seconds; tmk_now() < end;)
        ;
}

static enum tmk_status call(void *context)
{
    struct load *load = context;
    load->calls++;
    if (load->calls == load->fail_at)
        return tmk_fail(TMK_ENOMEM, "call %u", load->calls);
    spin(load->seconds + (load->calls % 2 ? load->alternate : 0));
    load->clocked += load->exec.phases != NULL;
    for (int t = 0; load->exec.phases && t < load->exec.threads; t++)
        for (int p = 0; p < TMK_NPHASES; p++)
            load->exec.phases[t].seconds[p] += 1e-3 * (p + 2) * (t + 1);
    return TMK_OK;
}

static enum tmk_status before(void *context)
{
    struct load *load = context;
    load->befores++;
    return load->befores == load->unready_at ? tmk_fail(TMK_EIO, "before") : TMK_OK;
}

/* A group's limits and its samples as they come in; may interrupt the group or fail. */
struct trial {
    struct tmk_sampling sampling;
    enum tmk_stop stop[8];
    struct tmk_sample samples[MAX_SAMPLES];
    size_t count, fail_at, interrupt_at;
    volatile int interrupted;
};

static enum tmk_status note(void *context, const struct tmk_sample *sample)
{
    struct trial *trial = context;
    if (trial->count == MAX_SAMPLES)
        return tmk_fail(TMK_EINVAL, "too many samples");
    trial->samples[trial->count++] = *sample;
    if (trial->count == trial->interrupt_at)
        trial->interrupted = 1;
    return trial->count == trial->fail_at ? tmk_fail(TMK_EIO, "sink") : TMK_OK;
}

static size_t samples_of(const struct trial *trial, size_t contestant)
{
    size_t count = 0;
    for (size_t i = 0; i < trial->count; i++)
        count += trial->samples[i].contestant == contestant;
    return count;
}

static int begin(void **state)
{
    struct trial *trial = *state = calloc(1, sizeof *trial);
    if (trial)
        trial->sampling = tmk_sampling_default();
    return trial ? 0 : -1;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static void contestants_of(struct load *loads, size_t n, struct tmk_contestant *contestants)
{
    for (size_t i = 0; i < n; i++)
        contestants[i] = (struct tmk_contestant){
            .call = call, .before = before, .ctx = &loads[i], .exec = &loads[i].exec};
}

static enum tmk_status run(struct trial *trial, struct load *loads, size_t n)
{
    struct tmk_contestant contestants[8];
    contestants_of(loads, n, contestants);
    return tmk_sample_group(contestants, n, &trial->sampling, note, trial, &trial->interrupted,
                            trial->stop);
}

static void test_precise_contestants_stop_early(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 2e-5}, {.seconds = 1e-3}};
    trial->sampling.half_width = 5; /* any machine is that steady */
    assert_int_equal(run(trial, loads, 2), TMK_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(trial->stop[i], TMK_STOP_PRECISE);
        assert_in_range(samples_of(trial, i), 6, 100);
    }
    for (size_t i = 0; i < trial->count; i++) {
        const struct tmk_sample *sample = &trial->samples[i];
        assert_true(sample->seconds >= loads[sample->contestant].seconds);
        assert_true(sample->canary_s > 0 && sample->steal_s >= 0);
    }
}

static void test_batches_last_about_as_long_as_asked(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 5e-6}, {.seconds = 2e-4}, {.seconds = 2e-2}};
    trial->sampling.max_rounds = 6;
    assert_int_equal(run(trial, loads, 3), TMK_OK);
    static const unsigned least[] = {40, 2, 1}, most[] = {220, 6, 1};
    for (size_t i = 0; i < trial->count; i++) {
        size_t who = trial->samples[i].contestant;
        assert_in_range(trial->samples[i].calls, least[who], most[who]);
    }
    for (size_t who = 0; who < 3; who++) /* besides the samples, batches that only calibrate */
        assert_in_range(loads[who].befores, samples_of(trial, who) + 1,
                        samples_of(trial, who) + 40);
}

static void test_an_empty_call_is_still_timed(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = -1}};
    trial->sampling.max_rounds = 6;
    assert_int_equal(run(trial, loads, 1), TMK_OK);
    assert_int_equal(trial->count, 6);
    assert_true(trial->samples[0].calls > 1000 && trial->samples[0].seconds > 0);
}

/* Whole rounds: each contestant once, in an order that changes and that the seed alone decides. */
static void test_rounds_are_shuffled_permutations(void **state)
{
    struct trial *trial = *state;
    trial->sampling.min_rounds = trial->sampling.max_rounds = 20;
    trial->sampling.batch_s = 1e-5;
    trial->sampling.first_round = 100;
    size_t orders[2][80];
    for (int repeat = 0; repeat < 2; repeat++) {
        struct load loads[4] = {{.seconds = 1e-6}, {.seconds = 1e-6}};
        trial->count = 0;
        assert_int_equal(run(trial, loads, 4), TMK_OK);
        assert_int_equal(trial->count, 80);
        for (size_t i = 0; i < 80; i++) {
            assert_int_equal(trial->samples[i].round, 100 + i / 4);
            orders[repeat][i] = trial->samples[i].contestant;
        }
    }
    assert_memory_equal(orders[0], orders[1], sizeof orders[0]);
    size_t first[4] = {0};
    for (size_t round = 0; round < 20; round++) {
        unsigned seen = 0;
        for (size_t i = 0; i < 4; i++)
            seen |= 1u << orders[0][4 * round + i];
        assert_int_equal(seen, 15);
        first[orders[0][4 * round]]++;
    }
    for (size_t c = 0; c < 4; c++)
        assert_in_range(first[c], 1, 14);
}

static void test_max_rounds_end_an_unsteady_contestant(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-4, .alternate = 2e-4}};
    trial->sampling.batch_s = 1e-5;
    trial->sampling.half_width = 1e-9;
    trial->sampling.max_rounds = 7;
    assert_int_equal(run(trial, loads, 1), TMK_OK);
    assert_string_equal(tmk_stop_name[trial->stop[0]], "rounds");
    assert_int_equal(trial->count, 7);
}

/* min_rounds of the slow one do not fit: it ends with a sample or a few, the others all the same
 * reach their precision. */
static void test_slow_contestants_do_not_starve_fast_ones(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-4, .alternate = 1e-4}, {.seconds = 0.2}};
    trial->sampling.batch_s = 1e-5;
    trial->sampling.half_width = 1e-9;
    trial->sampling.budget_s = 0.1;
    trial->sampling.max_rounds = 5000;
    assert_int_equal(run(trial, loads, 2), TMK_OK);
    assert_int_equal(trial->stop[0], TMK_STOP_BUDGET);
    assert_int_equal(trial->stop[1], TMK_STOP_BUDGET);
    assert_int_equal(samples_of(trial, 1), 1);
    assert_true(samples_of(trial, 0) >= 50);
}

/* Sure rounds are taken however long they last. */
static void test_sure_rounds_outlast_the_budget(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-4, .alternate = 1e-4}, {.seconds = 0.1}};
    trial->sampling.batch_s = 1e-5;
    trial->sampling.half_width = 1e-9;
    trial->sampling.budget_s = 0.05;
    trial->sampling.sure_rounds = 3;
    assert_int_equal(run(trial, loads, 2), TMK_OK);
    assert_int_equal(trial->stop[1], TMK_STOP_BUDGET);
    assert_int_equal(samples_of(trial, 1), 3);
    trial->sampling.sure_rounds = 1001;
    assert_int_equal(run(trial, loads, 2), TMK_EINVAL);
}

/* Whoever is over its share waits until the others have had theirs. */
static void test_over_its_share_a_contestant_sits_out(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-4, .alternate = 1e-4}, {.seconds = 0.06}};
    trial->sampling.batch_s = 1e-5;
    trial->sampling.half_width = 1e-9;
    trial->sampling.budget_s = 0.2;
    trial->sampling.max_rounds = 5000;
    assert_int_equal(run(trial, loads, 2), TMK_OK);
    size_t slow = 0;
    for (size_t i = 2; i < trial->count; i++) {
        slow += trial->samples[i].contestant == 1;
        assert_true(slow == 0 || trial->samples[i].contestant == 1);
    }
}

/* But where min_rounds of everybody fit, those rounds are whole. */
static void test_the_first_rounds_are_whole_if_they_fit(void **state)
{
    struct trial *trial = *state;
    struct load loads[4] = {{.seconds = 0.02}};
    trial->sampling.batch_s = 1e-5;
    trial->sampling.half_width = 0;
    trial->sampling.budget_s = 0.4; /* 0.14 s are needed, a share is 0.1 s */
    trial->sampling.max_rounds = 6;
    assert_int_equal(run(trial, loads, 4), TMK_OK);
    assert_int_equal(trial->count, 24);
    for (size_t i = 0; i < 24; i++)
        assert_int_equal(trial->samples[i].round, i / 4);
}

/* Between once and twice the budget, a contestant still completes its min_rounds. */
static void test_min_rounds_may_overrun_the_budget(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 0.02}};
    trial->sampling.half_width = 0;
    trial->sampling.budget_s = 0.1; /* a warm-up call and six samples: 0.14 s */
    double start = tmk_now();
    assert_int_equal(run(trial, loads, 1), TMK_OK);
    if (tmk_now() - start < 0.2) /* or else the machine was too busy to tell */
        assert_int_equal(trial->count, 6);
    assert_int_equal(trial->stop[0], TMK_STOP_BUDGET);
}

static void test_no_budget_gives_one_sample_each(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-4}, {.seconds = 1e-3}};
    trial->sampling.budget_s = 0;
    assert_int_equal(run(trial, loads, 2), TMK_OK);
    assert_int_equal(trial->count, 2);
    assert_int_equal(samples_of(trial, 0), 1);
}

static void test_cold_samples_are_single_calls(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-6}};
    trial->sampling.cold = true;
    trial->sampling.max_rounds = 10;
    trial->sampling.half_width = 0;
    assert_int_equal(run(trial, loads, 1), TMK_OK);
    assert_int_equal(trial->count, 10);
    assert_int_equal(loads[0].calls, 11); /* one to warm up */
    assert_int_equal(loads[0].befores, 11);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(trial->samples[i].calls, 1);
}

static void test_a_stage_that_cannot_be_set_ends_the_group(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-6, .unready_at = 3}};
    assert_int_equal(run(trial, loads, 1), TMK_EIO);
    assert_int_equal(trial->stop[0], TMK_STOP_FAILED);
}

static void test_phases_are_the_last_calls_means_over_threads(void **state)
{
    struct trial *trial = *state;
    struct tmk_phases phases[3] = {0};
    struct load loads[] = {{.seconds = 1e-4, .exec = {.phases = phases, .threads = 3}}};
    trial->sampling.max_rounds = 6;
    assert_int_equal(run(trial, loads, 1), TMK_OK);
    for (size_t i = 0; i < trial->count; i++) /* threads 1, 2, 3 times: 2 on average */
        for (int p = 0; p < TMK_NPHASES; p++)
            assert_true(fabs(trial->samples[i].phase[p] - 2e-3 * (p + 2)) < 1e-12);
    assert_true(loads->clocked < loads->calls / 2);
    assert_ptr_equal(loads->exec.phases, phases);
}

static void test_an_interrupt_keeps_what_was_sampled(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-5}, {.seconds = 1e-5}};
    trial->sampling.half_width = 0;
    trial->interrupt_at = 5;
    assert_int_equal(run(trial, loads, 2), TMK_EINTR);
    assert_int_equal(trial->count, 5);
    assert_int_equal(trial->stop[0], TMK_STOP_INTERRUPTED);
    assert_int_equal(trial->stop[1], TMK_STOP_INTERRUPTED);
    assert_non_null(strstr(tmk_message(), "--resume"));
    loads[0].calls = 0; /* the flag still stands: nothing is called at all */
    assert_int_equal(run(trial, loads, 1), TMK_EINTR);
    assert_int_equal(loads[0].calls, 0);
}

static void test_failures_end_the_group(void **state)
{
    struct trial *trial = *state;
    struct load failing[] = {{.seconds = 1e-3}, {.seconds = 1e-3, .fail_at = 4}};
    assert_int_equal(run(trial, failing, 2), TMK_ENOMEM);
    assert_string_equal(tmk_message(), "call 4");
    assert_int_equal(trial->stop[1], TMK_STOP_FAILED);
    struct load sound[] = {{.seconds = 1e-3}};
    trial->fail_at = trial->count + 3;
    assert_int_equal(run(trial, sound, 1), TMK_EIO);
    assert_int_equal(trial->stop[0], TMK_STOP_FAILED);
}

static void test_earlier_samples_count(void **state)
{
    struct trial *trial = *state;
    struct load loads[3] = {{.seconds = 1e-3}, {.seconds = 1e-3}, {.seconds = 1e-3}};
    struct tmk_contestant contestants[3];
    double steady[] = {1, 1, 1, 1, 1, 1}, few[] = {1e-3, 1e-3, 1e-3, 1e-3};
    contestants_of(loads, 3, contestants);
    contestants[0].earlier = steady; /* precise already */
    contestants[0].have = 6;
    contestants[1].earlier = few; /* two are missing */
    contestants[1].have = 4;
    trial->sampling.max_rounds = 6;
    assert_int_equal(
        tmk_sample_group(contestants, 3, &trial->sampling, note, trial, NULL, trial->stop), TMK_OK);
    assert_int_equal(loads[0].calls, 0);
    assert_int_equal(trial->stop[0], TMK_STOP_PRECISE);
    assert_int_equal(samples_of(trial, 1), 2);
    assert_int_equal(samples_of(trial, 2), 6);
}

static void test_canaries_of_the_run_are_added_to(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{.seconds = 1e-5}};
    struct tmk_canaries canaries = {.count = 5, .seconds = {1e-9, 1e-9, 1e-9, 1e-9, 1e-9}};
    trial->sampling.canaries = &canaries;
    trial->sampling.min_rounds = trial->sampling.max_rounds = 3;
    assert_int_equal(run(trial, loads, 1), TMK_OK);
    assert_int_equal(canaries.count, 8);
    for (size_t i = 0; i < 3; i++)
        assert_true(trial->samples[i].noisy); /* a canary was never that fast */
}

static void test_senseless_limits_are_refused(void **state)
{
    struct trial *trial = *state;
    struct load loads[] = {{0}};
    trial->sampling.max_rounds = 0;
    assert_int_equal(run(trial, loads, 1), TMK_EINVAL);
    trial->sampling = tmk_sampling_default();
    trial->sampling.min_rounds = 1001;
    assert_int_equal(run(trial, loads, 1), TMK_EINVAL);
    trial->sampling = tmk_sampling_default();
    trial->sampling.budget_s = NAN;
    assert_int_equal(run(trial, loads, 1), TMK_EINVAL);
    trial->sampling = tmk_sampling_default();
    struct tmk_contestant forgetful = {.call = call, .ctx = loads, .have = 3};
    assert_int_equal(
        tmk_sample_group(&forgetful, 1, &trial->sampling, note, trial, NULL, trial->stop),
        TMK_EINVAL);
    assert_int_equal(tmk_sample_group(NULL, 0, &trial->sampling, note, trial, NULL, trial->stop),
                     TMK_OK);
    assert_int_equal(trial->count, 0);
}

#define TRIAL(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIAL(test_precise_contestants_stop_early),
        TRIAL(test_batches_last_about_as_long_as_asked),
        TRIAL(test_an_empty_call_is_still_timed),
        TRIAL(test_rounds_are_shuffled_permutations),
        TRIAL(test_max_rounds_end_an_unsteady_contestant),
        TRIAL(test_slow_contestants_do_not_starve_fast_ones),
        TRIAL(test_sure_rounds_outlast_the_budget),
        TRIAL(test_over_its_share_a_contestant_sits_out),
        TRIAL(test_the_first_rounds_are_whole_if_they_fit),
        TRIAL(test_min_rounds_may_overrun_the_budget),
        TRIAL(test_no_budget_gives_one_sample_each),
        TRIAL(test_cold_samples_are_single_calls),
        TRIAL(test_a_stage_that_cannot_be_set_ends_the_group),
        TRIAL(test_phases_are_the_last_calls_means_over_threads),
        TRIAL(test_an_interrupt_keeps_what_was_sampled),
        TRIAL(test_failures_end_the_group),
        TRIAL(test_earlier_samples_count),
        TRIAL(test_canaries_of_the_run_are_added_to),
        TRIAL(test_senseless_limits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
