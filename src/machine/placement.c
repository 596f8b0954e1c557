#include "placement.h"

#include "handle.h"
#include "size.h"

#include <ctype.h>
#include <hwloc.h>
#include <limits.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* --- where threads go --- */

/* An allowed PU and the domains that it lies in. */
struct slot {
    int os_cpu;
    int smt;        /* which hardware thread of its core, 0 first */
    int efficiency; /* of its kind of core, higher is faster; hybrid machines have several */
    int package, numa, l3;
    int package_load, numa_load, l3_load; /* slots taken in each of them */
    bool taken;
};

static int ancestor_index(hwloc_topology_t hwloc, hwloc_obj_t pu, hwloc_obj_type_t type)
{
    hwloc_obj_t ancestor = hwloc_get_ancestor_obj_by_type(hwloc, type, pu);
    return ancestor ? (int)ancestor->logical_index : 0;
}

static int numa_index(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
    hwloc_obj_t node = NULL;
    while ((node = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_NUMANODE, node)))
        if (hwloc_bitmap_isincluded(pu->cpuset, node->cpuset))
            return (int)node->logical_index;
    return 0;
}

static int smt_index(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_CORE, pu);
    int index = 0;
    while (core && (pu = pu->prev_cousin) && hwloc_bitmap_isincluded(pu->cpuset, core->cpuset))
        index++;
    return index;
}

static int core_efficiency(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
    int efficiency = 0;
    int kind = hwloc_cpukinds_get_by_cpuset(hwloc, pu->cpuset, 0);
    if (kind >= 0)
        hwloc_cpukinds_get_info(hwloc, (unsigned)kind, NULL, &efficiency, NULL, NULL, 0);
    return efficiency;
}

/* One slot per allowed PU, in hwloc's logical order: neighbours share the most. */
static void list_slots(hwloc_topology_t hwloc, struct slot *slots, int count)
{
    for (int i = 0; i < count; i++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(hwloc, HWLOC_OBJ_PU, (unsigned)i);
        slots[i] = (struct slot){
            .os_cpu = (int)pu->os_index,
            .smt = smt_index(hwloc, pu),
            .efficiency = core_efficiency(hwloc, pu),
            .package = ancestor_index(hwloc, pu, HWLOC_OBJ_PACKAGE),
            .numa = numa_index(hwloc, pu),
            .l3 = ancestor_index(hwloc, pu, HWLOC_OBJ_L3CACHE),
        };
    }
}

#define KEYS 5

/* What makes one slot preferable to another: the lesser key, the first entry counting most. Equal
 * keys leave it to the logical order. The fast cores of a hybrid package come before its slow ones.
 */
static void make_key(enum tmk_policy policy, const struct slot *slot, int key[KEYS])
{
    const int compact[KEYS] = {slot->smt, slot->package, -slot->efficiency, 0, 0};
    const int scatter[KEYS] = {slot->smt, slot->package_load, -slot->efficiency, slot->numa_load,
                               slot->l3_load};
    memcpy(key, policy == TMK_PLACE_SCATTER ? scatter : compact, sizeof compact);
}

static bool key_less(const int a[KEYS], const int b[KEYS])
{
    int i = 0;
    while (i < KEYS - 1 && a[i] == b[i])
        i++;
    return a[i] < b[i];
}

static struct slot *best_slot(enum tmk_policy policy, struct slot *slots, int count)
{
    struct slot *best = NULL;
    int best_key[KEYS], key[KEYS];
    for (int i = 0; i < count; i++) {
        if (slots[i].taken)
            continue;
        make_key(policy, &slots[i], key);
        if (!best || key_less(key, best_key)) {
            best = &slots[i];
            memcpy(best_key, key, sizeof key);
        }
    }
    return best;
}

static void take_slot(struct slot *slot, struct slot *slots, int count)
{
    slot->taken = true;
    for (int i = 0; i < count; i++) {
        slots[i].package_load += slots[i].package == slot->package;
        slots[i].numa_load += slots[i].numa == slot->numa;
        slots[i].l3_load += slots[i].l3 == slot->l3;
    }
}

/* All allowed CPUs in the order in which the policy fills them. */
static void order_cpus(hwloc_topology_t hwloc, enum tmk_policy policy, struct slot *slots,
                       int *cpus, int count)
{
    list_slots(hwloc, slots, count);
    for (int i = 0; i < count; i++) {
        struct slot *best = best_slot(policy, slots, count);
        take_slot(best, slots, count);
        cpus[i] = best->os_cpu;
    }
}

/* --- explicit lists --- */

static enum tmk_status add_cpus(hwloc_const_bitmap_t allowed, const char *list, unsigned long first,
                                unsigned long last, int *cpus, int *count)
{
    for (unsigned long cpu = first; cpu <= last; cpu++) {
        if (cpu > INT_MAX || !hwloc_bitmap_isset(allowed, (unsigned)cpu)) {
            char have[256];
            hwloc_bitmap_list_snprintf(have, sizeof have, allowed);
            return tmk_fail(TMK_EINVAL, "CPU %lu of \"%s\" is not allowed here: choose among %s",
                            cpu, list, have);
        }
        for (int i = 0; i < *count; i++)
            if (cpus[i] == (int)cpu)
                return tmk_fail(TMK_EINVAL, "CPU %lu stands twice in \"%s\": name it once", cpu,
                                list);
        cpus[(*count)++] = (int)cpu;
    }
    return TMK_OK;
}

static bool parse_number(const char **text, unsigned long *out)
{
    if (!isdigit((unsigned char)**text))
        return false;
    char *end;
    *out = strtoul(*text, &end, 10); /* too large gives ULONG_MAX, which no machine has */
    *text = end;
    return true;
}

/* "0,2,4-7": at most as many CPUs as are allowed, since none may stand twice. */
static enum tmk_status parse_list(hwloc_const_bitmap_t allowed, const char *list, int *cpus,
                                  int *count)
{
    const char *p = list;
    for (;;) {
        unsigned long first, last;
        bool good = parse_number(&p, &first);
        last = first;
        if (good && *p == '-') {
            p++;
            good = parse_number(&p, &last) && first <= last;
        }
        if (!good || (*p && *p != ','))
            return tmk_fail(
                TMK_EINVAL,
                "placement \"%s\" is unknown: write compact, scatter, none, or CPUs such "
                "as 0,2,4-7",
                list);
        TMK_TRY(add_cpus(allowed, list, first, last, cpus, count));
        if (!*p++)
            return TMK_OK;
    }
}

/* --- placements --- */

static enum tmk_policy policy_of(const char *word)
{
    static const char *const words[] = {[TMK_PLACE_COMPACT] = "compact",
                                        [TMK_PLACE_SCATTER] = "scatter",
                                        [TMK_PLACE_NONE] = "none"};
    for (int i = 0; i <= TMK_PLACE_NONE; i++)
        if (words[i] && strcmp(word, words[i]) == 0)
            return (enum tmk_policy)i;
    return TMK_PLACE_LIST;
}

/* The CPUs of the policy in order: `cpus` has room for every allowed one. */
static enum tmk_status choose_cpus(hwloc_topology_t hwloc, enum tmk_policy policy, const char *text,
                                   struct slot *slots, int *cpus, int *count)
{
    int pus = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PU);
    if (policy == TMK_PLACE_LIST)
        return parse_list(hwloc_topology_get_topology_cpuset(hwloc), text, cpus, count);
    *count = pus;
    if (policy == TMK_PLACE_NONE)
        for (int i = 0; i < pus; i++)
            cpus[i] = -1;
    else
        order_cpus(hwloc, policy, slots, cpus, pus);
    return TMK_OK;
}

enum tmk_status tmk_placement_make(const struct tmk_topology *topology, const char *policy,
                                   int threads, struct tmk_placement *out)
{
    if (threads < 1)
        return tmk_fail(TMK_EINVAL, "cannot place %d threads: ask for 1 or more", threads);
    size_t pus = (size_t)tmk_topology_pus(topology);
    enum tmk_policy kind = policy_of(policy);
    int count = 0;
    int *cpus = calloc(pus, sizeof *cpus);
    struct slot *slots = calloc(pus, sizeof *slots);
    int *os_cpu = calloc((size_t)threads, sizeof *os_cpu);
    enum tmk_status status =
        cpus && slots && os_cpu
            ? choose_cpus(tmk_topology_handle(topology), kind, policy, slots, cpus, &count)
            : tmk_fail(TMK_ENOMEM, "no memory to place %d threads: ask for fewer", threads);
    if (status == TMK_OK) {
        for (int t = 0; t < threads; t++)
            os_cpu[t] = cpus[t % count];
        *out = (struct tmk_placement){kind, threads, os_cpu, threads > count};
        os_cpu = NULL;
    }
    free(os_cpu);
    free(slots);
    free(cpus);
    return status;
}

void tmk_placement_free(struct tmk_placement *placement)
{
    free(placement->os_cpu);
    *placement = (struct tmk_placement){0};
}

/* --- binding --- */

/* Bind the calling thread to one CPU, or with -1 to every allowed one. */
static bool bind_self(hwloc_topology_t hwloc, int os_cpu)
{
    hwloc_bitmap_t set = hwloc_bitmap_dup(hwloc_topology_get_topology_cpuset(hwloc));
    if (!set)
        return false;
    if (os_cpu >= 0)
        hwloc_bitmap_only(set, (unsigned)os_cpu);
    bool bound = hwloc_set_cpubind(hwloc, set, HWLOC_CPUBIND_THREAD) == 0;
    hwloc_bitmap_free(set);
    return bound;
}

enum tmk_status tmk_placement_bind(const struct tmk_topology *topology,
                                   const struct tmk_placement *placement, int threads)
{
    if (!tmk_topology_is_real(topology))
        return tmk_fail(TMK_EUNSUPPORTED,
                        "threads cannot be bound on a drawn topology: bind on this machine's own");
    if (threads < 1 || threads > placement->threads)
        return tmk_fail(TMK_EINVAL, "cannot bind %d threads: the placement has %d", threads,
                        placement->threads);
    hwloc_topology_t hwloc = tmk_topology_handle(topology);
    int bound = 0, team = 0;
    omp_set_dynamic(0);
#pragma omp parallel num_threads(threads) reduction(+ : bound, team)
    {
        team = 1;
        bound = bind_self(hwloc, placement->os_cpu[omp_get_thread_num()]);
    }
    if (team != threads)
        return tmk_fail(TMK_EUNSUPPORTED,
                        "OpenMP started %d threads, not %d: raise OMP_THREAD_LIMIT", team, threads);
    if (bound != threads && placement->policy != TMK_PLACE_NONE)
        return tmk_fail(TMK_EUNSUPPORTED,
                        "%d of %d threads cannot be bound on this system: use placement none",
                        threads - bound, threads);
    return TMK_OK;
}

static int last_cpu(hwloc_topology_t hwloc)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (!set)
        return -1;
    int cpu = hwloc_get_last_cpu_location(hwloc, set, HWLOC_CPUBIND_THREAD) == 0
                  ? hwloc_bitmap_first(set)
                  : -1;
    hwloc_bitmap_free(set);
    return cpu;
}

void tmk_placement_actual(const struct tmk_topology *topology, int threads, int *cpu)
{
    hwloc_topology_t hwloc = tmk_topology_handle(topology);
    bool real = tmk_topology_is_real(topology);
    for (int t = 0; t < threads; t++)
        cpu[t] = -1;
#pragma omp parallel num_threads(threads)
    if (real)
        cpu[omp_get_thread_num()] = last_cpu(hwloc);
}
