#include "direct.h"

#include "alloc.h"
#include "isa.h"
#include "phase.h"
#include "planes.h"

#include <omp.h>
#include <stdint.h>

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

/* One spatial axis. The image (x, or dy in bwd_d) is taken apart into `in` parts, the results (dx
 * in bwd_d) are put together from `out` phases. */
struct axis {
    ptrdiff_t image, in, out;
    ptrdiff_t positions; /* results of a phase, the longest */
    ptrdiff_t first;     /* what the first tap of all reads for position 0 */
    ptrdiff_t reach;     /* positions from the first tap to the last, in a part */
};

/* Everything that follows from shape and direction. Sizes in elements, for one thread. */
struct plan {
    enum tmk_dir dir;
    const struct tmk_plane_kernels *kernel;
    size_t size; /* bytes of an element */
    struct axis h, w;
    ptrdiff_t channels, rows; /* of a group: summed over (bwd_w: of x), and of results or dy */
    ptrdiff_t ntaps;          /* channels * kh * kw */
    ptrdiff_t band, pitch;    /* rows of a phase at a time; elements of a row */
    ptrdiff_t part, flat;     /* elements of a part of the image, of a row of results */
    ptrdiff_t block, tile;    /* groups at a time, rows at a time */
    ptrdiff_t image, out, sums;
};

extern const struct tmk_plane_kernels tmk_plane_kernels_generic[], tmk_plane_kernels_avx2[],
    tmk_plane_kernels_avx512[], tmk_plane_kernels_neon[];

const struct tmk_plane_kernels *tmk_plane_kernels(enum tmk_dtype dtype)
{
    static const struct tmk_plane_kernels *const sets[TMK_NISAS] = {
        [TMK_ISA_GENERIC] = tmk_plane_kernels_generic,
#if defined(__x86_64__)
        [TMK_ISA_AVX2] = tmk_plane_kernels_avx2,
        [TMK_ISA_AVX512] = tmk_plane_kernels_avx512,
#elif defined(__aarch64__)
        [TMK_ISA_NEON] = tmk_plane_kernels_neon,
#endif
    };
    return &sets[tmk_isa()][dtype];
}

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b)
{
    return a > b ? a : b;
}

static ptrdiff_t ratio_up(ptrdiff_t a, ptrdiff_t b)
{
    return (a + b - 1) / b;
}

/* One phase of an axis; fwd and bwd_w have a single one, with all taps. */
static struct tmk_conv2d_phase phase_of(const struct tmk_conv2d *p, enum tmk_dir dir, bool rows,
                                        size_t phase)
{
    if (dir == TMK_BWD_D)
        return rows ? tmk_conv2d_phase_h(p, phase) : tmk_conv2d_phase_w(p, phase);
    return (struct tmk_conv2d_phase){.positions = rows ? p->oh : p->ow,
                                     .taps = rows ? p->kh : p->kw,
                                     .every = 1,
                                     .origin = -(ptrdiff_t)(rows ? p->ph : p->pw),
                                     .back = -(ptrdiff_t)(rows ? p->dh : p->dw)};
}

static struct axis axis_of(const struct tmk_conv2d *p, enum tmk_dir dir, bool rows)
{
    const ptrdiff_t stride = (ptrdiff_t)(rows ? p->sh : p->sw);
    const bool bwd_d = dir == TMK_BWD_D;
    struct axis axis = {.image = (ptrdiff_t)(bwd_d  ? (rows ? p->oh : p->ow)
                                             : rows ? p->ih
                                                    : p->iw),
                        .in = bwd_d ? 1 : stride,
                        .out = bwd_d ? stride : 1,
                        .first = PTRDIFF_MAX};
    ptrdiff_t last = PTRDIFF_MIN;
    for (ptrdiff_t f = 0; f < axis.out; f++) {
        struct tmk_conv2d_phase phase = phase_of(p, dir, rows, (size_t)f);
        axis.positions = larger(axis.positions, (ptrdiff_t)phase.positions);
        if (phase.taps > 0) {
            ptrdiff_t end = phase.origin - (ptrdiff_t)(phase.taps - 1) * phase.back;
            axis.first = smaller(axis.first, smaller(phase.origin, end));
            last = larger(last, larger(phase.origin, end));
        }
    }
    axis.reach = (last - axis.first) / axis.in;
    return axis;
}

/* Image and results of one row of a phase, in elements. */
static ptrdiff_t row_elements(const struct plan *plan)
{
    const ptrdiff_t parts = plan->h.in * plan->w.in, phases = plan->h.out * plan->w.out;
    return (plan->channels * parts + smaller(plan->rows, TILE_ROWS) * phases) * plan->pitch;
}

/* Bands that fit the L1 cache, but not so low that a band's overlap with the next is more than a
 * half of it; of about the same height. */
static ptrdiff_t choose_band(const struct plan *plan)
{
    const ptrdiff_t positions = plan->h.positions, reach = plan->h.reach;
    ptrdiff_t band = (ptrdiff_t)(L1_BYTES / plan->size) / row_elements(plan) - reach;
    band = smaller(larger(band, 2 * reach + 2), positions);
    return ratio_up(positions, ratio_up(positions, band));
}

static struct plan plan_of(const struct tmk_conv2d *p, enum tmk_dir dir, int threads)
{
    const ptrdiff_t icg = (ptrdiff_t)(p->ic / p->g), ocg = (ptrdiff_t)(p->oc / p->g);
    struct plan plan = {
        .dir = dir,
        .kernel = tmk_plane_kernels(p->base.dtype),
        .size = tmk_dtype_size(p->base.dtype),
        .h = axis_of(p, dir, true),
        .w = axis_of(p, dir, false),
        .channels = dir == TMK_BWD_D ? ocg : icg,
        .rows = dir == TMK_BWD_D ? icg : ocg,
    };
    const ptrdiff_t lanes = plan.kernel->lanes, groups = (ptrdiff_t)p->g;
    plan.ntaps = plan.channels * (ptrdiff_t)(p->kh * p->kw);
    plan.pitch = plan.w.positions + plan.w.reach;
    plan.band = choose_band(&plan);
    /* Room for the last tap of the last vector. */
    plan.part =
        ratio_up((plan.band + plan.h.reach) * plan.pitch + plan.w.reach + lanes, lanes) * lanes;
    plan.flat = (ratio_up(plan.band * plan.pitch, lanes) + 1) * lanes;
    plan.tile = smaller(plan.rows, TILE_ROWS);
    if (dir == TMK_BWD_W) {
        ptrdiff_t most = (ptrdiff_t)(SUMS_BYTES / plan.size) / ((plan.ntaps + 1) * lanes);
        most = larger(smaller(most, MOST_WEIGH_ROWS), 4);
        plan.tile = smaller(ratio_up(ratio_up(plan.rows, threads), 4) * 4, most);
        plan.tile = smaller(plan.tile, plan.rows);
    }
    const ptrdiff_t image = plan.channels * plan.h.in * plan.w.in * plan.part;
    const ptrdiff_t out = plan.tile * plan.h.out * plan.w.out * plan.flat;
    plan.block = 1;
    if (plan.band == plan.h.positions)
        plan.block = larger((ptrdiff_t)(L1_BYTES / plan.size) / (image + out), 1);
    plan.block = smaller(plan.block, ratio_up(groups, 4 * (ptrdiff_t)threads));
    if (plan.tile < plan.rows)
        plan.block = 1; /* rows of neighbouring groups do not follow each other */
    plan.image = plan.block * image;
    plan.out = ratio_up(plan.block * out, lanes) * lanes;
    plan.sums = dir == TMK_BWD_W ? (plan.block * plan.tile * (plan.ntaps + 1) + lanes) * lanes : 0;
    return plan;
}

static size_t thread_bytes(const struct plan *plan)
{
    size_t bytes = (size_t)(plan->image + plan->out + plan->sums) * plan->size;
    return (bytes + TMK_ALIGN - 1) / TMK_ALIGN * TMK_ALIGN;
}

/* The table of taps, and where each phase's begin. */
static size_t table_bytes(const struct plan *plan)
{
    size_t bytes = (size_t)plan->ntaps * sizeof(struct tmk_tap) +
                   (size_t)(plan->h.out * plan->w.out + 1) * sizeof(ptrdiff_t);
    return (bytes + TMK_ALIGN - 1) / TMK_ALIGN * TMK_ALIGN;
}

size_t tmk_conv2d_direct_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads)
{
    struct plan plan = plan_of(p, dir, threads);
    return table_bytes(&plan) + (size_t)threads * thread_bytes(&plan);
}

/* Does everything fit into 16 MiB a thread? In double, for sizes that overflow do not. */
static bool fits(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    const struct axis h = axis_of(p, dir, true), w = axis_of(p, dir, false);
    const double channels = (double)(dir == TMK_BWD_D ? p->oc : p->ic) / (double)p->g;
    const double taps = channels * (double)p->kh * (double)p->kw;
    const double row = ((double)w.positions + (double)w.reach + 16) * 8;
    const double high = 3 * ((double)h.reach + 1) + (double)L1_BYTES / row;
    const double tile = dir == TMK_BWD_W ? MOST_WEIGH_ROWS : TILE_ROWS;
    const double planes = channels * (double)(h.in * w.in) + tile * (double)(h.out * w.out);
    return planes * row * high + taps * (4 * 64 + sizeof(struct tmk_tap)) + (double)SUMS_BYTES * 2 <
           MOST_BYTES;
}

bool tmk_conv2d_suits_direct(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    const size_t icg = p->ic / p->g, ocg = p->oc / p->g;
    bool few = p->g > 1 ? icg * ocg <= MOST_PAIRS
                        : p->base.layout == TMK_NCHW && icg <= MOST_CHANNELS && p->kh * p->kw > 1;
    return few && fits(p, dir);
}

static void *element(const struct tmk_view *view, ptrdiff_t offset)
{
    return (char *)view->data + offset * (ptrdiff_t)tmk_dtype_size(view->dtype);
}

/* Fill the table: taps in the order channel, row, column within each phase. */
static void list_taps(const struct plan *plan, const struct tmk_conv2d *p, const struct tmk_view *w,
                      struct tmk_tap *taps, ptrdiff_t *begin)
{
    const int channel = plan->dir == TMK_BWD_D ? 0 : 1; /* which dimension of w is summed over */
    const ptrdiff_t parts = plan->h.in * plan->w.in;
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < plan->h.out * plan->w.out; i++) {
        struct tmk_conv2d_phase h = phase_of(p, plan->dir, true, (size_t)(i / plan->w.out));
        struct tmk_conv2d_phase v = phase_of(p, plan->dir, false, (size_t)(i % plan->w.out));
        begin[i] = n;
        for (ptrdiff_t j = 0; j < plan->channels * (ptrdiff_t)(h.taps * v.taps); j++) {
            ptrdiff_t c = j / (ptrdiff_t)(h.taps * v.taps);
            ptrdiff_t th = j / (ptrdiff_t)v.taps % (ptrdiff_t)h.taps, tw = j % (ptrdiff_t)v.taps;
            ptrdiff_t y = h.origin - th * h.back - plan->h.first;
            ptrdiff_t x = v.origin - tw * v.back - plan->w.first;
            ptrdiff_t part = (c * parts + y % plan->h.in * plan->w.in + x % plan->w.in);
            taps[n].image = part * plan->part + y / plan->h.in * plan->pitch + x / plan->w.in;
            taps[n++].weight = c * w->stride[channel] +
                               ((ptrdiff_t)h.first + th * (ptrdiff_t)h.every) * w->stride[2] +
                               ((ptrdiff_t)v.first + tw * (ptrdiff_t)v.every) * w->stride[3];
        }
    }
    begin[plan->h.out * plan->w.out] = n;
}

/* One call, and one thread's part of the workspace. */
struct call {
    const struct plan *plan;
    const struct tmk_view *image, *weights, *bias,
        *out; /* fwd: x w b y; bwd_d: dy w - dx; bwd_w: x dw db dy */
    const struct tmk_tap *taps;
    const ptrdiff_t *begin;
    char *copy, *results, *sums;
};

/* The grid of a band of the image's rows, for `planes` planes of it. */
static struct tmk_plane_grid image_grid(const struct plan *plan, const struct tmk_view *image,
                                        ptrdiff_t from, ptrdiff_t rows, ptrdiff_t planes)
{
    return (struct tmk_plane_grid){.h = plan->h.image,
                                   .w = plan->w.image,
                                   .y = plan->h.first + from * plan->h.in,
                                   .x = plan->w.first,
                                   .plane = image->stride[1],
                                   .row = image->stride[2],
                                   .col = image->stride[3],
                                   .planes = planes,
                                   .rows = rows + plan->h.reach,
                                   .pitch = plan->pitch,
                                   .sh = plan->h.in,
                                   .sw = plan->w.in,
                                   .part = plan->part};
}

/* The same of the results, or of dy in bwd_w. */
static struct tmk_plane_grid out_grid(const struct plan *plan, const struct tmk_view *out,
                                      ptrdiff_t from, ptrdiff_t rows, ptrdiff_t planes)
{
    return (struct tmk_plane_grid){.h = (ptrdiff_t)out->shape[2],
                                   .w = (ptrdiff_t)out->shape[3],
                                   .y = from * plan->h.out,
                                   .plane = out->stride[1],
                                   .row = out->stride[2],
                                   .col = out->stride[3],
                                   .planes = planes,
                                   .rows = rows,
                                   .pitch = plan->pitch,
                                   .sh = plan->h.out,
                                   .sw = plan->w.out,
                                   .part = plan->flat};
}

/* Rows [row, row + tile) of the results of groups [group, group + groups), as kernels want them. */
static struct tmk_planes planes_of(const struct call *call, ptrdiff_t group, ptrdiff_t groups,
                                   ptrdiff_t row, ptrdiff_t rows)
{
    const struct plan *plan = call->plan;
    const struct tmk_view *w = call->weights;
    const ptrdiff_t phases = plan->h.out * plan->w.out;
    const int out = plan->dir == TMK_BWD_D ? 1 : 0; /* which dimension of w has a row's channel */
    const ptrdiff_t ocg = plan->dir == TMK_BWD_D ? plan->channels : plan->rows;
    struct tmk_planes planes = {
        .groups = groups,
        .rows = rows,
        .taps = call->taps,
        .ntaps = plan->ntaps,
        .image = call->copy,
        .weights = element(w, group * ocg * w->stride[0] + row * w->stride[out]),
        .out = call->results,
        .image_group = plan->channels * plan->h.in * plan->w.in * plan->part,
        .weight_group = ocg * w->stride[0],
        .weight_row = w->stride[out],
        .out_group = plan->tile * phases * plan->flat,
        .out_row = phases * plan->flat,
    };
    if (call->bias) {
        planes.bias = element(call->bias, (group * plan->rows + row) * call->bias->stride[0]);
        planes.bias_row = call->bias->stride[0];
        planes.bias_group = plan->rows * call->bias->stride[0];
    }
    return planes;
}

/* fwd or bwd_d of a band of one image, for a block of groups. */
static void correlate_band(const struct call *call, ptrdiff_t n, ptrdiff_t group, ptrdiff_t groups,
                           ptrdiff_t from, const struct tmk_exec *exec)
{
    const struct plan *plan = call->plan;
    const struct tmk_view *image = call->image, *out = call->out;
    const ptrdiff_t rows = smaller(plan->band, plan->h.positions - from);
    const int thread = omp_get_thread_num();
    double clock = tmk_phase_start(exec);
    struct tmk_plane_grid grid = image_grid(plan, image, from, rows, groups * plan->channels);
    plan->kernel->pack(
        &grid, element(image, n * image->stride[0] + group * plan->channels * image->stride[1]),
        call->copy);
    clock = tmk_phase_end(exec, thread, TMK_PHASE_PACK, clock);
    for (ptrdiff_t row = 0; row < plan->rows; row += plan->tile) {
        const ptrdiff_t tile = smaller(plan->tile, plan->rows - row);
        struct tmk_planes planes = planes_of(call, group, groups, row, tile);
        planes.vectors = ratio_up(rows * plan->pitch, plan->kernel->lanes);
        for (ptrdiff_t phase = 0; phase < plan->h.out * plan->w.out; phase++) {
            planes.taps = call->taps + call->begin[phase];
            planes.ntaps = call->begin[phase + 1] - call->begin[phase];
            planes.out = call->results + (size_t)(phase * plan->flat) * plan->size;
            plan->kernel->correlate(&planes);
        }
        clock = tmk_phase_end(exec, thread, TMK_PHASE_COMPUTE, clock);
        /* The rows of all groups follow each other unless they come in several tiles. */
        grid = out_grid(plan, out, from, rows, groups * tile);
        plan->kernel->unpack(
            &grid, call->results,
            element(out, n * out->stride[0] + (group * plan->rows + row) * out->stride[1]));
        clock = tmk_phase_end(exec, thread, TMK_PHASE_REDUCE, clock);
    }
}

/* bwd_w of a block of groups, rows [row, row + tile) of each, over all images. */
static void weigh_block(const struct call *call, ptrdiff_t group, ptrdiff_t groups, ptrdiff_t row,
                        const struct tmk_exec *exec)
{
    const struct plan *plan = call->plan;
    const struct tmk_view *x = call->image, *y = call->out;
    const ptrdiff_t tile = smaller(plan->tile, plan->rows - row);
    const int thread = omp_get_thread_num();
    struct tmk_planes planes = planes_of(call, group, groups, row, tile);
    double clock = tmk_phase_start(exec);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)x->shape[0] * ratio_up(plan->h.positions, plan->band);
         i++) {
        const ptrdiff_t bands = ratio_up(plan->h.positions, plan->band);
        const ptrdiff_t n = i / bands, from = i % bands * plan->band;
        const ptrdiff_t rows = smaller(plan->band, plan->h.positions - from);
        struct tmk_plane_grid grid = image_grid(plan, x, from, rows, groups * plan->channels);
        plan->kernel->pack(&grid,
                           element(x, n * x->stride[0] + group * plan->channels * x->stride[1]),
                           call->copy);
        /* Zero where a row of dy is over, whatever x has there. */
        grid = out_grid(plan, y, from, rows, groups * tile);
        plan->kernel->pack(&grid,
                           element(y, n * y->stride[0] + (group * plan->rows + row) * y->stride[1]),
                           call->results);
        clock = tmk_phase_end(exec, thread, TMK_PHASE_PACK, clock);
        planes.vectors = ratio_up(rows * plan->pitch, plan->kernel->lanes);
        plan->kernel->weigh(&planes, i == 0, call->sums);
        clock = tmk_phase_end(exec, thread, TMK_PHASE_COMPUTE, clock);
    }
    plan->kernel->settle(&planes, call->sums);
    tmk_phase_end(exec, thread, TMK_PHASE_REDUCE, clock);
}

enum tmk_status tmk_conv2d_direct(const struct tmk_conv2d *p, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct plan plan = plan_of(p, dir, exec->threads);
    const size_t bytes = table_bytes(&plan) + (size_t)exec->threads * thread_bytes(&plan);
    if (exec->workspace_bytes < bytes)
        return tmk_fail(TMK_EINVAL, "conv2d: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, bytes);
    const bool bwd_d = dir == TMK_BWD_D;
    const ptrdiff_t groups = (ptrdiff_t)p->g, mb = (ptrdiff_t)p->mb;
    struct tmk_tap *taps = exec->workspace;
    ptrdiff_t *begin = (ptrdiff_t *)(taps + plan.ntaps);
    list_taps(&plan, p, &args->operand[TMK_WEI], taps, begin);
#pragma omp parallel num_threads(exec->threads)
    {
        struct call call = {
            .plan = &plan,
            .image = &args->operand[bwd_d ? TMK_DST : TMK_SRC],
            .weights = &args->operand[TMK_WEI],
            .bias = !bwd_d && p->bias ? &args->operand[TMK_BIA] : NULL,
            .out = &args->operand[bwd_d ? TMK_SRC : TMK_DST],
            .taps = taps,
            .begin = begin,
            .copy = (char *)exec->workspace + table_bytes(&plan) +
                    (size_t)omp_get_thread_num() * thread_bytes(&plan),
        };
        call.results = call.copy + (size_t)plan.image * plan.size;
        call.sums = call.results + (size_t)plan.out * plan.size;
        if (dir == TMK_BWD_W) {
#pragma omp for collapse(2) schedule(static) nowait
            for (ptrdiff_t group = 0; group < groups; group += plan.block) {
                for (ptrdiff_t row = 0; row < plan.rows; row += plan.tile)
                    weigh_block(&call, group, smaller(plan.block, groups - group), row, exec);
            }
        } else {
#pragma omp for collapse(3) schedule(static) nowait
            for (ptrdiff_t n = 0; n < mb; n++) {
                for (ptrdiff_t group = 0; group < groups; group += plan.block) {
                    for (ptrdiff_t from = 0; from < plan.h.positions; from += plan.band)
                        correlate_band(&call, n, group, smaller(plan.block, groups - group), from,
                                       exec);
                }
            }
        }
    }
    return TMK_OK;
}
