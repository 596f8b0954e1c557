#include "channels.h"

#include "alloc.h"
#include "channels_call.h"
#include "isa.h"
#include "pace.h"
#include "range.h"
#include "size.h"
#include "team.h"

TMK_DEFINE_BY_ISA(tmk_channels_kernels)

static ptrdiff_t tap_offset(const struct tmk_channels_axis *axis, const struct tmk_conv2d_phase *f,
                            size_t tap, ptrdiff_t part, ptrdiff_t length)
{
    const size_t at = (size_t)(f->origin - (ptrdiff_t)tap * f->back - axis->first);
    return (ptrdiff_t)(at % axis->stride) * part + (ptrdiff_t)(at / axis->stride) * length;
}

/* Fill the tables. */
static void find_taps(struct tmk_channels_call *call, const struct tmk_conv2d *p)
{
    const struct tmk_channels_plan *plan = call->plan;
    const struct tmk_channels_steps *steps = &call->steps;
    struct tmk_channels_tap *tap = call->taps;
    struct tmk_channels_phase *f = call->phases;
    for (size_t i = 0; i < plan->h.phases; i++) {
        for (size_t j = 0; j < plan->w.phases; j++, f++) {
            *f = (struct tmk_channels_phase){tmk_conv2d_phase(p, plan->dir, true, i),
                                             tmk_conv2d_phase(p, plan->dir, false, j), i, j,
                                             (size_t)(tap - call->taps)};
            for (size_t y = 0; y < f->h.taps; y++) {
                for (size_t x = 0; x < f->w.taps; x++, tap++) {
                    tap->image = tap_offset(&plan->h, &f->h, y, steps->row_part, steps->row) +
                                 tap_offset(&plan->w, &f->w, x, steps->column_part, steps->column);
                    tap->index =
                        (f->h.first + y * f->h.every) * p->kw + f->w.first + x * f->w.every;
                }
            }
        }
    }
}

static struct tmk_channels_steps steps_of(const struct tmk_channels_plan *plan,
                                          const struct tmk_view *image)
{
    if (!plan->copied)
        return (struct tmk_channels_steps){
            image->stride[0],
            image->stride[1],
            (ptrdiff_t)plan->h.stride * image->stride[2],
            (ptrdiff_t)plan->w.stride,
            image->stride[2],
            1,
        };
    return (struct tmk_channels_steps){
        (ptrdiff_t)(plan->channels * plan->plane),
        (ptrdiff_t)plan->plane,
        (ptrdiff_t)plan->pitch,
        1,
        (ptrdiff_t)(plan->w.parts * plan->part),
        (ptrdiff_t)plan->part,
    };
}

/* The first of a tile's positions: of a row of the slab, or if flat, a column. */
struct spot {
    size_t n, at, row, column;
};

/* Rows of taps that meet more than padding, for a tile that lies in one row. */
struct reach {
    size_t first, end;
};

static struct reach reach_of(const struct tmk_channels_call *call,
                             const struct tmk_channels_phase *f, const struct spot *spot)
{
    const struct tmk_channels_axis *h = &call->plan->h;
    if (call->plan->flat)
        return (struct reach){0, f->h.taps};
    struct reach reach = {f->h.taps, 0};
    for (size_t t = 0; t < f->h.taps; t++) {
        const ptrdiff_t y =
            (ptrdiff_t)(spot->row * h->stride) + f->h.origin - (ptrdiff_t)t * f->h.back;
        if (y >= 0 && y < (ptrdiff_t)h->image) {
            reach.first = TMK_MIN(reach.first, t);
            reach.end = t + 1;
        }
    }
    return reach;
}

static void choose_taps(const struct tmk_channels_call *call, const struct tmk_channels_phase *f,
                        struct reach reach, struct tmk_channels_tile *tile)
{
    tile->taps = call->taps + f->first_tap + reach.first * f->w.taps;
    tile->ntaps = reach.end > reach.first ? (reach.end - reach.first) * f->w.taps : 0;
    tile->tap_row = f->w.taps;
}

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

/* Leave out what meets only padding of a tile's first or last rows, from column `from` on. */
static void choose_skip(const struct tmk_channels_axis *w, const struct tmk_conv2d_phase *f,
                        size_t from, struct tmk_channels_tile *tile)
{
    const ptrdiff_t stride = (ptrdiff_t)w->stride, most = TMK_CHANNELS_MAX_SKIP;
    for (size_t t = 0; t < f->taps; t++) {
        const ptrdiff_t x = (ptrdiff_t)(from * w->stride) + f->origin - (ptrdiff_t)t * f->back;
        const ptrdiff_t over =
            x + (ptrdiff_t)(tile->out.rows - 1) * stride - (ptrdiff_t)w->image + 1;
        tile->skip[t] = 0;
        if (x < 0)
            tile->skip[t] = (int8_t)smaller((-x + stride - 1) / stride, most);
        else if (over > 0)
            tile->skip[t] = (int8_t)-smaller((over + stride - 1) / stride, most);
    }
}

/* One row of phase `f`, or one tile of a flat plane: `columns` positions from tile->image to
 * tile->out. */
static void multiply_columns(const struct tmk_channels_call *call,
                             const struct tmk_channels_block *block,
                             const struct tmk_conv2d_phase *f, struct tmk_channels_tile *tile,
                             size_t columns)
{
    const struct tmk_channels_plan *plan = call->plan;
    const size_t most = tmk_ceil_div(columns, tmk_ceil_div(columns, plan->kernel->rows));
    for (size_t c = 0; c < columns; c += tile->out.rows) {
        tile->out.rows = TMK_MIN(most, columns - c);
        if (!plan->flat)
            choose_skip(&plan->w, f, c, tile);
        if (block->fetch && tile->ntaps > 0)
            tile->ahead =
                tile->taps[tile->ntaps - 1].image + call->steps.row + (ptrdiff_t)tile->out.rows - 1;
        plan->kernel->multiply(tile, block->vectors);
        tile->image = (const char *)tile->image + tile->out.rows * tile->step * plan->size;
        tile->out.data = (char *)tile->out.data +
                         (ptrdiff_t)tile->out.rows * tile->out.row * (ptrdiff_t)plan->size;
    }
}

/* The spots of a unit; how many. */
static size_t find_spots(const struct tmk_channels_plan *plan, const struct tmk_channels_slab *slab,
                         size_t unit, struct spot spots[2])
{
    if (plan->flat) {
        const size_t units = slab->units / slab->images, at = unit % units;
        spots[0] = (struct spot){unit / units, at, slab->row, at * plan->columns};
        return 1;
    }
    /* pairs: neighbouring images, or rows of the only one */
    const bool images = plan->paired && slab->images > 1;
    const size_t step = plan->paired && !images ? 2 : 1;
    const size_t row = unit * step % slab->rows, n = unit * step / slab->rows * (images ? 2 : 1);
    size_t count = 0;
    spots[count++] = (struct spot){n, row, slab->row + row, 0};
    if (images && n + 1 < slab->images)
        spots[count++] = (struct spot){n + 1, row, slab->row + row, 0};
    else if (step == 2 && row + 1 < slab->rows)
        spots[count++] = (struct spot){n, row + 1, slab->row + row + 1, 0};
    return count;
}

static ptrdiff_t image_offset(const struct tmk_channels_call *call, const struct spot *spot)
{
    return (ptrdiff_t)spot->n * call->steps.image +
           (call->plan->flat ? (ptrdiff_t)spot->column : (ptrdiff_t)spot->at * call->steps.row);
}

static struct tmk_channels_out out_of(const struct tmk_channels_call *call,
                                      const struct tmk_channels_slab *slab,
                                      const struct tmk_channels_block *block,
                                      const struct tmk_channels_phase *f, const struct spot *spot)
{
    const struct tmk_channels_plan *plan = call->plan;
    const struct tmk_view *out = call->out;
    const size_t oc = slab->group * plan->lanes + block->lane;
    const size_t n = slab->n + spot->n, y = spot->row * plan->h.phases + f->row,
                 x = spot->column * plan->w.phases + f->column;
    return (struct tmk_channels_out){
        .data = tmk_view_at(out, (ptrdiff_t)n * out->stride[0] + (ptrdiff_t)oc * out->stride[1] +
                                     (ptrdiff_t)y * out->stride[2] + (ptrdiff_t)x * out->stride[3]),
        .lane = out->stride[1],
        .row = (ptrdiff_t)plan->w.phases * out->stride[3],
        .lanes = block->lanes,
        .rows = f->w.positions,
        .bias = call->bias && block->channel == 0
                    ? tmk_view_at(call->bias, (ptrdiff_t)oc * call->bias->stride[0])
                    : NULL,
        .accumulate = block->channel > 0,
    };
}

/* One spot of phase `f`, or a pair of the same reach if `second` is not NULL. */
static void multiply_spots(const struct tmk_channels_call *call,
                           const struct tmk_channels_slab *slab,
                           const struct tmk_channels_block *block,
                           const struct tmk_channels_phase *f, const struct spot *spot,
                           const struct spot *second, struct reach reach)
{
    const struct tmk_channels_plan *plan = call->plan;
    const ptrdiff_t image = image_offset(call, spot);
    struct tmk_channels_tile tile = {
        .image = slab->from +
                 (image + (ptrdiff_t)block->channel * call->steps.channel) * (ptrdiff_t)plan->size,
        .weights = block->weights,
        .plane = call->steps.channel,
        .step = (size_t)call->steps.column,
        .channels = block->channels,
        .all_taps = plan->taps,
        .out = out_of(call, slab, block, f, spot),
        .paired = second,
    };
    if (second) {
        tile.apart = image_offset(call, second) - image;
        tile.second = out_of(call, slab, block, f, second);
    }
    choose_taps(call, f, reach, &tile);
    const size_t left = slab->rows * plan->w.positions - spot->column;
    const size_t columns = plan->flat ? TMK_MIN(plan->columns, left) : f->w.positions;
    multiply_columns(call, block, &f->w, &tile, columns);
}

static void multiply_unit(const struct tmk_channels_call *call,
                          const struct tmk_channels_slab *slab,
                          const struct tmk_channels_block *block, size_t unit)
{
    const struct tmk_channels_plan *plan = call->plan;
    struct spot spots[2];
    const size_t count = find_spots(plan, slab, unit, spots);
    for (size_t i = 0; i < plan->h.phases * plan->w.phases; i++) {
        const struct tmk_channels_phase *f = &call->phases[i];
        if (f->h.taps == 0 || f->w.taps == 0)
            continue;
        const struct spot *inside[2]; /* of this phase */
        struct reach reach[2];
        size_t n = 0;
        for (size_t s = 0; s < count; s++) {
            if (spots[s].row < f->h.positions) {
                inside[n] = &spots[s];
                reach[n++] = reach_of(call, f, &spots[s]);
            }
        }
        if (n == 2 && reach[0].first == reach[1].first && reach[0].end == reach[1].end) {
            multiply_spots(call, slab, block, f, inside[0], inside[1], reach[0]);
            continue;
        }
        for (size_t s = 0; s < n; s++)
            multiply_spots(call, slab, block, f, inside[s], NULL, reach[s]);
    }
}

/* Units [begin, end) of a slab by a panel; `fresh`: pack it first. */
static void multiply_panel(struct tmk_channels_call *call, const struct tmk_channels_slab *slab,
                           size_t panel, size_t begin, size_t end, char *weights, bool fresh,
                           bool fetch)
{
    const struct tmk_channels_plan *plan = call->plan;
    struct tmk_channels_block block = tmk_channels_block(plan, panel);
    block.fetch = fetch;
    block.weights = weights;
    for (; block.channel < plan->channels; block.channel += block.channels) {
        block.channels = TMK_MIN(plan->depth, plan->channels - block.channel);
        if (fresh)
            tmk_channels_pack(call, slab->group, &block);
        for (size_t unit = begin; unit < end; unit++)
            multiply_unit(call, slab, &block, unit);
        tmk_channels_note(call, TMK_PHASE_COMPUTE);
        block.weights +=
            block.channels * plan->taps * block.vectors * plan->kernel->lanes * plan->size;
    }
}

/* This thread's share of the slab, a part of the units of all panels' vectors. While a chunk
 * of the image is in the L2 cache, all panels pass by. */
static void multiply_slab(struct tmk_channels_call *call, const struct tmk_channels_slab *slab)
{
    const struct tmk_channels_plan *plan = call->plan;
    const size_t units = slab->units, vectors = plan->kernel->width / plan->kernel->lanes;
    const size_t total = units * tmk_ceil_div(plan->lanes, plan->kernel->lanes);
    const struct tmk_range share = tmk_pace_own(call->pace, total, call->thread);
    const double start = tmk_pace_start(call->pace);
    const size_t last = tmk_ceil_div(share.end, units * vectors);
    for (size_t first = share.begin / (units * vectors); first < last; first += plan->held) {
        for (size_t at = 0; at < units; at += plan->chunk) {
            for (size_t panel = first; panel < TMK_MIN(first + plan->held, last); panel++) {
                const struct tmk_range own =
                    tmk_channels_within(plan->kernel, plan->lanes, units, share, panel);
                const size_t from = TMK_MAX(own.begin, at), to = TMK_MIN(own.end, at + plan->chunk);
                const size_t place = plan->shared ? panel : panel - first;
                if (from < to)
                    multiply_panel(
                        call, slab, panel, from, to, call->panels + place * plan->panel_bytes,
                        !plan->shared && from == own.begin, plan->beyond && panel == first);
            }
        }
    }
    tmk_pace_note(call->pace, call->thread, tmk_range_length(share), start);
}

/* This thread's share of all rows, some at a time: all panels pass by a copy of them. */
static void run_own_rows(struct tmk_channels_call *call, size_t group)
{
    const struct tmk_channels_plan *plan = call->plan;
    const size_t rows = plan->h.positions;
    const struct tmk_range share = tmk_pace_own(call->pace, plan->images * rows, call->thread);
    const double start = tmk_pace_start(call->pace);
    for (size_t at = share.begin, next; at < share.end; at = next) {
        const size_t left = TMK_MIN(share.end - at, rows - at % rows);
        next = at + tmk_ceil_div(left, tmk_ceil_div(left, plan->slab_rows));
        struct tmk_channels_slab slab = {.group = group,
                                         .n = at / rows,
                                         .images = 1,
                                         .row = at % rows,
                                         .rows = next - at,
                                         .units = next - at};
        tmk_channels_copy(call, &slab);
        for (size_t panel = 0; panel < plan->panels; panel++)
            multiply_panel(call, &slab, panel, 0, slab.units,
                           call->panels + panel * plan->panel_bytes, false, false);
    }
    tmk_pace_note(call->pace, call->thread, tmk_range_length(share), start);
}

/* Copies and panels are made anew when all threads are done with those before. */
static void run_group(struct tmk_channels_call *call, size_t group)
{
    const struct tmk_channels_plan *plan = call->plan;
    bool first = group == 0;
    if (plan->shared && !first) {
#pragma omp barrier
    }
    if (plan->shared)
        tmk_channels_pack_panels(call, group);
    if (plan->own_rows) {
        run_own_rows(call, group);
        return;
    }
    for (size_t n = 0; n < plan->images; n += plan->slab_images) {
        for (size_t row = 0; row < plan->h.positions; row += plan->slab_rows) {
            struct tmk_channels_slab slab = {.group = group,
                                             .n = n,
                                             .images = TMK_MIN(plan->slab_images, plan->images - n),
                                             .row = row,
                                             .rows =
                                                 TMK_MIN(plan->slab_rows, plan->h.positions - row)};
            slab.units = tmk_channels_units(plan, slab.images, slab.rows);
            if (plan->copied && !first) {
#pragma omp barrier
            }
            tmk_channels_copy(call, &slab);
            multiply_slab(call, &slab);
            first = false;
        }
    }
}

static size_t table_bytes(const struct tmk_channels_plan *plan)
{
    return tmk_round_up(plan->h.phases * plan->w.phases * sizeof(struct tmk_channels_phase),
                        TMK_ALIGN) +
           tmk_round_up(plan->taps * sizeof(struct tmk_channels_tap), TMK_ALIGN);
}

/* A thread's share begins and ends within a panel. Between threads lies a page, as what is
 * multiplied is fetched ahead beyond its end. */
static size_t held_bytes(const struct tmk_channels_plan *plan, int threads)
{
    const size_t panels = TMK_MIN(plan->held, tmk_pace_most(plan->panels, (size_t)threads) + 2);
    return tmk_round_up(panels * plan->panel_bytes, TMK_PAGE) + TMK_PAGE;
}

static size_t copies_bytes(const struct tmk_channels_plan *plan, int threads)
{
    return plan->copy_bytes * (plan->own_rows ? (size_t)threads : 1);
}

static size_t workspace_of(const struct tmk_channels_plan *plan, int threads)
{
    const size_t panels = plan->shared ? plan->panels * plan->panel_bytes
                                       : (size_t)threads * held_bytes(plan, threads);
    return table_bytes(plan) + copies_bytes(plan, threads) + panels;
}

size_t tmk_conv2d_channels_workspace(const struct tmk_conv2d *p, enum tmk_dir dir, int threads)
{
    const struct tmk_channels_plan plan = tmk_channels_plan(p, dir, threads);
    return workspace_of(&plan, threads);
}

static void run_thread(void *whole, int thread)
{
    struct tmk_channels_call call = *(const struct tmk_channels_call *)whole;
    const struct tmk_channels_plan *plan = call.plan;
    call.thread = thread;
    call.panels = call.copy + copies_bytes(plan, call.exec->threads);
    if (plan->own_rows)
        call.copy += (size_t)thread * plan->copy_bytes;
    if (!plan->shared)
        call.panels += (size_t)thread * held_bytes(plan, call.exec->threads);
    call.clock = tmk_phase_start(call.exec);
    for (size_t g = 0; g < call.groups; g++)
        run_group(&call, g);
}

enum tmk_status tmk_conv2d_channels(const struct tmk_conv2d *p, enum tmk_dir dir,
                                    const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_channels_plan plan = tmk_channels_plan(p, dir, exec->threads);
    const size_t bytes = workspace_of(&plan, exec->threads);
    if (exec->workspace_bytes < bytes)
        return tmk_fail(TMK_EINVAL, "conv2d: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, bytes);
    char *memory = exec->workspace;
    struct tmk_pace pace;
    tmk_pace_ask(&pace, (size_t)exec->threads);
    struct tmk_channels_call whole = {
        .plan = &plan,
        .exec = exec,
        .pace = &pace,
        .groups = p->g,
        .image = &args->operand[dir == TMK_BWD_D ? TMK_DST : TMK_SRC],
        .weights = &args->operand[TMK_WEI],
        .out = &args->operand[dir == TMK_BWD_D ? TMK_SRC : TMK_DST],
        .bias = dir == TMK_FWD && p->bias ? &args->operand[TMK_BIA] : NULL,
        .phases = (struct tmk_channels_phase *)(void *)memory,
        .taps = (struct tmk_channels_tap *)(void *)(memory + table_bytes(&plan) -
                                                    tmk_round_up(
                                                        plan.taps * sizeof(struct tmk_channels_tap),
                                                        TMK_ALIGN)),
        .copy = memory + table_bytes(&plan),
    };
    whole.steps = steps_of(&plan, whole.image);
    find_taps(&whole, p);
    tmk_team_run(exec->threads, run_thread, &whole);
    tmk_pace_learn(&pace);
    return TMK_OK;
}
