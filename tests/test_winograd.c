/* winograd: tiles that do not fit the image, channels that do not fit a vector or a block, every
 * padding, batches and groups; and what it refuses. */
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

static const int thread_counts[] = {1, 2, 3, 7};

static const struct tmk_impl *winograd(void)
{
    return tmk_op_impl(&tmk_op_conv2d, "winograd");
}

/* Images of 1 to 40 pixels a side with padding 0 to 4 at the front and -1 to 2 at the back. */
static void random_layer(struct tmk_random *random, char *buf, size_t size)
{
    const unsigned reach = random_between(random, 0, 2) ? 2 : 4; /* kernels of 3 or 5 */
    unsigned in[2], out[2], pad[2];
    for (int i = 0; i < 2; i++) {
        pad[i] = random_between(random, 0, 4);
        in[i] = random_between(random, pad[i] > 1 ? 1 : reach + 2, 40);
        out[i] = in[i] + pad[i] + random_between(random, 0, 3) - 1;
        out[i] = out[i] > reach ? out[i] - reach : 1;
    }
    const unsigned g = random_between(random, 1, 3);
    snprintf(buf, size, "g%umb%uic%uoc%u_ih%uoh%ukh%uph%u_iw%uow%ukw%upw%u", g,
             random_between(random, 1, 3), g * random_between(random, 1, 70),
             g * random_between(random, 1, 70), in[0], out[0], reach + 1, pad[0], in[1], out[1],
             reach + 1, pad[1]);
}

static void check(const char *desc, int variant, int threads, uint32_t seed)
{
    const struct tmk_conv2d p = variant_of(desc, seed % 2, variant);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        struct tmk_reference reference;
        struct tmk_verdict verdict;
        assert_int_equal(tmk_reference_make(&p.base, (enum tmk_dir)dir, seed, &reference), TMK_OK);
        if (tmk_check_impl(&reference, winograd(), threads, &verdict) != TMK_OK)
            fail_msg("%s: %s", desc, tmk_message());
        if (!verdict.passed)
            fail_msg("conv2d:%s --dir %s --dtype %s --layout %s --threads %d --seed %u: %s", desc,
                     tmk_dir_name[dir], tmk_dtype_name[p.base.dtype],
                     tmk_layout_name[p.base.layout], threads, seed, verdict.text);
        tmk_reference_free(&reference);
    }
}

static void test_random_problems(void **state)
{
    (void)state;
    struct tmk_random stream;
    tmk_random_seed(&stream, 33);
    for (uint32_t i = 0; i < 100; i++) {
        char desc[TMK_DESC_MAX];
        random_layer(&stream, desc, sizeof desc);
        check(desc, (int)i % VARIANTS, thread_counts[i / VARIANTS % COUNT(thread_counts)], i);
    }
}

/* Several blocks of tiles and of channels, several segments, streamed outputs, cut sums. */
static void test_layers(void **state)
{
    (void)state;
    static const char *const descs[] = {
        "mb1ic3oc7ih1kh3ph1",     "mb1ic5oc3ih3kh3ph0",          "mb9ic20oc20ih28kh3ph1",
        "mb1ic131oc70ih29kh3ph1", "mb2ic17oc33ih144oh144kh3ph1", "mb1ic40oc161ih7kh3ph2",
        "mb1ic3oc7ih1kh5ph2",     "mb9ic20oc20ih28kh5ph2",       "mb2ic33oc130ih7kh5ph4",
    };
    for (uint32_t i = 0; i < COUNT(descs); i++) {
        for (int variant = 0; variant < VARIANTS; variant++)
            check(descs[i], variant, thread_counts[i % COUNT(thread_counts)], 5 + i);
    }
}

static void test_same_bits_at_any_thread_count(void **state)
{
    (void)state;
    static const char *const descs[] = {"mb3ic70oc90ih30kh3ph1", "g2mb2ic12oc8ih65kh3ph0",
                                        "mb1ic130oc300ih5kh3ph1", "mb8ic32oc128ih7kh5ph2"};
    for (size_t i = 0; i < COUNT(descs) * VARIANTS * TMK_NDIRS; i++) {
        const enum tmk_dir dir = (enum tmk_dir)(i % TMK_NDIRS);
        const char *desc = descs[i / TMK_NDIRS / VARIANTS];
        const struct tmk_conv2d p = variant_of(desc, true, (int)(i / TMK_NDIRS % VARIANTS));
        struct tmk_data one = make_data(&p), many = make_data(&p);
        fill_inputs(&one, dir, TMK_FILL_REAL, 8);
        run_impl(&p, winograd(), dir, 1, &one);
        for (size_t t = 1; t < COUNT(thread_counts); t++) {
            fill_inputs(&many, dir, TMK_FILL_REAL, 8);
            learn_paces(thread_counts[t], t + i);
            run_impl(&p, winograd(), dir, thread_counts[t], &many);
            if (memcmp(one.memory, many.memory, one.bytes) != 0)
                fail_msg("%s %s: %d threads give other bits than 1", desc, tmk_dir_name[dir],
                         thread_counts[t]);
        }
        tmk_data_free(&one);
        tmk_data_free(&many);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *desc, *why;
    } cases[] = {
        {"mb1ic8oc8ih9kh7ph3", "needs a 3x3 or 5x5 kernel"},
        {"mb1ic8oc8_ih9kh3ph1_iw9kw1pw0", "needs a 3x3 or 5x5 kernel"},
        {"mb1ic8oc8ih9kh3sh2ph1", "needs stride 1"},
        {"mb1ic8oc8ih9kh3ph2dh1", "needs dilation 1"},
        {"mb1ic8oc8ih9kh3ph1", NULL},
        {"mb1ic8oc8ih9kh5ph2", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct tmk_conv2d p = variant_of(cases[i].desc, true, 0);
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            const char *why = tmk_impl_refusal(winograd(), &p.base, (enum tmk_dir)dir);
            if (cases[i].why)
                assert_string_equal(why, cases[i].why);
            else
                assert_null(why);
        }
    }
}

/* The workspace of a part grows with the input channels only. */
static void test_workspace_is_bounded(void **state)
{
    (void)state;
    static const char *const descs[] = {"mb1ic512oc512ih28kh3ph1", "mb64ic64oc64ih224kh3ph1",
                                        "mb1ic64oc2048ih56kh3ph1"};
    for (size_t i = 0; i < COUNT(descs); i++) {
        const struct tmk_conv2d p = variant_of(descs[i], true, 0);
        for (int dir = 0; dir < TMK_NDIRS; dir++)
            assert_true(tmk_impl_workspace(winograd(), &p.base, (enum tmk_dir)dir, 1) <= (size_t)16
                                                                                             << 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_problems),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_same_bits_at_any_thread_count),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_workspace_is_bounded),
    };
    return cmocka_run_group_tests_name("winograd", tests, NULL, NULL);
}
