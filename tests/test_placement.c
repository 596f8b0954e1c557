/* Placement on drawn machines, with the expected CPU numbers spelled out, and what is known of
 * them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "placement.h"
#include "topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct tmk_topology *draw(const char *description)
{
    struct tmk_topology *topology = NULL;
    if (tmk_topology_load(description, &topology) != TMK_OK)
        fail_msg("%s: %s", description, tmk_message());
    return topology;
}

/* A file of tests/topologies. */
static struct tmk_topology *draw_file(const char *name)
{
    char path[512];
    const char *folder = getenv("TMK_TEST_DIR");
    snprintf(path, sizeof path, "%s/topologies/%s", folder ? folder : ".", name);
    return draw(path);
}

/* "0 2 4": where the policy puts this many threads, "*" behind it if oversubscribed. */
static void assert_placed(const struct tmk_topology *topology, const char *policy, int threads,
                          const char *expected)
{
    struct tmk_placement placement;
    if (tmk_placement_make(topology, policy, threads, &placement) != TMK_OK)
        fail_msg("%s: %s", policy, tmk_message());
    char got[256] = "";
    size_t used = 0;
    for (int t = 0; t < placement.threads; t++)
        used += (size_t)snprintf(got + used, sizeof got - used, "%s%d", t ? " " : "",
                                 placement.os_cpu[t]);
    snprintf(got + used, sizeof got - used, "%s", placement.oversubscribed ? " *" : "");
    assert_int_equal(placement.threads, threads);
    assert_string_equal(got, expected);
    tmk_placement_free(&placement);
    assert_null(placement.os_cpu);
}

static void assert_refused(const struct tmk_topology *topology, const char *policy, int threads,
                           const char *part_of_message)
{
    struct tmk_placement placement;
    assert_int_equal(tmk_placement_make(topology, policy, threads, &placement), TMK_EINVAL);
    if (!strstr(tmk_message(), part_of_message))
        fail_msg("\"%s\" does not say \"%s\"", tmk_message(), part_of_message);
}

static void two_sockets_with_smt(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("pack:2 numa:1 l3:1 core:4 pu:2"); /* OS numbers in tree order */
    assert_false(tmk_topology_is_real(t));
    assert_int_equal(tmk_topology_packages(t), 2);
    assert_int_equal(tmk_topology_numa_nodes(t), 2);
    assert_int_equal(tmk_topology_cores(t), 8);
    assert_int_equal(tmk_topology_pus(t), 16);
    assert_placed(t, "compact", 3, "0 2 4");
    assert_placed(t, "compact", 16, "0 2 4 6 8 10 12 14 1 3 5 7 9 11 13 15");
    assert_placed(t, "scatter", 3, "0 8 2");
    assert_placed(t, "scatter", 16, "0 8 2 10 4 12 6 14 1 9 3 11 5 13 7 15");
    assert_placed(t, "scatter", 18, "0 8 2 10 4 12 6 14 1 9 3 11 5 13 7 15 0 8 *");
    tmk_topology_free(t);
}

static void several_numa_nodes_in_a_socket(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("pack:2 numa:2 core:2 pu:1");
    assert_int_equal(tmk_topology_numa_nodes(t), 4);
    assert_placed(t, "compact", 8, "0 1 2 3 4 5 6 7");
    assert_placed(t, "scatter", 8, "0 4 2 6 1 5 3 7");
    tmk_topology_free(t);
}

static void several_l3s_in_a_node(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("pack:1 numa:1 l3:3 core:2 pu:2");
    assert_placed(t, "compact", 6, "0 2 4 6 8 10");
    assert_placed(t, "scatter", 6, "0 4 8 2 6 10");
    assert_placed(t, "scatter", 7, "0 4 8 2 6 10 1");
    tmk_topology_free(t);
}

/* As Linux numbers them: first one hardware thread of every core, then the others. */
static void interleaved_os_numbers(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("pack:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)");
    assert_placed(t, "compact", 8, "0 1 2 3 4 5 6 7");
    assert_placed(t, "scatter", 8, "0 2 1 3 4 6 5 7");
    tmk_topology_free(t);
}

static void hybrid_with_smt_on_the_fast_cores(void **state)
{
    (void)state;
    struct tmk_topology *t = draw_file("hybrid_smt.xml");
    assert_false(tmk_topology_is_real(t));
    assert_int_equal(tmk_topology_cores(t), 6);
    assert_int_equal(tmk_topology_pus(t), 8);
    assert_placed(t, "compact", 8, "0 2 4 6 8 10 1 3");
    assert_placed(t, "scatter", 8, "0 2 4 6 8 10 1 3");
    assert_int_equal(tmk_topology_cache(t, 1).bytes, 32768); /* the slow cores', of 49152 */
    assert_int_equal(tmk_topology_cache(t, 1).shared_by_pus, 1);
    char list[32];
    assert_string_equal(tmk_topology_cpu_list(t, list, sizeof list), "0-4,6,8,10");
    tmk_topology_free(t);
}

static void hybrid_with_the_slow_cores_first(void **state)
{
    (void)state;
    struct tmk_topology *t = draw_file("big_little.xml");
    assert_placed(t, "compact", 6, "4 5 0 1 2 3");
    assert_placed(t, "scatter", 2, "4 5");
    tmk_topology_free(t);
}

static void machine_without_cores_or_caches(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("pu:3");
    assert_int_equal(tmk_topology_packages(t), 1);
    assert_int_equal(tmk_topology_cores(t), 3);
    assert_int_equal(tmk_topology_cache(t, 1).bytes, 0);
    assert_string_equal(tmk_topology_cpu_model(t), "unknown");
    assert_placed(t, "compact", 4, "0 1 2 0 *");
    assert_placed(t, "scatter", 3, "0 1 2");
    tmk_topology_free(t);
}

static void caches_of_a_drawn_machine(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("pack:2 l3:1(size=33554432) l2:4(size=1048576) "
                                  "l1d:1(size=32768) core:1 pu:2");
    const size_t bytes[] = {32768, 1048576, 33554432};
    const int shared_by[] = {2, 2, 8};
    for (int level = 1; level <= TMK_CACHE_LEVELS; level++) {
        struct tmk_cache cache = tmk_topology_cache(t, level);
        assert_int_equal(cache.bytes, bytes[level - 1]);
        assert_int_equal(cache.shared_by_pus, shared_by[level - 1]);
        assert_int_equal(cache.line, 64);
    }
    assert_int_equal(tmk_topology_cache(t, 0).bytes, 0);
    assert_int_equal(tmk_topology_cache(t, 4).bytes, 0);
    tmk_topology_free(t);
}

static void explicit_lists(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("pack:2 core:4 pu:1");
    assert_placed(t, "0,2,4-7", 6, "0 2 4 5 6 7");
    assert_placed(t, "7,1", 2, "7 1");
    assert_placed(t, "3", 2, "3 3 *");
    assert_placed(t, "4-4,0", 1, "4");
    assert_refused(t, "8", 1, "choose among 0-7");
    assert_refused(t, "6-99999999999999999999", 1, "CPU 8 of");
    assert_refused(t, "99999999999999999999", 1, "not allowed");
    assert_refused(t, "1,2,1", 1, "twice");
    const char *const malformed[] = {"",    ",",     "1,", ",1",        "1-",      "-1", "3-1",
                                     "1 2", "1-2-3", "+1", "compactly", "COMPACT", "0x1"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        assert_refused(t, malformed[i], 1, "unknown");
    assert_refused(t, "compact", 0, "ask for 1");
    assert_refused(t, "compact", -2, "ask for 1");
    tmk_topology_free(t);
}

static void none_leaves_threads_alone(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("core:2 pu:1");
    assert_placed(t, "none", 2, "-1 -1");
    assert_placed(t, "none", 3, "-1 -1 -1 *");
    tmk_topology_free(t);
}

static void large_machine_uses_every_cpu_once(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("pack:4 numa:2 l3:2 core:8 pu:2");
    const char *const policies[] = {"compact", "scatter"};
    for (int p = 0; p < 2; p++) {
        struct tmk_placement placement;
        assert_int_equal(tmk_placement_make(t, policies[p], 256, &placement), TMK_OK);
        bool seen[256] = {false};
        for (int i = 0; i < 256; i++) {
            assert_in_range(placement.os_cpu[i], 0, 255);
            assert_false(seen[placement.os_cpu[i]]);
            seen[placement.os_cpu[i]] = true;
        }
        assert_false(placement.oversubscribed);
        tmk_placement_free(&placement);
    }
    tmk_topology_free(t);
}

static void bad_descriptions(void **state)
{
    (void)state;
    struct tmk_topology *t = NULL;
    assert_int_equal(tmk_topology_load("pack:two", &t), TMK_EINVAL);
    assert_int_equal(tmk_topology_load("", &t), TMK_EINVAL);
    assert_int_equal(tmk_topology_load("/nowhere/at/all.xml", &t), TMK_EIO);
    assert_null(t);
}

static void drawn_machine_is_never_bound(void **state)
{
    (void)state;
    struct tmk_topology *t = draw("core:1 pu:1");
    struct tmk_placement placement;
    assert_int_equal(tmk_placement_make(t, "compact", 1, &placement), TMK_OK);
    assert_int_equal(tmk_placement_bind(t, &placement, 1), TMK_EUNSUPPORTED);
    int cpu[2] = {7, 7};
    tmk_placement_actual(t, 2, cpu);
    assert_int_equal(cpu[0], -1);
    assert_int_equal(cpu[1], -1);
    tmk_placement_free(&placement);
    tmk_topology_free(t);
}

static void topology_survives_a_round_trip(void **state)
{
    (void)state;
    char folder[] = "/tmp/tmk_machine_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/topology.xml", folder);
    struct tmk_topology *t = draw("pack:2 l3:1 core:3 pu:2");
    assert_int_equal(tmk_topology_export_xml(t, path), TMK_OK);
    assert_int_equal(tmk_topology_export_xml(t, "/nowhere/at/all.xml"), TMK_EIO);
    tmk_topology_free(t);
    t = draw(path);
    assert_false(tmk_topology_is_real(t));
    assert_placed(t, "scatter", 4, "0 6 2 8");
    tmk_topology_free(t);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_sockets_with_smt),
        cmocka_unit_test(several_numa_nodes_in_a_socket),
        cmocka_unit_test(several_l3s_in_a_node),
        cmocka_unit_test(interleaved_os_numbers),
        cmocka_unit_test(hybrid_with_smt_on_the_fast_cores),
        cmocka_unit_test(hybrid_with_the_slow_cores_first),
        cmocka_unit_test(machine_without_cores_or_caches),
        cmocka_unit_test(caches_of_a_drawn_machine),
        cmocka_unit_test(explicit_lists),
        cmocka_unit_test(none_leaves_threads_alone),
        cmocka_unit_test(large_machine_uses_every_cpu_once),
        cmocka_unit_test(bad_descriptions),
        cmocka_unit_test(drawn_machine_is_never_bound),
        cmocka_unit_test(topology_survives_a_round_trip),
    };
    return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}
