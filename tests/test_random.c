/* Random streams against the numbers of numpy, torch and the C++ standard. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "random.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void first_outputs_of_mt19937(void **state)
{
    (void)state;
    static const uint32_t cases[][3] = {/* seed, first, second output */
                                        {0, 2357136044u, 2546248239u},
                                        {1, 1791095845u, 4282876139u},
                                        {1919810, 2934210233u, 619439512u}};
    struct tmk_random random;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tmk_random_seed(&random, cases[i][0]);
        assert_int_equal(tmk_random_u32(&random), cases[i][1]);
        assert_int_equal(tmk_random_u32(&random), cases[i][2]);
    }
}

/* The C++ standard demands this of std::mt19937 ([rand.predef]): seed 5489, output 10000. */
static void ten_thousandth_output_of_mt19937(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 5489);
    for (int i = 1; i < 10000; i++)
        tmk_random_u32(&random);
    assert_int_equal(tmk_random_u32(&random), 4123659995u);
}

static void torch_uniform_recipes(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 0); /* torch.manual_seed(0); torch.rand(2) */
    assert_true(tmk_random_f32(&random) == (float)(2357136044u & 0xffffff) / 16777216);
    assert_true(tmk_random_f32(&random) == (float)(2546248239u & 0xffffff) / 16777216);
    tmk_random_seed(&random, 0);
    assert_true(fabsf(tmk_random_f32(&random) - 0.4962566f) < 5e-8f); /* as torch prints it */
    assert_true(fabsf(tmk_random_f32(&random) - 0.7682218f) < 5e-8f);
    tmk_random_seed(&random, 1);
    uint64_t both = (uint64_t)1791095845 << 32 | 4282876139;
    assert_true(tmk_random_f64(&random) ==
                (double)(both % (UINT64_C(1) << 53)) / 9007199254740992.0);
    tmk_random_seed(&random, 1919810);
    assert_int_equal(tmk_random_below(&random, 10), 3);
    assert_int_equal(tmk_random_below(&random, 10), 2);
}

static void uniform_numbers_stay_in_range(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 7);
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        float f = tmk_random_f32(&random);
        double d = tmk_random_f64(&random);
        assert_true(f >= 0 && f < 1 && d >= 0 && d < 1);
        sum += d;
    }
    assert_true(fabs(sum / 100000 - 0.5) < 0.01);
    assert_int_equal(tmk_random_below(&random, 1), 0);
}

/* Skip to the tensor of that name and compare its values bit by bit with the next draws. */
static void assert_draws(const char *text, const char *tensor, int count, double mean,
                         struct tmk_random *random)
{
    const char *at = strstr(text, tensor);
    assert_non_null(at);
    at = strchr(at, '\n');
    for (int i = 0; i < count; i++) {
        char *end;
        double expected = strtod(at, &end);
        assert_true(end != at);
        at = end;
        double got = mean + tmk_random_normal(random);
        if (got != expected)
            fail_msg("%s[%d] is %.17g, not %.17g", tensor, i, got, expected);
    }
}

static void numpy_normal_recipe(void **state)
{
    (void)state;
    char path[512], *text = NULL;
    const char *folder = getenv("TMK_TEST_DIR");
    snprintf(path, sizeof path, "%s/golden/docs/doc000.txt", folder ? folder : ".");
    assert_int_equal(tmk_read_file(path, &text), TMK_OK);
    struct tmk_random random;
    tmk_random_seed(&random, 1919810);
    assert_draws(text, "tensor X 2 10 10", 100, 0, &random);
    assert_draws(text, "tensor K 2 3 3", 9, 0, &random);
    assert_draws(text, "tensor S 2 10 10", 100, 0, &random);
    assert_draws(text, "tensor G 2 3 3", 9, 5, &random);
    free(text);
}

static void seeding_forgets_the_spare_normal(void **state)
{
    (void)state;
    struct tmk_random random;
    tmk_random_seed(&random, 3);
    double first = tmk_random_normal(&random);
    tmk_random_seed(&random, 3);
    assert_true(tmk_random_normal(&random) == first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_outputs_of_mt19937),
        cmocka_unit_test(ten_thousandth_output_of_mt19937),
        cmocka_unit_test(torch_uniform_recipes),
        cmocka_unit_test(uniform_numbers_stay_in_range),
        cmocka_unit_test(numpy_normal_recipe),
        cmocka_unit_test(seeding_forgets_the_spare_normal),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
