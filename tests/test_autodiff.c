/* Graphs: order, values that are never stale, gradients, memory, faults. */
#include "nodes.h"

#include "philox.h"

static void a_chain_of_100000_nodes(void **state)
{
    (void)state;
    struct tmk_node *x = SCALAR(1), *y = x;
    for (int i = 0; i < 100000; i++)
        y = tmk_ad_add_scalar(y, 1);
    assert_true(number_of(y) == 100001);
    backward(y);
    ASSERT_GRADIENT(x, 1);
}

static void a_node_used_100000_times(void **state)
{
    (void)state;
    struct tmk_node *x = SCALAR(3), *y = x;
    for (int i = 1; i < 100000; i++)
        y = tmk_ad_add(y, x);
    assert_true(number_of(y) == 300000);
    backward(y);
    ASSERT_GRADIENT(x, 100000);
    assert_int_equal(x->uses, 100000);
}

/* 2^60 paths lead from the result to x; each node is visited once. */
static void shared_nodes_are_visited_once(void **state)
{
    (void)state;
    struct tmk_node *x = SCALAR(1), *y = x;
    for (int i = 0; i < 60; i++)
        y = tmk_ad_add(y, y);
    assert_true(number_of(y) == 0x1p60);
    backward(y);
    ASSERT_GRADIENT(x, 0x1p60);
}

static void values_follow_their_variables(void **state)
{
    (void)state;
    struct tmk_node *x = VECTOR(1, 2, 3), *y = total(tmk_ad_mul(x, x));
    assert_true(number_of(y) == 14);
    ((double *)tmk_variable_write(&variables[0])->data)[2] = 5;
    assert_true(number_of(y) == 30);
    backward(y);
    ASSERT_GRADIENT(x, 2, 4, 10);
}

/* A value that someone spoils stays spoilt as long as nothing below it changes. */
static void values_are_computed_once(void **state)
{
    (void)state;
    struct tmk_node *x = SCALAR(2), *other = SCALAR(7), *y = tmk_ad_exp(x), *z = tmk_ad_neg(y);
    number_of(z);
    *(double *)y->value.data = 42;
    assert_true(number_of(z) == -exp(2));
    tmk_variable_write(&variables[1]); /* other */
    assert_true(number_of(y) == 42);
    assert_true(number_of(tmk_ad_add(z, other)) == 7 - exp(2));
    tmk_variable_write(&variables[0]);
    assert_true(number_of(y) == exp(2));
}

static void views_follow_their_variables(void **state)
{
    (void)state;
    struct tmk_node *x = parameter(2, SHAPE(2, 2), VALUES(1, 2, 3, 4));
    struct tmk_node *y = tmk_ad_transpose(x, 0, 1);
    ASSERT_VALUE(y, 1, 3, 2, 4);
    ((double *)tmk_variable_write(&variables[0])->data)[1] = 9;
    ASSERT_VALUE(y, 1, 3, 9, 4);
}

static void nodes_may_be_added_after_values(void **state)
{
    (void)state;
    struct tmk_node *x = SCALAR(2), *y = tmk_ad_exp(x);
    number_of(y);
    struct tmk_node *z = tmk_ad_log(y);
    assert_true(fabs(number_of(z) - 2) < 1e-15);
    backward(z);
    ASSERT_GRADIENT(x, 1);
    backward(y);
    ASSERT_GRADIENT(x, exp(2));
}

static void gradients_are_those_of_the_last_pass(void **state)
{
    (void)state;
    struct tmk_node *x = SCALAR(2), *y = tmk_ad_mul(x, x), *unrelated = SCALAR(1);
    struct tmk_view view;
    assert_int_equal(tmk_ad_gradient(x, &view), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "unknown"));
    backward(y);
    backward(y);
    ASSERT_GRADIENT(x, 4);
    ASSERT_GRADIENT(unrelated, 0);
    tmk_variable_write(&variables[1]); /* what y does not depend on */
    ASSERT_GRADIENT(x, 4);
    *(double *)tmk_variable_write(&variables[0])->data = 3;
    assert_int_equal(tmk_ad_gradient(x, &view), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "out of date"));
    number_of(y);
    assert_int_equal(tmk_ad_gradient(x, &view), TMK_EINVAL);
    backward(y);
    ASSERT_GRADIENT(x, 6);
}

static void only_what_has_a_parameter_below_has_a_gradient(void **state)
{
    (void)state;
    struct tmk_node *x = tmk_ad_input(graph, variable(TMK_F64, 0, NULL, VALUES(2)));
    struct tmk_node *y = tmk_ad_mul(x, SCALAR(3)), *z = tmk_ad_exp(x);
    struct tmk_view view;
    backward(y);
    assert_int_equal(tmk_ad_gradient(x, &view), TMK_EINVAL);
    assert_int_equal(tmk_ad_backward(z), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "parameter"));
}

static void only_a_single_element_is_differentiated(void **state)
{
    (void)state;
    struct tmk_node *x = VECTOR(1, 2);
    double number;
    assert_int_equal(tmk_ad_backward(x), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "sum it"));
    assert_int_equal(tmk_ad_number(x, &number), TMK_EINVAL);
    backward(VECTOR(5));
}

static void a_parameter_is_its_own_gradient(void **state)
{
    (void)state;
    struct tmk_node *x = SCALAR(5);
    backward(x);
    ASSERT_GRADIENT(x, 1);
}

static void the_first_fault_sticks(void **state)
{
    (void)state;
    struct tmk_node *x = VECTOR(1, 2, 3), *y = VECTOR(1, 2);
    assert_null(tmk_ad_exp(tmk_ad_add(tmk_ad_mul(x, y), x)));
    assert_null(tmk_ad_transpose(x, 0, 5));
    assert_int_equal(tmk_graph_status(graph), TMK_EINVAL);
    assert_string_equal(tmk_message(), "mul: sizes 3 and 2 of axis -1 do not broadcast: make them "
                                       "equal, or one of them 1");
    struct tmk_view view;
    double number;
    assert_int_equal(tmk_ad_value(NULL, &view), TMK_EINVAL);
    assert_int_equal(tmk_ad_number(NULL, &number), TMK_EINVAL);
    assert_int_equal(tmk_ad_backward(NULL), TMK_EINVAL);
    tmk_graph_reset(graph);
    assert_int_equal(tmk_graph_status(graph), TMK_OK);
}

static void inputs_of_one_graph_and_one_type(void **state)
{
    (void)state;
    struct tmk_graph *second;
    struct tmk_graph_options options = {.threads = 1};
    assert_int_equal(tmk_graph_make(&options, &second), TMK_OK);
    struct tmk_variable *v = variable(TMK_F64, 0, NULL, NULL);
    assert_refused(tmk_ad_add(SCALAR(1), tmk_ad_input(second, v)), TMK_EINVAL, "two graphs");
    tmk_graph_free(second);
    struct tmk_node *single = tmk_ad_scalar(graph, TMK_F32, 1);
    assert_refused(tmk_ad_add(SCALAR(1), single), TMK_EINVAL, "f64 and f32");
    options.threads = 0;
    assert_int_equal(tmk_graph_make(&options, &second), TMK_EINVAL);
}

/* A step of a small network; its batch size changes the shapes. */
static struct tmk_node *network(size_t batch)
{
    static struct tmk_variable *x[2], *w, *b, *labels[2];
    if (nvariables == 0) {
        for (size_t i = 0; i < 2; i++) {
            x[i] = variable(TMK_F32, 4, SHAPE(5 - i, 2, 6, 6), NULL);
            labels[i] = variable(TMK_F32, 1, SHAPE(5 - i), NULL);
        }
        w = variable(TMK_F32, 4, SHAPE(3, 2, 3, 3), NULL);
        b = variable(TMK_F32, 1, SHAPE(3), NULL);
    }
    size_t i = 5 - batch;
    struct tmk_node *y =
        tmk_ad_conv2d(tmk_ad_input(graph, x[i]), tmk_ad_parameter(graph, w),
                      tmk_ad_parameter(graph, b), &(struct tmk_ad_conv2d){.pad_h = 1});
    y = tmk_ad_dropout(tmk_ad_relu(y), 0.5);
    y = tmk_ad_max_pool(y, &(struct tmk_ad_pool){.kernel_h = 6, .kernel_w = 4});
    return tmk_ad_cross_entropy(tmk_ad_flatten(y), tmk_ad_input(graph, labels[i]));
}

static void memory_is_known_before_a_step(void **state)
{
    (void)state;
    struct tmk_node *loss = built(network(5));
    struct tmk_graph_memory memory = tmk_graph_memory(graph);
    assert_true(memory.values >= 5 * 3 * 6 * 4 * 3 * sizeof(float));
    assert_true(memory.gradients >= 5 * 3 * 6 * 4 * 3 * sizeof(float));
    assert_true(memory.saved > 0 && memory.workspace > 0 && memory.nodes > 0);
    assert_true(memory.total >=
                memory.values + memory.saved + memory.gradients + memory.workspace + memory.nodes);
    assert_true(tmk_graph_allocated(graph) <= memory.nodes); /* nothing but nodes so far */
    backward(loss);
    assert_true(tmk_graph_allocated(graph) <= memory.total);
    assert_true(tmk_graph_allocated(graph) >= memory.values + memory.gradients);
}

static void memory_does_not_grow_over_steps(void **state)
{
    (void)state;
    size_t settled = 0;
    for (int step = 0; step < 200; step++) {
        tmk_graph_reset(graph);
        tmk_graph_set_step(graph, 1, (uint64_t)step);
        backward(network(step % 7 == 6 ? 4 : 5));
        if (step == 2)
            settled = tmk_graph_allocated(graph);
        if (step > 2)
            assert_int_equal(tmk_graph_allocated(graph), settled);
    }
}

static void views_need_no_memory(void **state)
{
    (void)state;
    struct tmk_node *x = parameter(2, SHAPE(3, 4), NULL);
    built(tmk_ad_broadcast_to(tmk_ad_transpose(tmk_ad_reshape(x, 2, SHAPE(4, 3)), 0, 1), 3,
                              SHAPE(100, 3, 4)));
    assert_int_equal(tmk_graph_memory(graph).values, 0);
}

static void impossible_memory_is_refused(void **state)
{
    (void)state;
    struct tmk_node *x = SCALAR(1);
    struct tmk_node *wide = tmk_ad_broadcast_to(x, 2, SHAPE((size_t)1 << 31, (size_t)1 << 28));
    struct tmk_view view;
    built(tmk_ad_exp(wide));
    assert_int_equal(tmk_ad_value(tmk_ad_exp(wide), &view), TMK_ENOMEM);
    assert_refused(tmk_ad_broadcast_to(x, 2, SHAPE(SIZE_MAX, SIZE_MAX)), TMK_EINVAL, "counted");
    x = SCALAR(1);
    assert_refused(tmk_ad_broadcast_to(x, 2, SHAPE((size_t)1 << 31, (size_t)1 << 31)), TMK_EINVAL,
                   "address");
    x = SCALAR(1);
    wide = tmk_ad_broadcast_to(x, 2, SHAPE((size_t)1 << 30, (size_t)1 << 29));
    for (int i = 0; i < 5; i++)
        wide = tmk_ad_exp(wide); /* together more than can be counted */
    assert_int_equal(tmk_ad_value(built(wide), &view), TMK_ENOMEM);
    assert_true(tmk_graph_memory(graph).total == SIZE_MAX);
}

static void nodes_tell_what_they_are(void **state)
{
    (void)state;
    struct tmk_node *x = VECTOR(1), *y = tmk_ad_label(tmk_ad_relu(x), "layer 1");
    assert_string_equal(tmk_node_kind(x), "parameter");
    assert_string_equal(tmk_node_kind(y), "relu");
    assert_string_equal(y->label, "layer 1");
    assert_null(tmk_ad_label(NULL, "nothing"));
    assert_int_equal(tmk_graph_size(graph), 2);
    assert_ptr_equal(tmk_graph_node(graph, 1), y);
}

/* Known answers of the authors' distribution (Random123, kat_vectors). */
static void philox_known_answers(void **state)
{
    (void)state;
    static const uint32_t cases[][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t out[4];
        tmk_philox(cases[i], cases[i] + 4, out);
        assert_memory_equal(out, cases[i] + 6, sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_chain_of_100000_nodes),
        TEST(a_node_used_100000_times),
        TEST(shared_nodes_are_visited_once),
        TEST(values_follow_their_variables),
        TEST(values_are_computed_once),
        TEST(views_follow_their_variables),
        TEST(nodes_may_be_added_after_values),
        TEST(gradients_are_those_of_the_last_pass),
        TEST(only_what_has_a_parameter_below_has_a_gradient),
        TEST(only_a_single_element_is_differentiated),
        TEST(a_parameter_is_its_own_gradient),
        TEST(the_first_fault_sticks),
        TEST(inputs_of_one_graph_and_one_type),
        TEST(memory_is_known_before_a_step),
        TEST(memory_does_not_grow_over_steps),
        TEST(views_need_no_memory),
        TEST(impossible_memory_is_refused),
        TEST(nodes_tell_what_they_are),
        cmocka_unit_test(philox_known_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
