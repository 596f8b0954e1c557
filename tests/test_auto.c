/* The choice among implementations: who is tried, who wins, and that it is made once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "auto.h"
#include "clock.h"
#include "matmul.h"

#include <math.h>
#include <stdio.h>

/* Two that only take time, and count their calls. */
static int slow_calls, fast_calls;

static void wait(double seconds)
{
    double start = tmk_now();
    while (tmk_now() - start < seconds)
        ;
}

static enum tmk_status run_slow(const struct tmk_problem *problem, enum tmk_dir dir,
                                const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args;
    assert_null(exec->phases);
    slow_calls++;
    wait(2e-3);
    return TMK_OK;
}

static enum tmk_status run_fast(const struct tmk_problem *problem, enum tmk_dir dir,
                                const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args, (void)exec;
    fast_calls++;
    return TMK_OK;
}

static enum tmk_status run_never(const struct tmk_problem *problem, enum tmk_dir dir,
                                 const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args, (void)exec;
    return tmk_fail(TMK_EINVAL, "never called");
}

static const char *not_forward(const struct tmk_impl *self, const struct tmk_problem *problem,
                               enum tmk_dir dir)
{
    (void)self, (void)problem;
    return dir == TMK_FWD ? "not forward" : NULL;
}

static size_t much(const struct tmk_impl *self, const struct tmk_problem *problem, enum tmk_dir dir,
                   int threads)
{
    (void)self, (void)problem, (void)dir;
    return (size_t)threads * 100;
}

static const struct tmk_impl
    slow = {.name = "slow", .auto_flops = INFINITY, .run = run_slow},
    fast = {.name = "fast", .auto_flops = 1000, .run = run_fast, .workspace = much},
    other = {.name = "other", .auto_flops = INFINITY, .supports = not_forward, .run = run_never},
    never = {.name = "never", .run = run_never};

static const struct tmk_impl *const impls[] = {&never, &fast, &slow, &other, NULL};
static struct tmk_op op; /* matmul with those */

static struct tmk_matmul problem_of(const char *text)
{
    struct tmk_context context = {.dtype = TMK_F32};
    struct tmk_matmul p;
    assert_int_equal(tmk_op_matmul.parse(text, &context, &p.base), TMK_OK);
    op = tmk_op_matmul;
    op.impls = impls;
    p.base.op = &op;
    return p;
}

/* Prepare and run; who ran. */
static const struct tmk_impl *use(const struct tmk_problem *problem, int threads)
{
    struct tmk_args args = {0};
    struct tmk_exec exec = {.threads = threads};
    assert_int_equal(tmk_auto_prepare(NULL, problem, TMK_FWD, &args, &exec, &exec.state), TMK_OK);
    int before = slow_calls, fast_before = fast_calls;
    assert_int_equal(tmk_auto_run(problem, TMK_FWD, &args, &exec), TMK_OK);
    assert_int_equal(slow_calls - before + fast_calls - fast_before, 1);
    return slow_calls > before ? &slow : &fast;
}

static void the_fastest_wins_once_and_for_all(void **state)
{
    (void)state;
    struct tmk_matmul p = problem_of("4x4:4x4");
    assert_ptr_equal(use(&p.base, 1), &fast);
    int calls = slow_calls;
    assert_true(calls > 1);
    snprintf(p.base.name, sizeof p.base.name, "another name");
    assert_ptr_equal(use(&p.base, 1), &fast);
    assert_int_equal(slow_calls, calls);
    assert_ptr_equal(use(&p.base, 2), &fast); /* another question */
    assert_true(slow_calls > calls);
}

static void who_is_not_tried_cannot_win(void **state)
{
    (void)state;
    struct tmk_matmul p = problem_of("8x8:8x8"); /* 1,024 FLOP */
    int calls = slow_calls;
    assert_ptr_equal(use(&p.base, 1), &slow);
    assert_int_equal(slow_calls, calls + 1); /* without a race */
    assert_int_equal(tmk_auto_workspace(NULL, &p.base, TMK_FWD, 3), 0);
    p = problem_of("4x4:4x4");
    assert_int_equal(tmk_auto_workspace(NULL, &p.base, TMK_FWD, 3), 300);
}

static void unprepared_the_first_without_a_limit_runs(void **state)
{
    (void)state;
    struct tmk_matmul p = problem_of("4x4:4x4");
    struct tmk_args args = {0};
    const struct tmk_exec exec = {.threads = 1};
    int calls = slow_calls;
    assert_int_equal(tmk_auto_run(&p.base, TMK_FWD, &args, &exec), TMK_OK);
    assert_int_equal(slow_calls, calls + 1);
}

static void a_failure_is_passed_on(void **state)
{
    (void)state;
    struct tmk_matmul p = problem_of("4x4:4x4");
    struct tmk_args args = {0};
    struct tmk_exec exec = {.threads = 1};
    assert_int_equal(tmk_auto_prepare(NULL, &p.base, TMK_BWD_D, &args, &exec, &exec.state),
                     TMK_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_wins_once_and_for_all),
        cmocka_unit_test(who_is_not_tried_cannot_win),
        cmocka_unit_test(unprepared_the_first_without_a_limit_runs),
        cmocka_unit_test(a_failure_is_passed_on),
    };
    return cmocka_run_group_tests_name("auto", tests, NULL, NULL);
}
