/* Naive Inception modules against those with 1x1 bottlenecks: counts, audit and times. */
#ifndef TMK_ANALYSIS_INCEPTION_H
#define TMK_ANALYSIS_INCEPTION_H

#include "cost.h"
#include "inception_module.h"
#include "select.h"

#include <stdbool.h>
#include <stdio.h>

enum tmk_version { TMK_NAIVE, TMK_BOTTLENECK, TMK_NVERSIONS };
extern const char *const tmk_version_name[TMK_NVERSIONS]; /* "naive", "bottleneck" */

/* What is compared, and where a module's convolutions belong. */
enum tmk_measure { TMK_PARAMETERS, TMK_MULTIPLICATIONS, TMK_ACTIVATIONS, TMK_NMEASURES };
extern const char *const tmk_measure_name[TMK_NMEASURES]; /* "parameters", ... */
#define TMK_BRANCHES 4
extern const char *const tmk_branch_name[TMK_BRANCHES]; /* "1x1", "3x3", "5x5", "pool" */
int tmk_branch_of(const char *layer);                   /* "3x3_reduce": 1; of no branch: -1 */

/* One module in both versions. */
struct tmk_module_pair {
    char name[TMK_LAYER_NAME_MAX]; /* "inception_3a"; "module" if it is of the command line */
    struct tmk_inception module;
    struct tmk_net net[TMK_NVERSIONS];
    struct tmk_cost_table costs[TMK_NVERSIONS]; /* by layer */
};

#define TMK_PAIRS_MAX 9

struct tmk_inception_study {
    struct tmk_module_pair pairs[TMK_PAIRS_MAX];
    size_t count; /* 1, or all of GoogLeNet */
    size_t mb;
    struct tmk_cost total[TMK_NVERSIONS];
    int argc; /* the command line */
    const char **argv;
};

/* Add a module. TMK_EINVAL as tmk_net_inception(). Free with tmk_study_free() in any case. */
enum tmk_status tmk_study_add(struct tmk_inception_study *study, const char *name,
                              const struct tmk_inception *module);
/* Add those of GoogLeNet for its own image: all, or `only` one, "4c" or "inception_4c". TMK_EINVAL:
 * it has no such module. */
enum tmk_status tmk_study_add_googlenet(struct tmk_inception_study *study, const char *only);
void tmk_study_free(struct tmk_inception_study *study);

/* What the convolutions of one branch come to, the 1x1 before or after others included. */
double tmk_branch_sum(const struct tmk_module_pair *pair, enum tmk_version version,
                      enum tmk_measure measure, int branch);

/* How many times fewer multiply-adds the bottleneck takes. */
double tmk_study_saving(const struct tmk_inception_study *study);

/* "Inception module 256x32x32", or "GoogLeNet's nine modules". */
char *tmk_study_name(const struct tmk_inception_study *study, char *buf, size_t size);

/* The counts: by branch if there is one module, by module else; for people or as CSV. */
enum tmk_status tmk_study_print(const struct tmk_inception_study *study);
enum tmk_status tmk_study_write_csv(const struct tmk_inception_study *study, FILE *file);

/* Times of one implementation in one direction on so many threads. */
struct tmk_time_row {
    const char *impl;
    enum tmk_dir dir;
    int threads;
    double median_s[TMK_NVERSIONS];
    double ratio, ci_lo, ci_hi; /* how many times less time the bottleneck takes; NaN
                                  interval: fewer than 6 rounds */
    size_t rounds;              /* in which both were timed */
};

struct tmk_time_table {
    struct tmk_time_row *rows; /* direction by direction, implementation by implementation */
    size_t count;
};

/* Verify and time every convolution of both versions, one after the other, by the selection's
 * implementations, directions and thread counts. Pools and joins are not timed: both versions have
 * them alike. TMK_ECHECK: an implementation is wrong; TMK_EINTR, TMK_ENOMEM. Free the rows in any
 * case. */
enum tmk_status tmk_study_measure(const struct tmk_inception_study *study,
                                  const struct tmk_selection *selection, double seconds,
                                  struct tmk_time_table *out);
enum tmk_status tmk_times_write(const struct tmk_time_table *times, FILE *file, bool csv);
void tmk_times_print_bars(const struct tmk_inception_study *study,
                          const struct tmk_time_table *times);

/* Tables, pictures and the chapter in `folder`. `times` NULL: none were taken. */
enum tmk_status tmk_study_draw(const struct tmk_inception_study *study,
                               const struct tmk_time_table *times, const char *folder);

#endif
