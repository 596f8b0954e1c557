#include "topology.h"

#include "handle.h"
#include "size.h"

#include <errno.h>
#include <hwloc.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tmk_topology {
    hwloc_topology_t hwloc;
    bool real;
};

hwloc_topology_t tmk_topology_handle(const struct tmk_topology *topology)
{
    return topology->hwloc;
}

/* --- loading --- */

/* The CPUs this process was started on, found once, before we bind any thread. If OpenMP has
 * places (OMP_PROC_BIND or OMP_PLACES is set), libgomp has bound the first thread to one of them
 * before main: then the places together are what we may use, not that thread's binding. */
static hwloc_bitmap_t process_cpus;
static pthread_once_t process_cpus_once = PTHREAD_ONCE_INIT;

static void find_process_cpus(void)
{
    hwloc_topology_t machine;
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    if (!cpus || hwloc_topology_init(&machine) != 0)
        return;
    int places = omp_get_num_places();
    for (int place = 0; place < places; place++) {
        int count = omp_get_place_num_procs(place);
        int *ids = calloc((size_t)TMK_MAX(count, 1), sizeof *ids);
        if (ids)
            omp_get_place_proc_ids(place, ids);
        for (int i = 0; ids && i < count; i++)
            hwloc_bitmap_set(cpus, (unsigned)ids[i]);
        free(ids);
    }
    if (hwloc_topology_load(machine) == 0 && hwloc_bitmap_iszero(cpus))
        hwloc_get_cpubind(machine, cpus, HWLOC_CPUBIND_THREAD);
    hwloc_topology_destroy(machine);
    process_cpus = cpus;
}

static bool is_xml(const char *description)
{
    size_t length = strlen(description);
    return length > 4 && strcmp(description + length - 4, ".xml") == 0;
}

static enum tmk_status describe(hwloc_topology_t hwloc, const char *description)
{
    if (!is_xml(description)) {
        if (hwloc_topology_set_synthetic(hwloc, description) != 0)
            return tmk_fail(TMK_EINVAL,
                            "topology \"%s\" is not a synthetic description: write one like "
                            "\"pack:2 l3:1 core:4 pu:2\", or name an .xml file",
                            description);
        return TMK_OK;
    }
    if (access(description, R_OK) != 0)
        return tmk_fail(TMK_EIO, "cannot read topology %s: %s", description, strerror(errno));
    if (hwloc_topology_set_xml(hwloc, description) != 0)
        return tmk_fail(TMK_EINVAL, "topology %s is not XML of hwloc: make one with lstopo",
                        description);
    return TMK_OK;
}

static enum tmk_status load(struct tmk_topology *topology, const char *description)
{
    if (description)
        TMK_TRY(describe(topology->hwloc, description));
    if (hwloc_topology_load(topology->hwloc) != 0) {
        if (description)
            return tmk_fail(TMK_EINVAL, "topology \"%s\" cannot be loaded: correct it",
                            description);
        return tmk_fail(TMK_EIO, "hwloc cannot load this machine's topology: %s", strerror(errno));
    }
    topology->real = hwloc_topology_is_thissystem(topology->hwloc) == 1;
    if (!topology->real)
        return TMK_OK;
    pthread_once(&process_cpus_once, find_process_cpus);
    if (process_cpus && !hwloc_bitmap_iszero(process_cpus) &&
        hwloc_topology_restrict(topology->hwloc, process_cpus,
                                HWLOC_RESTRICT_FLAG_REMOVE_CPULESS) != 0)
        return tmk_fail(TMK_EIO, "hwloc cannot restrict this machine to the allowed CPUs: %s",
                        strerror(errno));
    return TMK_OK;
}

enum tmk_status tmk_topology_load(const char *synthetic, struct tmk_topology **out)
{
    struct tmk_topology *topology = calloc(1, sizeof *topology);
    if (!topology || hwloc_topology_init(&topology->hwloc) != 0) {
        free(topology);
        return tmk_fail(TMK_ENOMEM, "no memory for the machine's topology: free some");
    }
    enum tmk_status status = load(topology, synthetic);
    if (status != TMK_OK) {
        tmk_topology_free(topology);
        return status;
    }
    *out = topology;
    return TMK_OK;
}

void tmk_topology_free(struct tmk_topology *topology)
{
    if (!topology)
        return;
    hwloc_topology_destroy(topology->hwloc);
    free(topology);
}

static struct tmk_topology *this_machine;
static char this_machine_fault[256];

static void load_this_machine(void)
{
    if (tmk_topology_load(NULL, &this_machine) != TMK_OK)
        snprintf(this_machine_fault, sizeof this_machine_fault, "%s", tmk_message());
}

const struct tmk_topology *tmk_this_machine(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_this_machine);
    if (!this_machine)
        tmk_fail(TMK_EIO, "%s", this_machine_fault);
    return this_machine;
}

/* --- looking --- */

static int count(const struct tmk_topology *topology, hwloc_obj_type_t type)
{
    return hwloc_get_nbobjs_by_type(topology->hwloc, type);
}

bool tmk_topology_is_real(const struct tmk_topology *topology)
{
    return topology->real;
}

int tmk_topology_packages(const struct tmk_topology *topology)
{
    return TMK_MAX(count(topology, HWLOC_OBJ_PACKAGE), 1);
}

int tmk_topology_numa_nodes(const struct tmk_topology *topology)
{
    return TMK_MAX(count(topology, HWLOC_OBJ_NUMANODE), 1);
}

int tmk_topology_cores(const struct tmk_topology *topology)
{
    int cores = count(topology, HWLOC_OBJ_CORE);
    return cores > 0 ? cores : tmk_topology_pus(topology); /* some systems do not tell cores */
}

int tmk_topology_pus(const struct tmk_topology *topology)
{
    return count(topology, HWLOC_OBJ_PU);
}

char *tmk_topology_cpu_list(const struct tmk_topology *topology, char *buf, size_t size)
{
    hwloc_bitmap_list_snprintf(buf, size, hwloc_topology_get_topology_cpuset(topology->hwloc));
    return buf;
}

struct tmk_cache tmk_topology_cache(const struct tmk_topology *topology, int level)
{
    static const hwloc_obj_type_t type[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE,
                                            HWLOC_OBJ_L3CACHE};
    struct tmk_cache smallest = {0};
    if (level < 1 || level > TMK_CACHE_LEVELS)
        return smallest;
    hwloc_obj_t cache = NULL;
    while ((cache = hwloc_get_next_obj_by_type(topology->hwloc, type[level - 1], cache))) {
        size_t bytes = (size_t)cache->attr->cache.size;
        if (bytes > 0 && (smallest.bytes == 0 || bytes < smallest.bytes))
            smallest = (struct tmk_cache){bytes, cache->attr->cache.linesize,
                                          cache->attr->cache.associativity,
                                          hwloc_bitmap_weight(cache->cpuset)};
    }
    return smallest;
}

const char *tmk_topology_cpu_model(const struct tmk_topology *topology)
{
    hwloc_obj_t package = hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_PACKAGE, 0);
    const char *model = package ? hwloc_obj_get_info_by_name(package, "CPUModel") : NULL;
    if (!model)
        model = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology->hwloc), "CPUModel");
    return model ? model : "unknown";
}

enum tmk_status tmk_topology_export_xml(const struct tmk_topology *topology, const char *path)
{
    errno = 0;
    if (hwloc_topology_export_xml(topology->hwloc, path, 0) != 0)
        return tmk_fail(TMK_EIO, "cannot write topology to %s: %s", path,
                        errno ? strerror(errno) : "export failed");
    return TMK_OK;
}
