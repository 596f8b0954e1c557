/* The convolutions of both versions of Inception modules as problems with operands. */
#ifndef TMK_ANALYSIS_INCEPTION_JOBS_H
#define TMK_ANALYSIS_INCEPTION_JOBS_H

#include "inception.h"

#include "conv2d.h"
#include "data.h"

struct tmk_job {
    struct tmk_conv2d conv;
    struct tmk_data data; /* filled with reals */
};

struct tmk_jobs {
    const struct tmk_selection *selection;
    struct tmk_job *list;
    size_t first[TMK_NVERSIONS + 1]; /* version v has list[first[v]] up to list[first[v + 1]] */
};

/* Make them, in f32. TMK_ENOMEM, TMK_EINVAL. Free with tmk_jobs_free() in any case. */
enum tmk_status tmk_jobs_make(const struct tmk_inception_study *study,
                              const struct tmk_selection *selection, struct tmk_jobs *out);
void tmk_jobs_free(struct tmk_jobs *jobs);

size_t tmk_jobs_count(const struct tmk_jobs *jobs);

/* The largest of the selection's thread counts. */
int tmk_most_threads(const struct tmk_selection *selection);

/* Is the implementation chosen, and does it offer this direction of all of them on so many threads?
 */
bool tmk_jobs_take(const struct tmk_jobs *jobs, const struct tmk_impl *impl, enum tmk_dir dir,
                   int threads);

/* A note on stderr for each chosen implementation that does not. */
void tmk_jobs_tell_refusals(const struct tmk_jobs *jobs);

/* Bytes that suffice every implementation that takes part; SIZE_MAX if that overflows. */
size_t tmk_jobs_workspace(const struct tmk_jobs *jobs);

/* Hold every implementation that takes part against the oracle, in every chosen direction and
 * thread count. TMK_ECHECK names one that is wrong; TMK_EINTR. */
enum tmk_status tmk_jobs_verify(const struct tmk_jobs *jobs);

#endif
