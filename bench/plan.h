/* What a sweep will do: groups of cells, each sampled side by side, with what they need. */
#ifndef TMK_BENCH_PLAN_H
#define TMK_BENCH_PLAN_H

#include "settings.h"

struct tmk_plan_cell {
    const struct tmk_impl *impl;
    int threads;
    size_t workspace;    /* bytes */
    const char *refusal; /* why the implementation cannot do this; NULL: it can */
};

/* One problem, which has a data type and layout, in one direction. */
struct tmk_plan_group {
    const struct tmk_problem *problem;
    enum tmk_dir dir;
    struct tmk_plan_cell *cells;
    size_t ncells;
    size_t operands; /* bytes */
    bool by_sums;    /* too large for the oracle to compute every element of */
    double seconds;  /* estimate: verification, and sampling up to the time budget */
};

struct tmk_plan {
    struct tmk_plan_group *groups;
    size_t ngroups, ncells;
    double seconds;
};

/* Groups in the order of the selection's problems, cells by implementation, then threads.
 * TMK_EINVAL: no chosen implementation fits, or sizes overflow. TMK_ENOMEM. */
enum tmk_status tmk_plan_make(const struct tmk_settings *settings, struct tmk_plan *out);
void tmk_plan_free(struct tmk_plan *plan);

/* Bytes needed to verify a group's cell (operands, the oracle's three answers in doubles, the
 * workspace), and to time it. Not both at once. */
double tmk_plan_verify_bytes(const struct tmk_plan_group *group, const struct tmk_plan_cell *cell);
double tmk_plan_timing_bytes(const struct tmk_plan_group *group, const struct tmk_plan_cell *cell);

/* "nchw", "nhwc", or "row" for an op that has no layouts. */
const char *tmk_plan_layout(const struct tmk_problem *problem);

/* "conv2d:mb1... fwd f32 nchw", at most TMK_DESC_MAX + 64 bytes with the final 0. Returns buf. */
char *tmk_plan_label(const struct tmk_plan_group *group, char *buf, size_t size);

/* A line per group on stdout, and the sums. */
void tmk_plan_print(const struct tmk_plan *plan, const struct tmk_settings *settings);

#endif
