#include "alloc.h"
#include "matmul_parts.h"
#include "size.h"

#include <math.h>
#include <string.h>

/* A block of `right` of this size stays in the first-level cache while all rows of `left` pass. */
enum { BLOCK_DEPTH = 8, BLOCK_COLS = 256 };

/* out[j] += sum over k < depth of left[k] * right[k, j], in ascending k. Where it is inlined with a
 * constant depth, the compiler unrolls the sum and vectorises along j. */
static inline void add_products(size_t depth, size_t cols, const double *restrict left,
                                const double *restrict right, size_t right_stride,
                                double *restrict out)
{
    for (size_t j = 0; j < cols; j++) {
        double sum = out[j];
        for (size_t k = 0; k < depth; k++)
            sum += left[k] * right[k * right_stride + j];
        out[j] = sum;
    }
}

/* out (rows, cols) += left (rows, depth) * right (depth, cols), all dense */
static void multiply_add(size_t rows, size_t depth, size_t cols, const double *left,
                         const double *right, double *out)
{
    for (size_t k = 0; k < depth; k += BLOCK_DEPTH) {
        for (size_t j = 0; j < cols; j += BLOCK_COLS) {
            size_t deep = TMK_MIN(BLOCK_DEPTH, depth - k), wide = TMK_MIN(BLOCK_COLS, cols - j);
            for (size_t i = 0; i < rows; i++) {
                const double *a = left + i * depth + k, *b = right + k * cols + j;
                if (deep == BLOCK_DEPTH)
                    add_products(BLOCK_DEPTH, wide, a, b, cols, out + i * cols + j);
                else
                    add_products(deep, wide, a, b, cols, out + i * cols + j);
            }
        }
    }
}

/* Dense double matrices that the strided ones are copied to and from. */
struct scratch {
    struct tmk_view left, right, out;
};

static enum tmk_status scratch_make(const struct tmk_product *product, struct scratch *scratch,
                                    void **memory)
{
    const struct tmk_view *views[] = {&product->left, &product->right, &product->out};
    struct tmk_view *copies[] = {&scratch->left, &scratch->right, &scratch->out};
    size_t bytes[3], total = 0;
    for (int i = 0; i < 3; i++) {
        struct tmk_view matrix = tmk_matmul_matrix(views[i], 0);
        bytes[i] = tmk_view_count(&matrix) * sizeof(double);
        total += bytes[i];
    }
    TMK_TRY(tmk_alloc(total, "the oracle's matrices", memory));
    char *at = *memory;
    for (int i = 0; i < 3; i++) {
        struct tmk_view matrix = tmk_matmul_matrix(views[i], 0);
        TMK_TRY(tmk_view_make(copies[i], TMK_F64, 2, matrix.shape, at, bytes[i]));
        at += bytes[i];
    }
    return TMK_OK;
}

static enum tmk_status load(const struct tmk_view *dense, const struct tmk_view *source,
                            ptrdiff_t offset, bool absolute)
{
    struct tmk_view matrix = tmk_matmul_matrix(source, offset);
    TMK_TRY(tmk_view_copy(dense, &matrix));
    double *value = dense->data;
    for (size_t i = 0, count = absolute ? tmk_view_count(dense) : 0; i < count; i++)
        value[i] = fabs(value[i]);
    return TMK_OK;
}

/* product->out = left * right, or |left| * |right| */
static enum tmk_status contract(const struct tmk_product *product, bool absolute,
                                const struct scratch *scratch)
{
    size_t rows = scratch->left.shape[0], depth = scratch->left.shape[1];
    size_t cols = scratch->right.shape[1];
    size_t kept_count = tmk_product_positions(product, false);
    size_t reduced_count = tmk_product_positions(product, true);
    for (size_t position = 0; position < kept_count; position++) {
        struct tmk_product_offset kept = tmk_product_offset_at(product, false, position);
        memset(scratch->out.data, 0, rows * cols * sizeof(double));
        for (size_t r = 0; r < reduced_count; r++) {
            struct tmk_product_offset reduced = tmk_product_offset_at(product, true, r);
            TMK_TRY(load(&scratch->left, &product->left, kept.left + reduced.left, absolute));
            TMK_TRY(load(&scratch->right, &product->right, kept.right + reduced.right, absolute));
            multiply_add(rows, depth, cols, scratch->left.data, scratch->right.data,
                         scratch->out.data);
        }
        struct tmk_view result = tmk_matmul_matrix(&product->out, kept.out);
        TMK_TRY(tmk_view_copy(&result, &scratch->out));
    }
    return TMK_OK;
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_args *out, bool absolute)
{
    struct tmk_args operands = *args;
    operands.operand[tmk_dir_output[dir]] = out->operand[tmk_dir_output[dir]];
    struct tmk_product product = tmk_matmul_as_product(problem, dir, &operands);
    struct scratch scratch;
    void *memory = NULL;
    enum tmk_status status = scratch_make(&product, &scratch, &memory);
    if (status == TMK_OK)
        status = contract(&product, absolute, &scratch);
    tmk_free(memory);
    return status;
}

enum tmk_status tmk_matmul_oracle(const struct tmk_problem *problem, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_args *out,
                                  const struct tmk_args *magnitude)
{
    TMK_TRY(run(problem, dir, args, out, false));
    return magnitude ? run(problem, dir, args, magnitude, true) : TMK_OK;
}
