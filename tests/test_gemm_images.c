/* The blocked engine on several images: columns, or depth, that run along memory image by image, as
 * those of a 1x1 convolution do in its three directions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "contraction.h"

enum direction { FWD, TURNED, BWD_D, BWD_W };

struct layer {
    size_t images, positions, ic, oc;
};

/* x (images, ic, positions), w (oc, ic), y (images, oc, positions):
 *   FWD    y = w * x + bias     BWD_D    x = w^T * y     BWD_W    w = y * x^T, sums of y
 *   TURNED    y^T = x^T * w^T + bias, one for each position */
static struct tmk_gemm contraction(const struct layer *l, enum direction dir)
{
    const ptrdiff_t positions = (ptrdiff_t)l->positions, ic = (ptrdiff_t)l->ic;
    const ptrdiff_t x_image = ic * positions, y_image = (ptrdiff_t)l->oc * positions;
    switch (dir) {
    case FWD:
        return (struct tmk_gemm){
            .m = {1, {l->oc}, {ic}, {positions}},
            .n = {2, {l->images, l->positions}, {x_image, 1}, {y_image, 1}},
            .k = {1, {l->ic}, {1}, {positions}},
        };
    case TURNED:
        return (struct tmk_gemm){
            .m = {2, {l->images, l->positions}, {x_image, 1}, {y_image, 1}},
            .n = {1, {l->oc}, {ic}, {positions}},
            .k = {1, {l->ic}, {positions}, {1}},
        };
    case BWD_D:
        return (struct tmk_gemm){
            .m = {1, {l->ic}, {1}, {positions}},
            .n = {2, {l->images, l->positions}, {y_image, 1}, {x_image, 1}},
            .k = {1, {l->oc}, {ic}, {positions}},
        };
    default:
        return (struct tmk_gemm){
            .m = {1, {l->oc}, {positions}, {ic}},
            .n = {1, {l->ic}, {positions}, {1}},
            .k = {2, {l->images, l->positions}, {y_image, 1}, {x_image, 1}},
        };
    }
}

static void run(const struct layer *l, enum direction dir, enum tmk_dtype dtype, bool accumulate)
{
    struct tmk_random random;
    tmk_random_seed(&random, (uint32_t)(l->positions + l->oc));
    struct tmk_gemm g = contraction(l, dir);
    enum { X, W, Y };
    static const int operand[][3] = {/* a, b and c */
                                     [FWD] = {W, X, Y},
                                     [TURNED] = {X, W, Y},
                                     [BWD_D] = {W, Y, X},
                                     [BWD_W] = {Y, X, W}};
    const size_t count[] = {[X] = l->images * l->ic * l->positions,
                            [W] = l->oc * l->ic,
                            [Y] = l->images * l->oc * l->positions};
    const size_t na = count[operand[dir][0]], nb = count[operand[dir][1]],
                 nc = count[operand[dir][2]], m = count_of(&g.m), bytes = tmk_dtype_size(dtype);
    void *a = malloc(na * bytes), *b = malloc(nb * bytes), *c = malloc(nc * bytes);
    void *bias = malloc(m * bytes), *sums = malloc(m * bytes);
    fill(a, dtype, na, &random);
    fill(b, dtype, nb, &random);
    fill(c, dtype, nc, &random);
    fill(bias, dtype, m, &random);
    memset(sums, 0xff, m * bytes);
    g.dtype = dtype;
    g.a = a;
    g.b = b;
    g.c = c;
    g.accumulate = accumulate;
    g.bias = dir == FWD || dir == TURNED ? bias : NULL;
    g.sums = sums;
    g.sum_rows = dir == BWD_W;
    g.sum_rows = g.sum_rows && tmk_gemm_can_sum_rows(&g);
    check(&g, nc, (uint32_t)dir);
    if (g.sum_rows)
        check_sums(&g);
    free(a);
    free(b);
    free(c);
    free(bias);
    free(sums);
}

static void run_layers(const struct layer *layers, size_t count, enum direction dir)
{
    for (size_t i = 0; i < count; i++) {
        for (int d = 0; d < TMK_NDTYPES; d++) {
            run(&layers[i], dir, (enum tmk_dtype)d, false);
            run(&layers[i], dir, (enum tmk_dtype)d, true);
        }
    }
}
#define RUN(layers, dir) run_layers(layers, sizeof(layers) / sizeof(layers)[0], dir)

/* Positions of no, some and three whole vectors and what is beyond, few and many rows, little and
 * much depth, more threads than images. */
static const struct layer layers[] = {
    {2, 9, 35, 21},  {3, 48, 70, 33},  {3, 49, 130, 40}, {8, 49, 33, 16},
    {2, 64, 40, 24}, {5, 69, 17, 50},  {3, 128, 16, 64}, {2, 196, 64, 30},
    {3, 80, 64, 70}, {2, 25, 140, 12}, {3, 112, 40, 16}, {2, 80, 30, 17},
};

static void panels_keep_to_images(void **state)
{
    (void)state;
    RUN(layers, FWD);
    RUN(layers, TURNED);
    RUN(layers, BWD_D);
}

/* Rows of several panels that are no whole cache lines apart, or far, are packed, and stay so for
 * several blocks of A. */
static void stray_rows_are_packed(void **state)
{
    static const struct layer stray[] = {
        {2, 100, 540, 490},
        {1, 141, 530, 320},
        {2, 196, 70, 180},
        {1, 512, 150, 160},
    };
    (void)state;
    RUN(stray, FWD);
    RUN(stray, BWD_D);
}

/* Runs of k are whole, or parts of one; few rows become columns, and sums those of columns; what
 * they are summed up to over several blocks lies apart. */
static void depth_runs_image_by_image(void **state)
{
    static const struct layer deep[] = {
        {8, 49, 60, 32},  {7, 49, 40, 48},  {3, 100, 50, 16},
        {2, 784, 40, 20}, {2, 1030, 9, 35}, {6, 200, 230, 112},
    };
    (void)state;
    RUN(layers, BWD_W);
    RUN(deep, BWD_W);
}

/* Few columns with an A across are computed as rows. */
static void few_columns_become_rows(void **state)
{
    static const struct layer few[] = {
        {1, 49, 70, 300},  {1, 49, 320, 257}, {1, 30, 100, 1031},
        {3, 49, 150, 300}, {8, 9, 100, 260},
    };
    (void)state;
    RUN(few, BWD_D);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_keep_to_images),
        cmocka_unit_test(stray_rows_are_packed),
        cmocka_unit_test(depth_runs_image_by_image),
        cmocka_unit_test(few_columns_become_rows),
    };
    return RUN_CONTRACTIONS(tests);
}
