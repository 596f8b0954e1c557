/* Statistics of timing samples (T. Hoefler, R. Belli, "Scientific Benchmarking of Parallel
 * Computing Systems", SC'15). All functions take finite samples in any order and do not change
 * them. */
#ifndef TMK_MEASURE_STATS_H
#define TMK_MEASURE_STATS_H

#include <stddef.h>
#include <stdint.h>

struct tmk_summary {
    size_t n;
    double median; /* mean of the two middle samples if n is even */
    double min, max;
    double ci_lo, ci_hi; /* 95 % confidence interval of the median by order statistics: the samples
                            of ranks floor((n - z sqrt n)/2) and ceil(1 + (n + z sqrt n)/2), from 1,
                            z = 1.96, ranks clamped to 1..n; min and max for n <= 5 */
    double mad;          /* median absolute deviation, not scaled */
    size_t outliers;     /* |x - median| > 14.8 MAD; kept, only counted */
};
/* NaN in every field but the counts if n = 0 (or if there is no memory for a copy of the samples:
 * then n = 0 as well). */
struct tmk_summary tmk_summarise(const double *samples, size_t n);

/* Half the confidence interval's width over the median; infinite for n <= 5. */
double tmk_relative_half_width(const struct tmk_summary *summary);

struct tmk_ratio {
    double ratio, ci_lo, ci_hi;
};
/* How many times longer a takes than b, from rounds paired in time: exp of the median of
 * log(a[i]/b[i]), so that exchanging a and b gives the reciprocal. The 95 % interval is the
 * percentile bootstrap's (2,000 resamples drawn from `seed`); min and max of the ratios for n <= 5.
 * All values > 0. NaN for n = 0 or without memory. */
struct tmk_ratio tmk_paired_ratio(const double *a, const double *b, size_t n, uint32_t seed);

/* The mean for ratios, exp(sum log x / n), and the mean for rates, n / sum(1/x); x > 0. NaN for
 * n = 0. */
double tmk_geometric_mean(const double *values, size_t n);
double tmk_harmonic_mean(const double *values, size_t n);

#endif
