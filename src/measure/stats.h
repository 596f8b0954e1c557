/* Statistics of timing samples (Hoefler & Belli, SC'15). All functions take samples in any order
 * and do not change them. */
#ifndef TMK_MEASURE_STATS_H
#define TMK_MEASURE_STATS_H

#include <stddef.h>
#include <stdint.h>

struct tmk_summary {
    size_t n;
    double median, min, max;
    double ci_lo, ci_hi; /* 95 % confidence interval of the median by order statistics: ranks
                            floor((n - z sqrt n)/2) and ceil(1 + (n + z sqrt n)/2); min and max for
                            n <= 5 */
    double mad;          /* median absolute deviation */
    size_t outliers;     /* |x - median| / MAD > 14.8; kept, only counted */
};
struct tmk_summary tmk_summarise(const double *samples, size_t n);

/* Half the confidence interval's width over the median; infinite for n <= 5. */
double tmk_relative_half_width(const struct tmk_summary *summary);

struct tmk_ratio {
    double ratio, ci_lo, ci_hi;
};
/* Median of a[i]/b[i] over rounds paired in time, with a 95 % bootstrap interval of the median
 * log-ratio (2,000 resamples from `seed`). */
struct tmk_ratio tmk_paired_ratio(const double *a, const double *b, size_t n, uint32_t seed);

double tmk_geometric_mean(const double *values, size_t n);
double tmk_harmonic_mean(const double *values, size_t n);

#endif
