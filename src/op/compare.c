/* Holding a result against its reference, element by element. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Three views of one shape and, for each element, how far the result may be off: by
 * scale * magnitude, by `floor` everywhere if magnitude is NULL. */
struct comparison {
    struct tmk_view result, reference, magnitude;
    double scale, floor;
    size_t wrong;    /* elements beyond their bound */
    double worst;    /* the largest error over its bound */
    size_t worst_at; /* its place, counted row-major */
};

static double load(const struct tmk_view *view, ptrdiff_t offset)
{
    return view->dtype == TMK_F32 ? (double)((const float *)view->data)[offset]
                                  : ((const double *)view->data)[offset];
}

/* Offset of a row's first element; rows (all but the last dimension) count row-major. */
static ptrdiff_t row_offset(const struct tmk_view *view, size_t row)
{
    ptrdiff_t offset = 0;
    for (int d = view->ndim - 2; d >= 0; d--) {
        offset += (ptrdiff_t)(row % view->shape[d]) * view->stride[d];
        row /= view->shape[d];
    }
    return offset;
}

/* Error over bound: at most 1 passes, and so does equality with a bound of zero. Whatever is not
 * finite is infinitely wrong. */
static double excess(double got, double expected, double bound)
{
    double error = fabs(got - expected);
    if (error == 0)
        return 0;
    if (!isfinite(error) || !(bound > 0))
        return INFINITY;
    /* the quotient of neighbours may round to 1 */
    return error <= bound ? error / bound : fmax(error / bound, nextafter(1, 2));
}

static void compare_row(struct comparison *c, size_t row, size_t n)
{
    const struct tmk_view *result = &c->result, *reference = &c->reference;
    ptrdiff_t got = row_offset(result, row), expected = row_offset(reference, row);
    ptrdiff_t magnitude = c->magnitude.data ? row_offset(&c->magnitude, row) : 0;
    int last = result->ndim - 1;
    for (size_t i = 0; i < n; i++) {
        double bound = c->floor;
        if (c->magnitude.data) {
            bound = c->scale * load(&c->magnitude, magnitude);
            magnitude += c->magnitude.stride[last];
        }
        double ratio = excess(load(result, got), load(reference, expected), bound);
        got += result->stride[last];
        expected += reference->stride[last];
        c->wrong += ratio > 1;
        if (ratio > c->worst) {
            c->worst = ratio;
            c->worst_at = row * n + i;
        }
    }
}

/* Axes by falling stride of `view`: the order in which it lies in memory. */
static void memory_order(const struct tmk_view *view, int *order)
{
    for (int d = 0; d < view->ndim; d++) {
        int at = d;
        for (; at > 0 && labs(view->stride[order[at - 1]]) < labs(view->stride[d]); at--)
            order[at] = order[at - 1];
        order[at] = d;
    }
}

static struct tmk_view flat(const struct tmk_view *view)
{
    struct tmk_view line = *view;
    line.ndim = 1;
    line.shape[0] = tmk_view_count(view);
    line.stride[0] = 1;
    return line;
}

/* What the axis order makes of the views: one long row if all are dense in it. */
static void compare_all(struct comparison *c, const int *order)
{
    bool bounded = c->magnitude.data != NULL;
    struct tmk_view *const views[] = {&c->result, &c->reference, &c->magnitude};
    bool dense = true;
    for (int v = 0; v < 2 + bounded; v++) {
        *views[v] = tmk_view_permute(views[v], order);
        dense &= tmk_view_is_dense(views[v]);
    }
    for (int v = 0; dense && v < 2 + bounded; v++)
        *views[v] = flat(views[v]);
    size_t count = tmk_view_count(&c->result);
    size_t n = count ? c->result.shape[c->result.ndim - 1] : 1;
    for (size_t row = 0; row < count / n; row++)
        compare_row(c, row, n);
}

/* "[0, 3, 1] is 2, not 4; 5 of 12 elements differ" */
static void describe(const struct comparison *c, const struct tmk_view *result,
                     const struct tmk_view *reference, const int *order, char *text, size_t size)
{
    size_t index[TMK_MAX_DIMS], rest = c->worst_at;
    for (int i = result->ndim - 1; i >= 0; i--) {
        index[order[i]] = rest % result->shape[order[i]];
        rest /= result->shape[order[i]];
    }
    FILE *out = fmemopen(text, size, "w");
    if (!out)
        return;
    for (int d = 0; d < result->ndim; d++)
        fprintf(out, "%s%zu", d ? ", " : "[", index[d]);
    fprintf(out, "%s is %.*g, not %.17g", result->ndim ? "]" : "the scalar",
            result->dtype == TMK_F32 ? 9 : 17, tmk_view_get(result, index),
            tmk_view_get(reference, index));
    if (isfinite(c->worst))
        fprintf(out, ", %.3g times the bound", c->worst);
    fprintf(out, "; %zu of %zu elements differ", c->wrong, tmk_view_count(result));
    fclose(out);
}

static struct tmk_verdict compare(struct comparison c)
{
    struct tmk_verdict verdict = {.passed = false, .err_over_bound = INFINITY};
    const struct tmk_view result = c.result, reference = c.reference;
    if (!tmk_view_same_shape(&result, &reference) ||
        (c.magnitude.data && !tmk_view_same_shape(&result, &c.magnitude))) {
        char got[120], expected[120];
        tmk_view_format(&result, got, sizeof got);
        tmk_view_format(&reference, expected, sizeof expected);
        snprintf(verdict.text, sizeof verdict.text, "is %.100s, not %.100s", got, expected);
        return verdict;
    }
    int order[TMK_MAX_DIMS];
    memory_order(&result, order);
    compare_all(&c, order);
    verdict.passed = c.wrong == 0;
    verdict.err_over_bound = c.worst;
    if (!verdict.passed)
        describe(&c, &result, &reference, order, verdict.text, sizeof verdict.text);
    return verdict;
}

struct tmk_verdict tmk_check_exact(const struct tmk_view *result, const struct tmk_view *reference)
{
    return compare((struct comparison){.result = *result, .reference = *reference});
}

static void keep_largest(void *ctx, const size_t *index, void *element)
{
    (void)index;
    double *largest = ctx;
    *largest = fmax(*largest, *(double *)element);
}

struct tmk_verdict tmk_check_bound(const struct tmk_view *result, const struct tmk_view *reference,
                                   const struct tmk_view *magnitude, size_t depth,
                                   enum tmk_accuracy accuracy)
{
    return tmk_check_bound_of(result->dtype, result, reference, magnitude, depth, accuracy);
}

struct tmk_verdict tmk_check_bound_of(enum tmk_dtype dtype, const struct tmk_view *result,
                                      const struct tmk_view *reference,
                                      const struct tmk_view *magnitude, size_t depth,
                                      enum tmk_accuracy accuracy)
{
    static const double roundoff[TMK_NDTYPES] = {[TMK_F32] = 0x1p-24, [TMK_F64] = 0x1p-53};
    double nu = ((double)depth + 1) * roundoff[dtype];
    double gamma = nu < 1 ? nu / (1 - nu) : INFINITY;
    struct comparison c = {.result = *result, .reference = *reference};
    if (accuracy == TMK_COMPONENTWISE) {
        c.magnitude = *magnitude;
        c.scale = gamma;
    } else {
        tmk_view_each(magnitude, keep_largest, &c.floor);
        c.floor *= 8 * gamma;
    }
    return compare(c);
}
