/* Training: from options to a network with data, and epoch by epoch from there. */
#include "train.h"

#include "alloc.h"
#include "clock.h"
#include "conv2d.h"
#include "matmul.h"
#include "size.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- implementations -- */

/* One item of --impl: "NAME" or "OP=NAME". */
static enum tmk_status choose_one(const char *item, struct tmk_train_impls *out)
{
    const char *equals = strchr(item, '='), *name = equals ? equals + 1 : item;
    size_t length = equals ? (size_t)(equals - item) : 0;
    const struct tmk_op *const ops[] = {&tmk_op_conv2d, &tmk_op_matmul};
    const struct tmk_impl **const lists[] = {out->conv2d, out->matmul};
    bool found = false;
    for (int i = 0; i < 2; i++) {
        const struct tmk_impl *impl = tmk_op_impl(ops[i], name);
        bool meant =
            !equals || (strlen(ops[i]->name) == length && strncmp(ops[i]->name, item, length) == 0);
        if (impl && meant) {
            lists[i][0] = impl;
            found = true;
        }
    }
    return found ? TMK_OK
                 : tmk_fail(TMK_EINVAL,
                            "no implementation '%s': `tilemark list impls` names them; write "
                            "NAME, conv2d=NAME or matmul=NAME",
                            item);
}

enum tmk_status tmk_train_choose(const char *impl, struct tmk_train_impls *out)
{
    char items[sizeof((struct tmk_train_options *)0)->impl], *rest = items, *item;
    const struct tmk_impl *conv2d = tmk_op_impl(&tmk_op_conv2d, "blocked");
    const struct tmk_impl *matmul = tmk_op_impl(&tmk_op_matmul, "blocked");
    *out = (struct tmk_train_impls){{conv2d, conv2d}, {matmul, matmul}};
    snprintf(items, sizeof items, "%s", impl);
    while ((item = strsep(&rest, ",")))
        TMK_TRY(choose_one(item, out));
    return TMK_OK;
}

/* -- setting up -- */

static enum tmk_status check_options(const struct tmk_train_options *o)
{
    if (o->batch < 1)
        return tmk_fail(TMK_EINVAL, "--batch 0: use at least 1");
    if (!(o->fraction > 0 && o->fraction <= 1))
        return tmk_fail(TMK_EINVAL, "--fraction %g: use more than 0 and at most 1", o->fraction);
    if (!isfinite(o->contrast))
        return tmk_fail(TMK_EINVAL, "--contrast %g: use a number such as 1", o->contrast);
    if (!o->images[0] != !o->labels[0])
        return tmk_fail(TMK_EINVAL, "--images and --labels belong together: give both");
    if (!o->images[0] == !o->synthetic)
        return tmk_fail(TMK_EINVAL, "no data, or twice: give --images FILE and --labels FILE, or "
                                    "--synthetic N");
    return TMK_OK;
}

/* The files' images, or the size of those that will be drawn. */
static enum tmk_status plan_data(struct tmk_trainer *t)
{
    const struct tmk_train_options *o = &t->options;
    if (o->images[0])
        TMK_TRY(tmk_dataset_read(o->images, o->labels, &t->data));
    TMK_TRY(tmk_net_make(o->net, t->data.height, t->data.width, &t->net));
    const struct tmk_layer *input = &t->net.layers[0];
    if (!o->images[0])
        t->data = (struct tmk_dataset){
            .count = o->synthetic, .channels = input->oc, .height = input->oh, .width = input->ow};
    if (t->data.channels != input->oc)
        return tmk_fail(TMK_EINVAL, "%s: images of %zu channels, %s takes %zu: choose another",
                        o->images, t->data.channels, t->net.name, input->oc);
    t->data.count = TMK_MAX((size_t)(o->fraction * (double)t->data.count), 1);
    if (o->images[0] && !o->random_labels)
        return tmk_dataset_check(&t->data, tmk_model_classes(&t->net));
    return TMK_OK;
}

static enum tmk_status plan_sgd(struct tmk_trainer *t)
{
    t->parameters = calloc(t->model.count + 1, sizeof *t->parameters);
    if (!t->parameters)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu parameters", t->model.count);
    for (size_t i = 0; i < t->model.count; i++)
        t->parameters[i] = &t->model.parameter[i].tensor;
    t->sgd = (struct tmk_sgd){.lr = t->options.lr,
                              .momentum = t->options.momentum,
                              .weight_decay = t->options.weight_decay,
                              .form = TMK_MOMENTUM_II,
                              .threads = t->options.threads};
    return TMK_OK;
}

static enum tmk_status plan(struct tmk_trainer *t)
{
    TMK_TRY(check_options(&t->options));
    TMK_TRY(tmk_train_choose(t->options.impl, &t->impls));
    TMK_TRY(plan_data(t));
    const struct tmk_graph_options graph = {.threads = t->options.threads,
                                            .conv2d = t->impls.conv2d,
                                            .matmul = t->impls.matmul,
                                            .timing = true};
    size_t batch = TMK_MIN(t->options.batch, t->data.count);
    TMK_TRY(tmk_model_plan(&t->net, t->options.dtype, batch, &graph, &t->model));
    return plan_sgd(t);
}

enum tmk_status tmk_trainer_plan(const struct tmk_train_options *options, struct tmk_trainer *out)
{
    *out = (struct tmk_trainer){.options = *options};
    return plan(out);
}

struct tmk_train_memory tmk_trainer_memory(const struct tmk_trainer *t)
{
    const struct tmk_dataset *data = &t->data;
    size_t image = data->channels * data->height * data->width * sizeof *data->images;
    struct tmk_train_memory memory = {
        .data = data->count * (image + sizeof *data->labels + sizeof *t->order),
        .batch = tmk_model_batch_bytes(&t->model),
        .parameters = tmk_model_parameter_bytes(&t->model),
        .optimiser = tmk_sgd_bytes(&t->sgd, t->model.count, t->parameters),
        .graph = tmk_graph_memory(t->model.graph)};
    const size_t parts[] = {memory.data, memory.batch, memory.parameters, memory.optimiser,
                            memory.graph.total};
    for (int i = 0; i < 5; i++) {
        if (!tmk_size_add(memory.total, parts[i], &memory.total))
            memory.total = SIZE_MAX;
    }
    return memory;
}

enum tmk_status tmk_trainer_check_memory(const struct tmk_trainer *t)
{
    char need[32], have[32];
    size_t total = tmk_trainer_memory(t).total, available = tmk_memory_available();
    if (total <= available)
        return TMK_OK;
    return tmk_fail(TMK_ENOMEM,
                    "%s with batches of %zu needs %s, %s are free: use a smaller --batch",
                    t->net.name, t->model.batch, tmk_format_bytes(need, sizeof need, (double)total),
                    tmk_format_bytes(have, sizeof have, (double)available));
}

static enum tmk_status draw_data(struct tmk_trainer *t)
{
    size_t classes = tmk_model_classes(&t->net);
    if (t->options.synthetic)
        TMK_TRY(tmk_dataset_draw_images(&t->data, t->options.contrast, &t->random));
    if (t->options.synthetic || t->options.random_labels)
        TMK_TRY(tmk_dataset_draw_labels(&t->data, classes, &t->random));
    return TMK_OK;
}

enum tmk_status tmk_trainer_start(struct tmk_trainer *t)
{
    TMK_TRY(tmk_trainer_check_memory(t));
    tmk_random_seed(&t->random, t->options.seed);
    TMK_TRY(tmk_model_start(&t->model, &t->random));
    TMK_TRY(draw_data(t));
    TMK_TRY(tmk_sgd_make(&t->sgd, t->model.count, t->parameters));
    t->order = calloc(t->data.count, sizeof *t->order);
    t->log = calloc(t->options.epochs + 1, sizeof *t->log);
    if (!t->order || !t->log)
        return tmk_fail(TMK_ENOMEM, "no memory for the order of %zu images", t->data.count);
    for (size_t i = 0; i < t->data.count; i++)
        t->order[i] = i;
    return TMK_OK;
}

void tmk_trainer_free(struct tmk_trainer *t)
{
    tmk_sgd_free(&t->sgd);
    tmk_model_free(&t->model);
    tmk_dataset_free(&t->data);
    tmk_net_free(&t->net);
    tmk_profile_free(&t->profile);
    free(t->parameters);
    free(t->order);
    free(t->log);
    *t = (struct tmk_trainer){.order = NULL};
}

/* -- a step -- */

#define DEFINE_PUT(name, type)                                                                     \
    static void name(type *to, const float *from, size_t count)                                    \
    {                                                                                              \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = (type)from[i];                                                                 \
    }
DEFINE_PUT(put_f32, float)
DEFINE_PUT(put_f64, double)

static void fill_batch(struct tmk_trainer *t, size_t first)
{
    const struct tmk_dataset *data = &t->data;
    const struct tmk_view *images = tmk_variable_write(&t->model.images);
    const struct tmk_view *labels = tmk_variable_write(&t->model.labels);
    size_t image = data->channels * data->height * data->width;
    for (size_t i = 0; i < t->model.batch; i++) {
        size_t number = t->order[first + i];
        const float *from = data->images + number * image;
        tmk_view_set(labels, &i, data->labels[number]);
        if (images->dtype == TMK_F32)
            put_f32((float *)images->data + i * image, from, image);
        else
            put_f64((double *)images->data + i * image, from, image);
    }
}

/* How many rows of the logits have their first largest number at the label. */
static size_t count_right(const struct tmk_view *logits, const struct tmk_view *labels)
{
    size_t right = 0;
    for (size_t i = 0; i < logits->shape[0]; i++) {
        size_t best = 0;
        for (size_t c = 1; c < logits->shape[1]; c++) {
            if (tmk_view_get(logits, (const size_t[]){i, c}) >
                tmk_view_get(logits, (const size_t[]){i, best}))
                best = c;
        }
        right += (double)best == tmk_view_get(labels, &i);
    }
    return right;
}

/* Note what the graph's nodes took, and build it again for batches of `count`. */
static enum tmk_status rebuild(struct tmk_trainer *t, size_t count)
{
    TMK_TRY(tmk_profile_add_graph(&t->profile, t->model.graph, t->built_steps));
    TMK_TRY(tmk_profile_add(&t->profile, "batch", "copy", t->batch_seconds));
    TMK_TRY(tmk_profile_add(&t->profile, "update", "sgd", t->sgd_seconds));
    t->built_steps = 0;
    t->batch_seconds = t->sgd_seconds = 0;
    return tmk_model_build(&t->model, count);
}

enum tmk_status tmk_trainer_harvest(struct tmk_trainer *t)
{
    return rebuild(t, t->model.batch);
}

enum tmk_status tmk_trainer_step(struct tmk_trainer *t, size_t first, size_t count, double *loss,
                                 size_t *right)
{
    double start = tmk_now(), mean;
    struct tmk_view logits;
    if (count != t->model.batch)
        TMK_TRY(rebuild(t, count));
    fill_batch(t, first);
    tmk_graph_set_step(t->model.graph, t->options.seed, t->step);
    double filled = tmk_now();
    TMK_TRY(tmk_ad_backward(t->model.loss));
    TMK_TRY(tmk_ad_number(t->model.loss, &mean));
    TMK_TRY(tmk_ad_value(t->model.logits, &logits));
    *loss += mean * (double)count;
    *right += count_right(&logits, &t->model.labels.view);
    double differentiated = tmk_now();
    TMK_TRY(tmk_sgd_step(&t->sgd, t->model.leaf));
    double end = tmk_now();
    t->batch_seconds += filled - start;
    t->sgd_seconds += end - differentiated;
    t->profile.seconds += end - start;
    t->step++;
    t->built_steps++;
    return TMK_OK;
}

/* -- an epoch -- */

/* The images in a new order (Fisher & Yates). */
static void shuffle(struct tmk_trainer *t)
{
    for (size_t i = 0; i < t->data.count; i++)
        t->order[i] = i;
    if (t->options.in_order)
        return;
    for (size_t i = t->data.count; i > 1; i--) {
        size_t j = tmk_random_below(&t->random, (uint32_t)i), held = t->order[i - 1];
        t->order[i - 1] = t->order[j];
        t->order[j] = held;
    }
}

enum tmk_status tmk_trainer_epoch(struct tmk_trainer *t, tmk_train_watch *watch, void *context)
{
    double start = tmk_now(), loss = 0;
    size_t right = 0, done = 0;
    shuffle(t);
    while (done < t->data.count) {
        size_t count = TMK_MIN(t->options.batch, t->data.count - done);
        TMK_TRY(tmk_trainer_step(t, done, count, &loss, &right));
        done += count;
        if (!isfinite(loss))
            return tmk_fail(TMK_ECHECK, "the loss is %g in step %llu: use a smaller --lr than %g",
                            loss, (unsigned long long)t->step, t->options.lr);
        if (watch && !watch(context, done, loss / (double)done, (double)right / (double)done))
            return tmk_fail(TMK_EINTR, "interrupted in epoch %llu",
                            (unsigned long long)t->epoch + 1);
    }
    t->log[t->epoch++] = (struct tmk_epoch){.loss = loss / (double)done,
                                            .accuracy = (double)right / (double)done,
                                            .seconds = tmk_now() - start};
    return TMK_OK;
}
