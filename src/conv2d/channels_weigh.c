/* bwd_w with vectors along output channels: the scalars are elements of x, a tile of results is a
 * row of taps of some input channels by a panel of output channels, and dy is packed once per
 * panel, while taps share it. x is read where it lies, but for what taps meet on padding, or from a
 * copy, padded and taken apart by the stride. Every thread computes gradients of its own, from all
 * positions in one order. */
#include "alloc.h"
#include "blocking.h"
#include "channels.h"
#include "channels_kernels.h"
#include "pace.h"
#include "planes.h"
#include "range.h"
#include "size.h"
#include "team.h"

/* Positions that are summed at a time, roughly: enough to pay for bringing a tile to its place. */
#define POSITIONS ((size_t)1024)

/* A sum of less is not worth it. */
#define LEAST_POSITIONS 32

/* Of a thread's workspace: one row of a very wide image may be too much. */
#define MOST_BYTES ((size_t)8 << 20)

struct plan {
    const struct tmk_conv2d *p;
    const struct tmk_channels_kernels *kernel;
    size_t size;                        /* bytes of an element */
    size_t taps;                        /* of a group: a row of the kernel, or a column */
    size_t tap_rows;                    /* rows of the kernel that are groups */
    size_t most_groups;                 /* of a tile */
    bool copied;                        /* else x is read where it lies */
    size_t left, right;                 /* then: positions of a row of which taps meet padding */
    size_t images, rows;                /* of dy, at a time */
    size_t pitch, part, image, channel; /* elements of the copy: row, part, image, channel */
    size_t row_parts; /* of the copy, taken apart by the stride; 1: all taps read the same rows */
    size_t channels;  /* at a time */
    size_t panels;    /* of all output channels */
    bool by_ic;       /* threads share out input channels, else output channels first */
};

/* One thread's part of a call. */
struct part {
    const struct plan *plan;
    const struct tmk_args *args;
    const struct tmk_exec *exec;
    int thread;
    struct tmk_range ic;    /* input channels */
    struct tmk_range share; /* of those of all panels, vector by vector */
    char *copy, *panel_dy, *sums;
    double clock;
};

/* Images or rows of one, and channels, that are worked on. */
struct slab {
    size_t n, images, row, rows, ic, channels;
};

static void choose_groups(struct plan *plan)
{
    const struct tmk_conv2d *p = plan->p;
    plan->taps = p->kw > 1 ? p->kw : p->kh;
    plan->tap_rows = p->kw > 1 ? p->kh : 1;
    plan->most_groups = plan->taps <= TMK_CHANNELS_TAPS ? plan->kernel->groups[plan->taps] : 0;
}

/* Rows of taps can leave out what meets padding, if that is little. */
static void choose_place(struct plan *plan)
{
    const struct tmk_conv2d *p = plan->p;
    const size_t reach = (p->ow - 1) * p->sw + (p->kw - 1) * p->dw + 1, inside = p->iw + p->pw;
    const size_t most = p->sw * p->dw > 1 ? 1 : TMK_CHANNELS_MAX_SKIP;
    plan->left = p->pw;
    plan->right = reach > inside ? reach - inside : 0;
    plan->copied =
        p->kw == 1 || plan->left > most || plan->right > most || plan->left + plan->right > p->ow;
    if (plan->copied)
        plan->left = plan->right = 0;
}

/* Whole images, or rows of one. */
static void choose_slab(struct plan *plan)
{
    const struct tmk_conv2d *p = plan->p;
    const size_t plane = p->oh * p->ow;
    plan->images = TMK_MIN(TMK_MAX(POSITIONS / plane, 1), p->mb);
    plan->rows = TMK_MIN(TMK_MAX(POSITIONS / p->ow, 1), p->oh);
    plan->rows = tmk_ceil_div(p->oh, tmk_ceil_div(p->oh, plan->rows));
    plan->images = tmk_ceil_div(p->mb, tmk_ceil_div(p->mb, plan->images));
    plan->pitch = p->ow + (p->kw - 1) * p->dw / p->sw;
    plan->part = tmk_plane_part(plan->rows + (p->kh - 1) * p->dh / p->sh, plan->pitch,
                                plan->kernel->lanes, plan->size);
    plan->row_parts = p->kh > 1 ? p->sh : 1;
    plan->image = plan->row_parts * p->sw * plan->part;
    plan->channel = plan->images * plan->image;
}

/* A thread that copies its input channels only is best off, if there are enough of them. Else
 * threads share out panels of dy, which they pack, and input channels within one of them. */
static bool shares_by_ic(const struct plan *plan, size_t threads)
{
    return plan->copied && tmk_shares_evenly(plan->p->ic, threads);
}

static struct plan make_plan(const struct tmk_conv2d *p, int threads)
{
    struct plan plan = {
        .p = p,
        .kernel = tmk_channels_kernels(p->base.dtype),
        .size = tmk_dtype_size(p->base.dtype),
    };
    choose_groups(&plan);
    plan.panels = tmk_ceil_div(p->oc, plan.kernel->width);
    if (plan.most_groups == 0)
        return plan;
    choose_place(&plan);
    choose_slab(&plan);
    plan.by_ic = shares_by_ic(&plan, (size_t)threads);
    const size_t read = plan.images * plan.rows * p->sh * p->iw;
    const size_t fit = tmk_l2_bytes() / 2 / ((plan.copied ? plan.channel : read) * plan.size);
    const size_t own = plan.by_ic ? tmk_pace_most(p->ic, (size_t)threads) : p->ic;
    plan.channels = TMK_MIN(TMK_MAX(fit / plan.most_groups, 1) * plan.most_groups, own);
    return plan;
}

/* Bytes of a part's workspace, and where what begins. */
static size_t lay_out(const struct plan *plan, char *memory, struct part *part)
{
    const struct tmk_conv2d *p = plan->p;
    const size_t positions = plan->images * plan->rows * p->ow;
    const size_t copy = plan->channels * plan->channel;
    const size_t rows = plan->most_groups * plan->taps * plan->tap_rows;
    const size_t bytes[] = {
        plan->copied ? copy * plan->size : 0,
        positions * plan->kernel->width * plan->size,
        tmk_round_up(rows, plan->kernel->lanes) * plan->kernel->width * plan->size,
    };
    enum { PIECES = sizeof bytes / sizeof bytes[0] };
    size_t at[PIECES + 1] = {0};
    for (int i = 0; i < PIECES; i++)
        at[i + 1] = at[i] + tmk_round_up(bytes[i], TMK_ALIGN);
    if (memory) {
        part->copy = memory;
        part->panel_dy = memory + at[1];
        part->sums = memory + at[2];
    }
    return at[PIECES];
}

bool tmk_conv2d_suits_weigh(const struct tmk_conv2d *p)
{
    if (p->base.layout != TMK_NCHW || p->g > 1 || p->kh * p->kw == 1 ||
        p->mb * p->oh * p->ow < LEAST_POSITIONS)
        return false;
    const struct plan plan = make_plan(p, 1);
    return plan.most_groups > 0 && lay_out(&plan, NULL, NULL) <= MOST_BYTES &&
           5 * p->oc >= 3 * tmk_round_up(p->oc, plan.kernel->lanes);
}

size_t tmk_conv2d_weigh_workspace(const struct tmk_conv2d *p, int threads)
{
    const struct plan plan = make_plan(p, threads);
    return (size_t)threads * lay_out(&plan, NULL, NULL);
}

static void note(struct part *part, enum tmk_phase phase)
{
    part->clock = tmk_phase_end(part->exec, part->thread, phase, part->clock);
}

/* Where the copy of a channel's plane has what tap (y, x) reads for position 0. */
static ptrdiff_t tap_offset(const struct plan *plan, size_t y, size_t x)
{
    const struct tmk_conv2d *p = plan->p;
    const size_t row = y * p->dh, column = x * p->dw;
    return (ptrdiff_t)((row % p->sh * p->sw + column % p->sw) * plan->part +
                       row / p->sh * plan->pitch + column / p->sw);
}

/* Padded, and taken apart by the strides. */
static void copy_image(struct part *part, const struct slab *slab)
{
    const struct plan *plan = part->plan;
    const struct tmk_conv2d *p = plan->p;
    const struct tmk_view *x = &part->args->operand[TMK_SRC];
    struct tmk_plane_grid grid = {
        .h = (ptrdiff_t)p->ih,
        .w = (ptrdiff_t)p->iw,
        .x = -(ptrdiff_t)p->pw,
        .plane = x->stride[1],
        .row = x->stride[2],
        .col = x->stride[3],
        .planes = 1,
        .rows = (ptrdiff_t)(slab->rows + (p->kh - 1) * p->dh / p->sh),
        .pitch = (ptrdiff_t)plan->pitch,
        .sh = (ptrdiff_t)plan->row_parts,
        .sw = (ptrdiff_t)p->sw,
        .part = (ptrdiff_t)plan->part,
    };
    const ptrdiff_t y = (ptrdiff_t)(slab->row * p->sh) - (ptrdiff_t)p->ph;
    const ptrdiff_t begin = tmk_plane_rows(&grid, y, (ptrdiff_t)p->sh);
    for (size_t c = 0; c < slab->channels; c++) {
        for (size_t n = 0; n < slab->images; n++)
            tmk_plane_kernels(x->dtype)->pack(
                &grid,
                tmk_view_at(x, (ptrdiff_t)(slab->n + n) * x->stride[0] +
                                   (ptrdiff_t)(slab->ic + c) * x->stride[1] + begin * x->stride[2]),
                part->copy + (c * plan->channel + n * plan->image) * plan->size);
    }
    note(part, TMK_PHASE_PACK);
}

/* And sum it up: whoever has the first input channels adds to db. */
static void pack_dy(struct part *part, const struct slab *slab, size_t oc, size_t lanes,
                    size_t width, bool sum)
{
    const struct plan *plan = part->plan;
    const struct tmk_view *dy = &part->args->operand[TMK_DST], *db = &part->args->operand[TMK_BIA];
    const size_t count = slab->rows * plan->p->ow;
    for (size_t n = 0; n < slab->images; n++)
        plan->kernel->pack_gradient(tmk_view_at(dy, (ptrdiff_t)(slab->n + n) * dy->stride[0] +
                                                        (ptrdiff_t)oc * dy->stride[1] +
                                                        (ptrdiff_t)slab->row * dy->stride[2]),
                                    dy->stride[1], lanes, count, width,
                                    part->panel_dy + n * count * width * plan->size);
    if (plan->p->bias && sum)
        plan->kernel->sum_gradient(part->panel_dy, slab->images * count, width,
                                   slab->n > 0 || slab->row > 0, lanes,
                                   tmk_view_at(db, (ptrdiff_t)oc));
    note(part, TMK_PHASE_PACK);
}

/* How many of `rows` rows, `step` apart from 0 on, lie before `y`. */
static size_t rows_before(ptrdiff_t y, size_t step, size_t rows)
{
    return y <= 0 ? 0 : TMK_MIN(tmk_ceil_div((size_t)y, step), rows);
}

/* Rows of dy, within the slab, for which tap row `t` meets the image; taps of a column meet it each
 * in others. */
static void find_rows(const struct plan *plan, const struct slab *slab, size_t t, size_t *begin,
                      size_t *end)
{
    const struct tmk_conv2d *p = plan->p;
    const ptrdiff_t above = (ptrdiff_t)p->ph - (ptrdiff_t)(t * p->dh + slab->row * p->sh);
    *begin = p->kw > 1 ? rows_before(above, p->sh, slab->rows) : 0;
    *end = p->kw > 1 ? rows_before(above + (ptrdiff_t)p->ih, p->sh, slab->rows) : slab->rows;
}

/* What the first tap of tap row `t` reads of channel `c` of the slab for the first position of row
 * `row` of dy, and what steps from there lead to. */
static void place_image(const struct part *part, const struct slab *slab, size_t c, size_t t,
                        size_t row, struct tmk_channels_gradient *tile)
{
    const struct plan *plan = part->plan;
    const struct tmk_conv2d *p = plan->p;
    const struct tmk_view *x = &part->args->operand[TMK_SRC];
    if (plan->copied) {
        const ptrdiff_t at =
            (ptrdiff_t)(c * plan->channel + row * plan->pitch) + tap_offset(plan, t, 0);
        tile->image = part->copy + at * (ptrdiff_t)plan->size;
        tile->group = (ptrdiff_t)plan->channel;
        tile->step = 1;
        tile->row = (ptrdiff_t)plan->pitch;
        tile->plane = (ptrdiff_t)plan->image;
        return;
    }
    const ptrdiff_t y = (ptrdiff_t)((slab->row + row) * p->sh + t * p->dh) - (ptrdiff_t)p->ph;
    tile->image = tmk_view_at(x, (ptrdiff_t)slab->n * x->stride[0] +
                                     (ptrdiff_t)(slab->ic + c) * x->stride[1] + y * x->stride[2] -
                                     (ptrdiff_t)p->pw);
    tile->group = x->stride[1];
    tile->step = (ptrdiff_t)p->sw;
    tile->row = (ptrdiff_t)p->sh * x->stride[2];
    tile->plane = x->stride[0];
}

/* One row of taps of the tile's channels, from channel `c` of the slab on. */
static void multiply_row(const struct part *part, const struct slab *slab, size_t c, size_t t,
                         struct tmk_channels_gradient *tile, size_t vectors)
{
    const struct plan *plan = part->plan;
    const size_t position = vectors * plan->kernel->lanes * plan->size;
    size_t begin, end;
    find_rows(plan, slab, t, &begin, &end);
    place_image(part, slab, c, t, begin, tile);
    tile->rows = end - begin;
    tile->dy = part->panel_dy + begin * tile->length * position;
    tile->sums = part->sums + t * plan->taps * position;
    plan->kernel->weigh(tile, plan->taps, vectors);
}

/* Where a group's tap `i` reads, from the first one on. */
static ptrdiff_t tap_of_group(const struct plan *plan, size_t i)
{
    const struct tmk_conv2d *p = plan->p;
    if (!plan->copied)
        return (ptrdiff_t)(i * p->dw);
    return p->kw > 1 ? tap_offset(plan, 0, i) : tap_offset(plan, i, 0);
}

/* The slab's channels from `begin` to `end` by a panel of output channels. */
static void multiply_panel(struct part *part, const struct slab *slab, size_t panel, size_t begin,
                           size_t end)
{
    const struct plan *plan = part->plan;
    const struct tmk_conv2d *p = plan->p;
    const struct tmk_view *dw = &part->args->operand[TMK_WEI];
    const size_t oc = panel * plan->kernel->width;
    const size_t lanes = TMK_MIN(plan->kernel->width, p->oc - oc);
    const size_t vectors = tmk_ceil_div(lanes, plan->kernel->lanes);
    const size_t kernel = p->kh * p->kw;
    struct tmk_channels_gradient tile = {
        .images = slab->images,
        .length = p->ow,
        .left = plan->left,
        .right = plan->right,
        .dy_plane = slab->rows * p->ow,
        .group_rows = plan->taps * plan->tap_rows,
    };
    struct tmk_channels_out out = {.lane = dw->stride[0],
                                   .row = 1,
                                   .lanes = lanes,
                                   .accumulate = slab->n > 0 || slab->row > 0};
    for (size_t i = 0; i < plan->taps; i++)
        tile.tap[i] = tap_of_group(plan, i);
    pack_dy(part, slab, oc, lanes, vectors * plan->kernel->lanes, slab->ic + begin == 0);
    for (size_t c = begin; c < end; c += plan->most_groups) {
        tile.groups = TMK_MIN(plan->most_groups, end - c);
        for (size_t t = 0; t < plan->tap_rows; t++)
            multiply_row(part, slab, c, t, &tile, vectors);
        out.rows = tile.groups * kernel;
        out.data =
            tmk_view_at(dw, (ptrdiff_t)oc * dw->stride[0] + (ptrdiff_t)((slab->ic + c) * kernel));
        plan->kernel->settle(&out, part->sums, vectors);
    }
    note(part, TMK_PHASE_COMPUTE);
}

/* Of a panel, but for the last one. */
static size_t vectors_of(const struct plan *plan)
{
    return plan->kernel->width / plan->kernel->lanes;
}

/* What two threads share of a panel both have to pack, which takes as long as so many taps of all
 * its positions: shares that end near its own end do so there. */
#define PACKING 64
static size_t snap(const struct plan *plan, size_t at, size_t total, size_t threads)
{
    const size_t panel = plan->p->ic * vectors_of(plan),
                 end = TMK_MIN((at + panel / 2) / panel * panel, total),
                 off = at < end ? end - at : at - end;
    const bool near = off <= PACKING / (plan->p->kh * plan->p->kw) * vectors_of(plan);
    return near && 8 * threads * off <= total ? end : at;
}

static void run_slab(struct part *part, const struct slab *slab)
{
    const struct plan *plan = part->plan;
    const size_t last = slab->ic + slab->channels;
    if (plan->copied)
        copy_image(part, slab);
    for (size_t panel = 0; panel < plan->panels; panel++) {
        const struct tmk_range own =
            tmk_channels_within(plan->kernel, plan->p->oc, plan->p->ic, part->share, panel);
        const size_t begin = TMK_MAX(own.begin, slab->ic), end = TMK_MIN(own.end, last);
        if (begin < end)
            multiply_panel(part, slab, panel, begin - slab->ic, end - slab->ic);
    }
}

static void run_part(struct part *part)
{
    const struct plan *plan = part->plan;
    const struct tmk_conv2d *p = plan->p;
    struct slab slab;
    for (slab.ic = part->ic.begin; slab.ic < part->ic.end; slab.ic += plan->channels) {
        slab.channels = TMK_MIN(plan->channels, part->ic.end - slab.ic);
        for (slab.n = 0; slab.n < p->mb; slab.n += plan->images) {
            slab.images = TMK_MIN(plan->images, p->mb - slab.n);
            for (slab.row = 0; slab.row < p->oh; slab.row += plan->rows) {
                slab.rows = TMK_MIN(plan->rows, p->oh - slab.row);
                run_slab(part, &slab);
            }
        }
    }
}

/* A call as its threads see it. */
struct call {
    const struct plan *plan;
    const struct tmk_args *args;
    const struct tmk_exec *exec;
    size_t bytes; /* of a thread's workspace */
    struct tmk_pace *pace;
};

static void run_thread(void *context, int thread)
{
    const struct call *call = context;
    const struct plan *plan = call->plan;
    const size_t ic = plan->p->ic, total = ic * tmk_ceil_div(plan->p->oc, plan->kernel->lanes);
    const double start = tmk_pace_start(call->pace);
    struct tmk_range own = tmk_pace_own(call->pace, plan->by_ic ? ic : total, thread);
    if (!plan->by_ic) {
        own.begin = snap(plan, own.begin, total, call->pace->threads);
        own.end = snap(plan, own.end, total, call->pace->threads);
    }
    struct part part = {
        .plan = plan,
        .args = call->args,
        .exec = call->exec,
        .thread = thread,
        .ic = plan->by_ic ? own : (struct tmk_range){0, ic},
        .share = plan->by_ic ? (struct tmk_range){0, total} : own,
        .clock = tmk_phase_start(call->exec),
    };
    lay_out(plan, (char *)call->exec->workspace + (size_t)thread * call->bytes, &part);
    run_part(&part);
    tmk_pace_note(call->pace, thread, tmk_range_length(own), start);
}

enum tmk_status tmk_conv2d_weigh(const struct tmk_conv2d *p, const struct tmk_args *args,
                                 const struct tmk_exec *exec)
{
    const struct plan plan = make_plan(p, exec->threads);
    struct tmk_pace pace;
    struct call call = {&plan, args, exec, lay_out(&plan, NULL, NULL), &pace};
    if (exec->workspace_bytes < (size_t)exec->threads * call.bytes)
        return tmk_fail(TMK_EINVAL, "conv2d: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, (size_t)exec->threads * call.bytes);
    tmk_pace_ask(&pace, (size_t)exec->threads);
    tmk_team_run(exec->threads, run_thread, &call);
    tmk_pace_learn(&pace);
    return TMK_OK;
}
