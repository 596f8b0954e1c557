/* Stochastic gradient descent: the two forms of momentum, weight decay, a reference run. */
#include "nodes.h"

#include "optim.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>

/* -- a quadratic: f = sum of c (theta - 1)^2 -- */

static struct tmk_node *quadratic(struct tmk_node *theta)
{
    struct tmk_node *scale =
        tmk_ad_input(graph, variable(TMK_F64, 1, SHAPE(3), VALUES(0.5, 2, 10)));
    return total(tmk_ad_mul(scale, tmk_ad_pow_scalar(tmk_ad_add_scalar(theta, -1), 2)));
}

static void descend(struct tmk_sgd *sgd, struct tmk_variable *theta, int steps, double *path)
{
    struct tmk_node *node = tmk_ad_parameter(graph, theta), *loss = quadratic(node);
    assert_int_equal(tmk_sgd_make(sgd, 1, &theta), TMK_OK);
    for (int i = 0; i < steps; i++) {
        backward(loss);
        assert_int_equal(tmk_sgd_step(sgd, &node), TMK_OK);
        memcpy(path + 3 * i, theta->view.data, 3 * sizeof *path);
    }
    tmk_sgd_free(sgd);
}

static void both_forms_of_momentum_give_one_sequence(void **state)
{
    (void)state;
    enum { STEPS = 50 };
    static double first[3 * STEPS], second[3 * STEPS];
    struct tmk_sgd one = {.lr = 0.02, .momentum = 0.9, .form = TMK_MOMENTUM_I, .threads = 1};
    struct tmk_sgd two = {.lr = 0.02, .momentum = 0.9, .form = TMK_MOMENTUM_II, .threads = 1};
    descend(&one, variable(TMK_F64, 1, SHAPE(3), VALUES(3, -2, 0)), STEPS, first);
    descend(&two, variable(TMK_F64, 1, SHAPE(3), VALUES(3, -2, 0)), STEPS, second);
    for (int i = 0; i < 3 * STEPS; i++)
        assert_true(fabs(first[i] - second[i]) < 1e-13);
    assert_true(fabs(first[3] - (first[0] - 0.02 * (first[0] - 1) + 0.9 * (first[0] - 3))) < 1e-15);
}

static void plain_descent_with_weight_decay(void **state)
{
    (void)state;
    double path[3];
    struct tmk_sgd sgd = {.lr = 0.1, .weight_decay = 0.5, .threads = 2};
    assert_int_equal(tmk_sgd_bytes(&sgd, 0, NULL), 0);
    descend(&sgd, variable(TMK_F64, 1, SHAPE(3), VALUES(3, -2, 0)), 1, path);
    assert_true(fabs(path[0] - (3 - 0.1 * (2 + 1.5))) < 1e-15);
    assert_true(fabs(path[1] - (-2 - 0.1 * (-12 - 1))) < 1e-15);
    assert_true(fabs(path[2] - (0 - 0.1 * -20)) < 1e-15);
}

static void faults_are_told(void **state)
{
    (void)state;
    struct tmk_variable *theta = variable(TMK_F64, 1, SHAPE(3), NULL);
    struct tmk_sgd sgd = {.lr = -1, .threads = 1};
    assert_int_equal(tmk_sgd_make(&sgd, 1, &theta), TMK_EINVAL);
    assert_string_equal(tmk_message(), "sgd: a learning rate of -1: use 0 or more");
    sgd = (struct tmk_sgd){.lr = 1, .momentum = NAN, .threads = 1};
    assert_int_equal(tmk_sgd_make(&sgd, 1, &theta), TMK_EINVAL);
    sgd = (struct tmk_sgd){.lr = 1, .momentum = 0.5, .threads = 1};
    assert_int_equal(tmk_sgd_bytes(&sgd, 1, &theta), 24);
    assert_int_equal(tmk_sgd_make(&sgd, 1, &theta), TMK_OK);
    struct tmk_node *node = tmk_ad_parameter(graph, theta), *other = SCALAR(1);
    assert_int_equal(tmk_sgd_step(&sgd, &node), TMK_EINVAL); /* no backward pass yet */
    backward(other);
    assert_int_equal(tmk_sgd_step(&sgd, &other), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "keep their order"));
    tmk_sgd_free(&sgd);
}

/* -- a reference run: a two-layer ReLU net, one epoch, the last batch short -- */

static struct tmk_vector vector;

static const struct tmk_vector_field *field(const char *name)
{
    const struct tmk_vector_field *found = tmk_vector_find(&vector, name);
    if (!found)
        fail_msg("no field '%s'", name);
    return found;
}

static struct tmk_variable *from_field(const char *name)
{
    const struct tmk_vector_field *f = field(name);
    return variable(TMK_F64, f->ndim, f->shape, f->values);
}

static void assert_field(const struct tmk_variable *found, const char *name)
{
    const struct tmk_vector_field *f = field(name);
    double largest = 0;
    for (size_t i = 0; i < f->count; i++)
        largest = fmax(largest, fabs(f->values[i]));
    for (size_t i = 0; i < f->count; i++)
        assert_true(fabs(((double *)found->view.data)[i] - f->values[i]) <= 1e-13 * largest);
}

static void train_batch(struct tmk_sgd *sgd, size_t start, size_t count)
{
    const struct tmk_vector_field *x = field("X"), *y = field("y");
    size_t columns = x->shape[1];
    struct tmk_node *images = tmk_ad_input(
        graph, variable(TMK_F64, 2, SHAPE(count, columns), x->values + start * columns));
    struct tmk_node *labels =
        tmk_ad_input(graph, variable(TMK_F64, 1, SHAPE(count), y->values + start));
    struct tmk_node *w[] = {tmk_ad_parameter(graph, sgd->parameters[0]),
                            tmk_ad_parameter(graph, sgd->parameters[1])};
    struct tmk_node *logits = tmk_ad_matmul(tmk_ad_relu(tmk_ad_matmul(images, w[0])), w[1]);
    backward(tmk_ad_cross_entropy(logits, labels));
    assert_int_equal(tmk_sgd_step(sgd, w), TMK_OK);
    tmk_graph_reset(graph);
}

static void a_reference_epoch(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/golden/docs/doc002_sgd.txt", getenv("TMK_TEST_DIR"));
    if (tmk_vector_read(path, &vector) != TMK_OK)
        fail_msg("%s", tmk_message());
    struct tmk_variable *w[] = {from_field("W1"), from_field("W2")};
    struct tmk_sgd sgd = {.lr = atof(field("lr")->text), .threads = 1};
    assert_int_equal(tmk_sgd_make(&sgd, 2, w), TMK_OK);
    size_t images = field("X")->shape[0], batch = (size_t)field("batch")->values[0];
    for (size_t start = 0; start < images; start += batch)
        train_batch(&sgd, start, start + batch < images ? batch : images - start);
    assert_field(w[0], "W1_after");
    assert_field(w[1], "W2_after");
    tmk_sgd_free(&sgd);
    tmk_vector_free(&vector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_forms_of_momentum_give_one_sequence),
        TEST(plain_descent_with_weight_decay),
        TEST(faults_are_told),
        TEST(a_reference_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
