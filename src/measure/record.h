/* A run on disk:
 *
 *   manifest.json  machine, compiler, command line, seed, ceilings
 *   topology.xml   hwloc's export
 *   samples.csv    one row per sample, appended as measured: the only truth
 *   summary.csv    derived from samples.csv: one row per cell
 *
 * Both tables are RFC 4180 with a header row, one line a record; text is quoted where it must be.
 * An empty field is NaN: not known. Rows of samples.csv repeat what a cell is, so the file explains
 * itself. */
#ifndef TMK_MEASURE_RECORD_H
#define TMK_MEASURE_RECORD_H

#include "exec.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a cell is. No text may hold control characters. */
struct tmk_cell {
    char op[16], problem[256], name[64], dir[8], impl[32], dtype[8], layout[8];
    int threads;
    char cache[8];       /* "warm", "cold" */
    char status[192];    /* "ok", "unverified: why", "skipped: why" */
    double flops, bytes; /* of one call */
    double workspace_bytes;
    double err_over_bound; /* NaN if not verified */
    char chosen[32];       /* the implementation that `auto` runs; "" for the others */
};

/* The same in everything above `status`. */
bool tmk_cell_same(const struct tmk_cell *a, const struct tmk_cell *b);

/* A hash of that same part. */
uint64_t tmk_cell_hash(const struct tmk_cell *cell);

/* One row of samples.csv. A skipped cell has one row with calls 0. */
struct tmk_row {
    struct tmk_cell cell;
    unsigned round, calls;
    double seconds, phase[TMK_NPHASES]; /* per call */
    double steal_s, canary_s;           /* of the round */
    bool noisy;
    char cpus[256]; /* OS index of the CPU that each thread was on: "0;1" */
};

/* Appending. tmk_samples_open() creates the file with its header, or goes on after the last whole
 * row: a torn last line, as a killed run leaves it, is cut off. TMK_EINVAL: a file that is there
 * but has another header; it is left as it is.
 *
 * Every row goes out in one write before tmk_samples_append() returns, so a killed process loses at
 * most the sample in flight. A full disk is TMK_EIO and leaves only whole rows behind. TMK_EINVAL:
 * control characters in a text. */
struct tmk_samples;
enum tmk_status tmk_samples_open(const char *path, struct tmk_samples **out);
enum tmk_status tmk_samples_append(struct tmk_samples *samples, const struct tmk_row *row);
enum tmk_status tmk_samples_close(struct tmk_samples *samples); /* NULL: nothing to do */

/* Reading. TMK_EIO: missing. TMK_EINVAL: not a samples file (line and column named). A last line
 * without its newline (a killed run) is ignored, an empty file has no rows; columns after those
 * known here (a later version's) are skipped, and `chosen` may be absent (an earlier version's). */
struct tmk_rows {
    struct tmk_row *rows;
    size_t count;
};
enum tmk_status tmk_samples_read(const char *path, struct tmk_rows *out);
void tmk_rows_free(struct tmk_rows *rows);

/* What a run holds of a cell already, for those who resume it. */
struct tmk_held {
    size_t rows;         /* all, also those of a skipped cell; 0: the cell is new */
    size_t samples;      /* rows with calls > 0 */
    double *seconds;     /* of the samples, in the order of the file */
    unsigned next_round; /* 1 + the highest round of the samples, 0 without any */
};
enum tmk_status tmk_rows_of_cell(const struct tmk_rows *rows, const struct tmk_cell *cell,
                                 struct tmk_held *out);
void tmk_held_free(struct tmk_held *held);

/* One row of summary.csv. A cell without samples (skipped) has NaN for every number derived from
 * time. `cell` is as the latest sample tells it. */
struct tmk_cell_summary {
    struct tmk_cell cell;
    size_t samples;
    double median_s, ci_lo_s, ci_hi_s, min_s; /* as in stats.h; no sample is left out */
    double gflops;                            /* flops / median, in 1e9 per second */
    double pct_peak;           /* 0 to 100, of the measured FMA peak at this thread count, dtype */
    double intensity;          /* flops / bytes */
    double speedup_vs_naive;   /* median of naive, same everything else / median; NaN without it */
    double efficiency;         /* median at 1 thread / (threads * median); NaN without it */
    double phase[TMK_NPHASES]; /* medians */
    size_t noisy;              /* samples in noisy rounds */
    size_t outliers;           /* samples more than 14.8 MAD from the median */
    double mad_s;              /* median absolute deviation */
};
struct tmk_summaries {
    struct tmk_cell_summary *cells; /* in order of first appearance */
    size_t count;
};
/* `peak(ctx, threads, dtype)` gives the measured peak in GFLOP/s (0: unknown). */
enum tmk_status tmk_summaries_make(const struct tmk_rows *rows,
                                   double (*peak)(void *ctx, int threads, const char *dtype),
                                   void *ctx, struct tmk_summaries *out);
void tmk_summaries_free(struct tmk_summaries *summaries);

/* Written to PATH.tmp and renamed, so PATH is always whole: the old or the new. */
enum tmk_status tmk_summaries_write(const struct tmk_summaries *summaries, const char *path);

#endif
