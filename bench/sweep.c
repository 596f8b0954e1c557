#include "sweep.h"

#include "alloc.h"
#include "check.h"
#include "contest.h"
#include "progress.h"
#include "size.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A sweep while it runs. */
struct state {
    const struct tmk_sweep *sweep;
    struct tmk_sweep_tally *tally;
    struct tmk_arena arena;
    struct tmk_progress progress;
    double done;   /* expected seconds of the groups that are over */
    double before; /* share of the current group's that verification took */
    const struct tmk_plan_group *group;
    struct tmk_entry *entries; /* of the current group: what is left to be timed */
    size_t count;
};

static void show_progress(struct state *state, double within)
{
    char label[TMK_DESC_MAX + 64];
    const struct tmk_plan_group *group = state->group;
    if (group->problem->name[0])
        snprintf(label, sizeof label, "%s %s", group->problem->name, tmk_dir_name[group->dir]);
    else
        tmk_plan_label(group, label, sizeof label);
    tmk_progress_update(&state->progress, state->done + fmin(within, group->seconds), label);
}

static void show_sampling(void *ctx, double elapsed_s)
{
    struct state *state = ctx;
    show_progress(state, state->before + elapsed_s);
}

/* The columns that tell what a cell is. */
static struct tmk_row describe(const struct state *state, const struct tmk_plan_cell *plan)
{
    const struct tmk_plan_group *group = state->group;
    const struct tmk_problem *problem = group->problem;
    struct tmk_row row = {.cell = {.threads = plan->threads,
                                   .flops = problem->op->flops(problem, group->dir),
                                   .bytes = problem->op->bytes(problem, group->dir),
                                   .workspace_bytes = (double)plan->workspace,
                                   .err_over_bound = NAN}};
    struct tmk_cell *cell = &row.cell;
    problem->op->format(problem, cell->problem, sizeof cell->problem);
    snprintf(cell->op, sizeof cell->op, "%s", problem->op->name);
    snprintf(cell->name, sizeof cell->name, "%s", problem->name);
    snprintf(cell->dir, sizeof cell->dir, "%s", tmk_dir_name[group->dir]);
    snprintf(cell->impl, sizeof cell->impl, "%s", plan->impl->name);
    snprintf(cell->dtype, sizeof cell->dtype, "%s", tmk_dtype_name[problem->dtype]);
    snprintf(cell->layout, sizeof cell->layout, "%s", tmk_plan_layout(problem));
    snprintf(cell->cache, sizeof cell->cache, "%s",
             tmk_settings_cold(state->sweep->settings) ? "cold" : "warm");
    snprintf(cell->status, sizeof cell->status, "ok");
    return row;
}

/* A row for a cell that is not timed. */
static enum tmk_status leave_out(struct state *state, struct tmk_row *row, const char *status,
                                 const char *why)
{
    snprintf(row->cell.status, sizeof row->cell.status, "%s: %.*s", status,
             (int)(sizeof row->cell.status - strlen(status) - 3), why);
    row->seconds = row->steal_s = row->canary_s = NAN;
    for (int phase = 0; phase < TMK_NPHASES; phase++)
        row->phase[phase] = NAN;
    return tmk_samples_append(state->sweep->samples, row);
}

static enum tmk_status skip(struct state *state, struct tmk_row *row, const char *why)
{
    state->tally->skipped++;
    if (!state->tally->refusal[0])
        snprintf(state->tally->refusal, sizeof state->tally->refusal, "%s", why);
    return leave_out(state, row, "skipped", why);
}

/* "needs 12 GiB, 8 GiB free", or "" if `bytes` can be had. */
static bool fits(double bytes, char *why, size_t size)
{
    char need[32], have[32];
    size_t available = tmk_memory_available();
    why[0] = '\0';
    if (available == SIZE_MAX || bytes <= (double)available)
        return true;
    snprintf(why, size, "needs %s of memory, %s free", tmk_format_bytes(need, sizeof need, bytes),
             tmk_format_bytes(have, sizeof have, (double)available));
    return false;
}

/* Cells of a group that the resumed run has not completed, in state->entries; those that cannot be
 * run get their row. `open`: the earlier run ended within this group. */
static enum tmk_status admit(struct state *state, bool open)
{
    const struct tmk_plan_group *group = state->group;
    state->count = 0;
    for (size_t i = 0; i < group->ncells; i++) {
        const struct tmk_plan_cell *plan = &group->cells[i];
        struct tmk_entry entry = {.plan = plan, .row = describe(state, plan)};
        char why[96];
        if (state->sweep->earlier)
            TMK_TRY(tmk_rows_of_cell(state->sweep->earlier, &entry.row.cell, &entry.held));
        if (entry.held.rows > 0 && (!open || entry.held.samples == 0)) {
            state->tally->kept++;
            tmk_held_free(&entry.held);
        } else if (plan->refusal) {
            TMK_TRY(skip(state, &entry.row, plan->refusal));
        } else if (!fits(tmk_plan_timing_bytes(group, plan), why, sizeof why)) {
            state->tally->too_large++;
            TMK_TRY(skip(state, &entry.row, why));
        } else {
            state->entries[state->count++] = entry;
        }
    }
    return TMK_OK;
}

static void set_unverified(struct tmk_entry *entry, const char *why)
{
    snprintf(entry->row.cell.status, sizeof entry->row.cell.status, "unverified: %s", why);
}

/* Hold one cell against the reference. *timed: it may run. */
static enum tmk_status verify(struct state *state, const struct tmk_reference *reference,
                              struct tmk_entry *entry, bool *timed)
{
    struct tmk_verdict verdict = {0};
    const int threads = entry->plan->threads;
    *timed = true;
    if (entry->plan->impl == reference->problem->op->ceiling) {
        set_unverified(entry, "it has no result");
        return TMK_OK;
    }
    /* bound as when it is timed: `auto` makes its choice here */
    TMK_TRY(tmk_placement_bind(state->arena.topology, state->arena.placement, threads));
    enum tmk_status status = tmk_check_impl(reference, entry->plan->impl, threads, &verdict);
    if (status == TMK_ENOMEM) {
        set_unverified(entry, tmk_message());
        return TMK_OK;
    }
    entry->row.cell.err_over_bound = verdict.err_over_bound;
    if (status == TMK_OK && verdict.passed)
        return TMK_OK;
    *timed = false;
    if (status == TMK_EUNSUPPORTED)
        return skip(state, &entry->row, tmk_message());
    char why[320];
    snprintf(why, sizeof why, "wrong result: %s", status == TMK_OK ? verdict.text : tmk_message());
    state->tally->wrong++;
    tmk_cli_warn("%s %s on %d threads: %s", entry->row.cell.problem, entry->row.cell.impl, threads,
                 why);
    return leave_out(state, &entry->row, "unverified", why);
}

/* Why the group cannot be held against the oracle; "" if it can. */
static void reason_against(const struct state *state, char *why, size_t size)
{
    char memory[96];
    double most = 0;
    why[0] = '\0';
    for (size_t i = 0; i < state->count; i++)
        most = fmax(most, tmk_plan_verify_bytes(state->group, state->entries[i].plan));
    if (!fits(most, memory, sizeof memory))
        snprintf(why, size, "verifying %s", memory);
}

/* Verify the entries; those that fail drop out. */
static enum tmk_status verify_entries(struct state *state)
{
    char why[160];
    struct tmk_reference reference;
    reason_against(state, why, sizeof why);
    for (size_t i = 0; why[0] && i < state->count; i++)
        set_unverified(&state->entries[i], why);
    if (why[0] || state->count == 0)
        return TMK_OK;
    const uint32_t seed = (uint32_t)state->sweep->settings->selection.seed;
    const struct tmk_plan_group *group = state->group;
    enum tmk_status status = (group->by_sums ? tmk_reference_make_sums : tmk_reference_make)(
        group->problem, group->dir, seed, &reference);
    for (size_t i = 0; status == TMK_ENOMEM && i < state->count; i++)
        set_unverified(&state->entries[i], tmk_message());
    if (status != TMK_OK)
        return status == TMK_ENOMEM ? TMK_OK : status;
    size_t kept = 0;
    for (size_t i = 0; i < state->count && status == TMK_OK; i++) {
        bool timed = false;
        status = tmk_cli_interrupted ? tmk_fail(TMK_EINTR, "interrupted: what was measured is kept")
                                     : verify(state, &reference, &state->entries[i], &timed);
        if (timed)
            state->entries[kept++] = state->entries[i];
        else
            tmk_held_free(&state->entries[i].held);
    }
    state->count = status == TMK_OK ? kept : 0;
    tmk_reference_free(&reference);
    return status;
}

/* What was free when the group was admitted is so no longer. */
static enum tmk_status skip_all(struct state *state)
{
    char why[160];
    snprintf(why, sizeof why, "%.150s", tmk_message());
    for (size_t i = 0; i < state->count; i++) {
        state->tally->too_large++;
        TMK_TRY(skip(state, &state->entries[i].row, why));
    }
    return TMK_OK;
}

static enum tmk_status time_entries(struct state *state)
{
    const struct tmk_settings *settings = state->sweep->settings;
    struct tmk_contest contest = {
        .arena = &state->arena,
        .group = state->group,
        .entries = state->entries,
        .count = state->count,
        .sampling = tmk_sampling_default(),
        .seed = (uint32_t)settings->selection.seed,
        .samples = state->sweep->samples,
        .progress = show_sampling,
        .progress_ctx = state,
    };
    contest.sampling.budget_s = settings->budget_s;
    contest.sampling.half_width = settings->ci_percent / 100;
    contest.sampling.sure_rounds = TMK_MAX(settings->rounds, 1);
    contest.sampling.cold = tmk_settings_cold(settings);
    contest.sampling.seed = contest.seed + (uint32_t)(state->group - state->sweep->plan->groups);
    enum tmk_status status = state->count > 0 ? tmk_contest_run(&contest) : TMK_OK;
    if (status == TMK_ENOMEM)
        return skip_all(state);
    for (size_t i = 0; i < state->count && status == TMK_OK; i++) {
        struct tmk_entry *entry = &state->entries[i];
        if (entry->withdrawn[0]) {
            status = skip(state, &entry->row, entry->withdrawn);
            continue;
        }
        state->tally->timed++;
        state->tally->unverified += strcmp(entry->row.cell.status, "ok") != 0;
    }
    return status;
}

static enum tmk_status run_group(struct state *state, bool open)
{
    state->before = 0;
    show_progress(state, 0);
    state->entries = calloc(state->group->ncells + 1, sizeof *state->entries);
    if (!state->entries)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu cells", state->group->ncells);
    enum tmk_status status = admit(state, open);
    if (status == TMK_OK)
        status = verify_entries(state);
    state->before = fmax(0, state->group->seconds - state->sweep->settings->budget_s);
    if (status == TMK_OK)
        status = time_entries(state);
    for (size_t i = 0; i < state->count; i++)
        tmk_held_free(&state->entries[i].held);
    free(state->entries);
    state->entries = NULL;
    state->done += state->group->seconds;
    return status;
}

/* The last group that the earlier run has rows of: it may have ended there. Groups before it are
 * complete, as the sweep never turns back. */
static size_t open_group(const struct tmk_sweep *sweep)
{
    const struct tmk_plan *plan = sweep->plan;
    if (sweep->finished || !sweep->earlier || sweep->earlier->count == 0)
        return plan->ngroups;
    const struct tmk_cell *last = &sweep->earlier->rows[sweep->earlier->count - 1].cell;
    size_t open = plan->ngroups;
    for (size_t i = 0; i < plan->ngroups; i++) {
        struct state state = {.sweep = sweep, .group = &plan->groups[i]};
        for (size_t k = 0; k < plan->groups[i].ncells; k++) {
            struct tmk_row row = describe(&state, &plan->groups[i].cells[k]);
            if (tmk_cell_same(&row.cell, last))
                open = i;
        }
    }
    return open;
}

enum tmk_status tmk_sweep_run(const struct tmk_sweep *sweep, struct tmk_sweep_tally *tally)
{
    const struct tmk_plan *plan = sweep->plan;
    struct state state = {.sweep = sweep, .tally = tally};
    *tally = (struct tmk_sweep_tally){0};
    TMK_TRY(tmk_arena_make(sweep->placement, tmk_settings_cold(sweep->settings), &state.arena));
    size_t open = open_group(sweep);
    enum tmk_status status = TMK_OK;
    tmk_progress_begin(&state.progress, "bench", plan->seconds);
    for (size_t i = 0; i < plan->ngroups && status == TMK_OK; i++) {
        state.group = &plan->groups[i];
        status = tmk_cli_interrupted ? tmk_fail(TMK_EINTR, "interrupted: what was measured is kept")
                                     : run_group(&state, i == open);
    }
    tmk_progress_end(&state.progress);
    tmk_arena_free(&state.arena);
    return status;
}
