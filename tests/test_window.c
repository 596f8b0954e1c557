/* The window view: padding, spreading and sliding against their definition. */
#include "views.h"

#include "random.h"
#include "window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Element of the window view by its definition: spread, pad, slide. */
static double window_element(const struct tmk_view *image, const struct tmk_window *window,
                             const size_t *i)
{
    const struct tmk_window_axis *axes[] = {&window->h, &window->w};
    size_t at[4] = {i[0], i[1]};
    for (int d = 0; d < 2; d++) {
        const struct tmk_window_axis *a = axes[d];
        ptrdiff_t position = (ptrdiff_t)(i[2 + d] * a->stride + i[4 + d] * a->dilation) - a->pad_lo;
        if (position < 0 || position % (ptrdiff_t)a->spread != 0 ||
            position / (ptrdiff_t)a->spread >= (ptrdiff_t)a->in)
            return 0;
        at[2 + d] = (size_t)position / a->spread;
    }
    return tmk_view_get(image, at);
}

struct window_case {
    const struct tmk_view *image, *windows;
    const struct tmk_window *window;
};

static void check_window_element(void *ctx, const size_t *index, void *element)
{
    const struct window_case *c = ctx;
    double expected = window_element(c->image, c->window, index);
    assert_true(*(double *)element == expected);
}

static void check_window(const struct tmk_view *image, const struct tmk_window *window)
{
    size_t shape[] = {image->shape[0], image->shape[1], tmk_window_extent(&window->h),
                      tmk_window_extent(&window->w)};
    size_t count;
    assert_true(tmk_window_padded_count(window, shape[0], shape[1], &count));
    double *memory = malloc(count * sizeof *memory + 1);
    struct tmk_view padded, windows;
    assert_int_equal(tmk_view_make(&padded, TMK_F64, 4, shape, memory, count * sizeof *memory),
                     TMK_OK);
    tmk_view_fill(&padded, NAN);
    assert_int_equal(tmk_window_pad(image, window, &padded), TMK_OK);
    assert_int_equal(tmk_window_view(&padded, window, &windows), TMK_OK);
    struct window_case c = {image, &windows, window};
    tmk_view_each(&windows, check_window_element, &c);
    free(memory);
}

static void window_dilated(void **state)
{
    (void)state;
    double memory[9];
    struct tmk_view image = iota(memory, 4, SHAPE(1, 1, 3, 3)), windows;
    struct tmk_window window = {{3, 1, 2, 1, 2, 1, 0}, {3, 1, 2, 1, 2, 1, 0}};
    assert_int_equal(tmk_window_view(&image, &window, &windows), TMK_OK);
    ASSERT_ELEMENTS(&windows, 0, 2, 6, 8); /* nothing to pad: straight on the image */
    check_window(&image, &window);
}

static void window_padded_on_one_side(void **state)
{
    (void)state;
    double memory[9], out[16];
    struct tmk_view image = iota(memory, 4, SHAPE(1, 1, 3, 3)), padded;
    struct tmk_window window = {{3, 3, 2, 1, 1, 1, 1}, {3, 2, 3, 1, 1, 1, -1}};
    assert_int_equal(tmk_window_extent(&window.h), 4);
    assert_int_equal(tmk_window_extent(&window.w), 4);
    assert_int_equal(tmk_view_make(&padded, TMK_F64, 4, SHAPE(1, 1, 4, 4), out, sizeof out),
                     TMK_OK);
    assert_int_equal(tmk_window_pad(&image, &window, &padded), TMK_OK);
    ASSERT_ELEMENTS(&padded, 0, 0, 0, 0, 1, 2, 0, 0, 4, 5, 0, 0, 7, 8, 0, 0);
}

static void window_spread(void **state)
{
    (void)state;
    double memory[4] = {0}, out[25];
    struct tmk_view image, padded;
    assert_int_equal(tmk_view_make(&image, TMK_F64, 4, SHAPE(1, 1, 2, 2), memory, sizeof memory),
                     TMK_OK);
    tmk_view_fill(&image, 1);
    struct tmk_window window = {{2, 4, 2, 1, 1, 2, 1}, {2, 4, 2, 1, 1, 3, 0}};
    assert_int_equal(tmk_view_make(&padded, TMK_F64, 4, SHAPE(1, 1, 5, 5), out, sizeof out),
                     TMK_OK);
    assert_int_equal(tmk_window_pad(&image, &window, &padded), TMK_OK);
    ASSERT_ELEMENTS(&padded, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0,
                    0);
}

static struct tmk_window_axis random_axis(struct tmk_random *random)
{
    struct tmk_window_axis axis = {
        .in = 1 + tmk_random_below(random, 7),
        .out = tmk_random_below(random, 6),
        .taps = 1 + tmk_random_below(random, 4),
        .stride = 1 + tmk_random_below(random, 4),
        .dilation = 1 + tmk_random_below(random, 3),
        .spread = 1 + tmk_random_below(random, 3),
        .pad_lo = (ptrdiff_t)tmk_random_below(random, 12) - 5,
    };
    return axis;
}

static void window_random(void **state)
{
    (void)state;
    struct tmk_random random;
    double memory[2 * 3 * 7 * 7];
    for (seed = 0; seed < 1000; seed++) {
        tmk_random_seed(&random, seed);
        struct tmk_window window = {random_axis(&random), random_axis(&random)};
        size_t n = 1 + seed % 2, c = 1 + seed % 3, h = window.h.in, w = window.w.in;
        const struct tmk_view nchw = iota(memory, 4, SHAPE(n, c, h, w));
        check_window(&nchw, &window);
        const struct tmk_view nhwc = iota(memory, 4, SHAPE(n, h, w, c));
        const struct tmk_view image = tmk_view_permute(&nhwc, (const int[]){0, 3, 1, 2});
        check_window(&image, &window);
    }
}

static void window_image_cut_off(void **state)
{
    (void)state;
    double memory[4];
    struct tmk_view image = iota(memory, 4, SHAPE(1, 1, 2, 2));
    static const ptrdiff_t pads[] = {-2, -100, 100, PTRDIFF_MAX, PTRDIFF_MIN + 1};
    for (size_t i = 0; i < COUNT_OF(pads); i++) {
        struct tmk_window window = {{2, 2, 2, 1, 1, 1, pads[i]}, {2, 2, 2, 1, 1, 1, 0}};
        double out[9];
        struct tmk_view padded;
        assert_int_equal(tmk_view_make(&padded, TMK_F64, 4, SHAPE(1, 1, 3, 3), out, sizeof out),
                         TMK_OK);
        assert_int_equal(tmk_window_pad(&image, &window, &padded), TMK_OK);
        ASSERT_ELEMENTS(&padded, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}

static void window_overflow(void **state)
{
    (void)state;
    struct tmk_window_axis huge = {1, SIZE_MAX, 2, 3, 1, 1, 0}, one = {1, 1, 1, 1, 1, 1, 0};
    struct tmk_window_axis edge = {1, SIZE_MAX, 1, 1, 1, 1, 0};
    size_t count;
    assert_true(tmk_window_extent(&huge) == SIZE_MAX);
    assert_true(tmk_window_extent(&edge) == SIZE_MAX);
    struct tmk_window window = {huge, one};
    assert_false(tmk_window_padded_count(&window, 1, 1, &count));
    window = (struct tmk_window){edge, one};
    assert_true(tmk_window_padded_count(&window, 1, 1, &count));
    assert_false(tmk_window_padded_count(&window, 2, 1, &count));
    window = (struct tmk_window){{1, 0, 3, 1, 1, 1, 0}, one};
    assert_true(tmk_window_padded_count(&window, 5, 7, &count));
    assert_int_equal(count, 0);
}

static void window_refuses_other_shapes(void **state)
{
    (void)state;
    double memory[16], out[16];
    struct tmk_view image = iota(memory, 4, SHAPE(1, 1, 4, 4));
    struct tmk_view padded = iota(out, 4, SHAPE(1, 1, 4, 4)), windows;
    struct tmk_window window = {{4, 2, 3, 1, 1, 1, 0}, {4, 2, 3, 1, 1, 1, 0}};
    assert_int_equal(tmk_window_pad(&image, &window, &padded), TMK_OK);
    window.h.in = 5;
    assert_int_equal(tmk_window_pad(&image, &window, &padded), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "make it (1, 1, 5, 4)"));
    window.h.out = 3;
    assert_int_equal(tmk_window_pad(&image, &window, &padded), TMK_EINVAL);
    assert_int_equal(tmk_window_view(&padded, &window, &windows), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "make it (N, C, 5, 4)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_dilated),
        cmocka_unit_test(window_padded_on_one_side),
        cmocka_unit_test(window_spread),
        cmocka_unit_test_teardown(window_random, print_seed),
        cmocka_unit_test(window_image_cut_off),
        cmocka_unit_test(window_overflow),
        cmocka_unit_test(window_refuses_other_shapes),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
