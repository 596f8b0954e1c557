/* What the machine can do at most: measured, never looked up. */
#ifndef TMK_MACHINE_CEILINGS_H
#define TMK_MACHINE_CEILINGS_H

#include "isa.h"
#include "topology.h"

#include "exec.h"

enum tmk_level { TMK_L1, TMK_L2, TMK_L3, TMK_MEMORY, TMK_NLEVELS };
extern const char *const tmk_level_name[TMK_NLEVELS]; /* "L1", "L2", "L3", "memory" */

/* Best of `rounds` of a register-only FMA loop on `threads` bound threads: GFLOP/s with 2 FLOP per
 * multiply-add and lane; one round lasts about 5 ms. f64: doubles instead of floats. 0 if the ISA
 * is not available. */
double tmk_peak_gflops(enum tmk_isa isa, bool f64, int threads, int rounds);

/* Best of `rounds` of the STREAM triad a[i] = b[i] + s*c[i] (McCalpin 1995), ordinary stores, on
 * arrays that together fill half of this level per thread (memory: 4 times the last-level cache, at
 * least 64 MiB), 24 bytes per f64 element counted, in GB/s over all threads. 0: no such level. */
double tmk_bandwidth_gbs(const struct tmk_topology *topology, enum tmk_level level, int threads,
                         int rounds);

struct tmk_ceilings {
    int threads;
    double peak_f32[TMK_NISAS], peak_f64[TMK_NISAS]; /* GFLOP/s, 0: not available */
    double bandwidth[TMK_NLEVELS];                   /* GB/s */
};

/* All of the above for one thread count; takes about a second. */
enum tmk_status tmk_ceilings_measure(const struct tmk_topology *topology, int threads,
                                     struct tmk_ceilings *out);

#endif
