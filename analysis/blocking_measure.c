/* Timing the engine over a grid of block sizes. */
#include "blocking_grid.h"

#include "alloc.h"
#include "ceilings.h"
#include "check.h"
#include "cli.h"
#include "clock.h"
#include "gemm.h"
#include "isa.h"
#include "placement.h"
#include "progress.h"
#include "sampler.h"
#include "size.h"
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_KC 16
#define FIRST_MC 8
#define PEAK_ROUNDS 6

struct bench {
    struct tmk_blocking_grid *grid;
    struct tmk_gemm *gemms; /* one for each cell */
    size_t count;
    struct tmk_data data;
    struct tmk_data reference;
    struct tmk_exec exec;
    double **seconds; /* of each cell's samples */
    struct tmk_placement placement;
    struct tmk_progress progress;
};

/* A call on the engine. */
struct call {
    const struct tmk_gemm *gemm;
    const struct tmk_exec *exec;
};

static struct tmk_gemm gemm_of(const struct bench *bench, size_t kc, size_t mc)
{
    const struct tmk_product product =
        tmk_matmul_as_product(&bench->grid->problem->base, TMK_FWD, &bench->data.args);
    struct tmk_gemm gemm = tmk_gemm_matrices(&product.left, &product.right, &product.out);
    gemm.blocks = (struct tmk_gemm_blocks){.kc = kc, .mc = mc};
    return gemm;
}

/* -- the grid -- */

/* Keep `values` ascending and without repeats. */
static void insert(size_t *values, size_t *count, size_t value)
{
    size_t at = 0;
    while (at < *count && values[at] < value)
        at++;
    if (*count == TMK_BLOCKING_STEPS || (at < *count && values[at] == value))
        return;
    memmove(&values[at + 1], &values[at], (*count - at) * sizeof *values);
    values[at] = value;
    ++*count;
}

/* What the engine makes of sizes that grow by sqrt 2, and what the model takes. */
static void lay_out(struct bench *bench)
{
    struct tmk_blocking_grid *grid = bench->grid;
    const struct tmk_gemm own = gemm_of(bench, 0, 0);
    const struct tmk_gemm_blocks model = tmk_gemm_blocks_of(&own);
    insert(grid->kc, &grid->nkc, model.kc);
    insert(grid->mc, &grid->nmc, model.mc);
    for (double want = FIRST_KC; want < grid->problem->k * sqrt(2); want *= sqrt(2)) {
        const struct tmk_gemm gemm = gemm_of(bench, (size_t)want, model.mc);
        insert(grid->kc, &grid->nkc, tmk_gemm_blocks_of(&gemm).kc);
    }
    for (double want = FIRST_MC; want < grid->problem->m * sqrt(2); want *= sqrt(2)) {
        const struct tmk_gemm gemm = gemm_of(bench, model.kc, (size_t)want);
        insert(grid->mc, &grid->nmc, tmk_gemm_blocks_of(&gemm).mc);
    }
}

static enum tmk_status make_cells(struct bench *bench)
{
    struct tmk_blocking_grid *grid = bench->grid;
    bench->count = grid->nkc * grid->nmc;
    grid->cells = calloc(bench->count, sizeof *grid->cells);
    bench->gemms = calloc(bench->count, sizeof *bench->gemms);
    bench->seconds = calloc(bench->count, sizeof *bench->seconds);
    if (!grid->cells || !bench->gemms || !bench->seconds)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu block sizes", bench->count);
    const struct tmk_gemm own = gemm_of(bench, 0, 0);
    const struct tmk_gemm_blocks model = tmk_gemm_blocks_of(&own);
    for (size_t i = 0; i < bench->count; i++) {
        struct tmk_blocking_cell *cell = &grid->cells[i];
        cell->kc = grid->kc[i / grid->nmc];
        cell->mc = grid->mc[i % grid->nmc];
        bench->gemms[i] = gemm_of(bench, cell->kc, cell->mc);
        if (cell->kc == model.kc && cell->mc == model.mc)
            grid->model = i;
    }
    return TMK_OK;
}

static enum tmk_status make_workspace(struct bench *bench)
{
    size_t most = 0;
    for (size_t i = 0; i < bench->count; i++)
        most = TMK_MAX(most, tmk_gemm_workspace(&bench->gemms[i], bench->exec.threads));
    bench->exec.workspace_bytes = most;
    return tmk_alloc(most, "workspace", &bench->exec.workspace);
}

/* -- checking -- */

/* Integers, whose sums are exact in any order: the oracle's answer is every blocking's. */
static enum tmk_status make_operands(struct bench *bench)
{
    const struct tmk_problem *p = &bench->grid->problem->base;
    const size_t depth = p->op->depth(p, TMK_FWD);
    TMK_TRY(tmk_data_make(p, p->dtype, bench->exec.threads, &bench->data));
    TMK_TRY(tmk_data_make(p, TMK_F64, 1, &bench->reference));
    for (int o = TMK_SRC; o <= TMK_WEI; o++) {
        tmk_data_fill(&bench->data.args, o, TMK_FILL_INTEGER, depth, 1);
        tmk_data_fill(&bench->reference.args, o, TMK_FILL_INTEGER, depth, 1);
    }
    return p->op->oracle(p, TMK_FWD, &bench->reference.args, &bench->reference.args, NULL);
}

static enum tmk_status verify(struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++) {
        if (tmk_cli_interrupted)
            return tmk_fail(TMK_EINTR, "interrupted: nothing is written");
        tmk_data_fill(&bench->data.args, TMK_DST, TMK_FILL_POISON, 1, 1);
        TMK_TRY(tmk_gemm_run(&bench->gemms[i], &bench->exec));
        const struct tmk_verdict verdict = tmk_check_exact(&bench->data.args.operand[TMK_DST],
                                                           &bench->reference.args.operand[TMK_DST]);
        if (!verdict.passed)
            return tmk_fail(TMK_ECHECK, "blocks of kc %zu, mc %zu: %s: report this",
                            bench->grid->cells[i].kc, bench->grid->cells[i].mc, verdict.text);
    }
    return TMK_OK;
}

/* -- timing -- */

static enum tmk_status call(void *ctx)
{
    const struct call *call = ctx;
    return tmk_gemm_run(call->gemm, call->exec);
}

static enum tmk_status keep(void *ctx, const struct tmk_sample *sample)
{
    struct bench *bench = ctx;
    struct tmk_blocking_cell *cell = &bench->grid->cells[sample->contestant];
    double **seconds = &bench->seconds[sample->contestant];
    double *grown = reallocarray(*seconds, cell->samples + 1, sizeof *grown);
    char label[64];
    if (!grown)
        return tmk_fail(TMK_ENOMEM, "no memory for the samples");
    *seconds = grown;
    grown[cell->samples++] = sample->seconds;
    snprintf(label, sizeof label, "kc %zu, mc %zu", cell->kc, cell->mc);
    tmk_progress_update(&bench->progress, tmk_now() - bench->progress.start, label);
    return TMK_OK;
}

static double peak(const struct bench *bench)
{
    return tmk_peak_gflops(tmk_isa(), bench->grid->problem->base.dtype == TMK_F64,
                           bench->exec.threads, PEAK_ROUNDS);
}

static enum tmk_status sample(struct bench *bench, double budget_s)
{
    struct tmk_contestant *contestants = calloc(bench->count, sizeof *contestants);
    struct call *calls = calloc(bench->count, sizeof *calls);
    enum tmk_stop *stops = calloc(bench->count, sizeof *stops);
    struct tmk_sampling sampling = tmk_sampling_default();
    sampling.budget_s = budget_s;
    sampling.half_width = 0; /* every cell gets its share */
    for (size_t i = 0; contestants && calls && i < bench->count; i++) {
        calls[i] = (struct call){&bench->gemms[i], &bench->exec};
        contestants[i] = (struct tmk_contestant){.call = call, .ctx = &calls[i]};
    }
    tmk_progress_begin(&bench->progress, "blocking", budget_s);
    enum tmk_status status =
        contestants && calls && stops
            ? tmk_sample_group(contestants, bench->count, &sampling, keep, bench,
                               &tmk_cli_interrupted, stops)
            : tmk_fail(TMK_ENOMEM, "no memory for %zu block sizes", bench->count);
    tmk_progress_end(&bench->progress);
    free(contestants);
    free(calls);
    free(stops);
    return status == TMK_EINTR ? tmk_fail(TMK_EINTR, "interrupted: nothing is written") : status;
}

static void summarise(struct bench *bench)
{
    struct tmk_blocking_grid *grid = bench->grid;
    const struct tmk_problem *p = &grid->problem->base;
    const double gflop = p->op->flops(p, TMK_FWD) * 1e-9;
    for (size_t i = 0; i < bench->count; i++) {
        struct tmk_blocking_cell *cell = &grid->cells[i];
        const struct tmk_summary summary = tmk_summarise(bench->seconds[i], cell->samples);
        cell->gflops = gflop / summary.median;
        cell->lo = gflop / summary.ci_hi;
        cell->hi = gflop / summary.ci_lo;
        if (cell->gflops > grid->cells[grid->best].gflops)
            grid->best = i;
    }
}

static enum tmk_status prepare(struct bench *bench)
{
    const struct tmk_topology *machine = tmk_this_machine();
    const int threads = bench->exec.threads;
    if (!machine)
        return TMK_EIO;
    TMK_TRY(tmk_placement_make(machine, "compact", threads, &bench->placement));
    TMK_TRY(tmk_placement_bind(machine, &bench->placement, threads));
    TMK_TRY(make_operands(bench));
    lay_out(bench);
    TMK_TRY(make_cells(bench));
    return make_workspace(bench);
}

static enum tmk_status measure(struct bench *bench, double budget_s)
{
    TMK_TRY(prepare(bench));
    TMK_TRY(verify(bench));
    bench->grid->peak = peak(bench);
    TMK_TRY(sample(bench, budget_s));
    bench->grid->peak = fmax(bench->grid->peak, peak(bench));
    summarise(bench);
    return TMK_OK;
}

enum tmk_status tmk_blocking_measure(const struct tmk_matmul *problem, int threads, double budget_s,
                                     struct tmk_blocking_grid *out)
{
    *out = (struct tmk_blocking_grid){.problem = problem, .threads = threads};
    struct bench bench = {.grid = out, .exec = {.threads = threads}};
    tmk_cli_catch_interrupt();
    enum tmk_status status = measure(&bench, budget_s);
    for (size_t i = 0; bench.seconds && i < bench.count; i++)
        free(bench.seconds[i]);
    free(bench.seconds);
    free(bench.gemms);
    tmk_free(bench.exec.workspace);
    tmk_data_free(&bench.data);
    tmk_data_free(&bench.reference);
    tmk_placement_free(&bench.placement);
    if (status != TMK_OK)
        tmk_blocking_free(out);
    return status;
}

void tmk_blocking_free(struct tmk_blocking_grid *grid)
{
    free(grid->cells);
    grid->cells = NULL;
}
