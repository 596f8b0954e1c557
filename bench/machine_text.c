#include "machine.h"

#include "alloc.h"
#include "system.h"
#include "text.h"

#include <stdio.h>

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

static void print_machine(const struct tmk_topology *topology)
{
    char allowed[1024];
    int packages = tmk_topology_packages(topology), nodes = tmk_topology_numa_nodes(topology);
    int cores = tmk_topology_cores(topology), cpus = tmk_topology_pus(topology);
    printf("CPU           %s%s\n", tmk_topology_cpu_model(topology),
           !tmk_topology_is_real(topology) ? " (drawn machine)"
           : tmk_is_virtual_machine()      ? " (virtual machine)"
                                           : "");
    printf("topology      %d package%s, %d NUMA node%s, %d core%s, %d hardware thread%s\n",
           packages, plural(packages), nodes, plural(nodes), cores, plural(cores), cpus,
           plural(cpus));
    printf("allowed CPUs  %s\n", tmk_topology_cpu_list(topology, allowed, sizeof allowed));
}

static void print_system(void)
{
    char total[32], available[32], governor[64];
    printf("memory        %s, %s available\n",
           tmk_format_bytes(total, sizeof total, (double)tmk_memory_total()),
           tmk_format_bytes(available, sizeof available, (double)tmk_memory_available()));
    printf("governor      %s\n", tmk_cpu_governor(governor, sizeof governor));
    printf("ISA           %s (available:", tmk_isa_name[tmk_isa()]);
    for (int isa = 0; isa < TMK_NISAS; isa++)
        if (tmk_isa_available((enum tmk_isa)isa))
            printf(" %s", tmk_isa_name[isa]);
    printf(")\n");
}

static void print_caches(const struct tmk_topology *topology)
{
    printf("\nData caches, as one core sees them\n"
           "  level       size   line   ways   shared by\n");
    for (int level = 1; level <= TMK_CACHE_LEVELS; level++) {
        struct tmk_cache cache = tmk_topology_cache(topology, level);
        char size[32], ways[16];
        if (cache.bytes == 0)
            continue;
        snprintf(ways, sizeof ways, "%d", cache.ways);
        printf("  L%d     %10s  %3zu B   %4s   %d hardware thread%s\n", level,
               tmk_format_bytes(size, sizeof size, (double)cache.bytes), cache.line,
               cache.ways > 0   ? ways
               : cache.ways < 0 ? "full"
                                : "?",
               cache.shared_by_pus, plural(cache.shared_by_pus));
    }
}

/* 0 means that there is no such thing to measure. */
static void print_rate(double rate, int width)
{
    if (rate > 0)
        printf("  %*.*f", width, rate < 100 ? 1 : 0, rate);
    else
        printf("  %*s", width, "-");
}

static void print_peak_heads(void)
{
    for (int f64 = 0; f64 <= 1; f64++)
        for (int isa = 0; isa < TMK_NISAS; isa++)
            if (tmk_isa_available((enum tmk_isa)isa)) {
                char head[16];
                snprintf(head, sizeof head, "%s %s", f64 ? "f64" : "f32", tmk_isa_name[isa]);
                printf("  %11s", head);
            }
}

static void print_peaks(const struct tmk_machine_report *report)
{
    printf("\nFMA peak in GFLOP/s, all threads together, 2 FLOP per multiply-add (bound: %s)\n"
           "  threads",
           report->bind);
    print_peak_heads();
    printf("\n");
    for (size_t i = 0; i < report->nrows; i++) {
        const struct tmk_ceilings *ceilings = &report->rows[i].ceilings;
        printf("  %7d", ceilings->threads);
        for (int f64 = 0; f64 <= 1; f64++)
            for (int isa = 0; isa < TMK_NISAS; isa++)
                if (tmk_isa_available((enum tmk_isa)isa))
                    print_rate(f64 ? ceilings->peak_f64[isa] : ceilings->peak_f32[isa], 11);
        printf("\n");
    }
}

static void print_cpus(const int *cpus, int count)
{
    for (int i = 0; i < count; i++)
        if (cpus[i] < 0)
            printf(" any");
        else
            printf(" %d", cpus[i]);
    printf("\n");
}

static void print_bandwidths(const struct tmk_machine_report *report)
{
    printf("\nSTREAM triad in GB/s, all threads together, arrays resident in each level\n"
           "  threads");
    for (int level = 0; level < TMK_NLEVELS; level++)
        printf("  %8s", tmk_level_name[level]);
    printf("  ran on CPUs\n");
    for (size_t i = 0; i < report->nrows; i++) {
        const struct tmk_machine_row *row = &report->rows[i];
        printf("  %7d", row->ceilings.threads);
        for (int level = 0; level < TMK_NLEVELS; level++)
            print_rate(row->ceilings.bandwidth[level], 8);
        printf(" ");
        print_cpus(row->ran_on, row->ceilings.threads);
    }
}

static void print_placements(const struct tmk_machine_report *report)
{
    printf("\nPlacement: the CPU of thread 0, 1, 2, ...\n");
    for (size_t i = 0; i < report->nplacements; i++) {
        const struct tmk_placement *placement = &report->placements[i];
        printf("  %-9s", report->policies[i]);
        print_cpus(placement->os_cpu, placement->threads);
    }
}

static enum tmk_status print_rivals(const struct tmk_rivals *rivals)
{
    if (rivals->count == 0)
        return TMK_OK;
    printf("\nOther projects' libraries: f32 products of 512x512x512 on one thread, and their "
           "share of "
           "the FMA peak\n");
    return tmk_rivals_print(rivals);
}

enum tmk_status tmk_machine_print(const struct tmk_machine_report *report)
{
    print_machine(report->topology);
    if (tmk_topology_is_real(report->topology))
        print_system();
    print_caches(report->topology);
    if (report->nrows > 0) {
        print_peaks(report);
        print_bandwidths(report);
    }
    print_placements(report);
    return print_rivals(&report->rivals);
}
