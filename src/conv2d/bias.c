#include "bias.h"

#include <omp.h>

static const char *row_address(const struct tmk_view *y, size_t n, size_t oc, size_t oh)
{
    ptrdiff_t offset =
        (ptrdiff_t)n * y->stride[0] + (ptrdiff_t)oc * y->stride[1] + (ptrdiff_t)oh * y->stride[2];
    return (const char *)y->data + offset * (ptrdiff_t)tmk_dtype_size(y->dtype);
}

static void fill_row(enum tmk_dtype dtype, void *row, size_t count, ptrdiff_t step, double value)
{
    if (dtype == TMK_F32) {
        for (size_t i = 0; i < count; i++)
            ((float *)row)[(ptrdiff_t)i * step] = (float)value;
    } else {
        for (size_t i = 0; i < count; i++)
            ((double *)row)[(ptrdiff_t)i * step] = value;
    }
}

/* Independent sums, so that one addition need not wait for the last. */
#define SUMS 16
#define DEFINE_SUM(T)                                                                              \
    static double sum_##T(const T *row, size_t count, ptrdiff_t step)                              \
    {                                                                                              \
        double sums[SUMS] = {0}, sum = 0;                                                          \
        size_t i = 0;                                                                              \
        for (; step == 1 && i + SUMS <= count; i += SUMS) {                                        \
            for (size_t j = 0; j < SUMS; j++)                                                      \
                sums[j] += (double)row[i + j];                                                     \
        }                                                                                          \
        for (size_t j = 0; j < SUMS; j++)                                                          \
            sum += sums[j];                                                                        \
        for (; i < count; i++)                                                                     \
            sum += (double)row[(ptrdiff_t)i * step];                                               \
        return sum;                                                                                \
    }
DEFINE_SUM(float)
DEFINE_SUM(double)

static double sum_row(enum tmk_dtype dtype, const void *row, size_t count, ptrdiff_t step)
{
    return dtype == TMK_F32 ? sum_float(row, count, step) : sum_double(row, count, step);
}

void tmk_conv2d_spread_bias(const struct tmk_conv2d *p, const struct tmk_args *args,
                            const struct tmk_exec *exec)
{
    const struct tmk_view *y = &args->operand[TMK_DST];
#pragma omp parallel num_threads(exec->threads)
    {
        double clock = tmk_phase_start(exec);
#pragma omp for collapse(2) schedule(static) nowait
        for (size_t n = 0; n < p->mb; n++) {
            for (size_t oc = 0; oc < p->oc; oc++) {
                double value = tmk_view_get(&args->operand[TMK_BIA], &oc);
                for (size_t oh = 0; oh < p->oh; oh++)
                    fill_row(y->dtype, (void *)row_address(y, n, oc, oh), p->ow, y->stride[3],
                             value);
            }
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_PACK, clock);
    }
}

void tmk_conv2d_sum_bias(const struct tmk_conv2d *p, const struct tmk_args *args,
                         const struct tmk_exec *exec)
{
    const struct tmk_view *y = &args->operand[TMK_DST];
#pragma omp parallel num_threads(exec->threads)
    {
        double clock = tmk_phase_start(exec);
#pragma omp for schedule(static) nowait
        for (size_t oc = 0; oc < p->oc; oc++) {
            double sum = 0;
            for (size_t n = 0; n < p->mb; n++) {
                for (size_t oh = 0; oh < p->oh; oh++)
                    sum += sum_row(y->dtype, row_address(y, n, oc, oh), p->ow, y->stride[3]);
            }
            tmk_view_set(&args->operand[TMK_BIA], &oc, sum);
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_REDUCE, clock);
    }
}
