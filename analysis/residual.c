#include "residual.h"
#include "ops.h"

#include "random.h"

enum {
    IMAGE = TMK_RESIDUAL_IMAGE,
    KERNEL = TMK_RESIDUAL_KERNEL,
    PIXELS = TMK_RESIDUAL_PIXELS,
    TAPS = TMK_RESIDUAL_TAPS
};

static void draw(struct tmk_random *random, double mean, double *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = mean + tmk_random_normal(random);
}

void tmk_residual_draw(uint32_t seed, struct tmk_residual *out)
{
    struct tmk_random random;
    tmk_random_seed(&random, seed);
    draw(&random, 0, out->x, PIXELS);
    draw(&random, 0, out->k, TAPS);
    draw(&random, 0, out->s, PIXELS);
    draw(&random, 5, out->g, TAPS);
}

/* -- scalars -- */

/* The leaves: K's elements are variables, X's and S's are constants. */
struct scalars {
    const struct tmk_residual *block;
    const struct tmk_residual_form *form;
    struct tmk_graph *graph;
    struct tmk_variable weight[TAPS];
    struct tmk_node *k[TAPS], *x[PIXELS], *s[PIXELS];
};

static enum tmk_status make_leaves(struct scalars *scalars)
{
    for (int i = 0; i < TAPS; i++) {
        TMK_TRY(tmk_variable_make(&scalars->weight[i], TMK_F64, 0, NULL));
        *(double *)tmk_variable_write(&scalars->weight[i])->data = scalars->block->k[i];
        scalars->k[i] = tmk_ad_parameter(scalars->graph, &scalars->weight[i]);
    }
    for (int i = 0; i < PIXELS; i++) {
        scalars->x[i] = tmk_ad_scalar(scalars->graph, TMK_F64, scalars->block->x[i]);
        scalars->s[i] = tmk_ad_scalar(scalars->graph, TMK_F64, scalars->block->s[i]);
    }
    return tmk_graph_status(scalars->graph);
}

/* z at (y, x). The published code keeps X and K transposed: its outer tap loop runs along columns.
 */
static struct tmk_node *convolve(const struct scalars *scalars, int y, int x)
{
    int pad = (int)scalars->form->pad;
    struct tmk_node *z = tmk_ad_scalar(scalars->graph, TMK_F64, 0);
    for (int i = 0; i < KERNEL; i++) {
        for (int j = 0; j < KERNEL; j++) {
            int column = x + i - pad, row = y + j - pad;
            if (column >= 0 && column < IMAGE && row >= 0 && row < IMAGE)
                z = tmk_ad_add(
                    z, tmk_ad_mul(scalars->x[row * IMAGE + column], scalars->k[j * KERNEL + i]));
        }
    }
    return z;
}

static struct tmk_node *difference(const struct scalars *scalars, int y, int x)
{
    int i = y * IMAGE + x;
    struct tmk_node *out = tmk_ad_add(tmk_ad_relu(convolve(scalars, y, x)), scalars->x[i]);
    return scalars->form->add ? tmk_ad_add(out, scalars->s[i]) : tmk_ad_sub(out, scalars->s[i]);
}

static struct tmk_node *scalar_loss(const struct scalars *scalars)
{
    struct tmk_node *loss = tmk_ad_scalar(scalars->graph, TMK_F64, 0);
    for (int y = 0; y < IMAGE; y++) {
        for (int x = 0; x < IMAGE; x++) {
            struct tmk_node *d = difference(scalars, y, x);
            struct tmk_node *same = scalars->form->paths ? difference(scalars, y, x) : d;
            loss = tmk_ad_add(loss, tmk_ad_mul(d, same));
        }
    }
    return loss;
}

static enum tmk_status differentiate_scalars(struct scalars *scalars,
                                             struct tmk_residual_result *out)
{
    double ahead = 0;
    TMK_TRY(tmk_graph_make(&(struct tmk_graph_options){.threads = 1}, &scalars->graph));
    TMK_TRY(make_leaves(scalars));
    struct tmk_node *loss = scalar_loss(scalars);
    TMK_TRY(tmk_graph_status(scalars->graph));
    TMK_TRY(tmk_ad_number(loss, &out->loss));
    TMK_TRY(tmk_ad_backward(loss));
    for (int i = 0; i < TAPS; i++) {
        struct tmk_view gradient;
        TMK_TRY(tmk_ad_gradient(scalars->k[i], &gradient));
        out->gradient[i] = *(double *)gradient.data;
        out->slope += scalars->block->g[i] * out->gradient[i];
    }
    for (int i = 0; i < TAPS; i++)
        *(double *)tmk_variable_write(&scalars->weight[i])->data +=
            TMK_RESIDUAL_STEP * scalars->block->g[i];
    TMK_TRY(tmk_ad_number(loss, &ahead));
    out->quotient = (ahead - out->loss) / TMK_RESIDUAL_STEP;
    out->nodes = tmk_graph_size(scalars->graph);
    return TMK_OK;
}

enum tmk_status tmk_residual_by_scalars(const struct tmk_residual *block,
                                        const struct tmk_residual_form *form,
                                        struct tmk_residual_result *out)
{
    struct scalars scalars = {.block = block, .form = form};
    *out = (struct tmk_residual_result){0};
    enum tmk_status status = differentiate_scalars(&scalars, out);
    tmk_graph_free(scalars.graph);
    for (int i = 0; i < TAPS; i++)
        tmk_variable_free(&scalars.weight[i]);
    return status;
}

/* -- tensors -- */

struct tensors {
    struct tmk_graph *graph;
    struct tmk_variable x, k, s;
};

/* A square image as (1, 1, size, size). */
static enum tmk_status make_tensor(const double *values, size_t size, struct tmk_variable *out)
{
    TMK_TRY(tmk_variable_make(out, TMK_F64, 4, (const size_t[]){1, 1, size, size}));
    double *element = tmk_variable_write(out)->data;
    for (size_t i = 0; i < size * size; i++)
        element[i] = values[i];
    return TMK_OK;
}

/* Padding may make the convolution larger than the image: the first rows and columns are kept. */
static struct tmk_node *tensor_loss(const struct tensors *tensors, struct tmk_node *k,
                                    const struct tmk_residual_form *form)
{
    struct tmk_ad_conv2d params = {.pad_h = form->pad, .pad_w = form->pad};
    struct tmk_node *x = tmk_ad_input(tensors->graph, &tensors->x);
    struct tmk_node *s = tmk_ad_input(tensors->graph, &tensors->s);
    struct tmk_node *z = tmk_ad_conv2d(x, k, NULL, &params);
    z = tmk_ad_slice(tmk_ad_slice(z, 2, 0, IMAGE), 3, 0, IMAGE);
    struct tmk_node *out = tmk_ad_add(tmk_ad_relu(z), x);
    return tmk_ad_squared_norm(form->add ? tmk_ad_add(out, s) : tmk_ad_sub(out, s));
}

static enum tmk_status differentiate_tensors(const struct tmk_residual *block,
                                             const struct tmk_residual_form *form,
                                             struct tensors *tensors,
                                             struct tmk_residual_result *out)
{
    double ahead = 0;
    struct tmk_view gradient;
    TMK_TRY(make_tensor(block->x, IMAGE, &tensors->x));
    TMK_TRY(make_tensor(block->k, KERNEL, &tensors->k));
    TMK_TRY(make_tensor(block->s, IMAGE, &tensors->s));
    TMK_TRY(tmk_graph_make(&(struct tmk_graph_options){.threads = 1}, &tensors->graph));
    struct tmk_node *k = tmk_ad_parameter(tensors->graph, &tensors->k);
    struct tmk_node *loss = tensor_loss(tensors, k, form);
    TMK_TRY(tmk_graph_status(tensors->graph));
    TMK_TRY(tmk_ad_number(loss, &out->loss));
    TMK_TRY(tmk_ad_backward(loss));
    TMK_TRY(tmk_ad_gradient(k, &gradient));
    for (int i = 0; i < TAPS; i++) {
        out->gradient[i] = ((double *)gradient.data)[i];
        out->slope += block->g[i] * out->gradient[i];
    }
    double *weight = tmk_variable_write(&tensors->k)->data;
    for (int i = 0; i < TAPS; i++)
        weight[i] += TMK_RESIDUAL_STEP * block->g[i];
    TMK_TRY(tmk_ad_number(loss, &ahead));
    out->quotient = (ahead - out->loss) / TMK_RESIDUAL_STEP;
    out->nodes = tmk_graph_size(tensors->graph);
    return TMK_OK;
}

enum tmk_status tmk_residual_by_tensors(const struct tmk_residual *block,
                                        const struct tmk_residual_form *form,
                                        struct tmk_residual_result *out)
{
    struct tensors tensors = {.graph = NULL};
    *out = (struct tmk_residual_result){0};
    enum tmk_status status = differentiate_tensors(block, form, &tensors, out);
    tmk_graph_free(tensors.graph);
    tmk_variable_free(&tensors.x);
    tmk_variable_free(&tensors.k);
    tmk_variable_free(&tensors.s);
    return status;
}
