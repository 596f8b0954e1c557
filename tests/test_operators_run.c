/* How operators run: on the chosen implementation, with dropout's draws, and on threads. */
#include "nodes.h"

#include "matmul.h"
#include "random.h"

#include <stdlib.h>

/* -- the chosen implementation -- */

static int calls[TMK_NDIRS];

static enum tmk_status count(const struct tmk_problem *problem, enum tmk_dir dir,
                             const struct tmk_args *args, const struct tmk_exec *exec)
{
    calls[dir]++;
    return tmk_op_impl(problem->op, "naive")->run(problem, dir, args, exec);
}

static const char *no_bwd_d(const struct tmk_impl *self, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    (void)self, (void)problem;
    return dir == TMK_BWD_D ? "does not offer this direction" : NULL;
}

static const struct tmk_impl counter = {.name = "counter", .supports = no_bwd_d, .run = count};

static void heavy_operators_run_what_was_chosen(void **state)
{
    (void)state;
    const struct tmk_impl *const chosen[] = {&counter, tmk_op_impl(&tmk_op_matmul, "strided"),
                                             NULL};
    tmk_graph_free(graph);
    struct tmk_graph_options options = {.threads = 1, .matmul = chosen, .timing = true};
    assert_int_equal(tmk_graph_make(&options, &graph), TMK_OK);
    memset(calls, 0, sizeof calls);
    struct tmk_node *a = parameter(2, SHAPE(2, 2), VALUES(1, 2, 3, 4));
    struct tmk_node *b = parameter(2, SHAPE(2, 1), VALUES(5, 6)), *c = tmk_ad_matmul(a, b);
    ASSERT_VALUE(c, 17, 39);
    backward(total(c));
    ASSERT_GRADIENT(a, 5, 6, 5, 6);
    ASSERT_GRADIENT(b, 4, 6);
    assert_int_equal(calls[TMK_FWD], 1);
    assert_int_equal(calls[TMK_BWD_W], 1);
    assert_true(c->cost.flops[0] == 8 && c->cost.flops[1] == 16);
    assert_true(c->cost.kernel_seconds[1] > 0);
    assert_true(c->cost.seconds[1] >= c->cost.kernel_seconds[1]);
}

static void no_implementation_offers_it(void **state)
{
    (void)state;
    const struct tmk_impl *const chosen[] = {&counter, NULL};
    tmk_graph_free(graph);
    struct tmk_graph_options options = {.threads = 1, .matmul = chosen};
    assert_int_equal(tmk_graph_make(&options, &graph), TMK_OK);
    struct tmk_node *a = parameter(2, SHAPE(1, 1), NULL);
    assert_refused(tmk_ad_matmul(a, a), TMK_EUNSUPPORTED, "does not offer this direction");
}

/* -- dropout -- */

enum { DROPPED = 100003 };

static struct tmk_node *dropped(double rate)
{
    struct tmk_variable *ones = variable(TMK_F32, 1, SHAPE(DROPPED), NULL);
    tmk_view_fill(&ones->view, 1);
    return tmk_ad_dropout(tmk_ad_parameter(graph, ones), rate);
}

static void dropout_drops_its_share(void **state)
{
    (void)state;
    struct tmk_node *y = dropped(0.3);
    const float *value = value_of(y).data;
    size_t zeros = 0;
    for (int i = 0; i < DROPPED; i++) {
        zeros += value[i] == 0;
        assert_true(value[i] == 0 || value[i] == (float)(1 / 0.7));
    }
    assert_true(fabs((double)zeros - 0.3 * DROPPED) < 5 * sqrt(0.21 * DROPPED));
    backward(total(y));
    assert_memory_equal(gradient_of(y->input[0]).data, value, DROPPED * sizeof *value);
    value = value_of(dropped(0)).data;
    for (int i = 0; i < DROPPED; i++)
        assert_true(value[i] == 1);
    assert_refused(dropped(1), TMK_EINVAL, "rate of 1");
}

static size_t differences(const float *a, const float *b)
{
    size_t count = 0;
    for (int i = 0; i < DROPPED; i++)
        count += a[i] != b[i];
    return count;
}

static void dropout_depends_on_seed_step_and_number(void **state)
{
    (void)state;
    struct tmk_node *first = dropped(0.5), *second = dropped(0.5);
    float *before = malloc(DROPPED * sizeof *before);
    assert_non_null(before);
    memcpy(before, value_of(first).data, DROPPED * sizeof *before);
    assert_true(differences(before, value_of(second).data) > DROPPED / 3);
    tmk_graph_set_step(graph, 0, 1);
    assert_true(differences(before, value_of(first).data) > DROPPED / 3);
    tmk_graph_set_step(graph, 1, 0);
    assert_true(differences(before, value_of(first).data) > DROPPED / 3);
    tmk_graph_set_step(graph, 0, 0);
    assert_int_equal(differences(before, value_of(first).data), 0);
    free(before);
}

/* -- threads -- */

/* Every kind of operator, large enough that teams share the work. */
static struct tmk_node *large_network(struct tmk_variable *const *v)
{
    struct tmk_node *p[8];
    for (int i = 0; i < 8; i++)
        p[i] = tmk_ad_parameter(graph, v[i]);
    struct tmk_node *y =
        tmk_ad_conv2d(p[0], p[1], p[2], &(struct tmk_ad_conv2d){.pad_h = 1, .pad_w = 1});
    y = tmk_ad_relu(tmk_ad_batch_norm(y, p[3], p[4], 1e-5));
    struct tmk_node *largest =
        tmk_ad_max_pool(y, &(struct tmk_ad_pool){.kernel_h = 2, .kernel_w = 2});
    struct tmk_node *mean = tmk_ad_avg_pool(y, &(struct tmk_ad_pool){.kernel_h = 2, .kernel_w = 2});
    y = tmk_ad_concat((struct tmk_node *[]){largest, tmk_ad_tanh(mean)}, 2, 1);
    y = tmk_ad_dropout(tmk_ad_flatten(y), 0.25);
    y = tmk_ad_add(tmk_ad_matmul(y, p[5]), p[6]);
    struct tmk_node *shares = tmk_ad_sub(y, tmk_ad_log_sum_exp(y, 1, (int[]){1}, true));
    struct tmk_variable *labels = v[8];
    return tmk_ad_add(tmk_ad_cross_entropy(y, tmk_ad_input(graph, labels)),
                      tmk_ad_squared_norm(tmk_ad_mul(shares, p[7])));
}

static void the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    const size_t shapes[][4] = {{9, 3, 20, 20}, {8, 3, 3, 3}, {8},   {8}, {8},
                                {1600, 10},     {10},         {9, 1}};
    const int ndims[] = {4, 4, 1, 1, 1, 2, 1, 2};
    struct tmk_variable *v[9];
    static struct tmk_random random;
    tmk_random_seed(&random, 3);
    for (int i = 0; i < 8; i++) {
        v[i] = variable(TMK_F32, ndims[i], shapes[i], NULL);
        for (size_t e = 0; e < tmk_view_count(&v[i]->view); e++)
            ((float *)v[i]->view.data)[e] = tmk_random_f32(&random) - 0.5f;
    }
    v[8] = variable(TMK_F32, 1, SHAPE(9), VALUES(0, 1, 2, 3, 4, 5, 6, 7, 8));
    float *gradient[8] = {NULL}, loss = 0;
    for (int threads = 1; threads <= 4; threads++) {
        tmk_graph_free(graph);
        new_graph_on(threads);
        struct tmk_node *root = built(large_network(v));
        backward(root);
        loss = threads == 1 ? (float)number_of(root) : loss;
        assert_true((float)number_of(root) == loss && isfinite(loss));
        for (size_t i = 0; i < 8; i++) {
            struct tmk_view view = gradient_of(tmk_graph_node(graph, i));
            size_t bytes = tmk_view_count(&view) * sizeof(float);
            if (threads == 1) {
                gradient[i] = malloc(bytes);
                assert_non_null(gradient[i]);
                memcpy(gradient[i], view.data, bytes);
            }
            assert_memory_equal(gradient[i], view.data, bytes);
        }
    }
    for (int i = 0; i < 8; i++)
        free(gradient[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(heavy_operators_run_what_was_chosen),
        TEST(no_implementation_offers_it),
        TEST(dropout_drops_its_share),
        TEST(dropout_depends_on_seed_step_and_number),
        TEST(the_same_bits_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
