#include "findings.h"

#include "sets.h"
#include "stats.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double tmk_value_speedup(const struct tmk_scene *scene, const struct tmk_cell_summary *summary)
{
    (void)scene;
    return summary->speedup_vs_naive;
}

double tmk_value_pct_peak(const struct tmk_scene *scene, const struct tmk_cell_summary *summary)
{
    (void)scene;
    return summary->pct_peak;
}

double tmk_value_scaling(const struct tmk_scene *scene, const struct tmk_cell_summary *summary)
{
    (void)scene;
    return summary->efficiency * summary->cell.threads;
}

double tmk_value_pct_roof(const struct tmk_scene *scene, const struct tmk_cell_summary *summary)
{
    bool f64 = strcmp(summary->cell.dtype, "f64") == 0;
    double roof = fmin(tmk_ceilings_peak(&scene->ceilings, f64),
                       scene->ceilings.bandwidth[TMK_MEMORY] * summary->intensity);
    return roof > 0 ? 100 * summary->gflops / roof : NAN;
}

double tmk_value_pack_share(const struct tmk_scene *scene, const struct tmk_cell_summary *summary)
{
    (void)scene;
    return 100 * summary->phase[TMK_PHASE_PACK] / summary->median_s;
}

double tmk_value_workspace(const struct tmk_scene *scene, const struct tmk_cell_summary *summary)
{
    (void)scene;
    return summary->cell.workspace_bytes;
}

struct tmk_spread tmk_scene_spread(const struct tmk_scene *scene, size_t impl, int dir,
                                   size_t threads, tmk_cell_value value)
{
    struct tmk_spread spread = {0, NAN, NAN, NAN, NAN};
    double *values = calloc(scene->nlayers * TMK_NDIRS + 1, sizeof *values);
    if (!values)
        return spread;
    for (size_t layer = 0; layer < scene->nlayers; layer++) {
        for (int d = 0; d < TMK_NDIRS; d++) {
            const struct tmk_cell_summary *cell =
                tmk_scene_cell(scene, layer, (enum tmk_dir)d, impl, threads);
            double x = cell && (dir < 0 || dir == d) ? value(scene, cell) : NAN;
            if (isfinite(x))
                values[spread.count++] = x;
        }
    }
    if (spread.count > 0) {
        struct tmk_summary summary = tmk_summarise(values, spread.count);
        spread.median = summary.median;
        spread.min = summary.min;
        spread.max = summary.max;
        spread.geometric_mean = tmk_geometric_mean(values, spread.count);
    }
    free(values);
    return spread;
}

struct tmk_winner tmk_scene_winner(const struct tmk_scene *scene)
{
    struct tmk_winner winner = {0};
    const struct tmk_op *op = tmk_op_find(scene->op);
    const char *ceiling = op ? tmk_op_ceiling(op) : ""; /* is none of those who race */
    size_t wins[TMK_SCENE_IMPLS] = {0}, most = tmk_scene_most_threads(scene);
    for (size_t race = 0; race < scene->nlayers * TMK_NDIRS; race++) {
        size_t first = scene->nimpls;
        double best = INFINITY;
        for (size_t impl = 0; impl < scene->nimpls; impl++) {
            const struct tmk_cell_summary *cell = tmk_scene_cell(
                scene, race / TMK_NDIRS, (enum tmk_dir)(race % TMK_NDIRS), impl, most);
            if (cell && cell->median_s < best && strcmp(scene->impls[impl], ceiling) != 0) {
                best = cell->median_s;
                first = impl;
            }
        }
        if (first < scene->nimpls) {
            wins[first]++;
            winner.races++;
        }
    }
    for (size_t impl = 0; impl < scene->nimpls; impl++) {
        if (wins[impl] > wins[winner.impl])
            winner.impl = impl;
    }
    winner.wins = wins[winner.impl];
    return winner;
}

static const char *winner_name(const struct tmk_scene *scene)
{
    return scene->impls[tmk_scene_winner(scene).impl];
}

static struct tmk_spread at_most_threads(const struct tmk_scene *scene, size_t impl,
                                         tmk_cell_value value)
{
    return tmk_scene_spread(scene, impl, -1, tmk_scene_most_threads(scene), value);
}

/* "; naive 2 %", for the first rung beside the winner; "" if they are the same. */
static void first_rung(const struct tmk_scene *scene, size_t winner, tmk_cell_value value,
                       char *buf, size_t size)
{
    struct tmk_spread spread = at_most_threads(scene, 0, value);
    buf[0] = '\0';
    if (winner != 0 && spread.count > 0)
        snprintf(buf, size, "; %s %.2g %%", scene->impls[0], spread.median);
}

void tmk_say_time(const struct tmk_scene *scene, char *buf, size_t size)
{
    struct tmk_winner winner = tmk_scene_winner(scene);
    if (scene->nimpls == 1)
        snprintf(buf, size, "%s: time of a call of %s", scene->op, scene->impls[0]);
    else
        snprintf(buf, size, "%s: %s is the fastest in %zu of %zu layers and directions", scene->op,
                 scene->impls[winner.impl], winner.wins, winner.races);
}

void tmk_say_gflops(const struct tmk_scene *scene, char *buf, size_t size)
{
    struct tmk_winner winner = tmk_scene_winner(scene);
    struct tmk_spread spread = at_most_threads(scene, winner.impl, tmk_value_pct_peak);
    char rung[64];
    first_rung(scene, winner.impl, tmk_value_pct_peak, rung, sizeof rung);
    snprintf(buf, size, "%s: %s reaches %.0f %% of the FMA peak in the median%s", scene->op,
             scene->impls[winner.impl], spread.median, rung);
}

void tmk_say_speedup(const struct tmk_scene *scene, char *buf, size_t size)
{
    struct tmk_winner winner = tmk_scene_winner(scene);
    struct tmk_spread spread = at_most_threads(scene, winner.impl, tmk_value_speedup);
    snprintf(buf, size, "%s: %s is %.*f times as fast as naive in the geometric mean", scene->op,
             winner_name(scene), spread.geometric_mean < 10 ? 1 : 0, spread.geometric_mean);
}

void tmk_say_scaling(const struct tmk_scene *scene, char *buf, size_t size)
{
    struct tmk_winner winner = tmk_scene_winner(scene);
    struct tmk_spread spread = at_most_threads(scene, winner.impl, tmk_value_scaling);
    snprintf(buf, size, "%s: on %d threads %s is %.2g times as fast as on one", scene->op,
             scene->threads[tmk_scene_most_threads(scene)], winner_name(scene),
             spread.geometric_mean);
}

void tmk_say_roofline(const struct tmk_scene *scene, char *buf, size_t size)
{
    struct tmk_winner winner = tmk_scene_winner(scene);
    struct tmk_spread spread = at_most_threads(scene, winner.impl, tmk_value_pct_roof);
    char rung[64];
    first_rung(scene, winner.impl, tmk_value_pct_roof, rung, sizeof rung);
    snprintf(buf, size, "%s: %s is at %.0f %% of its roof in the median%s", scene->op,
             winner_name(scene), spread.median, rung);
}

/* The implementation with the highest median. */
static size_t highest(const struct tmk_scene *scene, tmk_cell_value value)
{
    size_t top = 0;
    double best = -1;
    for (size_t impl = 0; impl < scene->nimpls; impl++) {
        double median = at_most_threads(scene, impl, value).median;
        if (median > best) {
            best = median;
            top = impl;
        }
    }
    return top;
}

void tmk_say_phases(const struct tmk_scene *scene, char *buf, size_t size)
{
    size_t top = highest(scene, tmk_value_pack_share), winner = tmk_scene_winner(scene).impl;
    double most = at_most_threads(scene, top, tmk_value_pack_share).median;
    char other[64] = "";
    if (top != winner)
        snprintf(other, sizeof other, ", %s %.0f %%", scene->impls[winner],
                 at_most_threads(scene, winner, tmk_value_pack_share).median);
    snprintf(buf, size, "%s: %s spends %.0f %% of its time on moving operands into place%s",
             scene->op, scene->impls[top], most, other);
}

void tmk_say_memory(const struct tmk_scene *scene, char *buf, size_t size)
{
    size_t top = highest(scene, tmk_value_workspace), winner = tmk_scene_winner(scene).impl;
    char most[32], least[32], other[80] = "";
    tmk_format_bytes(most, sizeof most, at_most_threads(scene, top, tmk_value_workspace).max);
    tmk_format_bytes(least, sizeof least, at_most_threads(scene, winner, tmk_value_workspace).max);
    if (top != winner)
        snprintf(other, sizeof other, ", %s at most %s", scene->impls[winner], least);
    snprintf(buf, size, "%s: %s needs up to %s of workspace%s", scene->op, scene->impls[top], most,
             other);
}
