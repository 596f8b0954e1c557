/* Blocking by views: each matrix is seen as a 4-D as_strided view of tiles, and the product is that
 * of tiles that fit the first-level cache together. Nothing is copied; the loops per tile are
 * plain. */
#include "matmul_parts.h"
#include "size.h"

#include <omp.h>

/* Edge of a tile: three of them take 27 KiB (f32) or 24 KiB (f64) of a cache of 32 KiB. */
static const size_t tile_edge[TMK_NDTYPES] = {[TMK_F32] = 48, [TMK_F64] = 32};

/* A matrix cut into tiles. Where the tile does not divide it, the remainders at the bottom and at
 * the right are tiled views of their own with smaller tiles: region[bottom][right]. */
struct tiling {
    size_t rows, cols;             /* tiles, those of the remainders included */
    size_t whole_rows, whole_cols; /* tiles of the full size */
    struct tmk_view region[2][2];  /* (rows, cols, tile rows, tile cols); unset where empty */
};

/* The rows or columns of a view before (part 0) or after (part 1) the last multiple of `tile`. */
static enum tmk_status cut(const struct tmk_view *src, int dim, size_t tile, int part,
                           struct tmk_view *out)
{
    size_t rest = src->shape[dim] % tile, whole = src->shape[dim] - rest;
    return tmk_view_slice(src, dim, part ? whole : 0, part ? rest : whole, 1, out);
}

static enum tmk_status tiling_make(const struct tmk_view *operand, size_t tile, struct tiling *out)
{
    struct tmk_view matrix = tmk_matmul_matrix(operand, 0);
    out->rows = tmk_ceil_div(matrix.shape[0], tile);
    out->cols = tmk_ceil_div(matrix.shape[1], tile);
    out->whole_rows = matrix.shape[0] / tile;
    out->whole_cols = matrix.shape[1] / tile;
    for (int bottom = 0; bottom < 2; bottom++) {
        for (int right = 0; right < 2; right++) {
            struct tmk_view band, part;
            TMK_TRY(cut(&matrix, 0, tile, bottom, &band));
            TMK_TRY(cut(&band, 1, tile, right, &part));
            if (tmk_view_count(&part) > 0)
                TMK_TRY(tmk_view_tile(&part, bottom ? part.shape[0] : tile,
                                      right ? part.shape[1] : tile, &out->region[bottom][right]));
        }
    }
    return TMK_OK;
}

/* Tile (i, j) of the matrix `offset` elements on in the batch. */
static struct tmk_view tile_at(const struct tiling *tiling, size_t i, size_t j, ptrdiff_t offset)
{
    bool bottom = i >= tiling->whole_rows, right = j >= tiling->whole_cols;
    const struct tmk_view *region = &tiling->region[bottom][right];
    ptrdiff_t row = bottom ? 0 : (ptrdiff_t)i, col = right ? 0 : (ptrdiff_t)j;
    return tmk_matmul_matrix(region, offset + row * region->stride[0] + col * region->stride[1]);
}

/* c += a b for tiles in any strides. The innermost loop runs along a row, so that the compiler
 * vectorises it where rows are dense. */
#define DEFINE_MULTIPLY_ADD(name, real)                                                            \
    static void name(const struct tmk_view *a, const struct tmk_view *b, const struct tmk_view *c) \
    {                                                                                              \
        ptrdiff_t rows = (ptrdiff_t)a->shape[0], depth = (ptrdiff_t)a->shape[1];                   \
        ptrdiff_t cols = (ptrdiff_t)b->shape[1], b_step = b->stride[1], c_step = c->stride[1];     \
        for (ptrdiff_t i = 0; i < rows; i++) {                                                     \
            const real *a_row = (const real *)a->data + i * a->stride[0];                          \
            real *restrict c_row = (real *)c->data + i * c->stride[0];                             \
            for (ptrdiff_t k = 0; k < depth; k++) {                                                \
                const real *restrict b_row = (const real *)b->data + k * b->stride[0];             \
                real factor = a_row[k * a->stride[1]];                                             \
                for (ptrdiff_t j = 0; j < cols; j++)                                               \
                    c_row[j * c_step] += factor * b_row[j * b_step];                               \
            }                                                                                      \
        }                                                                                          \
    }
DEFINE_MULTIPLY_ADD(multiply_add_f32, float)
DEFINE_MULTIPLY_ADD(multiply_add_f64, double)

typedef void multiply_add(const struct tmk_view *a, const struct tmk_view *b,
                          const struct tmk_view *c);
static multiply_add *const multiply_add_of[TMK_NDTYPES] = {multiply_add_f32, multiply_add_f64};

struct tiled_product {
    struct tmk_product views;
    struct tiling out, left, right;
};

/* Tile (i, j) of one matrix of the result: the products of a row of tiles with a column of tiles,
 * over the reduced batch, in order. */
static void output_tile(const struct tiled_product *product, size_t position, size_t i, size_t j)
{
    struct tmk_product_offset kept = tmk_product_offset_at(&product->views, false, position);
    size_t reduced_count = tmk_product_positions(&product->views, true);
    struct tmk_view c = tile_at(&product->out, i, j, kept.out);
    tmk_view_fill(&c, 0);
    for (size_t r = 0; r < reduced_count; r++) {
        struct tmk_product_offset at = tmk_product_offset_at(&product->views, true, r);
        for (size_t k = 0; k < product->left.cols; k++) {
            struct tmk_view a = tile_at(&product->left, i, k, kept.left + at.left);
            struct tmk_view b = tile_at(&product->right, k, j, kept.right + at.right);
            multiply_add_of[c.dtype](&a, &b, &c);
        }
    }
}

/* Threads share the tiles of the result. */
static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_product views = tmk_matmul_as_product(problem, dir, args);
    struct tiled_product product = {.views = views};
    size_t edge = tile_edge[views.out.dtype];
    TMK_TRY(tiling_make(&views.out, edge, &product.out));
    TMK_TRY(tiling_make(&views.left, edge, &product.left));
    TMK_TRY(tiling_make(&views.right, edge, &product.right));
    size_t rows = product.out.rows, cols = product.out.cols;
    size_t total = tmk_product_positions(&views, false) * rows * cols;
#pragma omp parallel num_threads(exec->threads)
    {
        double start = tmk_phase_start(exec);
#pragma omp for schedule(static) nowait
        for (size_t t = 0; t < total; t++)
            output_tile(&product, t / (rows * cols), t / cols % rows, t % cols);
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_COMPUTE, start);
    }
    return TMK_OK;
}

const struct tmk_impl tmk_matmul_strided = {
    .name = "strided",
    .summary = "4-D as_strided views of tiles that fit the L1 cache, plain loops per tile",
    .auto_flops = TMK_MATMUL_SMALL_FLOPS,
    .run = run,
};
