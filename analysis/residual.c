#include "residual.h"
#include "ops.h"

#include "random.h"

enum { IMAGE = TMK_RESIDUAL_IMAGE, KERNEL = TMK_RESIDUAL_KERNEL };

static void draw(struct tmk_random *random, double mean, double *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = mean + tmk_random_normal(random);
}

void tmk_residual_draw(uint32_t seed, struct tmk_residual *out)
{
    struct tmk_random random;
    tmk_random_seed(&random, seed);
    draw(&random, 0, &out->x[0][0], IMAGE * IMAGE);
    draw(&random, 0, &out->k[0][0], KERNEL * KERNEL);
    draw(&random, 0, &out->s[0][0], IMAGE * IMAGE);
    draw(&random, 5, &out->g[0][0], KERNEL * KERNEL);
}

/* -- scalars -- */

/* The leaves: K's elements are variables, X's and S's are constants. */
struct scalars {
    const struct tmk_residual *block;
    const struct tmk_residual_form *form;
    struct tmk_graph *graph;
    struct tmk_variable weight[KERNEL][KERNEL];
    struct tmk_node *k[KERNEL][KERNEL];
    struct tmk_node *x[IMAGE][IMAGE], *s[IMAGE][IMAGE];
};

static enum tmk_status make_leaves(struct scalars *scalars)
{
    for (int i = 0; i < KERNEL; i++) {
        for (int j = 0; j < KERNEL; j++) {
            struct tmk_variable *weight = &scalars->weight[i][j];
            TMK_TRY(tmk_variable_make(weight, TMK_F64, 0, NULL));
            *(double *)tmk_variable_write(weight)->data = scalars->block->k[i][j];
            scalars->k[i][j] = tmk_ad_parameter(scalars->graph, weight);
        }
    }
    for (int y = 0; y < IMAGE; y++) {
        for (int x = 0; x < IMAGE; x++) {
            scalars->x[y][x] = tmk_ad_scalar(scalars->graph, TMK_F64, scalars->block->x[y][x]);
            scalars->s[y][x] = tmk_ad_scalar(scalars->graph, TMK_F64, scalars->block->s[y][x]);
        }
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
                z = tmk_ad_add(z, tmk_ad_mul(scalars->x[row][column], scalars->k[j][i]));
        }
    }
    return z;
}

static struct tmk_node *difference(const struct scalars *scalars, int y, int x)
{
    struct tmk_node *out = tmk_ad_add(tmk_ad_relu(convolve(scalars, y, x)), scalars->x[y][x]);
    return scalars->form->add ? tmk_ad_add(out, scalars->s[y][x])
                              : tmk_ad_sub(out, scalars->s[y][x]);
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
    for (int i = 0; i < KERNEL; i++) {
        for (int j = 0; j < KERNEL; j++) {
            struct tmk_view gradient;
            TMK_TRY(tmk_ad_gradient(scalars->k[i][j], &gradient));
            out->gradient[i][j] = *(double *)gradient.data;
            out->slope += scalars->block->g[i][j] * out->gradient[i][j];
        }
    }
    for (int i = 0; i < KERNEL; i++) {
        for (int j = 0; j < KERNEL; j++)
            *(double *)tmk_variable_write(&scalars->weight[i][j])->data +=
                TMK_RESIDUAL_STEP * scalars->block->g[i][j];
    }
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
    for (int i = 0; i < KERNEL * KERNEL; i++)
        tmk_variable_free(&scalars.weight[0][i]);
    return status;
}

/* -- tensors -- */

struct tensors {
    struct tmk_graph *graph;
    struct tmk_variable x, k, s;
};

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
    TMK_TRY(make_tensor(&block->x[0][0], IMAGE, &tensors->x));
    TMK_TRY(make_tensor(&block->k[0][0], KERNEL, &tensors->k));
    TMK_TRY(make_tensor(&block->s[0][0], IMAGE, &tensors->s));
    TMK_TRY(tmk_graph_make(&(struct tmk_graph_options){.threads = 1}, &tensors->graph));
    struct tmk_node *k = tmk_ad_parameter(tensors->graph, &tensors->k);
    struct tmk_node *loss = tensor_loss(tensors, k, form);
    TMK_TRY(tmk_graph_status(tensors->graph));
    TMK_TRY(tmk_ad_number(loss, &out->loss));
    TMK_TRY(tmk_ad_backward(loss));
    TMK_TRY(tmk_ad_gradient(k, &gradient));
    for (int i = 0; i < KERNEL * KERNEL; i++) {
        (&out->gradient[0][0])[i] = ((double *)gradient.data)[i];
        out->slope += (&block->g[0][0])[i] * ((double *)gradient.data)[i];
    }
    double *weight = tmk_variable_write(&tensors->k)->data;
    for (int i = 0; i < KERNEL * KERNEL; i++)
        weight[i] += TMK_RESIDUAL_STEP * (&block->g[0][0])[i];
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
