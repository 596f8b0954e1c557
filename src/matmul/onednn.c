/* onednn: oneDNN's matmul primitive on the matrices as they lie. */
#include "matmul_parts.h"
#include "onednn.h"

#include <stdint.h>
#include <stdlib.h>

/* As one who knows oneDNN would call it: batch axes folded, output by rows; what is still to be
 * summed along reduced axes is left to several calls. */
static struct tmk_product as_product(const struct tmk_problem *problem, enum tmk_dir dir,
                                     const struct tmk_args *args)
{
    struct tmk_product product = tmk_matmul_as_product(problem, dir, args);
    product = tmk_product_fold(&product);
    return product.out.stride[product.out.ndim - 1] == 1 ? product
                                                         : tmk_product_transpose(&product);
}

/* A view as oneDNN takes it: without the reduced axes, and with strides that make sense as leading
 * dimensions where an axis has size 1 and any stride would do. */
static struct tmk_view operand(const struct tmk_product *product, const struct tmk_view *view)
{
    struct tmk_view kept = *view;
    kept.ndim = 0;
    for (int i = 0; i < view->ndim; i++) {
        if (i < view->ndim - 2 && product->reduced[i])
            continue;
        kept.shape[kept.ndim] = view->shape[i];
        kept.stride[kept.ndim++] = view->stride[i];
    }
    const int row = kept.ndim - 2, col = kept.ndim - 1;
    if (kept.shape[col] == 1)
        kept.stride[col] = 1;
    if (kept.shape[row] == 1)
        kept.stride[row] = (ptrdiff_t)kept.shape[col] * kept.stride[col];
    return kept;
}

static struct tmk_onednn_problem describe(const struct tmk_product *product, bool accumulate)
{
    return (struct tmk_onednn_problem){
        .kind = TMK_ONEDNN_MATMUL,
        .accumulate = accumulate,
        .operand = {[TMK_ONEDNN_X] = operand(product, &product->left),
                    [TMK_ONEDNN_W] = operand(product, &product->right),
                    [TMK_ONEDNN_Y] = operand(product, &product->out)},
    };
}

/* The product of a problem without memory. */
static bool shape_of(const struct tmk_problem *problem, enum tmk_dir dir,
                     struct tmk_product *product)
{
    struct tmk_args args;
    if (tmk_op_operands(problem, &args) != TMK_OK)
        return false;
    *product = as_product(problem, dir, &args);
    return true;
}

static const char *supports(const struct tmk_impl *self, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    (void)self;
    struct tmk_product product;
    if (!shape_of(problem, dir, &product))
        return "a size overflows";
    const struct tmk_onednn_problem call = describe(&product, false);
    return tmk_onednn_refusal(&call);
}

static size_t workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, int threads)
{
    (void)self;
    struct tmk_product product;
    if (!shape_of(problem, dir, &product))
        return SIZE_MAX;
    const struct tmk_onednn_problem first = describe(&product, false);
    const struct tmk_onednn_problem more = describe(&product, true);
    const size_t a = tmk_onednn_workspace(&first, threads);
    const size_t b =
        tmk_product_positions(&product, true) > 1 ? tmk_onednn_workspace(&more, threads) : 0;
    return a > b ? a : b;
}

/* One primitive that overwrites, and one that adds the products along reduced axes. */
struct plan {
    struct tmk_product product;
    struct tmk_onednn *first, *more;
};

static void release(void *state)
{
    struct plan *plan = state;
    if (plan->first)
        tmk_onednn_free(plan->first);
    if (plan->more)
        tmk_onednn_free(plan->more);
    free(plan);
}

static enum tmk_status prepare(const struct tmk_impl *self, const struct tmk_problem *problem,
                               enum tmk_dir dir, const struct tmk_args *args,
                               const struct tmk_exec *exec, void **state)
{
    (void)self;
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return tmk_fail(TMK_ENOMEM, "no memory to plan a call of oneDNN");
    plan->product = as_product(problem, dir, args);
    const struct tmk_onednn_problem first = describe(&plan->product, false);
    const struct tmk_onednn_problem more = describe(&plan->product, true);
    enum tmk_status status = tmk_onednn_prepare(&first, exec, &plan->first);
    if (status == TMK_OK && tmk_product_positions(&plan->product, true) > 1)
        status = tmk_onednn_prepare(&more, exec, &plan->more);
    if (status == TMK_OK)
        *state = plan;
    else
        release(plan);
    return status;
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args;
    const struct plan *plan = exec->state;
    const struct tmk_product *p = &plan->product;
    TMK_TRY(tmk_onednn_run(plan->first, exec));
    for (size_t r = 1, count = tmk_product_positions(p, true); r < count; r++) {
        const struct tmk_product_offset offset = tmk_product_offset_at(p, true, r);
        TMK_TRY(tmk_onednn_run_at(plan->more, exec, tmk_view_at(&p->left, offset.left),
                                  tmk_view_at(&p->right, offset.right), p->out.data));
    }
    return TMK_OK;
}

const struct tmk_impl tmk_matmul_onednn = {
    .name = "onednn",
    .summary = "oneDNN's matmul primitive",
    .peer = TMK_PEER_ONEDNN,
    .absent = tmk_peer_absent,
    .supports = supports,
    .supports_threads = tmk_peer_supports_threads,
    .workspace = workspace,
    .run = run,
    .prepare = prepare,
    .release = release,
};
