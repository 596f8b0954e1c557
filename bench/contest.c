#include "contest.h"

#include "alloc.h"
#include "auto.h"
#include "clock.h"
#include "data.h"
#include "size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64
#define FLUSH_CACHES 2 /* times the last-level cache */

/* Bytes to stream through until nothing of the operands is left in a cache. */
static size_t flush_size(const struct tmk_topology *topology)
{
    size_t largest = 0;
    for (int level = 1; level <= TMK_CACHE_LEVELS; level++)
        largest = TMK_MAX(largest, tmk_topology_cache(topology, level).bytes);
    return FLUSH_CACHES * largest * (size_t)tmk_topology_packages(topology);
}

enum tmk_status tmk_arena_make(const struct tmk_placement *placement, bool cold,
                               struct tmk_arena *out)
{
    *out = (struct tmk_arena){.topology = tmk_this_machine(), .placement = placement};
    if (!out->topology)
        return TMK_EIO;
    void *memory;
    TMK_TRY(tmk_alloc((size_t)placement->threads * sizeof *out->phases, "phases", &memory));
    out->phases = memory;
    if (!cold)
        return TMK_OK;
    out->flush_bytes = flush_size(out->topology);
    enum tmk_status status = tmk_alloc(out->flush_bytes, "flushing caches", &memory);
    if (status == TMK_OK)
        out->flush = memset(memory, 0, out->flush_bytes);
    else
        tmk_arena_free(out);
    return status;
}

void tmk_arena_free(struct tmk_arena *arena)
{
    tmk_free(arena->phases);
    tmk_free(arena->flush);
    *arena = (struct tmk_arena){0};
}

/* A contestant of the sampler. */
struct contestant {
    struct tmk_arena *arena;
    const struct tmk_plan_group *group;
    struct tmk_entry *entry;
    const struct tmk_impl *impl;
    const struct tmk_args *args;
    struct tmk_exec exec;
};

/* OpenMP forgets the binding of threads that it ends for a smaller team, and libraries choose teams
 * of their own for small problems: so this stands before every sample. */
static enum tmk_status bind_team(const struct tmk_arena *arena, int threads)
{
    return tmk_placement_bind(arena->topology, arena->placement, threads);
}

static void flush_caches(const struct tmk_arena *arena, int threads)
{
    char *flush = arena->flush;
    size_t lines = arena->flush_bytes / CACHE_LINE;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t line = 0; line < lines; line++)
        flush[line * CACHE_LINE]++;
}

static enum tmk_status before(void *ctx)
{
    struct contestant *contestant = ctx;
    struct tmk_arena *arena = contestant->arena;
    TMK_TRY(bind_team(arena, contestant->exec.threads));
    if (arena->flush)
        flush_caches(arena, contestant->exec.threads);
    return TMK_OK;
}

static enum tmk_status call(void *ctx)
{
    struct contestant *contestant = ctx;
    const struct tmk_plan_group *group = contestant->group;
    return contestant->impl->run(group->problem, group->dir, contestant->args, &contestant->exec);
}

/* "0;1": the CPUs that a team was on. */
static void note_cpus(const struct tmk_arena *arena, int threads, char *buf, size_t size)
{
    int *cpu = calloc((size_t)threads, sizeof *cpu);
    buf[0] = '\0';
    if (!cpu)
        return;
    tmk_placement_actual(arena->topology, threads, cpu);
    size_t used = 0;
    for (int t = 0; t < threads && used < size; t++)
        used += (size_t)snprintf(buf + used, size - used, "%s%d", t ? ";" : "", cpu[t]);
    free(cpu);
}

struct sink {
    const struct tmk_contest *contest;
    const struct contestant *contestants;
    double start;
};

static enum tmk_status record(void *ctx, const struct tmk_sample *sample)
{
    const struct sink *sink = ctx;
    const struct tmk_contest *contest = sink->contest;
    struct tmk_row row = sink->contestants[sample->contestant].entry->row;
    row.round = sample->round;
    row.calls = sample->calls;
    row.seconds = sample->seconds;
    memcpy(row.phase, sample->phase, sizeof row.phase);
    row.steal_s = sample->steal_s;
    row.canary_s = sample->canary_s;
    row.noisy = sample->noisy;
    note_cpus(contest->arena, row.cell.threads, row.cpus, sizeof row.cpus);
    TMK_TRY(tmk_samples_append(contest->samples, &row));
    contest->progress(contest->progress_ctx, tmk_now() - sink->start);
    return TMK_OK;
}

static enum tmk_status sample_all(const struct tmk_contest *contest, struct contestant *contexts,
                                  size_t count, struct tmk_contestant *contestants)
{
    struct tmk_sampling sampling = contest->sampling;
    sampling.canaries = &contest->arena->canaries;
    for (size_t i = 0; i < count; i++) {
        const struct tmk_entry *entry = contexts[i].entry;
        contestants[i] = (struct tmk_contestant){
            .call = call,
            .before = before,
            .ctx = &contexts[i],
            .exec = &contexts[i].exec,
            .have = entry->held.samples,
            .earlier = entry->held.seconds,
        };
        sampling.first_round = TMK_MAX(sampling.first_round, entry->held.next_round);
    }
    struct sink sink = {contest, contexts, tmk_now()};
    enum tmk_stop *stops = calloc(count + 1, sizeof *stops);
    if (!stops)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu contestants", count);
    enum tmk_status status =
        tmk_sample_group(contestants, count, &sampling, record, &sink, &tmk_cli_interrupted, stops);
    free(stops);
    return status;
}

/* Outputs are written once before anything is timed, so that no first call pays for their pages. */
static enum tmk_status make_operands(const struct tmk_contest *contest, struct tmk_data *data)
{
    const struct tmk_problem *problem = contest->group->problem;
    TMK_TRY(tmk_data_make(problem, problem->dtype, contest->arena->placement->threads, data));
    size_t depth = problem->op->depth(problem, contest->group->dir);
    for (int operand = 0; operand < TMK_NOPERANDS; operand++)
        tmk_data_fill(&data->args, (enum tmk_operand)operand, TMK_FILL_REAL, depth, contest->seed);
    return TMK_OK;
}

/* Prepare the entries that can be, `*count` of them. */
static enum tmk_status prepare_all(const struct tmk_contest *contest, const struct tmk_args *args,
                                   void *workspace, size_t bytes, struct contestant *contexts,
                                   size_t *count)
{
    const struct tmk_plan_group *group = contest->group;
    for (size_t i = 0; i < contest->count; i++) {
        struct tmk_entry *entry = &contest->entries[i];
        struct contestant *contestant = &contexts[*count];
        *contestant = (struct contestant){
            .arena = contest->arena,
            .group = group,
            .entry = entry,
            .impl = entry->plan->impl,
            .args = args,
            .exec = {.threads = entry->plan->threads,
                     .workspace = workspace,
                     .workspace_bytes = bytes,
                     .phases = contest->arena->phases},
        };
        TMK_TRY(bind_team(contest->arena, contestant->exec.threads));
        enum tmk_status status =
            tmk_impl_prepare(contestant->impl, group->problem, group->dir, args, &contestant->exec);
        snprintf(entry->row.cell.chosen, sizeof entry->row.cell.chosen, "%s",
                 status == TMK_OK ? tmk_auto_choice(contestant->impl, &contestant->exec) : "");
        if (status == TMK_OK)
            ++*count;
        else if (status == TMK_ENOMEM || status == TMK_EUNSUPPORTED)
            snprintf(entry->withdrawn, sizeof entry->withdrawn, "%s", tmk_message());
        else
            return status;
    }
    return TMK_OK;
}

enum tmk_status tmk_contest_run(const struct tmk_contest *contest)
{
    size_t bytes = 0, count = 0;
    for (size_t i = 0; i < contest->count; i++)
        bytes = TMK_MAX(bytes, contest->entries[i].plan->workspace);
    struct tmk_data data = {0};
    void *workspace = NULL;
    struct contestant *contexts = calloc(contest->count, sizeof *contexts);
    struct tmk_contestant *contestants = calloc(contest->count, sizeof *contestants);
    enum tmk_status status =
        contexts && contestants
            ? bind_team(contest->arena, contest->arena->placement->threads)
            : tmk_fail(TMK_ENOMEM, "no memory for %zu contestants", contest->count);
    if (status == TMK_OK)
        status = make_operands(contest, &data);
    if (status == TMK_OK)
        status = tmk_alloc(bytes, "workspace", &workspace);
    if (status == TMK_OK)
        status = prepare_all(contest, &data.args, workspace, bytes, contexts, &count);
    if (status == TMK_OK)
        status = sample_all(contest, contexts, count, contestants);
    for (size_t i = 0; i < count; i++)
        tmk_impl_release(contexts[i].impl, &contexts[i].exec);
    tmk_free(workspace);
    tmk_data_free(&data);
    free(contexts);
    free(contestants);
    return status;
}
