/* This machine: binding, the choice of ISA, and ceilings within the bounds of reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ceilings.h"
#include "isa.h"
#include "placement.h"
#include "system.h"
#include "team.h"
#include "topology.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- this machine --- */

static void this_machine_is_loaded_once(void **state)
{
    (void)state;
    const struct tmk_topology *t = tmk_this_machine();
    assert_non_null(t);
    assert_ptr_equal(t, tmk_this_machine());
    assert_true(tmk_topology_is_real(t));
    assert_true(tmk_topology_pus(t) >= tmk_topology_cores(t));
    assert_true(tmk_topology_cores(t) >= tmk_topology_packages(t));
    assert_true(tmk_topology_numa_nodes(t) >= 1);
    assert_true(strlen(tmk_topology_cpu_model(t)) > 0);
    assert_true(tmk_memory_total() > (size_t)1 << 20);
    char governor[64];
    assert_true(strlen(tmk_cpu_governor(governor, sizeof governor)) > 0);
}

static void threads_run_where_they_are_bound(void **state)
{
    (void)state;
    const struct tmk_topology *t = tmk_this_machine();
    int threads = tmk_topology_pus(t);
    int *cpu = calloc((size_t)threads, sizeof *cpu);
    assert_non_null(cpu);
    const char *const policies[] = {"compact", "scatter"};
    for (int p = 0; p < 2; p++) {
        struct tmk_placement placement;
        assert_int_equal(tmk_placement_make(t, policies[p], threads, &placement), TMK_OK);
        for (int team = threads; team >= 1; team--) {
            assert_int_equal(tmk_placement_bind(t, &placement, team), TMK_OK);
            tmk_placement_actual(t, team, cpu);
            for (int i = 0; i < team; i++)
                assert_int_equal(cpu[i], placement.os_cpu[i]);
        }
        assert_int_equal(tmk_placement_bind(t, &placement, threads + 1), TMK_EINVAL);
        assert_int_equal(tmk_placement_bind(t, &placement, 0), TMK_EINVAL);
        tmk_placement_free(&placement);
    }
    free(cpu);
}

/* A topology loaded while the thread is bound to one CPU still knows all of them, and placement
 * none takes the binding back. */
static void binding_does_not_shrink_the_machine(void **state)
{
    (void)state;
    const struct tmk_topology *t = tmk_this_machine();
    struct tmk_placement compact, none;
    assert_int_equal(tmk_placement_make(t, "compact", 1, &compact), TMK_OK);
    assert_int_equal(tmk_placement_make(t, "none", 1, &none), TMK_OK);
    assert_int_equal(tmk_placement_bind(t, &compact, 1), TMK_OK);
    struct tmk_topology *again = NULL;
    assert_int_equal(tmk_topology_load(NULL, &again), TMK_OK);
    assert_int_equal(tmk_topology_pus(again), tmk_topology_pus(t));
    tmk_topology_free(again);
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    assert_int_equal(CPU_COUNT(&set), 1);
    assert_int_equal(tmk_placement_bind(t, &none, 1), TMK_OK);
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    assert_int_equal(CPU_COUNT(&set), tmk_topology_pus(t));
    tmk_placement_free(&compact);
    tmk_placement_free(&none);
}

/* --- instruction sets --- */

struct choice {
    enum tmk_status status;
    enum tmk_isa isa;
};

/* What a process with this TILEMARK_ISA (NULL: unset) decides; the choice is made once in each. */
static struct choice choice_with(const char *isa)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (isa)
            setenv("TILEMARK_ISA", isa, 1);
        else
            unsetenv("TILEMARK_ISA");
        struct choice choice = {tmk_isa_select(), tmk_isa()};
        bool told = choice.status == TMK_OK || strstr(tmk_message(), "TILEMARK_ISA");
        _exit(told && write(ends[1], &choice, sizeof choice) == sizeof choice ? 0 : 1);
    }
    int code = -1;
    struct choice choice;
    assert_int_equal(read(ends[0], &choice, sizeof choice), sizeof choice);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    close(ends[0]);
    close(ends[1]);
    return choice;
}

static void isa_follows_the_environment(void **state)
{
    (void)state;
    for (int isa = 0; isa < TMK_NISAS; isa++) {
        struct choice choice = choice_with(tmk_isa_name[isa]);
        if (tmk_isa_available((enum tmk_isa)isa)) {
            assert_int_equal(choice.status, TMK_OK);
            assert_int_equal(choice.isa, isa);
        } else {
            assert_int_equal(choice.status, TMK_EUNSUPPORTED);
        }
    }
    assert_int_equal(choice_with("avx1024").status, TMK_EINVAL);
    assert_int_equal(choice_with("AVX2").status, TMK_EINVAL);
    assert_int_equal(choice_with("").status, TMK_OK);
}

static void isa_defaults_to_the_widest(void **state)
{
    (void)state;
    struct choice choice = choice_with(NULL);
    assert_int_equal(choice.status, TMK_OK);
    assert_true(tmk_isa_available(TMK_ISA_GENERIC));
    assert_true(tmk_isa_available(choice.isa));
    for (int isa = (int)choice.isa + 1; isa < TMK_NISAS; isa++)
        assert_false(tmk_isa_available((enum tmk_isa)isa));
}

/* --- ceilings --- */

static void peak_of_every_isa(void **state)
{
    (void)state;
    for (int isa = 0; isa < TMK_NISAS; isa++) {
        for (int f64 = 0; f64 <= 1; f64++) {
            double gflops = tmk_peak_gflops((enum tmk_isa)isa, f64, 1, 4);
            if (tmk_isa_available((enum tmk_isa)isa))
                assert_true(isfinite(gflops) && gflops > 0.05 && gflops < 2000);
            else
                assert_true(gflops == 0);
        }
    }
    assert_true(tmk_peak_gflops(TMK_ISA_GENERIC, false, 0, 1) == 0);
}

static void bandwidth_of_every_level(void **state)
{
    (void)state;
    const struct tmk_topology *t = tmk_this_machine();
    for (int level = 0; level < TMK_NLEVELS; level++) {
        double gbs = tmk_bandwidth_gbs(t, (enum tmk_level)level, 1, 1);
        bool exists = level == TMK_MEMORY || tmk_topology_cache(t, level + 1).bytes > 0;
        assert_true(exists ? gbs > 0.01 && gbs < 1e5 : gbs == 0);
    }
    assert_true(tmk_bandwidth_gbs(t, TMK_L1, 0, 1) == 0);
}

static void missing_level_has_no_bandwidth(void **state)
{
    (void)state;
    struct tmk_topology *t = NULL;
    assert_int_equal(tmk_topology_load("core:1 pu:1", &t), TMK_OK);
    assert_true(tmk_bandwidth_gbs(t, TMK_L3, 1, 1) == 0);
    tmk_topology_free(t);
}

static void ceilings_need_a_thread(void **state)
{
    (void)state;
    struct tmk_ceilings ceilings;
    assert_int_equal(tmk_ceilings_measure(tmk_this_machine(), 0, &ceilings), TMK_EINVAL);
}

/* None for one thread; else measured once: the same again. */
static void waking_a_team_takes_time(void **state)
{
    (void)state;
    assert_true(tmk_team_seconds(1) == 0);
    const double two = tmk_team_seconds(2);
    assert_true(two > 0 && two < 1);
    assert_true(tmk_team_seconds(3) > 0);
    assert_true(tmk_team_seconds(2) == two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isa_follows_the_environment), /* forks: before OpenMP starts threads */
        cmocka_unit_test(isa_defaults_to_the_widest),
        cmocka_unit_test(this_machine_is_loaded_once),
        cmocka_unit_test(threads_run_where_they_are_bound),
        cmocka_unit_test(binding_does_not_shrink_the_machine),
        cmocka_unit_test(peak_of_every_isa),
        cmocka_unit_test(bandwidth_of_every_level),
        cmocka_unit_test(missing_level_has_no_bandwidth),
        cmocka_unit_test(ceilings_need_a_thread),
        cmocka_unit_test(waking_a_team_takes_time),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
