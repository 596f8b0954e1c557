/* conv2d's backward directions against mathematics: adjoint identities and finite differences. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv2d_random.h"
#include "conv2d_run.h"

#include <math.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct tmk_op *const op = &tmk_op_conv2d;

static double *new_doubles(size_t count)
{
    double *values = calloc(count + 1, sizeof *values);
    assert_non_null(values);
    return values;
}

static double inner_product(const struct tmk_view *a, const double *b)
{
    const size_t count = tmk_view_count(a);
    double *values = new_doubles(count), sum = 0;
    get_values(a, values);
    for (size_t i = 0; i < count; i++)
        sum += values[i] * b[i];
    free(values);
    return sum;
}

/* <conv(x, w), dy> = <x, bwd_d(dy, w)> = <w, bwd_w(x, dy)>, exactly on integers. */
static void assert_adjoint(const struct tmk_conv2d *p, const struct tmk_impl *impl,
                           struct tmk_random *stream, const char *desc)
{
    double *input[TMK_NOPERANDS], product[TMK_NDIRS];
    struct tmk_data data = make_data(p);
    for (int i = 0; i < TMK_NOPERANDS; i++) {
        const struct tmk_view *operand = &data.args.operand[i];
        const size_t count = tmk_view_count(operand);
        input[i] = new_doubles(count);
        for (size_t e = 0; e < count; e++)
            input[i][e] = (double)random_between(stream, 0, 16) - 8;
    }
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        const enum tmk_operand output = tmk_dir_output[dir];
        for (int i = 0; i < TMK_NOPERANDS; i++)
            put_values(&data.args.operand[i], input[i]);
        run_impl(p, impl, (enum tmk_dir)dir, 2, &data);
        product[dir] = inner_product(&data.args.operand[output], input[output]);
    }
    if (product[TMK_FWD] != product[TMK_BWD_D] || product[TMK_FWD] != product[TMK_BWD_W])
        fail_msg("seed 1234, %s %s: <y, dy> = %g, <x, dx> = %g, <w, dw> = %g", desc, impl->name,
                 product[TMK_FWD], product[TMK_BWD_D], product[TMK_BWD_W]);
    for (int i = 0; i < TMK_NOPERANDS; i++)
        free(input[i]);
    tmk_data_free(&data);
}

static void test_adjoint_identities(void **state)
{
    (void)state;
    static struct tmk_random stream;
    tmk_random_seed(&stream, 1234);
    for (int i = 0; i < 100; i++) {
        char desc[TMK_DESC_MAX];
        random_descriptor(&stream, desc, sizeof desc);
        const struct tmk_conv2d p = variant_of(desc, false, i % VARIANTS);
        for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
            if ((*impl)->accuracy == TMK_COMPONENTWISE)
                assert_adjoint(&p, *impl, &stream, desc);
        }
    }
}

/* loss(x, w, b) = <conv(x, w) + b, dy>, linear in each of the three: a central difference with a
 * step of a power of two is its derivative to rounding. */
static double loss(const struct tmk_conv2d *p, const struct tmk_impl *impl,
                   const struct tmk_data *data, const double *dy)
{
    run_impl(p, impl, TMK_FWD, 1, data);
    return inner_product(&data->args.operand[TMK_DST], dy);
}

static void assert_differences(const struct tmk_conv2d *p, const struct tmk_impl *impl,
                               const struct tmk_data *data, enum tmk_operand which,
                               const double *gradient, const double *dy)
{
    const struct tmk_view *operand = &data->args.operand[which];
    const size_t count = tmk_view_count(operand);
    double *values = new_doubles(count);
    get_values(operand, values);
    for (size_t e = 0; e < count; e++) {
        const double value = values[e], step = 0.125;
        values[e] = value + step;
        put_values(operand, values);
        const double above = loss(p, impl, data, dy);
        values[e] = value - step;
        put_values(operand, values);
        const double below = loss(p, impl, data, dy);
        values[e] = value;
        if (!(fabs((above - below) / (2 * step) - gradient[e]) <= 1e-11))
            fail_msg("%s: operand %d, element %zu: difference %.15g, gradient %.15g", impl->name,
                     which, e, (above - below) / (2 * step), gradient[e]);
    }
    put_values(operand, values);
    free(values);
}

static void check_differences(const char *desc, const struct tmk_impl *impl, int variant)
{
    const struct tmk_conv2d p = variant_of(desc, true, variant);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        if (tmk_impl_refusal(impl, &p.base, (enum tmk_dir)dir))
            return;
    }
    struct tmk_data data = make_data(&p);
    const struct tmk_view *operand = data.args.operand;
    double *gradient[TMK_NOPERANDS], *dy = new_doubles(tmk_view_count(&operand[TMK_DST]));
    for (int dir = TMK_BWD_D; dir <= TMK_BWD_W; dir++) {
        fill_inputs(&data, (enum tmk_dir)dir, TMK_FILL_REAL, 6);
        run_impl(&p, impl, (enum tmk_dir)dir, 1, &data);
        for (int i = 0; i < TMK_NOPERANDS; i++) {
            if (!tmk_dir_writes((enum tmk_dir)dir, (enum tmk_operand)i))
                continue;
            gradient[i] = new_doubles(tmk_view_count(&operand[i]));
            get_values(&operand[i], gradient[i]);
        }
    }
    get_values(&operand[TMK_DST], dy);
    fill_inputs(&data, TMK_FWD, TMK_FILL_REAL, 6);
    for (int i = TMK_SRC; i <= TMK_BIA; i++) {
        assert_differences(&p, impl, &data, (enum tmk_operand)i, gradient[i], dy);
        free(gradient[i]);
    }
    free(dy);
    tmk_data_free(&data);
}

static void test_finite_differences(void **state)
{
    (void)state;
    static const char *const descs[] = {
        "mb2ic2oc3ih4iw5kh3kw2ph1pw0", "g2mb1ic4oc2ih5kh2sh3ph1dh1",
        "mb1ic1oc2ih3iw6oh3ow2kh2kw2sw2ph1pw1", /* negative padding at the right */
        "mb2ic3oc2_ih6kh3ph1_iw5kw3pw1",
    };
    for (size_t i = 0; i < COUNT(descs); i++) {
        for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
            for (int layout = 0; layout < TMK_NLAYOUTS; layout++)
                check_differences(descs[i], *impl, layout * TMK_NDTYPES + TMK_F64);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adjoint_identities),
        cmocka_unit_test(test_finite_differences),
    };
    return cmocka_run_group_tests_name("conv2d_gradients", tests, NULL, NULL);
}
