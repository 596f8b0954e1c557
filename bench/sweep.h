/* Carrying out a plan: verify, sample, record. */
#ifndef TMK_BENCH_SWEEP_H
#define TMK_BENCH_SWEEP_H

#include "placement.h"
#include "plan.h"
#include "record.h"

/* What a sweep came to, in cells. */
struct tmk_sweep_tally {
    size_t timed, kept; /* kept: complete in the run that is resumed */
    size_t unverified, wrong, skipped;
    size_t too_large;  /* of the skipped: memory did not suffice */
    char refusal[256]; /* the first one's reason */
};

struct tmk_sweep {
    const struct tmk_settings *settings;
    const struct tmk_plan *plan;
    const struct tmk_placement *placement; /* for the largest thread count */
    struct tmk_samples *samples;           /* rows are appended as they are measured */
    const struct tmk_rows *earlier;        /* of the run that is resumed; NULL: a new run */
    bool finished;                         /* the resumed run had come to its end */
};

/* TMK_EINTR after Ctrl-C: what was measured is recorded. A wrong result is no failure here: it is
 * in the tally. */
enum tmk_status tmk_sweep_run(const struct tmk_sweep *sweep, struct tmk_sweep_tally *tally);

#endif
