/* blocked: the GEMM engine packing straight from the window view; no columns in memory. Depthwise
 * layers have kernels of their own (depthwise.h), and so have those with next to no channels
 * (direct.h) and most k x k ones in NCHW (channels.h). */
#include "bias.h"
#include "channels.h"
#include "depthwise.h"
#include "direct.h"
#include "gemm.h"
#include "phase.h"
#include "range.h"
#include "team.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* One axis of the window: what a step moves in the image, in the other operand that has the axis,
 * and in the image coordinates. A window has three axes of taps (channel, tap row, tap column) and
 * three of positions (image, row, column); k runs over one kind, n over the other. */
struct axis {
    size_t extent;
    ptrdiff_t image, other;
    ptrdiff_t y, x;
};

static void set_k(struct tmk_gemm *gemm, const struct axis axes[3])
{
    gemm->k.axes = 3;
    for (int i = 0; i < 3; i++) {
        gemm->k.extent[i] = axes[i].extent;
        gemm->k.first[i] = axes[i].other;
        gemm->k.second[i] = axes[i].image;
        gemm->window.k_y[i] = axes[i].y;
        gemm->window.k_x[i] = axes[i].x;
    }
}

static void set_n(struct tmk_gemm *gemm, const struct axis axes[3])
{
    gemm->n.axes = 3;
    for (int i = 0; i < 3; i++) {
        gemm->n.extent[i] = axes[i].extent;
        gemm->n.first[i] = axes[i].image;
        gemm->n.second[i] = axes[i].other;
        gemm->window.n_y[i] = axes[i].y;
        gemm->window.n_x[i] = axes[i].x;
    }
}

/* In nhwc the channel is the innermost axis in memory: walk it last. */
static void order_channels(enum tmk_layout layout, struct axis taps[3])
{
    if (layout == TMK_NHWC) {
        struct axis channel = taps[0];
        taps[0] = taps[1];
        taps[1] = taps[2];
        taps[2] = channel;
    }
}

/* The two directions that slide the window over x; one batch element a group, m = oc.
 *   fwd    y = w * window(x): k runs over taps, n over positions
 *   bwd_w  dw = dy * window(x): the other way round */
static struct tmk_gemm x_gemm(const struct tmk_conv2d *p, const struct tmk_args *args,
                              enum tmk_dir dir)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const struct tmk_view *y = &args->operand[TMK_DST];
    const ptrdiff_t ph = (ptrdiff_t)p->ph, pw = (ptrdiff_t)p->pw;
    const ptrdiff_t sh = (ptrdiff_t)p->sh, sw = (ptrdiff_t)p->sw;
    const ptrdiff_t dh = (ptrdiff_t)p->dh, dw = (ptrdiff_t)p->dw;
    const size_t icg = p->ic / p->g, ocg = p->oc / p->g;
    const bool fwd = dir == TMK_FWD;
    const struct tmk_view *left = fwd ? w : y, *out = fwd ? y : w;
    const int left_oc = fwd ? 0 : 1, out_oc = fwd ? 1 : 0; /* which dimension is oc */
    struct axis taps[3] = {{icg, x->stride[1], w->stride[1], 0, 0},
                           {p->kh, dh * x->stride[2], w->stride[2], dh, 0},
                           {p->kw, dw * x->stride[3], w->stride[3], 0, dw}};
    const struct axis positions[3] = {{p->mb, x->stride[0], y->stride[0], 0, 0},
                                      {p->oh, sh * x->stride[2], y->stride[2], sh, 0},
                                      {p->ow, sw * x->stride[3], y->stride[3], 0, sw}};
    struct tmk_gemm gemm = {
        .dtype = p->base.dtype,
        .a = left->data,
        .b = tmk_view_at(x, -ph * x->stride[2] - pw * x->stride[3]),
        .c = out->data,
        .batch = {1,
                  {p->g},
                  {(ptrdiff_t)ocg * left->stride[left_oc]},
                  {(ptrdiff_t)icg * x->stride[1]},
                  {(ptrdiff_t)ocg * out->stride[out_oc]}},
        .m = {1, {ocg}, {left->stride[left_oc]}, {out->stride[out_oc]}},
        .window = {.on = true, .y0 = -ph, .x0 = -pw, .h = p->ih, .w = p->iw},
        .bias = fwd && p->bias ? args->operand[TMK_BIA].data : NULL,
        .sum_rows = !fwd && p->bias, /* db */
        .sums = args->operand[TMK_BIA].data,
    };
    order_channels(p->base.layout, taps);
    set_k(&gemm, fwd ? taps : positions);
    set_n(&gemm, fwd ? positions : taps);
    return gemm;
}

/* dx at one phase of rows and columns = rotated w * window(dy): m = ic, k runs over taps with oc as
 * their channel, n over positions. */
static struct tmk_gemm bwd_d_gemm(const struct tmk_conv2d *p, const struct tmk_args *args,
                                  size_t phase_h, size_t phase_w, const struct tmk_conv2d_phase *h,
                                  const struct tmk_conv2d_phase *v)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const struct tmk_view *y = &args->operand[TMK_DST];
    size_t icg = p->ic / p->g, ocg = p->oc / p->g;
    struct tmk_gemm gemm = {
        .dtype = p->base.dtype,
        .a =
            tmk_view_at(w, (ptrdiff_t)h->first * w->stride[2] + (ptrdiff_t)v->first * w->stride[3]),
        .b = tmk_view_at(y, h->origin * y->stride[2] + v->origin * y->stride[3]),
        .c = tmk_view_at(x, (ptrdiff_t)phase_h * x->stride[2] + (ptrdiff_t)phase_w * x->stride[3]),
        .batch = {1,
                  {p->g},
                  {(ptrdiff_t)ocg * w->stride[0]},
                  {(ptrdiff_t)ocg * y->stride[1]},
                  {(ptrdiff_t)icg * x->stride[1]}},
        .m = {1, {icg}, {w->stride[1]}, {x->stride[1]}},
        .window = {.on = true, .y0 = h->origin, .x0 = v->origin, .h = p->oh, .w = p->ow},
    };
    struct axis taps[3] = {
        {ocg, y->stride[1], w->stride[0], 0, 0},
        {h->taps, -h->back * y->stride[2], (ptrdiff_t)h->every * w->stride[2], -h->back, 0},
        {v->taps, -v->back * y->stride[3], (ptrdiff_t)v->every * w->stride[3], 0, -v->back}};
    const struct axis positions[3] = {
        {p->mb, y->stride[0], x->stride[0], 0, 0},
        {h->positions, y->stride[2], (ptrdiff_t)p->sh * x->stride[2], 1, 0},
        {v->positions, y->stride[3], (ptrdiff_t)p->sw * x->stride[3], 0, 1}};
    order_channels(p->base.layout, taps);
    set_k(&gemm, taps);
    set_n(&gemm, positions);
    return gemm;
}

/* Visit every phase of bwd_d that has positions and taps; stops at the first failure. */
static enum tmk_status each_phase(const struct tmk_conv2d *p, const struct tmk_args *args,
                                  enum tmk_status (*visit)(void *ctx, const struct tmk_gemm *gemm),
                                  void *ctx)
{
    for (size_t i = 0; i < p->sh; i++) {
        struct tmk_conv2d_phase h = tmk_conv2d_phase(p, TMK_BWD_D, true, i);
        for (size_t j = 0; j < p->sw; j++) {
            struct tmk_conv2d_phase w = tmk_conv2d_phase(p, TMK_BWD_D, false, j);
            if (h.positions == 0 || w.positions == 0 || h.taps == 0 || w.taps == 0)
                continue;
            struct tmk_gemm gemm = bwd_d_gemm(p, args, i, j, &h, &w);
            TMK_TRY(visit(ctx, &gemm));
        }
    }
    return TMK_OK;
}

/* Of a large kernel's bwd_w rows of taps fill tiles, however few the channels. */
#define MANY_TAPS 25

/* The kernels that a layer takes. */
enum way { DEPTHWISE, DIRECT, CHANNELS, WEIGH, ENGINE };

static enum way way_of(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    if (tmk_conv2d_suits_depthwise(p, dir))
        return DEPTHWISE;
    const bool weighs = dir == TMK_BWD_W && tmk_conv2d_suits_weigh(p);
    if (weighs && p->kh * p->kw >= MANY_TAPS)
        return WEIGH;
    if (tmk_conv2d_suits_direct(p, dir))
        return DIRECT;
    if (tmk_conv2d_suits_channels(p, dir))
        return CHANNELS;
    return weighs ? WEIGH : ENGINE;
}

/* With a stride, positions run on in dy but not in x, so that those of one image only are read
 * where they lie. Then bwd_w goes image by image, if one has enough to do. */
#define ENOUGH ((size_t)1 << 20) /* multiply-adds */
static bool goes_by_images(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    return dir == TMK_BWD_W && p->base.layout == TMK_NCHW && p->sh * p->sw > 1 && p->mb > 1 &&
           p->oh * p->ow * p->ic / p->g * p->kh * p->kw >= ENOUGH / (p->oc / p->g);
}

/* The contraction of one image, which others follow. */
static struct tmk_gemm image_gemm(const struct tmk_conv2d *p, struct tmk_gemm gemm, size_t n)
{
    const ptrdiff_t bytes = (ptrdiff_t)(n * tmk_dtype_size(p->base.dtype));
    gemm.k.extent[0] = 1; /* NCHW: the images */
    gemm.a = (const char *)gemm.a + gemm.k.first[0] * bytes;
    gemm.b = (const char *)gemm.b + gemm.k.second[0] * bytes;
    gemm.accumulate = n > 0;
    gemm.sum_rows = false;
    return gemm;
}

struct workspace_query {
    int threads;
    size_t bytes;
};

static enum tmk_status ask_workspace(void *ctx, const struct tmk_gemm *gemm)
{
    struct workspace_query *query = ctx;
    size_t bytes = tmk_gemm_workspace(gemm, query->threads);
    if (bytes > query->bytes)
        query->bytes = bytes;
    return TMK_OK;
}

static size_t engine_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads)
{
    struct tmk_args args;
    if (tmk_op_operands(&p->base, &args) != TMK_OK)
        return SIZE_MAX;
    struct workspace_query query = {.threads = threads};
    if (dir == TMK_BWD_D) {
        each_phase(p, &args, ask_workspace, &query);
    } else {
        struct tmk_gemm gemm = x_gemm(p, &args, dir);
        if (goes_by_images(p, dir))
            gemm = image_gemm(p, gemm, 0);
        ask_workspace(&query, &gemm);
    }
    return query.bytes;
}

static size_t workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, int threads)
{
    (void)self;
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    switch (way_of(p, dir)) {
    case DEPTHWISE:
        return tmk_conv2d_depthwise_workspace(p, dir, threads);
    case DIRECT:
        return tmk_conv2d_direct_workspace(p, dir, threads);
    case CHANNELS:
        return tmk_conv2d_channels_workspace(p, dir, threads);
    case WEIGH:
        return tmk_conv2d_weigh_workspace(p, threads);
    default:
        return engine_workspace(p, dir, threads);
    }
}

/* Where the stride is larger than the kernel, no tap reaches some positions of dx. */
static bool leaves_gaps(const struct tmk_conv2d *p)
{
    bool gaps = false;
    for (size_t i = 0; i < p->sh; i++)
        gaps |= tmk_conv2d_phase(p, TMK_BWD_D, true, i).taps == 0;
    for (size_t i = 0; i < p->sw; i++)
        gaps |= tmk_conv2d_phase(p, TMK_BWD_D, false, i).taps == 0;
    return gaps;
}

/* A tensor without gaps, and how many threads zero it. */
struct clearing {
    const struct tmk_view *view;
    int threads;
};

static void clear(void *context, int thread)
{
    const struct clearing *clearing = context;
    const struct tmk_view *view = clearing->view;
    const size_t bytes = tmk_view_count(view) * tmk_dtype_size(view->dtype);
    const struct tmk_range own = tmk_share(bytes, (size_t)clearing->threads, (size_t)thread);
    memset((char *)view->data + own.begin, 0, own.end - own.begin);
}

static enum tmk_status run_phase(void *ctx, const struct tmk_gemm *gemm)
{
    return tmk_gemm_run(gemm, ctx);
}

static enum tmk_status run_engine(const struct tmk_conv2d *p, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_exec *exec)
{
    if (dir == TMK_BWD_D)
        return each_phase(p, args, run_phase, (void *)exec);
    const struct tmk_gemm gemm = x_gemm(p, args, dir);
    const bool by_images = goes_by_images(p, dir);
    if (gemm.sum_rows && (by_images || !tmk_gemm_can_sum_rows(&gemm)))
        tmk_conv2d_sum_bias(p, args, exec);
    if (!by_images)
        return tmk_gemm_run(&gemm, exec);
    for (size_t n = 0; n < p->mb; n++) {
        const struct tmk_gemm image = image_gemm(p, gemm, n);
        TMK_TRY(tmk_gemm_run(&image, exec));
    }
    return TMK_OK;
}

/* Each sees to the bias itself, the first two to gaps as well. */
static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    const enum way way = way_of(p, dir);
    if (way == DEPTHWISE)
        return tmk_conv2d_depthwise(p, dir, args, exec);
    if (way == DIRECT)
        return tmk_conv2d_direct(p, dir, args, exec);
    if (dir == TMK_BWD_D && leaves_gaps(p)) {
        struct clearing clearing = {&args->operand[TMK_SRC], exec->threads};
        tmk_team_run(exec->threads, clear, &clearing);
    }
    switch (way) {
    case CHANNELS:
        return tmk_conv2d_channels(p, dir, args, exec);
    case WEIGH:
        return tmk_conv2d_weigh(p, args, exec);
    default:
        return run_engine(p, dir, args, exec);
    }
}

const struct tmk_impl tmk_conv2d_blocked = {
    .name = "blocked",
    .summary = "GEMM engine packing straight from the window view, no columns",
    .auto_flops = INFINITY,
    .workspace = workspace,
    .run = run,
};
