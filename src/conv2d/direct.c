#include "direct.h"

#include "isa.h"
#include "phase.h"
#include "planes.h"

#include <omp.h>

/* Products of channels a group up to which planes beat the GEMM. */
#define MOST_PAIRS 16

bool tmk_conv2d_is_direct(const struct tmk_conv2d *p)
{
    return p->base.layout == TMK_NCHW && p->g > 1 && p->ic / p->g * (p->oc / p->g) <= MOST_PAIRS;
}

extern const struct tmk_plane_kernels tmk_plane_kernels_generic[], tmk_plane_kernels_avx2[],
    tmk_plane_kernels_avx512[], tmk_plane_kernels_neon[];

const struct tmk_plane_kernels *tmk_plane_kernels(enum tmk_dtype dtype)
{
    static const struct tmk_plane_kernels *const sets[TMK_NISAS] = {
        [TMK_ISA_GENERIC] = tmk_plane_kernels_generic,
#if defined(__x86_64__)
        [TMK_ISA_AVX2] = tmk_plane_kernels_avx2,
        [TMK_ISA_AVX512] = tmk_plane_kernels_avx512,
#elif defined(__aarch64__)
        [TMK_ISA_NEON] = tmk_plane_kernels_neon,
#endif
    };
    return &sets[tmk_isa()][dtype];
}

/* Element (a, b, 0, 0) of an operand. */
static void *plane_of(const struct tmk_view *view, size_t a, size_t b)
{
    ptrdiff_t offset = (ptrdiff_t)a * view->stride[0] + (ptrdiff_t)b * view->stride[1];
    return (char *)view->data + offset * (ptrdiff_t)tmk_dtype_size(view->dtype);
}

static void fill_plane(const struct tmk_view *view, size_t a, size_t b, double value)
{
    struct tmk_view plane = *view;
    plane.data = plane_of(view, a, b);
    plane.ndim = 2;
    for (int i = 0; i < 2; i++) {
        plane.shape[i] = view->shape[i + 2];
        plane.stride[i] = view->stride[i + 2];
    }
    tmk_view_fill(&plane, value);
}

/* The window on x that fwd and bwd_w share: channel ic (of all) of image n against weights (oc,
 * icg) and channel oc of y. */
static struct tmk_plane x_plane(const struct tmk_conv2d *p, const struct tmk_args *args, size_t n,
                                size_t ic, size_t oc)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const struct tmk_view *y = &args->operand[TMK_DST];
    return (struct tmk_plane){
        .h = {(ptrdiff_t)p->ih, (ptrdiff_t)p->oh, (ptrdiff_t)p->kh, -(ptrdiff_t)p->ph,
              (ptrdiff_t)p->sh, (ptrdiff_t)p->dh},
        .w = {(ptrdiff_t)p->iw, (ptrdiff_t)p->ow, (ptrdiff_t)p->kw, -(ptrdiff_t)p->pw,
              (ptrdiff_t)p->sw, (ptrdiff_t)p->dw},
        .image = plane_of(x, n, ic),
        .image_row = x->stride[2],
        .weights = plane_of(w, oc, ic % (p->ic / p->g)),
        .w_row = w->stride[2],
        .w_col = w->stride[3],
        .out = plane_of(y, n, oc),
        .out_row = y->stride[2],
        .out_col = y->stride[3],
    };
}

void tmk_conv2d_direct_fwd(const struct tmk_conv2d *p, const struct tmk_args *args,
                           const struct tmk_exec *exec)
{
    const struct tmk_plane_kernels *kernels = tmk_plane_kernels(p->base.dtype);
    size_t icg = p->ic / p->g, ocg = p->oc / p->g;
#pragma omp parallel num_threads(exec->threads)
    {
        double clock = tmk_phase_start(exec);
#pragma omp for collapse(2) schedule(static) nowait
        for (size_t n = 0; n < p->mb; n++) {
            for (size_t oc = 0; oc < p->oc; oc++) {
                double bias = p->bias ? tmk_view_get(&args->operand[TMK_BIA], &oc) : 0;
                fill_plane(&args->operand[TMK_DST], n, oc, bias);
                for (size_t ic = oc / ocg * icg; ic < (oc / ocg + 1) * icg; ic++) {
                    struct tmk_plane plane = x_plane(p, args, n, ic, oc);
                    kernels->correlate(&plane);
                }
            }
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_COMPUTE, clock);
    }
}

/* One phase of rows and columns of dx, from channel oc of dy. */
static void add_phase(const struct tmk_conv2d *p, const struct tmk_args *args, size_t n, size_t ic,
                      size_t oc, size_t row, size_t col, const struct tmk_plane_kernels *kernels)
{
    const struct tmk_view *x = &args->operand[TMK_SRC], *w = &args->operand[TMK_WEI];
    const struct tmk_view *y = &args->operand[TMK_DST];
    ptrdiff_t size = (ptrdiff_t)tmk_dtype_size(x->dtype);
    struct tmk_conv2d_phase h = tmk_conv2d_phase_h(p, row), v = tmk_conv2d_phase_w(p, col);
    struct tmk_plane plane = {
        .h = {(ptrdiff_t)p->oh, (ptrdiff_t)h.positions, (ptrdiff_t)h.taps, h.origin, 1, -h.back},
        .w = {(ptrdiff_t)p->ow, (ptrdiff_t)v.positions, (ptrdiff_t)v.taps, v.origin, 1, -v.back},
        .image = plane_of(y, n, oc),
        .image_row = y->stride[2],
        .weights = (char *)plane_of(w, oc, ic % (p->ic / p->g)) +
                   ((ptrdiff_t)h.first * w->stride[2] + (ptrdiff_t)v.first * w->stride[3]) * size,
        .w_row = (ptrdiff_t)h.every * w->stride[2],
        .w_col = (ptrdiff_t)v.every * w->stride[3],
        .out = (char *)plane_of(x, n, ic) +
               ((ptrdiff_t)row * x->stride[2] + (ptrdiff_t)col * x->stride[3]) * size,
        .out_row = (ptrdiff_t)p->sh * x->stride[2],
        .out_col = (ptrdiff_t)p->sw * x->stride[3],
    };
    if (h.taps > 0 && v.taps > 0)
        kernels->correlate(&plane);
}

void tmk_conv2d_direct_bwd_d(const struct tmk_conv2d *p, const struct tmk_args *args,
                             const struct tmk_exec *exec)
{
    const struct tmk_plane_kernels *kernels = tmk_plane_kernels(p->base.dtype);
    size_t icg = p->ic / p->g, ocg = p->oc / p->g;
#pragma omp parallel num_threads(exec->threads)
    {
        double clock = tmk_phase_start(exec);
#pragma omp for collapse(2) schedule(static) nowait
        for (size_t n = 0; n < p->mb; n++) {
            for (size_t ic = 0; ic < p->ic; ic++) {
                fill_plane(&args->operand[TMK_SRC], n, ic, 0);
                for (size_t oc = ic / icg * ocg; oc < (ic / icg + 1) * ocg; oc++) {
                    for (size_t phase = 0; phase < p->sh * p->sw; phase++)
                        add_phase(p, args, n, ic, oc, phase / p->sw, phase % p->sw, kernels);
                }
            }
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_COMPUTE, clock);
    }
}

void tmk_conv2d_direct_bwd_w(const struct tmk_conv2d *p, const struct tmk_args *args,
                             const struct tmk_exec *exec)
{
    const struct tmk_plane_kernels *kernels = tmk_plane_kernels(p->base.dtype);
    size_t icg = p->ic / p->g, ocg = p->oc / p->g;
#pragma omp parallel num_threads(exec->threads)
    {
        double clock = tmk_phase_start(exec);
#pragma omp for collapse(2) schedule(static) nowait
        for (size_t oc = 0; oc < p->oc; oc++) {
            for (size_t i = 0; i < icg; i++) {
                fill_plane(&args->operand[TMK_WEI], oc, i, 0);
                for (size_t n = 0; n < p->mb; n++) {
                    struct tmk_plane plane = x_plane(p, args, n, oc / ocg * icg + i, oc);
                    kernels->weigh(&plane);
                }
            }
        }
        tmk_phase_end(exec, omp_get_thread_num(), TMK_PHASE_COMPUTE, clock);
    }
}
