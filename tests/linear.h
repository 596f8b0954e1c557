/* An operation to test the room of operations with: a linear layer, y = x w + b, with x (M, K),
 * w (K, N), b (N), y (M, N); fwd and bwd_w. NHWC stores the matrices by columns. */
#ifndef TMK_TESTS_LINEAR_H
#define TMK_TESTS_LINEAR_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"

#include <math.h>

#define SHAPE(...) ((const size_t[]){__VA_ARGS__})
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

struct linear {
    struct tmk_problem base;
    size_t m, k, n;
    bool bias;
    size_t gap; /* unused elements after each row of x and y */
};

static inline const struct linear *linear_of(const struct tmk_problem *problem)
{
    return (const struct linear *)problem;
}

static inline size_t linear_depth(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct linear *p = linear_of(problem);
    return dir == TMK_FWD ? p->k : p->m;
}

static inline enum tmk_status linear_operand(const struct tmk_problem *problem,
                                             enum tmk_operand operand, struct tmk_view *view,
                                             size_t *count)
{
    const struct linear *p = linear_of(problem);
    const size_t shape[TMK_NOPERANDS][2] = {
        {p->m, p->k}, {p->k, p->n}, {p->bias ? p->n : 0, 1}, {p->m, p->n}};
    size_t gap = operand == TMK_SRC || operand == TMK_DST ? p->gap : 0;
    TMK_TRY(
        tmk_view_make(view, problem->dtype, operand == TMK_BIA ? 1 : 2, shape[operand], NULL, 0));
    *count = tmk_view_count(view);
    if (operand == TMK_BIA)
        return TMK_OK;
    if (problem->layout == TMK_NHWC) { /* stored transposed */
        view->stride[0] = 1;
        view->stride[1] = (ptrdiff_t)(shape[operand][0] + gap);
        *count = shape[operand][1] * (shape[operand][0] + gap);
    } else {
        view->stride[0] += (ptrdiff_t)gap;
        *count = shape[operand][0] * (shape[operand][1] + gap);
    }
    return TMK_OK;
}

static inline double at(const struct tmk_view *view, size_t i, size_t j)
{
    return tmk_view_get(view, SHAPE(i, j));
}

/* out[i, j] = sum over t of a[i, t] * b[t, j], and the sums of absolute values */
static inline void multiply(const struct tmk_view *a, const struct tmk_view *b,
                            const struct tmk_view *bias, const struct tmk_view *out,
                            const struct tmk_view *magnitude)
{
    for (size_t i = 0; i < out->shape[0]; i++) {
        for (size_t j = 0; j < out->shape[1]; j++) {
            double sum = bias ? tmk_view_get(bias, &j) : 0, absolute = fabs(sum);
            for (size_t t = 0; t < a->shape[1]; t++) {
                sum += at(a, i, t) * at(b, t, j);
                absolute += fabs(at(a, i, t) * at(b, t, j));
            }
            tmk_view_set(out, SHAPE(i, j), sum);
            if (magnitude)
                tmk_view_set(magnitude, SHAPE(i, j), absolute);
        }
    }
}

static inline void sum_columns(const struct tmk_view *y, const struct tmk_view *out,
                               const struct tmk_view *magnitude)
{
    for (size_t j = 0; j < y->shape[1]; j++) {
        double sum = 0, absolute = 0;
        for (size_t i = 0; i < y->shape[0]; i++) {
            sum += at(y, i, j);
            absolute += fabs(at(y, i, j));
        }
        tmk_view_set(out, &j, sum);
        if (magnitude)
            tmk_view_set(magnitude, &j, absolute);
    }
}

static inline enum tmk_status linear_oracle(const struct tmk_problem *problem, enum tmk_dir dir,
                                            const struct tmk_args *args, const struct tmk_args *out,
                                            const struct tmk_args *magnitude)
{
    (void)problem;
    const struct tmk_view *in = args->operand, *to = out->operand;
    const struct tmk_view *sums = magnitude ? magnitude->operand : NULL;
    bool bias = in[TMK_BIA].data != NULL;
    if (dir == TMK_FWD) {
        multiply(&in[TMK_SRC], &in[TMK_WEI], bias ? &in[TMK_BIA] : NULL, &to[TMK_DST],
                 sums ? &sums[TMK_DST] : NULL);
    } else {
        struct tmk_view t = tmk_view_transpose(&in[TMK_SRC], 0, 1);
        multiply(&t, &in[TMK_DST], NULL, &to[TMK_WEI], sums ? &sums[TMK_WEI] : NULL);
        if (bias)
            sum_columns(&in[TMK_DST], &to[TMK_BIA], sums ? &sums[TMK_BIA] : NULL);
    }
    return TMK_OK;
}

static const struct tmk_op linear_op = {
    .name = "linear", .depth = linear_depth, .operand = linear_operand, .oracle = linear_oracle};

static inline struct linear make_linear(size_t m, size_t k, size_t n, bool bias, size_t gap)
{
    return (struct linear){
        {.op = &linear_op, .dtype = TMK_F32, .multiplicity = 1}, m, k, n, bias, gap};
}

#endif
