/* conv2d: every implementation against the oracle and against itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"
#include "conv2d_random.h"
#include "conv2d_run.h"
#include "paces.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct tmk_op *const op = &tmk_op_conv2d;
static const int thread_counts[] = {1, 2, 3, 7};
static struct tmk_random stream;

/* --- against the oracle ---------------------------------------------------------------------- */

static void check_all_impls(const struct tmk_conv2d *p, enum tmk_dir dir, uint32_t seed,
                            const char *desc)
{
    struct tmk_reference reference;
    assert_int_equal(tmk_reference_make(&p->base, dir, seed, &reference), TMK_OK);
    for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
        if (tmk_impl_refusal(*impl, &p->base, dir))
            continue;
        const int threads = thread_counts[tmk_random_below(&stream, COUNT(thread_counts))];
        learn_paces(threads, seed);
        struct tmk_verdict verdict;
        if (tmk_check_impl(&reference, *impl, threads, &verdict) != TMK_OK)
            fail_msg("%s %s, seed %u: %s", desc, (*impl)->name, seed, tmk_message());
        if (!verdict.passed)
            fail_msg("conv2d:%s --impl %s --dir %s --dtype %s --layout %s --threads %d --seed %u: "
                     "%s",
                     desc, (*impl)->name, tmk_dir_name[dir], tmk_dtype_name[p->base.dtype],
                     tmk_layout_name[p->base.layout], threads, seed, verdict.text);
    }
    tmk_reference_free(&reference);
}

static void check_random_problems(uint32_t seed, int count)
{
    tmk_random_seed(&stream, seed);
    for (int i = 0; i < count; i++) {
        char desc[TMK_DESC_MAX];
        random_descriptor(&stream, desc, sizeof desc);
        const bool bias = random_between(&stream, 0, 1);
        const int variant = (int)tmk_random_below(&stream, VARIANTS);
        const struct tmk_conv2d p = variant_of(desc, bias, variant);
        for (int dir = 0; dir < TMK_NDIRS; dir++)
            check_all_impls(&p, (enum tmk_dir)dir, seed + (uint32_t)i, desc);
    }
}

static void check_layers(const char *const *descs, size_t count)
{
    tmk_random_seed(&stream, 5);
    for (size_t i = 0; i < count; i++) {
        for (int variant = 0; variant < VARIANTS; variant++) {
            const struct tmk_conv2d p = variant_of(descs[i], true, variant);
            for (int dir = 0; dir < TMK_NDIRS; dir++)
                check_all_impls(&p, (enum tmk_dir)dir, 5, descs[i]);
        }
    }
}

static void test_random_problems(void **state)
{
    (void)state;
    check_random_problems(20240, 2000);
}

/* Layers large enough for several blocks, panels and strips. */
static void test_layers(void **state)
{
    (void)state;
    static const char *const descs[] = {
        "mb1ic35oc37ih31kh3ph1",
        "mb2ic3oc24ih45kh7sh2ph3",
        "g29mb2ic29oc29ih27kh3sh2ph1",
        "mb1ic67oc131ih13kh1sh2ph0",
        "mb1ic17oc19ih1iw601kh1kw9ph0pw4dw2",
    };
    check_layers(descs, COUNT(descs));
}

/* Layers that the direct kernels take: of one vector a row and of several, in one band and in many,
 * every stride; more padding than the kernel needs. */
static void test_few_channels(void **state)
{
    (void)state;
    static const char *const descs[] = {
        "g67mb2ic67oc134ih7kh3ph1",
        "g5mb1ic5oc10ih28kh5ph2",
        "g6mb2ic12oc18ih17iw33kh3kw5ph1pw2",
        "g3mb1ic3oc6ih1kh3ph1",
        "g4mb2ic4oc8ih61iw70kh3kw3sh2sw2ph1pw1",
        "g3mb1ic3oc6ih40iw51kh4kw3sh3sw3ph2pw1",
        "g4mb1ic4oc8ih35iw67kh3kw3dh1dw2ph1pw1",
        "g2mb1ic2oc4ih12iw20kh3kw3ph20pw20",
        "g2mb1ic2oc2ih9iw90oh9ow40kh1kw3ph0pw1",
        "mb1ic1oc13ih37iw48kh3kw3ph1pw1",
        "mb2ic3oc70ih33iw64kh7kw7sh2sw2ph3pw3",
        "mb1ic4oc9ih29iw50kh3kw3ph0pw0",
    };
    check_layers(descs, COUNT(descs));
}

/* Layers that take vectors along channels: with the image in place and copied, whole, in bands and
 * by images; strides that skip parts of it; panels and tiles of every width; planes as one row. */
static void test_many_channels(void **state)
{
    (void)state;
    static const char *const descs[] = {
        "mb2ic30oc31ih9iw17kh3kw3ph1pw1",
        "mb3ic20oc47ih6iw5kh5kw3ph2pw1",
        "mb1ic129oc140ih7kh1ph0",
        "mb2ic131oc130ih16kh1ph0",
        "mb2ic129oc160ih9iw12kh1kw1sh2sw2ph0pw0",
        "mb3ic130oc150ih21iw20kh1kw1sh2sw2ph0pw0", /* bwd_w goes image by image */
        "mb3ic260oc150ih21iw20kh1kw1sh2sw3ph0pw0",
        "mb2ic130oc129ih8iw7kh1kw1ph1pw1",
        "mb1ic40oc46ih15iw20kh3kw3sh2sw2ph1pw1",
        "mb1ic40oc46ih15iw20kh4kw3sh3sw4ph2pw1",
        "mb1ic30oc29ih20iw19kh3kw3dh1dw1ph2pw2",
        "mb1ic30oc29ih12kh3ph5",
        "g3mb2ic60oc63ih10iw8kh3kw1ph1pw0",
        "mb1ic24oc10ih230iw201kh3kw3ph1pw1",
        "mb5ic130oc29ih56iw57kh2kw2sh2sw2ph0pw0",
        "mb3ic40oc46ih9iw11kh3kw3sh2sw2ph1pw1", /* pairs of rows, of which bwd_d has some alone */
        "mb2ic40oc17ih7iw3kh3kw3ph1pw1",
        "mb1ic40oc46ih7kh5ph2", /* pairs of rows of one image, of images, and rows alone */
        "mb4ic40oc46ih7kh5ph2",
        "mb1ic40oc33ih32kh3ph1",
        "mb1ic33oc20ih9iw15kh1kw5ph0pw2",
        "mb1ic130oc64ih14kh1sh2ph0",
        "mb1ic130oc64ih5oh5kh1ph1", /* padding on one side only, in place: no plane as one row */
        "mb2ic130oc64ih7oh7kh1ph1",
        "mb2ic40oc64ih12iw11oh12ow11kh3kw2ph2pw1",
        "mb2ic70oc48ih4iw13oh3ow8kh2kw1sh2sw2ph1pw1", /* the only tap meets padding on both sides */
        "mb3ic40oc64ih13iw14oh7ow8kh5kw5sh2sw2ph2pw2",
        "mb2ic33oc32ih13iw28oh5ow28kh2kw5sh3sw1ph0pw1", /* rows that no tap reads */
        "mb2ic16oc48ih9iw22oh3ow7kh2kw4sh3sw3ph1pw1",
        "mb2ic30oc34ih9iw60oh5ow31kh3kw4sh2sw2ph1pw2",
        "mb3ic200oc100ih6iw5kh3kw3ph1pw1",             /* weights that are not packed at once */
        "mb2ic130oc140ih2iw1oh1ow2kh1kw1sh2sw3ph0pw2", /* no tap reaches its only column */
    };
    check_layers(descs, COUNT(descs));
}

/* bwd_w with vectors along output channels: kernels of every row and column that it knows, images
 * taken in bands, alone and some at a time; strides that read parts of them; tiles of every height;
 * more channels than are copied at a time. */
static void test_panels_of_gradients(void **state)
{
    (void)state;
    static const char *const descs[] = {
        "mb3ic13oc70ih19iw23kh1kw7ph0pw3",
        "mb2ic9oc33ih20iw18kh7kw1ph3pw0",
        "mb2ic7oc34ih21iw18kh5kw1ph2pw0",
        "mb1ic150oc17ih60iw40kh3kw3ph1pw1",
        "mb9ic21oc20ih11kh5ph2",
        "mb11ic10oc49ih12iw9kh4kw4ph1pw1",
        "mb2ic11oc40ih33iw31kh1kw1sh2sw3ph1pw2",
        "mb2ic110oc20ih53iw51kh1kw1sh3sw2ph0pw0",
        "mb2ic6oc20ih25iw27kh3kw3sh2sw3dh1dw1ph2pw2",
        "mb2ic6oc20ih9iw8oh13ow12kh3kw3sh1sw1ph6pw6",
        /* padding on one side only, rows that are all edges, strides and dilation of rows */
        "mb2ic6oc33ih12iw12oh12ow10kh3kw5ph1pw0",
        "mb2ic9oc32ih14iw13oh7ow11kh3kw4sh2sw1dh1dw0ph2pw0",
        "mb4ic5oc40ih11iw4oh11ow4kh5kw5ph2pw2",
        "mb2ic5oc20ih9iw3oh20ow4kh2kw3ph7pw2",
    };
    check_layers(descs, COUNT(descs));
}

/* One channel a group: more and fewer channels than a vector has lanes; several bands of an image;
 * rows longer than a tile and shorter than half a vector; more taps than fit into registers;
 * strides that no tap reaches, padding wider than the image, images that no tap meets. */
static void test_depthwise(void **state)
{
    (void)state;
    static const char *const descs[] = {
        "g37mb2ic37oc37ih9iw7kh3kw3ph1pw1",
        "g5mb1ic5oc5ih12iw31kh5kw5ph0pw0",
        "g16mb2ic16oc16ih9iw20kh3kw3sh2sw2ph1pw1",
        "g20mb2ic20oc20ih13iw13kh3kw3dh1dw1ph1pw1",
        "g33mb2ic33oc33ih7iw8kh2kw2sh3sw3ph0pw0",
        "g18mb1ic18oc18ih2iw3kh3kw3ph3pw3",
        "g17mb1ic17oc17ih150iw140kh3kw3ph1pw1",
        "g19mb2ic19oc19ih141iw150kh3kw5sh2sw2ph1pw2",
        "g3mb2ic3oc3ih12oh6kh2sh1dh2ph0iw3ow1kw1sw2pw1",
    };
    check_layers(descs, COUNT(descs));
}

/* The oracle itself, on the definition: a sum over every tap, one element at a time. */
static double y_by_definition(const struct tmk_conv2d *p, const struct tmk_args *args,
                              const size_t *at)
{
    const size_t oc = at[1], icg = p->ic / p->g;
    double sum = p->bias ? tmk_view_get(&args->operand[TMK_BIA], &oc) : 0;
    for (size_t tap = 0; tap < icg * p->kh * p->kw; tap++) {
        const size_t ic = tap / (p->kh * p->kw), kh = tap / p->kw % p->kh, kw = tap % p->kw;
        const size_t ih = at[2] * p->sh + kh * p->dh, iw = at[3] * p->sw + kw * p->dw;
        if (ih < p->ph || ih >= p->ph + p->ih || iw < p->pw || iw >= p->pw + p->iw)
            continue;
        const size_t x_at[] = {at[0], oc / (p->oc / p->g) * icg + ic, ih - p->ph, iw - p->pw};
        sum += tmk_view_get(&args->operand[TMK_SRC], x_at) *
               tmk_view_get(&args->operand[TMK_WEI], (size_t[]){oc, ic, kh, kw});
    }
    return sum;
}

static void test_oracle_by_definition(void **state)
{
    (void)state;
    tmk_random_seed(&stream, 31);
    for (int i = 0; i < 200; i++) {
        char desc[TMK_DESC_MAX];
        random_descriptor(&stream, desc, sizeof desc);
        const struct tmk_conv2d p = variant_of(desc, i % 2, i / 2 % 2 ? 1 : 3); /* f64 */
        struct tmk_data data = make_data(&p);
        fill_inputs(&data, TMK_FWD, TMK_FILL_INTEGER, 31);
        assert_int_equal(op->oracle(&p.base, TMK_FWD, &data.args, &data.args, NULL), TMK_OK);
        const struct tmk_view *y = &data.args.operand[TMK_DST];
        for (size_t e = 0; e < tmk_view_count(y); e++) {
            const size_t at[] = {e / (p.ow * p.oh * p.oc), e / (p.ow * p.oh) % p.oc,
                                 e / p.ow % p.oh, e % p.ow};
            if (tmk_view_get(y, at) != y_by_definition(&p, &data.args, at))
                fail_msg("seed 31, problem %d: %s, element %zu", i, desc, e);
        }
        tmk_data_free(&data);
    }
}

/* --- against itself: the same bits at any thread count -----------------------------------------
 */

static void assert_same_bits(const struct tmk_conv2d *p, const struct tmk_impl *impl,
                             enum tmk_dir dir, const char *desc)
{
    struct tmk_data one = make_data(p), many = make_data(p);
    fill_inputs(&one, dir, TMK_FILL_REAL, 8);
    run_impl(p, impl, dir, 1, &one);
    for (size_t t = 1; t < COUNT(thread_counts); t++) {
        fill_inputs(&many, dir, TMK_FILL_REAL, 8);
        learn_paces(thread_counts[t], t + (size_t)dir);
        run_impl(p, impl, dir, thread_counts[t], &many);
        if (memcmp(one.memory, many.memory, one.bytes) != 0)
            fail_msg("%s %s %s: %d threads give other bits than 1", desc, impl->name,
                     tmk_dir_name[dir], thread_counts[t]);
    }
    tmk_data_free(&one);
    tmk_data_free(&many);
}

static void test_same_bits_at_any_thread_count(void **state)
{
    (void)state;
    tmk_random_seed(&stream, 77);
    static const char *const layers[] = {"mb2ic24oc40ih23kh3ph1", "g70mb2ic70oc70ih14kh3ph1",
                                         "g9mb3ic9oc18ih41kh3sh2ph1", "mb2ic3oc26ih48kh5sh2ph2",
                                         "mb3ic20oc70ih23kh5ph2"};
    for (size_t i = 0; i < 60; i++) {
        char desc[TMK_DESC_MAX];
        if (i < VARIANTS * COUNT(layers))
            snprintf(desc, sizeof desc, "%s", layers[i / VARIANTS]);
        else
            random_descriptor(&stream, desc, sizeof desc);
        const struct tmk_conv2d p = variant_of(desc, true, (int)(i % VARIANTS));
        for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
            for (int dir = 0; dir < TMK_NDIRS; dir++) {
                if (!(*impl)->bits_vary && !tmk_impl_refusal(*impl, &p.base, (enum tmk_dir)dir))
                    assert_same_bits(&p, *impl, (enum tmk_dir)dir, desc);
            }
        }
    }
}

/* --- contracts of the kernels -------------------------------------------------------------------
 */

static void test_workspace_too_small_is_refused(void **state)
{
    (void)state;
    const struct tmk_conv2d p = variant_of("mb1ic4oc4ih9kh3", true, 0);
    struct tmk_data data = make_data(&p);
    const struct tmk_exec none = {.threads = 1};
    for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            if (tmk_impl_workspace(*impl, &p.base, (enum tmk_dir)dir, 1) > 0)
                assert_int_equal((*impl)->run(&p.base, (enum tmk_dir)dir, &data.args, &none),
                                 TMK_EINVAL);
        }
    }
    tmk_data_free(&data);
}

static void test_im2col_needs_kh_kw_times_the_image(void **state)
{
    (void)state;
    const struct tmk_conv2d p = variant_of("mb8ic16oc4ih32kh3ph1", true, 0);
    const struct tmk_impl *im2col = tmk_op_impl(op, "im2col");
    const size_t image = p.ic * p.ih * p.iw, padded = p.ic * (p.ih + 2) * (p.iw + 2);
    assert_int_equal(tmk_impl_workspace(im2col, &p.base, TMK_FWD, 3),
                     sizeof(float) * (9 * image + padded));
    assert_true(tmk_impl_workspace(tmk_op_impl(op, "im2col_blocked"), &p.base, TMK_FWD, 1) >
                sizeof(float) * 9 * image);
}

static void test_overflowing_workspace(void **state)
{
    (void)state;
    const struct tmk_conv2d p = variant_of("mb1ic1oc1ih65536iw65536kh32768kw32768ph0pw0", true, 0);
    const struct tmk_conv2d q =
        variant_of("mb1ic1oc1ih1iw1oh2ow2kh1kw1sh2147483647sw2147483647ph0pw0", true, TMK_F64);
    assert_true(tmk_impl_workspace(tmk_op_impl(op, "im2col"), &p.base, TMK_FWD, 1) < SIZE_MAX);
    assert_int_equal(tmk_impl_workspace(tmk_op_impl(op, "im2col"), &q.base, TMK_FWD, 1), SIZE_MAX);
}

static void test_phases_are_noted(void **state)
{
    (void)state;
    const struct tmk_conv2d p = variant_of("mb2ic8oc8ih16kh3ph1", true, 0);
    struct tmk_data data = make_data(&p);
    for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            struct tmk_phases phases[2] = {0};
            struct tmk_exec exec = {.threads = 2, .phases = phases};
            fill_inputs(&data, (enum tmk_dir)dir, TMK_FILL_REAL, 1);
            exec.workspace_bytes = tmk_impl_workspace(*impl, &p.base, (enum tmk_dir)dir, 2);
            assert_int_equal(tmk_alloc(exec.workspace_bytes, "workspace", &exec.workspace), TMK_OK);
            assert_int_equal((*impl)->run(&p.base, (enum tmk_dir)dir, &data.args, &exec), TMK_OK);
            tmk_free(exec.workspace);
            assert_true(phases[0].seconds[TMK_PHASE_COMPUTE] > 0);
            if (strcmp((*impl)->name, "naive") != 0)
                assert_true(phases[0].seconds[TMK_PHASE_PACK] > 0);
        }
    }
    tmk_data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle_by_definition),
        cmocka_unit_test(test_random_problems),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_few_channels),
        cmocka_unit_test(test_many_channels),
        cmocka_unit_test(test_panels_of_gradients),
        cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_same_bits_at_any_thread_count),
        cmocka_unit_test(test_workspace_too_small_is_refused),
        cmocka_unit_test(test_im2col_needs_kh_kw_times_the_image),
        cmocka_unit_test(test_overflowing_workspace),
        cmocka_unit_test(test_phases_are_noted),
    };
    return cmocka_run_group_tests_name("conv2d", tests, NULL, NULL);
}
