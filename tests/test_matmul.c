/* matmul: the oracle against its definition, and every implementation against the oracle. */
#include "alloc.h"
#include "check.h"
#include "matmul_cases.h"
#include "paces.h"

#include <math.h>

static const int thread_counts[] = {1, 2, 3, 7};

/* Operands in memory: inputs of `dir` filled from the seed, its output poisoned. */
static struct tmk_data make_data(const struct tmk_problem *problem, enum tmk_dir dir,
                                 enum tmk_dtype dtype, enum tmk_fill fill, size_t depth,
                                 uint32_t seed)
{
    static const enum tmk_operand operands[] = {TMK_SRC, TMK_WEI, TMK_DST};
    struct tmk_data data;
    assert_int_equal(tmk_data_make(problem, dtype, 1, &data), TMK_OK);
    for (size_t i = 0; i < COUNT(operands); i++)
        tmk_data_fill(&data.args, operands[i],
                      tmk_dir_writes(dir, operands[i]) ? TMK_FILL_POISON : fill, depth, seed);
    return data;
}

static void run(const struct tmk_impl *impl, const struct tmk_problem *problem, enum tmk_dir dir,
                const struct tmk_args *args, int threads)
{
    struct tmk_exec exec = {.threads = threads,
                            .workspace_bytes = tmk_impl_workspace(impl, problem, dir, threads)};
    assert_int_equal(tmk_alloc(exec.workspace_bytes, "workspace", &exec.workspace), TMK_OK);
    assert_int_equal(impl->run(problem, dir, args, &exec), TMK_OK);
    tmk_free(exec.workspace);
}

/* The largest of the three depths, so that integers are small enough for all directions. */
static size_t max_depth(const struct tmk_problem *problem)
{
    size_t depth = 0;
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        size_t d = op->depth(problem, (enum tmk_dir)dir);
        depth = d > depth ? d : depth;
    }
    return depth;
}

static void assert_oracle(const char *text, enum tmk_dir dir, enum tmk_dtype dtype,
                          const double *inputs[2], const double *expected)
{
    struct tmk_matmul p = problem_of(text, dtype);
    struct tmk_data in = make_data(&p.base, dir, dtype, TMK_FILL_INTEGER, 1, 0);
    struct tmk_data out = make_data(&p.base, dir, TMK_F64, TMK_FILL_INTEGER, 1, 0);
    static const enum tmk_operand operands[] = {TMK_SRC, TMK_WEI, TMK_DST};
    int next = 0;
    for (size_t i = 0; i < COUNT(operands); i++) {
        if (tmk_dir_writes(dir, operands[i]))
            continue;
        struct tmk_view values;
        const struct tmk_view *view = &in.args.operand[operands[i]];
        union {
            const double *constant;
            void *memory;
        } array = {inputs[next++]};
        assert_int_equal(tmk_view_make(&values, TMK_F64, view->ndim, view->shape, array.memory,
                                       tmk_view_count(view) * sizeof(double)),
                         TMK_OK);
        assert_int_equal(tmk_view_copy(view, &values), TMK_OK);
    }
    assert_int_equal(op->oracle(&p.base, dir, &in.args, &out.args, NULL), TMK_OK);
    double got[32];
    struct tmk_view dense, *result = &out.args.operand[tmk_dir_output[dir]];
    assert_int_equal(tmk_view_make(&dense, TMK_F64, result->ndim, result->shape, got, sizeof got),
                     TMK_OK);
    assert_int_equal(tmk_view_copy(&dense, result), TMK_OK);
    for (size_t i = 0; i < tmk_view_count(result); i++) {
        if (got[i] != expected[i])
            fail_msg("%s %s: element %zu is %g, not %g", text, tmk_dir_name[dir], i, got[i],
                     expected[i]);
    }
    tmk_data_free(&in);
    tmk_data_free(&out);
}

static void test_oracle_by_hand(void **state)
{
    (void)state;
    static const double a[] = {1, 2, 3, 4, 5, 6}, b[] = {7, 8, 9, 10, 11, 12}, dc[] = {1, 2, 3, 4};
    static const double c[] = {58, 64, 139, 154};
    static const double da[] = {23, 29, 35, 53, 67, 81}, db[] = {13, 18, 17, 24, 21, 30};
    static const char *const texts[] = {"2x3:3x2", "--stag=ba --wtag=ba 2x3:3x2",
                                        "--strides=5x1:7x2:1x4 2x3:3x2"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        for (int dtype = 0; dtype < TMK_NDTYPES; dtype++) {
            enum tmk_dtype type = (enum tmk_dtype)dtype;
            assert_oracle(texts[i], TMK_FWD, type, (const double *[]){a, b}, c);
            assert_oracle(texts[i], TMK_BWD_D, type, (const double *[]){b, dc}, da);
            assert_oracle(texts[i], TMK_BWD_W, type, (const double *[]){a, dc}, db);
        }
    }
}

/* A (2,1,1,2) and B (1,3,2,1): both are stretched, so both gradients are sums. */
static void test_oracle_by_hand_broadcast(void **state)
{
    (void)state;
    static const double a[] = {1, 2, 3, 4}, b[] = {1, -1, 2, 0, 5, 7},
                        dc[] = {1, 10, 100, 2, 20, 200};
    static const double c[] = {1 - 2, 2, 5 + 14, 3 - 4, 6, 15 + 28};
    static const double da[] = {1 + 20 + 500, -1 + 700, 2 + 40 + 1000, -2 + 1400};
    static const double db[] = {1 + 6, 2 + 8, 10 + 60, 20 + 80, 100 + 600, 200 + 800};
    const char *text = "2x1x1x2:1x3x2x1";
    assert_oracle(text, TMK_FWD, TMK_F64, (const double *[]){a, b}, c);
    assert_oracle(text, TMK_BWD_D, TMK_F64, (const double *[]){b, dc}, da);
    assert_oracle(text, TMK_BWD_W, TMK_F64, (const double *[]){a, dc}, db);
}

/* The definition, index by index: for every element of C and every k, the product of two operands
 * is added to the third. Shares no code with the room. */
static void brute_force(const struct tmk_matmul *p, enum tmk_dir dir, const struct tmk_args *in,
                        const struct tmk_view *out, bool absolute)
{
    const struct tmk_view *a = &in->operand[TMK_SRC], *b = &in->operand[TMK_WEI];
    const struct tmk_view *c = &in->operand[TMK_DST];
    int row = c->ndim - 2, col = c->ndim - 1;
    tmk_view_fill(out, 0);
    for (size_t flat = 0, count = tmk_view_count(c) * p->k; flat < count; flat++) {
        size_t index[3][TMK_MAX_DIMS], rest = flat / p->k, k = flat % p->k;
        for (int d = col; d >= 0; rest /= c->shape[d], d--) {
            index[TMK_SRC][d] = a->shape[d] == 1 ? 0 : rest % c->shape[d];
            index[TMK_WEI][d] = b->shape[d] == 1 ? 0 : rest % c->shape[d];
            index[2][d] = rest % c->shape[d];
        }
        index[TMK_SRC][col] = k;
        index[TMK_WEI][row] = k;
        double x = dir == TMK_BWD_D ? tmk_view_get(c, index[2]) : tmk_view_get(a, index[TMK_SRC]);
        double y = dir == TMK_BWD_W ? tmk_view_get(c, index[2]) : tmk_view_get(b, index[TMK_WEI]);
        const size_t *to = dir == TMK_FWD ? index[2] : index[dir == TMK_BWD_D ? TMK_SRC : TMK_WEI];
        tmk_view_set(out, to, tmk_view_get(out, to) + (absolute ? fabs(x * y) : x * y));
    }
}

static void test_oracle_against_definition(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 2);
    for (uint32_t i = 0; i < 300; i++) {
        enum tmk_dtype dtype = (enum tmk_dtype)(i % TMK_NDTYPES);
        enum tmk_dir dir = (enum tmk_dir)(i / TMK_NDTYPES % TMK_NDIRS);
        enum tmk_operand output = tmk_dir_output[dir];
        struct tmk_matmul p = random_problem(&random, dtype);
        struct tmk_data in =
            make_data(&p.base, dir, dtype, TMK_FILL_INTEGER, max_depth(&p.base), i);
        struct tmk_data sum = make_data(&p.base, dir, TMK_F64, TMK_FILL_INTEGER, 1, i);
        struct tmk_data magnitude = make_data(&p.base, dir, TMK_F64, TMK_FILL_INTEGER, 1, i);
        struct tmk_data expected = make_data(&p.base, dir, TMK_F64, TMK_FILL_INTEGER, 1, i);
        assert_int_equal(op->oracle(&p.base, dir, &in.args, &sum.args, &magnitude.args), TMK_OK);
        for (int absolute = 0; absolute < 2; absolute++) {
            struct tmk_view *result = &(absolute ? &magnitude : &sum)->args.operand[output];
            brute_force(&p, dir, &in.args, &expected.args.operand[output], absolute);
            struct tmk_verdict verdict = tmk_check_exact(result, &expected.args.operand[output]);
            if (!verdict.passed)
                fail_msg("seed 2, problem %u, %s: %s", i, tmk_dir_name[dir], verdict.text);
        }
        tmk_data_free(&in);
        tmk_data_free(&sum);
        tmk_data_free(&magnitude);
        tmk_data_free(&expected);
    }
}

static void check_all(const struct tmk_problem *problem, uint32_t seed, const int *threads,
                      size_t nthreads)
{
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        struct tmk_reference reference;
        if (tmk_reference_make(problem, (enum tmk_dir)dir, seed, &reference) != TMK_OK)
            fail_msg("%s", tmk_message());
        for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
            for (size_t t = 0; t < nthreads; t++) {
                if (tmk_impl_refusal(*impl, problem, (enum tmk_dir)dir))
                    continue;
                struct tmk_verdict verdict;
                learn_paces(threads[t], seed);
                enum tmk_status status = tmk_check_impl(&reference, *impl, threads[t], &verdict);
                if (status == TMK_OK && verdict.passed)
                    continue;
                char text[TMK_DESC_MAX];
                op->format(problem, text, sizeof text);
                fail_msg("matmul:%s %s %s %s on %d threads, seed %u: %s", text, tmk_dir_name[dir],
                         (*impl)->name, tmk_dtype_name[problem->dtype], threads[t], seed,
                         status ? tmk_message() : verdict.text);
            }
        }
        tmk_reference_free(&reference);
    }
}

/* Shapes that simple rules get wrong, edges of tiles, more threads than rows, batches that threads
 * share out by products or by rows, the most batch dimensions. */
static const char *const hard_shapes[] = {
    "1x3x4:5x4x2",
    "5x3x4:1x4x2",
    "3x1x2x4:1x5x4x2",
    "1x1x2x4:3x4x2",
    "6x6x5x4:4x3",
    "1x1:1x1",
    "1x300:300x1",
    "1x1:1x200",
    "100x1:1x1",
    "97x101:101x53",
    "49x47:47x49",
    "48x96:96x32",
    "34x50:50x64",
    "65x130:130x96",
    "3x48x72:3x72x64",
    "4x2x40x48:4x1x48x80",
    "1x3x36x40:2x3x40x128",
    "--stag=ba --wtag=ba 65x67:67x33",
    "--strides=::1x70 65x67:67x33",
    "--strides=120x1::100x1 10x30:30x20",
    "--strides=26880x8960x128x1::36750x12250x175x1 1x3x35x64:3x1x64x35",
    "2x1x2x1x2x1x3x4:1x2x1x2x1x2x4x5",
    "2x2x2x2x2x2x3x4:4x5",
    "3x4:2x2x2x2x2x2x4x5",
    "2x2x2x2x2x2x3x4:2x2x2x2x2x2x4x5",
};

static void test_hard_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hard_shapes); i++) {
        for (int dtype = 0; dtype < TMK_NDTYPES; dtype++) {
            struct tmk_matmul p = problem_of(hard_shapes[i], (enum tmk_dtype)dtype);
            check_all(&p.base, (uint32_t)i, thread_counts, COUNT(thread_counts));
        }
    }
}

static void check_random(enum tmk_dtype dtype)
{
    struct tmk_random random;
    tmk_random_seed(&random, 3);
    for (uint32_t i = 0; i < 2000; i++) {
        struct tmk_matmul p = random_problem(&random, dtype);
        int threads = thread_counts[tmk_random_below(&random, COUNT(thread_counts))];
        check_all(&p.base, i, &threads, 1);
    }
}

static void test_random_problems_f32(void **state)
{
    (void)state;
    check_random(TMK_F32);
}

static void test_random_problems_f64(void **state)
{
    (void)state;
    check_random(TMK_F64);
}

static void assert_same_bits(const struct tmk_impl *impl, const struct tmk_problem *problem,
                             enum tmk_dir dir)
{
    struct tmk_data first = {.memory = NULL};
    struct tmk_view view;
    size_t count;
    assert_int_equal(op->operand(problem, tmk_dir_output[dir], &view, &count), TMK_OK);
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        struct tmk_data data = make_data(problem, dir, problem->dtype, TMK_FILL_REAL, 1, 4);
        learn_paces(thread_counts[t], t + (size_t)dir);
        run(impl, problem, dir, &data.args, thread_counts[t]);
        if (t == 0) {
            first = data;
            continue;
        }
        assert_memory_equal(data.args.operand[tmk_dir_output[dir]].data,
                            first.args.operand[tmk_dir_output[dir]].data,
                            count * tmk_dtype_size(problem->dtype));
        tmk_data_free(&data);
    }
    tmk_data_free(&first);
}

static void test_same_bits_at_any_thread_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hard_shapes); i++) {
        for (int dtype = 0; dtype < TMK_NDTYPES; dtype++) {
            struct tmk_matmul p = problem_of(hard_shapes[i], (enum tmk_dtype)dtype);
            for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
                for (int dir = 0; dir < TMK_NDIRS && !(*impl)->bits_vary; dir++)
                    assert_same_bits(*impl, &p.base, (enum tmk_dir)dir);
            }
        }
    }
}

/* Sum of the products of equal-shaped views' elements; `ctx` of its visitor. */
struct inner {
    const struct tmk_view *other;
    const struct tmk_view *self;
    double sum;
};

static void add_product(void *ctx, const size_t *index, void *element)
{
    (void)element;
    struct inner *inner = ctx;
    inner->sum += tmk_view_get(inner->self, index) * tmk_view_get(inner->other, index);
}

static double inner_product(const struct tmk_view *x, const struct tmk_view *y)
{
    struct inner inner = {.self = x, .other = y, .sum = 0};
    tmk_view_each(x, add_product, &inner);
    return inner.sum;
}

/* <A B, dC> = <A, dC B^T> = <B, A^T dC>, exactly on integers */
static void assert_adjoint(const struct tmk_impl *impl, const struct tmk_problem *problem,
                           uint32_t seed)
{
    struct tmk_data data[TMK_NDIRS];
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        data[dir] = make_data(problem, (enum tmk_dir)dir, problem->dtype, TMK_FILL_INTEGER,
                              max_depth(problem), seed);
        run(impl, problem, (enum tmk_dir)dir, &data[dir].args, 2);
    }
    const struct tmk_view *input = data[TMK_FWD].args.operand;
    const struct tmk_view *gradient = &data[TMK_BWD_D].args.operand[TMK_DST];
    double forward = inner_product(&input[TMK_DST], gradient);
    double by_a = inner_product(&input[TMK_SRC], &data[TMK_BWD_D].args.operand[TMK_SRC]);
    double by_b = inner_product(&input[TMK_WEI], &data[TMK_BWD_W].args.operand[TMK_WEI]);
    if (!(forward == by_a && forward == by_b)) {
        char text[TMK_DESC_MAX];
        op->format(problem, text, sizeof text);
        fail_msg("%s %s seed %u: <AB, dC> = %.17g, <A, dA> = %.17g, <B, dB> = %.17g", impl->name,
                 text, seed, forward, by_a, by_b);
    }
    for (int dir = 0; dir < TMK_NDIRS; dir++)
        tmk_data_free(&data[dir]);
}

static void test_adjoint_identities(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 5);
    for (uint32_t i = 0; i < 100; i++) {
        struct tmk_matmul p = random_problem(&random, (enum tmk_dtype)(i % TMK_NDTYPES));
        for (const struct tmk_impl *const *impl = op->impls; *impl; impl++)
            assert_adjoint(*impl, &p.base, i);
    }
}

/* The central difference of <A B, dC> in one element; exact but for rounding, as it is linear. */
static double difference(const struct tmk_impl *impl, const struct tmk_problem *problem,
                         const struct tmk_data *forward, const struct tmk_view *gradient,
                         double *element)
{
    const double h = 0.5, value = *element;
    double loss[2];
    for (int side = 0; side < 2; side++) {
        *element = side ? value + h : value - h;
        run(impl, problem, TMK_FWD, &forward->args, 1);
        loss[side] = inner_product(&forward->args.operand[TMK_DST], gradient);
    }
    *element = value;
    return (loss[1] - loss[0]) / (2 * h);
}

struct differences {
    const struct tmk_impl *impl;
    const struct tmk_problem *problem;
    const struct tmk_data *forward, *backward;
    enum tmk_operand operand;
};

static void check_element(void *ctx, const size_t *index, void *element)
{
    const struct differences *d = ctx;
    double numeric =
        difference(d->impl, d->problem, d->forward, &d->backward->args.operand[TMK_DST], element);
    double analytic = tmk_view_get(&d->backward->args.operand[d->operand], index);
    if (!(fabs(numeric - analytic) <= 1e-13))
        fail_msg("%s: gradient %.17g, difference quotient %.17g", d->impl->name, analytic, numeric);
}

static void test_finite_differences(void **state)
{
    (void)state;
    static const char *const texts[] = {"2x3:3x2", "1x2x3:2x3x1", "--stag=ba 2x1x2x3:1x3x3x2"};
    for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
        for (size_t i = 0; i < COUNT(texts); i++) {
            struct tmk_matmul p = problem_of(texts[i], TMK_F64);
            struct tmk_data forward = make_data(&p.base, TMK_FWD, TMK_F64, TMK_FILL_REAL, 1, 6);
            for (enum tmk_dir dir = TMK_BWD_D; dir <= TMK_BWD_W; dir++) {
                struct tmk_data backward = make_data(&p.base, dir, TMK_F64, TMK_FILL_REAL, 1, 6);
                run(*impl, &p.base, dir, &backward.args, 1);
                struct differences d = {*impl, &p.base, &forward, &backward, tmk_dir_output[dir]};
                tmk_view_each(&forward.args.operand[d.operand], check_element, &d);
                tmk_data_free(&backward);
            }
            tmk_data_free(&forward);
        }
    }
}

static void test_phases_are_noted(void **state)
{
    (void)state;
    struct tmk_matmul p = problem_of("264x264:264x264", TMK_F32);
    for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
        struct tmk_data data = make_data(&p.base, TMK_FWD, TMK_F32, TMK_FILL_REAL, 1, 7);
        struct tmk_phases phases[2] = {{{0}}, {{0}}};
        struct tmk_exec exec = {.threads = 2, .phases = phases};
        exec.workspace_bytes = tmk_impl_workspace(*impl, &p.base, TMK_FWD, 2);
        assert_int_equal(tmk_alloc(exec.workspace_bytes, "workspace", &exec.workspace), TMK_OK);
        assert_int_equal((*impl)->run(&p.base, TMK_FWD, &data.args, &exec), TMK_OK);
        assert_true(phases[0].seconds[TMK_PHASE_COMPUTE] > 0);
        assert_true(phases[1].seconds[TMK_PHASE_COMPUTE] > 0);
        tmk_free(exec.workspace);
        tmk_data_free(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle_by_hand),
        cmocka_unit_test(test_oracle_by_hand_broadcast),
        cmocka_unit_test(test_oracle_against_definition),
        cmocka_unit_test(test_hard_shapes),
        cmocka_unit_test(test_random_problems_f32),
        cmocka_unit_test(test_random_problems_f64),
        cmocka_unit_test(test_same_bits_at_any_thread_count),
        cmocka_unit_test(test_adjoint_identities),
        cmocka_unit_test(test_finite_differences),
        cmocka_unit_test(test_phases_are_noted),
    };
    return cmocka_run_group_tests_name("matmul", tests, NULL, NULL);
}
