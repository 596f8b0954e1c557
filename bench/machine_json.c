#include "machine.h"

#include "alloc.h"
#include "system.h"

#include <math.h>

static json_t *cpu_array(const int *cpus, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_integer(cpus[i]));
    return array;
}

/* {name: value}, leaving out zeros. Four significant digits are more than a measurement has. */
static json_t *rate_object(const char *const *names, const double *values, int count)
{
    json_t *object = json_object();
    for (int i = 0; i < count; i++) {
        if (values[i] <= 0)
            continue;
        double unit = pow(10, floor(log10(values[i])) - 3);
        json_object_set_new(object, names[i], json_real(round(values[i] / unit) * unit));
    }
    return object;
}

json_t *tmk_ceilings_json(const struct tmk_ceilings *ceilings)
{
    return json_pack("{s:i, s:o, s:o, s:o}", "threads", ceilings->threads, "fma_f32_gflops",
                     rate_object(tmk_isa_name, ceilings->peak_f32, TMK_NISAS), "fma_f64_gflops",
                     rate_object(tmk_isa_name, ceilings->peak_f64, TMK_NISAS), "triad_gbs",
                     rate_object(tmk_level_name, ceilings->bandwidth, TMK_NLEVELS));
}

static json_t *cache_array(const struct tmk_topology *topology)
{
    json_t *array = json_array();
    for (int level = 1; level <= TMK_CACHE_LEVELS; level++) {
        struct tmk_cache cache = tmk_topology_cache(topology, level);
        if (cache.bytes > 0)
            json_array_append_new(array, json_pack("{s:i, s:I, s:I, s:i, s:i}", "level", level,
                                                   "bytes", (json_int_t)cache.bytes, "line_bytes",
                                                   (json_int_t)cache.line, "ways", cache.ways,
                                                   "shared_by_cpus", cache.shared_by_pus));
    }
    return array;
}

static void add_system(json_t *object)
{
    char governor[64];
    json_t *isas = json_array();
    for (int isa = 0; isa < TMK_NISAS; isa++)
        if (tmk_isa_available((enum tmk_isa)isa))
            json_array_append_new(isas, json_string(tmk_isa_name[isa]));
    json_object_set_new(object, "virtual", json_boolean(tmk_is_virtual_machine()));
    json_object_set_new(object, "memory_bytes", json_integer((json_int_t)tmk_memory_total()));
    json_object_set_new(object, "memory_available_bytes",
                        json_integer((json_int_t)tmk_memory_available()));
    json_object_set_new(object, "governor",
                        json_string(tmk_cpu_governor(governor, sizeof governor)));
    json_object_set_new(object, "isa", json_string(tmk_isa_name[tmk_isa()]));
    json_object_set_new(object, "isas", isas);
}

static json_t *row_array(const struct tmk_machine_report *report)
{
    json_t *array = json_array();
    for (size_t i = 0; i < report->nrows; i++) {
        const struct tmk_machine_row *row = &report->rows[i];
        json_t *object = tmk_ceilings_json(&row->ceilings);
        json_object_set_new(object, "bind", json_string(report->bind));
        json_object_set_new(object, "ran_on", cpu_array(row->ran_on, row->ceilings.threads));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *placement_object(const struct tmk_machine_report *report)
{
    json_t *object = json_object();
    for (size_t i = 0; i < report->nplacements; i++) {
        const struct tmk_placement *placement = &report->placements[i];
        json_object_set_new(object, report->policies[i],
                            cpu_array(placement->os_cpu, placement->threads));
    }
    return object;
}

json_t *tmk_machine_json(const struct tmk_machine_report *report)
{
    const struct tmk_topology *topology = report->topology;
    char allowed[1024];
    json_t *object = json_pack(
        "{s:b, s:s, s:i, s:i, s:i, s:i, s:s, s:o}", "real", tmk_topology_is_real(topology), "cpu",
        tmk_topology_cpu_model(topology), "packages", tmk_topology_packages(topology), "numa_nodes",
        tmk_topology_numa_nodes(topology), "cores", tmk_topology_cores(topology), "cpus",
        tmk_topology_pus(topology), "allowed",
        tmk_topology_cpu_list(topology, allowed, sizeof allowed), "caches", cache_array(topology));
    if (!object)
        return NULL;
    if (tmk_topology_is_real(topology))
        add_system(object);
    json_object_set_new(object, "ceilings", row_array(report));
    json_object_set_new(object, "placements", placement_object(report));
    if (report->rivals.count > 0)
        json_object_set_new(object, "rivals", tmk_rivals_json(&report->rivals));
    return object;
}
