/* Contractions by the engine, and what they should be: operands of small integers laid out anyhow,
 * every element by definition, the same bits on several team sizes. */
#ifndef TMK_TESTS_CONTRACTION_H
#define TMK_TESTS_CONTRACTION_H

#include "alloc.h"
#include "gemm.h"
#include "isa.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

/* An operand is a list of (axis of an index) in random memory order, dense. */

struct layout {
    int n;
    size_t extent[12];
    ptrdiff_t *step[12]; /* where to write the axis's step */
};

static inline void add(struct layout *layout, size_t extent, ptrdiff_t *step)
{
    layout->extent[layout->n] = extent;
    layout->step[layout->n++] = step;
}

static inline size_t lay_out(struct layout *layout, struct tmk_random *random)
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

static inline void fill(void *memory, enum tmk_dtype dtype, size_t count, struct tmk_random *random)
{
    for (size_t i = 0; i < count; i++) {
        int v = (int)tmk_random_below(random, 9) - 4;
        if (dtype == TMK_F32)
            ((float *)memory)[i] = (float)v;
        else
            ((double *)memory)[i] = v;
    }
}

static inline double element(const void *memory, enum tmk_dtype dtype, ptrdiff_t i)
{
    return dtype == TMK_F32 ? (double)((const float *)memory)[i] : ((const double *)memory)[i];
}

static inline void next(size_t *index, const size_t *extent, int n)
{
    for (int i = n - 1; i >= 0 && ++index[i] == extent[i]; i--)
        index[i] = 0;
}

static inline size_t count_of(const struct tmk_gemm_index *index)
{
    size_t count = 1;
    for (int i = 0; i < index->axes; i++)
        count *= index->extent[i];
    return count;
}

static inline ptrdiff_t dot(const size_t *index, const ptrdiff_t *step, int n)
{
    ptrdiff_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += (ptrdiff_t)index[i] * step[i];
    return sum;
}

/* One element of C by definition. */
static inline double expected(const struct tmk_gemm *g, const size_t *bi, const size_t *mi,
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
static inline void check(struct tmk_gemm *g, size_t c_count, uint32_t seed)
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

static inline size_t up_to(struct tmk_random *random, uint32_t largest)
{
    return 1 + tmk_random_below(random, largest);
}

/* The sums of A's rows, of one batch element. */
static inline void check_sums(const struct tmk_gemm *g)
{
    size_t mi[TMK_GEMM_AXES] = {0};
    for (size_t m = 0; m < count_of(&g->m); m++, next(mi, g->m.extent, g->m.axes)) {
        size_t ki[TMK_GEMM_AXES] = {0};
        double sum = 0;
        for (size_t k = 0; k < count_of(&g->k); k++, next(ki, g->k.extent, g->k.axes))
            sum += element(g->a, g->dtype,
                           dot(mi, g->m.first, g->m.axes) + dot(ki, g->k.first, g->k.axes));
        assert_true(element(g->sums, g->dtype, (ptrdiff_t)m) == sum);
    }
}

/* Run all, or none if TILEMARK_ISA names an ISA that this CPU lacks. */
#define RUN_CONTRACTIONS(tests)                                                                    \
    (tmk_isa_select() == TMK_OK ? cmocka_run_group_tests(tests, NULL, NULL)                        \
                                : (print_message("1..0 # SKIP %s\n", tmk_message()), 0))

/* Which operand lies transposed. */
enum turned { NONE, LEFT, RIGHT };

static inline void product_in_blocks(enum tmk_dtype dtype, size_t m, size_t n, size_t k,
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
    if (g.sum_rows)
        check_sums(&g);
    free(g.sums);
    free(bias);
    free(a);
    free(b);
    free(c);
}

static inline void product(enum tmk_dtype dtype, size_t m, size_t n, size_t k, enum turned turned)
{
    product_in_blocks(dtype, m, n, k, turned, (struct tmk_gemm_blocks){0});
}

static inline void plain(enum tmk_dtype dtype, size_t m, size_t n, size_t k)
{
    product(dtype, m, n, k, NONE);
}

#endif
