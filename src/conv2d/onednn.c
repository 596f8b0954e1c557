/* oneDNN's convolutions, three ways:
 *
 *   onednn           tensors in the problem's layout; reorders into oneDNN's own and back are part
 *                    of the call: what a user with such tensors pays
 *   onednn_any       tensors in oneDNN's own layouts; nothing is reordered: the most it can do
 *   onednn_winograd  the same by Winograd's algorithm, where it has one (2.x on AVX-512) */
#include "onednn.h"
#include "room.h"

#include <stdint.h>

static struct tmk_view weights(const struct tmk_conv2d *p, const struct tmk_view *w)
{
    struct tmk_view grouped = *w;
    if (p->g == 1)
        return grouped;
    grouped.ndim = 5;
    for (int i = 4; i > 0; i--) {
        grouped.shape[i] = w->shape[i - 1];
        grouped.stride[i] = w->stride[i - 1];
    }
    grouped.shape[0] = p->g;
    grouped.shape[1] = p->oc / p->g;
    grouped.stride[0] = (ptrdiff_t)grouped.shape[1] * w->stride[0];
    return grouped;
}

/* Channels last is a layout that oneDNN's kernels know, so onednn keeps x and y, unless there is no
 * kernel for it but the reference loops. */
static struct tmk_onednn_problem describe(const struct tmk_impl *self,
                                          const struct tmk_problem *problem, enum tmk_dir dir,
                                          const struct tmk_args *args)
{
    static const enum tmk_onednn_kind kinds[TMK_NDIRS] = {
        TMK_ONEDNN_CONV_FWD, TMK_ONEDNN_CONV_BWD_D, TMK_ONEDNN_CONV_BWD_W};
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    struct tmk_onednn_problem call = {
        .kind = kinds[dir],
        .layouts = TMK_ONEDNN_APART,
        .winograd = self == &tmk_conv2d_onednn_winograd,
        .operand = {[TMK_ONEDNN_X] = args->operand[TMK_SRC],
                    [TMK_ONEDNN_W] = weights(p, &args->operand[TMK_WEI]),
                    [TMK_ONEDNN_Y] = args->operand[TMK_DST]},
        .stride = {(int64_t)p->sh, (int64_t)p->sw},
        .dilation = {(int64_t)p->dh - 1, (int64_t)p->dw - 1},
        .pad_lo = {(int64_t)p->ph, (int64_t)p->pw},
        .pad_hi = {tmk_conv2d_pad_bottom(p), tmk_conv2d_pad_right(p)},
    };
    if (p->bias && dir != TMK_BWD_D)
        call.operand[TMK_ONEDNN_B] = args->operand[TMK_BIA];
    if (self == &tmk_conv2d_onednn) {
        call.layouts = TMK_ONEDNN_REORDER;
        call.keep_images = problem->layout == TMK_NHWC;
        if (call.keep_images && tmk_onednn_refusal(&call))
            call.keep_images = false;
    }
    return call;
}

/* The call for operands without memory. False if sizes overflow. */
static bool shape_of(const struct tmk_impl *self, const struct tmk_problem *problem,
                     enum tmk_dir dir, struct tmk_onednn_problem *call)
{
    struct tmk_args args;
    if (tmk_op_operands(problem, &args) != TMK_OK)
        return false;
    *call = describe(self, problem, dir, &args);
    return true;
}

static const char *supports(const struct tmk_impl *self, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    struct tmk_onednn_problem call;
    return shape_of(self, problem, dir, &call) ? tmk_onednn_refusal(&call) : "a size overflows";
}

static size_t workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, int threads)
{
    struct tmk_onednn_problem call;
    return shape_of(self, problem, dir, &call) ? tmk_onednn_workspace(&call, threads) : SIZE_MAX;
}

static enum tmk_status prepare(const struct tmk_impl *self, const struct tmk_problem *problem,
                               enum tmk_dir dir, const struct tmk_args *args,
                               const struct tmk_exec *exec, void **state)
{
    const struct tmk_onednn_problem call = describe(self, problem, dir, args);
    struct tmk_onednn *onednn;
    TMK_TRY(tmk_onednn_prepare(&call, exec, &onednn));
    *state = onednn;
    return TMK_OK;
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args;
    return tmk_onednn_run(exec->state, exec);
}

static enum tmk_status finish(const struct tmk_problem *problem, enum tmk_dir dir,
                              const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args;
    return tmk_onednn_finish(exec->state, exec);
}

static void release(void *state)
{
    tmk_onednn_free(state);
}

#define IMPL(word, text, kind)                                                                     \
    const struct tmk_impl tmk_conv2d_##word = {.name = #word,                                      \
                                               .summary = text,                                    \
                                               .accuracy = kind,                                   \
                                               .peer = TMK_PEER_ONEDNN,                            \
                                               .absent = tmk_peer_absent,                          \
                                               .supports = supports,                               \
                                               .supports_threads = tmk_peer_supports_threads,      \
                                               .workspace = workspace,                             \
                                               .run = run,                                         \
                                               .prepare = prepare,                                 \
                                               .finish = finish,                                   \
                                               .release = release};
IMPL(onednn, "oneDNN on tensors as given, its reorders counted", TMK_COMPONENTWISE)
IMPL(onednn_any, "oneDNN on tensors in the layouts it likes best, reorders not counted",
     TMK_COMPONENTWISE)
IMPL(onednn_winograd, "the same by Winograd's algorithm", TMK_NORMWISE)
