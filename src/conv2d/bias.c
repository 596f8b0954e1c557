#include "bias.h"

#include "planes.h"
#include "range.h"
#include "team.h"

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

/* A call as its threads see it. */
struct call {
    const struct tmk_conv2d *p;
    const struct tmk_args *args;
    const struct tmk_exec *exec;
};

static void spread(void *context, int thread)
{
    const struct call *call = context;
    const struct tmk_conv2d *p = call->p;
    const struct tmk_view *y = &call->args->operand[TMK_DST];
    const double clock = tmk_phase_start(call->exec);
#pragma omp for collapse(2) schedule(static) nowait
    for (size_t n = 0; n < p->mb; n++) {
        for (size_t oc = 0; oc < p->oc; oc++) {
            const double value = tmk_view_get(&call->args->operand[TMK_BIA], &oc);
            for (size_t oh = 0; oh < p->oh; oh++)
                fill_row(y->dtype, (void *)row_address(y, n, oc, oh), p->ow, y->stride[3], value);
        }
    }
    tmk_phase_end(call->exec, thread, TMK_PHASE_PACK, clock);
}

void tmk_conv2d_spread_bias(const struct tmk_conv2d *p, const struct tmk_args *args,
                            const struct tmk_exec *exec)
{
    struct call call = {p, args, exec};
    tmk_team_run(exec->threads, spread, &call);
}

/* Output channels [begin, end). */
static void sum_channels(const struct tmk_conv2d *p, const struct tmk_args *args, size_t begin,
                         size_t end)
{
    const struct tmk_view *y = &args->operand[TMK_DST], *bias = &args->operand[TMK_BIA];
    const struct tmk_plane_kernels *kernel = tmk_plane_kernels(y->dtype);
    const ptrdiff_t images = (ptrdiff_t)p->mb, plane = (ptrdiff_t)(p->oh * p->ow);
    if (y->stride[1] == 1) {
        char *db = (char *)bias->data + begin * tmk_dtype_size(bias->dtype);
        kernel->sum_columns(row_address(y, 0, begin, 0), images * plane, (ptrdiff_t)p->oc,
                            (ptrdiff_t)(end - begin), db);
        return;
    }
    for (size_t oc = begin; oc < end; oc++)
        tmk_view_set(bias, &oc,
                     kernel->sum_runs(row_address(y, 0, oc, 0), images, y->stride[0], plane));
}

static void sum_share(void *context, int thread)
{
    const struct call *call = context;
    const struct tmk_range oc = tmk_share(call->p->oc, (size_t)call->exec->threads, (size_t)thread);
    const double clock = tmk_phase_start(call->exec);
    sum_channels(call->p, call->args, oc.begin, oc.end);
    tmk_phase_end(call->exec, thread, TMK_PHASE_REDUCE, clock);
}

void tmk_conv2d_sum_bias(const struct tmk_conv2d *p, const struct tmk_args *args,
                         const struct tmk_exec *exec)
{
    struct call call = {p, args, exec};
    tmk_team_run(exec->threads, sum_share, &call);
}

void tmk_conv2d_add(enum tmk_dtype dtype, void *to, const void *from, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        if (dtype == TMK_F32)
            ((float *)to)[i] += ((const float *)from)[i];
        else
            ((double *)to)[i] += ((const double *)from)[i];
    }
}
