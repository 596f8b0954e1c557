/* The second half of this file is a template that the first half includes for each data type. */
#ifndef TYPE

#include "columns.h"

#include "alloc.h"
#include "bias.h"
#include "size.h"

#include <omp.h>
#include <stdint.h>

/* The window view with its channels split by group has the axes */
enum axis { GROUP, CHANNEL, OUT_H, OUT_W, TAP_H, TAP_W, NAXES };

/* The order in which they make up the dense columns: depth before cols, and where channels and
 * kernel meet, as the weights have them in memory. */
static const int column_order[TMK_NDIRS][TMK_NLAYOUTS][NAXES] = {
    [TMK_FWD] = {[TMK_NCHW] = {GROUP, CHANNEL, TAP_H, TAP_W, OUT_H, OUT_W},
                 [TMK_NHWC] = {GROUP, TAP_H, TAP_W, CHANNEL, OUT_H, OUT_W}},
    [TMK_BWD_D] = {[TMK_NCHW] = {GROUP, CHANNEL, TAP_H, TAP_W, OUT_H, OUT_W},
                   [TMK_NHWC] = {GROUP, CHANNEL, TAP_H, TAP_W, OUT_H, OUT_W}},
    [TMK_BWD_W] = {[TMK_NCHW] = {GROUP, TAP_H, TAP_W, CHANNEL, OUT_H, OUT_W},
                   [TMK_NHWC] = {GROUP, TAP_H, TAP_W, OUT_H, OUT_W, CHANNEL}},
};

/* What is computed, and where its parts lie in the workspace. */
struct plan {
    const struct tmk_conv2d *p;
    enum tmk_dir dir;
    struct tmk_window window;
    size_t channels; /* of the image that the window slides over, per group */
    size_t rows, depth, cols;
    size_t weights_at, padded_at, columns_at, bytes;
};

/* Take room for `count` elements at the workspace's end. False if that overflows. */
static bool reserve(struct plan *plan, size_t count, size_t *at)
{
    size_t bytes;
    *at = plan->bytes;
    return tmk_size_mul(count, tmk_dtype_size(plan->p->base.dtype), &bytes) &&
           tmk_size_add(bytes, TMK_ALIGN - 1, &bytes) &&
           tmk_size_add(plan->bytes, bytes - bytes % TMK_ALIGN, &plan->bytes);
}

static bool make_plan(const struct tmk_problem *problem, enum tmk_dir dir, struct plan *plan)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    const size_t icg = p->ic / p->g, ocg = p->oc / p->g, taps = p->kh * p->kw;
    *plan = (struct plan){
        .p = p,
        .dir = dir,
        .window = tmk_conv2d_window(p, dir),
        .channels = dir == TMK_BWD_D ? ocg : icg,
        .rows = dir == TMK_BWD_D ? icg : ocg,
        .depth = dir == TMK_BWD_W ? p->oh * p->ow : (dir == TMK_FWD ? icg : ocg) * taps,
        .cols = dir == TMK_FWD     ? p->oh * p->ow
                : dir == TMK_BWD_D ? p->ih * p->iw
                                   : icg * taps,
    };
    const size_t weights = dir == TMK_BWD_D ? p->oc * icg * taps : 0;
    size_t padded, columns;
    return reserve(plan, weights, &plan->weights_at) &&
           tmk_window_padded_count(&plan->window, 1, p->g * plan->channels, &padded) &&
           reserve(plan, padded, &plan->padded_at) &&
           tmk_size_mul(p->g * plan->depth, plan->cols, &columns) &&
           reserve(plan, columns, &plan->columns_at);
}

size_t tmk_columns_workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                             enum tmk_dir dir, int threads)
{
    (void)self, (void)threads;
    struct plan plan;
    return make_plan(problem, dir, &plan) ? plan.bytes : SIZE_MAX;
}

static void *advance(void *data, ptrdiff_t elements, enum tmk_dtype dtype)
{
    return data ? (char *)data + elements * (ptrdiff_t)tmk_dtype_size(dtype) : NULL;
}

/* Image n of an operand (N, C, H, W) as matrices (G, C/G, H*W). */
static struct tmk_view image_matrices(const struct tmk_view *image, size_t groups, size_t n)
{
    const size_t channels = image->shape[1] / groups;
    return (struct tmk_view){
        .data = advance(image->data, (ptrdiff_t)n * image->stride[0], image->dtype),
        .dtype = image->dtype,
        .ndim = 3,
        .shape = {groups, channels, image->shape[2] * image->shape[3]},
        .stride = {(ptrdiff_t)channels * image->stride[1], image->stride[1], image->stride[3]},
        .begin = image->begin,
        .end = image->end,
    };
}

/* Dense matrices (G, rows, cols) at a place in the workspace; NULL: without memory. */
static struct tmk_view dense_matrices(const struct plan *plan, size_t rows, size_t cols,
                                      char *workspace, size_t at)
{
    return (struct tmk_view){
        .data = workspace ? workspace + at : NULL,
        .dtype = plan->p->base.dtype,
        .ndim = 3,
        .shape = {plan->p->g, rows, cols},
        .stride = {(ptrdiff_t)(rows * cols), (ptrdiff_t)cols, 1},
        .begin = workspace,
        .end = workspace ? workspace + plan->bytes : NULL,
    };
}

/* The weights (OC, IC/G, KH, KW) as matrices (G, OC/G, IC/G*KH*KW): dense in either layout. */
static struct tmk_view weight_matrices(const struct plan *plan, const struct tmk_view *w)
{
    struct tmk_view view = dense_matrices(plan, plan->p->oc / plan->p->g,
                                          w->shape[1] * w->shape[2] * w->shape[3], NULL, 0);
    view.data = w->data;
    view.begin = w->begin;
    view.end = w->end;
    return view;
}

static struct tmk_columns_product make_product(const struct plan *plan, const struct tmk_args *args,
                                               char *workspace, size_t n)
{
    const size_t groups = plan->p->g;
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const struct tmk_view *y = &args->operand[TMK_DST];
    struct tmk_columns_product product = {
        .columns = dense_matrices(plan, plan->depth, plan->cols, workspace, plan->columns_at)};
    switch (plan->dir) {
    case TMK_BWD_D:
        product.left = dense_matrices(plan, plan->rows, plan->depth, workspace, plan->weights_at);
        product.out = image_matrices(x, groups, n);
        break;
    case TMK_BWD_W:
        product.left = image_matrices(y, groups, n);
        product.out = weight_matrices(plan, w);
        product.accumulate = n > 0;
        break;
    default:
        product.left = weight_matrices(plan, w);
        product.out = image_matrices(y, groups, n);
        product.accumulate = plan->p->bias;
    }
    return product;
}

double tmk_columns_bytes(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    const double channels = (double)(dir == TMK_BWD_D ? p->oc : p->ic);
    const double places =
        dir == TMK_BWD_D ? (double)p->ih * (double)p->iw : (double)p->oh * (double)p->ow;
    const double columns = (double)p->mb * channels * (double)p->kh * (double)p->kw * places;
    return 2 * columns * (double)tmk_dtype_size(problem->dtype);
}

enum tmk_status tmk_columns_shape(const struct tmk_problem *problem, enum tmk_dir dir,
                                  struct tmk_columns_product *out)
{
    struct plan plan;
    struct tmk_args args;
    TMK_TRY(tmk_op_operands(problem, &args));
    if (!make_plan(problem, dir, &plan))
        return tmk_fail(TMK_EINVAL, "conv2d: the size of the columns overflows: use a smaller "
                                    "problem");
    *out = make_product(&plan, &args, NULL, 0);
    return TMK_OK;
}

#define TEMPLATE "columns.c"
#include "both_types.h"

/* Copy a view of NAXES axes to dense memory, row-major; a team shares the work out. */
static void materialise(const struct tmk_view *view, void *dense)
{
    if (view->dtype == TMK_F32)
        materialise_f32(view, dense);
    else
        materialise_f64(view, dense);
}

/* bwd_d's left operand: w turned by 180 degrees, input channels as rows. */
static void rotate_weights(const struct plan *plan, const struct tmk_view *w,
                           const struct tmk_view *left, const struct tmk_exec *exec)
{
    const struct tmk_conv2d *p = plan->p;
    const ptrdiff_t *stride = w->stride;
    struct tmk_view rotated = *w;
    rotated.data = advance(
        w->data, (ptrdiff_t)(p->kh - 1) * stride[2] + (ptrdiff_t)(p->kw - 1) * stride[3], w->dtype);
    rotated.ndim = NAXES;
    const size_t shape[NAXES] = {1, p->g, plan->rows, plan->channels, p->kh, p->kw};
    const ptrdiff_t step[NAXES] = {
        0, (ptrdiff_t)plan->channels * stride[0], stride[1], stride[0], -stride[2], -stride[3]};
    for (int i = 0; i < NAXES; i++) {
        rotated.shape[i] = shape[i];
        rotated.stride[i] = step[i];
    }
#pragma omp parallel num_threads(exec->threads)
    {
        const double start = tmk_phase_start(exec);
        materialise(&rotated, left->data);
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_PACK, start);
    }
}

/* Room for one padded image (1, C, extent h, extent w), channels innermost if the columns have them
 * so. */
static struct tmk_view padded_image(const struct plan *plan, char *workspace)
{
    const size_t channels = plan->p->g * plan->channels;
    const size_t h = tmk_window_extent(&plan->window.h), w = tmk_window_extent(&plan->window.w);
    const bool last = column_order[plan->dir][plan->p->base.layout][NAXES - 1] == CHANNEL;
    const ptrdiff_t pixel = last ? (ptrdiff_t)channels : 1;
    return (struct tmk_view){
        .data = workspace + plan->padded_at,
        .dtype = plan->p->base.dtype,
        .ndim = 4,
        .shape = {1, channels, h, w},
        .stride = {0, last ? 1 : (ptrdiff_t)(h * w), (ptrdiff_t)w * pixel, pixel},
        .begin = workspace,
        .end = workspace + plan->bytes,
    };
}

/* Pad image n and write out its columns. */
static enum tmk_status load_image(const struct plan *plan, const struct tmk_view *images, size_t n,
                                  char *workspace, const struct tmk_exec *exec)
{
    const size_t channels = plan->p->g * plan->channels;
    const struct tmk_view padded = padded_image(plan, workspace);
    struct tmk_view image, window;
    TMK_TRY(tmk_view_slice(images, 0, n, 1, 1, &image));
    TMK_TRY(tmk_window_view(&padded, &plan->window, &window));
    window.shape[GROUP] = plan->p->g; /* in place of N, which is 1 */
    window.shape[CHANNEL] = plan->channels;
    window.stride[GROUP] = (ptrdiff_t)plan->channels * window.stride[CHANNEL];
    window = tmk_view_permute(&window, column_order[plan->dir][plan->p->base.layout]);
    int status = TMK_OK;
#pragma omp parallel num_threads(exec->threads) reduction(max : status)
    {
        const double start = tmk_phase_start(exec);
#pragma omp for schedule(static)
        for (size_t c = 0; c < channels; c++) {
            const struct tmk_view from = tmk_conv2d_group(&image, 1, channels, c);
            const struct tmk_view to = tmk_conv2d_group(&padded, 1, channels, c);
            status = TMK_MAX(status, (int)tmk_window_pad(&from, &plan->window, &to));
        }
        materialise(&window, workspace + plan->columns_at);
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_PACK, start);
    }
    return (enum tmk_status)status;
}

enum tmk_status tmk_columns_run(const struct tmk_problem *problem, enum tmk_dir dir,
                                const struct tmk_args *args, const struct tmk_exec *exec,
                                tmk_columns_multiply *multiply)
{
    struct plan plan;
    if (!make_plan(problem, dir, &plan) || exec->workspace_bytes < plan.bytes)
        return tmk_fail(TMK_EINVAL,
                        "conv2d: %zu bytes of workspace do not hold the columns: give "
                        "it what workspace() asks for",
                        exec->workspace_bytes);
    char *workspace = exec->workspace;
    struct tmk_exec rest = *exec;
    rest.workspace = workspace + plan.bytes;
    rest.workspace_bytes -= plan.bytes;
    if (plan.p->bias && dir == TMK_FWD)
        tmk_conv2d_spread_bias(plan.p, args, exec);
    if (plan.p->bias && dir == TMK_BWD_W)
        tmk_conv2d_sum_bias(plan.p, args, exec);
    for (size_t n = 0; n < plan.p->mb; n++) {
        const struct tmk_columns_product product = make_product(&plan, args, workspace, n);
        if (dir == TMK_BWD_D && n == 0)
            rotate_weights(&plan, &args->operand[TMK_WEI], &product.left, exec);
        TMK_TRY(load_image(&plan, &args->operand[dir == TMK_BWD_D ? TMK_DST : TMK_SRC], n,
                           workspace, exec));
        TMK_TRY(multiply(&product, &rest));
    }
    return TMK_OK;
}

#else

static void NAME(materialise)(const struct tmk_view *view, TYPE *dense)
{
    const size_t *shape = view->shape, inner = shape[4] * shape[5];
    const ptrdiff_t *stride = view->stride;
#pragma omp for collapse(4) schedule(static)
    for (size_t a = 0; a < shape[0]; a++) {
        for (size_t b = 0; b < shape[1]; b++) {
            for (size_t c = 0; c < shape[2]; c++) {
                for (size_t d = 0; d < shape[3]; d++) {
                    const TYPE *from = (const TYPE *)view->data + (ptrdiff_t)a * stride[0] +
                                       (ptrdiff_t)b * stride[1] + (ptrdiff_t)c * stride[2] +
                                       (ptrdiff_t)d * stride[3];
                    TYPE *to = dense + (((a * shape[1] + b) * shape[2] + c) * shape[3] + d) * inner;
                    for (size_t e = 0; e < shape[4]; e++) {
                        for (size_t f = 0; f < shape[5]; f++)
                            *to++ = from[(ptrdiff_t)e * stride[4] + (ptrdiff_t)f * stride[5]];
                    }
                }
            }
        }
    }
}

#endif
