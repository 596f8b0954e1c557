/* The engine under block sizes that it is asked for, and `tilemark blocking`. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "blocking_grid.h"
#include "gemm.h"
#include "program.h"

static void what_is_asked_for_is_rounded(void **state)
{
    (void)state;
    float memory[1];
    const size_t shape[] = {1000, 1000};
    struct tmk_view view;
    assert_int_equal(tmk_view_make(&view, TMK_F32, 2, shape, NULL, 0), TMK_OK);
    view.data = memory; /* never read */
    struct tmk_gemm gemm = tmk_gemm_matrices(&view, &view, &view);
    const struct tmk_gemm_blocks model = tmk_gemm_blocks_of(&gemm);
    assert_true(model.kc > 0 && model.kc <= 1000 && model.mc > 0);
    gemm.blocks.kc = 300;
    assert_int_equal(tmk_gemm_blocks_of(&gemm).kc, 250);
    gemm.blocks.kc = 5000;
    assert_int_equal(tmk_gemm_blocks_of(&gemm).kc, 1000);
    gemm.blocks = model;
    assert_int_equal(tmk_gemm_blocks_of(&gemm).kc, model.kc);
    assert_int_equal(tmk_gemm_blocks_of(&gemm).mc, model.mc);
    gemm.blocks.mc = 1;
    assert_in_range(tmk_gemm_blocks_of(&gemm).mc, 1, 64);
}

static void the_grid_holds_the_model(void **state)
{
    (void)state;
    const struct tmk_context context = {.dtype = TMK_F64};
    struct tmk_matmul p;
    struct tmk_blocking_grid grid;
    assert_int_equal(tmk_op_matmul.parse("70x90:90x50", &context, &p.base), TMK_OK);
    assert_int_equal(tmk_blocking_measure(&p, 2, 0.05, &grid), TMK_OK);
    const size_t count = grid.nkc * grid.nmc;
    assert_in_range(grid.nkc, 4, TMK_BLOCKING_STEPS);
    assert_in_range(grid.nmc, 2, TMK_BLOCKING_STEPS);
    assert_true(grid.model < count && grid.best < count && grid.peak > 0);
    for (size_t i = 0; i < count; i++) {
        const struct tmk_blocking_cell *cell = &grid.cells[i];
        assert_true(cell->samples > 0 && cell->gflops > 0);
        assert_true(cell->lo <= cell->gflops && cell->gflops <= cell->hi);
        assert_true(cell->gflops <= grid.cells[grid.best].gflops);
        if (i >= grid.nmc)
            assert_true(cell->kc > grid.cells[i - grid.nmc].kc);
        if (i % grid.nmc)
            assert_true(cell->mc > grid.cells[i - 1].mc);
    }
    assert_int_equal(grid.kc[grid.nkc - 1], 90);
    tmk_blocking_free(&grid);
}

static void command_prints_and_draws(void **state)
{
    (void)state;
    expect("blocking 64x96:96x80 --time-budget 0.05", 0, "kc \\ mc");
    said("[");
    said("of the FMA peak");
    expect("blocking 64x96:96x80 --time-budget 0.05 --csv --dtype f64", 0, "kc \\ mc,");
    expect_picture("blocking 64x96:96x80 --time-budget 0.05 --threads 2", "blocking");
}

static void command_refuses(void **state)
{
    (void)state;
    expect("blocking 2x4x4:2x4x4 2>&1", 2, "one product of two matrices");
    expect("blocking mb1ic4oc4ih9kh3 2>&1", 2, "one product of two matrices");
    expect("blocking --dtype f16 2>&1", 2, "--dtype: 'f16'");
    expect("blocking --threads 0 2>&1", 2, "--threads");
    expect("blocking --time-budget 0 2>&1", 2, "--time-budget");
    expect("blocking 8x8:8x8 9x9:9x9 2>&1", 2, "one product");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_rounded),
        cmocka_unit_test(the_grid_holds_the_model),
        cmocka_unit_test(command_prints_and_draws),
        cmocka_unit_test(command_refuses),
    };
    return cmocka_run_group_tests_name("blocking", tests, NULL, NULL);
}
