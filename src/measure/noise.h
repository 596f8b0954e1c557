/* How quiet was the machine? */
#ifndef TMK_MEASURE_NOISE_H
#define TMK_MEASURE_NOISE_H

#include <stdbool.h>

/* Seconds of CPU time that a hypervisor has stolen since boot, summed over all CPUs; 0 where the
 * system does not say. */
double tmk_steal_seconds(void);

/* Time of a fixed register-only kernel (about 0.2 ms), in seconds. */
double tmk_canary_seconds(void);

/* A round is noisy if its canary took more than 1.25 times the median canary of the run, or if more
 * than 2 % of its CPU time was stolen. */
bool tmk_round_is_noisy(double canary_s, double median_canary_s, double steal_s, double wall_s,
                        int cpus);

#endif
