/* winograd bwd_w: for every block of output by input channels, the products of their points summed
 * over all tiles, then transformed to taps. Few blocks are cut along the tiles as well, always into
 * the same parts, whose taps are added in order: the same bits at any thread count. */
#include "bias.h"
#include "pace.h"
#include "size.h"
#include "team.h"
#include "winograd.h"

#include <stdint.h>
#include <string.h>

#define BLOCK TMK_WINOGRAD_BLOCK
#define ENOUGH_JOBS 8  /* blocks are cut until there are so many of them, */
#define LEAST_TILES 96 /* but not into parts of fewer tiles */
#define BLOCK_TILES 32 /* transformed at a time */

struct plan {
    const struct tmk_conv2d *p;
    const struct tmk_winograd_kernels *kernels;
    const struct tmk_winograd_form *form;
    struct tmk_winograd_grid grid;
    size_t inputs, outputs, blocks_in, blocks_out; /* channels of a group, blocks of them */
    size_t cuts;                                   /* parts that the tiles fall into */
    size_t element, points, most_stretches, taps;  /* of dw */
    struct tmk_winograd_block data, sums;          /* a block of tiles, of weights; no memory */
    size_t data_bytes, sums_bytes, bias_bytes, strip_bytes, thread_bytes, share_bytes;
};

static struct plan make_plan(const struct tmk_conv2d *p, enum tmk_winograd_size size)
{
    struct plan plan = {.p = p,
                        .kernels = tmk_winograd_kernels(p->base.dtype),
                        .inputs = p->ic / p->g,
                        .outputs = p->oc / p->g,
                        .element = tmk_dtype_size(p->base.dtype)};
    plan.form = &plan.kernels->form[size];
    plan.points = tmk_winograd_points(plan.form);
    plan.grid = tmk_winograd_grid(plan.form->m, p->mb, p->oh, p->ow);
    plan.blocks_in = tmk_ceil_div(plan.inputs, BLOCK);
    plan.blocks_out = tmk_ceil_div(plan.outputs, BLOCK);
    const size_t tiles = p->mb * plan.grid.height * plan.grid.width;
    const size_t jobs = p->g * plan.blocks_in * plan.blocks_out;
    plan.cuts = TMK_MIN(tmk_ceil_div(ENOUGH_JOBS, jobs), TMK_MAX(tiles / LEAST_TILES, 1));
    plan.cuts = TMK_MIN(plan.cuts, plan.grid.stretches);
    plan.most_stretches = TMK_MAX(BLOCK_TILES / tmk_winograd_most_tiles(&plan.grid), 1);
    plan.data = tmk_winograd_block(plan.most_stretches * tmk_winograd_most_tiles(&plan.grid), BLOCK,
                                   plan.element);
    plan.sums = tmk_winograd_block(BLOCK, BLOCK, plan.element);
    plan.data_bytes = tmk_winograd_block_bytes(&plan.data, plan.points, plan.element);
    plan.sums_bytes = tmk_winograd_block_bytes(&plan.sums, plan.points, plan.element);
    plan.strip_bytes = tmk_winograd_strip_bytes(plan.kernels, &plan.grid, plan.element);
    plan.bias_bytes = BLOCK * plan.element;
    plan.thread_bytes = plan.bias_bytes + 2 * plan.data_bytes + plan.sums_bytes + plan.strip_bytes;
    plan.taps = p->oc * plan.inputs * p->kh * p->kw;
    plan.share_bytes = tmk_round_up((plan.taps + p->oc) * plan.element, 64);
    return plan;
}

size_t tmk_winograd_weigh_workspace(const struct tmk_conv2d *p, enum tmk_winograd_size size,
                                    int threads)
{
    const struct plan plan = make_plan(p, size);
    return (size_t)threads * plan.thread_bytes + (plan.cuts - 1) * plan.share_bytes;
}

struct job {
    size_t g, out, in, outs, ins; /* a group's channels */
    struct tmk_range stretches;
    struct tmk_view taps; /* dw, or a cut's share of it */
    char *bias;           /* db or its share; NULL: another job sums it */
};

static struct job job_of(const struct plan *plan, const struct tmk_args *args, char *shares,
                         size_t index)
{
    const size_t cut = index % plan->cuts, block = index / plan->cuts;
    const size_t in = block % plan->blocks_in, rest = block / plan->blocks_in;
    struct job job = {.g = rest / plan->blocks_out,
                      .out = rest % plan->blocks_out * BLOCK,
                      .in = in * BLOCK,
                      .stretches = tmk_share(plan->grid.stretches, plan->cuts, cut),
                      .taps = args->operand[TMK_WEI]};
    job.outs = TMK_MIN(plan->outputs - job.out, BLOCK);
    job.ins = TMK_MIN(plan->inputs - job.in, BLOCK);
    if (plan->p->bias && in == 0)
        job.bias = args->operand[TMK_BIA].data;
    if (cut > 0) {
        job.taps.data = shares + (cut - 1) * plan->share_bytes;
        if (job.bias)
            job.bias = (char *)job.taps.data + plan->taps * plan->element;
    }
    if (job.bias)
        job.bias += (job.g * plan->outputs + job.out) * plan->element;
    return job;
}

static struct tmk_winograd_images images_of(const struct plan *plan, const struct tmk_view *view,
                                            size_t channel, size_t channels, char *strips)
{
    return (struct tmk_winograd_images){.kernels = plan->kernels,
                                        .form = plan->form,
                                        .grid = plan->grid,
                                        .view = *view,
                                        .channel = channel,
                                        .channels = channels,
                                        .strips = strips};
}

static void store_taps(const struct plan *plan, const struct job *job,
                       const struct tmk_winograd_block *sums)
{
    for (size_t lane = 0; lane < job->ins; lane += plan->kernels->lanes) {
        struct tmk_winograd_taps taps = tmk_winograd_taps_of(
            &job->taps, job->g * plan->outputs + job->out, job->in + lane, false, false);
        taps.lanes = TMK_MIN(job->ins - lane, plan->kernels->lanes);
        struct tmk_winograd_block part = *sums;
        part.data = (char *)sums->data + lane * plan->element;
        plan->form->taps(&part, job->outs, &taps);
    }
}

static void run_job(const struct plan *plan, const struct job *job, const struct tmk_args *args,
                    const struct tmk_exec *exec, int thread)
{
    char *memory = (char *)exec->workspace + (size_t)thread * plan->thread_bytes;
    struct tmk_winograd_block sums = plan->sums, data = plan->data, gradient = plan->data;
    sums.data = memory;
    data.data = memory + plan->sums_bytes;
    gradient.data = memory + plan->sums_bytes + plan->data_bytes;
    char *strips = memory + plan->sums_bytes + 2 * plan->data_bytes;
    struct tmk_winograd_images x =
        images_of(plan, &args->operand[TMK_SRC], job->g * plan->inputs + job->in, job->ins, strips);
    struct tmk_winograd_images dy = images_of(plan, &args->operand[TMK_DST],
                                              job->g * plan->outputs + job->out, job->outs, strips);
    x.pad_h = (ptrdiff_t)plan->p->ph;
    x.pad_w = (ptrdiff_t)plan->p->pw;
    if (job->bias)
        dy.sums = memset(strips + plan->strip_bytes, 0, plan->bias_bytes);
    double clock = tmk_phase_start(exec);
    for (size_t i = job->stretches.begin; i < job->stretches.end; i += plan->most_stretches) {
        const size_t end = TMK_MIN(i + plan->most_stretches, job->stretches.end);
        tmk_winograd_take_data(&x, i, end, &data);
        tmk_winograd_take_gradient(&dy, i, end, &gradient);
        clock = tmk_phase_end(exec, thread, TMK_PHASE_PACK, clock);
        const struct tmk_winograd_product product = {.dtype = plan->p->base.dtype,
                                                     .points = plan->points,
                                                     .rows = job->outs,
                                                     .cols = job->ins,
                                                     .depth =
                                                         tmk_winograd_tiles(&plan->grid, i, end),
                                                     .a = gradient,
                                                     .b = data,
                                                     .c = sums,

                                                     .a_turned = true,
                                                     .accumulate = i > job->stretches.begin};
        tmk_winograd_multiply(&product);
        clock = tmk_phase_end(exec, thread, TMK_PHASE_COMPUTE, clock);
    }
    store_taps(plan, job, &sums);
    if (job->bias)
        memcpy(job->bias, dy.sums, job->outs * plan->element);
    tmk_phase_end(exec, thread, TMK_PHASE_PACK, clock);
}

/* dw and db += the other cuts' shares, in their order. */
static void add_shares(const struct plan *plan, const struct tmk_args *args, const char *shares,
                       const struct tmk_exec *exec, int thread)
{
    const struct tmk_view *dw = &args->operand[TMK_WEI], *db = &args->operand[TMK_BIA];
    const size_t threads = (size_t)exec->threads;
    const struct tmk_range taps = tmk_share(plan->taps, threads, (size_t)thread);
    const double clock = tmk_phase_start(exec);
    for (size_t cut = 1; cut < plan->cuts; cut++, shares += plan->share_bytes) {
        tmk_conv2d_add(dw->dtype, dw->data, shares, taps.begin, taps.end);
        if (plan->p->bias && thread == 0)
            tmk_conv2d_add(dw->dtype, db->data, shares + plan->taps * plan->element, 0,
                           plan->p->oc);
    }
    tmk_phase_end(exec, thread, TMK_PHASE_REDUCE, clock);
}

/* A call as its threads see it. */
struct call {
    const struct plan *plan;
    const struct tmk_args *args;
    const struct tmk_exec *exec;
    struct tmk_pace *pace;
    char *shares;
};

static void run_thread(void *context, int thread)
{
    const struct call *call = context;
    const struct plan *plan = call->plan;
    const size_t jobs = plan->p->g * plan->blocks_out * plan->blocks_in * plan->cuts;
    const struct tmk_range own = tmk_pace_own(call->pace, jobs, thread);
    const double start = tmk_pace_start(call->pace);
    for (size_t i = own.begin; i < own.end; i++) {
        const struct job job = job_of(plan, call->args, call->shares, i);
        run_job(plan, &job, call->args, call->exec, thread);
    }
    tmk_pace_note(call->pace, thread, tmk_range_length(own), start);
    if (plan->cuts == 1)
        return;
#pragma omp barrier
    add_shares(plan, call->args, call->shares, call->exec, thread);
}

void tmk_winograd_weigh(const struct tmk_conv2d *p, enum tmk_winograd_size size,
                        const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct plan plan = make_plan(p, size);
    struct tmk_pace pace;
    struct call call = {&plan, args, exec, &pace,
                        (char *)exec->workspace + (size_t)exec->threads * plan.thread_bytes};
    tmk_pace_ask(&pace, (size_t)exec->threads);
    tmk_team_run(exec->threads, run_thread, &call);
    tmk_pace_learn(&pace);
}
