/* Operands in memory, and holding one view against another. */
#include "linear.h"

#include "alloc.h"

#include <string.h>

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
        assert_true(o == 0 || (uintptr_t)view->begin / TMK_PAGE > (uintptr_t)(last - 1) / TMK_PAGE);
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
            tmk_data_fill(&a.args, o, fills[f], 11, 5);
            tmk_view_fill(&b.args.operand[o], 0);
            tmk_data_fill(&b.args, o, fills[f], 11, 5);
            tmk_data_fill(&other.args, o, fills[f], 11, 6);
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
    tmk_data_fill(&data.args, TMK_SRC, fill, depth, 1);
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
    };
    return cmocka_run_group_tests_name("op", tests, NULL, NULL);
}
