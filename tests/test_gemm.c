/* The blocked engine: contractions against a loop over every element. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "contraction.h"
#include "plan.h"

static int random_index(struct tmk_gemm_index *index, struct tmk_random *random, size_t largest)
{
    index->axes = (int)tmk_random_below(random, 4);
    for (int i = 0; i < index->axes; i++)
        index->extent[i] = 1 + tmk_random_below(random, (uint32_t)largest >> i);
    return index->axes;
}

/* Every other time so small that even little matrices have several. */
static struct tmk_gemm_blocks some_blocks(uint32_t seed)
{
    return seed % 2 ? (struct tmk_gemm_blocks){.kc = 1 + seed % 40, .mc = 1}
                    : (struct tmk_gemm_blocks){0};
}

static void random_contraction(uint32_t seed)
{
    struct tmk_random random;
    tmk_random_seed(&random, seed);
    struct tmk_gemm g = {.dtype = (enum tmk_dtype)tmk_random_below(&random, 2),
                         .accumulate = tmk_random_below(&random, 2),
                         .blocks = some_blocks(seed)};
    struct layout a = {0}, b = {0}, c = {0};
    g.batch.axes = (int)tmk_random_below(&random, 3);
    for (int i = 0; i < g.batch.axes; i++) {
        g.batch.extent[i] = 1 + tmk_random_below(&random, 3);
        add(&a, g.batch.extent[i], &g.batch.a[i]);
        add(&b, g.batch.extent[i], &g.batch.b[i]);
        add(&c, g.batch.extent[i], &g.batch.c[i]);
    }
    for (int i = 0, n = random_index(&g.m, &random, 20); i < n; i++) {
        add(&a, g.m.extent[i], &g.m.first[i]);
        add(&c, g.m.extent[i], &g.m.second[i]);
    }
    for (int i = 0, n = random_index(&g.n, &random, 20); i < n; i++) {
        add(&b, g.n.extent[i], &g.n.first[i]);
        add(&c, g.n.extent[i], &g.n.second[i]);
    }
    for (int i = 0, n = random_index(&g.k, &random, 16); i < n; i++) {
        add(&a, g.k.extent[i], &g.k.first[i]);
        add(&b, g.k.extent[i], &g.k.second[i]);
    }
    size_t na = lay_out(&a, &random), nb = lay_out(&b, &random), nc = lay_out(&c, &random);
    size_t element_bytes = tmk_dtype_size(g.dtype);
    void *am = malloc(na * element_bytes), *bm = malloc(nb * element_bytes);
    g.c = malloc(nc * element_bytes);
    size_t nbias = 9 * count_of(&g.m); /* at most 3 x 3 batch elements */
    void *bias = malloc(nbias * element_bytes);
    fill(bias, g.dtype, nbias, &random);
    g.bias = tmk_random_below(&random, 2) ? bias : NULL;
    fill(am, g.dtype, na, &random);
    fill(bm, g.dtype, nb, &random);
    fill(g.c, g.dtype, nc, &random);
    g.a = am;
    g.b = bm;
    check(&g, nc, seed);
    free(bias);
    free(am);
    free(bm);
    free(g.c);
}

static void random_contractions(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 300; seed++)
        random_contraction(seed);
}

/* B a window on an image (images, channels, h, w) in nchw or nhwc order, padded anyhow. */
static void random_window(uint32_t seed)
{
    struct tmk_random random;
    tmk_random_seed(&random, seed);
    size_t n = up_to(&random, 3), ch = up_to(&random, 9), h = up_to(&random, 12);
    size_t w = up_to(&random, 40), kh = up_to(&random, 4), kw = up_to(&random, 4);
    size_t oh = up_to(&random, 8), ow = up_to(&random, 40), m = up_to(&random, 20);
    ptrdiff_t sh = (ptrdiff_t)up_to(&random, 3), sw = (ptrdiff_t)up_to(&random, 3);
    ptrdiff_t dh = (ptrdiff_t)up_to(&random, 3) - 2, dw = (ptrdiff_t)up_to(&random, 4) - 2;
    bool nhwc = tmk_random_below(&random, 2);
    ptrdiff_t is = nhwc ? (ptrdiff_t)ch : 1, cs = nhwc ? 1 : (ptrdiff_t)(h * w);
    ptrdiff_t rs = is * (ptrdiff_t)w, ns = (ptrdiff_t)(ch * h * w);
    ptrdiff_t y0 = (ptrdiff_t)tmk_random_below(&random, 7) - 3;
    ptrdiff_t x0 = (ptrdiff_t)tmk_random_below(&random, 7) - 3;
    size_t cols = n * oh * ow, depth = ch * kh * kw;
    ptrdiff_t d = (ptrdiff_t)depth;
    struct tmk_gemm g = {
        .dtype = (enum tmk_dtype)tmk_random_below(&random, 2),
        .m = {1, {m}, {d}, {(ptrdiff_t)cols}},
        .n = {3, {n, oh, ow}, {ns, sh * rs, sw * is}, {(ptrdiff_t)(oh * ow), (ptrdiff_t)ow, 1}},
        .k = {3, {ch, kh, kw}, {(ptrdiff_t)(kh * kw), (ptrdiff_t)kw, 1}, {cs, dh * rs, dw * is}},
        .window = {.on = true,
                   .y0 = y0,
                   .x0 = x0,
                   .k_y = {0, dh, 0},
                   .k_x = {0, 0, dw},
                   .n_y = {0, sh, 0},
                   .n_x = {0, 0, sw},
                   .h = h,
                   .w = w},
        .blocks = some_blocks(seed),
    };
    if (tmk_random_below(&random, 2)) { /* columns of C apart: the engine exchanges A and B */
        g.m.second[0] = 1;
        for (int i = 0; i < 3; i++)
            g.n.second[i] *= (ptrdiff_t)m;
    }
    size_t bytes = tmk_dtype_size(g.dtype);
    char *a = malloc(m * depth * bytes), *b = malloc(n * ch * h * w * bytes);
    g.c = malloc(m * cols * bytes);
    fill(a, g.dtype, m * depth, &random);
    fill(b, g.dtype, n * ch * h * w, &random);
    memset(g.c, 0xff, m * cols * bytes);
    g.a = a;
    g.b = b + (y0 * rs + x0 * is) * (ptrdiff_t)bytes;
    check(&g, m * cols, seed);
    free(a);
    free(b);
    free(g.c);
}

static void random_windows(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 300; seed++)
        random_window(seed);
}

/* Sizes at and around the register tile and the blocks. */
static void tiles_and_blocks_at_their_edges(void **state)
{
    (void)state;
    for (int d = 0; d < TMK_NDTYPES; d++) {
        const struct tmk_micro *micro = tmk_micro((enum tmk_dtype)d);
        for (size_t dm = 0; dm < 3; dm++) {
            for (size_t dn = 0; dn < 3; dn++)
                plain((enum tmk_dtype)d, 2 * micro->mr - 1 + dm, 2 * micro->nr - 1 + dn, 5);
        }
        for (size_t m = 9; m < 52; m += 7) { /* three vectors of columns: wide tiles */
            plain((enum tmk_dtype)d, m, 3 * micro->lanes, 131);
            product((enum tmk_dtype)d, m, 3 * micro->lanes + 1, 700, LEFT);
            plain((enum tmk_dtype)d, 250 + m, 9 * micro->lanes, 91); /* several of them */
        }
        plain((enum tmk_dtype)d, 301, 18 * micro->lanes, 205);
        for (size_t n = 3; n < 9; n++) /* and others after panels of two vectors */
            plain((enum tmk_dtype)d, 16, n * micro->lanes + n % 2 * 3, 300);
        plain((enum tmk_dtype)d, 1, 1, 3000);
        plain((enum tmk_dtype)d, 3, 5, 1201);
        plain((enum tmk_dtype)d, 401, 3, 700);
        plain((enum tmk_dtype)d, 2, 9001, 311);
        for (size_t m = 1; m <= TMK_MICRO_THIN + 1; m++)
            plain((enum tmk_dtype)d, m, 1027, 643);
        plain((enum tmk_dtype)d, 307, 211, 503);
        product((enum tmk_dtype)d, 307, 511, 503, LEFT);
        product((enum tmk_dtype)d, 307, 511, 503, RIGHT);
    }
}

/* On any number of threads; rows may lie apart. */
static void small_products_need_no_plan(void **state)
{
    (void)state;
    enum { M = 97, N = 96, K = 70, MOST = 110 * 110 };
    static double a[MOST], b[MOST], c[MOST];
    struct tmk_random random;
    tmk_random_seed(&random, 1);
    for (int i = 0; i < 16; i++) {
        const enum tmk_dtype dtype = i % 2 ? TMK_F64 : TMK_F32;
        const size_t m = i & 2 ? M : 34, n = i & 4 ? N : 48, apart = i & 8 ? 7 : 0;
        fill(a, dtype, MOST, &random);
        fill(b, dtype, MOST, &random);
        fill(c, dtype, MOST, &random);
        struct tmk_gemm g = {.dtype = dtype,
                             .a = a,
                             .b = b,
                             .c = c,
                             .m = {1, {m}, {K + (ptrdiff_t)apart}, {(ptrdiff_t)(n + apart)}},
                             .n = {1, {n}, {1}, {1}},
                             .k = {1, {K}, {1}, {(ptrdiff_t)(n + apart)}},
                             .accumulate = apart > 0};
        for (int threads = 1; threads <= 3; threads++)
            assert_int_equal(tmk_gemm_workspace(&g, threads), 0);
        check(&g, MOST, (uint32_t)i);
    }
}

/* Nor do larger ones, unless rows of B lie a large power of two apart, so that they would push each
 * other out. */
static void larger_ones_that_lie_well_need_none(void **state)
{
    (void)state;
    enum { M = 201, N = 224, K = 130, APART = 8192, MOST = K * APART };
    static float a[M * K], b[MOST], c[M * N];
    struct tmk_random random;
    tmk_random_seed(&random, 1);
    fill(a, TMK_F32, M * K, &random);
    fill(b, TMK_F32, MOST, &random);
    for (ptrdiff_t step = N; step <= APART; step += APART - N) {
        struct tmk_gemm g = {.dtype = TMK_F32,
                             .a = a,
                             .b = b,
                             .c = c,
                             .m = {1, {M}, {K}, {N}},
                             .n = {1, {N}, {1}, {1}},
                             .k = {1, {K}, {1}, {step}}};
        assert_int_equal(tmk_gemm_workspace(&g, 2) == 0, step == N);
        check(&g, M * N, 5);
    }
}

/* B stays packed for all blocks of A, some of its columns at a time if they are many and deep. */
static void columns_are_kept_packed(void **state)
{
    (void)state;
    for (int d = 0; d < TMK_NDTYPES; d++) {
        const struct tmk_gemm_blocks small = {.kc = 100, .mc = 30}, deep = {.kc = 2048, .mc = 15};
        product_in_blocks((enum tmk_dtype)d, 100, 133, 301, RIGHT, small);
        product_in_blocks((enum tmk_dtype)d, 101, 130, 301, NONE, small);
        product_in_blocks((enum tmk_dtype)d, 31, 1100, 2048, RIGHT, deep);
    }
}

static void a_small_workspace_is_refused(void **state)
{
    (void)state;
    float x = 1;
    struct tmk_gemm g = {.dtype = TMK_F32, .a = &x, .b = &x, .c = &x};
    struct tmk_exec exec = {.threads = 1};
    assert_int_equal(tmk_gemm_run(&g, &exec), TMK_EINVAL);
    assert_non_null(strstr(tmk_message(), "workspace"));
}

static void phases_are_noted(void **state)
{
    (void)state;
    enum { N = 210 };
    static float a[N * N], b[N * N], c[N * N];
    struct tmk_gemm g = {.dtype = TMK_F32,
                         .a = a,
                         .b = b,
                         .c = c,
                         .m = {1, {N}, {N}, {N}},
                         .n = {1, {N}, {1}, {1}},
                         .k = {1, {N}, {1}, {N}}};
    struct tmk_phases phases[2] = {{{0}}};
    struct tmk_exec exec = {.threads = 2, .phases = phases};
    exec.workspace_bytes = tmk_gemm_workspace(&g, 2);
    assert_int_equal(tmk_alloc(exec.workspace_bytes, "workspace", &exec.workspace), TMK_OK);
    assert_int_equal(tmk_gemm_run(&g, &exec), TMK_OK);
    tmk_free(exec.workspace);
    for (int t = 0; t < 2; t++) {
        assert_true(phases[t].seconds[TMK_PHASE_PACK] > 0);
        assert_true(phases[t].seconds[TMK_PHASE_COMPUTE] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_contractions),
        cmocka_unit_test(random_windows),
        cmocka_unit_test(tiles_and_blocks_at_their_edges),
        cmocka_unit_test(small_products_need_no_plan),
        cmocka_unit_test(larger_ones_that_lie_well_need_none),
        cmocka_unit_test(columns_are_kept_packed),
        cmocka_unit_test(a_small_workspace_is_refused),
        cmocka_unit_test(phases_are_noted),
    };
    return RUN_CONTRACTIONS(tests);
}
