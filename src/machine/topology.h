/* What the machine is: caches, NUMA nodes, the CPUs that we may use. Only this room includes hwloc,
 * and only in its .c files. */
#ifndef TMK_MACHINE_TOPOLOGY_H
#define TMK_MACHINE_TOPOLOGY_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

#define TMK_CACHE_LEVELS 3

/* A data or unified cache as one core sees it. */
struct tmk_cache {
    size_t bytes;      /* 0: no such level */
    size_t line;       /* bytes */
    int ways;          /* associativity; 0: unknown, -1: fully associative */
    int shared_by_pus; /* allowed hardware threads that share one instance */
};

struct tmk_topology; /* opaque: holds the hwloc topology */

/* Load this machine, restricted to the allowed CPU set (cgroup, taskset), or, if `synthetic` is
 * not NULL, the machine that this hwloc synthetic description draws ("pack:2 core:4 pu:2") or that
 * this XML file of hwloc's describes ("results/mine/topology.xml"; known by its ".xml"). Such a
 * machine can be placed on but never bound to. TMK_EINVAL: bad description. TMK_EIO: no such file,
 * or hwloc cannot look at this machine. */
enum tmk_status tmk_topology_load(const char *synthetic, struct tmk_topology **out);
void tmk_topology_free(struct tmk_topology *topology);

/* The machine we run on, loaded on the first call and kept. NULL with a message if hwloc fails. */
const struct tmk_topology *tmk_this_machine(void);

bool tmk_topology_is_real(const struct tmk_topology *topology);
int tmk_topology_packages(const struct tmk_topology *topology);
int tmk_topology_numa_nodes(const struct tmk_topology *topology);
int tmk_topology_cores(const struct tmk_topology *topology); /* with at least one allowed PU */
int tmk_topology_pus(const struct tmk_topology *topology);   /* allowed PUs */
/* OS numbers of the allowed PUs as a list such as "0-3,8". Returns buf. */
char *tmk_topology_cpu_list(const struct tmk_topology *topology, char *buf, size_t size);
/* Level 1 to 3: the data cache above the first allowed PU (the smallest of a hybrid machine's). */
struct tmk_cache tmk_topology_cache(const struct tmk_topology *topology, int level);
/* "Intel(R) Xeon(R) ...", or "unknown". */
const char *tmk_topology_cpu_model(const struct tmk_topology *topology);
/* Write hwloc's XML. TMK_EIO. */
enum tmk_status tmk_topology_export_xml(const struct tmk_topology *topology, const char *path);

#endif
