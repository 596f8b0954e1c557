/* naive: the textbook seven-deep loop nest: fwd and bwd_w sum one output element at a time, bwd_d
 * sends each element of dy back through the taps that made it. The second half of this file is a
 * template that the first half includes for each data type. */
#ifndef TYPE

#include "bias.h"

#include <omp.h>

/* Elements from the first to element (a, b, c, d) of a view. */
static ptrdiff_t offset(const struct tmk_view *view, size_t a, size_t b, size_t c, size_t d)
{
    return (ptrdiff_t)a * view->stride[0] + (ptrdiff_t)b * view->stride[1] +
           (ptrdiff_t)c * view->stride[2] + (ptrdiff_t)d * view->stride[3];
}

/* The input coordinate that output o reads through tap k. False: padding. */
static bool input_at(size_t o, size_t stride, size_t k, size_t dilation, size_t pad, size_t in,
                     size_t *i)
{
    *i = o * stride + k * dilation - pad; /* wraps to a huge value where it is negative */
    return *i < in;
}

#define TEMPLATE "naive.c"
#include "both_types.h"

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    if (problem->dtype == TMK_F32)
        run_f32(p, dir, args, exec);
    else
        run_f64(p, dir, args, exec);
    if (p->bias && dir == TMK_BWD_W)
        tmk_conv2d_sum_bias(p, args, exec);
    return TMK_OK;
}

const struct tmk_impl tmk_conv2d_naive = {
    .name = "naive",
    .summary = "textbook seven-deep loop nest",
    .run = run,
};

#else

/* y[n,oc,oh,ow] */
static TYPE NAME(y_element)(const struct tmk_conv2d *p, const struct tmk_args *args, size_t n,
                            size_t oc, size_t oh, size_t ow)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const size_t icg = p->ic / p->g, first_ic = oc / (p->oc / p->g) * icg;
    TYPE sum = p->bias ? ((const TYPE *)args->operand[TMK_BIA].data)[oc] : 0;
    for (size_t ic = 0; ic < icg; ic++) {
        for (size_t kh = 0; kh < p->kh; kh++) {
            size_t ih, iw;
            if (!input_at(oh, p->sh, kh, p->dh, p->ph, p->ih, &ih))
                continue;
            for (size_t kw = 0; kw < p->kw; kw++) {
                if (input_at(ow, p->sw, kw, p->dw, p->pw, p->iw, &iw))
                    sum += ((const TYPE *)x->data)[offset(x, n, first_ic + ic, ih, iw)] *
                           ((const TYPE *)w->data)[offset(w, oc, ic, kh, kw)];
            }
        }
    }
    return sum;
}

/* dx[n,ic,:,:] */
static void NAME(dx_plane)(const struct tmk_conv2d *p, const struct tmk_args *args, size_t n,
                           size_t ic)
{
    const struct tmk_view *w = &args->operand[TMK_WEI], *dy = &args->operand[TMK_DST];
    const struct tmk_view *x = &args->operand[TMK_SRC];
    const size_t icg = p->ic / p->g, ocg = p->oc / p->g, first_oc = ic / icg * ocg;
    TYPE *dx = (TYPE *)x->data;
    for (size_t ih = 0; ih < p->ih; ih++) {
        for (size_t iw = 0; iw < p->iw; iw++)
            dx[offset(x, n, ic, ih, iw)] = 0;
    }
    for (size_t oc = first_oc; oc < first_oc + ocg; oc++) {
        for (size_t oh = 0; oh < p->oh; oh++) {
            for (size_t ow = 0; ow < p->ow; ow++) {
                const TYPE g = ((const TYPE *)dy->data)[offset(dy, n, oc, oh, ow)];
                for (size_t kh = 0; kh < p->kh; kh++) {
                    size_t ih, iw;
                    if (!input_at(oh, p->sh, kh, p->dh, p->ph, p->ih, &ih))
                        continue;
                    for (size_t kw = 0; kw < p->kw; kw++) {
                        if (input_at(ow, p->sw, kw, p->dw, p->pw, p->iw, &iw))
                            dx[offset(x, n, ic, ih, iw)] +=
                                g * ((const TYPE *)w->data)[offset(w, oc, ic % icg, kh, kw)];
                    }
                }
            }
        }
    }
}

static void NAME(each_plane)(const struct tmk_conv2d *p, const struct tmk_args *args,
                             const struct tmk_exec *exec)
{
#pragma omp parallel num_threads(exec->threads)
    {
        const double start = tmk_phase_start(exec);
#pragma omp for collapse(2) schedule(static) nowait
        for (size_t n = 0; n < p->mb; n++) {
            for (size_t ic = 0; ic < p->ic; ic++)
                NAME(dx_plane)(p, args, n, ic);
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_COMPUTE, start);
    }
}

/* dw[oc,ic,kh,kw] */
static TYPE NAME(dw_element)(const struct tmk_conv2d *p, const struct tmk_args *args, size_t oc,
                             size_t ic, size_t kh, size_t kw)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *dy = &args->operand[TMK_DST];
    const size_t icg = p->ic / p->g, first_ic = oc / (p->oc / p->g) * icg;
    TYPE sum = 0;
    for (size_t n = 0; n < p->mb; n++) {
        for (size_t oh = 0; oh < p->oh; oh++) {
            size_t ih, iw;
            if (!input_at(oh, p->sh, kh, p->dh, p->ph, p->ih, &ih))
                continue;
            for (size_t ow = 0; ow < p->ow; ow++) {
                if (input_at(ow, p->sw, kw, p->dw, p->pw, p->iw, &iw))
                    sum += ((const TYPE *)x->data)[offset(x, n, first_ic + ic, ih, iw)] *
                           ((const TYPE *)dy->data)[offset(dy, n, oc, oh, ow)];
            }
        }
    }
    return sum;
}

static void NAME(each_output)(const struct tmk_conv2d *p, const struct tmk_args *args,
                              enum tmk_operand output,
                              TYPE (*element)(const struct tmk_conv2d *, const struct tmk_args *,
                                              size_t, size_t, size_t, size_t),
                              const struct tmk_exec *exec)
{
    const struct tmk_view *out = &args->operand[output];
#pragma omp parallel num_threads(exec->threads)
    {
        const double start = tmk_phase_start(exec);
#pragma omp for collapse(4) schedule(static) nowait
        for (size_t a = 0; a < out->shape[0]; a++) {
            for (size_t b = 0; b < out->shape[1]; b++) {
                for (size_t c = 0; c < out->shape[2]; c++) {
                    for (size_t d = 0; d < out->shape[3]; d++)
                        ((TYPE *)out->data)[offset(out, a, b, c, d)] = element(p, args, a, b, c, d);
                }
            }
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_COMPUTE, start);
    }
}

static void NAME(run)(const struct tmk_conv2d *p, enum tmk_dir dir, const struct tmk_args *args,
                      const struct tmk_exec *exec)
{
    if (dir == TMK_FWD)
        NAME(each_output)(p, args, TMK_DST, NAME(y_element), exec);
    else if (dir == TMK_BWD_D)
        NAME(each_plane)(p, args, exec);
    else
        NAME(each_output)(p, args, TMK_WEI, NAME(dw_element), exec);
}

#endif
