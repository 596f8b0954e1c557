/* winograd fwd, and bwd_d, which is fwd on dy with the kernels turned around and the channels
 * exchanged.
 *
 *   for every block of tiles
 *     transform it, all input channels
 *     for every block of output channels
 *       for every block of input channels
 *         transform their weights; multiply at every point and add to the output's points
 *       transform those back
 *
 * A block's output points and a block of weights stay in the L2 cache, and its inputs where they
 * fit. Weights that do not fit are transformed anew for every block of tiles: where the L3 cache is
 * slow that takes less time than reading them back. */
#include "alloc.h"
#include "pace.h"
#include "size.h"
#include "team.h"
#include "topology.h"
#include "winograd.h"

#include <stdint.h>
#include <string.h>

#define INPUTS TMK_WINOGRAD_BLOCK /* in a block */
#define OUTPUTS 32
#define BLOCK_TILES 32

/* One thread's work is a part of the stretches by a part of each group's output channels. */
struct plan {
    const struct tmk_winograd_kernels *kernels;
    const struct tmk_winograd_form *form;
    struct tmk_winograd_grid grid;
    size_t groups, inputs, outputs; /* channels a group */
    size_t element, points;
    size_t most_stretches;                             /* in a block of tiles */
    size_t parts_stretches, parts_vectors;             /* parts; the latter of vectors of outputs */
    bool streams;                                      /* outputs go past the caches */
    bool keeps_weights;                                /* there is room for all of a part's */
    struct tmk_winograd_block data, products, weights; /* no memory */
    size_t data_bytes, products_bytes, weights_bytes, strip_bytes, part_bytes;
};

/* A transform's element costs about as much as so many multiply-adds at a point. */
#define TRANSFORM_COST 8.0

/* Multiply-adds and transforms of one part. */
static double part_cost(const struct plan *plan, size_t parts_stretches, size_t parts_vectors)
{
    const double stretches = (double)tmk_ceil_div(plan->grid.stretches, parts_stretches);
    const double blocks = (double)tmk_ceil_div((size_t)stretches, plan->most_stretches);
    const double tiles = stretches * (double)plan->grid.width / (double)plan->grid.segments;
    const size_t vectors = tmk_ceil_div(plan->outputs, plan->kernels->lanes);
    const double outputs =
        (double)tmk_ceil_div(vectors, parts_vectors) * (double)plan->kernels->lanes;
    const double inputs = (double)plan->inputs;
    return (double)plan->groups * (double)plan->points *
           (tiles * inputs * outputs +
            TRANSFORM_COST * (tiles * (inputs + outputs) + blocks * inputs * outputs));
}

static void choose_parts(struct plan *plan, size_t threads)
{
    double best = -1;
    for (size_t s = 1; s <= threads; s++) {
        const double cost = part_cost(plan, s, threads / s);
        if (best < 0 || cost < best) {
            best = cost;
            plan->parts_stretches = s;
            plan->parts_vectors = threads / s;
        }
    }
}

static size_t l2_bytes(void)
{
    const struct tmk_topology *machine = tmk_this_machine();
    const size_t bytes = machine ? tmk_topology_cache(machine, 2).bytes : 0;
    return bytes ? bytes : (size_t)512 << 10;
}

/* Blocks of weights that a part holds at a time. */
static size_t weights_blocks(const struct plan *plan)
{
    const size_t vectors = tmk_ceil_div(plan->outputs, plan->kernels->lanes);
    const size_t outputs = tmk_pace_most(vectors, plan->parts_vectors) * plan->kernels->lanes;
    return plan->keeps_weights ? tmk_ceil_div(plan->inputs, INPUTS) * tmk_ceil_div(outputs, OUTPUTS)
                               : 1;
}

/* Blocks of 32 tiles at least, one in all for less than twice as many: larger ones leave the L2
 * cache, smaller ones do not pay for the weights' transform. */
static size_t block_stretches(const struct plan *plan)
{
    const size_t stretches = tmk_ceil_div(plan->grid.stretches, plan->parts_stretches);
    const size_t blocks = stretches * tmk_winograd_most_tiles(&plan->grid) / BLOCK_TILES;
    return blocks > 1 ? TMK_MAX(stretches / blocks, 1)
                      : tmk_pace_most(plan->grid.stretches, plan->parts_stretches);
}

static void size_blocks(struct plan *plan)
{
    const size_t element = plan->element;
    plan->weights = tmk_winograd_block(INPUTS, OUTPUTS, element);
    plan->weights_bytes = tmk_winograd_block_bytes(&plan->weights, plan->points, element);
    plan->keeps_weights = true;
    plan->keeps_weights = weights_blocks(plan) * plan->weights_bytes <= l2_bytes() * 3 / 8;
    plan->most_stretches = block_stretches(plan);
    const size_t tiles = plan->most_stretches * tmk_winograd_most_tiles(&plan->grid);
    plan->data = tmk_winograd_block(tiles, INPUTS, element);
    plan->products = tmk_winograd_block(tiles, OUTPUTS, element);
    plan->data_bytes = tmk_winograd_block_bytes(&plan->data, plan->points, element);
    plan->products_bytes = tmk_winograd_block_bytes(&plan->products, plan->points, element);
    plan->strip_bytes = tmk_winograd_strip_bytes(plan->kernels, &plan->grid, element);
    plan->part_bytes = tmk_ceil_div(plan->inputs, INPUTS) * plan->data_bytes +
                       plan->products_bytes + weights_blocks(plan) * plan->weights_bytes +
                       plan->strip_bytes;
}

/* Outputs that do not fit the L2 cache, in rows of whole cache lines. */
static bool streams(const struct plan *plan, size_t images, size_t height, size_t width)
{
    const size_t channels = images * plan->groups * plan->outputs;
    return channels * height * width * plan->element > l2_bytes() &&
           width * plan->element % TMK_ALIGN == 0;
}

static struct plan make_plan(const struct tmk_conv2d *p, enum tmk_dir dir,
                             enum tmk_winograd_size size, int threads)
{
    const bool fwd = dir == TMK_FWD;
    struct plan plan = {.kernels = tmk_winograd_kernels(p->base.dtype),
                        .groups = p->g,
                        .inputs = (fwd ? p->ic : p->oc) / p->g,
                        .outputs = (fwd ? p->oc : p->ic) / p->g,
                        .element = tmk_dtype_size(p->base.dtype),
                        .parts_stretches = 1,
                        .parts_vectors = 1};
    plan.form = &plan.kernels->form[size];
    plan.points = tmk_winograd_points(plan.form);
    plan.grid = tmk_winograd_grid(plan.form->m, p->mb, fwd ? p->oh : p->ih, fwd ? p->ow : p->iw);
    size_blocks(&plan);
    choose_parts(&plan, (size_t)threads);
    size_blocks(&plan);
    plan.streams = streams(&plan, p->mb, fwd ? p->oh : p->ih, fwd ? p->ow : p->iw);
    return plan;
}

double tmk_winograd_correlate_cost(const struct tmk_conv2d *p, enum tmk_dir dir,
                                   enum tmk_winograd_size size)
{
    const struct plan plan = make_plan(p, dir, size, 1);
    return part_cost(&plan, 1, 1);
}

size_t tmk_winograd_correlate_workspace(const struct tmk_conv2d *p, enum tmk_dir dir,
                                        enum tmk_winograd_size size, int threads)
{
    const struct plan plan = make_plan(p, dir, size, threads);
    return plan.parts_stretches * plan.parts_vectors * plan.part_bytes;
}

/* One thread's job. */
struct part {
    const struct plan *plan;
    const struct tmk_conv2d *p;
    const struct tmk_exec *exec;
    const struct tmk_args *args;
    enum tmk_dir dir;
    char *data, *products, *weights, *strips;
    struct tmk_range outputs; /* of each group */
    struct tmk_winograd_fetch fetch;
    int thread;
    double clock;
};

static struct tmk_winograd_block at(struct tmk_winograd_block block, char *memory)
{
    block.data = memory;
    return block;
}

static struct tmk_winograd_images images_of(const struct part *part, bool input, size_t channel,
                                            size_t channels)
{
    struct tmk_winograd_images images = {
        .kernels = part->plan->kernels,
        .form = part->plan->form,
        .grid = part->plan->grid,
        .view = part->args->operand[(part->dir == TMK_FWD) == input ? TMK_SRC : TMK_DST],
        .channel = channel,
        .channels = channels,
        .strips = part->strips,
    };
    if (input) {
        const struct tmk_window window = tmk_conv2d_window(part->p, part->dir);
        images.pad_h = window.h.pad_lo;
        images.pad_w = window.w.pad_lo;
    }
    return images;
}

/* Kernels of all of bwd_d's outputs lie in one row, a page or more from the next input's: so many
 * rows at a time serve them all. */
#define ROWS_TOGETHER 4

/* Inputs in .. in+depth-1 by outputs out .. out+channels-1 of group g, `memory` their first. */
static void transform_rows(const struct part *part, size_t g, size_t in, size_t depth, size_t out,
                           size_t channels, char *memory)
{
    const struct plan *plan = part->plan;
    const struct tmk_view *w = &part->args->operand[TMK_WEI];
    const bool fwd = part->dir == TMK_FWD;
    for (size_t lane = 0; lane < channels; lane += plan->kernels->lanes) {
        const size_t oc = g * (fwd ? plan->outputs : plan->inputs) + (fwd ? out + lane : in);
        struct tmk_winograd_taps taps =
            tmk_winograd_taps_of(w, oc, fwd ? in : out + lane, fwd, !fwd);
        taps.lanes = TMK_MIN(channels - lane, plan->kernels->lanes);
        const struct tmk_winograd_block block = at(plan->weights, memory + lane * plan->element);
        plan->form->weights(&taps, depth, &block);
    }
}

static void transform_weights(const struct part *part, size_t g, size_t in, size_t depth,
                              size_t out, size_t channels, char *memory)
{
    const struct plan *plan = part->plan;
    const size_t step = part->dir == TMK_FWD ? depth : ROWS_TOGETHER;
    for (size_t k = 0; k < depth; k += step)
        transform_rows(part, g, in + k, TMK_MIN(step, depth - k), out, channels,
                       memory + k * plan->weights.row * plan->element);
}

/* Output channels out .. out+channels-1 of a block of tiles. */
static void multiply_outputs(struct part *part, size_t g, size_t tiles, size_t out, size_t channels,
                             bool weights_ready)
{
    const struct plan *plan = part->plan;
    const size_t blocks_in = tmk_ceil_div(plan->inputs, INPUTS);
    char *weights = part->weights;
    if (plan->keeps_weights)
        weights += (out - part->outputs.begin) / OUTPUTS * blocks_in * plan->weights_bytes;
    for (size_t in = 0; in < plan->inputs; in += INPUTS) {
        const size_t depth = TMK_MIN(plan->inputs - in, INPUTS);
        if (!weights_ready)
            transform_weights(part, g, in, depth, out, channels, weights);
        part->clock = tmk_phase_end(part->exec, part->thread, TMK_PHASE_PACK, part->clock);
        const struct tmk_winograd_product product = {
            .dtype = part->p->base.dtype,
            .points = plan->points,
            .rows = tiles,
            .cols = channels,
            .depth = depth,
            .a = at(plan->data, part->data + in / INPUTS * plan->data_bytes),
            .b = at(plan->weights, weights),
            .c = at(plan->products, part->products),
            .accumulate = in > 0,
            .between = tmk_winograd_fetch_step,
            .ctx = &part->fetch};
        tmk_winograd_multiply(&product);
        part->clock = tmk_phase_end(part->exec, part->thread, TMK_PHASE_COMPUTE, part->clock);
        weights += plan->keeps_weights ? plan->weights_bytes : 0;
    }
}

/* Fetch the inputs of the stretches that come next while these are computed. */
static void begin_fetch(struct part *part, size_t g, size_t tiles, struct tmk_range next)
{
    const struct plan *plan = part->plan;
    const struct tmk_winograd_product product = {
        .dtype = part->p->base.dtype, .points = plan->points, .rows = tiles, .cols = OUTPUTS};
    const size_t steps = tmk_winograd_multiply_steps(&product) *
                         tmk_ceil_div(part->outputs.end - part->outputs.begin, OUTPUTS) *
                         tmk_ceil_div(plan->inputs, INPUTS);
    const struct tmk_winograd_images images = images_of(part, true, g * plan->inputs, plan->inputs);
    part->fetch = tmk_winograd_fetch_data(&images, next.begin, next.end, steps);
}

/* A block of stretches, of group g. */
static void run_block(struct part *part, size_t g, struct tmk_range block, struct tmk_range next,
                      bool weights_ready)
{
    const struct plan *plan = part->plan;
    const size_t tiles = tmk_winograd_tiles(&plan->grid, block.begin, block.end);
    const void *bias = part->dir == TMK_FWD ? part->args->operand[TMK_BIA].data : NULL;
    for (size_t in = 0; in < plan->inputs; in += INPUTS) {
        const struct tmk_winograd_images images =
            images_of(part, true, g * plan->inputs + in, TMK_MIN(plan->inputs - in, INPUTS));
        const struct tmk_winograd_block data =
            at(plan->data, part->data + in / INPUTS * plan->data_bytes);
        tmk_winograd_take_data(&images, block.begin, block.end, &data);
    }
    begin_fetch(part, g, tiles, next);
    for (size_t out = part->outputs.begin; out < part->outputs.end; out += OUTPUTS) {
        const size_t channels = TMK_MIN(part->outputs.end - out, OUTPUTS);
        multiply_outputs(part, g, tiles, out, channels, weights_ready);
        struct tmk_winograd_images images =
            images_of(part, false, g * plan->outputs + out, channels);
        images.stream = plan->streams;
        const struct tmk_winograd_block products = at(plan->products, part->products);
        tmk_winograd_put_output(&images, block.begin, block.end, &products, bias);
    }
}

static void run_part(struct part *part, struct tmk_pace *pace)
{
    const struct plan *plan = part->plan;
    const size_t lanes = plan->kernels->lanes, vectors = tmk_ceil_div(plan->outputs, lanes);
    const double start = tmk_pace_start(pace);
    const struct tmk_range stretches = tmk_pace_share(pace, plan->grid.stretches, part->thread,
                                                      plan->parts_stretches, plan->parts_vectors);
    part->outputs = tmk_pace_share(pace, vectors, part->thread, plan->parts_vectors, 1);
    part->outputs.begin *= lanes;
    part->outputs.end = TMK_MIN(part->outputs.end * lanes, plan->outputs);
    if (part->outputs.begin >= part->outputs.end)
        return;
    const size_t count = stretches.end - stretches.begin;
    const size_t blocks = tmk_ceil_div(count, plan->most_stretches);
    part->clock = tmk_phase_start(part->exec);
    for (size_t g = 0; g < plan->groups; g++) {
        for (size_t b = 0; b < blocks; b++) {
            struct tmk_range block = tmk_share(count, blocks, b);
            block.begin += stretches.begin;
            block.end += stretches.begin;
            const struct tmk_range next = {
                block.end, TMK_MIN(block.end + plan->most_stretches, stretches.end)};
            run_block(part, g, block, next, plan->keeps_weights && b > 0);
        }
    }
    plan->kernels->finish_stream();
    tmk_phase_end(part->exec, part->thread, TMK_PHASE_PACK, part->clock);
    const double work = tmk_range_length(stretches) * tmk_range_length(part->outputs);
    tmk_pace_note(pace, part->thread, work, start);
}

/* A call as its threads see it. */
struct call {
    const struct plan *plan;
    const struct tmk_conv2d *p;
    const struct tmk_args *args;
    const struct tmk_exec *exec;
    enum tmk_dir dir;
    struct tmk_pace *pace;
};

static void run_thread(void *context, int thread)
{
    const struct call *call = context;
    const struct plan *plan = call->plan;
    const size_t index = (size_t)thread;
    if (index >= call->pace->threads)
        return;
    struct part part = {.plan = plan,
                        .p = call->p,
                        .exec = call->exec,
                        .args = call->args,
                        .dir = call->dir,
                        .data = (char *)call->exec->workspace + index * plan->part_bytes,
                        .thread = thread};
    part.products = part.data + tmk_ceil_div(plan->inputs, INPUTS) * plan->data_bytes;
    part.strips = part.products + plan->products_bytes;
    part.weights = part.strips + plan->strip_bytes;
    run_part(&part, call->pace);
}

void tmk_winograd_correlate(const struct tmk_conv2d *p, enum tmk_dir dir,
                            enum tmk_winograd_size size, const struct tmk_args *args,
                            const struct tmk_exec *exec)
{
    const struct plan plan = make_plan(p, dir, size, exec->threads);
    struct tmk_pace pace;
    struct call call = {&plan, p, args, exec, dir, &pace};
    tmk_pace_ask(&pace, plan.parts_stretches * plan.parts_vectors);
    tmk_team_run(exec->threads, run_thread, &call);
    tmk_pace_learn(&pace);
}
