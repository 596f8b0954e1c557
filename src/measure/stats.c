#include "stats.h"

#include "random.h"
#include "size.h"
#include "sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define Z95 1.96           /* two-sided 95 % quantile of the normal distribution */
#define MIN_FOR_INTERVAL 6 /* fewer samples do not bound a median at 95 % */
#define OUTLIER_MADS 14.8  /* ten standard deviations of normal samples */
#define RESAMPLES 2000

static double sorted_median(const double *sorted, size_t n)
{
    return n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

/* The sample of a rank counted from 1; ranks beyond either end mean that end. */
static double at_rank(const double *sorted, size_t n, double rank)
{
    if (rank < 1)
        return sorted[0];
    return rank > (double)n ? sorted[n - 1] : sorted[(size_t)rank - 1];
}

/* Turns `sorted` into the samples' distances from the median. */
static void spread(struct tmk_summary *summary, double *sorted)
{
    size_t n = summary->n;
    for (size_t i = 0; i < n; i++)
        sorted[i] = fabs(sorted[i] - summary->median);
    tmk_sort(sorted, n);
    summary->mad = sorted_median(sorted, n);
    while (summary->outliers < n && sorted[n - 1 - summary->outliers] > OUTLIER_MADS * summary->mad)
        summary->outliers++;
}

struct tmk_summary tmk_summarise(const double *samples, size_t n)
{
    struct tmk_summary summary = {
        .median = NAN, .min = NAN, .max = NAN, .ci_lo = NAN, .ci_hi = NAN, .mad = NAN};
    double *sorted = n ? calloc(n, sizeof *sorted) : NULL;
    if (!sorted)
        return summary;
    memcpy(sorted, samples, n * sizeof *sorted);
    tmk_sort(sorted, n);

    summary.n = n;
    summary.median = sorted_median(sorted, n);
    summary.min = summary.ci_lo = sorted[0];
    summary.max = summary.ci_hi = sorted[n - 1];
    if (n >= MIN_FOR_INTERVAL) {
        double count = (double)n, z = Z95 * sqrt(count);
        summary.ci_lo = at_rank(sorted, n, floor((count - z) / 2));
        summary.ci_hi = at_rank(sorted, n, ceil(1 + (count + z) / 2));
    }
    spread(&summary, sorted);
    free(sorted);
    return summary;
}

double tmk_relative_half_width(const struct tmk_summary *summary)
{
    if (summary->n < MIN_FOR_INTERVAL)
        return INFINITY;
    return 0.5 * (summary->ci_hi - summary->ci_lo) / summary->median;
}

/* The median of n draws with replacement from `sorted`. How often each rank was drawn says all
 * there is to know, so nothing need be sorted again. */
static double resampled_median(const double *sorted, size_t n, size_t *drawn,
                               struct tmk_random *random)
{
    memset(drawn, 0, n * sizeof *drawn);
    for (size_t i = 0; i < n; i++)
        drawn[tmk_random_below(random, (uint32_t)n)]++;
    size_t lower = (n - 1) / 2,
           upper = n / 2; /* the middle ranks, from 0; one and the same if odd */
    size_t rank = 0, seen = drawn[0];
    while (seen <= lower)
        seen += drawn[++rank];
    double low = sorted[rank];
    while (seen <= upper)
        seen += drawn[++rank];
    return 0.5 * (low + sorted[rank]);
}

static void bootstrap(const double *sorted, size_t n, size_t *drawn, uint32_t seed, double *lo,
                      double *hi)
{
    double medians[RESAMPLES];
    struct tmk_random random;
    tmk_random_seed(&random, seed);
    for (size_t i = 0; i < RESAMPLES; i++)
        medians[i] = resampled_median(sorted, n, drawn, &random);
    tmk_sort(medians, RESAMPLES);
    *lo = medians[RESAMPLES / 40]; /* 2.5 % lie outside at either end */
    *hi = medians[RESAMPLES - 1 - RESAMPLES / 40];
}

struct tmk_ratio tmk_paired_ratio(const double *a, const double *b, size_t n, uint32_t seed)
{
    struct tmk_ratio ratio = {NAN, NAN, NAN};
    double *logs = calloc(TMK_MAX(n, 1), sizeof *logs);
    size_t *drawn = calloc(TMK_MAX(n, 1), sizeof *drawn);
    if (n > 0 && logs && drawn) {
        for (size_t i = 0; i < n; i++)
            logs[i] = log(a[i] / b[i]);
        tmk_sort(logs, n);
        double lo = logs[0], hi = logs[n - 1];
        if (n >= MIN_FOR_INTERVAL)
            bootstrap(logs, n, drawn, seed, &lo, &hi);
        ratio = (struct tmk_ratio){exp(sorted_median(logs, n)), exp(lo), exp(hi)};
    }
    free(logs);
    free(drawn);
    return ratio;
}

double tmk_geometric_mean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += log(values[i]);
    return n ? exp(sum / (double)n) : NAN;
}

double tmk_harmonic_mean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += 1 / values[i];
    return n ? (double)n / sum : NAN;
}
