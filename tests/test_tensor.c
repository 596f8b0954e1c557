/* Strided views. */
#include "views.h"

#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STRIDE(...) ((const ptrdiff_t[]){__VA_ARGS__})

static void make_is_dense_row_major(void **state)
{
    (void)state;
    float memory[24];
    struct tmk_view view;
    assert_int_equal(tmk_view_make(&view, TMK_F32, 3, SHAPE(2, 3, 4), memory, sizeof memory),
                     TMK_OK);
    assert_int_equal(view.stride[0], 12);
    assert_int_equal(view.stride[1], 4);
    assert_int_equal(view.stride[2], 1);
    assert_true(tmk_view_is_dense(&view));
    assert_int_equal(tmk_view_count(&view), 24);
    char text[64];
    tmk_view_format(&view, text, sizeof text);
    assert_string_equal(text, "f32 (2, 3, 4):(12, 4, 1)");
    tmk_view_format(&view, text, 8);
    assert_string_equal(text, "f32 (2,");
}

static void make_refuses(void **state)
{
    (void)state;
    float memory[23];
    struct tmk_view view;
    assert_int_equal(tmk_view_make(&view, TMK_F32, 3, SHAPE(2, 3, 4), memory, sizeof memory),
                     TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "24 elements"));
    assert_int_equal(tmk_view_make(&view, TMK_F32, 9, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1), memory, 92),
                     TMK_EINVAL);
    assert_int_equal(tmk_view_make(&view, TMK_F32, -1, NULL, memory, 92), TMK_EINVAL);
    assert_int_equal(tmk_view_make(&view, TMK_F32, 2, SHAPE(SIZE_MAX / 2, 3), memory, 92),
                     TMK_EINVAL);
    /* the count fits, the bytes do not */
    assert_int_equal(tmk_view_make(&view, TMK_F64, 1, SHAPE(SIZE_MAX / 4), NULL, 0), TMK_EINVAL);
}

static void shape_without_memory(void **state)
{
    (void)state;
    struct tmk_view view, part;
    assert_int_equal(tmk_view_make(&view, TMK_F64, 2, SHAPE(5, 7), NULL, 0), TMK_OK);
    assert_null(view.data);
    assert_int_equal(tmk_view_as_strided(&view, 1, SHAPE(100), STRIDE(3), 9, &part), TMK_OK);
    assert_null(part.data);
    assert_int_equal(tmk_view_copy(&view, &view), TMK_EINVAL);
    tmk_view_fill(&view, 1);
}

static void scalar(void **state)
{
    (void)state;
    double value = 42;
    struct tmk_view view, other;
    assert_int_equal(tmk_view_make(&view, TMK_F64, 0, NULL, &value, sizeof value), TMK_OK);
    assert_int_equal(tmk_view_count(&view), 1);
    assert_true(tmk_view_is_dense(&view));
    ASSERT_ELEMENTS(&view, 42);
    tmk_view_fill(&view, 7);
    assert_true(tmk_view_get(&view, NULL) == 7);
    double copy = 0;
    assert_int_equal(tmk_view_make(&other, TMK_F64, 0, NULL, &copy, sizeof copy), TMK_OK);
    assert_int_equal(tmk_view_copy(&other, &view), TMK_OK);
    assert_true(copy == 7);
    assert_int_equal(tmk_view_as_strided(&view, 0, NULL, NULL, 1, &other), TMK_EINVAL);
    char text[32];
    tmk_view_format(&view, text, sizeof text);
    assert_string_equal(text, "f64 ():()");
}

static void no_elements(void **state)
{
    (void)state;
    double memory[4] = {1, 2, 3, 4};
    struct tmk_view view, empty;
    assert_int_equal(tmk_view_make(&view, TMK_F64, 1, SHAPE(4), memory, sizeof memory), TMK_OK);
    assert_int_equal(tmk_view_make(&empty, TMK_F64, 2, SHAPE(0, 5), memory, 0), TMK_OK);
    assert_int_equal(tmk_view_count(&empty), 0);
    assert_true(tmk_view_is_dense(&empty));
    assert_elements(&empty, NULL, 0);
    assert_int_equal(tmk_view_copy(&empty, &empty), TMK_OK);
    tmk_view_fill(&empty, 9);
    assert_true(memory[0] == 1);
    /* however far the strides and the offset would go, and however large the other sizes */
    assert_int_equal(tmk_view_as_strided(&view, 3, SHAPE(SIZE_MAX, SIZE_MAX, 0),
                                         STRIDE(PTRDIFF_MAX, PTRDIFF_MIN, 1), PTRDIFF_MAX, &empty),
                     TMK_OK);
    assert_int_equal(tmk_view_count(&empty), 0);
}

static void as_strided_bounds(void **state)
{
    (void)state;
    double memory[12];
    struct tmk_view base = iota(memory, 1, SHAPE(12)), view;
    static const struct {
        size_t shape[2];
        ptrdiff_t stride[2], offset;
        enum tmk_status status;
    } cases[] = {
        {{3, 4}, {4, 1}, 0, TMK_OK},
        {{3, 4}, {4, 1}, 1, TMK_EINVAL},
        {{3, 4}, {4, 1}, -1, TMK_EINVAL},
        {{3, 4}, {-4, 1}, 8, TMK_OK},
        {{3, 4}, {-4, 1}, 7, TMK_EINVAL},
        {{3, 4}, {-4, -1}, 11, TMK_OK},
        {{3, 4}, {-4, -1}, 12, TMK_EINVAL},
        {{3, 4}, {-4, -1}, 10, TMK_EINVAL},
        {{5, 4}, {2, 1}, 0, TMK_OK}, /* overlapping windows */
        {{5, 4}, {2, 1}, 1, TMK_EINVAL},
        {{1000000, 12}, {0, 1}, 0, TMK_OK}, /* broadcast */
        {{SIZE_MAX, 1}, {0, 1}, 11, TMK_OK},
        {{SIZE_MAX, 2}, {0, 0}, 0, TMK_EINVAL}, /* the count overflows */
        {{1, 1}, {PTRDIFF_MAX, PTRDIFF_MIN}, 11, TMK_OK},
        {{1, 1}, {0, 0}, 12, TMK_EINVAL},
        {{2, 1}, {PTRDIFF_MAX, 1}, 0, TMK_EINVAL},
        {{2, 1}, {PTRDIFF_MIN, 1}, 0, TMK_EINVAL},
        {{3, 1}, {PTRDIFF_MAX, 1}, 0, TMK_EINVAL},
        {{2, 2}, {PTRDIFF_MAX, PTRDIFF_MAX}, 0, TMK_EINVAL},
        {{2, 1}, {PTRDIFF_MAX / 8 + 1, 1}, 0, TMK_EINVAL}, /* times 8 bytes it wraps to 0 */
        {{2, 1}, {PTRDIFF_MIN / 8, 1}, 0, TMK_EINVAL},
        {{1, 1}, {1, 1}, PTRDIFF_MAX, TMK_EINVAL},
        {{1, 1}, {1, 1}, PTRDIFF_MIN, TMK_EINVAL},
        {{(size_t)1 << 63, 1}, {1, 1}, 0, TMK_EINVAL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum tmk_status status =
            tmk_view_as_strided(&base, 2, cases[i].shape, cases[i].stride, cases[i].offset, &view);
        if (status != cases[i].status)
            fail_msg("case %zu: status %d", i, status);
    }
}

/* The bounds are those of the allocation, not of the view that the new one is made from. */
static void as_strided_goes_beyond_its_source(void **state)
{
    (void)state;
    double memory[12];
    struct tmk_view base = iota(memory, 1, SHAPE(12)), part, view;
    assert_int_equal(tmk_view_slice(&base, 0, 5, 2, 1, &part), TMK_OK);
    assert_int_equal(tmk_view_as_strided(&part, 1, SHAPE(12), STRIDE(1), -5, &view), TMK_OK);
    assert_int_equal(tmk_view_as_strided(&part, 1, SHAPE(12), STRIDE(1), -4, &view), TMK_EINVAL);
    ASSERT_ELEMENTS(&part, 5, 6);
}

static void transpose_and_permute(void **state)
{
    (void)state;
    double memory[24];
    struct tmk_view base = iota(memory, 2, SHAPE(2, 3));
    struct tmk_view t = tmk_view_transpose(&base, 0, 1);
    ASSERT_ELEMENTS(&t, 0, 3, 1, 4, 2, 5);
    assert_false(tmk_view_is_dense(&t));
    t = tmk_view_transpose(&t, -1, -2);
    assert_true(tmk_view_is_dense(&t));
    base = iota(memory, 3, SHAPE(2, 3, 4));
    struct tmk_view p = tmk_view_permute(&base, (const int[]){2, 0, 1});
    assert_int_equal(p.shape[0], 4);
    assert_int_equal(p.shape[1], 2);
    assert_true(tmk_view_get(&p, SHAPE(3, 1, 2)) == tmk_view_get(&base, SHAPE(1, 2, 3)));
}

static void broadcast(void **state)
{
    (void)state;
    double memory[6];
    struct tmk_view row = iota(memory, 2, SHAPE(1, 3)), view;
    assert_int_equal(tmk_view_broadcast(&row, 3, SHAPE(2, 2, 3), &view), TMK_OK);
    ASSERT_ELEMENTS(&view, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2);
    assert_int_equal(tmk_view_broadcast(&row, 2, SHAPE(0, 3), &view), TMK_OK);
    assert_int_equal(tmk_view_broadcast(&row, 2, SHAPE(2, 4), &view), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "size 3"));
    assert_int_equal(tmk_view_broadcast(&row, 1, SHAPE(3), &view), TMK_EINVAL);
    assert_int_equal(tmk_view_broadcast(&row, 3, SHAPE(SIZE_MAX, SIZE_MAX, 3), &view), TMK_EINVAL);
    struct tmk_view matrix = iota(memory, 2, SHAPE(2, 3));
    assert_int_equal(tmk_view_broadcast(&matrix, 2, SHAPE(1, 3), &view), TMK_EINVAL);
}

static void slice(void **state)
{
    (void)state;
    double memory[20];
    struct tmk_view base = iota(memory, 2, SHAPE(2, 10)), view;
    assert_int_equal(tmk_view_slice(&base, 1, 2, 7, 3, &view), TMK_OK);
    ASSERT_ELEMENTS(&view, 2, 5, 8, 12, 15, 18);
    assert_int_equal(tmk_view_slice(&base, -1, 2, 7, -3, &view), TMK_OK);
    ASSERT_ELEMENTS(&view, 8, 5, 2, 18, 15, 12);
    assert_int_equal(tmk_view_slice(&base, -2, 0, 2, -1, &view), TMK_OK);
    assert_true(tmk_view_get(&view, SHAPE(0, 0)) == 10);
    assert_int_equal(tmk_view_slice(&base, 1, 10, 0, 1, &view), TMK_OK);
    assert_int_equal(tmk_view_count(&view), 0);
    assert_int_equal(tmk_view_slice(&base, 1, 9, 1, PTRDIFF_MAX, &view), TMK_OK);
    ASSERT_ELEMENTS(&view, 9, 19);
    assert_int_equal(tmk_view_slice(&base, 1, 2, 9, 1, &view), TMK_EINVAL);
    assert_int_equal(tmk_view_slice(&base, 1, 11, 0, 1, &view), TMK_EINVAL);
    assert_int_equal(tmk_view_slice(&base, 1, 2, SIZE_MAX, 1, &view), TMK_EINVAL);
    assert_int_equal(tmk_view_slice(&base, 1, 0, 1, 0, &view), TMK_EINVAL);
    assert_int_equal(tmk_view_slice(&base, 2, 0, 1, 1, &view), TMK_EINVAL);
    assert_int_equal(tmk_view_slice(&base, -3, 0, 1, 1, &view), TMK_EINVAL);
}

static void tile(void **state)
{
    (void)state;
    double memory[24];
    struct tmk_view base = iota(memory, 2, SHAPE(4, 6)), view;
    assert_int_equal(tmk_view_tile(&base, 2, 3, &view), TMK_OK);
    ASSERT_ELEMENTS(&view, 0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11, 12, 13, 14, 18, 19, 20, 15, 16, 17,
                    21, 22, 23);
    struct tmk_view t = tmk_view_transpose(&base, 0, 1);
    assert_int_equal(tmk_view_tile(&t, 6, 1, &view), TMK_OK);
    assert_true(tmk_view_get(&view, SHAPE(0, 3, 5, 0)) == 23);
    assert_int_equal(tmk_view_tile(&base, 3, 3, &view), TMK_EINVAL);
    assert_int_equal(tmk_view_tile(&base, 0, 3, &view), TMK_EINVAL);
    assert_int_equal(tmk_view_tile(&base, 8, 6, &view), TMK_EINVAL);
    assert_int_equal(tmk_view_tile(&view, 1, 1, &view), TMK_EINVAL);
}

static void set_rounds_to_the_dtype(void **state)
{
    (void)state;
    float memory[2] = {0};
    struct tmk_view view;
    assert_int_equal(tmk_view_make(&view, TMK_F32, 1, SHAPE(2), memory, sizeof memory), TMK_OK);
    tmk_view_set(&view, SHAPE(1), 0.1);
    assert_true(memory[1] == 0.1f);
    assert_true(tmk_view_get(&view, SHAPE(1)) == (double)0.1f);
}

static void copy_refuses_other_shapes(void **state)
{
    (void)state;
    double a[6], b[6];
    struct tmk_view x = iota(a, 2, SHAPE(2, 3)), y = iota(b, 2, SHAPE(3, 2));
    assert_int_equal(tmk_view_copy(&y, &x), TMK_EINVAL);
    assert_string_equal(tmk_message(),
                        "copy: f64 (2, 3):(3, 1) to f64 (3, 2):(2, 1): make the shapes equal");
    y = iota(b, 3, SHAPE(1, 2, 3));
    assert_int_equal(tmk_view_copy(&y, &x), TMK_EINVAL);
}

static void fill_touches_nothing_else(void **state)
{
    (void)state;
    double memory[12];
    struct tmk_view base = iota(memory, 2, SHAPE(3, 4)), part;
    assert_int_equal(tmk_view_slice(&base, 1, 1, 2, 1, &part), TMK_OK);
    tmk_view_fill(&part, -1);
    ASSERT_ELEMENTS(&base, 0, -1, -1, 3, 4, -1, -1, 7, 8, -1, -1, 11);
    tmk_view_fill(&part, NAN);
    assert_true(isnan(memory[1]) && memory[3] == 3);
}

/* A view of random strides (permuted axes, gaps, reversed axes, size 1) in an allocation of its
 * own, all of it `value` at first. */
static struct tmk_view random_view(struct tmk_random *random, enum tmk_dtype dtype, int ndim,
                                   const size_t *shape, double value)
{
    int order[TMK_MAX_DIMS];
    for (int d = 0; d < ndim; d++) {
        int other = (int)tmk_random_below(random, (uint32_t)d + 1);
        order[d] = order[other];
        order[other] = d;
    }
    ptrdiff_t stride[TMK_MAX_DIMS], next = 1, offset = 0;
    for (int i = 0; i < ndim; i++) {
        int d = order[i];
        if (tmk_random_below(random, 4) == 0)
            next += 1 + tmk_random_below(random, 3);
        stride[d] = next;
        next *= (ptrdiff_t)shape[d];
        if (tmk_random_below(random, 5) == 0 && shape[d] > 0) {
            offset += stride[d] * (ptrdiff_t)(shape[d] - 1);
            stride[d] = -stride[d];
        }
    }
    struct tmk_view base, view;
    size_t count = (size_t)next + 1, bytes = count * tmk_dtype_size(dtype);
    assert_int_equal(tmk_view_make(&base, dtype, 1, &count, calloc(1, bytes), bytes), TMK_OK);
    tmk_view_fill(&base, value);
    assert_int_equal(tmk_view_as_strided(&base, ndim, shape, stride, offset, &view), TMK_OK);
    return view;
}

/* The reference that the fast paths must equal. */
static void check_element(void *ctx, const size_t *index, void *element)
{
    const struct tmk_view *const *pair = ctx;
    double expected = tmk_view_get(pair[1], index);
    if (pair[0]->dtype == TMK_F32)
        expected = (float)expected;
    assert_in_range((uintptr_t)element, (uintptr_t)pair[0]->begin, (uintptr_t)pair[0]->end - 1);
    assert_true(tmk_view_get(pair[0], index) == expected);
}

static void copy_random(void **state)
{
    (void)state;
    struct tmk_random random;
    for (seed = 0; seed < 500; seed++) {
        tmk_random_seed(&random, seed);
        size_t shape[TMK_MAX_DIMS];
        int ndim = (int)tmk_random_below(&random, 7);
        for (int d = 0; d < ndim; d++)
            shape[d] = tmk_random_below(&random, seed % 10 ? 5 : 6) + (seed % 10 ? 1 : 0);
        struct tmk_view src =
            random_view(&random, tmk_random_below(&random, 2) ? TMK_F32 : TMK_F64, ndim, shape, 0);
        struct tmk_view dst =
            random_view(&random, tmk_random_below(&random, 2) ? TMK_F32 : TMK_F64, ndim, shape, -1);
        size_t size = tmk_dtype_size(src.dtype);
        for (char *e = src.begin; e < src.end; e += size)
            tmk_view_set(&(struct tmk_view){.data = e, .dtype = src.dtype}, NULL,
                         tmk_random_f64(&random));
        assert_int_equal(tmk_view_copy(&dst, &src), TMK_OK);
        const struct tmk_view *pair[] = {&dst, &src};
        tmk_view_each(&dst, check_element, pair);
        /* gaps keep their value: all of them, so that nothing beside the view was written */
        size_t untouched = 0, all = (size_t)(dst.end - dst.begin) / tmk_dtype_size(dst.dtype);
        for (char *e = dst.begin; e < dst.end; e += tmk_dtype_size(dst.dtype))
            untouched +=
                tmk_view_get(&(struct tmk_view){.data = e, .dtype = dst.dtype}, NULL) == -1;
        assert_int_equal(untouched, all - tmk_view_count(&dst));
        free(src.begin);
        free(dst.begin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(make_is_dense_row_major),
        cmocka_unit_test(make_refuses),
        cmocka_unit_test(shape_without_memory),
        cmocka_unit_test(scalar),
        cmocka_unit_test(no_elements),
        cmocka_unit_test(as_strided_bounds),
        cmocka_unit_test(as_strided_goes_beyond_its_source),
        cmocka_unit_test(transpose_and_permute),
        cmocka_unit_test(broadcast),
        cmocka_unit_test(slice),
        cmocka_unit_test(tile),
        cmocka_unit_test(set_rounds_to_the_dtype),
        cmocka_unit_test(copy_refuses_other_shapes),
        cmocka_unit_test(fill_touches_nothing_else),
        cmocka_unit_test_teardown(copy_random, print_seed),
    };
    return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}
