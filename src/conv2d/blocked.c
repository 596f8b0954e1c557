/* blocked: the GEMM engine packing straight from the window view; no columns in memory. Layers with
 * next to no channels a group take the direct kernels instead. */
#include "bias.h"
#include "direct.h"
#include "gemm.h"
#include "phase.h"

#include <stdint.h>
#include <string.h>

/* The three indices of the contraction, in this order everywhere below: channels, rows, columns for
 * taps and for one image's positions; n is (image, row, column). */

static const void *at(const struct tmk_view *view, ptrdiff_t elements)
{
    ptrdiff_t bytes = elements * (ptrdiff_t)tmk_dtype_size(view->dtype);
    return view->data ? (const char *)view->data + bytes : NULL;
}

struct axis {
    size_t extent;
    ptrdiff_t first, second; /* steps in elements in the operands that share the index */
    ptrdiff_t y, x;          /* steps of the image coordinates */
};

static void set_index(struct tmk_gemm_index *index, ptrdiff_t *y, ptrdiff_t *x,
                      const struct axis axes[3])
{
    index->axes = 3;
    for (int i = 0; i < 3; i++) {
        index->extent[i] = axes[i].extent;
        index->first[i] = axes[i].first;
        index->second[i] = axes[i].second;
        y[i] = axes[i].y;
        x[i] = axes[i].x;
    }
}

/* In nhwc the channel is the innermost axis in memory: walk it last. */
static void order_channels(enum tmk_layout layout, struct axis axes[3])
{
    if (layout == TMK_NHWC) {
        struct axis channel = axes[0];
        axes[0] = axes[1];
        axes[1] = axes[2];
        axes[2] = channel;
    }
}

/* y = w * window(x): m = oc, n = (image, oh, ow), k = (ic, kh, kw), one batch element a group. */
static struct tmk_gemm fwd_gemm(const struct tmk_conv2d *p, const struct tmk_args *args)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const struct tmk_view *y = &args->operand[TMK_DST];
    ptrdiff_t ph = (ptrdiff_t)p->ph, pw = (ptrdiff_t)p->pw;
    ptrdiff_t sh = (ptrdiff_t)p->sh, sw = (ptrdiff_t)p->sw;
    ptrdiff_t dh = (ptrdiff_t)p->dh, dw = (ptrdiff_t)p->dw;
    size_t icg = p->ic / p->g, ocg = p->oc / p->g;
    struct tmk_gemm gemm = {
        .dtype = p->base.dtype,
        .a = w->data,
        .b = at(x, -ph * x->stride[2] - pw * x->stride[3]),
        .c = y->data,
        .batch = {1,
                  {p->g},
                  {(ptrdiff_t)ocg * w->stride[0]},
                  {(ptrdiff_t)icg * x->stride[1]},
                  {(ptrdiff_t)ocg * y->stride[1]}},
        .m = {1, {ocg}, {w->stride[0]}, {y->stride[1]}},
        .window = {.on = true, .y0 = -ph, .x0 = -pw, .h = p->ih, .w = p->iw},
        .accumulate = p->bias,
    };
    struct axis k[3] = {{icg, w->stride[1], x->stride[1], 0, 0},
                        {p->kh, w->stride[2], dh * x->stride[2], dh, 0},
                        {p->kw, w->stride[3], dw * x->stride[3], 0, dw}};
    order_channels(p->base.layout, k);
    struct axis n[3] = {{p->mb, x->stride[0], y->stride[0], 0, 0},
                        {p->oh, sh * x->stride[2], y->stride[2], sh, 0},
                        {p->ow, sw * x->stride[3], y->stride[3], 0, sw}};
    set_index(&gemm.k, gemm.window.k_y, gemm.window.k_x, k);
    set_index(&gemm.n, gemm.window.n_y, gemm.window.n_x, n);
    return gemm;
}

/* dw = dy * window(x): m = oc, n = (ic, kh, kw), k = (image, oh, ow). Taps and positions have
 * changed roles: the window's dilation is the stride and the other way round. */
static struct tmk_gemm bwd_w_gemm(const struct tmk_conv2d *p, const struct tmk_args *args)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const struct tmk_view *y = &args->operand[TMK_DST];
    ptrdiff_t ph = (ptrdiff_t)p->ph, pw = (ptrdiff_t)p->pw;
    ptrdiff_t sh = (ptrdiff_t)p->sh, sw = (ptrdiff_t)p->sw;
    ptrdiff_t dh = (ptrdiff_t)p->dh, dw = (ptrdiff_t)p->dw;
    size_t icg = p->ic / p->g, ocg = p->oc / p->g;
    struct tmk_gemm gemm = {
        .dtype = p->base.dtype,
        .a = y->data,
        .b = at(x, -ph * x->stride[2] - pw * x->stride[3]),
        .c = w->data,
        .batch = {1,
                  {p->g},
                  {(ptrdiff_t)ocg * y->stride[1]},
                  {(ptrdiff_t)icg * x->stride[1]},
                  {(ptrdiff_t)ocg * w->stride[0]}},
        .m = {1, {ocg}, {y->stride[1]}, {w->stride[0]}},
        .window = {.on = true, .y0 = -ph, .x0 = -pw, .h = p->ih, .w = p->iw},
    };
    struct axis k[3] = {{p->mb, y->stride[0], x->stride[0], 0, 0},
                        {p->oh, y->stride[2], sh * x->stride[2], sh, 0},
                        {p->ow, y->stride[3], sw * x->stride[3], 0, sw}};
    struct axis n[3] = {{icg, x->stride[1], w->stride[1], 0, 0},
                        {p->kh, dh * x->stride[2], w->stride[2], dh, 0},
                        {p->kw, dw * x->stride[3], w->stride[3], 0, dw}};
    order_channels(p->base.layout, n);
    set_index(&gemm.k, gemm.window.k_y, gemm.window.k_x, k);
    set_index(&gemm.n, gemm.window.n_y, gemm.window.n_x, n);
    return gemm;
}

/* dx at one phase of rows and columns = rotated w * window(dy): m = ic, n = (image, row, column),
 * k = (oc, tap row, tap column). */
static struct tmk_gemm bwd_d_gemm(const struct tmk_conv2d *p, const struct tmk_args *args,
                                  size_t phase_h, size_t phase_w, const struct tmk_conv2d_phase *h,
                                  const struct tmk_conv2d_phase *v)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const struct tmk_view *y = &args->operand[TMK_DST];
    size_t icg = p->ic / p->g, ocg = p->oc / p->g;
    struct tmk_gemm gemm = {
        .dtype = p->base.dtype,
        .a = at(w, (ptrdiff_t)h->first * w->stride[2] + (ptrdiff_t)v->first * w->stride[3]),
        .b = at(y, h->origin * y->stride[2] + v->origin * y->stride[3]),
        .c = (void *)at(x, (ptrdiff_t)phase_h * x->stride[2] + (ptrdiff_t)phase_w * x->stride[3]),
        .batch = {1,
                  {p->g},
                  {(ptrdiff_t)ocg * w->stride[0]},
                  {(ptrdiff_t)ocg * y->stride[1]},
                  {(ptrdiff_t)icg * x->stride[1]}},
        .m = {1, {icg}, {w->stride[1]}, {x->stride[1]}},
        .window = {.on = true, .y0 = h->origin, .x0 = v->origin, .h = p->oh, .w = p->ow},
    };
    struct axis k[3] = {
        {ocg, w->stride[0], y->stride[1], 0, 0},
        {h->taps, (ptrdiff_t)h->every * w->stride[2], -h->back * y->stride[2], -h->back, 0},
        {v->taps, (ptrdiff_t)v->every * w->stride[3], -v->back * y->stride[3], 0, -v->back}};
    order_channels(p->base.layout, k);
    struct axis n[3] = {{p->mb, y->stride[0], x->stride[0], 0, 0},
                        {h->positions, y->stride[2], (ptrdiff_t)p->sh * x->stride[2], 1, 0},
                        {v->positions, y->stride[3], (ptrdiff_t)p->sw * x->stride[3], 0, 1}};
    set_index(&gemm.k, gemm.window.k_y, gemm.window.k_x, k);
    set_index(&gemm.n, gemm.window.n_y, gemm.window.n_x, n);
    return gemm;
}

/* Visit every phase of bwd_d that has positions; stops at the first failure. */
static enum tmk_status
each_phase(const struct tmk_conv2d *p, const struct tmk_args *args,
           enum tmk_status (*visit)(void *ctx, const struct tmk_gemm *gemm, bool empty), void *ctx)
{
    for (size_t i = 0; i < p->sh; i++) {
        struct tmk_conv2d_phase h = tmk_conv2d_phase_h(p, i);
        for (size_t j = 0; j < p->sw; j++) {
            struct tmk_conv2d_phase w = tmk_conv2d_phase_w(p, j);
            if (h.positions == 0 || w.positions == 0)
                continue;
            struct tmk_gemm gemm = bwd_d_gemm(p, args, i, j, &h, &w);
            TMK_TRY(visit(ctx, &gemm, h.taps == 0 || w.taps == 0));
        }
    }
    return TMK_OK;
}

struct workspace_query {
    int threads;
    size_t bytes;
};

static enum tmk_status ask_workspace(void *ctx, const struct tmk_gemm *gemm, bool empty)
{
    struct workspace_query *query = ctx;
    size_t bytes = empty ? 0 : tmk_gemm_workspace(gemm, query->threads);
    if (bytes > query->bytes)
        query->bytes = bytes;
    return TMK_OK;
}

static size_t workspace(const struct tmk_problem *problem, enum tmk_dir dir, int threads)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    if (tmk_conv2d_is_direct(p))
        return 0;
    struct tmk_args args;
    for (int i = 0; i < TMK_NOPERANDS; i++) {
        size_t count;
        if (problem->op->operand(problem, (enum tmk_operand)i, &args.operand[i], &count) != TMK_OK)
            return SIZE_MAX;
    }
    struct workspace_query query = {.threads = threads};
    if (dir == TMK_BWD_D) {
        each_phase(p, &args, ask_workspace, &query);
    } else {
        struct tmk_gemm gemm = dir == TMK_FWD ? fwd_gemm(p, &args) : bwd_w_gemm(p, &args);
        ask_workspace(&query, &gemm, false);
    }
    return query.bytes;
}

static enum tmk_status fwd(const struct tmk_problem *problem, const struct tmk_args *args,
                           const struct tmk_exec *exec)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    if (tmk_conv2d_is_direct(p)) {
        tmk_conv2d_direct_fwd(p, args, exec);
        return TMK_OK;
    }
    if (p->bias)
        tmk_conv2d_spread_bias(p, args, exec);
    struct tmk_gemm gemm = fwd_gemm(p, args);
    return tmk_gemm_run(&gemm, exec);
}

/* Zero the positions of dx that no tap reaches. */
static void clear(const struct tmk_gemm *gemm)
{
    size_t size = tmk_dtype_size(gemm->dtype);
    for (size_t i = 0; i < gemm->batch.extent[0] * gemm->m.extent[0]; i++) {
        size_t g = i / gemm->m.extent[0], m = i % gemm->m.extent[0];
        ptrdiff_t row = (ptrdiff_t)g * gemm->batch.c[0] + (ptrdiff_t)m * gemm->m.second[0];
        for (size_t a = 0; a < gemm->n.extent[0]; a++) {
            for (size_t b = 0; b < gemm->n.extent[1]; b++) {
                ptrdiff_t start =
                    row + (ptrdiff_t)a * gemm->n.second[0] + (ptrdiff_t)b * gemm->n.second[1];
                for (size_t c = 0; c < gemm->n.extent[2]; c++)
                    memset((char *)gemm->c +
                               (start + (ptrdiff_t)c * gemm->n.second[2]) * (ptrdiff_t)size,
                           0, size);
            }
        }
    }
}

static enum tmk_status run_phase(void *ctx, const struct tmk_gemm *gemm, bool empty)
{
    if (!empty)
        return tmk_gemm_run(gemm, ctx);
    clear(gemm);
    return TMK_OK;
}

static enum tmk_status bwd_d(const struct tmk_problem *problem, const struct tmk_args *args,
                             const struct tmk_exec *exec)
{
    if (tmk_conv2d_is_direct(tmk_conv2d_of(problem))) {
        tmk_conv2d_direct_bwd_d(tmk_conv2d_of(problem), args, exec);
        return TMK_OK;
    }
    return each_phase(tmk_conv2d_of(problem), args, run_phase, (void *)exec);
}

static enum tmk_status bwd_w(const struct tmk_problem *problem, const struct tmk_args *args,
                             const struct tmk_exec *exec)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    if (p->bias)
        tmk_conv2d_sum_bias(p, args, exec);
    if (tmk_conv2d_is_direct(p)) {
        tmk_conv2d_direct_bwd_w(p, args, exec);
        return TMK_OK;
    }
    struct tmk_gemm gemm = bwd_w_gemm(p, args);
    return tmk_gemm_run(&gemm, exec);
}

const struct tmk_impl tmk_conv2d_blocked = {
    .name = "blocked",
    .summary = "GEMM engine packing straight from the window view, no columns",
    .workspace = workspace,
    .run = {fwd, bwd_d, bwd_w},
};
