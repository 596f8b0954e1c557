/* Small views to test on, and what they hold. */
#ifndef TMK_TESTS_VIEWS_H
#define TMK_TESTS_VIEWS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "view.h"

#define SHAPE(...) ((const size_t[]){__VA_ARGS__})
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* 0, 1, 2, ... in a dense view of the given shape */
static inline struct tmk_view iota(double *memory, int ndim, const size_t *shape)
{
    struct tmk_view view;
    size_t count = 1;
    for (int d = 0; d < ndim; d++)
        count *= shape[d];
    for (size_t i = 0; i < count; i++)
        memory[i] = (double)i;
    assert_int_equal(tmk_view_make(&view, TMK_F64, ndim, shape, memory, count * 8), TMK_OK);
    return view;
}

/* A random test counts this up; its teardown says where it stopped. */
static uint32_t seed;

static inline int print_seed(void **state)
{
    (void)state;
    print_message("# stopped at seed %u\n", seed);
    return 0;
}

struct list {
    double values[256];
    size_t count;
};

static inline void append(void *ctx, const size_t *index, void *element)
{
    struct list *list = ctx;
    (void)index;
    list->values[list->count++] = *(double *)element;
}

/* The elements of an f64 view in row-major order equal the list. */
static inline void assert_elements(const struct tmk_view *view, const double *expected,
                                   size_t count)
{
    struct list list = {.count = 0};
    tmk_view_each(view, append, &list);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_true(list.values[i] == expected[i]);
}
#define ASSERT_ELEMENTS(view, ...)                                                                 \
    assert_elements(view, (const double[]){__VA_ARGS__}, COUNT_OF(((double[]){__VA_ARGS__})))

#endif
