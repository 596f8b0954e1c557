/* The blocked engine: contractions against a loop over every element. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "alloc.h"
#include "gemm.h"
#include "isa.h"
#include "plan.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Contractions. An operand is a list of (axis of an index) in random memory order, dense. */

struct layout {
    int n;
    size_t extent[12];
    ptrdiff_t *step[12]; /* where to write the axis's step */
};

static void add(struct layout *layout, size_t extent, ptrdiff_t *step)
{
    layout->extent[layout->n] = extent;
    layout->step[layout->n++] = step;
}

static size_t lay_out(struct layout *layout, struct tmk_random *random)
{
    int order[12];
    for (int i = 0; i < layout->n; i++) {
        int j = (int)tmk_random_below(random, (uint32_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    size_t count = 1;
    for (int i = 0; i < layout->n; i++) {
        *layout->step[order[i]] = (ptrdiff_t)count;
        count *= layout->extent[order[i]];
    }
    return count;
}

static void fill(void *memory, enum tmk_dtype dtype, size_t count, struct tmk_random *random)
{
    for (size_t i = 0; i < count; i++) {
        int v = (int)tmk_random_below(random, 9) - 4;
        if (dtype == TMK_F32)
            ((float *)memory)[i] = (float)v;
        else
            ((double *)memory)[i] = v;
    }
}

static double element(const void *memory, enum tmk_dtype dtype, ptrdiff_t i)
{
    return dtype == TMK_F32 ? (double)((const float *)memory)[i] : ((const double *)memory)[i];
}

static void next(size_t *index, const size_t *extent, int n)
{
    for (int i = n - 1; i >= 0 && ++index[i] == extent[i]; i--)
        index[i] = 0;
}

static size_t count_of(const struct tmk_gemm_index *index)
{
    size_t count = 1;
    for (int i = 0; i < index->axes; i++)
        count *= index->extent[i];
    return count;
}

static ptrdiff_t dot(const size_t *index, const ptrdiff_t *step, int n)
{
    ptrdiff_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += (ptrdiff_t)index[i] * step[i];
    return sum;
}

/* One element of C by definition. */
static double expected(const struct tmk_gemm *g, const size_t *bi, const size_t *mi,
                       const size_t *ni)
{
    size_t ki[TMK_GEMM_AXES] = {0};
    double sum = 0;
    for (size_t k = 0; k < count_of(&g->k); k++, next(ki, g->k.extent, g->k.axes)) {
        ptrdiff_t y =
            g->window.y0 + dot(ki, g->window.k_y, g->k.axes) + dot(ni, g->window.n_y, g->n.axes);
        ptrdiff_t x =
            g->window.x0 + dot(ki, g->window.k_x, g->k.axes) + dot(ni, g->window.n_x, g->n.axes);
        if (g->window.on &&
            (y < 0 || y >= (ptrdiff_t)g->window.h || x < 0 || x >= (ptrdiff_t)g->window.w))
            continue;
        ptrdiff_t a = dot(bi, g->batch.a, g->batch.axes) + dot(mi, g->m.first, g->m.axes) +
                      dot(ki, g->k.first, g->k.axes);
        ptrdiff_t b = dot(bi, g->batch.b, g->batch.axes) + dot(ni, g->n.first, g->n.axes) +
                      dot(ki, g->k.second, g->k.axes);
        sum += element(g->a, g->dtype, a) * element(g->b, g->dtype, b);
    }
    return sum;
}

/* Run on several team sizes; every element must be right, and the same bits every time. */
static void check(struct tmk_gemm *g, size_t c_count, uint32_t seed)
{
    static const int threads[] = {1, 2, 3, 7};
    size_t bytes = c_count * tmk_dtype_size(g->dtype);
    char *before = malloc(bytes), *first = malloc(bytes);
    memcpy(before, g->c, bytes);
    for (int t = 0; t < 4; t++) {
        struct tmk_exec exec = {.threads = threads[t]};
        exec.workspace_bytes = tmk_gemm_workspace(g, threads[t]);
        assert_int_equal(tmk_alloc(exec.workspace_bytes, "workspace", &exec.workspace), TMK_OK);
        memset(exec.workspace, 0xff, exec.workspace_bytes);
        memcpy(g->c, before, bytes);
        assert_int_equal(tmk_gemm_run(g, &exec), TMK_OK);
        tmk_free(exec.workspace);
        if (t == 0)
            memcpy(first, g->c, bytes);
        else
            assert_memory_equal(first, g->c, bytes);
    }
    size_t bi[TMK_GEMM_AXES] = {0}, batches = 1;
    for (int i = 0; i < g->batch.axes; i++)
        batches *= g->batch.extent[i];
    for (size_t b = 0; b < batches; b++, next(bi, g->batch.extent, g->batch.axes)) {
        size_t mi[TMK_GEMM_AXES] = {0};
        for (size_t m = 0; m < count_of(&g->m); m++, next(mi, g->m.extent, g->m.axes)) {
            size_t ni[TMK_GEMM_AXES] = {0};
            for (size_t n = 0; n < count_of(&g->n); n++, next(ni, g->n.extent, g->n.axes)) {
                ptrdiff_t at = dot(bi, g->batch.c, g->batch.axes) +
                               dot(mi, g->m.second, g->m.axes) + dot(ni, g->n.second, g->n.axes);
                double want =
                    expected(g, bi, mi, ni) + (g->accumulate ? element(before, g->dtype, at) : 0);
                if (g->bias)
                    want += element(g->bias, g->dtype, (ptrdiff_t)(b * count_of(&g->m) + m));
                if (element(g->c, g->dtype, at) != want)
                    fail_msg("seed %u: C(%zu, %zu, %zu) is %g, should be %g", seed, b, m, n,
                             element(g->c, g->dtype, at), want);
            }
        }
    }
    free(before);
    free(first);
}

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

static size_t up_to(struct tmk_random *random, uint32_t largest)
{
    return 1 + tmk_random_below(random, largest);
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

/* Which operand lies transposed. */
enum turned { NONE, LEFT, RIGHT };

static void product_in_blocks(enum tmk_dtype dtype, size_t m, size_t n, size_t k,
                              enum turned turned, struct tmk_gemm_blocks blocks)
{
    struct tmk_random random;
    tmk_random_seed(&random, (uint32_t)(m * 31 + n * 7 + k));
    size_t bytes = tmk_dtype_size(dtype);
    void *a = malloc(m * k * bytes), *b = malloc(k * n * bytes), *c = malloc(m * n * bytes);
    void *bias = malloc(m * bytes);
    fill(a, dtype, m * k, &random);
    fill(b, dtype, k * n, &random);
    fill(bias, dtype, m, &random);
    memset(c, 0xff, m * n * bytes);
    struct tmk_view va, vb, vc;
    const bool left = turned == LEFT, right = turned == RIGHT;
    const size_t of_a[] = {left ? k : m, left ? m : k}, of_b[] = {right ? n : k, right ? k : n};
    assert_int_equal(tmk_view_make(&va, dtype, 2, of_a, a, m * k * bytes), TMK_OK);
    assert_int_equal(tmk_view_make(&vb, dtype, 2, of_b, b, k * n * bytes), TMK_OK);
    assert_int_equal(tmk_view_make(&vc, dtype, 2, (size_t[]){m, n}, c, m * n * bytes), TMK_OK);
    va = left ? tmk_view_transpose(&va, 0, 1) : va;
    vb = right ? tmk_view_transpose(&vb, 0, 1) : vb;
    struct tmk_gemm g = tmk_gemm_matrices(&va, &vb, &vc);
    g.bias = bias;
    g.blocks = blocks;
    g.sum_rows = true;
    g.sum_rows = tmk_gemm_can_sum_rows(&g);
    g.sums = malloc(m * bytes);
    memset(g.sums, 0xff, m * bytes);
    check(&g, m * n, 0);
    for (size_t i = 0; g.sum_rows && i < m; i++) {
        double sum = 0;
        for (size_t l = 0; l < k; l++)
            sum += element(a, dtype, (ptrdiff_t)i * g.m.first[0] + (ptrdiff_t)l * g.k.first[0]);
        assert_true(element(g.sums, dtype, (ptrdiff_t)i) == sum);
    }
    free(g.sums);
    free(bias);
    free(a);
    free(b);
    free(c);
}

static void product(enum tmk_dtype dtype, size_t m, size_t n, size_t k, enum turned turned)
{
    product_in_blocks(dtype, m, n, k, turned, (struct tmk_gemm_blocks){0});
}

static void plain(enum tmk_dtype dtype, size_t m, size_t n, size_t k)
{
    product(dtype, m, n, k, NONE);
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
        }
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

/* On one thread, or on any if there is next to nothing to do; rows may lie apart. */
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
        assert_int_equal(tmk_gemm_workspace(&g, 1), 0);
        assert_int_equal(tmk_gemm_workspace(&g, 2) == 0, m * n * K <= 64 * 64 * 64);
        check(&g, MOST, (uint32_t)i);
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
    }
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
    enum { N = 200 };
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
    if (tmk_isa_select() != TMK_OK) { /* TILEMARK_ISA names one that this CPU lacks */
        print_message("1..0 # SKIP %s\n", tmk_message());
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_contractions),
        cmocka_unit_test(random_windows),
        cmocka_unit_test(tiles_and_blocks_at_their_edges),
        cmocka_unit_test(small_products_need_no_plan),
        cmocka_unit_test(columns_are_kept_packed),
        cmocka_unit_test(rows_or_columns_may_be_few),
        cmocka_unit_test(all_but_columns_may_be_few),
        cmocka_unit_test(little_depth_writes_rows),
        cmocka_unit_test(deep_products_are_cut_into_pieces),
        cmocka_unit_test(columns_beyond_whole_vectors),
        cmocka_unit_test(a_small_workspace_is_refused),
        cmocka_unit_test(phases_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
