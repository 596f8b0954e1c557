#include "channels_plan.h"

#include "alloc.h"
#include "blocking.h"
#include "channels.h"
#include "planes.h"
#include "size.h"

/* Of the image's copy, at most, and where weights are packed once. */
#define MOST_COPY ((size_t)8 << 20)
#define NEAR_COPY ((size_t)2 << 20)

/* Where loads are scarce, an image of many channels, beyond L2, is read faster from a copy of a few
 * rows: each channel's are on a page of their own otherwise. So is one whose channels lie a
 * multiple of 4 KiB apart, which use the same lines of L1. Every thread then meets all weights. */
#define MANY_PRODUCTS ((size_t)128 * 64) /* of channels and lanes */
#define SAME_LINES ((size_t)4096)
#define MOST_WEIGHTS ((size_t)4 << 20)

/* A sum must be long enough to pay for bringing it to its place. */
#define LEAST_SUM 128

/* What leaves the engine's panels along positions half empty, or does not pay for packing them. */
#define FEW_POSITIONS 64
#define FEW_LANES 64

/* Of packed weights: one panel, and what a thread keeps. */
#define MOST_PANEL ((size_t)4 << 20)
#define MOST_HELD ((size_t)6 << 20)

static struct tmk_channels_axis axis_of(const struct tmk_conv2d *p, enum tmk_dir dir, bool rows)
{
    const size_t stride = rows ? p->sh : p->sw;
    const bool bwd_d = dir == TMK_BWD_D;
    struct tmk_channels_axis axis = {
        .image = bwd_d ? (rows ? p->oh : p->ow) : (rows ? p->ih : p->iw),
        .stride = bwd_d ? 1 : stride,
        .phases = bwd_d ? stride : 1,
        .first = PTRDIFF_MAX,
    };
    ptrdiff_t last_tap = PTRDIFF_MIN, last = PTRDIFF_MIN;
    for (size_t i = 0; i < axis.phases; i++) {
        const struct tmk_conv2d_phase f = tmk_conv2d_phase(p, dir, rows, i);
        if (f.positions == 0 || f.taps == 0)
            continue;
        const ptrdiff_t end = f.origin - (ptrdiff_t)(f.taps - 1) * f.back;
        const ptrdiff_t high = TMK_MAX(f.origin, end);
        axis.positions = TMK_MAX(axis.positions, f.positions);
        axis.first = TMK_MIN(axis.first, TMK_MIN(f.origin, end));
        last_tap = TMK_MAX(last_tap, high);
        last = TMK_MAX(last, high + (ptrdiff_t)((f.positions - 1) * axis.stride));
    }
    const size_t reach = (size_t)(last_tap - axis.first);
    axis.parts = rows && reach == 0 ? 1 : axis.stride;
    axis.length = axis.positions + reach / axis.stride;
    axis.beyond = TMK_MAX(-axis.first, last + 1 - (ptrdiff_t)axis.image);
    return axis;
}

static size_t part_elements(const struct tmk_channels_plan *plan, size_t rows)
{
    return tmk_plane_part(rows, plan->pitch, plan->kernel->lanes, plan->size);
}

static void size_panels(struct tmk_channels_plan *plan)
{
    const size_t step = plan->taps * plan->kernel->width * plan->size;
    plan->panels = tmk_ceil_div(plan->lanes, plan->kernel->width);
    plan->panel_bytes = tmk_round_up(plan->channels * step, TMK_ALIGN);
    plan->far = plan->taps > 1 && plan->panel_bytes > tmk_l2_bytes() / plan->panels;
    plan->near = plan->panel_bytes <= tmk_l2_bytes() / 2 / plan->panels;
}

/* Lines that another thread has read are slow to write, ten times as slow as others if in no order:
 * unless panels are few for so many threads, each packs those that it multiplies by itself. For
 * several slabs of a copy it would do so again and again. */
#define THREADS_OF_PANEL 4
static bool packs_once(const struct tmk_channels_plan *plan, int threads)
{
    const bool slabs = plan->slab_images < plan->images || plan->slab_rows < plan->h.positions;
    return plan->near &&
           (threads == 1 || slabs || (size_t)threads > THREADS_OF_PANEL * plan->panels);
}

static bool is_far(const struct tmk_channels_plan *plan, size_t images)
{
    return images * plan->channels * plan->h.image * plan->w.image * plan->size >
           tmk_l2_bytes() / 2;
}

/* Is it worth it to copy rows that could be read where they lie? */
static bool gains_by_copy(const struct tmk_channels_plan *plan)
{
    const bool collide = plan->h.image * plan->w.image * plan->size % SAME_LINES == 0;
    return !tmk_loads_are_spare() && plan->taps > 1 && !plan->paired &&
           plan->h.stride * plan->w.stride == 1 && plan->h.phases * plan->w.phases == 1 &&
           (collide || (plan->channels * plan->lanes >= MANY_PRODUCTS && is_far(plan, 1))) &&
           plan->panels * plan->panel_bytes <= MOST_WEIGHTS;
}

/* How much of the image is copied at a time: some images, or a band of rows of one. */
static void choose_slab(struct tmk_channels_plan *plan)
{
    const size_t reach = plan->h.length - plan->h.positions;
    const size_t all = plan->channels * plan->h.parts * plan->w.parts * plan->size;
    const size_t most = plan->own_rows ? tmk_l2_bytes() / 4 : plan->near ? NEAR_COPY : MOST_COPY;
    plan->slab_rows = plan->h.positions;
    plan->slab_images = most / (all * part_elements(plan, plan->h.length));
    plan->slab_images = TMK_MIN(TMK_MAX(plan->slab_images, 1), plan->own_rows ? 1 : plan->images);
    while (plan->slab_rows > 1 && all * part_elements(plan, plan->slab_rows + reach) > most)
        plan->slab_rows = tmk_ceil_div(plan->slab_rows, 2);
    plan->part = part_elements(plan, plan->slab_rows + reach);
    plan->plane = plan->h.parts * plan->w.parts * plan->part;
    plan->copy_bytes = plan->slab_images * plan->channels * plan->plane * plan->size;
}

size_t tmk_channels_units(const struct tmk_channels_plan *plan, size_t images, size_t rows)
{
    if (plan->flat)
        return images * tmk_ceil_div(rows * plan->w.positions, plan->columns);
    if (!plan->paired)
        return images * rows;
    return images > 1 ? rows * tmk_ceil_div(images, 2) : tmk_ceil_div(rows, 2);
}

/* Half of the L2 cache at most for the weights that are multiplied, the rest but for a quarter, at
 * least a quarter, for the image; if all weights stay in L2, an eighth, which need not be more as
 * what comes next is fetched. Panels are kept if more than one chunk meets them. */
static void choose_blocks(struct tmk_channels_plan *plan)
{
    const size_t step = plan->taps * plan->kernel->width * plan->size;
    const size_t unit =
        plan->channels * plan->size *
        (plan->flat ? plan->columns
                    : (plan->paired ? 2 : 1) * plan->h.stride * plan->w.stride * plan->pitch);
    const size_t depth = tmk_l2_bytes() / 2 / step / TMK_CHANNELS_GROUP * TMK_CHANNELS_GROUP;
    plan->depth = TMK_MIN(TMK_MAX(depth, TMK_CHANNELS_GROUP), plan->channels);
    const size_t weights = TMK_MIN(plan->depth * step, tmk_l2_bytes() / 2);
    const size_t room = plan->near ? tmk_l2_bytes() / 8 : tmk_l2_bytes() / 4 * 3 - weights;
    plan->chunk = TMK_MAX(room / unit, 1);
    const bool again = tmk_channels_units(plan, plan->slab_images, plan->slab_rows) > plan->chunk;
    plan->held = again ? TMK_MIN(TMK_MAX(MOST_HELD / plan->panel_bytes, 1), plan->panels) : 1;
}

struct tmk_channels_plan tmk_channels_plan(const struct tmk_conv2d *p, enum tmk_dir dir,
                                           int threads)
{
    const bool bwd_d = dir == TMK_BWD_D;
    struct tmk_channels_plan plan = {
        .dir = dir,
        .kernel = tmk_channels_kernels(p->base.dtype),
        .size = tmk_dtype_size(p->base.dtype),
        .h = axis_of(p, dir, true),
        .w = axis_of(p, dir, false),
        .images = p->mb,
        .channels = (bwd_d ? p->oc : p->ic) / p->g,
        .lanes = (bwd_d ? p->ic : p->oc) / p->g,
        .taps = p->kh * p->kw,
    };
    /* a tap leaves out rows on one side only */
    const bool skipped = plan.w.beyond <= TMK_CHANNELS_MAX_SKIP &&
                         (plan.w.positions - 1) * plan.w.stride < plan.w.image;
    plan.copied = !skipped || plan.w.stride > TMK_CHANNELS_MAX_STEP;
    plan.pitch = plan.w.length;
    const bool inside = plan.h.beyond <= 0 && plan.w.beyond <= 0;
    plan.flat = plan.taps == 1 && plan.h.phases * plan.w.phases == 1 &&
                (plan.copied || (inside && plan.h.stride == 1 && plan.w.positions == plan.w.image));
    plan.paired = !plan.flat && 2 * plan.w.positions <= plan.kernel->rows;
    const size_t row = plan.w.positions * (plan.flat ? plan.h.positions : 1);
    plan.tiles = tmk_ceil_div(row, plan.kernel->rows);
    plan.columns = tmk_ceil_div(row, plan.tiles);
    plan.slab_images = plan.images;
    plan.slab_rows = plan.h.positions;
    size_panels(&plan);
    plan.own_rows = !plan.copied && gains_by_copy(&plan);
    plan.copied |= plan.own_rows;
    if (plan.copied)
        choose_slab(&plan);
    plan.shared = plan.own_rows || packs_once(&plan, threads);
    plan.beyond = !plan.copied && is_far(&plan, plan.images);
    choose_blocks(&plan);
    return plan;
}

/* Lanes without a channel are lost. */
static bool fills_lanes(const struct tmk_channels_plan *plan)
{
    return 5 * plan->lanes >= 3 * tmk_round_up(plan->lanes, plan->kernel->lanes);
}

/* Of a 1x1 kernel the engine packs no image either, and its vectors run along positions: these are
 * too few in small images, alone or by few rows. A few beyond whole vectors do no harm, as it has a
 * way for them, unless all rows of several images are one panel. An image is copied for its strides
 * only. */
static bool suits_one_tap(const struct tmk_channels_plan *plan)
{
    const size_t positions = plan->h.positions * plan->w.positions;
    const bool apart = plan->h.stride * plan->w.stride > 1;
    if (plan->channels * positions * plan->size > tmk_l2_bytes() || (plan->copied && !apart))
        return false;
    const bool whole = 4 * (positions % plan->kernel->lanes) <= plan->kernel->lanes;
    return positions < FEW_POSITIONS &&
           (plan->images == 1 ? !whole : plan->lanes <= (whole ? plan->kernel->width : FEW_LANES));
}

/* Does any tap reach any position along an axis? In bwd_d with a stride there may be none. */
static bool is_reached(const struct tmk_conv2d *p, enum tmk_dir dir, bool rows)
{
    const size_t phases = dir == TMK_BWD_D ? (rows ? p->sh : p->sw) : 1;
    bool reached = false;
    for (size_t i = 0; i < phases && !reached; i++) {
        const struct tmk_conv2d_phase f = tmk_conv2d_phase(p, dir, rows, i);
        reached = f.positions > 0 && f.taps > 0;
    }
    return reached;
}

bool tmk_conv2d_suits_channels(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    if (p->base.layout != TMK_NCHW || dir == TMK_BWD_W || !is_reached(p, dir, true) ||
        !is_reached(p, dir, false))
        return false;
    const struct tmk_channels_plan plan = tmk_channels_plan(p, dir, 1);
    return fills_lanes(&plan) && plan.channels * plan.taps >= LEAST_SUM &&
           (plan.taps > 1 || suits_one_tap(&plan)) && plan.copy_bytes <= MOST_COPY &&
           plan.panel_bytes <= MOST_PANEL && p->kw <= TMK_CHANNELS_MAX_ROW;
}
