/* A run on disk, read back. */
#ifndef TMK_BENCH_RUNDIR_H
#define TMK_BENCH_RUNDIR_H

#include "manifest.h"
#include "record.h"

struct tmk_run {
    const char *path;
    json_t *manifest;
    struct tmk_ceilings *ceilings;
    size_t nceilings;
    struct tmk_summaries summaries;
};

/* Read manifest and samples of the run in folder `path` and derive the summary. TMK_EIO,
 * TMK_EINVAL: as tmk_manifest_read() and tmk_samples_read(). */
enum tmk_status tmk_run_load(const char *path, struct tmk_run *out);
void tmk_run_free(struct tmk_run *run);

/* Write summary.csv. */
enum tmk_status tmk_run_write_summary(const struct tmk_run *run);

/* A line per cell on stdout, problem by problem. */
void tmk_run_print(const struct tmk_run *run);

/* Half the confidence interval in percent of the median; NaN if there are too few samples. */
double tmk_half_width_percent(const struct tmk_cell_summary *summary);

/* plots/ and report.html. TMK_EIO after everything else was written: gnuplot is missing. */
enum tmk_status tmk_run_report(const struct tmk_run *run);

#endif
