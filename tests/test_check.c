/* The judge must refuse every implementation that is wrong, so every way of being wrong is tried.
 */
#include "linear.h"

#include "alloc.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- an implementation with a fault to choose ---- */

enum fault {
    NO_FAULT,
    ALL_ZEROS,
    TRANSPOSED,
    ONE_NAN,
    ONE_INFINITY,
    ONE_WRONG,
    ONE_UNWRITTEN,
    BIAS_UNWRITTEN,
    IMPRECISE,       /* right on integers, and on reals to 16 bits only */
    STALE_WORKSPACE, /* adds to what it finds there */
    PAST_WORKSPACE,
    BEFORE_WORKSPACE,
    WRITES_INPUT,
    WRITES_GAP,
    PAST_OUTPUT,
    FAILS
};

static enum fault fault;

static size_t linear_workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                               enum tmk_dir dir, int threads)
{
    (void)self;
    (void)problem, (void)dir;
    return (size_t)threads * 3 * sizeof(float);
}

/* Faults of the main output, after it was computed rightly. */
static void spoil_output(const struct tmk_view *out)
{
    struct tmk_view part;
    const size_t last[] = {out->shape[0] - 1, out->shape[1] - 1};
    switch (fault) {
    case ALL_ZEROS:
        tmk_view_fill(out, 0);
        break;
    case TRANSPOSED:
        for (size_t i = 0; i < out->shape[0]; i++) {
            for (size_t j = 0; j < i; j++) {
                double upper = at(out, j, i);
                tmk_view_set(out, SHAPE(j, i), at(out, i, j));
                tmk_view_set(out, SHAPE(i, j), upper);
            }
        }
        break;
    case ONE_NAN:
    case ONE_UNWRITTEN: /* what poison leaves */
        tmk_view_set(out, last, NAN);
        break;
    case ONE_INFINITY:
        tmk_view_set(out, last, INFINITY);
        break;
    case ONE_WRONG:
        tmk_view_set(out, last, tmk_view_get(out, last) + 1);
        break;
    case WRITES_GAP:
        assert_int_equal(tmk_view_as_strided(out, 0, NULL, NULL, (ptrdiff_t)out->shape[1], &part),
                         TMK_OK);
        tmk_view_fill(&part, 0);
        break;
    case PAST_OUTPUT:
        *(float *)out->end = 0;
        break;
    default:
        break;
    }
}

static void round_to_16_bits(void *ctx, const size_t *index, void *element)
{
    (void)ctx, (void)index;
    uint32_t bits;
    memcpy(&bits, element, sizeof bits);
    float value = *(float *)element;
    if (value != roundf(value)) {
        bits &= 0xffffff00u;
        memcpy(element, &bits, sizeof bits);
    }
}

static enum tmk_status run_linear(const struct tmk_problem *problem, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_view *out = &args->operand[tmk_dir_output[dir]];
    float *workspace = exec->workspace;
    size_t floats = exec->workspace_bytes / sizeof *workspace;
    if (fault == FAILS)
        return tmk_fail(TMK_EIO, "linear: told to fail: choose another fault");
    assert_true(exec->workspace_bytes == linear_workspace(NULL, problem, dir, exec->threads));
    assert_true((uintptr_t)workspace % TMK_ALIGN == 0);
    assert_true(floats == 0 || isnan(workspace[0]));
    linear_oracle(problem, dir, args, args, NULL);
    spoil_output(out);
    if (fault == IMPRECISE)
        tmk_view_each(out, round_to_16_bits, NULL);
    if (fault == BIAS_UNWRITTEN && dir == TMK_BWD_W)
        tmk_view_fill(&args->operand[TMK_BIA], NAN);
    if (fault == STALE_WORKSPACE)
        tmk_view_set(out, SHAPE(0, 0), at(out, 0, 0) + (double)workspace[0]);
    if (fault == PAST_WORKSPACE)
        workspace[floats] = 0;
    if (fault == BEFORE_WORKSPACE)
        workspace[-1] = 0;
    if (fault == WRITES_INPUT)
        tmk_view_set(&args->operand[TMK_SRC], SHAPE(0, 0), 33);
    return TMK_OK;
}

static const char *no_bwd_d(const struct tmk_impl *self, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    (void)self, (void)problem;
    return dir == TMK_BWD_D ? "does not offer this direction" : NULL;
}

static const struct tmk_impl linear_impl = {
    .name = "faulty", .supports = no_bwd_d, .workspace = linear_workspace, .run = run_linear};

static struct tmk_verdict verdict_of(const struct linear *p, enum tmk_dir dir, enum fault with,
                                     int threads)
{
    struct tmk_reference reference;
    struct tmk_verdict verdict;
    assert_int_equal(tmk_reference_make(&p->base, dir, 42, &reference), TMK_OK);
    fault = with;
    assert_int_equal(tmk_check_impl(&reference, &linear_impl, threads, &verdict), TMK_OK);
    fault = NO_FAULT;
    tmk_reference_free(&reference);
    return verdict;
}

/* ---- tmk_check_impl ---- */

static void right_passes(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {2, 300, 17}, {13, 1, 1}};
    for (size_t i = 0; i < COUNT_OF(sizes) * 32; i++) {
        const size_t *s = sizes[i / 32];
        struct linear p = make_linear(s[0], s[1], s[2], i & 1, i & 2 ? 3 : 0);
        p.base.dtype = i & 4 ? TMK_F64 : TMK_F32;
        p.base.layout = i & 8 ? TMK_NHWC : TMK_NCHW;
        enum tmk_dir dir = i & 16 ? TMK_BWD_W : TMK_FWD;
        struct tmk_verdict verdict = verdict_of(&p, dir, NO_FAULT, 1 + (int)i % 3);
        if (!verdict.passed || !(verdict.err_over_bound <= 1))
            fail_msg("case %zu: %s", i, verdict.text);
        assert_string_equal(verdict.text, "");
    }
}

static void nothing_to_write_passes(void **state)
{
    (void)state;
    struct linear p = make_linear(0, 3, 4, true, 0);
    assert_true(verdict_of(&p, TMK_FWD, NO_FAULT, 2).passed);
    assert_true(verdict_of(&p, TMK_BWD_W, NO_FAULT, 2).passed);
    p = make_linear(3, 0, 4, false, 0);
    assert_true(verdict_of(&p, TMK_FWD, NO_FAULT, 1).passed);
}

static void wrong_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        enum tmk_dir dir;
        const char *text;
    } cases[] = {
        {ALL_ZEROS, TMK_FWD, "integers, seed 42: DST [0, 0] is 0, not"},
        {TRANSPOSED, TMK_FWD, "; 20 of 25 elements differ"},
        {ONE_NAN, TMK_FWD, "integers, seed 42: DST [4, 4] is "},
        {ONE_INFINITY, TMK_FWD, "DST [4, 4] is inf, not"},
        {ONE_WRONG, TMK_FWD, "; 1 of 25 elements differ"},
        {ONE_UNWRITTEN, TMK_FWD, "; 1 of 25 elements differ"},
        {BIAS_UNWRITTEN, TMK_BWD_W, "seed 42: BIA [0] is "},
        {IMPRECISE, TMK_FWD, "reals, seed 42: DST ["},
        {STALE_WORKSPACE, TMK_FWD, "DST [0, 0] is "},
        {PAST_WORKSPACE, TMK_FWD, "wrote outside its workspace"},
        {BEFORE_WORKSPACE, TMK_BWD_W, "wrote outside its workspace"},
        {WRITES_INPUT, TMK_FWD, "the input SRC [0, 0] is 33, not"},
        {WRITES_INPUT, TMK_BWD_W, "the input SRC [0, 0] is 33, not"},
        {WRITES_GAP, TMK_FWD, "wrote outside its outputs"},
        {PAST_OUTPUT, TMK_FWD, "wrote outside its outputs"},
        {PAST_OUTPUT, TMK_BWD_W, "wrote outside its outputs"},
    };
    const struct linear p = make_linear(5, 5, 5, true, 2);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tmk_verdict verdict = verdict_of(&p, cases[i].dir, cases[i].fault, 2);
        if (verdict.passed || !(verdict.err_over_bound > 1) || !strstr(verdict.text, cases[i].text))
            fail_msg("case %zu: %s", i, verdict.text);
    }
}

static void normwise_skips_integers(void **state)
{
    (void)state;
    struct tmk_impl winograd = linear_impl;
    winograd.accuracy = TMK_NORMWISE;
    const struct linear p = make_linear(5, 5, 5, true, 2);
    struct tmk_reference reference;
    struct tmk_verdict verdict;
    assert_int_equal(tmk_reference_make(&p.base, TMK_FWD, 1, &reference), TMK_OK);
    assert_int_equal(tmk_check_impl(&reference, &winograd, 1, &verdict), TMK_OK);
    assert_true(verdict.passed);
    fault = ONE_WRONG;
    assert_int_equal(tmk_check_impl(&reference, &winograd, 1, &verdict), TMK_OK);
    assert_false(verdict.passed);
    assert_non_null(strstr(verdict.text, "reals, seed 1: DST [4, 4]"));
    assert_non_null(strstr(verdict.text, "times the bound"));
    fault = NO_FAULT;
    tmk_reference_free(&reference);
}

static void failures_are_statuses(void **state)
{
    (void)state;
    const struct linear p = make_linear(5, 5, 5, true, 2);
    struct tmk_reference reference;
    struct tmk_verdict verdict;
    assert_int_equal(tmk_reference_make(&p.base, TMK_FWD, 1, &reference), TMK_OK);
    fault = FAILS;
    assert_int_equal(tmk_check_impl(&reference, &linear_impl, 1, &verdict), TMK_EIO);
    fault = NO_FAULT;
    reference.dir = TMK_BWD_D;
    assert_int_equal(tmk_check_impl(&reference, &linear_impl, 1, &verdict), TMK_EUNSUPPORTED);
    assert_non_null(strstr(tmk_message(), "faulty bwd_d: does not offer this direction"));
    reference.dir = TMK_FWD;
    tmk_reference_free(&reference);
    const struct linear huge = make_linear(SIZE_MAX / 8, 1, 1, false, 0);
    assert_int_equal(tmk_reference_make(&huge.base, TMK_FWD, 1, &reference), TMK_EINVAL);
    const struct linear large = make_linear((size_t)1 << 50, 1, 1, false, 0);
    assert_int_equal(tmk_reference_make(&large.base, TMK_FWD, 1, &reference), TMK_ENOMEM);
}

static size_t endless_workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                                enum tmk_dir dir, int threads)
{
    (void)self;
    (void)problem, (void)dir, (void)threads;
    return SIZE_MAX;
}

static void workspace_too_large(void **state)
{
    (void)state;
    struct tmk_impl impl = linear_impl;
    impl.workspace = endless_workspace;
    const struct linear p = make_linear(2, 2, 2, false, 0);
    struct tmk_reference reference;
    struct tmk_verdict verdict;
    assert_int_equal(tmk_reference_make(&p.base, TMK_FWD, 1, &reference), TMK_OK);
    assert_int_equal(tmk_check_impl(&reference, &impl, 1, &verdict), TMK_ENOMEM);
    tmk_reference_free(&reference);
}

/* ---- an implementation that prepares ---- */

/* Holds its answer until finish(); counts so that nothing is left behind. */
static struct {
    int prepared, finished, released;
    bool refuses;
} hooks;

static enum tmk_status hooks_prepare(const struct tmk_impl *self, const struct tmk_problem *problem,
                                     enum tmk_dir dir, const struct tmk_args *args,
                                     const struct tmk_exec *exec, void **state)
{
    (void)problem, (void)dir;
    assert_string_equal(self->name, "hooks");
    assert_null(exec->state);
    assert_false(isnan(at(&args->operand[TMK_SRC], 0, 0))); /* the inputs are there */
    if (hooks.refuses)
        return tmk_fail(TMK_EUNSUPPORTED, "hooks: told to refuse: choose another");
    hooks.prepared++;
    *state = &hooks;
    return TMK_OK;
}

static enum tmk_status hooks_run(const struct tmk_problem *problem, enum tmk_dir dir,
                                 const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args;
    assert_ptr_equal(exec->state, &hooks);
    return TMK_OK;
}

static enum tmk_status hooks_finish(const struct tmk_problem *problem, enum tmk_dir dir,
                                    const struct tmk_args *args, const struct tmk_exec *exec)
{
    assert_ptr_equal(exec->state, &hooks);
    hooks.finished++;
    return linear_oracle(problem, dir, args, args, NULL);
}

static void hooks_release(void *hooks_state)
{
    assert_ptr_equal(hooks_state, &hooks);
    hooks.released++;
}

static const char *hooks_threads(const struct tmk_impl *self, int threads)
{
    assert_string_equal(self->name, "hooks");
    return threads == 2 ? NULL : "needs two threads";
}

static const struct tmk_impl hooks_impl = {.name = "hooks",
                                           .supports_threads = hooks_threads,
                                           .run = hooks_run,
                                           .prepare = hooks_prepare,
                                           .finish = hooks_finish,
                                           .release = hooks_release};

static void what_was_prepared_is_finished_and_released(void **state)
{
    (void)state;
    const struct linear p = make_linear(5, 4, 3, false, 0);
    struct tmk_reference reference;
    struct tmk_verdict verdict;
    assert_int_equal(tmk_reference_make(&p.base, TMK_FWD, 1, &reference), TMK_OK);
    assert_int_equal(tmk_check_impl(&reference, &hooks_impl, 2, &verdict), TMK_OK);
    assert_true(verdict.passed);
    assert_int_equal(hooks.prepared, 2); /* on integers, on reals */
    assert_int_equal(hooks.finished, 2);
    assert_int_equal(hooks.released, 2);

    hooks.refuses = true;
    assert_int_equal(tmk_check_impl(&reference, &hooks_impl, 2, &verdict), TMK_EUNSUPPORTED);
    assert_int_equal(hooks.released, 2);
    assert_int_equal(tmk_check_impl(&reference, &hooks_impl, 3, &verdict), TMK_EUNSUPPORTED);
    assert_non_null(strstr(tmk_message(), "needs two threads"));
    tmk_reference_free(&reference);
}

static size_t one_line(const struct tmk_impl *self, const struct tmk_problem *problem,
                       enum tmk_dir dir, int threads)
{
    (void)self, (void)problem, (void)dir, (void)threads;
    return TMK_ALIGN;
}

static enum tmk_status run_past_the_page(const struct tmk_problem *problem, enum tmk_dir dir,
                                         const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args;
    ((volatile char *)exec->workspace)[exec->workspace_bytes] = 0;
    return TMK_OK;
}

/* Behind a workspace of whole cache lines is a page that faults. */
static void far_outside_the_workspace_faults(void **state)
{
    (void)state;
    const struct tmk_impl impl = {.name = "past", .workspace = one_line, .run = run_past_the_page};
    const struct linear p = make_linear(2, 2, 2, false, 0);
    struct tmk_reference reference;
    assert_int_equal(tmk_reference_make(&p.base, TMK_FWD, 1, &reference), TMK_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct tmk_verdict verdict;
        signal(SIGSEGV, SIG_DFL);
        tmk_check_impl(&reference, &impl, 1, &verdict);
        _exit(0);
    }
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    tmk_reference_free(&reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_passes),
        cmocka_unit_test(nothing_to_write_passes),
        cmocka_unit_test(wrong_is_refused),
        cmocka_unit_test(normwise_skips_integers),
        cmocka_unit_test(failures_are_statuses),
        cmocka_unit_test(what_was_prepared_is_finished_and_released),
        cmocka_unit_test(workspace_too_large),
        cmocka_unit_test(far_outside_the_workspace_faults),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
