/* Operands in memory: allocated, touched by the threads that use them, filled from a seed. */
#ifndef TMK_OP_DATA_H
#define TMK_OP_DATA_H

#include "op.h"

#include <stdint.h>

enum tmk_fill {
    TMK_FILL_REAL,    /* uniform in [-1, 1): for timing and for error bounds */
    TMK_FILL_INTEGER, /* small integers, so that every sum is exact in any order */
    TMK_FILL_POISON   /* NaN: for outputs, so that an element left unwritten is seen */
};

/* The four operands of one problem in one allocation, each aligned to TMK_ALIGN and, if they
 * are a page and more together, none on a page of another; what lies between them and between
 * strided elements is NaN. */
struct tmk_data {
    struct tmk_args args;
    void *memory;
    size_t bytes;
};

/* Bytes that tmk_data_make() will allocate; TMK_EINVAL if sizes overflow. */
enum tmk_status tmk_data_bytes(const struct tmk_problem *problem, size_t *bytes);

/* Allocate, in `dtype` instead of the problem's own where the oracle's doubles are meant. Pages are
 * first touched by a team of `threads` OpenMP threads, each its share. */
enum tmk_status tmk_data_make(const struct tmk_problem *problem, enum tmk_dtype dtype, int threads,
                              struct tmk_data *out);
void tmk_data_free(struct tmk_data *data);

/* Fill one operand. Integer values are in [-r, r] with the largest r <= 32 for which
 * r^2 * depth <= 2^24 holds; if even r = 1 is too much, all but a fitting share of them are zero.
 * The values depend on seed, operand and row-major position only, not on dtype, strides or threads;
 * f32 holds all of them exactly. Gaps between strided elements are filled with NaN, so that a
 * kernel that reads them is found out. An operand without memory is left alone. */
void tmk_data_fill(const struct tmk_args *args, enum tmk_operand operand, enum tmk_fill fill,
                   size_t depth, uint32_t seed);

#endif
