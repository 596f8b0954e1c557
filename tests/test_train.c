/* Training: data files, the step against a reference, bits, memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "idx.h"
#include "train.h"
#include "vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- IDX files -- */

#define COUNT 3
#define HEIGHT 2
#define WIDTH 5

static const uint32_t image_shape[] = {COUNT, HEIGHT, WIDTH};

static const char *good_images(bool gzipped)
{
    return write_idx("images", 0x803, 3, image_shape, COUNT * HEIGHT * WIDTH, 256, gzipped);
}

static const char *good_labels(bool gzipped)
{
    return write_idx("labels", 0x801, 1, image_shape, COUNT, 10, gzipped);
}

static void check_good_files(bool gzipped)
{
    struct tmk_dataset data;
    assert_int_equal(tmk_dataset_read(good_images(gzipped), good_labels(gzipped), &data), TMK_OK);
    assert_int_equal(data.count, COUNT);
    assert_int_equal(data.channels, 1);
    assert_int_equal(data.height, HEIGHT);
    assert_int_equal(data.width, WIDTH);
    for (size_t i = 0; i < COUNT * HEIGHT * WIDTH; i++)
        assert_true(data.images[i] == (float)i / 255.0f);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(data.labels[i], i);
    assert_int_equal(tmk_dataset_check(&data, COUNT), TMK_OK);
    assert_int_equal(tmk_dataset_check(&data, COUNT - 1), TMK_EINVAL);
    tmk_dataset_free(&data);
}

static void idx_files_are_read_plain_and_gzipped(void **state)
{
    (void)state;
    check_good_files(false);
    check_good_files(true);
}

static void idx_images_may_have_channels(void **state)
{
    (void)state;
    const uint32_t shape[] = {COUNT, 2, HEIGHT, WIDTH};
    struct tmk_dataset data;
    const char *images =
        write_idx("images", 0x804, 4, shape, COUNT * 2 * HEIGHT * WIDTH, 256, false);
    assert_int_equal(tmk_dataset_read(images, good_labels(false), &data), TMK_OK);
    assert_int_equal(data.channels, 2);
    assert_int_equal(data.width, WIDTH);
    assert_true(data.images[59] == 59 / 255.0f);
    tmk_dataset_free(&data);
}

static void expect_refusal(enum tmk_status wanted, const char *images, const char *labels,
                           const char *text)
{
    struct tmk_dataset data;
    assert_int_equal(tmk_dataset_read(images, labels, &data), wanted);
    if (!strstr(tmk_message(), text))
        fail_msg("'%s' instead of '%s'", tmk_message(), text);
    tmk_dataset_free(&data);
}

static void broken_idx_files_are_refused(void **state)
{
    (void)state;
    const size_t bytes = COUNT * HEIGHT * WIDTH;
    const uint32_t other[] = {COUNT + 1}, empty[] = {0, HEIGHT, WIDTH};
    const uint32_t huge[] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    const char *labels = good_labels(false);
    expect_refusal(TMK_EINVAL, write_idx("cut", 0x803, 3, image_shape, bytes - 1, 256, false),
                   labels, "ends 1 bytes too early");
    expect_refusal(TMK_EINVAL, write_idx("cut", 0x803, 3, image_shape, bytes - 1, 256, true),
                   labels, "ends 1 bytes too early");
    expect_refusal(TMK_EINVAL, write_idx("more", 0x803, 3, image_shape, bytes + 1, 256, false),
                   labels, "goes on after the last of 3");
    expect_refusal(TMK_EINVAL, write_idx("magic", 0xd03, 3, image_shape, bytes, 256, false), labels,
                   "begins with 0x00000d03");
    expect_refusal(TMK_EINVAL, labels, labels, "is it the other file?");
    expect_refusal(TMK_EINVAL, write_idx("head", 0x803, 1, image_shape, 0, 256, false), labels,
                   "too early");
    expect_refusal(TMK_EINVAL, write_idx("empty", 0x803, 3, empty, 0, 256, false), labels,
                   "a size of 0");
    expect_refusal(TMK_EINVAL, write_idx("huge", 0x803, 3, huge, 0, 256, false), labels,
                   "is impossible");
    expect_refusal(TMK_EINVAL, good_images(false),
                   write_idx("four", 0x801, 1, other, COUNT + 1, 10, false), "has 4 labels");
    expect_refusal(TMK_EIO, path_of("absent"), labels, "cannot open");
}

static void a_gzip_file_cut_short_is_refused(void **state)
{
    (void)state;
    const char *images = good_images(true);
    assert_int_equal(truncate(images, 20), 0);
    expect_refusal(TMK_EINVAL, images, good_labels(false), "too early");
}

/* -- a trainer -- */

static struct tmk_train_options usual_options(const char *net, size_t images)
{
    struct tmk_train_options options = {.synthetic = images,
                                        .contrast = 1,
                                        .fraction = 1,
                                        .batch = 8,
                                        .epochs = 40,
                                        .lr = 0.1,
                                        .seed = 1,
                                        .impl = "blocked",
                                        .threads = 1};
    snprintf(options.net, sizeof options.net, "%s", net);
    return options;
}

static void start(const struct tmk_train_options *options, struct tmk_trainer *trainer)
{
    if (tmk_trainer_plan(options, trainer) != TMK_OK || tmk_trainer_start(trainer) != TMK_OK)
        fail_msg("%s", tmk_message());
}

static void run_epochs(struct tmk_trainer *trainer, int count)
{
    for (int i = 0; i < count; i++) {
        if (tmk_trainer_epoch(trainer, NULL, NULL) != TMK_OK)
            fail_msg("%s", tmk_message());
    }
}

static void copy_field(const struct tmk_vector *vector, const char *name,
                       struct tmk_variable *variable)
{
    const struct tmk_vector_field *field = tmk_vector_find(vector, name);
    assert_non_null(field);
    assert_int_equal(field->count, tmk_view_count(&variable->view));
    memcpy(tmk_variable_write(variable)->data, field->values, field->count * sizeof(double));
}

static void assert_field(const struct tmk_vector *vector, const char *name,
                         const struct tmk_variable *variable)
{
    const struct tmk_vector_field *field = tmk_vector_find(vector, name);
    const double *values = variable->view.data;
    assert_non_null(field);
    for (size_t i = 0; i < field->count; i++)
        if (!(fabs(values[i] - field->values[i]) <= 1e-13))
            fail_msg("%s[%zu] is %.17g instead of %.17g", name, i, values[i], field->values[i]);
}

/* logits = f(X W1) W2 for 3 inputs, 4 units, 3 classes; f: ReLU or dropout. */
static void make_reference_net(enum tmk_layer_kind f, struct tmk_net *net)
{
    const struct tmk_layer layers[] = {
        {.kind = TMK_LAYER_INPUT, .name = "input", .oc = 3, .oh = 1, .ow = 1},
        {.kind = TMK_LAYER_LINEAR,
         .name = "fc1",
         .ninputs = 1,
         .input = {0},
         .ic = 3,
         .ih = 1,
         .iw = 1,
         .oc = 4,
         .oh = 1,
         .ow = 1},
        {.kind = f,
         .name = "f",
         .rate = 0.5,
         .ninputs = 1,
         .input = {1},
         .ic = 4,
         .ih = 1,
         .iw = 1,
         .oc = 4,
         .oh = 1,
         .ow = 1},
        {.kind = TMK_LAYER_LINEAR,
         .name = "fc2",
         .ninputs = 1,
         .input = {2},
         .ic = 4,
         .ih = 1,
         .iw = 1,
         .oc = 3,
         .oh = 1,
         .ow = 1}};
    *net = (struct tmk_net){.name = "reference", .nlayers = 4, .layers = malloc(sizeof layers)};
    assert_non_null(net->layers);
    memcpy(net->layers, layers, sizeof layers);
}

/* The trainer of the reference: five images in batches of 2, 2 and 1, learning rate 0.5, f64. */
static void make_reference(const struct tmk_vector *vector, enum tmk_layer_kind f,
                           struct tmk_trainer *t)
{
    static const struct tmk_vector_field *x, *y;
    x = tmk_vector_find(vector, "X");
    y = tmk_vector_find(vector, "y");
    *t = (struct tmk_trainer){.options = {.batch = 2, .in_order = true, .epochs = 4}};
    make_reference_net(f, &t->net);
    assert_int_equal(tmk_train_choose("blocked", &t->impls), TMK_OK);
    t->data = (struct tmk_dataset){.count = 5, .channels = 3, .height = 1, .width = 1};
    t->data.images = calloc(x->count, sizeof *t->data.images);
    t->data.labels = calloc(y->count, 1);
    t->order = calloc(5, sizeof *t->order);
    t->log = calloc(5, sizeof *t->log);
    for (size_t i = 0; i < x->count; i++)
        t->data.images[i] = (float)x->values[i];
    for (size_t i = 0; i < y->count; i++)
        t->data.labels[i] = (unsigned char)y->values[i];
    const struct tmk_graph_options graph = {
        .threads = 1, .conv2d = t->impls.conv2d, .matmul = t->impls.matmul};
    assert_int_equal(tmk_model_plan(&t->net, TMK_F64, 2, &graph, &t->model), TMK_OK);
    assert_int_equal(tmk_model_start(&t->model, &t->random), TMK_OK);
    assert_int_equal(t->model.count, 2);
    t->parameters = calloc(2, sizeof *t->parameters);
    for (size_t i = 0; i < 2; i++)
        t->parameters[i] = &t->model.parameter[i].tensor;
    copy_field(vector, "W1", t->parameters[0]);
    copy_field(vector, "W2", t->parameters[1]);
    t->sgd = (struct tmk_sgd){.lr = 0.5, .threads = 1};
    assert_int_equal(tmk_sgd_make(&t->sgd, 2, t->parameters), TMK_OK);
}

static void read_reference(struct tmk_vector *vector)
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/docs/doc002_sgd.txt", getenv("TMK_TEST_DIR"));
    assert_int_equal(tmk_vector_read(path, vector), TMK_OK);
}

static void an_epoch_equals_the_reference(void **state)
{
    (void)state;
    struct tmk_vector vector;
    struct tmk_trainer trainer;
    read_reference(&vector);
    make_reference(&vector, TMK_LAYER_RELU, &trainer);
    run_epochs(&trainer, 1);
    assert_int_equal(trainer.step, 3);
    assert_field(&vector, "W1_after", &trainer.model.parameter[0].tensor);
    assert_field(&vector, "W2_after", &trainer.model.parameter[1].tensor);
    tmk_trainer_free(&trainer);
    tmk_vector_free(&vector);
}

/* A second trainer takes over after two epochs: the same zeros must be drawn. */
static void dropout_goes_on_from_a_checkpoint(void **state)
{
    (void)state;
    struct tmk_vector vector;
    struct tmk_trainer first, second;
    read_reference(&vector);
    make_reference(&vector, TMK_LAYER_DROPOUT, &first);
    make_reference(&vector, TMK_LAYER_DROPOUT, &second);
    run_epochs(&first, 2);
    assert_int_equal(tmk_checkpoint_write(&first, base), TMK_OK);
    run_epochs(&first, 2);
    assert_int_equal(tmk_checkpoint_load(&second, base), TMK_OK);
    assert_int_equal(second.step, 6);
    run_epochs(&second, 2);
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(first.model.parameter[i].tensor.view.data,
                            second.model.parameter[i].tensor.view.data, 12 * sizeof(double));
    assert_memory_equal(&first.log[0].loss, &second.log[0].loss, sizeof(double));
    tmk_trainer_free(&first);
    tmk_trainer_free(&second);
    tmk_vector_free(&vector);
}

static void parameters_start_within_their_bounds(void **state)
{
    (void)state;
    struct tmk_trainer trainer;
    const struct tmk_train_options options = usual_options("mlp-relu", 4);
    start(&options, &trainer);
    assert_int_equal(trainer.model.count, 4);
    assert_int_equal(tmk_model_parameter_bytes(&trainer.model), 79510 * sizeof(float));
    const float *weight = trainer.model.parameter[0].tensor.view.data;
    double largest = 0, sum = 0;
    for (size_t i = 0; i < 78400; i++) {
        largest = fmax(largest, fabs((double)weight[i]));
        sum += weight[i];
    }
    assert_true(largest <= 1.0 / 28 && largest > 0.999 / 28); /* fan-in 784 */
    assert_true(fabs(sum / 78400) < 0.001);
    tmk_trainer_free(&trainer);
}

static void random_labels_are_learned_by_heart(void **state)
{
    (void)state;
    struct tmk_trainer trainer;
    struct tmk_train_options options = usual_options("mlp-relu", 200);
    options.batch = 64;
    options.epochs = 30;
    start(&options, &trainer);
    run_epochs(&trainer, 30);
    assert_true(trainer.log[0].accuracy < 0.25);
    assert_true(trainer.log[29].accuracy > 0.95);
    tmk_trainer_free(&trainer);
}

/* The loss of every epoch, by number of threads. */
static void losses(int threads, double out[3])
{
    struct tmk_trainer trainer;
    struct tmk_train_options options = usual_options("resnet-mini", 10);
    options.threads = threads;
    options.momentum = 0.9;
    start(&options, &trainer);
    run_epochs(&trainer, 3);
    for (int i = 0; i < 3; i++)
        out[i] = trainer.log[i].loss;
    tmk_trainer_free(&trainer);
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    double one[3], two[3], three[3];
    losses(1, one);
    losses(2, two);
    losses(3, three);
    assert_memory_equal(one, two, sizeof one);
    assert_memory_equal(one, three, sizeof one);
    assert_true(one[2] < one[0]);
}

static void memory_is_as_planned_and_does_not_grow(void **state)
{
    (void)state;
    struct tmk_trainer trainer;
    const struct tmk_train_options options = usual_options("resnet-mini", 11); /* 8 and 3 */
    assert_int_equal(tmk_trainer_plan(&options, &trainer), TMK_OK);
    size_t planned = tmk_trainer_memory(&trainer).graph.total;
    assert_int_equal(tmk_trainer_start(&trainer), TMK_OK);
    run_epochs(&trainer, 2);
    size_t held = tmk_graph_allocated(trainer.model.graph);
    assert_true(held <= planned);
    run_epochs(&trainer, 4);
    assert_int_equal(tmk_graph_allocated(trainer.model.graph), held);
    tmk_trainer_free(&trainer);
}

static void the_profile_accounts_for_the_step(void **state)
{
    (void)state;
    struct tmk_trainer trainer;
    const struct tmk_train_options options = usual_options("resnet-mini", 11);
    start(&options, &trainer);
    run_epochs(&trainer, 2);
    assert_int_equal(tmk_trainer_harvest(&trainer), TMK_OK);
    const struct tmk_profile *profile = &trainer.profile;
    double seconds = 0;
    for (size_t i = 0; i < profile->count; i++)
        seconds += profile->rows[i].seconds[0] + profile->rows[i].seconds[1];
    assert_int_equal(profile->steps, 4);
    assert_true(seconds <= profile->seconds && seconds > 0.8 * profile->seconds);
    double share = tmk_profile_kernel_share(profile);
    assert_true(share > 0 && share < 1);
    tmk_trainer_free(&trainer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_files_are_read_plain_and_gzipped),
        cmocka_unit_test(idx_images_may_have_channels),
        cmocka_unit_test(broken_idx_files_are_refused),
        cmocka_unit_test(a_gzip_file_cut_short_is_refused),
        cmocka_unit_test(an_epoch_equals_the_reference),
        cmocka_unit_test(dropout_goes_on_from_a_checkpoint),
        cmocka_unit_test(parameters_start_within_their_bounds),
        cmocka_unit_test(random_labels_are_learned_by_heart),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(memory_is_as_planned_and_does_not_grow),
        cmocka_unit_test(the_profile_accounts_for_the_step),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
