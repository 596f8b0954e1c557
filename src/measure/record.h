/* A run on disk:
 *
 *   manifest.json  machine, compiler, command line, seed, ceilings
 *   topology.xml   hwloc's export
 *   samples.csv    one row per sample, appended and flushed as measured: the only truth
 *   summary.csv    derived from samples.csv: one row per cell
 *
 * Rows of samples.csv repeat what a cell is, so the file explains itself. */
#ifndef TMK_MEASURE_RECORD_H
#define TMK_MEASURE_RECORD_H

#include "exec.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a cell is. */
struct tmk_cell {
    char op[16], problem[256], name[64], dir[8], impl[32], dtype[8], layout[8];
    int threads;
    char cache[8];             /* "warm", "cold" */
    char status[192];          /* "ok", "unverified: why", "skipped: why" */
    double flops, bytes;       /* of one call */
    double workspace_bytes;
    double err_over_bound;     /* NaN if not verified */
};
bool tmk_cell_same(const struct tmk_cell *a, const struct tmk_cell *b); /* status and below ignored */

/* One row of samples.csv. A skipped cell has one row with calls 0. */
struct tmk_row {
    struct tmk_cell cell;
    unsigned round, calls;
    double seconds, phase[TMK_NPHASES];
    double steal_s, canary_s;
    bool noisy;
    char stop[16];             /* unused in samples; "" */
};

/* Appending. Opens (creates with header, or continues after cutting a torn last line off). Every row is flushed before the
 * call returns. A full disk is TMK_EIO and leaves only whole lines behind. */
struct tmk_samples;
enum tmk_status tmk_samples_open(const char *path, struct tmk_samples **out);
enum tmk_status tmk_samples_append(struct tmk_samples *samples, const struct tmk_row *row);
enum tmk_status tmk_samples_close(struct tmk_samples *samples);

/* Reading. TMK_EIO: missing. TMK_EINVAL: not a samples file (line and column named). A last line
 * without its newline (a killed run) is ignored. */
struct tmk_rows {
    struct tmk_row *rows;
    size_t count;
};
enum tmk_status tmk_samples_read(const char *path, struct tmk_rows *out);
void tmk_rows_free(struct tmk_rows *rows);

/* One row of summary.csv. */
struct tmk_cell_summary {
    struct tmk_cell cell;
    size_t samples;
    double median_s, ci_lo_s, ci_hi_s, min_s;
    double gflops;             /* flops / median */
    double pct_peak;           /* 0 to 100, of the measured FMA peak at this thread count and dtype */
    double intensity;          /* flops / bytes */
    double speedup_vs_naive;   /* median of naive, same everything else / median; NaN without it */
    double efficiency;         /* median at 1 thread / (threads * median) */
    double phase[TMK_NPHASES]; /* medians */
    size_t noisy;              /* samples in noisy rounds */
};
struct tmk_summaries {
    struct tmk_cell_summary *cells;
    size_t count;
};
/* `peak(ctx, threads, dtype)` gives the measured peak in GFLOP/s (0: unknown). */
enum tmk_status tmk_summaries_make(const struct tmk_rows *rows,
                                   double (*peak)(void *ctx, int threads, const char *dtype), void *ctx,
                                   struct tmk_summaries *out);
void tmk_summaries_free(struct tmk_summaries *summaries);
/* Written to a temporary file and renamed. */
enum tmk_status tmk_summaries_write(const struct tmk_summaries *summaries, const char *path);

#endif
