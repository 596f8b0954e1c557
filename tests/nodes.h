/* A graph to test on, variables from lists of numbers, and what nodes hold. */
#ifndef TMK_TESTS_NODES_H
#define TMK_TESTS_NODES_H

#include "views.h"

#include "ops.h"

#include <math.h>
#include <string.h>

#define MAX_VARIABLES 64

/* Made anew for every test by new_graph(), with the variables that it uses. */
static struct tmk_graph *graph;
static struct tmk_variable variables[MAX_VARIABLES];
static size_t nvariables;

static inline int new_graph_on(int threads)
{
    if (tmk_graph_make(&(struct tmk_graph_options){.threads = threads}, &graph) != TMK_OK)
        fail_msg("%s", tmk_message());
    return 0;
}

static inline int new_graph(void **state)
{
    (void)state;
    return new_graph_on(1);
}

static inline int free_graph(void **state)
{
    (void)state;
    tmk_graph_free(graph);
    while (nvariables > 0)
        tmk_variable_free(&variables[--nvariables]);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_graph, free_graph)

/* A variable of the graph's test; `values` NULL: zeros. */
static inline struct tmk_variable *variable(enum tmk_dtype dtype, int ndim, const size_t *shape,
                                            const double *values)
{
    assert_true(nvariables < MAX_VARIABLES);
    struct tmk_variable *v = &variables[nvariables];
    if (tmk_variable_make(v, dtype, ndim, shape) != TMK_OK)
        fail_msg("%s", tmk_message());
    nvariables++;
    for (size_t i = 0; values && i < tmk_view_count(&v->view); i++) {
        if (dtype == TMK_F32)
            ((float *)v->view.data)[i] = (float)values[i];
        else
            ((double *)v->view.data)[i] = values[i];
    }
    return v;
}

#define VALUES(...) ((const double[]){__VA_ARGS__})
#define VECTOR(...)                                                                                \
    tmk_ad_parameter(                                                                              \
        graph, variable(TMK_F64, 1, SHAPE(COUNT_OF(VALUES(__VA_ARGS__))), VALUES(__VA_ARGS__)))
#define SCALAR(value) tmk_ad_parameter(graph, variable(TMK_F64, 0, NULL, VALUES(value)))

/* A parameter of the given shape that holds the numbers. */
static inline struct tmk_node *parameter(int ndim, const size_t *shape, const double *values)
{
    return tmk_ad_parameter(graph, variable(TMK_F64, ndim, shape, values));
}

static inline struct tmk_node *built(struct tmk_node *node)
{
    if (tmk_graph_status(graph) != TMK_OK)
        fail_msg("%s", tmk_message());
    assert_non_null(node);
    return node;
}

static inline struct tmk_view value_of(struct tmk_node *node)
{
    struct tmk_view view;
    if (tmk_ad_value(built(node), &view) != TMK_OK)
        fail_msg("%s", tmk_message());
    return view;
}

static inline double number_of(struct tmk_node *node)
{
    double number = NAN;
    if (tmk_ad_number(built(node), &number) != TMK_OK)
        fail_msg("%s", tmk_message());
    return number;
}

static inline void backward(struct tmk_node *node)
{
    if (tmk_ad_backward(built(node)) != TMK_OK)
        fail_msg("%s", tmk_message());
}

static inline struct tmk_view gradient_of(struct tmk_node *node)
{
    struct tmk_view view;
    if (tmk_ad_gradient(node, &view) != TMK_OK)
        fail_msg("%s", tmk_message());
    return view;
}

/* Sum, so that every element's gradient is 1. */
static inline struct tmk_node *total(struct tmk_node *node)
{
    return tmk_ad_sum(node, 0, NULL, false);
}

static inline void append_any(void *ctx, const size_t *index, void *element)
{
    struct list *list = ctx;
    (void)index;
    assert_true(list->count < COUNT_OF(list->values));
    list->values[list->count++] = *(double *)element;
}

/* Element by element, |found - expected| <= tolerance max(1, |expected|); 0: equal. */
static inline void assert_near(const struct tmk_view *view, const double *expected, size_t count,
                               double tolerance)
{
    struct list list = {.count = 0};
    tmk_view_each(view, append_any, &list);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++) {
        double limit = tolerance * fmax(1, fabs(expected[i]));
        if (!(fabs(list.values[i] - expected[i]) <= limit))
            fail_msg("element %zu is %.17g instead of %.17g", i, list.values[i], expected[i]);
    }
}
#define ASSERT_NEAR(view, tolerance, ...)                                                          \
    do {                                                                                           \
        const struct tmk_view near_view_ = (view);                                                 \
        assert_near(&near_view_, VALUES(__VA_ARGS__), COUNT_OF(VALUES(__VA_ARGS__)), tolerance);   \
    } while (0)
#define ASSERT_VALUE(node, ...) ASSERT_NEAR(value_of(node), 1e-14, __VA_ARGS__)
#define ASSERT_GRADIENT(node, ...) ASSERT_NEAR(gradient_of(node), 1e-14, __VA_ARGS__)

/* Building failed, and the message says so. */
static inline void assert_refused(struct tmk_node *node, enum tmk_status status, const char *text)
{
    assert_null(node);
    assert_int_equal(tmk_graph_status(graph), status);
    if (!strstr(tmk_message(), text))
        fail_msg("'%s' is not in '%s'", text, tmk_message());
    tmk_graph_reset(graph);
}

#endif
