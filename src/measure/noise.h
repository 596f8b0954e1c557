/* How quiet was the machine? */
#ifndef TMK_MEASURE_NOISE_H
#define TMK_MEASURE_NOISE_H

#include <stdbool.h>
#include <stddef.h>

/* Seconds of CPU time that a hypervisor has stolen since boot, summed over all CPUs (Linux:
 * /proc/stat, proc(5)); 0 where the system does not say. In steps of a clock tick, mostly 10 ms. */
double tmk_steal_seconds(void);

/* The same from the text of /proc/stat, whose first line is "cpu  user nice system idle iowait irq
 * softirq steal ..." in ticks; 0 if it has no such line or no such field. */
double tmk_steal_parse(const char *stat, double ticks_per_second);

/* Time of a fixed register-only kernel (about 0.2 ms at 3 GHz), in seconds. It touches no memory
 * and no other CPU, so only clock frequency, a busy sibling or lost time make it slower. */
double tmk_canary_seconds(void);

/* The canaries of a run so far: the latest TMK_CANARIES of them. Zero-initialise. */
#define TMK_CANARIES 512
struct tmk_canaries {
    double seconds[TMK_CANARIES];
    size_t count; /* of all added, also those since overwritten */
};
void tmk_canaries_add(struct tmk_canaries *canaries, double seconds);

/* NaN while fewer than 5 are known: too few to say what is usual. */
double tmk_canaries_median(const struct tmk_canaries *canaries);

/* A round is noisy if its canary took more than 1.25 times the median canary of the run (not judged
 * if that is NaN), or if more than 2 % of its CPU time, wall_s seconds on each of `cpus` CPUs, was
 * stolen. */
bool tmk_round_is_noisy(double canary_s, double median_canary_s, double steal_s, double wall_s,
                        int cpus);

#endif
