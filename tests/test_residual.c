/* The residual block of the published exercise, to the last bit, and its repaired form. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "residual.h"
#include "vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tmk_residual block;
static struct tmk_vector vector;

static int read_vector(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/golden/docs/doc000.txt", getenv("TMK_TEST_DIR"));
    tmk_residual_draw(1919810, &block);
    return tmk_vector_read(path, &vector) == TMK_OK ? 0 : -1;
}

static int free_vector(void **state)
{
    (void)state;
    tmk_vector_free(&vector);
    return 0;
}

static void assert_field(const char *name, const double *found, size_t count)
{
    const struct tmk_vector_field *f = tmk_vector_find(&vector, name);
    assert_non_null(f);
    assert_int_equal(f->count, count);
    assert_memory_equal(f->values, found, count * sizeof *found);
}

static void the_block_is_drawn_as_published(void **state)
{
    (void)state;
    assert_field("X", block.x, 100);
    assert_field("K", block.k, 9);
    assert_field("S", block.s, 100);
    assert_field("G", block.g, 9);
}

static struct tmk_residual_result scalars(size_t pad, bool add, bool paths)
{
    struct tmk_residual_form form = {pad, add, paths};
    struct tmk_residual_result result;
    if (tmk_residual_by_scalars(&block, &form, &result) != TMK_OK)
        fail_msg("%s", tmk_message());
    return result;
}

static struct tmk_residual_result tensors(size_t pad, bool add)
{
    struct tmk_residual_form form = {pad, add, false};
    struct tmk_residual_result result;
    if (tmk_residual_by_tensors(&block, &form, &result) != TMK_OK)
        fail_msg("%s", tmk_message());
    return result;
}

static void the_published_figures_to_the_last_bit(void **state)
{
    (void)state;
    struct tmk_residual_result r = scalars(3, true, true);
    assert_true(r.loss == 851.6435013317051);
    assert_true(r.quotient == 1082.2033767681205);
    assert_true(r.slope == 1082.1961242353982);
    assert_field("loss", &r.loss, 1);
    assert_field("numerical", &r.quotient, 1);
    assert_field("firstorder", &r.slope, 1);
    assert_field("gradK", r.gradient, 9);
}

static void assert_close(const struct tmk_residual_result *a, const struct tmk_residual_result *b)
{
    assert_true(fabs(a->loss - b->loss) <= 1e-14 * fabs(b->loss));
    assert_true(fabs(a->slope - b->slope) <= 1e-13 * fabs(b->slope));
    for (int i = 0; i < 9; i++)
        assert_true(fabs(a->gradient[i] - b->gradient[i]) <= 1e-12);
}

static void shared_nodes_and_tensors_agree(void **state)
{
    (void)state;
    struct tmk_residual_result paths = scalars(3, true, true), shared = scalars(3, true, false);
    struct tmk_residual_result whole = tensors(3, true);
    assert_true(shared.loss == paths.loss);
    assert_true(shared.nodes < paths.nodes && whole.nodes < 20);
    assert_close(&shared, &paths);
    assert_close(&whole, &paths);
}

static void the_repaired_block(void **state)
{
    (void)state;
    struct tmk_residual_result plus = scalars(1, true, false), minus = scalars(1, false, false);
    struct tmk_residual_result plus_whole = tensors(1, true), minus_whole = tensors(1, false);
    assert_true(fabs(plus.loss - 832.54) < 0.005);
    assert_close(&plus_whole, &plus);
    assert_close(&minus_whole, &minus);
    assert_true(fabs(minus.quotient / minus.slope - 1) < 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_block_is_drawn_as_published),
        cmocka_unit_test(the_published_figures_to_the_last_bit),
        cmocka_unit_test(shared_nodes_and_tensors_agree),
        cmocka_unit_test(the_repaired_block),
    };
    return cmocka_run_group_tests(tests, read_vector, free_vector);
}
