#include "depthwise.h"

#include "alloc.h"
#include "bias.h"
#include "blocking.h"
#include "depthwise_kernels.h"
#include "isa.h"
#include "pace.h"
#include "phase.h"
#include "size.h"
#include "team.h"

#include <assert.h>
#include <string.h>

TMK_DEFINE_BY_ISA(tmk_depthwise_kernels)

/* More of a map than this of one row of positions is left to others; and all taps of a kernel. */
#define MOST_BYTES ((double)(4 << 20))

/* What the image slides under is x, or dy in bwd_d; out is y or dx, or in bwd_w dy, which is read.
 * Sizes in elements, for one thread. */
struct plan {
    enum tmk_dir dir;
    const struct tmk_depthwise_kernels *kernel;
    size_t size; /* bytes of an element */
    struct tmk_conv2d_axis h, w;
    ptrdiff_t out_h, out_w;
    ptrdiff_t ntaps;
    ptrdiff_t band;  /* rows of positions at a time */
    ptrdiff_t pitch; /* of the image's map, in positions */
    ptrdiff_t bands; /* of an image */
    ptrdiff_t cuts;  /* of bwd_w: parts of all images' bands, with sums of their own */
    ptrdiff_t image, out, weights;
};

/* One call, as one thread sees it. */
struct call {
    const struct tmk_conv2d *p;
    const struct plan *plan;
    const struct tmk_exec *exec;
    struct tmk_pace *pace;
    int thread;
    const struct tmk_view *image, *w, *bias, *out; /* bias may be NULL */
    const struct tmk_depthwise_tap *taps;          /* phase by phase */
    char *image_map, *out_map, *weights;           /* and after the weights the bias */
    char *shares;                                  /* weights and bias of all cuts */
    double clock;
};

/* Channels [channel, channel + count) of image n, rows of positions [from, from + rows). */
struct piece {
    ptrdiff_t n, channel, count, from, rows;
};

/* Rows of the image's map that `rows` rows of positions need. */
static ptrdiff_t image_rows(const struct plan *plan, ptrdiff_t rows)
{
    return (rows + plan->h.reach) * plan->h.in;
}

/* Both maps in half of the L2 cache, in bands of about the same height. */
static ptrdiff_t choose_band(const struct plan *plan)
{
    const ptrdiff_t vector = plan->kernel->lanes * (ptrdiff_t)plan->size;
    const ptrdiff_t row = plan->h.in * plan->pitch + plan->h.out * plan->out_w;
    const ptrdiff_t bytes =
        (ptrdiff_t)tmk_l2_bytes() / 2 - image_rows(plan, 0) * plan->pitch * vector;
    const ptrdiff_t most = TMK_MAX(bytes / (row * vector), 1);
    const ptrdiff_t bands = (plan->h.positions + most - 1) / most;
    return (plan->h.positions + bands - 1) / bands;
}

/* Blocks of channels are jobs for threads: where they are few, all bands are cut into parts, always
 * the same ones, whose sums are added in order. */
#define ENOUGH_JOBS 8
static ptrdiff_t cuts_of(const struct plan *plan, ptrdiff_t channels, ptrdiff_t images)
{
    const ptrdiff_t blocks = (channels + plan->kernel->lanes - 1) / plan->kernel->lanes;
    return TMK_MIN((ENOUGH_JOBS + blocks - 1) / blocks, images * plan->bands);
}

static struct plan make_plan(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    struct plan plan = {
        .dir = dir,
        .kernel = tmk_depthwise_kernels(p->base.dtype),
        .size = tmk_dtype_size(p->base.dtype),
        .h = tmk_conv2d_axis(p, dir, true),
        .w = tmk_conv2d_axis(p, dir, false),
        .out_h = (ptrdiff_t)(dir == TMK_BWD_D ? p->ih : p->oh),
        .out_w = (ptrdiff_t)(dir == TMK_BWD_D ? p->iw : p->ow),
        .ntaps = (ptrdiff_t)(p->kh * p->kw),
    };
    const ptrdiff_t lanes = plan.kernel->lanes;
    plan.pitch = (plan.w.positions + plan.w.reach) * plan.w.in;
    plan.band = choose_band(&plan);
    plan.bands = (plan.h.positions + plan.band - 1) / plan.band;
    plan.cuts = dir == TMK_BWD_W ? cuts_of(&plan, (ptrdiff_t)p->g, (ptrdiff_t)p->mb) : 1;
    plan.image = image_rows(&plan, plan.band) * plan.pitch * lanes;
    plan.out = plan.band * plan.h.out * plan.out_w * lanes;
    plan.weights = (plan.ntaps + 1) * lanes;
    return plan;
}

static size_t thread_bytes(const struct plan *plan)
{
    return tmk_round_up((size_t)(plan->image + plan->out + plan->weights) * plan->size, TMK_ALIGN);
}

static size_t taps_bytes(const struct plan *plan)
{
    return tmk_round_up((size_t)plan->ntaps * sizeof(struct tmk_depthwise_tap), TMK_ALIGN);
}

/* In double, for sizes that overflow do not suit. */
bool tmk_conv2d_suits_depthwise(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    if (p->g != p->ic || p->g != p->oc || p->g == 1)
        return false;
    const struct tmk_conv2d_axis h = tmk_conv2d_axis(p, dir, true);
    const struct tmk_conv2d_axis w = tmk_conv2d_axis(p, dir, false);
    const double row = ((double)w.positions + (double)w.reach) * (double)w.in;
    const double rows = ((double)h.reach + 1) * (double)h.in + (double)h.out;
    const double vectors = row * (double)w.out * rows + (double)p->kh * (double)p->kw;
    return vectors * 64 <= MOST_BYTES;
}

/* Of cuts, if there are several. */
static size_t shares_bytes(const struct plan *plan, size_t channels)
{
    const size_t blocks = tmk_ceil_div(channels, (size_t)plan->kernel->lanes);
    return plan->cuts > 1 ? blocks * (size_t)(plan->cuts * plan->weights) * plan->size : 0;
}

size_t tmk_conv2d_depthwise_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads)
{
    const struct plan plan = make_plan(p, dir);
    return taps_bytes(&plan) + shares_bytes(&plan, p->g) + (size_t)threads * thread_bytes(&plan);
}

static char *later(char *map, const struct plan *plan, ptrdiff_t elements)
{
    return map + elements * (ptrdiff_t)plan->size;
}

static void note(struct call *call, enum tmk_phase phase)
{
    call->clock = tmk_phase_end(call->exec, call->thread, phase, call->clock);
}

static char *bias_map(const struct call *call)
{
    const struct plan *plan = call->plan;
    return later(call->weights, plan, plan->ntaps * plan->kernel->lanes);
}

static void clear(const struct plan *plan, char *map, ptrdiff_t elements)
{
    memset(map, 0, (size_t)elements * plan->size);
}

/* The piece's part of the image with its padding. */
static void gather_image(struct call *call, const struct piece *piece)
{
    const struct plan *plan = call->plan;
    const struct tmk_view *image = call->image;
    const ptrdiff_t x = TMK_MAX(plan->w.first, 0), y = plan->h.first + piece->from * plan->h.in;
    const ptrdiff_t end = TMK_MIN(plan->w.first + plan->pitch, plan->w.image);
    const ptrdiff_t all = image_rows(plan, piece->rows);
    const ptrdiff_t above = TMK_MIN(TMK_MAX(-y, 0), all);
    const ptrdiff_t below = TMK_MIN(TMK_MAX(y + all - plan->h.image, 0), all - above);
    struct tmk_depthwise_planes planes = {
        .count = piece->count,
        .rows = end > x ? all - above - below : 0,
        .columns = end - x,
        .channel = image->stride[1],
        .row = image->stride[2],
        .column = image->stride[3],
        .before = x - plan->w.first,
        .pitch = plan->pitch,
    };
    const ptrdiff_t row = plan->pitch * plan->kernel->lanes;
    char *rows = later(call->image_map, plan, above * row);
    clear(plan, call->image_map, (all - planes.rows - below) * row);
    clear(plan, later(call->image_map, plan, (all - below) * row), below * row);
    if (planes.rows > 0)
        plan->kernel->gather(
            &planes,
            tmk_view_at(image, piece->n * image->stride[0] + piece->channel * image->stride[1] +
                                   (y + above) * image->stride[2] + x * image->stride[3]),
            rows);
}

/* Between out and its map, whichever way. */
static void move_out(struct call *call, const struct piece *piece)
{
    const struct plan *plan = call->plan;
    const struct tmk_view *out = call->out;
    const ptrdiff_t from = piece->from * plan->h.out;
    const ptrdiff_t rows = TMK_MIN(piece->rows * plan->h.out, plan->out_h - from);
    /* rows that run on into each other are one */
    const ptrdiff_t joined = out->stride[2] == plan->out_w * out->stride[3] ? rows : 1;
    const struct tmk_depthwise_planes planes = {
        .count = piece->count,
        .rows = rows / joined,
        .columns = plan->out_w * joined,
        .channel = out->stride[1],
        .row = out->stride[2],
        .column = out->stride[3],
        .pitch = plan->out_w * joined,
    };
    void *at = tmk_view_at(out, piece->n * out->stride[0] + piece->channel * out->stride[1] +
                                    from * out->stride[2]);
    if (plan->dir == TMK_BWD_W)
        plan->kernel->gather(&planes, at, call->out_map);
    else
        plan->kernel->scatter(&planes, call->out_map, at);
}

/* Between `n` elements a channel of some operand and their vectors, whichever way. */
static void move_vectors(struct call *call, const struct piece *piece, const struct tmk_view *view,
                         ptrdiff_t n, char *map)
{
    const struct tmk_depthwise_planes planes = {.count = piece->count,
                                                .rows = 1,
                                                .columns = n,
                                                .channel = view->stride[0],
                                                .column = 1,
                                                .pitch = n};
    void *at = tmk_view_at(view, piece->channel * view->stride[0]);
    if (call->plan->dir == TMK_BWD_W)
        call->plan->kernel->scatter(&planes, map, at);
    else
        call->plan->kernel->gather(&planes, at, map);
}

static void move_weights(struct call *call, const struct piece *piece)
{
    const struct plan *plan = call->plan;
    move_vectors(call, piece, call->w, plan->ntaps, call->weights);
    if (call->bias)
        move_vectors(call, piece, call->bias, 1, bias_map(call));
}

/* Phase (f, g) of a piece's positions. */
static struct tmk_depthwise phase_of(const struct call *call, const struct piece *piece,
                                     ptrdiff_t f, ptrdiff_t g)
{
    const struct plan *plan = call->plan;
    const ptrdiff_t lanes = plan->kernel->lanes;
    /* positions of this phase that lie inside */
    const ptrdiff_t last_row = (plan->out_h - f + plan->h.out - 1) / plan->h.out;
    return (struct tmk_depthwise){
        .image = call->image_map,
        .out = later(call->out_map, plan, (f * plan->out_w + g) * lanes),
        .weights = call->weights,
        .bias = call->bias ? bias_map(call) : NULL,
        .rows = TMK_MIN(piece->rows, last_row - piece->from),
        .columns = (plan->out_w - g + plan->w.out - 1) / plan->w.out,
        .image_row = plan->h.in * plan->pitch * lanes,
        .image_column = plan->w.in * lanes,
        .out_row = plan->h.out * plan->out_w * lanes,
        .out_column = plan->w.out * lanes,
    };
}

/* fwd or bwd_d. */
static void correlate(struct call *call, const struct tmk_conv2d *p, const struct piece *piece)
{
    const struct plan *plan = call->plan;
    const struct tmk_depthwise_tap *taps = call->taps;
    call->clock = tmk_phase_start(call->exec);
    move_weights(call, piece);
    gather_image(call, piece);
    note(call, TMK_PHASE_PACK);
    for (ptrdiff_t f = 0; f < plan->h.out; f++) {
        const size_t rows = tmk_conv2d_phase(p, plan->dir, true, (size_t)f).taps;
        for (ptrdiff_t g = 0; g < plan->w.out; g++) {
            struct tmk_depthwise phase = phase_of(call, piece, f, g);
            phase.taps = taps;
            phase.ntaps = (ptrdiff_t)(rows * tmk_conv2d_phase(p, plan->dir, false, (size_t)g).taps);
            plan->kernel->correlate(&phase);
            taps += phase.ntaps;
        }
    }
    note(call, TMK_PHASE_COMPUTE);
    move_out(call, piece);
    note(call, TMK_PHASE_REDUCE);
}

/* bwd_w of some channels, over bands begin .. end-1 of all images. */
static void weigh(struct call *call, struct piece piece, ptrdiff_t begin, ptrdiff_t end)
{
    const struct plan *plan = call->plan;
    call->clock = tmk_phase_start(call->exec);
    clear(plan, call->weights, plan->weights);
    for (ptrdiff_t band = begin; band < end; band++) {
        piece.n = band / plan->bands;
        piece.from = band % plan->bands * plan->band;
        piece.rows = TMK_MIN(plan->band, plan->h.positions - piece.from);
        gather_image(call, &piece);
        move_out(call, &piece);
        note(call, TMK_PHASE_PACK);
        struct tmk_depthwise whole = phase_of(call, &piece, 0, 0);
        whole.taps = call->taps;
        whole.ntaps = plan->ntaps;
        plan->kernel->weigh(&whole);
        note(call, TMK_PHASE_COMPUTE);
    }
}

static char *share_of(const struct call *call, ptrdiff_t channel, ptrdiff_t cut)
{
    const struct plan *plan = call->plan;
    const ptrdiff_t block = channel / plan->kernel->lanes;
    return later(call->shares, plan, (block * plan->cuts + cut) * plan->weights);
}

/* A block of channels, whose cuts have all been weighed. */
static void add_shares(struct call *call, const struct piece *piece)
{
    const struct plan *plan = call->plan;
    call->clock = tmk_phase_start(call->exec);
    clear(plan, call->weights, plan->weights);
    for (ptrdiff_t cut = 0; cut < plan->cuts; cut++)
        tmk_conv2d_add(call->w->dtype, call->weights, share_of(call, piece->channel, cut), 0,
                       (size_t)plan->weights);
    move_weights(call, piece);
    note(call, TMK_PHASE_REDUCE);
}

/* Vectors of channels. */
static ptrdiff_t blocks_of(const struct plan *plan, ptrdiff_t channels)
{
    return (channels + plan->kernel->lanes - 1) / plan->kernel->lanes;
}

static void run_bwd_w(struct call *call, ptrdiff_t mb, ptrdiff_t channels)
{
    const struct plan *plan = call->plan;
    const ptrdiff_t lanes = plan->kernel->lanes, cuts = plan->cuts, bands = mb * plan->bands;
    const struct tmk_range own =
        tmk_pace_own(call->pace, (size_t)(blocks_of(plan, channels) * cuts), call->thread);
    const double start = tmk_pace_start(call->pace);
    for (ptrdiff_t i = (ptrdiff_t)own.begin; i < (ptrdiff_t)own.end; i++) {
        const ptrdiff_t c = i / cuts * lanes, cut = i % cuts;
        const struct piece piece = {.channel = c, .count = TMK_MIN(lanes, channels - c)};
        weigh(call, piece, bands * cut / cuts, bands * (cut + 1) / cuts);
        if (cuts == 1)
            move_weights(call, &piece);
        else
            memcpy(share_of(call, c, cut), call->weights, (size_t)plan->weights * plan->size);
        note(call, TMK_PHASE_REDUCE);
    }
    tmk_pace_note(call->pace, call->thread, tmk_range_length(own), start);
    if (cuts == 1)
        return;
#pragma omp barrier
#pragma omp for schedule(static)
    for (ptrdiff_t c = 0; c < channels; c += lanes)
        add_shares(call, &(struct piece){.channel = c, .count = TMK_MIN(lanes, channels - c)});
}

/* One thread's share. */
static void run(struct call *call, const struct tmk_conv2d *p)
{
    const struct plan *plan = call->plan;
    const ptrdiff_t mb = (ptrdiff_t)p->mb, channels = (ptrdiff_t)p->g, lanes = plan->kernel->lanes;
    if (plan->dir == TMK_BWD_W) {
        run_bwd_w(call, mb, channels);
        return;
    }
    const ptrdiff_t blocks = blocks_of(plan, channels), bands = plan->bands;
    const struct tmk_range own =
        tmk_pace_own(call->pace, (size_t)(mb * blocks * bands), call->thread);
    const double start = tmk_pace_start(call->pace);
    for (ptrdiff_t i = (ptrdiff_t)own.begin; i < (ptrdiff_t)own.end; i++) {
        const ptrdiff_t from = i % bands * plan->band, c = i / bands % blocks * lanes;
        correlate(call, p,
                  &(struct piece){.n = i / bands / blocks,
                                  .channel = c,
                                  .count = TMK_MIN(lanes, channels - c),
                                  .from = from,
                                  .rows = TMK_MIN(plan->band, plan->h.positions - from)});
    }
    tmk_pace_note(call->pace, call->thread, tmk_range_length(own), start);
}

/* Phase by phase what its taps read in the image's map. */
static void list_taps(const struct plan *plan, const struct tmk_conv2d *p,
                      struct tmk_depthwise_tap *tap)
{
    for (ptrdiff_t i = 0; i < plan->h.out * plan->w.out; i++) {
        const struct tmk_conv2d_phase h =
            tmk_conv2d_phase(p, plan->dir, true, (size_t)(i / plan->w.out));
        const struct tmk_conv2d_phase w =
            tmk_conv2d_phase(p, plan->dir, false, (size_t)(i % plan->w.out));
        for (size_t t = 0; t < h.taps * w.taps; t++, tap++) {
            const size_t th = t / w.taps, tw = t % w.taps;
            const ptrdiff_t y = h.origin - (ptrdiff_t)th * h.back - plan->h.first;
            const ptrdiff_t x = w.origin - (ptrdiff_t)tw * w.back - plan->w.first;
            tap->image = (y * plan->pitch + x) * plan->kernel->lanes;
            tap->weight = (ptrdiff_t)((h.first + th * h.every) * p->kw + w.first + tw * w.every);
        }
    }
}

static void run_thread(void *whole, int thread)
{
    struct call call = *(const struct call *)whole;
    const struct plan *plan = call.plan;
    call.thread = thread;
    call.image_map += (size_t)thread * thread_bytes(plan);
    call.out_map = later(call.image_map, plan, plan->image);
    call.weights = later(call.image_map, plan, plan->image + plan->out);
    run(&call, call.p);
}

enum tmk_status tmk_conv2d_depthwise(const struct tmk_conv2d *p, enum tmk_dir dir,
                                     const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct plan plan = make_plan(p, dir);
    const size_t shared = taps_bytes(&plan) + shares_bytes(&plan, p->g);
    const size_t bytes = shared + (size_t)exec->threads * thread_bytes(&plan);
    if (exec->workspace_bytes < bytes)
        return tmk_fail(TMK_EINVAL, "conv2d: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, bytes);
    const struct tmk_view *w = &args->operand[TMK_WEI];
    assert(w->stride[3] == 1 && w->stride[2] == (ptrdiff_t)p->kw); /* a channel's are one run */
    list_taps(&plan, p, exec->workspace);
    struct tmk_pace pace;
    tmk_pace_ask(&pace, (size_t)exec->threads);
    struct call whole = {
        .p = p,
        .plan = &plan,
        .exec = exec,
        .pace = &pace,
        .image = &args->operand[dir == TMK_BWD_D ? TMK_DST : TMK_SRC],
        .w = w,
        .bias = dir != TMK_BWD_D && p->bias ? &args->operand[TMK_BIA] : NULL,
        .out = &args->operand[dir == TMK_BWD_D ? TMK_SRC : TMK_DST],
        .taps = exec->workspace,
        .shares = (char *)exec->workspace + taps_bytes(&plan),
        .image_map = (char *)exec->workspace + shared,
    };
    tmk_team_run(exec->threads, run_thread, &whole);
    tmk_pace_learn(&pace);
    return TMK_OK;
}
