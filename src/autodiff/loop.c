#include "loop.h"

#include "size.h"

#include <omp.h>

#define CHUNK ((size_t)4096)    /* elements of a row that a thread takes at once */
#define LONG ((size_t)8 * 1024) /* elements below which starting a team does not pay */

/* Merged dimensions, outermost first, strides in elements. */
struct axis {
    size_t extent;
    ptrdiff_t step[TMK_LOOP_VIEWS];
};

struct nest {
    int naxes;
    struct axis axis[TMK_MAX_DIMS];
};

bool tmk_loop_is_long(size_t count, size_t size)
{
    size_t total;
    return !tmk_size_mul(count, size, &total) || total >= LONG;
}

/* The outer axis goes on where the inner one ends, in every view; both or neither are summed. */
static bool mergeable(const struct axis *outer, const struct axis *inner)
{
    if ((outer->step[0] == 0) != (inner->step[0] == 0))
        return false;
    for (int v = 0; v < TMK_LOOP_VIEWS; v++) {
        if (outer->step[v] != inner->step[v] * (ptrdiff_t)inner->extent)
            return false;
    }
    return true;
}

static struct nest make_nest(const struct tmk_loop *loop)
{
    struct nest nest = {0};
    const struct tmk_view *dst = &loop->view[0];
    for (int d = 0; d < dst->ndim; d++) {
        if (dst->shape[d] == 1)
            continue;
        struct axis axis = {.extent = dst->shape[d]};
        for (int v = 0; v < TMK_LOOP_VIEWS; v++)
            axis.step[v] = loop->view[v].data ? loop->view[v].stride[d] : dst->stride[d];
        struct axis *last = &nest.axis[TMK_MAX(nest.naxes, 1) - 1];
        if (nest.naxes > 0 && mergeable(last, &axis)) {
            axis.extent *= last->extent;
            *last = axis;
        } else {
            nest.axis[nest.naxes++] = axis;
        }
    }
    if (nest.naxes == 0)
        nest.axis[nest.naxes++] = (struct axis){.extent = 1, .step = {1, 1, 1, 1, 1}};
    return nest;
}

/* The axes but the innermost whose elements go to places of their own (summed false) or to the same
 * place (true): how many positions they have together. */
static size_t positions(const struct nest *nest, bool summed)
{
    size_t count = 1;
    for (int i = 0; i < nest->naxes - 1; i++)
        count *= (nest->axis[i].step[0] == 0) == summed ? nest->axis[i].extent : 1;
    return count;
}

static void move_to(const struct nest *nest, bool summed, size_t position, size_t element,
                    struct tmk_row *row)
{
    for (int i = nest->naxes - 2; i >= 0 && position > 0; i--) {
        const struct axis *axis = &nest->axis[i];
        if ((axis->step[0] == 0) != summed)
            continue;
        ptrdiff_t index = (ptrdiff_t)(position % axis->extent);
        position /= axis->extent;
        for (int v = 0; v < TMK_LOOP_VIEWS; v++)
            row->at[v] = (char *)row->at[v] + index * axis->step[v] * (ptrdiff_t)element;
    }
}

/* One chunk of the innermost axis at one outer position, summed positions in order. */
static void run_item(const struct tmk_loop *loop, const struct nest *nest, size_t item,
                     size_t chunks, tmk_row_function *row)
{
    const struct axis *inner = &nest->axis[nest->naxes - 1];
    size_t element = tmk_dtype_size(loop->view[0].dtype), sums = positions(nest, true);
    size_t start = chunks > 1 ? item % chunks * CHUNK : 0;
    struct tmk_row base = {.c = loop->c, .add = loop->add};
    base.n = chunks > 1 ? TMK_MIN(CHUNK, inner->extent - start) : inner->extent;
    for (int v = 0; v < TMK_LOOP_VIEWS; v++) {
        /* an unused view reads what is written: valid memory in valid steps */
        char *data = loop->view[v].data ? loop->view[v].data : loop->view[0].data;
        base.step[v] = inner->step[v];
        base.at[v] = data + (ptrdiff_t)start * inner->step[v] * (ptrdiff_t)element;
    }
    move_to(nest, false, item / chunks, element, &base);
    for (size_t s = 0; s < sums; s++) {
        struct tmk_row at = base;
        move_to(nest, true, s, element, &at);
        row(&at);
    }
}

void tmk_loop_run(const struct tmk_loop *loop, tmk_row_function *const row[TMK_NDTYPES])
{
    const struct tmk_view *dst = &loop->view[0];
    size_t count = tmk_view_count(dst);
    if (count == 0)
        return;
    struct nest nest = make_nest(loop);
    const struct axis *inner = &nest.axis[nest.naxes - 1];
    size_t chunks = inner->step[0] == 0 ? 1 : tmk_ceil_div(inner->extent, CHUNK);
    size_t items = positions(&nest, false) * chunks;
    if (loop->threads > 1 && items > 1 && tmk_loop_is_long(count, 1)) {
#pragma omp parallel for schedule(static) num_threads(loop->threads)
        for (size_t i = 0; i < items; i++)
            run_item(loop, &nest, i, chunks, row[dst->dtype]);
    } else {
        for (size_t i = 0; i < items; i++)
            run_item(loop, &nest, i, chunks, row[dst->dtype]);
    }
}

#define DEFINE_COPY(name, type)                                                                    \
    static void name(const struct tmk_row *row)                                                    \
    {                                                                                              \
        type *to = row->at[0];                                                                     \
        const type *from = row->at[1];                                                             \
        ptrdiff_t n = (ptrdiff_t)row->n, t = row->step[0], f = row->step[1];                       \
        if (t == 0) {                                                                              \
            double sum = 0;                                                                        \
            for (ptrdiff_t i = 0; i < n; i++)                                                      \
                sum += from[i * f];                                                                \
            *to = (type)(row->add ? *to + sum : sum);                                              \
        } else if (row->add && t == 1 && f == 1) {                                                 \
            for (ptrdiff_t i = 0; i < n; i++)                                                      \
                to[i] += from[i];                                                                  \
        } else if (row->add) {                                                                     \
            for (ptrdiff_t i = 0; i < n; i++)                                                      \
                to[i * t] += from[i * f];                                                          \
        } else {                                                                                   \
            for (ptrdiff_t i = 0; i < n; i++)                                                      \
                to[i * t] = from[i * f];                                                           \
        }                                                                                          \
    }
DEFINE_COPY(copy_f32, float)
DEFINE_COPY(copy_f64, double)

void tmk_loop_copy(const struct tmk_view *dst, const struct tmk_view *src, bool add, int threads)
{
    static tmk_row_function *const copy[TMK_NDTYPES] = {copy_f32, copy_f64};
    struct tmk_loop loop = {.view = {*dst, *src}, .add = add, .threads = threads};
    tmk_loop_run(&loop, copy);
}
