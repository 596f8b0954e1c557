/* What the machine can do at most: measured, never looked up. */
#ifndef TMK_MACHINE_CEILINGS_H
#define TMK_MACHINE_CEILINGS_H

#include "isa.h"
#include "topology.h"

#include "exec.h"

enum tmk_level { TMK_L1, TMK_L2, TMK_L3, TMK_MEMORY, TMK_NLEVELS };
extern const char *const tmk_level_name[TMK_NLEVELS]; /* "L1", "L2", "L3", "memory" */

/* Each function below runs OpenMP teams of exactly `threads` threads; the caller has bound them
 * with tmk_placement_bind(). A round lasts from the first thread's start to the last one's end. */

/* Best of `rounds` of a register-only FMA loop (multiply and add where the ISA has no FMA): GFLOP/s
 * over all threads, with 2 FLOP per multiply-add and lane; one round lasts about 5 ms. f64: doubles
 * instead of floats. 0 if the ISA is not available. */
double tmk_peak_gflops(enum tmk_isa isa, bool f64, int threads, int rounds);

/* So many FLOPs of that loop, shared by the threads and rounded up to its steps, in the widest ISA
 * of this CPU that kernels may use. */
void tmk_multiply_add(bool f64, int threads, double flops);

/* Best of `rounds` of the STREAM triad a[i] = b[i] + s*c[i] (McCalpin 1995), ordinary stores, on
 * arrays private to each thread and first touched by it, 24 bytes per f64 element counted, in GB/s
 * over all threads. The three arrays together fill half of a thread's share of this level, but
 * twice the level below where that still fits the share; for memory 4 times all last-level caches
 * that the threads can reach, at least 64 MiB, at most a quarter of what is available. 0: no such
 * level, or no memory for the arrays. */
double tmk_bandwidth_gbs(const struct tmk_topology *topology, enum tmk_level level, int threads,
                         int rounds);

struct tmk_ceilings {
    int threads;
    double peak_f32[TMK_NISAS], peak_f64[TMK_NISAS]; /* GFLOP/s, 0: not available */
    double bandwidth[TMK_NLEVELS];                   /* GB/s */
};

/* All of the above for one thread count; takes about a second. TMK_EINVAL: threads < 1. TMK_ENOMEM.
 */
enum tmk_status tmk_ceilings_measure(const struct tmk_topology *topology, int threads,
                                     struct tmk_ceilings *out);

/* The highest FMA peak of any ISA in GFLOP/s; 0: not measured. */
double tmk_ceilings_peak(const struct tmk_ceilings *ceilings, bool f64);

/* Take over what is higher in `other`, if it is of the same thread count. */
void tmk_ceilings_raise(struct tmk_ceilings *ceilings, const struct tmk_ceilings *other);

/* The fastest level that keeps `bytes` of data which `threads` threads divide among themselves: the
 * first cache of which everybody's share holds its part, else memory. */
enum tmk_level tmk_level_holding(const struct tmk_topology *topology, double bytes, int threads);

#endif
