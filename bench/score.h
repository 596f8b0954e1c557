/* What runs say of the goals that this suite has set itself: `blocked` and its kin against other
 * projects' libraries, against the FMA peak, and on two threads against one. */
#ifndef TMK_BENCH_SCORE_H
#define TMK_BENCH_SCORE_H

#include "op.h"
#include "run.h"

enum tmk_measure {
    TMK_AGAINST_RIVALS,     /* a rival's time / ours: above 1 is faster */
    TMK_AGAINST_PEAK,       /* percent of the FMA peak: the op's ceiling, which took turns */
    TMK_AGAINST_ONE_THREAD, /* time on one thread / time on two */
    TMK_WORKSPACE           /* MiB a thread: less is better */
};

#define TMK_ANY_RIVAL "best"
#define TMK_GOAL_RIVALS 3
#define TMK_FLOOR_MFLOP 10

/* A row of the table. A cell is what one implementation of ours did of one problem, direction and
 * thread count. */
struct tmk_goal {
    const char *work;
    const char *ours;
    enum tmk_measure measure;
    /* The first that took part in a cell is the one that counts; TMK_ANY_RIVAL: of all that did,
     * the fastest. */
    const char *rivals[TMK_GOAL_RIVALS];
    double goal;  /* of all cells: geometric mean; of workspace the largest */
    double floor; /* of any one cell of more than TMK_FLOOR_MFLOP */
    double mflop; /* cells of no more do not count */
    bool (*covers)(const struct tmk_problem *problem, enum tmk_dir dir);
};
extern const struct tmk_goal tmk_goals[]; /* the last has no work */

/* One cell held against a goal. */
struct tmk_scored {
    struct tmk_cell cell;  /* ours */
    char other[32];        /* the implementation it was paired with, or "" */
    double value, lo, hi;  /* in the goal's measure, with its 95 % confidence interval */
    double our_s, other_s; /* medians; NaN where there is none */
    size_t rounds;         /* in which both were sampled; of workspace 0 */
};

struct tmk_score {
    const struct tmk_goal *goal;
    struct tmk_scored *cells; /* the worst first, after tmk_scores_finish() */
    size_t count, capacity;
    size_t unopposed;  /* cells that had no rival */
    size_t below;      /* the first so many cells are under the floor, or over the limit */
    size_t unverified; /* cells whose results were not checked */
    double mean;       /* see goal->goal; NaN without cells */
    double worst;      /* of the cells that the floor holds for */
};

struct tmk_scores {
    struct tmk_score *list; /* as many as there are goals */
    size_t count;
};

/* One for every goal, without cells. TMK_ENOMEM. */
enum tmk_status tmk_scores_make(struct tmk_scores *out);
void tmk_scores_free(struct tmk_scores *scores);

/* Hold the cells of a run against the goals; f32, plain layouts and warm caches count. Ratios are
 * medians over the rounds in which both were sampled, one after the other. A problem that was seen
 * before, under another name, is left out. TMK_EIO, TMK_EINVAL, TMK_ENOMEM. */
enum tmk_status tmk_scores_add(struct tmk_scores *scores, const struct tmk_run *run);

/* Means, and the cells in order, after the last run. TMK_ENOMEM. */
enum tmk_status tmk_scores_finish(struct tmk_scores *scores);

/* Is this cell under the floor, or over the limit? */
bool tmk_score_is_below(const struct tmk_score *score, const struct tmk_scored *scored);

/* Are mean and floor reached? */
bool tmk_score_is_met(const struct tmk_score *score);

#endif
