#include "data.h"

#include "alloc.h"
#include "random.h"
#include "size.h"

#include <omp.h>
#include <string.h>

/* Operands share no page: a processor that reads one fetches on beyond its end, as far as the page
 * goes, and would take what is there from the thread that writes it. Within their pages they start
 * apart, so that sizes that are powers of two do not lie in the same cache sets. */
#define APART ((size_t)10 * TMK_ALIGN)

#define EXACT_LIMIT 16777216.0 /* 2^24: all integers up to it are f32 numbers */
#define LARGEST_INTEGER 32

#define NAN_BYTE 0xff /* repeated, a NaN in f32 and f64 */

/* Where the operands lie in one allocation: operand o from start[o] on, `length[o]` bytes, then
 * padding up to start[o + 1]. */
struct layout {
    struct tmk_view view[TMK_NOPERANDS];
    size_t start[TMK_NOPERANDS + 1];
    size_t length[TMK_NOPERANDS];
};

static enum tmk_status lay_out(const struct tmk_problem *problem, enum tmk_dtype dtype,
                               struct layout *layout)
{
    layout->start[0] = 0;
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        const size_t apart = (size_t)(o + 1) * APART;
        size_t count, end, most;
        TMK_TRY(problem->op->operand(problem, o, &layout->view[o], &count));
        if (!tmk_size_mul(count, tmk_dtype_size(dtype), &layout->length[o]) ||
            !tmk_size_add(layout->start[o], layout->length[o], &end) ||
            !tmk_size_add(end, TMK_PAGE + apart, &most))
            return tmk_fail(TMK_EINVAL,
                            "%s: the operands' bytes overflow: choose a smaller problem",
                            problem->op->name);
        layout->start[o + 1] = tmk_round_up(end, TMK_PAGE) + apart;
    }
    return TMK_OK;
}

enum tmk_status tmk_data_bytes(const struct tmk_problem *problem, size_t *bytes)
{
    struct layout layout;
    TMK_TRY(lay_out(problem, problem->dtype, &layout));
    *bytes = layout.start[TMK_NOPERANDS];
    return TMK_OK;
}

/* Each thread takes its share of every operand, as a kernel that splits its operands evenly will.
 */
static void first_touch(char *memory, const struct layout *layout, int threads)
{
#pragma omp parallel num_threads(threads)
    {
        size_t thread = (size_t)omp_get_thread_num(), team = (size_t)omp_get_num_threads();
        for (int o = 0; o < TMK_NOPERANDS; o++) {
            size_t length = layout->start[o + 1] - layout->start[o];
            size_t share = tmk_ceil_div(length, team);
            size_t from = TMK_MIN(share * thread, length);
            size_t to = TMK_MIN(from + share, length);
            memset(memory + layout->start[o] + from, NAN_BYTE, to - from);
        }
    }
}

static enum tmk_status place_operands(const struct layout *layout, enum tmk_dtype dtype,
                                      struct tmk_data *data)
{
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        const struct tmk_view *shape = &layout->view[o];
        struct tmk_view *operand = &data->args.operand[o], whole;
        size_t count = layout->length[o] / tmk_dtype_size(dtype);
        char *memory = (char *)data->memory + layout->start[o];
        if (o == TMK_BIA && count == 0)
            memory = NULL;
        TMK_TRY(tmk_view_make(&whole, dtype, 1, &count, memory, layout->length[o]));
        TMK_TRY(tmk_view_as_strided(&whole, shape->ndim, shape->shape, shape->stride, 0, operand));
    }
    return TMK_OK;
}

enum tmk_status tmk_data_make(const struct tmk_problem *problem, enum tmk_dtype dtype, int threads,
                              struct tmk_data *out)
{
    struct layout layout;
    struct tmk_data data = {.memory = NULL};
    TMK_TRY(lay_out(problem, dtype, &layout));
    data.bytes = layout.start[TMK_NOPERANDS];
    TMK_TRY(tmk_alloc(data.bytes, "operands", &data.memory));
    enum tmk_status status = place_operands(&layout, dtype, &data);
    if (status != TMK_OK) {
        tmk_data_free(&data);
        return status;
    }
    first_touch(data.memory, &layout, threads);
    *out = data;
    return TMK_OK;
}

void tmk_data_free(struct tmk_data *data)
{
    tmk_free(data->memory);
    *data = (struct tmk_data){.memory = NULL};
}

/* Random numbers that f32 holds exactly, the same for every dtype. */
struct source {
    struct tmk_random random;
    int largest;   /* integers in [-largest, largest]; 0: reals in [-1, 1) */
    float nonzero; /* share of the integers that is kept */
};

static struct source make_source(enum tmk_fill fill, enum tmk_operand operand, size_t depth,
                                 uint32_t seed)
{
    struct source source = {.nonzero = 1};
    tmk_random_seed(&source.random, seed + 0x9e3779b9u * (uint32_t)operand);
    if (fill == TMK_FILL_REAL)
        return source;
    source.largest = LARGEST_INTEGER;
    while (source.largest > 1 &&
           (double)(source.largest * source.largest) * (double)depth > EXACT_LIMIT)
        source.largest--;
    if ((double)depth > EXACT_LIMIT) /* half the limit: a sum of `depth` draws stays below it */
        source.nonzero = (float)(EXACT_LIMIT / 2 / (double)depth);
    return source;
}

static float draw(struct source *source)
{
    if (source->largest == 0)
        return 2 * tmk_random_f32(&source->random) - 1;
    if (source->nonzero < 1 && tmk_random_f32(&source->random) >= source->nonzero)
        return 0;
    uint32_t values = 2 * (uint32_t)source->largest + 1;
    return (float)((int)tmk_random_below(&source->random, values) - source->largest);
}

static void draw_f32(void *source, const size_t *index, void *element)
{
    (void)index;
    *(float *)element = draw(source);
}

static void draw_f64(void *source, const size_t *index, void *element)
{
    (void)index;
    *(double *)element = draw(source);
}

static void draw_dense(const struct tmk_view *view, struct source *source)
{
    size_t count = tmk_view_count(view);
    if (view->dtype == TMK_F32) {
        float *element = view->data;
        for (size_t i = 0; i < count; i++)
            element[i] = draw(source);
    } else {
        double *element = view->data;
        for (size_t i = 0; i < count; i++)
            element[i] = draw(source);
    }
}

void tmk_data_fill(const struct tmk_args *args, enum tmk_operand operand, enum tmk_fill fill,
                   size_t depth, uint32_t seed)
{
    const struct tmk_view *view = &args->operand[operand];
    if (!view->data)
        return;
    size_t allocated = (size_t)(view->end - view->begin);
    bool gaps = allocated != tmk_view_count(view) * tmk_dtype_size(view->dtype);
    if (fill == TMK_FILL_POISON || gaps)
        memset(view->begin, NAN_BYTE, allocated);
    if (fill == TMK_FILL_POISON)
        return;
    struct source source = make_source(fill, operand, depth, seed);
    if (tmk_view_is_dense(view))
        draw_dense(view, &source);
    else
        tmk_view_each(view, view->dtype == TMK_F32 ? draw_f32 : draw_f64, &source);
}
