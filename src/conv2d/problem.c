/* The convolution problem: its operands, and its FLOPs and bytes, defined here and nowhere else. */
#include "room.h"

#include "size.h"

#include <stdint.h>

#define TMK_IMPL(name) extern const struct tmk_impl tmk_conv2d_##name;
#include "conv2d_impls.inc"
#undef TMK_IMPL

#define TMK_IMPL(name) &tmk_conv2d_##name,
static const struct tmk_impl *const impls[] = {
#include "conv2d_impls.inc"
    NULL};
#undef TMK_IMPL

/* 2 FLOPs per multiply-add; every direction has the same multiply-adds. */
static double flops_with_taps(const struct tmk_conv2d *p, double taps_h, double taps_w)
{
    return 2.0 * (double)p->mb * (double)p->oc * (double)(p->ic / p->g) * taps_h * taps_w;
}

static double flops(const struct tmk_problem *problem, enum tmk_dir dir)
{
    (void)dir;
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    return flops_with_taps(p, (double)p->oh * (double)p->kh, (double)p->ow * (double)p->kw);
}

/* Pairs (output, tap) of one axis that read an element of the image: for each tap, the outputs
 * from the first at or after coordinate 0 to the last before coordinate `in`. */
static double taps_inside(const struct tmk_window_axis *axis)
{
    const ptrdiff_t in = (ptrdiff_t)axis->in, out = (ptrdiff_t)axis->out;
    const ptrdiff_t stride = (ptrdiff_t)axis->stride;
    double total = 0;
    for (size_t k = 0; k < axis->taps; k++) {
        const ptrdiff_t before = axis->pad_lo - (ptrdiff_t)(k * axis->dilation);
        const ptrdiff_t first = before > 0 ? (before + stride - 1) / stride : 0;
        const ptrdiff_t end = before + in > 0 ? (before + in + stride - 1) / stride : 0;
        if (TMK_MIN(end, out) > first)
            total += (double)(TMK_MIN(end, out) - first);
    }
    return total;
}

static double flops_unpadded(const struct tmk_problem *problem, enum tmk_dir dir)
{
    (void)dir;
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    const struct tmk_window window = tmk_conv2d_window(p, TMK_FWD);
    return flops_with_taps(p, taps_inside(&window.h), taps_inside(&window.w));
}

static double bytes(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    const double x = (double)p->mb * (double)p->ic * (double)p->ih * (double)p->iw;
    const double w = (double)p->oc * (double)(p->ic / p->g) * (double)p->kh * (double)p->kw;
    const double y = (double)p->mb * (double)p->oc * (double)p->oh * (double)p->ow;
    const double b = p->bias && dir != TMK_BWD_D ? (double)p->oc : 0;
    return (x + w + y + b) * (double)tmk_dtype_size(problem->dtype);
}

static size_t depth(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    switch (dir) {
    case TMK_BWD_D:
        return p->oc / p->g * p->kh * p->kw;
    case TMK_BWD_W:
        return p->mb * p->oh * p->ow;
    default:
        return p->ic / p->g * p->kh * p->kw;
    }
}

/* Memory order of the axes (N, C, H, W) and (OC, IC, KH, KW), outermost first. */
static const int memory_order[TMK_NLAYOUTS][4] = {
    [TMK_NCHW] = {0, 1, 2, 3},
    [TMK_NHWC] = {0, 2, 3, 1},
};

static void shape_of(const struct tmk_conv2d *p, enum tmk_operand operand, struct tmk_view *view)
{
    const size_t shape[TMK_NOPERANDS][4] = {
        [TMK_SRC] = {p->mb, p->ic, p->ih, p->iw},
        [TMK_WEI] = {p->oc, p->ic / p->g, p->kh, p->kw},
        [TMK_BIA] = {p->bias ? p->oc : 0},
        [TMK_DST] = {p->mb, p->oc, p->oh, p->ow},
    };
    view->ndim = operand == TMK_BIA ? 1 : 4;
    for (int i = 0; i < view->ndim; i++)
        view->shape[i] = shape[operand][i];
}

static enum tmk_status operand(const struct tmk_problem *problem, enum tmk_operand which,
                               struct tmk_view *view, size_t *count)
{
    *view = (struct tmk_view){.dtype = problem->dtype};
    shape_of(tmk_conv2d_of(problem), which, view);
    size_t elements = 1, f64_bytes;
    for (int i = view->ndim - 1; i >= 0; i--) {
        const int axis = view->ndim == 1 ? 0 : memory_order[problem->layout][i];
        view->stride[axis] = (ptrdiff_t)elements;
        if (!tmk_size_mul(elements, view->shape[axis], &elements) ||
            !tmk_size_mul(elements, sizeof(double), &f64_bytes) || f64_bytes > PTRDIFF_MAX) {
            char desc[TMK_DESC_MAX];
            tmk_conv2d_format(problem, desc, sizeof desc);
            return tmk_fail(TMK_EINVAL,
                            "conv2d %s: a tensor's size in bytes overflows: use smaller sizes",
                            desc);
        }
    }
    *count = elements;
    return TMK_OK;
}

static void thin(const struct tmk_problem *problem, enum tmk_dir dir, struct tmk_problem *out)
{
    struct tmk_conv2d *p = (struct tmk_conv2d *)out;
    *p = *tmk_conv2d_of(problem);
    *(dir == TMK_BWD_D ? &p->ic : &p->oc) = p->g;
}

const struct tmk_op tmk_op_conv2d = {
    .name = "conv2d",
    .summary = "2-D convolution with stride, dilation, padding, groups and bias",
    .grammar = tmk_conv2d_grammar,
    .problem_size = sizeof(struct tmk_conv2d),
    .impls = impls,
    .peers = tmk_conv2d_peers,
    .parse = tmk_conv2d_parse,
    .format = tmk_conv2d_format,
    .flops = flops,
    .flops_unpadded = flops_unpadded,
    .bytes = bytes,
    .depth = depth,
    .thin = thin,
    .operand = operand,
    .oracle = tmk_conv2d_oracle,
};
