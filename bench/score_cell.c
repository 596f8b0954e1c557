#include "score_cell.h"

#include "sets.h"
#include "stats.h"

#include <math.h>
#include <string.h>

#define MIB (1024.0 * 1024)

static const struct tmk_row *next_sample(const struct tmk_score_group *group, size_t *from,
                                         const struct tmk_row *cell)
{
    while (*from < group->count) {
        const struct tmk_row *row = &group->rows[(*from)++];
        if (row->calls > 0 && tmk_cell_same(&row->cell, &cell->cell))
            return row;
    }
    return NULL;
}

/* Log of seconds of a over seconds of b, of every round in which both were sampled. */
static struct tmk_summary pair_rounds(const struct tmk_score_group *group, const struct tmk_row *a,
                                      const struct tmk_row *b)
{
    size_t i = 0, k = 0, n = 0;
    const struct tmk_row *x = next_sample(group, &i, a), *y = next_sample(group, &k, b);
    while (x && y) {
        const unsigned at = x->round < y->round ? x->round : y->round;
        const bool has_x = x->round == at, has_y = y->round == at;
        if (has_x && has_y)
            group->logs[n++] = log(x->seconds / y->seconds);
        if (has_x)
            x = next_sample(group, &i, a);
        if (has_y)
            y = next_sample(group, &k, b);
    }
    return tmk_summarise(group->logs, n);
}

static struct tmk_summary seconds_of(const struct tmk_score_group *group,
                                     const struct tmk_row *cell)
{
    size_t i = 0, n = 0;
    const struct tmk_row *row;
    while ((row = next_sample(group, &i, cell)))
        group->logs[n++] = row->seconds;
    return tmk_summarise(group->logs, n);
}

static void compare(const struct tmk_score_group *group, const struct tmk_row *ours,
                    const struct tmk_row *other, struct tmk_scored *out)
{
    const struct tmk_summary summary = pair_rounds(group, other, ours);
    out->value = exp(summary.median);
    out->lo = exp(summary.ci_lo);
    out->hi = exp(summary.ci_hi);
    out->rounds = summary.n;
    out->our_s = seconds_of(group, ours).median;
    out->other_s = seconds_of(group, other).median;
    snprintf(out->other, sizeof out->other, "%s", other->cell.impl);
}

static const struct tmk_row *find(const struct tmk_score_group *group, const char *impl,
                                  int threads)
{
    for (size_t i = 0; i < group->ncells; i++) {
        const struct tmk_row *row = group->cells[i];
        if (row->cell.threads == threads && strcmp(row->cell.impl, impl) == 0)
            return row;
    }
    return NULL;
}

static const char *ceiling_of(const struct tmk_row *row)
{
    const struct tmk_op *op = tmk_op_find(row->cell.op);
    return op ? tmk_op_ceiling(op) : "";
}

static bool is_rival(const struct tmk_row *row)
{
    const struct tmk_op *op = tmk_op_find(row->cell.op);
    return op && !tmk_op_owns(op, row->cell.impl) && strcmp(row->cell.impl, ceiling_of(row)) != 0;
}

/* The fastest of all rivals is the one over which we gain least. */
static bool compare_best(const struct tmk_score_group *group, const struct tmk_row *ours,
                         struct tmk_scored *out)
{
    out->value = INFINITY;
    for (size_t i = 0; i < group->ncells; i++) {
        const struct tmk_row *row = group->cells[i];
        if (row->cell.threads != ours->cell.threads || !is_rival(row))
            continue;
        struct tmk_scored one = *out;
        compare(group, ours, row, &one);
        if (one.value < out->value)
            *out = one;
    }
    return isfinite(out->value);
}

static bool compare_rivals(const struct tmk_score_group *group, const struct tmk_goal *goal,
                           const struct tmk_row *ours, struct tmk_scored *out)
{
    for (size_t i = 0; i < TMK_GOAL_RIVALS && goal->rivals[i]; i++) {
        if (strcmp(goal->rivals[i], TMK_ANY_RIVAL) == 0)
            return compare_best(group, ours, out);
        const struct tmk_row *rival = find(group, goal->rivals[i], ours->cell.threads);
        if (rival) {
            compare(group, ours, rival, out);
            return true;
        }
    }
    return false;
}

/* The multiply-adds alone, which took turns with ours. */
static bool compare_peak(const struct tmk_score_group *group, const struct tmk_row *ours,
                         struct tmk_scored *out)
{
    const struct tmk_row *peak = find(group, ceiling_of(ours), ours->cell.threads);
    if (!peak)
        return false;
    compare(group, ours, peak, out);
    out->value *= 100;
    out->lo *= 100;
    out->hi *= 100;
    return true;
}

bool tmk_score_cell(const struct tmk_score_group *group, const struct tmk_goal *goal,
                    const struct tmk_row *ours, struct tmk_scored *out)
{
    const struct tmk_row *single = find(group, goal->ours, 1);
    out->other_s = NAN;
    switch (goal->measure) {
    case TMK_AGAINST_RIVALS:
        return compare_rivals(group, goal, ours, out);
    case TMK_AGAINST_PEAK:
        return compare_peak(group, ours, out);
    case TMK_AGAINST_ONE_THREAD:
        if (single)
            compare(group, ours, single, out);
        return single != NULL;
    case TMK_WORKSPACE:
        out->our_s = seconds_of(group, ours).median;
        out->value = ours->cell.workspace_bytes / MIB / ours->cell.threads;
        out->lo = out->hi = out->value;
        return true;
    }
    return false;
}
