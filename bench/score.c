#include "score.h"

#include "score_cell.h"
#include "sets.h"
#include "size.h"
#include "stats.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum tmk_status tmk_scores_make(struct tmk_scores *out)
{
    *out = (struct tmk_scores){0};
    while (tmk_goals[out->count].work)
        out->count++;
    out->list = calloc(out->count, sizeof *out->list);
    if (!out->list)
        return tmk_fail(TMK_ENOMEM, "no memory for the scores");
    for (size_t i = 0; i < out->count; i++)
        out->list[i] = (struct tmk_score){.goal = &tmk_goals[i], .mean = NAN, .worst = NAN};
    return TMK_OK;
}

void tmk_scores_free(struct tmk_scores *scores)
{
    for (size_t i = 0; scores->list && i < scores->count; i++)
        free(scores->list[i].cells);
    free(scores->list);
    *scores = (struct tmk_scores){0};
}

static bool is_held(const struct tmk_score *score, const struct tmk_cell *cell)
{
    for (size_t i = 0; i < score->count; i++) {
        const struct tmk_cell *held = &score->cells[i].cell;
        if (held->threads == cell->threads && strcmp(held->problem, cell->problem) == 0 &&
            strcmp(held->dir, cell->dir) == 0 && strcmp(held->op, cell->op) == 0)
            return true;
    }
    return false;
}

static enum tmk_status keep(struct tmk_score *score, const struct tmk_scored *scored)
{
    if (score->count == score->capacity) {
        size_t capacity = TMK_MAX(2 * score->capacity, 64);
        struct tmk_scored *grown = reallocarray(score->cells, capacity, sizeof *grown);
        if (!grown)
            return tmk_fail(TMK_ENOMEM, "no memory for %zu cells", capacity);
        score->cells = grown;
        score->capacity = capacity;
    }
    score->cells[score->count++] = *scored;
    score->unverified += strcmp(scored->cell.status, "ok") != 0;
    return TMK_OK;
}

static enum tmk_status add_cell(struct tmk_score *score, const struct tmk_score_group *group,
                                const struct tmk_row *row)
{
    const struct tmk_goal *goal = score->goal;
    struct tmk_scored scored = {.cell = row->cell};
    if (strcmp(row->cell.impl, goal->ours) != 0 || row->cell.flops <= 1e6 * goal->mflop ||
        (goal->measure == TMK_AGAINST_ONE_THREAD && row->cell.threads != 2) ||
        is_held(score, &row->cell))
        return TMK_OK;
    if (tmk_score_cell(group, goal, row, &scored))
        return keep(score, &scored);
    score->unopposed++;
    return TMK_OK;
}

static enum tmk_status score_group(struct tmk_scores *scores, const struct tmk_score_group *group)
{
    struct tmk_list list = {0};
    enum tmk_dir dir;
    enum tmk_status status = tmk_cell_problem(&group->rows[0].cell, &list, &dir);
    for (size_t s = 0; s < scores->count && status == TMK_OK; s++) {
        if (!tmk_goals[s].covers(list.items[0].problem, dir))
            continue;
        for (size_t i = 0; i < group->ncells && status == TMK_OK; i++)
            status = add_cell(&scores->list[s], group, group->cells[i]);
    }
    tmk_list_free(&list);
    return status;
}

static bool is_new(const struct tmk_score_group *group, const struct tmk_row *row)
{
    for (size_t i = 0; i < group->ncells; i++) {
        if (tmk_cell_same(&group->cells[i]->cell, &row->cell))
            return false;
    }
    return row->calls > 0;
}

static bool counts(const struct tmk_cell *cell)
{
    return strcmp(cell->dtype, "f32") == 0 && strcmp(cell->layout, "nhwc") != 0 &&
           strcmp(cell->cache, "warm") == 0;
}

/* `group` has room for all the rows. */
static enum tmk_status add_rows(struct tmk_scores *scores, struct tmk_score_group *group,
                                const struct tmk_rows *all)
{
    for (size_t start = 0; start < all->count; start += group->count) {
        group->rows = &all->rows[start];
        group->count = group->ncells = 0;
        while (start + group->count < all->count) {
            const struct tmk_row *row = &group->rows[group->count];
            if (!tmk_same_group(&row->cell, &group->rows[0].cell))
                break;
            if (is_new(group, row))
                group->cells[group->ncells++] = row;
            group->count++;
        }
        if (counts(&group->rows[0].cell))
            TMK_TRY(score_group(scores, group));
    }
    return TMK_OK;
}

enum tmk_status tmk_scores_add(struct tmk_scores *scores, const struct tmk_run *run)
{
    char path[PATH_MAX];
    struct tmk_rows rows;
    snprintf(path, sizeof path, "%s/samples.csv", run->path);
    TMK_TRY(tmk_samples_read(path, &rows));
    struct tmk_score_group group = {.cells = calloc(rows.count + 1, sizeof *group.cells),
                                    .logs = calloc(rows.count + 1, sizeof *group.logs)};
    enum tmk_status status = group.cells && group.logs
                                 ? add_rows(scores, &group, &rows)
                                 : tmk_fail(TMK_ENOMEM, "no memory for %zu samples", rows.count);
    free(group.cells);
    free(group.logs);
    tmk_rows_free(&rows);
    return status;
}

/* Of workspace the most comes first, else the least. */
static int by_value(const void *a, const void *b)
{
    double x = ((const struct tmk_scored *)a)->value, y = ((const struct tmk_scored *)b)->value;
    return (x > y) - (x < y);
}

static int by_falling_value(const void *a, const void *b)
{
    return by_value(b, a);
}

static bool has_floor(const struct tmk_scored *scored)
{
    return scored->cell.flops > 1e6 * TMK_FLOOR_MFLOP;
}

bool tmk_score_is_below(const struct tmk_score *score, const struct tmk_scored *scored)
{
    const struct tmk_goal *goal = score->goal;
    if (goal->measure == TMK_WORKSPACE)
        return scored->value > goal->goal;
    return has_floor(scored) && scored->value < goal->floor;
}

static enum tmk_status finish(struct tmk_score *score)
{
    const bool most = score->goal->measure == TMK_WORKSPACE;
    if (score->count == 0)
        return TMK_OK;
    double *values = calloc(score->count, sizeof *values);
    if (!values)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu cells", score->count);
    qsort(score->cells, score->count, sizeof *score->cells, most ? by_falling_value : by_value);
    for (size_t i = 0; i < score->count; i++) {
        values[i] = score->cells[i].value;
        if (has_floor(&score->cells[i]))
            score->worst = fmin(score->worst, values[i]);
        score->below += tmk_score_is_below(score, &score->cells[i]);
    }
    score->mean = most ? values[0] : tmk_geometric_mean(values, score->count);
    free(values);
    return TMK_OK;
}

enum tmk_status tmk_scores_finish(struct tmk_scores *scores)
{
    for (size_t i = 0; i < scores->count; i++)
        TMK_TRY(finish(&scores->list[i]));
    return TMK_OK;
}

bool tmk_score_is_met(const struct tmk_score *score)
{
    if (score->goal->measure == TMK_WORKSPACE)
        return score->below == 0;
    return score->mean >= score->goal->goal && score->below == 0;
}
