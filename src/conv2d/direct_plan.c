#include "direct.h"
#include "direct_plan.h"

#include "alloc.h"
#include "phase.h"

#include <stdint.h>
#include <string.h>

/* Products of channels a group, and channels of the image's side of a single group, up to which
 * this beats the GEMM. */
#define MOST_PAIRS 16
#define MOST_CHANNELS 4

/* Bytes that a thread works on at a time: its L1 cache, and what accumulators of bwd_w may take. */
#define L1_BYTES ((size_t)32 << 10)
#define SUMS_BYTES ((size_t)1 << 20)
#define MOST_BYTES ((double)(16 << 20))

/* Rows of results computed from a band before they are brought to their place; of dy in bwd_w. */
#define TILE_ROWS 8
#define MOST_WEIGH_ROWS 64

/* Rows of dy whose sums are in registers at a time, at the most. */
#define SUMMED_ROWS 4

/* Rows of results at a time that read the image in place: what the next ones read is fetched. */
#define IN_PLACE_ROWS 2

/* Vectors of a line that pay for a loop of its own. */
#define LEAST_VECTORS 5

static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b)
{
    return a > b ? a : b;
}

/* Image and results of one row of a phase, in elements. */
static ptrdiff_t row_elements(const struct tmk_direct_plan *plan)
{
    const ptrdiff_t parts = plan->h.in * plan->w.in, phases = plan->h.out * plan->w.out;
    return (plan->channels * parts + tmk_smaller(plan->rows, TILE_ROWS) * phases) * plan->pitch;
}

/* Bands that fit the L1 cache, but not so low that a band's overlap with the next is more than a
 * half of it; of about the same height. In bwd_w four rows of dy may fill half of the cache: all
 * sums are loaded and stored once a band. */
static ptrdiff_t choose_band(const struct tmk_direct_plan *plan)
{
    const ptrdiff_t positions = plan->h.positions, reach = plan->h.reach;
    ptrdiff_t band = (ptrdiff_t)(L1_BYTES / plan->size) / row_elements(plan) - reach;
    if (plan->dir == TMK_BWD_W)
        band = larger(band, (ptrdiff_t)(L1_BYTES / 2 / plan->size) / SUMMED_ROWS / plan->pitch);
    band = tmk_smaller(larger(band, 2 * reach + 2), positions);
    if (plan->in_place)
        band = IN_PLACE_ROWS;
    return tmk_ratio_up(positions, tmk_ratio_up(positions, band));
}

/* Lines of results so long that it does not matter how well they fill their last vectors. */
static bool suits_straight(const struct tmk_direct_plan *plan, const struct tmk_conv2d *p)
{
    return p->base.layout == TMK_NCHW && plan->h.out * plan->w.out == 1 &&
           plan->w.positions > LEAST_VECTORS * plan->kernel->lanes;
}

/* What of the results is read or written at a time where they lie. */
static void choose_lines(struct tmk_direct_plan *plan, const struct tmk_conv2d *p)
{
    const ptrdiff_t lanes = plan->kernel->lanes;
    plan->straight = suits_straight(plan, p);
    plan->vectors = tmk_ratio_up(plan->w.positions, lanes);
    plan->last = plan->w.positions - (plan->vectors - 1) * lanes;
    /* taps read beyond the first and the last vector of a line only */
    plan->in_place = plan->straight && plan->dir == TMK_BWD_D && plan->h.in * plan->w.in == 1 &&
                     -plan->w.first <= lanes && plan->w.first + plan->w.reach <= lanes &&
                     plan->w.image - (plan->vectors - 1) * lanes >= plan->w.first + plan->w.reach;
}

/* Rows of dy at a time in bwd_w: every thread gets some of a single group's, about as many. */
static ptrdiff_t weigh_tile(const struct tmk_direct_plan *plan, int threads)
{
    const ptrdiff_t sums = (plan->ntaps + 1) * plan->kernel->lanes * (ptrdiff_t)plan->size;
    const ptrdiff_t most = tmk_smaller((ptrdiff_t)SUMS_BYTES / sums, MOST_WEIGH_ROWS);
    const ptrdiff_t units = tmk_ratio_up(plan->rows, SUMMED_ROWS);
    const ptrdiff_t tiles = tmk_ratio_up(units, larger(most / SUMMED_ROWS, 1));
    const ptrdiff_t share = tmk_ratio_up(units, tmk_ratio_up(tiles, threads) * threads);
    return tmk_smaller(share * SUMMED_ROWS, plan->rows);
}

/* Copies of the image and of results, and how many groups are worked on at a time. */
static void size_copies(struct tmk_direct_plan *plan)
{
    const ptrdiff_t lanes = plan->kernel->lanes;
    /* Room for the last tap of the last vector. */
    plan->part =
        tmk_ratio_up((plan->band + plan->h.reach) * plan->pitch + plan->w.reach + lanes, lanes) *
        lanes;
    plan->flat = (tmk_ratio_up(plan->band * plan->pitch, lanes) + 1) * lanes;
    plan->image = plan->channels * plan->h.in * plan->w.in * plan->part;
    plan->out = plan->straight ? 0 : plan->tile * plan->h.out * plan->w.out * plan->flat;
    if (plan->tile < plan->rows || plan->band < plan->h.positions)
        plan->block = 1; /* rows of neighbouring groups do not follow each other */
    else
        plan->block = larger((ptrdiff_t)(L1_BYTES / plan->size) / (plan->image + plan->out), 1);
}

struct tmk_direct_plan tmk_direct_plan(const struct tmk_conv2d *p, enum tmk_dir dir, int threads)
{
    const ptrdiff_t icg = (ptrdiff_t)(p->ic / p->g), ocg = (ptrdiff_t)(p->oc / p->g);
    struct tmk_direct_plan plan = {
        .dir = dir,
        .groups = (ptrdiff_t)p->g,
        .kernel = tmk_plane_kernels(p->base.dtype),
        .size = tmk_dtype_size(p->base.dtype),
        .h = tmk_conv2d_axis(p, dir, true),
        .w = tmk_conv2d_axis(p, dir, false),
        .channels = dir == TMK_BWD_D ? ocg : icg,
        .rows = dir == TMK_BWD_D ? icg : ocg,
    };
    const ptrdiff_t lanes = plan.kernel->lanes;
    plan.ntaps = plan.channels * (ptrdiff_t)(p->kh * p->kw);
    plan.pitch = plan.w.positions + plan.w.reach;
    choose_lines(&plan, p);
    plan.band = choose_band(&plan);
    plan.tile = dir == TMK_BWD_W ? weigh_tile(&plan, threads) : tmk_smaller(plan.rows, TILE_ROWS);
    size_copies(&plan);
    /* Enough blocks for the threads to have the same number of them, about. */
    plan.block = tmk_smaller(plan.block, tmk_ratio_up((ptrdiff_t)p->g, 4 * (ptrdiff_t)threads));
    plan.image *= plan.block;
    plan.out *= plan.block;
    if (dir == TMK_BWD_W)
        plan.sums = (plan.block * plan.tile * (plan.ntaps + 1) + lanes) * lanes;
    return plan;
}

static size_t aligned(size_t bytes)
{
    return (bytes + TMK_ALIGN - 1) / TMK_ALIGN * TMK_ALIGN;
}

size_t tmk_direct_thread_bytes(const struct tmk_direct_plan *plan)
{
    return aligned((size_t)(plan->image + plan->out + plan->sums) * plan->size);
}

size_t tmk_direct_gathered_bytes(const struct tmk_direct_plan *plan)
{
    const ptrdiff_t rows = plan->dir == TMK_BWD_W ? 0 : plan->groups * plan->rows;
    return aligned((size_t)(rows * plan->ntaps) * plan->size);
}

size_t tmk_direct_table_bytes(const struct tmk_direct_plan *plan)
{
    return aligned((size_t)(plan->in_place ? 2 : 1) * (size_t)plan->ntaps * sizeof(struct tmk_tap) +
                   (size_t)(plan->h.out * plan->w.out + 1) * sizeof(ptrdiff_t)) +
           tmk_direct_gathered_bytes(plan);
}

size_t tmk_conv2d_direct_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads)
{
    const struct tmk_direct_plan plan = tmk_direct_plan(p, dir, threads);
    return tmk_direct_table_bytes(&plan) + (size_t)threads * tmk_direct_thread_bytes(&plan);
}

/* Does everything fit into 16 MiB a thread? In double, for sizes that overflow do not. */
static bool fits(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    const struct tmk_conv2d_axis h = tmk_conv2d_axis(p, dir, true),
                                 w = tmk_conv2d_axis(p, dir, false);
    const double channels = (double)(dir == TMK_BWD_D ? p->oc : p->ic) / (double)p->g;
    const double taps = channels * (double)p->kh * (double)p->kw;
    const double row = ((double)w.positions + (double)w.reach + 16) * 8;
    const double high = 3 * ((double)h.reach + 1) + (double)L1_BYTES / row;
    const double tile = dir == TMK_BWD_W ? MOST_WEIGH_ROWS : TILE_ROWS;
    const double planes = channels * (double)(h.in * w.in) + tile * (double)(h.out * w.out);
    const double weights = (double)p->oc * (double)p->ic / (double)p->g * (double)(p->kh * p->kw);
    return planes * row * high + weights * 8 + taps * (4 * 64 + 2 * sizeof(struct tmk_tap)) +
               (double)SUMS_BYTES * 2 <
           MOST_BYTES;
}

bool tmk_conv2d_suits_direct(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    const size_t icg = p->ic / p->g, ocg = p->oc / p->g;
    bool few = p->g > 1 ? icg * ocg <= MOST_PAIRS
                        : p->base.layout == TMK_NCHW && icg <= MOST_CHANNELS && p->kh * p->kw > 1;
    return few && fits(p, dir);
}

/* Where a tap that reads (y, x) of channel c for the first result finds it. */
static ptrdiff_t tap_offset(const struct tmk_direct_plan *plan, ptrdiff_t c, ptrdiff_t y,
                            ptrdiff_t x)
{
    y -= plan->h.first;
    x -= plan->w.first;
    const ptrdiff_t part = (c * plan->h.in + y % plan->h.in) * plan->w.in + x % plan->w.in;
    return part * plan->part + y / plan->h.in * plan->pitch + x / plan->w.in;
}

/* The taps of one phase, from the n-th on. */
static void list_phase(const struct tmk_direct_plan *plan, const struct tmk_conv2d_phase *h,
                       const struct tmk_conv2d_phase *v, const struct tmk_view *image,
                       const struct tmk_view *w, const struct tmk_direct_table *table, ptrdiff_t n)
{
    const int channel = plan->dir == TMK_BWD_D ? 0 : 1; /* which dimension of w is summed over */
    const ptrdiff_t kh = (ptrdiff_t)h->taps, kw = (ptrdiff_t)v->taps;
    for (ptrdiff_t i = 0; i < plan->channels * kh * kw; i++, n++) {
        const ptrdiff_t c = i / (kh * kw), th = i / kw % kh, tw = i % kw;
        const ptrdiff_t y = h->origin - th * h->back, x = v->origin - tw * v->back;
        table->taps[n].image = tap_offset(plan, c, y, x);
        table->taps[n].next = c * image->stride[1] + i % (kh * kw) * plan->kernel->lanes;
        table->taps[n].weight = c * w->stride[channel] +
                                ((ptrdiff_t)h->first + th * (ptrdiff_t)h->every) * w->stride[2] +
                                ((ptrdiff_t)v->first + tw * (ptrdiff_t)v->every) * w->stride[3];
        if (!plan->in_place)
            continue;
        table->in_place[n] = table->taps[n];
        table->in_place[n].image = c * image->stride[1] + y * image->stride[2] + x;
        table->in_place[n].left = larger(-x, 0);
        table->in_place[n].right = tmk_smaller(
            plan->w.image - (plan->vectors - 1) * plan->kernel->lanes - x, plan->kernel->lanes);
    }
}

struct tmk_direct_table tmk_direct_table(const struct tmk_direct_plan *plan,
                                         const struct tmk_conv2d *p, const struct tmk_view *image,
                                         const struct tmk_view *w, void *memory)
{
    const ptrdiff_t phases = plan->h.out * plan->w.out;
    struct tmk_direct_table table = {.taps = memory};
    table.in_place = plan->in_place ? table.taps + plan->ntaps : NULL;
    table.begin = (ptrdiff_t *)(table.taps + (plan->in_place ? 2 : 1) * plan->ntaps);
    table.begin[0] = 0;
    for (ptrdiff_t i = 0; i < phases; i++) {
        const struct tmk_conv2d_phase h =
            tmk_conv2d_phase(p, plan->dir, true, (size_t)(i / plan->w.out));
        const struct tmk_conv2d_phase v =
            tmk_conv2d_phase(p, plan->dir, false, (size_t)(i % plan->w.out));
        list_phase(plan, &h, &v, image, w, &table, table.begin[i]);
        table.begin[i + 1] = table.begin[i] + plan->channels * (ptrdiff_t)(h.taps * v.taps);
    }
    return table;
}
