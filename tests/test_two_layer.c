/* The two-layer sigmoid network: reference gradients in three ways, and the regression. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mlp.h"
#include "vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tmk_vector vector;

static void read_vector(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/docs/%s", getenv("TMK_TEST_DIR"), name);
    if (tmk_vector_read(path, &vector) != TMK_OK)
        fail_msg("%s", tmk_message());
}

static const struct tmk_vector_field *field(const char *name)
{
    const struct tmk_vector_field *found = tmk_vector_find(&vector, name);
    if (!found)
        fail_msg("no field '%s'", name);
    return found;
}

/* Equal (tolerance 0), or within tolerance times the field's largest element. */
static void assert_field(const char *name, const struct tmk_variable *found, double tolerance)
{
    const struct tmk_vector_field *f = field(name);
    const double *values = found->view.data;
    double largest = 0;
    assert_int_equal(tmk_view_count(&found->view), f->count);
    for (size_t i = 0; i < f->count; i++)
        largest = fmax(largest, fabs(f->values[i]));
    for (size_t i = 0; i < f->count; i++)
        if (!(fabs(values[i] - f->values[i]) <= tolerance * largest))
            fail_msg("%s[%zu] is %.17g instead of %.17g", name, i, values[i], f->values[i]);
}

static const char *const gradients[] = {"dW1", "db1", "dW2", "db2", "dX"};

static void the_published_case_is_drawn_as_published(void **state)
{
    (void)state;
    static const char *const names[] = {"W1", "b1", "W2", "b2", "x", "y"};
    struct tmk_two_layer net;
    assert_int_equal(tmk_two_layer_published(TMK_F64, &net), TMK_OK);
    read_vector("doc001.txt");
    for (int i = 0; i < TMK_TWO_LAYER_PARTS; i++)
        assert_field(names[i], &net.part[i], 0);
    tmk_two_layer_free(&net);
    tmk_vector_free(&vector);
}

static void its_gradients_in_three_ways(void **state)
{
    (void)state;
    struct tmk_comparison c;
    if (tmk_comparison_make(&c) != TMK_OK)
        fail_msg("%s", tmk_message());
    read_vector("doc001.txt");
    double loss = field("loss")->values[0];
    assert_true(fabs(c.f_closed - loss) < 1e-12 * loss);
    assert_true(fabs(c.f_automatic - loss) < 1e-12 * loss);
    assert_true(fabs(c.f_f32 - 1.8570191860198975) <= 2 * 0x1p-23);
    for (int i = 0; i < TMK_X; i++) {
        assert_field(gradients[i], &c.closed[i], 1e-12);
        assert_field(gradients[i], &c.automatic[i], 1e-12);
        assert_field(gradients[i], &c.numerical[i], 1e-9);
    }
    assert_true(tmk_comparison_error(&c.closed[TMK_X], &c.automatic[TMK_X]) < 1e-14);
    assert_true(tmk_comparison_error(&c.closed[TMK_X], &c.numerical[TMK_X]) < 1e-9);
    tmk_comparison_free(&c);
    tmk_vector_free(&vector);
}

/* A reference with several inputs, outputs and samples, where bias gradients are sums. */
static void a_batch_with_several_inputs_and_outputs(void **state)
{
    (void)state;
    struct tmk_two_layer net;
    struct tmk_variable closed[TMK_TWO_LAYER_GRADIENTS];
    struct tmk_graph *graph;
    struct tmk_node *leaf[TMK_TWO_LAYER_PARTS];
    double f = 0, automatic = 0;
    read_vector("doc001_ref.txt");
    assert_int_equal(tmk_two_layer_make(TMK_F64, 3, 2, 3, 2, &net), TMK_OK);
    for (int i = 0; i < TMK_TWO_LAYER_PARTS; i++) {
        const struct tmk_vector_field *part = field(tmk_two_layer_name[i]);
        memcpy(tmk_variable_write(&net.part[i])->data, part->values, part->count * sizeof(double));
    }
    assert_int_equal(tmk_two_layer_closed(&net, &f, closed), TMK_OK);
    assert_int_equal(tmk_graph_make(&(struct tmk_graph_options){.threads = 2}, &graph), TMK_OK);
    struct tmk_node *loss = tmk_two_layer_loss(graph, &net, true, leaf, NULL);
    assert_int_equal(tmk_ad_backward(loss), TMK_OK);
    assert_int_equal(tmk_ad_number(loss, &automatic), TMK_OK);
    assert_true(fabs(f - field("f")->values[0]) < 1e-13 * f && fabs(automatic - f) < 1e-13 * f);
    for (int i = 0; i < TMK_TWO_LAYER_GRADIENTS; i++) {
        struct tmk_view gradient;
        assert_int_equal(tmk_ad_gradient(leaf[i], &gradient), TMK_OK);
        struct tmk_variable found = tmk_variable_on(&gradient);
        assert_field(gradients[i], &found, 1e-13);
        assert_field(gradients[i], &closed[i], 1e-13);
        tmk_variable_free(&closed[i]);
    }
    tmk_graph_free(graph);
    tmk_two_layer_free(&net);
    tmk_vector_free(&vector);
}

/* -- the regression -- */

static bool go_on(void *context, size_t step, double error)
{
    (void)error;
    return !context || step < *(size_t *)context;
}

static const struct tmk_fit_options usual = {
    .hidden = 20, .max_steps = 3000, .seed = 1, .lr = 0.2, .momentum = 0.9};

static void the_fit_comes_down_to_the_noise(void **state)
{
    (void)state;
    struct tmk_fit fit;
    assert_int_equal(tmk_fit_run(&usual, go_on, NULL, &fit), TMK_OK);
    assert_int_equal(fit.steps, 3000);
    assert_false(fit.still);
    assert_int_equal(fit.nframes, TMK_FIT_FRAMES);
    assert_true(fit.frame[0].error > fit.spread);
    assert_true(fit.frame[3].error < 1.1 * fit.floor);
    assert_true(fit.floor > 0.002 && fit.floor < 0.005 && fit.spread > 0.05);
    assert_true(fit.points > 300 && fit.points < 1000 && fit.step[0] == 0);
    tmk_fit_free(&fit);
}

/* Rates too small to move anything: a plateau at once. */
static void a_plateau_ends_the_fit(void **state)
{
    (void)state;
    struct tmk_fit fit;
    struct tmk_fit_options options = usual;
    options.lr = 1e-12;
    options.max_steps = 100000;
    assert_int_equal(tmk_fit_run(&options, go_on, NULL, &fit), TMK_OK);
    assert_true(fit.still);
    assert_int_equal(fit.steps, TMK_FIT_PATIENCE);
    tmk_fit_free(&fit);
}

static void a_fit_can_be_stopped(void **state)
{
    (void)state;
    struct tmk_fit fit;
    size_t last = 7;
    assert_int_equal(tmk_fit_run(&usual, go_on, &last, &fit), TMK_OK);
    assert_int_equal(fit.steps, 7);
    assert_int_equal(fit.nframes, 2);
    tmk_fit_free(&fit);
}

static void faults_of_a_fit_are_told(void **state)
{
    (void)state;
    struct tmk_fit fit;
    struct tmk_fit_options options = usual;
    options.hidden = 0;
    assert_int_equal(tmk_fit_run(&options, go_on, NULL, &fit), TMK_EINVAL);
    options = usual;
    options.lr = -1;
    assert_int_equal(tmk_fit_run(&options, go_on, NULL, &fit), TMK_EINVAL);
    options = usual;
    options.lr = 1e200;
    assert_int_equal(tmk_fit_run(&options, go_on, NULL, &fit), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "lower --lr"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_case_is_drawn_as_published),
        cmocka_unit_test(its_gradients_in_three_ways),
        cmocka_unit_test(a_batch_with_several_inputs_and_outputs),
        cmocka_unit_test(the_fit_comes_down_to_the_noise),
        cmocka_unit_test(a_plateau_ends_the_fit),
        cmocka_unit_test(a_fit_can_be_stopped),
        cmocka_unit_test(faults_of_a_fit_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
