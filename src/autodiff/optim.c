#include "optim.h"

#include "size.h"

#include <math.h>
#include <stdlib.h>

enum tmk_status tmk_sgd_make(struct tmk_sgd *sgd, size_t count,
                             struct tmk_variable *const *parameters)
{
    const double numbers[] = {sgd->lr, sgd->momentum, sgd->weight_decay};
    const char *const names[] = {"learning rate", "momentum", "weight decay"};
    for (int i = 0; i < 3; i++) {
        if (!isfinite(numbers[i]) || numbers[i] < 0)
            return tmk_fail(TMK_EINVAL, "sgd: a %s of %g: use 0 or more", names[i], numbers[i]);
    }
    sgd->count = count;
    sgd->state = NULL;
    sgd->parameters = calloc(count + 1, sizeof *sgd->parameters);
    if (sgd->momentum > 0)
        sgd->state = calloc(count + 1, sizeof *sgd->state);
    if (!sgd->parameters || (sgd->momentum > 0 && !sgd->state)) {
        tmk_sgd_free(sgd);
        return tmk_fail(TMK_ENOMEM, "sgd: no memory for %zu parameters: train fewer", count);
    }
    for (size_t i = 0; i < count; i++) {
        const struct tmk_view *theta = &parameters[i]->view;
        sgd->parameters[i] = parameters[i];
        enum tmk_status status = TMK_OK;
        if (!tmk_view_is_dense(theta))
            status = tmk_fail(TMK_EINVAL, "sgd: parameter %zu has gaps: make it dense", i);
        if (status == TMK_OK && sgd->state)
            status = tmk_variable_make(&sgd->state[i], theta->dtype, theta->ndim, theta->shape);
        if (status == TMK_OK && sgd->state && sgd->form == TMK_MOMENTUM_I)
            status = tmk_view_copy(&sgd->state[i].view, theta);
        if (status != TMK_OK) {
            tmk_sgd_free(sgd);
            return status;
        }
    }
    return TMK_OK;
}

void tmk_sgd_free(struct tmk_sgd *sgd)
{
    for (size_t i = 0; sgd->state && i < sgd->count; i++)
        tmk_variable_free(&sgd->state[i]);
    free(sgd->state);
    free(sgd->parameters);
    sgd->state = NULL;
    sgd->parameters = NULL;
    sgd->count = 0;
}

size_t tmk_sgd_bytes(const struct tmk_sgd *sgd, size_t count,
                     struct tmk_variable *const *parameters)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count && sgd->momentum > 0; i++) {
        const struct tmk_view *theta = &parameters[i]->view;
        bytes += tmk_view_count(theta) * tmk_dtype_size(theta->dtype);
    }
    return bytes;
}

/* -- a step -- */

struct update {
    const struct tmk_sgd *sgd;
    size_t count;
    void *theta, *state;
    const void *gradient;
};

#define DEFINE_UPDATE(name, type)                                                                  \
    static void name(const struct update *u, size_t from, size_t to)                               \
    {                                                                                              \
        const type lr = (type)u->sgd->lr, momentum = (type)u->sgd->momentum;                       \
        const type decay = (type)u->sgd->weight_decay;                                             \
        const type *gradient = u->gradient;                                                        \
        type *theta = u->theta, *state = u->state;                                                 \
        for (size_t i = from; i < to; i++) {                                                       \
            const type now = theta[i], g = gradient[i] + decay * now;                              \
            if (!state) {                                                                          \
                theta[i] = now - lr * g;                                                           \
            } else if (u->sgd->form == TMK_MOMENTUM_I) {                                           \
                theta[i] = now - lr * g + momentum * (now - state[i]);                             \
                state[i] = now;                                                                    \
            } else {                                                                               \
                state[i] = g + momentum * state[i];                                                \
                theta[i] = now - lr * state[i];                                                    \
            }                                                                                      \
        }                                                                                          \
    }
DEFINE_UPDATE(update_f32, float)
DEFINE_UPDATE(update_f64, double)

static void run_update(const struct update *u, enum tmk_dtype dtype)
{
    const size_t chunk = 1 << 14, chunks = tmk_ceil_div(u->count, chunk);
    void (*update)(const struct update *, size_t, size_t) =
        dtype == TMK_F32 ? update_f32 : update_f64;
#pragma omp parallel for schedule(static) num_threads(chunks > 1 ? u->sgd->threads : 1)
    for (size_t i = 0; i < chunks; i++)
        update(u, i * chunk, TMK_MIN((i + 1) * chunk, u->count));
}

/* All gradients first: the first write to a parameter makes them out of date. */
static enum tmk_status get_gradients(const struct tmk_sgd *sgd, struct tmk_node *const *nodes,
                                     struct update *updates)
{
    for (size_t i = 0; i < sgd->count; i++) {
        struct tmk_view gradient;
        const struct tmk_view *theta = &sgd->parameters[i]->view;
        TMK_TRY(tmk_ad_gradient(nodes[i], &gradient));
        if (!tmk_view_same_shape(&gradient, theta) || gradient.dtype != theta->dtype)
            return tmk_fail(TMK_EINVAL, "sgd: node %zu is not of parameter %zu: keep their order",
                            i, i);
        updates[i] = (struct update){.sgd = sgd,
                                     .count = tmk_view_count(theta),
                                     .theta = theta->data,
                                     .state = sgd->state ? sgd->state[i].view.data : NULL,
                                     .gradient = gradient.data};
    }
    return TMK_OK;
}

enum tmk_status tmk_sgd_step(struct tmk_sgd *sgd, struct tmk_node *const *nodes)
{
    struct update *updates = calloc(sgd->count + 1, sizeof *updates);
    if (!updates)
        return tmk_fail(TMK_ENOMEM, "sgd: no memory for a step: train fewer parameters");
    enum tmk_status status = get_gradients(sgd, nodes, updates);
    for (size_t i = 0; i < sgd->count && status == TMK_OK; i++) {
        tmk_variable_write(sgd->parameters[i]);
        if (sgd->state)
            tmk_variable_write(&sgd->state[i]);
        run_update(&updates[i], sgd->parameters[i]->view.dtype);
    }
    free(updates);
    return status;
}
