/* The blocked engine: products that go ways of their own, with few rows or columns, of little depth
 * or of much. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "contraction.h"
#include "plan.h"
#include "size.h"

/* Two products of up to 2 * m x k and k x n elements, operands laid out anyhow; from least_n and
 * least_k to ten times as much. */
static void long_ones(uint32_t seed, uint32_t most_m, uint32_t least_n, uint32_t least_k)
{
    struct tmk_random random;
    tmk_random_seed(&random, seed);
    const size_t m = up_to(&random, most_m);
    const size_t n = least_n + up_to(&random, 9 * least_n);
    const size_t k = least_k + up_to(&random, 9 * least_k);
    struct tmk_gemm g = {.dtype = (enum tmk_dtype)tmk_random_below(&random, 2),
                         .accumulate = tmk_random_below(&random, 2),
                         .batch = {1, {2}},
                         .m = {2, {m, 2}},
                         .n = {1, {n}},
                         .k = {1, {k}}};
    struct layout a = {0}, b = {0}, c = {0};
    add(&a, 2, &g.batch.a[0]);
    add(&b, 2, &g.batch.b[0]);
    add(&c, 2, &g.batch.c[0]);
    for (int i = 0; i < 2; i++) {
        add(&a, g.m.extent[i], &g.m.first[i]);
        add(&c, g.m.extent[i], &g.m.second[i]);
    }
    add(&b, n, &g.n.first[0]);
    add(&c, n, &g.n.second[0]);
    add(&a, k, &g.k.first[0]);
    add(&b, k, &g.k.second[0]);
    size_t na = lay_out(&a, &random), nb = lay_out(&b, &random), nc = lay_out(&c, &random);
    size_t bytes = tmk_dtype_size(g.dtype);
    void *am = malloc(na * bytes), *bm = malloc(nb * bytes), *bias = malloc(4 * m * bytes);
    g.c = malloc(nc * bytes);
    fill(am, g.dtype, na, &random);
    fill(bm, g.dtype, nb, &random);
    fill(bias, g.dtype, 4 * m, &random);
    fill(g.c, g.dtype, nc, &random);
    g.a = am;
    g.b = bm;
    g.bias = tmk_random_below(&random, 2) ? bias : NULL;
    check(&g, nc, seed);
    free(bias);
    free(am);
    free(bm);
    free(g.c);
}

static void rows_or_columns_may_be_few(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        long_ones(seed, 17, 10, 100);
        long_ones(seed, 60, 3, 100);
    }
}

/* From beyond the caches, or as far as a test may go, rows of B are added, and of A if columns are
 * few. */
static void few_meet_much_from_far(void **state)
{
    enum { N = 1027, MOST_K = 20000 };
    (void)state;
    for (int d = 0; d < TMK_NDTYPES; d++) {
        const size_t k = tmk_last_cache_bytes() / 4 / (N * tmk_dtype_size((enum tmk_dtype)d)) + 1,
                     depth = TMK_MIN(k, MOST_K);
        plain((enum tmk_dtype)d, 3, N, depth);
        plain((enum tmk_dtype)d, 11, N, depth);
        product((enum tmk_dtype)d, N, 16, depth, LEFT);
    }
}

/* No dimension but one is larger than a vector of either type. */
static void all_but_columns_may_be_few(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 60; seed++) {
        long_ones(seed, 8, 1024, 1);
        long_ones(seed, 3, 1024, 1);
    }
}

/* Past the caches or not, aligned or not. */
static void outer(enum tmk_dtype dtype, size_t rows, bool past, size_t shift, size_t width)
{
    enum { K = 3, ROWS = 9 };
    const struct tmk_micro *micro = tmk_micro(dtype);
    const size_t bytes = tmk_dtype_size(dtype);
    struct tmk_random random;
    tmk_random_seed(&random, 1);
    _Alignas(64) double a[ROWS * K], b[K * 5 * TMK_MICRO_MAX_NR],
        c[(ROWS + 1) * 5 * TMK_MICRO_MAX_NR];
    double row_bias[ROWS], col_bias[5 * TMK_MICRO_MAX_NR];
    fill(a, dtype, ROWS * K, &random);
    fill(b, dtype, K * width, &random);
    fill(row_bias, dtype, ROWS, &random);
    fill(col_bias, dtype, width, &random);
    ptrdiff_t row[ROWS];
    for (size_t i = 0; i < rows; i++)
        row[i] = (ptrdiff_t)(i * width);
    char *out = (char *)c + shift * bytes;
    const struct tmk_tile tile = {.kc = K,
                                  .a = a,
                                  .a_row = K,
                                  .a_k = 1,
                                  .b = b,
                                  .b_k = (ptrdiff_t)width,
                                  .b_panel = (ptrdiff_t)micro->nr,
                                  .c = out,
                                  .row = row,
                                  .width = width,
                                  .past = past,
                                  .row_bias = row_bias,
                                  .col_bias = col_bias};
    micro->outer(&tile, rows);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < width; j++) {
            double want = element(row_bias, dtype, (ptrdiff_t)i);
            want += element(col_bias, dtype, (ptrdiff_t)j);
            for (size_t k = 0; k < K; k++)
                want += element(a, dtype, (ptrdiff_t)(i * K + k)) *
                        element(b, dtype, (ptrdiff_t)(k * width + j));
            assert_true(element(out, dtype, (ptrdiff_t)(i * width + j)) == want);
        }
    }
}

static void little_depth_writes_rows(void **state)
{
    (void)state;
    for (int d = 0; d < TMK_NDTYPES; d++) {
        for (size_t rows = 1; rows <= 9; rows++) {
            for (size_t shift = 0; shift < 2; shift++) {
                const size_t lanes = tmk_micro((enum tmk_dtype)d)->lanes;
                outer((enum tmk_dtype)d, rows, false, shift, 5 * lanes);
                outer((enum tmk_dtype)d, rows, true, shift, 5 * lanes);
                outer((enum tmk_dtype)d, rows, false, shift, 5 * lanes - 1);
            }
        }
        plain((enum tmk_dtype)d, 1021, 1024, 3);
        plain((enum tmk_dtype)d, 1024, 1021, 15);
        product((enum tmk_dtype)d, 1021, 1024, 3, RIGHT);
        product((enum tmk_dtype)d, 1021, 1019, 31, RIGHT);
        plain((enum tmk_dtype)d, 1030, 1040, 1);
        product((enum tmk_dtype)d, 50, 1100, 31, LEFT); /* rows of A brought together */
    }
    plain(TMK_F32, 2100, 2064, 50); /* more than the caches keep */
}

static void deep_products_are_cut_into_pieces(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++)
        long_ones(seed, 9, 1, 1000);
    for (int d = 0; d < TMK_NDTYPES; d++) {
        plain((enum tmk_dtype)d, 8, 8, 16 << 10);
        plain((enum tmk_dtype)d, 33, 35, 16 << 10);
        plain((enum tmk_dtype)d, 5, 3, 30011);
        product((enum tmk_dtype)d, 101, 33, 9001, RIGHT); /* sums of A's rows, too, */
        product((enum tmk_dtype)d, 33, 101, 9001, RIGHT); /* as columns */
    }
}

static void columns_beyond_whole_vectors(void **state)
{
    (void)state;
    for (int d = 0; d < TMK_NDTYPES; d++) {
        const size_t nr = tmk_micro((enum tmk_dtype)d)->nr;
        for (size_t rest = 0; rest <= 5; rest++) {
            plain((enum tmk_dtype)d, 61, 6 * nr + rest, 1100);
            product((enum tmk_dtype)d, 47, nr + rest, 301, RIGHT);
            product((enum tmk_dtype)d, 61, 6 * nr + rest, 1100, LEFT);
            product((enum tmk_dtype)d, 47, nr + rest, 301, LEFT);
        }
    }
    for (uint32_t seed = 1; seed <= 100; seed++)
        long_ones(seed, 60, 17, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_or_columns_may_be_few),
        cmocka_unit_test(few_meet_much_from_far),
        cmocka_unit_test(all_but_columns_may_be_few),
        cmocka_unit_test(little_depth_writes_rows),
        cmocka_unit_test(deep_products_are_cut_into_pieces),
        cmocka_unit_test(columns_beyond_whole_vectors),
    };
    return RUN_CONTRACTIONS(tests);
}
