/* For the files of this room: the hwloc topology behind a struct tmk_topology. */
#ifndef TMK_MACHINE_HANDLE_H
#define TMK_MACHINE_HANDLE_H

#include "topology.h"

struct hwloc_topology; /* what hwloc_topology_t points at */
struct hwloc_topology *tmk_topology_handle(const struct tmk_topology *topology);

#endif
