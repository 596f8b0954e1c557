/* conv2d on cases with known answers: where published implementations go wrong, and reference
 * vectors. Every case runs on every implementation, in both layouts and both data types. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv2d_run.h"
#include "vectors.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST 64 /* elements of the largest operand */

/* start, start + step, start + 2 step, ... in row-major order */
struct sequence {
    double start, step;
};

struct answer {
    size_t count; /* 0: not stated */
    double values[MOST];
};

struct conv_case {
    const char *name, *desc;
    bool bias; /* b = 100, 200, ... */
    struct sequence x, w, dy;
    struct answer y, dx, dw, db;
};

static const struct sequence from_0 = {0, 1}, from_1 = {1, 1}, ones = {1, 0};

static void fill(const struct tmk_view *operand, struct sequence sequence)
{
    double values[MOST];
    assert_true(tmk_view_count(operand) <= MOST);
    for (size_t i = 0; i < tmk_view_count(operand); i++)
        values[i] = sequence.start + (double)i * sequence.step;
    put_values(operand, values);
}

static void compare(const struct tmk_view *operand, const struct answer *answer, const char *what,
                    const struct tmk_impl *impl, int variant)
{
    double values[MOST];
    if (answer->count == 0)
        return;
    assert_int_equal(tmk_view_count(operand), answer->count);
    get_values(operand, values);
    for (size_t i = 0; i < answer->count; i++) {
        if (values[i] != answer->values[i])
            fail_msg("%s, %s, %s: %s element %zu is %g, not %g", impl->name,
                     tmk_layout_name[variant / TMK_NDTYPES], tmk_dtype_name[variant % TMK_NDTYPES],
                     what, i, values[i], answer->values[i]);
    }
}

static void run_direction(const struct conv_case *c, const struct tmk_conv2d *p,
                          const struct tmk_impl *impl, enum tmk_dir dir, int variant)
{
    struct tmk_data data = make_data(p);
    const struct tmk_view *operand = data.args.operand;
    const struct sequence inputs[TMK_NOPERANDS] = {
        [TMK_SRC] = c->x, [TMK_WEI] = c->w, [TMK_BIA] = {100, 100}, [TMK_DST] = c->dy};
    for (int i = 0; i < TMK_NOPERANDS; i++) {
        if (tmk_dir_writes(dir, (enum tmk_operand)i))
            tmk_view_fill(&operand[i], 1e30);
        else
            fill(&operand[i], inputs[i]);
    }
    run_impl(p, impl, dir, 2, &data);
    if (dir == TMK_FWD)
        compare(&operand[TMK_DST], &c->y, "y", impl, variant);
    if (dir == TMK_BWD_D)
        compare(&operand[TMK_SRC], &c->dx, "dx", impl, variant);
    if (dir == TMK_BWD_W) {
        compare(&operand[TMK_WEI], &c->dw, "dw", impl, variant);
        compare(&operand[TMK_BIA], &c->db, "db", impl, variant);
    }
    tmk_data_free(&data);
}

static void run_case(void **state)
{
    const struct conv_case *c = *state;
    for (int variant = 0; variant < VARIANTS; variant++) {
        const struct tmk_conv2d p = variant_of(c->desc, c->bias, variant);
        for (const struct tmk_impl *const *impl = tmk_op_conv2d.impls; *impl; impl++) {
            for (int dir = 0; dir < TMK_NDIRS; dir++) {
                if (!tmk_impl_refusal(*impl, &p.base, (enum tmk_dir)dir))
                    run_direction(c, &p, *impl, (enum tmk_dir)dir, variant);
            }
        }
    }
}

static void check_vector(const struct tmk_vector *vector, int variant)
{
    struct tmk_problem *problem;
    if (tmk_vector_problem(vector, (enum tmk_dtype)(variant % TMK_NDTYPES),
                           (enum tmk_layout)(variant / TMK_NDTYPES), &problem) != TMK_OK)
        fail_msg("%s: %s", vector->name, tmk_message());
    for (const struct tmk_impl *const *impl = tmk_op_conv2d.impls; *impl; impl++) {
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            for (int threads = 1; threads <= 2; threads++) {
                struct tmk_verdict verdict;
                if (tmk_impl_refusal(*impl, problem, (enum tmk_dir)dir))
                    continue;
                if (tmk_vector_check(vector, problem, *impl, (enum tmk_dir)dir, threads,
                                     &verdict) != TMK_OK)
                    fail_msg("%s %s: %s", vector->name, (*impl)->name, tmk_message());
                if (!verdict.passed)
                    fail_msg("%s %s %s, variant %d, %d threads: %s", vector->name, (*impl)->name,
                             tmk_dir_name[dir], variant, threads, verdict.text);
            }
        }
    }
    free(problem);
}

static void check_vectors(const char *pattern, size_t expected)
{
    char path[1024];
    glob_t found;
    const char *tests = getenv("TMK_TEST_DIR");
    assert_non_null(tests);
    snprintf(path, sizeof path, "%s/golden/%s", tests, pattern);
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, expected);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct tmk_vector vector;
        if (tmk_vector_read(found.gl_pathv[i], &vector) != TMK_OK)
            fail_msg("%s", tmk_message());
        for (int variant = 0; variant < VARIANTS; variant++)
            check_vector(&vector, variant);
        tmk_vector_free(&vector);
    }
    globfree(&found);
}

static void test_golden_vectors(void **state)
{
    (void)state;
    check_vectors("conv_*.txt", 22);
}

static void test_published_vectors(void **state)
{
    (void)state;
    check_vectors("docs/doc003*.txt", 4);
}

int main(void)
{
    const struct conv_case cases[] = {
        {.name = "dilation spreads the kernel, not the input",
         .desc = "mb1ic1ih3oc1kh2dh1",
         .x = from_0,
         .w = from_1,
         .dy = ones,
         .y = {1, {54}},
         .dx = {9, {1, 0, 2, 0, 0, 0, 3, 0, 4}},
         .dw = {4, {0, 2, 6, 8}}},
        {.name = "sizes that do not align with the stride",
         .desc = "mb1ic1ih4oc1kh3sh2",
         .x = from_0,
         .w = ones,
         .dy = ones,
         .y = {1, {45}},
         .dx = {16, {1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0}},
         .dw = {9, {0, 1, 2, 4, 5, 6, 8, 9, 10}}},
        {.name = "dilation forward",
         .desc = "mb1ic1ih5oc1kh2dh1",
         .x = from_0,
         .w = from_1,
         .y = {9, {82, 92, 102, 132, 142, 152, 182, 192, 202}}},
        {.name = "dilation in the weight gradient",
         .desc = "mb1ic1ih5oc1kh2dh1",
         .x = from_0,
         .w = from_1,
         .dy = from_1,
         .dw = {4, {366, 456, 816, 906}}},
        {.name = "padding (0, 1)",
         .desc = "mb1ic1ih3iw3oc1kh2kw2ph0pw1",
         .x = from_0,
         .w = from_1,
         .dy = ones,
         .y = {8, {12, 27, 37, 17, 30, 57, 67, 29}},
         .dx = {9, {3, 3, 3, 10, 10, 10, 7, 7, 7}},
         .dw = {4, {15, 15, 33, 33}}},
        {.name = "a non-square kernel backward",
         .desc = "mb1ic1ih5iw5oc1kh1kw3",
         .x = from_0,
         .w = ones,
         .dy = ones,
         .dx = {25, {1, 2, 3, 2, 1, 1, 2, 3, 2, 1, 1, 2, 3, 2, 1, 1, 2, 3, 2, 1, 1, 2, 3, 2, 1}},
         .dw = {3, {165, 180, 195}}},
        {.name = "the data gradient of several output channels",
         .desc = "mb1ic1ih3oc2kh2",
         .x = from_1,
         .w = from_1,
         .dy = from_1,
         .dx = {9, {26, 64, 40, 76, 184, 112, 58, 136, 80}}},
        {.name = "a 1x1 kernel over several channels",
         .desc = "mb1ic2ih3oc1kh1",
         .x = from_1,
         .w = from_1,
         .dy = ones,
         .y = {9, {21, 24, 27, 30, 33, 36, 39, 42, 45}},
         .dx = {18, {1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2}},
         .dw = {2, {45, 126}}},
        {.name = "a stride larger than the kernel leaves gaps in dx",
         .desc = "mb1ic1ih1iw7oc1kh1kw1sw3",
         .x = from_1,
         .w = {5, 0},
         .dy = from_1,
         .y = {3, {5, 20, 35}},
         .dx = {7, {5, 0, 0, 10, 0, 0, 15}},
         .dw = {1, {1 * 1 + 2 * 4 + 3 * 7}}},
        {.name = "negative padding at the right is never read",
         .desc = "mb1ic1ih1iw6oc1ow2kh1kw2pw1",
         .x = from_1,
         .w = from_1,
         .dy = ones,
         .y = {2, {2, 5}},
         .dx = {6, {3, 2, 0, 0, 0, 0}},
         .dw = {2, {1, 3}}},
        {.name = "taps always in padding have a zero gradient",
         .desc = "mb1ic1ih1oc1kh3ph1",
         .x = {7, 0},
         .w = from_1,
         .dy = {2, 0},
         .y = {1, {35}},
         .dx = {1, {10}},
         .dw = {9, {0, 0, 0, 0, 14, 0, 0, 0, 0}}},
        {.name = "windows that see padding only",
         .desc = "mb1ic1ih1iw1oc1kh1kw1ph2pw0",
         .bias = true,
         .x = {3, 0},
         .w = {2, 0},
         .dy = from_1,
         .y = {5, {100, 100, 106, 100, 100}},
         .dx = {1, {6}},
         .dw = {1, {9}},
         .db = {1, {15}}},
        {.name = "groups see their own channels, the batch adds up",
         .desc = "g2mb2ic2ih1iw2oc4kh1kw1",
         .bias = true,
         .x = from_1, /* images (1 2; 3 4), (5 6; 7 8) */
         .w = from_1,
         .dy = ones,
         .y = {16,
               {101, 102, 202, 204, 309, 312, 412, 416, 105, 106, 210, 212, 321, 324, 428, 432}},
         .dx = {8, {3, 3, 7, 7, 3, 3, 7, 7}},
         .dw = {4, {14, 14, 22, 22}},
         .db = {4, {4, 4, 4, 4}}},
    };
    struct CMUnitTest tests[COUNT(cases) + 2] = {
        cmocka_unit_test(test_golden_vectors),
        cmocka_unit_test(test_published_vectors),
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i + 2] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_case, .initial_state = (void *)&cases[i]};
    return cmocka_run_group_tests_name("conv2d_cases", tests, NULL, NULL);
}
