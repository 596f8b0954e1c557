/* Timing both versions of Inception modules side by side. */
#include "inception_jobs.h"

#include "alloc.h"
#include "cli.h"
#include "placement.h"
#include "progress.h"
#include "sampler.h"
#include "size.h"
#include "stats.h"

#include <math.h>
#include <stdlib.h>

#define CI_ROUNDS 6 /* fewer give no interval of 95 % */

struct arena {
    struct tmk_jobs jobs;
    struct tmk_placement placement; /* for the most threads */
    void *workspace;
    size_t workspace_bytes;
    double seconds; /* for each pair of contestants */
    struct tmk_canaries canaries;
};

/* One version by one implementation. */
struct contestant {
    const struct arena *arena;
    const struct tmk_impl *impl;
    enum tmk_version version;
    enum tmk_dir dir;
    int threads;
    struct tmk_exec *exec; /* one for each of its convolutions: each may have a state of its own */
    double *seconds;       /* by round; NaN: not sampled in it */
    size_t rounds;
};

static size_t count_jobs(const struct contestant *c)
{
    const struct tmk_jobs *jobs = &c->arena->jobs;
    return jobs->first[c->version + 1] - jobs->first[c->version];
}

static struct tmk_job *job_at(const struct contestant *c, size_t i)
{
    return &c->arena->jobs.list[c->arena->jobs.first[c->version] + i];
}

/* Free it with release_all() even after a failure. */
static enum tmk_status prepare_all(struct contestant *c)
{
    const size_t count = count_jobs(c);
    c->exec = calloc(count, sizeof *c->exec);
    if (!c->exec)
        return tmk_fail(TMK_ENOMEM, "no memory to prepare %zu convolutions", count);
    for (size_t i = 0; i < count; i++) {
        const struct tmk_job *job = job_at(c, i);
        c->exec[i] = (struct tmk_exec){.threads = c->threads,
                                       .workspace = c->arena->workspace,
                                       .workspace_bytes = c->arena->workspace_bytes};
        TMK_TRY(tmk_impl_prepare(c->impl, &job->conv.base, c->dir, &job->data.args, &c->exec[i]));
    }
    return TMK_OK;
}

static void release_all(struct contestant *c)
{
    for (size_t i = 0; c->exec && i < count_jobs(c); i++)
        tmk_impl_release(c->impl, &c->exec[i]);
    free(c->exec);
}

/* Its convolutions, one after the other. */
static enum tmk_status call(void *ctx)
{
    const struct contestant *c = ctx;
    for (size_t i = 0; i < count_jobs(c); i++) {
        const struct tmk_job *job = job_at(c, i);
        TMK_TRY(c->impl->run(&job->conv.base, c->dir, &job->data.args, &c->exec[i]));
    }
    return TMK_OK;
}

static enum tmk_status keep(void *ctx, const struct tmk_sample *sample)
{
    struct contestant *c = (struct contestant *)ctx + sample->contestant;
    if (sample->round >= c->rounds) {
        size_t rounds = 2 * (size_t)sample->round + 16;
        double *grown = reallocarray(c->seconds, rounds, sizeof *grown);
        if (!grown)
            return tmk_fail(TMK_ENOMEM, "no memory for the samples");
        for (size_t i = c->rounds; i < rounds; i++)
            grown[i] = NAN;
        c->seconds = grown;
        c->rounds = rounds;
    }
    c->seconds[sample->round] = sample->seconds;
    return TMK_OK;
}

/* Move the rounds in which both were sampled to the front of both; how many they are. */
static size_t pair_rounds(struct contestant pair[TMK_NVERSIONS])
{
    size_t n = 0;
    for (size_t r = 0; r < TMK_MIN(pair[0].rounds, pair[1].rounds); r++) {
        if (isnan(pair[0].seconds[r]) || isnan(pair[1].seconds[r]))
            continue;
        for (int v = 0; v < TMK_NVERSIONS; v++)
            pair[v].seconds[n] = pair[v].seconds[r];
        n++;
    }
    return n;
}

static enum tmk_status add_row(struct contestant pair[TMK_NVERSIONS], struct tmk_time_table *out)
{
    size_t n = pair_rounds(pair);
    struct tmk_time_row *grown = reallocarray(out->rows, out->count + 1, sizeof *grown);
    if (!grown)
        return tmk_fail(TMK_ENOMEM, "no memory for the times");
    struct tmk_ratio ratio =
        tmk_paired_ratio(pair[TMK_NAIVE].seconds, pair[TMK_BOTTLENECK].seconds, n, 1);
    struct tmk_time_row row = {.impl = pair->impl->name,
                               .dir = pair->dir,
                               .threads = pair->threads,
                               .ratio = ratio.ratio,
                               .ci_lo = n < CI_ROUNDS ? NAN : ratio.ci_lo,
                               .ci_hi = n < CI_ROUNDS ? NAN : ratio.ci_hi,
                               .rounds = n};
    for (int v = 0; v < TMK_NVERSIONS; v++)
        row.median_s[v] = tmk_summarise(pair[v].seconds, n).median;
    out->rows = grown;
    out->rows[out->count++] = row;
    return TMK_OK;
}

/* Both versions by one implementation in one direction on so many threads, side by side. */
static enum tmk_status measure_pair(struct arena *arena, const struct tmk_impl *impl,
                                    enum tmk_dir dir, int threads, struct tmk_time_table *out)
{
    struct contestant pair[TMK_NVERSIONS] = {{.arena = NULL}};
    struct tmk_contestant entries[TMK_NVERSIONS] = {{.call = call}};
    enum tmk_stop stops[TMK_NVERSIONS];
    struct tmk_sampling sampling = tmk_sampling_default();
    sampling.budget_s = arena->seconds;
    sampling.seed = (uint32_t)arena->jobs.selection->seed;
    sampling.canaries = &arena->canaries;
    for (enum tmk_version v = 0; v < TMK_NVERSIONS; v++) {
        pair[v] = (struct contestant){
            .arena = arena, .impl = impl, .version = v, .dir = dir, .threads = threads};
        entries[v] = (struct tmk_contestant){.call = call, .ctx = &pair[v]};
    }
    enum tmk_status status = tmk_placement_bind(tmk_this_machine(), &arena->placement, threads);
    for (enum tmk_version v = 0; v < TMK_NVERSIONS && status == TMK_OK; v++)
        status = prepare_all(&pair[v]);
    if (status == TMK_OK)
        status = tmk_sample_group(entries, TMK_NVERSIONS, &sampling, keep, pair,
                                  &tmk_cli_interrupted, stops);
    if (status == TMK_OK)
        status = add_row(pair, out);
    for (int v = 0; v < TMK_NVERSIONS; v++) {
        release_all(&pair[v]);
        free(pair[v].seconds);
    }
    return status;
}

/* Visit every cell that takes part; with `out` NULL only count them. */
static enum tmk_status each_pair(struct arena *arena, struct tmk_progress *progress, size_t *count,
                                 struct tmk_time_table *out)
{
    const struct tmk_selection *selection = arena->jobs.selection;
    const struct tmk_impl *impl;
    *count = 0;
    for (enum tmk_dir dir = 0; dir < TMK_NDIRS; dir++) {
        for (size_t i = 0; (impl = tmk_op_impl_at(&tmk_op_conv2d, i)); i++) {
            for (size_t t = 0; t < selection->nthreads; t++) {
                const int threads = selection->thread_counts[t];
                if (!tmk_jobs_take(&arena->jobs, impl, dir, threads))
                    continue;
                if (out) {
                    tmk_progress_update(progress, (double)*count, impl->name);
                    TMK_TRY(measure_pair(arena, impl, dir, threads, out));
                }
                ++*count;
            }
        }
    }
    return TMK_OK;
}

/* Everything is verified before anything is timed. */
static enum tmk_status measure(struct arena *arena, struct tmk_time_table *out)
{
    struct tmk_progress progress;
    size_t count;
    TMK_TRY(each_pair(arena, NULL, &count, NULL));
    if (!count)
        return tmk_fail(TMK_EUNSUPPORTED, "no chosen implementation offers these convolutions: "
                                          "choose from those of `tilemark list impls`");
    TMK_TRY(tmk_jobs_verify(&arena->jobs));
    tmk_progress_begin(&progress, "measure", (double)count);
    enum tmk_status status = each_pair(arena, &progress, &count, out);
    tmk_progress_end(&progress);
    return status;
}

static enum tmk_status prepare(struct arena *arena, const struct tmk_inception_study *study,
                               const struct tmk_selection *selection)
{
    const struct tmk_topology *machine = tmk_this_machine();
    const int most = tmk_most_threads(selection);
    if (!machine)
        return TMK_EIO;
    TMK_TRY(tmk_placement_make(machine, selection->bind, most, &arena->placement));
    TMK_TRY(tmk_placement_bind(machine, &arena->placement, most)); /* it first touches operands */
    TMK_TRY(tmk_jobs_make(study, selection, &arena->jobs));
    tmk_jobs_tell_refusals(&arena->jobs);
    arena->workspace_bytes = tmk_jobs_workspace(&arena->jobs);
    return tmk_alloc(arena->workspace_bytes, "workspace", &arena->workspace);
}

enum tmk_status tmk_study_measure(const struct tmk_inception_study *study,
                                  const struct tmk_selection *selection, double seconds,
                                  struct tmk_time_table *out)
{
    struct arena arena = {.seconds = seconds};
    *out = (struct tmk_time_table){0};
    tmk_cli_catch_interrupt();
    enum tmk_status status = prepare(&arena, study, selection);
    if (status == TMK_OK)
        status = measure(&arena, out);
    tmk_jobs_free(&arena.jobs);
    tmk_placement_free(&arena.placement);
    tmk_free(arena.workspace);
    return status;
}
