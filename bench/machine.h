/* What `tilemark machine` found, and the two ways to print it. */
#ifndef TMK_BENCH_MACHINE_H
#define TMK_BENCH_MACHINE_H

#include "ceilings.h"
#include "placement.h"
#include "rivals.h"

#include <jansson.h>

/* The ceilings at one thread count. */
struct tmk_machine_row {
    struct tmk_ceilings ceilings;
    int *ran_on; /* OS CPU of each thread; -1: unknown */
};

#define TMK_MACHINE_PLACEMENTS 3

struct tmk_machine_report {
    const struct tmk_topology *topology;
    const char *bind; /* the policy that the rows were measured with */
    struct tmk_machine_row *rows;
    size_t nrows;
    const char
        *policies[TMK_MACHINE_PLACEMENTS]; /* compact, scatter, and `bind` if it is another */
    struct tmk_placement placements[TMK_MACHINE_PLACEMENTS];
    size_t nplacements;
    struct tmk_rivals rivals;
};

/* Tables on stdout. TMK_ENOMEM. */
enum tmk_status tmk_machine_print(const struct tmk_machine_report *report);

/* All of it, NULL if memory ran out: "real", "cpu", "packages", "numa_nodes", "cores", "cpus",
 * "allowed", "caches"; of a real machine also "virtual", "memory_bytes", "memory_available_bytes",
 * "governor", "isa", "isas"; "ceilings" (see below), "placements" (policy: CPU of each thread);
 * "rivals" if there are any. */
json_t *tmk_machine_json(const struct tmk_machine_report *report);

/* {"threads", "fma_f32_gflops": {ISA: GFLOP/s}, "fma_f64_gflops": {...}, "triad_gbs": {level:
 * GB/s}}; what is not available is left out. */
json_t *tmk_ceilings_json(const struct tmk_ceilings *ceilings);

#endif
