/* Operands in memory and the judge of results, with an operation of this file's own: the judge
 * must refuse everything that is wrong, so every way of being wrong is tried on it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "alloc.h"
#include "check.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHAPE(...) ((const size_t[]){__VA_ARGS__})
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- an operation: a linear layer, y = x w + b, x (M, K), w (K, N), b (N), y (M, N) ---- */

struct linear {
    struct tmk_problem base;
    size_t m, k, n;
    bool bias;
    size_t gap; /* unused elements after each row of x and y */
};

static const struct linear *linear_of(const struct tmk_problem *problem)
{
    return (const struct linear *)problem;
}

static size_t linear_depth(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct linear *p = linear_of(problem);
    return dir == TMK_FWD ? p->k : p->m;
}

static enum tmk_status linear_operand(const struct tmk_problem *problem, enum tmk_operand operand,
                                      struct tmk_view *view, size_t *count)
{
    const struct linear *p = linear_of(problem);
    const size_t shape[TMK_NOPERANDS][2] = {
        {p->m, p->k}, {p->k, p->n}, {p->bias ? p->n : 0, 1}, {p->m, p->n}};
    size_t gap = operand == TMK_SRC || operand == TMK_DST ? p->gap : 0;
    TMK_TRY(
        tmk_view_make(view, problem->dtype, operand == TMK_BIA ? 1 : 2, shape[operand], NULL, 0));
    *count = tmk_view_count(view);
    if (operand == TMK_BIA)
        return TMK_OK;
    if (problem->layout == TMK_NHWC) { /* stored transposed */
        view->stride[0] = 1;
        view->stride[1] = (ptrdiff_t)(shape[operand][0] + gap);
        *count = shape[operand][1] * (shape[operand][0] + gap);
    } else {
        view->stride[0] += (ptrdiff_t)gap;
        *count = shape[operand][0] * (shape[operand][1] + gap);
    }
    return TMK_OK;
}

static double at(const struct tmk_view *view, size_t i, size_t j)
{
    return tmk_view_get(view, SHAPE(i, j));
}

/* out[i, j] = sum over t of a[i, t] * b[t, j], and the sums of absolute values */
static void multiply(const struct tmk_view *a, const struct tmk_view *b,
                     const struct tmk_view *bias, const struct tmk_view *out,
                     const struct tmk_view *magnitude)
{
    for (size_t i = 0; i < out->shape[0]; i++) {
        for (size_t j = 0; j < out->shape[1]; j++) {
            double sum = bias ? tmk_view_get(bias, &j) : 0, absolute = fabs(sum);
            for (size_t t = 0; t < a->shape[1]; t++) {
                sum += at(a, i, t) * at(b, t, j);
                absolute += fabs(at(a, i, t) * at(b, t, j));
            }
            tmk_view_set(out, SHAPE(i, j), sum);
            if (magnitude)
                tmk_view_set(magnitude, SHAPE(i, j), absolute);
        }
    }
}

static void sum_columns(const struct tmk_view *y, const struct tmk_view *out,
                        const struct tmk_view *magnitude)
{
    for (size_t j = 0; j < y->shape[1]; j++) {
        double sum = 0, absolute = 0;
        for (size_t i = 0; i < y->shape[0]; i++) {
            sum += at(y, i, j);
            absolute += fabs(at(y, i, j));
        }
        tmk_view_set(out, &j, sum);
        if (magnitude)
            tmk_view_set(magnitude, &j, absolute);
    }
}

static enum tmk_status linear_oracle(const struct tmk_problem *problem, enum tmk_dir dir,
                                     const struct tmk_args *args, const struct tmk_args *out,
                                     const struct tmk_args *magnitude)
{
    (void)problem;
    const struct tmk_view *in = args->operand, *to = out->operand;
    const struct tmk_view *sums = magnitude ? magnitude->operand : NULL;
    bool bias = in[TMK_BIA].data != NULL;
    if (dir == TMK_FWD) {
        multiply(&in[TMK_SRC], &in[TMK_WEI], bias ? &in[TMK_BIA] : NULL, &to[TMK_DST],
                 sums ? &sums[TMK_DST] : NULL);
    } else {
        struct tmk_view t = tmk_view_transpose(&in[TMK_SRC], 0, 1);
        multiply(&t, &in[TMK_DST], NULL, &to[TMK_WEI], sums ? &sums[TMK_WEI] : NULL);
        if (bias)
            sum_columns(&in[TMK_DST], &to[TMK_BIA], sums ? &sums[TMK_BIA] : NULL);
    }
    return TMK_OK;
}

static const struct tmk_op linear_op = {
    .name = "linear", .depth = linear_depth, .operand = linear_operand, .oracle = linear_oracle};

static struct linear make_linear(size_t m, size_t k, size_t n, bool bias, size_t gap)
{
    return (struct linear){
        {.op = &linear_op, .dtype = TMK_F32, .multiplicity = 1}, m, k, n, bias, gap};
}

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

static size_t linear_workspace(const struct tmk_problem *problem, enum tmk_dir dir, int threads)
{
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
    assert_true(exec->workspace_bytes == linear_workspace(problem, dir, exec->threads));
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

static enum tmk_status run_fwd(const struct tmk_problem *problem, const struct tmk_args *args,
                               const struct tmk_exec *exec)
{
    return run_linear(problem, TMK_FWD, args, exec);
}

static enum tmk_status run_bwd_w(const struct tmk_problem *problem, const struct tmk_args *args,
                                 const struct tmk_exec *exec)
{
    return run_linear(problem, TMK_BWD_W, args, exec);
}

static const struct tmk_impl linear_impl = {.name = "faulty",
                                            .workspace = linear_workspace,
                                            .run = {[TMK_FWD] = run_fwd, [TMK_BWD_W] = run_bwd_w}};

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

static size_t endless_workspace(const struct tmk_problem *problem, enum tmk_dir dir, int threads)
{
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

static size_t one_line(const struct tmk_problem *problem, enum tmk_dir dir, int threads)
{
    (void)problem, (void)dir, (void)threads;
    return TMK_ALIGN;
}

static enum tmk_status run_past_the_page(const struct tmk_problem *problem,
                                         const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)args;
    ((volatile char *)exec->workspace)[exec->workspace_bytes] = 0;
    return TMK_OK;
}

/* Behind a workspace of whole cache lines is a page that faults. */
static void far_outside_the_workspace_faults(void **state)
{
    (void)state;
    const struct tmk_impl impl = {
        .name = "past", .workspace = one_line, .run = {[TMK_FWD] = run_past_the_page}};
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

/* ---- tmk_check_exact, tmk_check_bound ---- */

static struct tmk_view wrap(enum tmk_dtype dtype, size_t count, void *memory)
{
    struct tmk_view view;
    assert_int_equal(tmk_view_make(&view, dtype, 1, &count, memory, count * tmk_dtype_size(dtype)),
                     TMK_OK);
    return view;
}

static void exact_names_the_place(void **state)
{
    (void)state;
    float got[6] = {1, 2, 3, 4, 5, 6};
    double expected[6] = {1, 3, 5, 2, 4, 6}; /* the same matrix stored by columns */
    struct tmk_view a, b;
    assert_int_equal(tmk_view_make(&a, TMK_F32, 2, SHAPE(3, 2), got, sizeof got), TMK_OK);
    assert_int_equal(tmk_view_make(&b, TMK_F64, 2, SHAPE(2, 3), expected, sizeof expected), TMK_OK);
    b = tmk_view_transpose(&b, 0, 1);
    assert_true(tmk_check_exact(&a, &b).passed);
    expected[4] = 4.5;
    struct tmk_verdict verdict = tmk_check_exact(&a, &b);
    assert_false(verdict.passed);
    assert_string_equal(verdict.text, "[1, 1] is 4, not 4.5; 1 of 6 elements differ");
    verdict = tmk_check_exact(&b, &a); /* the walk follows the memory of the first */
    assert_string_equal(verdict.text, "[1, 1] is 4.5, not 4; 1 of 6 elements differ");
    b = tmk_view_transpose(&b, 0, 1);
    assert_false(tmk_check_exact(&a, &b).passed);
    assert_non_null(strstr(tmk_check_exact(&a, &b).text, "is f32 (3, 2):(2, 1), not f64 (2, 3)"));
}

static void exact_refuses_what_is_not_finite(void **state)
{
    (void)state;
    static const double odd[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        double good[3] = {1, 2, 3}, bad[3] = {1, odd[i], 3};
        struct tmk_view a = wrap(TMK_F64, 3, good), b = wrap(TMK_F64, 3, bad);
        assert_false(tmk_check_exact(&a, &b).passed);
        assert_false(tmk_check_exact(&b, &a).passed);
        assert_false(tmk_check_exact(&b, &b).passed);
        double magnitude[3] = {1e30, 1e30, 1e30};
        struct tmk_view m = wrap(TMK_F64, 3, magnitude);
        assert_false(tmk_check_bound(&a, &b, &m, 3, TMK_COMPONENTWISE).passed);
        assert_false(tmk_check_bound(&b, &a, &m, 3, TMK_NORMWISE).passed);
        assert_false(tmk_check_bound(&b, &b, &m, 3, TMK_COMPONENTWISE).passed);
    }
}

static void exact_scalar_and_empty(void **state)
{
    (void)state;
    double one = 1, two = 2;
    struct tmk_view a, b;
    assert_int_equal(tmk_view_make(&a, TMK_F64, 0, NULL, &one, 8), TMK_OK);
    assert_int_equal(tmk_view_make(&b, TMK_F64, 0, NULL, &two, 8), TMK_OK);
    assert_true(tmk_check_exact(&a, &a).passed);
    assert_string_equal(tmk_check_exact(&a, &b).text,
                        "the scalar is 1, not 2; 1 of 1 elements differ");
    assert_int_equal(tmk_view_make(&a, TMK_F64, 2, SHAPE(3, 0), &one, 8), TMK_OK);
    assert_true(tmk_check_exact(&a, &a).passed);
    assert_true(tmk_check_bound(&a, &a, &a, 7, TMK_NORMWISE).passed);
}

/* At the very bound a result passes, one step of the number line beyond it does not. */
static void bound_is_sharp(void **state)
{
    (void)state;
    for (int dtype = 0; dtype < TMK_NDTYPES; dtype++) {
        double u = dtype == TMK_F32 ? 0x1p-24 : 0x1p-53;
        for (size_t depth = 1; depth < 3000; depth += 97) {
            double n = (double)depth + 1;
            double bound = n * u / (1 - n * u) * 2.5;
            double got[2] = {0, bound}, zero[2] = {0, 0}, magnitude[2] = {0, 2.5};
            struct tmk_view result = wrap(TMK_F64, 2, got), reference = wrap(TMK_F64, 2, zero);
            struct tmk_view sums = wrap(TMK_F64, 2, magnitude);
            float single[2] = {0, (float)bound};
            if (dtype == TMK_F32) { /* round towards zero: the largest f32 within the bound */
                if ((double)single[1] > bound)
                    single[1] = nextafterf(single[1], 0);
                result = wrap(TMK_F32, 2, single);
            }
            struct tmk_verdict verdict =
                tmk_check_bound(&result, &reference, &sums, depth, TMK_COMPONENTWISE);
            assert_true(verdict.passed);
            assert_true(verdict.err_over_bound <= 1 && verdict.err_over_bound > 0.999);
            single[1] = nextafterf(single[1], 1);
            got[1] = nextafter(got[1], 1);
            verdict = tmk_check_bound(&result, &reference, &sums, depth, TMK_COMPONENTWISE);
            assert_false(verdict.passed);
            assert_true(verdict.err_over_bound > 1);
            assert_non_null(strstr(verdict.text, "[1] is "));
            /* where there is nothing to sum, nothing may differ */
            got[1] = single[1] = 0;
            got[0] = 5e-324;
            single[0] = 1e-45f;
            assert_false(
                tmk_check_bound(&result, &reference, &sums, depth, TMK_COMPONENTWISE).passed);
        }
    }
}

static void normwise_bound_is_sharp(void **state)
{
    (void)state;
    double nu = 11 * 0x1p-53, bound = 8 * (nu / (1 - nu)) * 4;
    double got[3] = {bound, 1, 2}, expected[3] = {0, 1, 2}, magnitude[3] = {0, 4, 3};
    struct tmk_view result = wrap(TMK_F64, 3, got), reference = wrap(TMK_F64, 3, expected);
    struct tmk_view sums = wrap(TMK_F64, 3, magnitude);
    assert_true(tmk_check_bound(&result, &reference, &sums, 10, TMK_NORMWISE).passed);
    assert_false(tmk_check_bound(&result, &reference, &sums, 10, TMK_COMPONENTWISE).passed);
    got[0] = nextafter(bound, 1);
    assert_false(tmk_check_bound(&result, &reference, &sums, 10, TMK_NORMWISE).passed);
}

/* ---- data ---- */

static void data_is_laid_out(void **state)
{
    (void)state;
    struct linear p = make_linear(3, 5, 7, true, 2);
    struct tmk_data data;
    size_t bytes;
    assert_int_equal(tmk_data_make(&p.base, TMK_F32, 3, &data), TMK_OK);
    assert_int_equal(tmk_data_bytes(&p.base, &bytes), TMK_OK);
    assert_int_equal(bytes, data.bytes);
    char *last = data.memory;
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        const struct tmk_view *view = &data.args.operand[o];
        assert_int_equal((uintptr_t)view->data % TMK_ALIGN, 0);
        assert_true(view->begin >= last && view->dtype == TMK_F32);
        last = view->end;
    }
    assert_true(last <= (char *)data.memory + data.bytes);
    assert_int_equal(data.args.operand[TMK_SRC].stride[0], 7);
    for (size_t i = 0; i < data.bytes / sizeof(float); i++)
        assert_true(isnan(((float *)data.memory)[i]));
    tmk_data_free(&data);
    assert_null(data.memory);
    p.bias = false;
    assert_int_equal(tmk_data_make(&p.base, TMK_F64, 1, &data), TMK_OK);
    assert_null(data.args.operand[TMK_BIA].data);
    assert_int_equal(data.args.operand[TMK_BIA].shape[0], 0);
    assert_int_equal(data.args.operand[TMK_DST].dtype, TMK_F64);
    tmk_data_free(&data);
    p = make_linear(SIZE_MAX / 8, 1, 2, false, 0);
    assert_int_equal(tmk_data_bytes(&p.base, &bytes), TMK_EINVAL);
    p = make_linear(SIZE_MAX / 16, 1, 1, false, 0); /* each fits, their sum does not */
    p.base.dtype = TMK_F64;
    assert_int_equal(tmk_data_bytes(&p.base, &bytes), TMK_EINVAL);
}

/* The same logical values in any dtype and layout, and NaN in the gaps. */
static void data_depends_on_the_seed_only(void **state)
{
    (void)state;
    static const enum tmk_fill fills[] = {TMK_FILL_REAL, TMK_FILL_INTEGER};
    for (size_t f = 0; f < 2; f++) {
        struct linear p = make_linear(9, 11, 4, true, 0), q = make_linear(9, 11, 4, true, 3);
        q.base.layout = TMK_NHWC;
        struct tmk_data a, b, other;
        assert_int_equal(tmk_data_make(&p.base, TMK_F32, 1, &a), TMK_OK);
        assert_int_equal(tmk_data_make(&q.base, TMK_F64, 3, &b), TMK_OK);
        assert_int_equal(tmk_data_make(&p.base, TMK_F32, 1, &other), TMK_OK);
        for (int o = 0; o < TMK_NOPERANDS; o++) {
            tmk_data_fill(&p.base, &a.args, o, fills[f], 11, 5);
            tmk_view_fill(&b.args.operand[o], 0);
            tmk_data_fill(&q.base, &b.args, o, fills[f], 11, 5);
            tmk_data_fill(&p.base, &other.args, o, fills[f], 11, 6);
            const struct tmk_view *x = &a.args.operand[o];
            assert_true(tmk_check_exact(x, &b.args.operand[o]).passed);
            assert_false(tmk_check_exact(x, &other.args.operand[o]).passed);
        }
        const struct tmk_view *gapped = &b.args.operand[TMK_SRC];
        assert_true(isnan(((double *)gapped->data)[9]));
        assert_false(isnan(((double *)gapped->data)[12]));
        tmk_data_free(&a);
        tmk_data_free(&b);
        tmk_data_free(&other);
    }
}

struct range {
    double least, most, nonzero;
    bool whole;
};

static void extend(void *ctx, const size_t *index, void *element)
{
    (void)index;
    struct range *range = ctx;
    double value = (double)*(float *)element;
    range->least = fmin(range->least, value);
    range->most = fmax(range->most, value);
    range->nonzero += value != 0;
    range->whole &= value == floor(value);
}

static struct range range_of(enum tmk_fill fill, size_t depth)
{
    const struct linear p = make_linear(300, 300, 1, false, 0);
    struct tmk_data data;
    struct range range = {INFINITY, -INFINITY, 0, true};
    assert_int_equal(tmk_data_make(&p.base, TMK_F32, 1, &data), TMK_OK);
    tmk_data_fill(&p.base, &data.args, TMK_SRC, fill, depth, 1);
    tmk_view_each(&data.args.operand[TMK_SRC], extend, &range);
    tmk_data_free(&data);
    return range;
}

static void data_ranges(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        double largest, share; /* expected share of nonzero integers */
    } cases[] = {
        {1, 32, 64. / 65},
        {16384, 32, 64. / 65}, /* 32^2 * 2^14 = 2^24 */
        {16385, 31, 62. / 63},
        {1 << 24, 1, 2. / 3},
        {(1 << 24) + 1, 1, 2. / 3 / 2},
        {(size_t)1 << 27, 1, 2. / 3 / 16},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct range range = range_of(TMK_FILL_INTEGER, cases[i].depth);
        assert_true(range.whole);
        assert_true(range.most == cases[i].largest && range.least == -cases[i].largest);
        assert_true(fabs(range.nonzero / 90000 - cases[i].share) < 0.01);
    }
    struct range real = range_of(TMK_FILL_REAL, 1);
    assert_true(real.least >= -1 && real.least < -0.99 && real.most < 1 && real.most > 0.99);
    assert_false(real.whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_laid_out),
        cmocka_unit_test(data_depends_on_the_seed_only),
        cmocka_unit_test(data_ranges),
        cmocka_unit_test(exact_names_the_place),
        cmocka_unit_test(exact_refuses_what_is_not_finite),
        cmocka_unit_test(exact_scalar_and_empty),
        cmocka_unit_test(bound_is_sharp),
        cmocka_unit_test(normwise_bound_is_sharp),
        cmocka_unit_test(right_passes),
        cmocka_unit_test(nothing_to_write_passes),
        cmocka_unit_test(wrong_is_refused),
        cmocka_unit_test(normwise_skips_integers),
        cmocka_unit_test(failures_are_statuses),
        cmocka_unit_test(workspace_too_large),
        cmocka_unit_test(far_outside_the_workspace_faults),
    };
    return cmocka_run_group_tests_name("op", tests, NULL, NULL);
}
