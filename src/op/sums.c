#include "sums.h"

#include "random.h"

#include <math.h>
#include <stdlib.h>

#define WEIGHTS 1024 /* of neighbours, then from the first on */
#define LARGEST 3

struct weights {
    double v[WEIGHTS];
};

/* -3 .. 3, but 0 */
static void draw(struct weights *weights, bool magnitude, uint32_t seed)
{
    struct tmk_random random;
    tmk_random_seed(&random, seed);
    for (size_t i = 0; i < WEIGHTS; i++) {
        int value = (int)tmk_random_below(&random, 2 * LARGEST) - LARGEST;
        value += value >= 0;
        weights->v[i] = magnitude ? abs(value) : value;
    }
}

static double load(const struct tmk_view *view, ptrdiff_t offset, bool magnitude)
{
    double value = view->dtype == TMK_F32 ? (double)((const float *)view->data)[offset]
                                          : ((const double *)view->data)[offset];
    return magnitude ? fabs(value) : value;
}

/* One row: all but the last dimension fixed, `weight` being theirs. */
static void fold_row(const struct tmk_view *full, ptrdiff_t from, double *to, ptrdiff_t to_stride,
                     size_t together, double weight, bool magnitude, const struct weights *weights)
{
    const int last = full->ndim - 1;
    const size_t n = full->shape[last];
    const ptrdiff_t stride = full->stride[last];
    if (together == 1) {
        for (size_t i = 0; i < n; i++)
            to[(ptrdiff_t)i * to_stride] +=
                weight * load(full, from + (ptrdiff_t)i * stride, magnitude);
        return;
    }
    for (size_t j = 0; j < n / together; j++) {
        double sum = 0;
        for (size_t i = 0; i < together; i++)
            sum += weights->v[i % WEIGHTS] *
                   load(full, from + (ptrdiff_t)(j * together + i) * stride, magnitude);
        to[(ptrdiff_t)j * to_stride] += weight * sum;
    }
}

static void set_zero(void *ctx, const size_t *index, void *element)
{
    (void)ctx, (void)index;
    *(double *)element = 0;
}

void tmk_sums_fold(const struct tmk_view *full, const struct tmk_view *thin, bool magnitude,
                   uint32_t seed)
{
    if (tmk_view_same_shape(full, thin)) {
        (void)tmk_view_copy(thin, full); /* of one shape it cannot fail */
        return;
    }
    struct weights weights;
    const int last = full->ndim - 1;
    const size_t count = tmk_view_count(full), rows = count ? count / full->shape[last] : 0;
    draw(&weights, magnitude, seed);
    tmk_view_each(thin, set_zero, NULL);
    for (size_t row = 0; row < rows; row++) {
        ptrdiff_t from = 0, to = 0;
        double weight = 1;
        size_t rest = row;
        for (int d = last - 1; d >= 0; d--) {
            const size_t i = rest % full->shape[d], together = full->shape[d] / thin->shape[d];
            rest /= full->shape[d];
            from += (ptrdiff_t)i * full->stride[d];
            to += (ptrdiff_t)(i / together) * thin->stride[d];
            weight *= together > 1 ? weights.v[i % together % WEIGHTS] : 1;
        }
        fold_row(full, from, (double *)thin->data + to, thin->stride[last],
                 full->shape[last] / thin->shape[last], weight, magnitude, &weights);
    }
}
