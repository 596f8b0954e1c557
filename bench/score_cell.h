/* One cell held against a goal. */
#ifndef TMK_BENCH_SCORE_CELL_H
#define TMK_BENCH_SCORE_CELL_H

#include "score.h"

/* The cells of one problem and direction in a run. Their rows follow one another, in the order in
 * which they were sampled. */
struct tmk_score_group {
    const struct tmk_row *rows;
    size_t count;
    const struct tmk_row **cells; /* the first sample of each cell, `ncells` of them */
    size_t ncells;
    double *logs; /* room for a number for each row */
};

/* Measure `ours`, one of group->cells, as the goal wants it, into all of *out but `cell`. False:
 * there is nothing to hold it against. */
bool tmk_score_cell(const struct tmk_score_group *group, const struct tmk_goal *goal,
                    const struct tmk_row *ours, struct tmk_scored *out);

#endif
