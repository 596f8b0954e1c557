/* Matrix multiplication as a node: the problems that its three directions are, and their kernels.
 */
#include "matmul.h"
#include "ops.h"
#include "room.h"

#include "size.h"

#include <string.h>

static const enum tmk_operand input_operand[] = {TMK_SRC, TMK_WEI};
static const enum tmk_dir input_dir[] = {TMK_BWD_D, TMK_BWD_W};

/* A gradient is dense, a value may be transposed: each direction has strides of its own. */
struct product {
    struct tmk_matmul problem[TMK_NDIRS];
    const struct tmk_impl *impl[TMK_NDIRS];
    bool empty; /* nothing to multiply: C is all zeros, or nothing */
};

/* -- shapes -- */

/* The same matrices with leading batch dimensions of size 1 up to `ndim`. */
static struct tmk_view with_batch(const struct tmk_view *matrix, int ndim)
{
    struct tmk_view view = *matrix;
    int lead = ndim - matrix->ndim;
    for (int d = ndim - 1; d >= 0; d--) {
        view.shape[d] = d < lead ? 1 : matrix->shape[d - lead];
        view.stride[d] = d < lead ? (ptrdiff_t)tmk_view_count(matrix) : matrix->stride[d - lead];
    }
    view.ndim = ndim;
    return view;
}

static enum tmk_status check_shapes(const struct tmk_view *a, const struct tmk_view *b)
{
    if (a->ndim < 2 || b->ndim < 2)
        return tmk_fail(TMK_EINVAL,
                        "matmul: inputs of %d and %d dimensions: reshape vectors to matrices",
                        a->ndim, b->ndim);
    size_t k = a->shape[a->ndim - 1], rows = b->shape[b->ndim - 2];
    if (k != rows)
        return tmk_fail(TMK_EINVAL, "matmul: A has %zu columns, B has %zu rows: make them equal", k,
                        rows);
    for (int d = 3; d <= TMK_MIN(a->ndim, b->ndim); d++) { /* from the last on */
        size_t m = a->shape[a->ndim - d], n = b->shape[b->ndim - d];
        if (m != n && m != 1 && n != 1)
            return tmk_fail(
                TMK_EINVAL,
                "matmul: batch sizes %zu and %zu do not broadcast: make them equal, or one 1", m,
                n);
    }
    return TMK_OK;
}

static void set_problem(struct tmk_matmul *p, const struct tmk_view views[TMK_NOPERANDS])
{
    const struct tmk_view *a = &views[TMK_SRC], *b = &views[TMK_WEI], *c = &views[TMK_DST];
    p->base = (struct tmk_problem){.op = &tmk_op_matmul, .dtype = a->dtype, .multiplicity = 1};
    p->nbatch = c->ndim - 2;
    memcpy(p->a_batch, a->shape, (size_t)p->nbatch * sizeof *a->shape);
    memcpy(p->b_batch, b->shape, (size_t)p->nbatch * sizeof *b->shape);
    p->m = c->shape[p->nbatch];
    p->n = c->shape[p->nbatch + 1];
    p->k = b->shape[p->nbatch];
    for (int o = 0; o < TMK_NOPERANDS; o++)
        memcpy(p->stride[o], views[o].stride, sizeof views[o].stride);
}

/* The operands of one direction: values in their strides, gradients dense. */
static struct tmk_args operands(const struct tmk_node *node, enum tmk_dir dir)
{
    int ndim = node->value.ndim;
    struct tmk_args args = {0};
    for (int i = 0; i < 2; i++) {
        struct tmk_view input = node->input[i]->value;
        if (dir == input_dir[i])
            input = tmk_gradient_view(node->input[i]);
        args.operand[input_operand[i]] = with_batch(&input, ndim);
    }
    args.operand[TMK_DST] = dir == TMK_FWD ? node->value : tmk_gradient_view(node);
    return args;
}

static bool direction_needed(const struct tmk_node *node, enum tmk_dir dir)
{
    return dir == TMK_FWD || node->input[dir == TMK_BWD_W]->needs_gradient;
}

/* -- running -- */

static enum tmk_status forward(struct tmk_node *node)
{
    const struct product *product = node->params;
    if (product->empty) {
        tmk_zero(&node->value, node->graph->options.threads);
        return TMK_OK;
    }
    struct tmk_args args = operands(node, TMK_FWD);
    return tmk_run_impl(node, product->impl[TMK_FWD], &product->problem[TMK_FWD].base, TMK_FWD,
                        &args, 0);
}

static enum tmk_status backward(struct tmk_node *node)
{
    const struct product *product = node->params;
    for (int i = 0; i < 2; i++) {
        enum tmk_dir dir = input_dir[i];
        struct tmk_kernel_target target = tmk_kernel_target_begin(node, i, node->graph->workspace);
        if (!target.wanted)
            continue;
        if (product->empty) {
            if (target.first)
                tmk_zero(&target.gradient, node->graph->options.threads);
            continue;
        }
        struct tmk_args args = operands(node, dir);
        args.operand[input_operand[i]] = with_batch(&target.out, node->value.ndim);
        TMK_TRY(tmk_run_impl(node, product->impl[dir], &product->problem[dir].base, dir, &args,
                             tmk_kernel_scratch(node, i)));
        tmk_kernel_target_end(node, &target);
    }
    return TMK_OK;
}

static size_t workspace(const struct tmk_node *node, enum tmk_pass pass)
{
    const struct product *product = node->params;
    int threads = node->graph->options.threads;
    size_t most = 0;
    for (enum tmk_dir dir = TMK_FWD; dir < TMK_NDIRS && !product->empty; dir++) {
        if ((dir == TMK_FWD) != (pass == TMK_FORWARD) || !direction_needed(node, dir))
            continue;
        size_t scratch = dir == TMK_FWD ? 0 : tmk_kernel_scratch(node, dir == TMK_BWD_W);
        size_t bytes =
            tmk_impl_workspace(product->impl[dir], &product->problem[dir].base, dir, threads);
        if (!tmk_size_add(bytes, scratch, &bytes))
            bytes = SIZE_MAX;
        most = TMK_MAX(most, bytes);
    }
    return most;
}

/* -- building -- */

/* Kernels take matrices that are dense or the transpose of dense ones; others are copied. */
static struct tmk_node *with_plain_strides(struct tmk_node *matrix)
{
    if (!matrix || matrix->value.ndim < 2)
        return matrix;
    struct tmk_view transposed = tmk_view_transpose(&matrix->value, -2, -1);
    return tmk_view_is_dense(&transposed) ? matrix : tmk_ad_contiguous(matrix);
}

static enum tmk_status set_up(struct tmk_node *node)
{
    struct product *product = node->params;
    product->empty = tmk_view_count(&node->value) == 0 ||
                     tmk_view_count(&node->input[0]->value) == 0 ||
                     tmk_view_count(&node->input[1]->value) == 0;
    for (enum tmk_dir dir = TMK_FWD; dir < TMK_NDIRS && !product->empty; dir++) {
        if (!direction_needed(node, dir))
            continue;
        struct tmk_args args = operands(node, dir);
        struct tmk_problem *problem = &product->problem[dir].base;
        set_problem(&product->problem[dir], args.operand);
        TMK_TRY(tmk_choose_impl(node->graph, problem, dir, &product->impl[dir]));
        node->cost.flops[dir == TMK_FWD ? TMK_FORWARD : TMK_BACKWARD] +=
            tmk_op_matmul.flops(problem, dir);
    }
    return TMK_OK;
}

struct tmk_node *tmk_ad_matmul(struct tmk_node *a, struct tmk_node *b)
{
    static const struct tmk_operator op = {
        .name = "matmul", .forward = forward, .backward = backward, .workspace = workspace};
    a = with_plain_strides(a);
    b = with_plain_strides(b);
    if (!a || !b)
        return NULL;
    enum tmk_status status = check_shapes(&a->value, &b->value);
    if (status != TMK_OK)
        return tmk_graph_fail(a->graph, status);
    int ndim = TMK_MAX(a->value.ndim, b->value.ndim);
    struct tmk_view left = with_batch(&a->value, ndim), right = with_batch(&b->value, ndim);
    size_t shape[TMK_MAX_DIMS];
    for (int d = 0; d < ndim - 2; d++)
        shape[d] = left.shape[d] == 1 ? right.shape[d] : left.shape[d];
    shape[ndim - 2] = left.shape[ndim - 2];
    shape[ndim - 1] = right.shape[ndim - 1];
    struct tmk_node *node =
        tmk_node_new(&op, 2, (struct tmk_node *[]){a, b}, ndim, shape, sizeof(struct product));
    if (!node)
        return NULL;
    status = set_up(node);
    return status == TMK_OK ? node : tmk_graph_fail(a->graph, status);
}
