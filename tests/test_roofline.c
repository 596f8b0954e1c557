/* Points under their roofs: hand-computed intensities and the choice of ceiling. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "roofline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ridges: L1 at 0.25 FLOP/byte, L2 at 1, L3 at 2.5, memory at 10. */
static const struct tmk_ceilings hundred = {
    .threads = 1,
    .peak_f32 = {[TMK_ISA_GENERIC] = 20, [TMK_ISA_AVX2] = 100},
    .peak_f64 = {[TMK_ISA_AVX2] = 50},
    .bandwidth = {400, 100, 40, 10}};

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-12 * fabs(wanted)))
        fail_msg("%.17g is not %.17g", value, wanted);
}

static void assert_roof(struct tmk_roof roof, int ceiling, double gflops, double percent)
{
    assert_string_equal(tmk_roof_name(roof.ceiling), tmk_roof_name(ceiling));
    assert_near(roof.gflops, gflops);
    assert_near(roof.percent, percent);
}

/* --- the model --- */

static void left_of_the_ridge_bandwidth_is_the_roof(void **state)
{
    (void)state;
    assert_roof(tmk_roof_above(&hundred, false, TMK_MEMORY, 4, 10), TMK_MEMORY, 40, 25);
    assert_roof(tmk_roof_above(&hundred, false, TMK_L3, 2, 10), TMK_L3, 80, 12.5);
    assert_roof(tmk_roof_above(&hundred, false, TMK_L1, 0.1, 10), TMK_L1, 40, 25);
}

static void right_of_the_ridge_arithmetic_is_the_roof(void **state)
{
    (void)state;
    assert_roof(tmk_roof_above(&hundred, false, TMK_MEMORY, 11, 10), TMK_ROOF_COMPUTE, 100, 10);
    assert_roof(tmk_roof_above(&hundred, false, TMK_MEMORY, 10, 10), TMK_ROOF_COMPUTE, 100, 10);
    assert_roof(tmk_roof_above(&hundred, false, TMK_L2, 1.5, 50), TMK_ROOF_COMPUTE, 100, 50);
}

static void doubles_have_their_own_peak(void **state)
{
    (void)state;
    assert_roof(tmk_roof_above(&hundred, true, TMK_MEMORY, 5, 10), TMK_ROOF_COMPUTE, 50, 20);
    assert_roof(tmk_roof_above(&hundred, true, TMK_MEMORY, 4, 10), TMK_MEMORY, 40, 25);
}

static void a_point_above_its_roof_lies_nearer(void **state)
{
    (void)state;
    assert_roof(tmk_roof_above(&hundred, false, TMK_MEMORY, 1, 20), TMK_L3, 40, 50);
    assert_roof(tmk_roof_above(&hundred, false, TMK_MEMORY, 1, 50), TMK_ROOF_COMPUTE, 100, 50);
    assert_roof(tmk_roof_above(&hundred, false, TMK_L3, 0.5, 45), TMK_L2, 50, 90);
}

static void a_point_on_its_roof_is_under_it(void **state)
{
    (void)state;
    assert_roof(tmk_roof_above(&hundred, false, TMK_MEMORY, 4, 40), TMK_MEMORY, 40, 100);
}

static void nothing_is_above_compute(void **state)
{
    (void)state;
    assert_roof(tmk_roof_above(&hundred, false, TMK_MEMORY, 20, 103), TMK_ROOF_COMPUTE, 100, 103);
    assert_roof(tmk_roof_above(&hundred, false, TMK_MEMORY, 0.1, 103), TMK_ROOF_COMPUTE, 100, 103);
}

static void a_level_that_was_not_measured_is_no_ceiling(void **state)
{
    (void)state;
    struct tmk_ceilings ceilings = hundred;
    ceilings.bandwidth[TMK_L3] = 0;
    assert_roof(tmk_roof_above(&ceilings, false, TMK_L3, 0.1, 1), TMK_ROOF_COMPUTE, 100, 1);
}

/* --- points of a run --- */

static struct tmk_topology *machine; /* two cores, 32 KiB and 1 MiB each, 8 MiB together */

static struct tmk_cell_summary cell_of(const char *problem, const char *dir, const char *impl,
                                       double flops, double bytes, double gflops)
{
    struct tmk_cell_summary summary = {.samples = 6,
                                       .gflops = gflops,
                                       .median_s = flops / gflops * 1e-9,
                                       .cell = {.threads = 1, .flops = flops, .bytes = bytes}};
    struct tmk_cell *cell = &summary.cell;
    snprintf(cell->op, sizeof cell->op, "conv2d");
    snprintf(cell->problem, sizeof cell->problem, "%s", problem);
    snprintf(cell->dir, sizeof cell->dir, "%s", dir);
    snprintf(cell->impl, sizeof cell->impl, "%s", impl);
    snprintf(cell->dtype, sizeof cell->dtype, "f32");
    snprintf(cell->layout, sizeof cell->layout, "nchw");
    snprintf(cell->cache, sizeof cell->cache, "warm");
    snprintf(cell->status, sizeof cell->status, "ok");
    return summary;
}

static struct tmk_roofline roofline_of(struct tmk_run *run, struct tmk_cell_summary *cells,
                                       size_t count)
{
    static struct tmk_ceilings ceilings;
    struct tmk_roofline roofline;
    ceilings = hundred;
    *run = (struct tmk_run){
        .ceilings = &ceilings, .nceilings = 1, .summaries = {.cells = cells, .count = count}};
    if (tmk_roofline_make(run, machine, &roofline) != TMK_OK)
        fail_msg("%s", tmk_message());
    return roofline;
}

/* 2 images, 3 channels of 8x8, 4 kernels of 3x3: 2 * 2*4*3*9*64 FLOP; x 384, w 108, y 512, b 4
 * elements; columns 2 * 27 * 64 elements, moved twice. */
#define TINY "mb2ic3ih8oc4oh8kh3ph1"
#define TINY_FLOPS 27648.0
#define TINY_BYTES 4032.0

static void columns_count_in_the_own_intensity(void **state)
{
    (void)state;
    struct tmk_run run;
    struct tmk_cell_summary cells[] = {
        cell_of(TINY, "fwd", "im2col", TINY_FLOPS, TINY_BYTES, 1),
        cell_of(TINY, "bwd_w", "im2col_blocked", TINY_FLOPS, TINY_BYTES, 1),
        cell_of(TINY, "bwd_d", "im2col", TINY_FLOPS, TINY_BYTES - 16, 1)};
    struct tmk_roofline roofline = roofline_of(&run, cells, 3);
    for (int i = 0; i < 2; i++) {
        assert_near(roofline.points[i].least.intensity, 27648.0 / 4032);
        assert_near(roofline.points[i].extra_bytes, 2 * 4 * 2 * 27 * 64);
        assert_near(roofline.points[i].own.intensity, 27648.0 / 31680);
    }
    /* dy's columns: 4 channels, 3x3 taps, 8x8 places */
    assert_near(roofline.points[2].extra_bytes, 2 * 4 * 2 * 36 * 64);
    assert_near(roofline.points[2].own.intensity, 27648.0 / (4016 + 36864));
    tmk_roofline_free(&roofline);
}

static void others_move_their_operands_only(void **state)
{
    (void)state;
    struct tmk_run run;
    struct tmk_cell_summary cells[] = {
        cell_of(TINY, "fwd", "naive", TINY_FLOPS, TINY_BYTES, 1),
        cell_of(TINY, "fwd", "blocked", TINY_FLOPS, TINY_BYTES, 1),
        cell_of(TINY, "fwd", "of-another-version", TINY_FLOPS, TINY_BYTES, 1)};
    struct tmk_roofline roofline = roofline_of(&run, cells, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(roofline.points[i].extra_bytes == 0);
        assert_true(roofline.points[i].own.intensity == roofline.points[i].least.intensity);
        assert_true(roofline.points[i].own.percent == roofline.points[i].least.percent);
    }
    tmk_roofline_free(&roofline);
}

static void data_lie_in_the_level_that_holds_them(void **state)
{
    (void)state;
    assert_int_equal(tmk_level_holding(machine, 32 << 10, 1), TMK_L1);
    assert_int_equal(tmk_level_holding(machine, (32 << 10) + 1, 1), TMK_L2);
    assert_int_equal(tmk_level_holding(machine, 1 << 20, 1), TMK_L2);
    assert_int_equal(tmk_level_holding(machine, (1 << 20) + 1, 1), TMK_L3);
    assert_int_equal(tmk_level_holding(machine, 8 << 20, 1), TMK_L3);
    assert_int_equal(tmk_level_holding(machine, (8 << 20) + 1, 1), TMK_MEMORY);
}

static void threads_add_their_caches_but_share_the_last(void **state)
{
    (void)state;
    assert_int_equal(tmk_level_holding(machine, 64 << 10, 2), TMK_L1);
    assert_int_equal(tmk_level_holding(machine, (64 << 10) + 1, 2), TMK_L2);
    assert_int_equal(tmk_level_holding(machine, (2 << 20) + 1, 2), TMK_L3);
    assert_int_equal(tmk_level_holding(machine, (8 << 20) + 1, 2), TMK_MEMORY);
}

static void the_level_decides_over_the_ceiling(void **state)
{
    (void)state;
    struct tmk_run run;
    struct tmk_cell_summary cells[] = {
        cell_of(TINY, "fwd", "naive", 2e7, 1e7, 1), /* 10 MB: memory */
        cell_of(TINY, "fwd", "naive", 4e6, 2e6, 1), /* 2 MB: L3 */
        cell_of(TINY, "fwd", "naive", 4e4, 2e4, 1), /* 20 kB: L1 */
        cell_of(TINY, "fwd", "naive", 4e4, 2e4, 1)};
    snprintf(cells[3].cell.cache, sizeof cells[3].cell.cache, "cold");
    struct tmk_roofline roofline = roofline_of(&run, cells, 4);
    assert_roof(roofline.points[0].least, TMK_MEMORY, 20, 5);
    assert_roof(roofline.points[1].least, TMK_L3, 80, 1.25);
    assert_roof(roofline.points[2].least, TMK_ROOF_COMPUTE, 100, 1);
    assert_roof(roofline.points[3].least, TMK_MEMORY, 20, 5);
    tmk_roofline_free(&roofline);
}

/* The columns do not fit where the operands do. */
static void the_workspace_takes_room_in_the_own_level(void **state)
{
    (void)state;
    struct tmk_run run;
    struct tmk_cell_summary cells[] = {cell_of(TINY, "fwd", "im2col", TINY_FLOPS, TINY_BYTES, 1)};
    cells[0].cell.workspace_bytes = 2 << 20;
    struct tmk_roofline roofline = roofline_of(&run, cells, 1);
    double own = TINY_FLOPS / (TINY_BYTES + 27648);
    assert_roof(roofline.points[0].least, TMK_ROOF_COMPUTE, 100, 1);
    assert_roof(roofline.points[0].own, TMK_L3, 40 * own, 100 / (40 * own));
    tmk_roofline_free(&roofline);
}

static void cells_without_time_or_ceilings_have_no_point(void **state)
{
    (void)state;
    struct tmk_run run;
    struct tmk_cell_summary cells[] = {
        cell_of(TINY, "fwd", "naive", TINY_FLOPS, TINY_BYTES, 1),
        cell_of(TINY, "fwd", "blocked", TINY_FLOPS, TINY_BYTES, 1),
        cell_of(TINY, "bwd_d", "blocked", TINY_FLOPS, TINY_BYTES, 1)};
    cells[0].samples = 0;
    cells[1].cell.threads = 7;
    struct tmk_roofline roofline = roofline_of(&run, cells, 3);
    assert_int_equal(roofline.count, 1);
    assert_int_equal(roofline.without, 1);
    assert_ptr_equal(roofline.points[0].cell, &cells[2]);
    tmk_roofline_free(&roofline);
    cells[2].samples = 0;
    assert_int_equal(tmk_roofline_make(&run, machine, &roofline), TMK_EINVAL);
}

static void a_part_tells_medians_and_ceilings(void **state)
{
    (void)state;
    struct tmk_run run;
    struct tmk_roofline_part part;
    char text[1024];
    struct tmk_cell_summary cells[] = {
        cell_of(TINY, "fwd", "naive", 4e4, 2e4, 1), cell_of(TINY, "bwd_d", "naive", 4e4, 2e4, 2),
        cell_of(TINY, "bwd_w", "naive", 4e4, 2e4, 6), cell_of(TINY, "fwd", "blocked", 2e7, 1e7, 10),
        cell_of(TINY, "bwd_d", "blocked", 2e7, 1e7, 16)};
    struct tmk_roofline roofline = roofline_of(&run, cells, 5);
    assert_int_equal(tmk_roofline_part(&roofline, 1, &part), TMK_OK);
    assert_int_equal(part.count, 5);
    assert_int_equal(part.under[TMK_ROOF_COMPUTE], 3);
    assert_int_equal(part.under[TMK_MEMORY], 2);
    assert_int_equal(part.nimpls, 2);
    assert_near(part.median[0], 2);
    assert_near(part.min[0], 1);
    assert_near(part.max[0], 6);
    assert_near(part.median[1], 65);
    tmk_roofline_say_heading(&part, text, sizeof text);
    assert_string_equal(text, "blocked reaches 65 % of its roof in the median, naive 2.0 %");
    tmk_roofline_say(&part, text, sizeof text);
    assert_non_null(strstr(text, "naive 2.0 % (1.0 to 6.0), blocked 65 % (50 to 80)"));
    assert_non_null(strstr(text, "Of 5 points 3 are under compute, 2 are under memory."));
    assert_false(tmk_roofline_say_columns(&roofline, text, sizeof text));
    tmk_roofline_free(&roofline);
}

static int load_machine(void **state)
{
    (void)state;
    return tmk_topology_load(
               "pack:1 l3:1(size=8388608) l2:2(size=1048576) l1:1(size=32768) core:1 pu:1",
               &machine) == TMK_OK
               ? 0
               : -1;
}

static int free_machine(void **state)
{
    (void)state;
    tmk_topology_free(machine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(left_of_the_ridge_bandwidth_is_the_roof),
        cmocka_unit_test(right_of_the_ridge_arithmetic_is_the_roof),
        cmocka_unit_test(doubles_have_their_own_peak),
        cmocka_unit_test(a_point_above_its_roof_lies_nearer),
        cmocka_unit_test(a_point_on_its_roof_is_under_it),
        cmocka_unit_test(nothing_is_above_compute),
        cmocka_unit_test(a_level_that_was_not_measured_is_no_ceiling),
        cmocka_unit_test(columns_count_in_the_own_intensity),
        cmocka_unit_test(others_move_their_operands_only),
        cmocka_unit_test(data_lie_in_the_level_that_holds_them),
        cmocka_unit_test(threads_add_their_caches_but_share_the_last),
        cmocka_unit_test(the_level_decides_over_the_ceiling),
        cmocka_unit_test(the_workspace_takes_room_in_the_own_level),
        cmocka_unit_test(cells_without_time_or_ceilings_have_no_point),
        cmocka_unit_test(a_part_tells_medians_and_ceilings),
    };
    return cmocka_run_group_tests_name("roofline", tests, load_machine, free_machine);
}
