/* Which thread runs where, and the one mechanism that binds it there. On hybrid packages the fast
 * cores are filled first. */
#ifndef TMK_MACHINE_PLACEMENT_H
#define TMK_MACHINE_PLACEMENT_H

#include "topology.h"

enum tmk_policy {
    TMK_PLACE_COMPACT, /* fill cores of one L3/NUMA node/package before the next, one thread per
                          core first; second hardware threads only when every core has one */
    TMK_PLACE_SCATTER, /* round-robin over packages, then NUMA nodes, then L3s, then cores */
    TMK_PLACE_LIST,    /* OS CPU numbers as given */
    TMK_PLACE_NONE     /* leave threads to the operating system */
};

struct tmk_placement {
    enum tmk_policy policy;
    int threads;         /* how many entries follow */
    int *os_cpu;         /* OS CPU number of thread t; -1 with TMK_PLACE_NONE */
    bool oversubscribed; /* more threads than CPUs: CPUs repeat in order */
};

/* Parse "compact", "scatter", "none" or a CPU list such as "0,2,4-7" and place `threads` threads.
 * TMK_EINVAL: unknown word, or a listed CPU that is not allowed. */
enum tmk_status tmk_placement_make(const struct tmk_topology *topology, const char *policy,
                                   int threads, struct tmk_placement *out);
void tmk_placement_free(struct tmk_placement *placement);

/* Bind OpenMP threads 0 .. threads-1 of a team of that size (with TMK_PLACE_NONE: undo earlier
 * bindings). OpenMP ends surplus threads when a smaller team runs, and later ones inherit the first
 * thread's CPU: bind again whenever the team size changes. On a synthetic topology this fails with
 * TMK_EUNSUPPORTED and binds nothing; so it does, for lack of OpenMP threads or of the right to
 * bind. TMK_EINVAL: `threads` is not 1 .. placement->threads. */
enum tmk_status tmk_placement_bind(const struct tmk_topology *topology,
                                   const struct tmk_placement *placement, int threads);

/* Fill cpu[0 .. threads-1] with the OS CPU on which each OpenMP thread of a team of that size last
 * ran (-1: unknown). */
void tmk_placement_actual(const struct tmk_topology *topology, int threads, int *cpu);

#endif
