#include "direct.h"

#include "direct_plan.h"
#include "isa.h"
#include "pace.h"
#include "team.h"

TMK_DEFINE_BY_ISA(tmk_plane_kernels)

/* One call, and one thread's part of the workspace. */
struct call {
    const struct tmk_conv2d *p;
    const struct tmk_direct_plan *plan;
    const struct tmk_direct_table *table;
    const struct tmk_exec *exec;
    struct tmk_pace *pace;
    int thread;
    const struct tmk_view *image, *weights, *bias, *out; /* bias may be NULL */
    char *gathered; /* fwd, bwd_d: the weights, phase by phase */
    char *copy, *results, *sums;
    double clock;
};

/* What is worked on at a time: image n, groups [group, group + groups), of each the rows of results
 * [row, row + tile), and of these the image rows [from, from + rows) of every phase. */
struct piece {
    ptrdiff_t n, group, groups, row, tile, from, rows;
};

static void note(struct call *call, enum tmk_phase phase)
{
    call->clock = tmk_phase_end(call->exec, call->thread, phase, call->clock);
}

static void *image_of(const struct call *call, const struct piece *piece)
{
    const struct tmk_view *image = call->image;
    return tmk_view_at(image, piece->n * image->stride[0] +
                                  piece->group * call->plan->channels * image->stride[1]);
}

static void *results_of(const struct call *call, const struct piece *piece, ptrdiff_t from)
{
    const struct tmk_view *out = call->out;
    return tmk_view_at(out, piece->n * out->stride[0] +
                                (piece->group * call->plan->rows + piece->row) * out->stride[1] +
                                from * out->stride[2]);
}

static struct tmk_plane_grid image_grid(const struct call *call, const struct piece *piece)
{
    const struct tmk_direct_plan *plan = call->plan;
    return (struct tmk_plane_grid){.h = plan->h.image,
                                   .w = plan->w.image,
                                   .y = plan->h.first + piece->from * plan->h.in,
                                   .x = plan->w.first,
                                   .plane = call->image->stride[1],
                                   .row = call->image->stride[2],
                                   .col = call->image->stride[3],
                                   .planes = piece->groups * plan->channels,
                                   .rows = piece->rows + plan->h.reach,
                                   .pitch = plan->pitch,
                                   .sh = plan->h.in,
                                   .sw = plan->w.in,
                                   .part = plan->part};
}

/* Planes of all groups follow each other, for a tile of some of the rows is of a single group. */
static struct tmk_plane_grid results_grid(const struct call *call, const struct piece *piece)
{
    const struct tmk_direct_plan *plan = call->plan;
    return (struct tmk_plane_grid){.h = (ptrdiff_t)call->out->shape[2],
                                   .w = (ptrdiff_t)call->out->shape[3],
                                   .y = piece->from * plan->h.out,
                                   .plane = call->out->stride[1],
                                   .row = call->out->stride[2],
                                   .col = call->out->stride[3],
                                   .planes = piece->groups * piece->tile,
                                   .rows = piece->rows,
                                   .pitch = plan->pitch,
                                   .sh = plan->h.out,
                                   .sw = plan->w.out,
                                   .part = plan->flat};
}

/* The lines of the image that the next piece is the first to copy, where they are many. */
static void *next_of(const struct call *call, const struct piece *piece)
{
    const struct tmk_direct_plan *plan = call->plan;
    const ptrdiff_t from = piece->from + piece->rows;
    if (plan->dir != TMK_BWD_D || !plan->straight || from >= plan->h.positions)
        return NULL;
    return (char *)image_of(call, piece) +
           (plan->h.first + plan->h.reach + from) * call->image->stride[2] * (ptrdiff_t)plan->size;
}

/* Does no row of taps meet padding? */
static bool lies_inside(const struct call *call, const struct piece *piece)
{
    const struct tmk_conv2d_axis *h = &call->plan->h;
    return call->plan->in_place && piece->from + h->first >= 0 &&
           piece->from + piece->rows + h->first + h->reach <= h->image;
}

/* The rows of such a piece read the image where it lies. */
static void read_in_place(const struct call *call, const struct piece *piece,
                          struct tmk_planes *planes)
{
    const struct tmk_view *image = call->image;
    planes->in_place = true;
    planes->taps = call->table->in_place;
    planes->image = (char *)image_of(call, piece) +
                    piece->from * image->stride[2] * (ptrdiff_t)call->plan->size;
    planes->image_group = call->plan->channels * image->stride[1];
    planes->image_line = image->stride[2];
}

/* A piece as kernels want it, of copies or of the operands themselves. */
static struct tmk_planes planes_of(const struct call *call, const struct piece *piece)
{
    const struct tmk_direct_plan *plan = call->plan;
    const struct tmk_view *w = call->weights, *bias = call->bias;
    const ptrdiff_t phases = plan->h.out * plan->w.out, lanes = plan->kernel->lanes;
    const bool bwd_d = plan->dir == TMK_BWD_D, copied = !plan->straight;
    const ptrdiff_t out_row = copied ? phases * plan->flat : call->out->stride[1];
    const ptrdiff_t weight_group = (bwd_d ? plan->channels : plan->rows) * w->stride[0];
    const ptrdiff_t weight_row = w->stride[bwd_d ? 1 : 0];
    const ptrdiff_t first = piece->group * plan->rows + piece->row;
    return (struct tmk_planes){
        .groups = piece->groups,
        .rows = piece->tile,
        .lines = plan->straight ? piece->rows : 1,
        .vectors = copied ? tmk_ratio_up(piece->rows * plan->pitch, lanes) : plan->vectors,
        .taps = call->table->taps,
        .ntaps = plan->ntaps,
        .last = copied ? lanes : plan->last,
        .image = call->copy,
        .weights = tmk_view_at(w, piece->group * weight_group + piece->row * weight_row),
        .out = copied ? call->results : results_of(call, piece, piece->from),
        .bias = bias ? tmk_view_at(bias, first * bias->stride[0]) : NULL,
        .image_group = plan->channels * plan->h.in * plan->w.in * plan->part,
        .weight_group = weight_group,
        .weight_row = weight_row,
        .out_group = piece->tile * out_row,
        .out_row = out_row,
        .bias_group = bias ? plan->rows * bias->stride[0] : 0,
        .bias_row = bias ? bias->stride[0] : 0,
        .image_line = plan->pitch,
        .out_line = call->out->stride[2],
        .next = next_of(call, piece),
        .next_line = call->image->stride[2],
    };
}

/* Give the kernels the taps of a phase, and their gathered weights. */
static void set_phase(const struct call *call, const struct piece *piece,
                      const struct tmk_tap *taps, ptrdiff_t phase, struct tmk_planes *planes)
{
    const struct tmk_direct_plan *plan = call->plan;
    const ptrdiff_t *begin = call->table->begin + phase;
    const ptrdiff_t before = begin[0] * plan->groups * plan->rows;
    planes->taps = taps + begin[0];
    planes->ntaps = begin[1] - begin[0];
    planes->gathered =
        call->gathered +
        (size_t)(before + (piece->group * plan->rows + piece->row) * planes->ntaps) * plan->size;
}

static void gather_piece(const struct call *call, const struct piece *piece)
{
    const struct tmk_direct_plan *plan = call->plan;
    struct tmk_planes planes = planes_of(call, piece);
    for (ptrdiff_t phase = 0; phase < plan->h.out * plan->w.out; phase++) {
        set_phase(call, piece, call->table->taps, phase, &planes);
        plan->kernel->gather(&planes);
    }
}

/* The copies that a piece needs: of the image, and in bwd_w of dy, with zeros where a row is over.
 */
static void pack_piece(struct call *call, const struct piece *piece)
{
    const struct tmk_plane_grid image = image_grid(call, piece), dy = results_grid(call, piece);
    call->plan->kernel->pack(&image, image_of(call, piece), call->copy);
    if (call->plan->dir == TMK_BWD_W && !call->plan->straight)
        call->plan->kernel->pack(&dy, results_of(call, piece, 0), call->results);
    note(call, TMK_PHASE_PACK);
}

/* fwd or bwd_d of one tile of rows, the image being packed. */
static void correlate_piece(struct call *call, const struct piece *piece)
{
    const struct tmk_direct_plan *plan = call->plan;
    struct tmk_planes planes = planes_of(call, piece);
    if (lies_inside(call, piece))
        read_in_place(call, piece, &planes);
    const struct tmk_tap *taps = planes.taps;
    for (ptrdiff_t phase = 0; phase < plan->h.out * plan->w.out; phase++) {
        set_phase(call, piece, taps, phase, &planes);
        plan->kernel->correlate(&planes);
        planes.out = (char *)planes.out + (size_t)plan->flat * plan->size;
    }
    note(call, TMK_PHASE_COMPUTE);
    if (plan->straight)
        return;
    const struct tmk_plane_grid grid = results_grid(call, piece);
    plan->kernel->unpack(&grid, call->results, results_of(call, piece, 0));
    note(call, TMK_PHASE_REDUCE);
}

/* bwd_w of a block of groups, of each some rows of dy, over all images. */
static void weigh_block(struct call *call, struct piece piece)
{
    const struct tmk_direct_plan *plan = call->plan;
    struct tmk_planes planes;
    call->clock = tmk_phase_start(call->exec);
    for (ptrdiff_t n = 0; n < (ptrdiff_t)call->image->shape[0]; n++) {
        for (ptrdiff_t from = 0; from < plan->h.positions; from += plan->band) {
            piece.n = n;
            piece.from = from;
            piece.rows = tmk_smaller(plan->band, plan->h.positions - from);
            pack_piece(call, &piece);
            planes = planes_of(call, &piece);
            plan->kernel->weigh(&planes, n == 0 && from == 0, call->sums);
            note(call, TMK_PHASE_COMPUTE);
        }
    }
    plan->kernel->settle(&planes, call->sums);
    note(call, TMK_PHASE_REDUCE);
}

/* fwd or bwd_d of a band of one image, for a block of groups. */
static void correlate_band(struct call *call, struct piece piece)
{
    call->clock = tmk_phase_start(call->exec);
    if (!lies_inside(call, &piece))
        pack_piece(call, &piece);
    for (; piece.row < call->plan->rows; piece.row += piece.tile) {
        piece.tile = tmk_smaller(call->plan->tile, call->plan->rows - piece.row);
        correlate_piece(call, &piece);
    }
}

static void run_bwd_w(struct call *call, ptrdiff_t groups)
{
    const struct tmk_direct_plan *plan = call->plan;
    const ptrdiff_t blocks = tmk_ratio_up(groups, plan->block),
                    tiles = tmk_ratio_up(plan->rows, plan->tile);
    const struct tmk_range own = tmk_pace_own(call->pace, (size_t)(blocks * tiles), call->thread);
    const double start = tmk_pace_start(call->pace);
    for (ptrdiff_t i = (ptrdiff_t)own.begin; i < (ptrdiff_t)own.end; i++) {
        const ptrdiff_t group = i / tiles * plan->block, row = i % tiles * plan->tile;
        weigh_block(call, (struct piece){.group = group,
                                         .groups = tmk_smaller(plan->block, groups - group),
                                         .row = row,
                                         .tile = tmk_smaller(plan->tile, plan->rows - row)});
    }
    tmk_pace_note(call->pace, call->thread, tmk_range_length(own), start);
}

/* One thread's share. */
static void run(struct call *call, ptrdiff_t mb, ptrdiff_t groups)
{
    const struct tmk_direct_plan *plan = call->plan;
    if (plan->dir == TMK_BWD_W) {
        run_bwd_w(call, groups);
        return;
    }
#pragma omp for collapse(2) schedule(static)
    for (ptrdiff_t group = 0; group < groups; group += plan->block) {
        for (ptrdiff_t row = 0; row < plan->rows; row += plan->tile)
            gather_piece(call, &(struct piece){.group = group,
                                               .groups = tmk_smaller(plan->block, groups - group),
                                               .row = row,
                                               .tile = tmk_smaller(plan->tile, plan->rows - row)});
    }
    const ptrdiff_t blocks = tmk_ratio_up(groups, plan->block),
                    bands = tmk_ratio_up(plan->h.positions, plan->band);
    const struct tmk_range own =
        tmk_pace_own(call->pace, (size_t)(mb * blocks * bands), call->thread);
    const double start = tmk_pace_start(call->pace);
    for (ptrdiff_t i = (ptrdiff_t)own.begin; i < (ptrdiff_t)own.end; i++) {
        const ptrdiff_t from = i % bands * plan->band, group = i / bands % blocks * plan->block;
        correlate_band(call,
                       (struct piece){.n = i / bands / blocks,
                                      .group = group,
                                      .groups = tmk_smaller(plan->block, groups - group),
                                      .from = from,
                                      .rows = tmk_smaller(plan->band, plan->h.positions - from)});
    }
    tmk_pace_note(call->pace, call->thread, tmk_range_length(own), start);
}

static void run_thread(void *whole, int thread)
{
    struct call call = *(const struct call *)whole;
    const struct tmk_direct_plan *plan = call.plan;
    call.thread = thread;
    call.copy += (size_t)thread * tmk_direct_thread_bytes(plan);
    call.results = call.copy + (size_t)plan->image * plan->size;
    call.sums = call.copy + (size_t)(plan->image + plan->out) * plan->size;
    run(&call, (ptrdiff_t)call.p->mb, (ptrdiff_t)call.p->g);
}

enum tmk_status tmk_conv2d_direct(const struct tmk_conv2d *p, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_direct_plan plan = tmk_direct_plan(p, dir, exec->threads);
    const size_t table_bytes = tmk_direct_table_bytes(&plan);
    const size_t bytes = table_bytes + (size_t)exec->threads * tmk_direct_thread_bytes(&plan);
    if (exec->workspace_bytes < bytes)
        return tmk_fail(TMK_EINVAL, "conv2d: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, bytes);
    const struct tmk_view *image = &args->operand[dir == TMK_BWD_D ? TMK_DST : TMK_SRC];
    const struct tmk_view *weights = &args->operand[TMK_WEI];
    const struct tmk_direct_table table =
        tmk_direct_table(&plan, p, image, weights, exec->workspace);
    struct tmk_pace pace;
    tmk_pace_ask(&pace, (size_t)exec->threads);
    struct call whole = {
        .p = p,
        .plan = &plan,
        .table = &table,
        .exec = exec,
        .pace = &pace,
        .image = image,
        .weights = weights,
        .bias = dir != TMK_BWD_D && p->bias ? &args->operand[TMK_BIA] : NULL,
        .out = &args->operand[dir == TMK_BWD_D ? TMK_SRC : TMK_DST],
        .gathered = (char *)exec->workspace + table_bytes - tmk_direct_gathered_bytes(&plan),
        .copy = (char *)exec->workspace + table_bytes,
    };
    tmk_team_run(exec->threads, run_thread, &whole);
    tmk_pace_learn(&pace);
    return TMK_OK;
}
