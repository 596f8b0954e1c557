/* What a verification came to: a row per implementation, and why things were skipped. */
#ifndef TMK_BENCH_TALLY_H
#define TMK_BENCH_TALLY_H

#include "check.h"
#include "select.h"

struct tmk_tally_row {
    const struct tmk_op *op;
    const struct tmk_impl *impl;
    size_t checked, failed, skipped;
    double worst; /* error over bound */
};

struct tmk_tally_reason {
    char *what, *why; /* "conv2d winograd", "needs stride 1" */
    size_t count;
};

struct tmk_tally {
    struct tmk_tally_row *rows; /* every chosen implementation of every chosen op */
    size_t nrows;
    struct tmk_tally_reason *reasons;
    size_t nreasons;
    size_t checked, failed, refused;
    char refusal[256]; /* the first problem that memory was too small for */
};

/* One check: an implementation on a problem, in one direction, on so many threads. */
struct tmk_tally_cell {
    struct tmk_tally_row *row;
    const struct tmk_problem *problem;
    enum tmk_dir dir;
    int threads;
    const char *source; /* the arguments that name the problem: "'conv2d:...' --seed 0" */
};

enum tmk_status tmk_tally_make(const struct tmk_selection *selection, struct tmk_tally *out);
void tmk_tally_free(struct tmk_tally *tally);

/* Count a check's outcome. A failure is printed at once, with the command that repeats it. */
enum tmk_status tmk_tally_add(struct tmk_tally *tally, const struct tmk_tally_cell *cell,
                              enum tmk_status status, const struct tmk_verdict *verdict);
/* Count something that was not checked, and why. */
enum tmk_status tmk_tally_skip(struct tmk_tally *tally, const char *what, const char *why);
/* Count a problem that memory is too small for; tmk_message() says what it needs. */
void tmk_tally_refuse(struct tmk_tally *tally);

/* Print the table on stdout; TMK_OK, or the status that the program ends with. */
enum tmk_status tmk_tally_report(const struct tmk_tally *tally);

#endif
