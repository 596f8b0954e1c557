/* Convolution as a node. */
#include "conv2d.h"
#include "ops.h"
#include "room.h"

#include "size.h"

#include <string.h>

static const enum tmk_operand input_operand[] = {TMK_SRC, TMK_WEI, TMK_BIA};

struct convolution {
    struct tmk_conv2d problem;
    const struct tmk_impl *impl[TMK_NDIRS];
    bool empty; /* a batch of no images: y has no elements, gradients are 0 */
};

static struct tmk_args operands(const struct tmk_node *node)
{
    struct tmk_args args = {0};
    args.operand[TMK_BIA] = (struct tmk_view){.dtype = node->value.dtype, .ndim = 1};
    for (int i = 0; i < node->ninputs; i++)
        args.operand[input_operand[i]] = node->input[i]->value;
    args.operand[TMK_DST] = node->value;
    return args;
}

/* bwd_w makes the gradients of weights and bias together. */
static bool direction_needed(const struct tmk_node *node, enum tmk_dir dir)
{
    struct tmk_node *const *input = node->input;
    bool bias = node->ninputs == 3 && input[2]->needs_gradient;
    return dir == TMK_FWD || (dir == TMK_BWD_D && input[0]->needs_gradient) ||
           (dir == TMK_BWD_W && (input[1]->needs_gradient || bias));
}

/* -- running -- */

static enum tmk_status forward(struct tmk_node *node)
{
    const struct convolution *conv = node->params;
    if (conv->empty)
        return TMK_OK;
    struct tmk_args args = operands(node);
    return tmk_run_impl(node, conv->impl[TMK_FWD], &conv->problem.base, TMK_FWD, &args, 0);
}

static enum tmk_status backward_data(struct tmk_node *node)
{
    const struct convolution *conv = node->params;
    struct tmk_kernel_target x = tmk_kernel_target_begin(node, 0, node->graph->workspace);
    if (!x.wanted)
        return TMK_OK;
    struct tmk_args args = operands(node);
    args.operand[TMK_DST] = tmk_gradient_view(node);
    args.operand[TMK_SRC] = x.out;
    TMK_TRY(tmk_run_impl(node, conv->impl[TMK_BWD_D], &conv->problem.base, TMK_BWD_D, &args,
                         tmk_kernel_scratch(node, 0)));
    tmk_kernel_target_end(node, &x);
    return TMK_OK;
}

static enum tmk_status backward_weights(struct tmk_node *node)
{
    const struct convolution *conv = node->params;
    struct tmk_args args = operands(node);
    struct tmk_kernel_target target[3];
    size_t used = 0;
    args.operand[TMK_DST] = tmk_gradient_view(node);
    for (int i = 1; i < node->ninputs; i++) {
        target[i] = tmk_kernel_target_begin(node, i, (char *)node->graph->workspace + used);
        args.operand[input_operand[i]] = target[i].out;
        used += tmk_kernel_scratch(node, i);
    }
    TMK_TRY(tmk_run_impl(node, conv->impl[TMK_BWD_W], &conv->problem.base, TMK_BWD_W, &args, used));
    for (int i = 1; i < node->ninputs; i++)
        tmk_kernel_target_end(node, &target[i]);
    return TMK_OK;
}

static enum tmk_status backward_empty(struct tmk_node *node)
{
    for (int i = 0; i < node->ninputs; i++) {
        struct tmk_view gradient;
        bool first;
        if (tmk_gradient_begin(node, i, &gradient, &first) && first)
            tmk_zero(&gradient, node->graph->options.threads);
    }
    return TMK_OK;
}

static enum tmk_status backward(struct tmk_node *node)
{
    const struct convolution *conv = node->params;
    if (conv->empty)
        return backward_empty(node);
    TMK_TRY(backward_data(node));
    return direction_needed(node, TMK_BWD_W) ? backward_weights(node) : TMK_OK;
}

static size_t workspace(const struct tmk_node *node, enum tmk_pass pass)
{
    const struct convolution *conv = node->params;
    size_t most = 0;
    for (enum tmk_dir dir = TMK_FWD; dir < TMK_NDIRS && !conv->empty; dir++) {
        if ((dir == TMK_FWD) != (pass == TMK_FORWARD) || !direction_needed(node, dir))
            continue;
        size_t bytes = tmk_impl_workspace(conv->impl[dir], &conv->problem.base, dir,
                                          node->graph->options.threads);
        for (int i = 0; i < node->ninputs && dir != TMK_FWD; i++) {
            if ((i == 0) == (dir == TMK_BWD_D) &&
                !tmk_size_add(bytes, tmk_kernel_scratch(node, i), &bytes))
                bytes = SIZE_MAX;
        }
        most = TMK_MAX(most, bytes);
    }
    return most;
}

/* -- building -- */

static enum tmk_status check_shapes(const struct tmk_conv2d *p, const struct tmk_view *x,
                                    const struct tmk_view *w, const struct tmk_view *b)
{
    if (x->ndim != 4 || w->ndim != 4 || (b && b->ndim != 1))
        return tmk_fail(TMK_EINVAL,
                        "conv2d: inputs of %d and %d dimensions: use x (N, IC, IH, IW), "
                        "w (OC, IC/groups, KH, KW) and b (OC)",
                        x->ndim, w->ndim);
    for (int d = 0; d < 4; d++) {
        if (w->shape[d] == 0 || (d > 0 && x->shape[d] == 0))
            return tmk_fail(TMK_EINVAL,
                            "conv2d: dimension %d of %s has size 0: only a batch may be empty", d,
                            w->shape[d] == 0 ? "w" : "x");
    }
    if (p->ic % p->g != 0 || p->oc % p->g != 0 || w->shape[1] != p->ic / p->g)
        return tmk_fail(TMK_EINVAL,
                        "conv2d: %zu input channels, %zu output channels and weights for %zu do "
                        "not go with %zu groups: make w (OC, IC/groups, KH, KW)",
                        p->ic, p->oc, w->shape[1], p->g);
    if (b && b->shape[0] != p->oc)
        return tmk_fail(TMK_EINVAL, "conv2d: a bias of %zu for %zu output channels: make it (OC)",
                        b->shape[0], p->oc);
    return TMK_OK;
}

static enum tmk_status output_size(size_t in, size_t kernel, size_t stride, size_t pad,
                                   size_t dilation, size_t *out)
{
    size_t reach, padded;
    if (!tmk_size_mul(kernel - 1, dilation, &reach) || !tmk_size_add(reach, 1, &reach) ||
        !tmk_size_mul(pad, 2, &padded) || !tmk_size_add(padded, in, &padded))
        return tmk_fail(TMK_EINVAL, "conv2d: sizes overflow: make them smaller");
    if (padded < reach)
        return tmk_fail(TMK_EINVAL,
                        "conv2d: a kernel that reaches over %zu does not fit an image of %zu with "
                        "padding %zu: pad more",
                        reach, in, pad);
    *out = (padded - reach) / stride + 1;
    return TMK_OK;
}

static size_t or_one(size_t value)
{
    return value ? value : 1;
}

static enum tmk_status make_problem(const struct tmk_view *x, const struct tmk_view *w,
                                    const struct tmk_view *b, const struct tmk_ad_conv2d *params,
                                    struct tmk_conv2d *p)
{
    *p = (struct tmk_conv2d){
        .base = {.op = &tmk_op_conv2d, .dtype = x->dtype, .multiplicity = 1},
        .g = or_one(params->groups),
        .mb = x->shape[0],
        .ic = x->shape[1],
        .ih = x->shape[2],
        .iw = x->shape[3],
        .oc = w->shape[0],
        .kh = w->shape[2],
        .kw = w->shape[3],
        .sh = or_one(params->stride_h),
        .sw = or_one(params->stride_w),
        .dh = or_one(params->dilation_h),
        .dw = or_one(params->dilation_w),
        .ph = params->pad_h,
        .pw = params->pad_w,
        .bias = b != NULL,
    };
    TMK_TRY(check_shapes(p, x, w, b));
    TMK_TRY(output_size(p->ih, p->kh, p->sh, p->ph, p->dh, &p->oh));
    return output_size(p->iw, p->kw, p->sw, p->pw, p->dw, &p->ow);
}

static enum tmk_status set_up(struct tmk_node *node, const struct tmk_conv2d *problem)
{
    struct convolution *conv = node->params;
    conv->problem = *problem;
    conv->empty = problem->mb == 0;
    for (enum tmk_dir dir = TMK_FWD; dir < TMK_NDIRS && !conv->empty; dir++) {
        if (!direction_needed(node, dir))
            continue;
        TMK_TRY(tmk_choose_impl(node->graph, &conv->problem.base, dir, &conv->impl[dir]));
        node->cost.flops[dir == TMK_FWD ? TMK_FORWARD : TMK_BACKWARD] +=
            tmk_op_conv2d.flops(&conv->problem.base, dir);
    }
    return TMK_OK;
}

struct tmk_node *tmk_ad_conv2d(struct tmk_node *x, struct tmk_node *w, struct tmk_node *b,
                               const struct tmk_ad_conv2d *params)
{
    static const struct tmk_operator op = {
        .name = "conv2d", .forward = forward, .backward = backward, .workspace = workspace};
    struct tmk_node *input[] = {tmk_ad_contiguous(x), tmk_ad_contiguous(w), tmk_ad_contiguous(b)};
    if (!input[0] || !input[1] || (b && !input[2]))
        return NULL;
    struct tmk_conv2d problem;
    enum tmk_status status = make_problem(&input[0]->value, &input[1]->value,
                                          b ? &input[2]->value : NULL, params, &problem);
    if (status != TMK_OK)
        return tmk_graph_fail(x->graph, status);
    const size_t shape[] = {problem.mb, problem.oc, problem.oh, problem.ow};
    struct tmk_node *node =
        tmk_node_new(&op, b ? 3 : 2, input, 4, shape, sizeof(struct convolution));
    if (!node)
        return NULL;
    status = set_up(node, &problem);
    return status == TMK_OK ? node : tmk_graph_fail(x->graph, status);
}
