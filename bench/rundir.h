/* What is made of a run that was read back. */
#ifndef TMK_BENCH_RUNDIR_H
#define TMK_BENCH_RUNDIR_H

#include "run.h"

/* Write summary.csv. */
enum tmk_status tmk_run_write_summary(const struct tmk_run *run);

/* A line per cell on stdout, problem by problem. */
void tmk_run_print(const struct tmk_run *run);

/* "blocked"; of `auto` with its choice: "auto (winograd)". */
#define TMK_CELL_IMPL_MAX 72
const char *tmk_cell_impl(char buf[TMK_CELL_IMPL_MAX], const struct tmk_cell *cell);

/* Half the confidence interval in percent of the median; NaN if there are too few samples. */
double tmk_half_width_percent(const struct tmk_cell_summary *summary);

/* plots/ and report.html. TMK_EIO after everything else was written: gnuplot is missing. */
enum tmk_status tmk_run_report(const struct tmk_run *run);

#endif
