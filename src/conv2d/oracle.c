/* The reference: serial, in double, on dense NCHW copies of its own, so that it shares neither
 * windows nor columns with the implementations it judges. */
#include "room.h"

#include "alloc.h"
#include "size.h"

#include <math.h>
#include <string.h>

/* Outputs o of a row for which one tap reads inside the image: first <= o < end, at element
 * o*stride + shift. */
struct span {
    size_t first, end;
    ptrdiff_t shift;
};

static struct span span_of(size_t in, size_t out, size_t stride, ptrdiff_t shift)
{
    const ptrdiff_t step = (ptrdiff_t)stride, limit = (ptrdiff_t)in - shift;
    struct span span = {.shift = shift};
    if (shift < 0)
        span.first = (size_t)((-shift + step - 1) / step);
    if (limit > 0)
        span.end = TMK_MIN(out, (size_t)((limit + step - 1) / step));
    span.end = TMK_MAX(span.first, span.end);
    return span;
}

/* The operands as dense NCHW doubles, and the span of every tap column. */
struct tensors {
    struct tmk_view view[TMK_NOPERANDS];
    double *x, *w, *b, *y; /* b NULL: no bias */
    struct span *spans;
    void *memory;
};

static enum tmk_status tensors_make(const struct tmk_conv2d *p, struct tensors *t)
{
    struct tmk_conv2d nchw = *p;
    nchw.base.dtype = TMK_F64;
    nchw.base.layout = TMK_NCHW;
    size_t first[TMK_NOPERANDS], bytes = 0;
    bool fits = tmk_size_mul(p->kw, sizeof(struct span), &bytes);
    for (int i = 0; i < TMK_NOPERANDS; i++) {
        size_t count;
        TMK_TRY(p->base.op->operand(&nchw.base, (enum tmk_operand)i, &t->view[i], &count));
        first[i] = bytes;
        fits = fits && tmk_size_add(bytes, count * sizeof(double), &bytes);
    }
    if (!fits)
        return tmk_fail(TMK_EINVAL, "conv2d oracle: its size overflows: use a smaller problem");
    TMK_TRY(tmk_alloc(bytes, "the oracle's operands", &t->memory));
    for (int i = 0; i < TMK_NOPERANDS; i++) {
        t->view[i].data = (char *)t->memory + first[i];
        t->view[i].begin = t->memory;
        t->view[i].end = (char *)t->memory + bytes;
    }
    t->x = t->view[TMK_SRC].data;
    t->w = t->view[TMK_WEI].data;
    t->b = p->bias ? t->view[TMK_BIA].data : NULL;
    t->y = t->view[TMK_DST].data;
    t->spans = t->memory;
    for (size_t kw = 0; kw < p->kw; kw++)
        t->spans[kw] = span_of(p->iw, p->ow, p->sw, (ptrdiff_t)(kw * p->dw) - (ptrdiff_t)p->pw);
    return TMK_OK;
}

/* Inputs copied, or their absolute values; outputs zero. */
static enum tmk_status tensors_load(const struct tensors *t, enum tmk_dir dir,
                                    const struct tmk_args *args, bool absolute)
{
    for (int i = 0; i < TMK_NOPERANDS; i++) {
        const size_t count = tmk_view_count(&t->view[i]);
        double *values = t->view[i].data;
        if (tmk_dir_writes(dir, (enum tmk_operand)i)) {
            memset(values, 0, count * sizeof *values);
            continue;
        }
        TMK_TRY(tmk_view_copy(&t->view[i], &args->operand[i]));
        for (size_t e = 0; absolute && e < count; e++)
            values[e] = fabs(values[e]);
    }
    return TMK_OK;
}

static void axpy(size_t count, double a, const double *restrict x, size_t incx, double *restrict y,
                 size_t incy)
{
    for (size_t i = 0; i < count; i++)
        y[i * incy] += a * x[i * incx];
}

static double dot(size_t count, const double *restrict x, size_t incx, const double *restrict y)
{
    double sum = 0;
    if (incx == 1) {
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < count; i++)
            sum += x[i] * y[i];
        return sum;
    }
    for (size_t i = 0; i < count; i++)
        sum += x[i * incx] * y[i];
    return sum;
}

/* All products between row oh of an output channel, a channel of x, and the kernel between them. */
static void multiply_row(const struct tmk_conv2d *p, enum tmk_dir dir, const struct span *spans,
                         size_t oh, double *x, double *w, double *y)
{
    for (size_t kh = 0; kh < p->kh; kh++) {
        const ptrdiff_t ih = (ptrdiff_t)(oh * p->sh + kh * p->dh) - (ptrdiff_t)p->ph;
        if (ih < 0 || ih >= (ptrdiff_t)p->ih)
            continue;
        for (size_t kw = 0; kw < p->kw; kw++) {
            const struct span *span = &spans[kw];
            const size_t count = span->end - span->first;
            if (count == 0)
                continue;
            const ptrdiff_t iw = (ptrdiff_t)(span->first * p->sw) + span->shift;
            double *in = x + ih * (ptrdiff_t)p->iw + iw;
            double *out = y + span->first;
            double *tap = w + kh * p->kw + kw;
            if (dir == TMK_FWD)
                axpy(count, *tap, in, p->sw, out, 1);
            else if (dir == TMK_BWD_D)
                axpy(count, *tap, out, 1, in, p->sw);
            else
                *tap += dot(count, in, p->sw, out);
        }
    }
}

/* y = b, or db = dy summed. */
static void apply_bias(const struct tmk_conv2d *p, enum tmk_dir dir, const struct tensors *t)
{
    const size_t pixels = p->oh * p->ow;
    for (size_t plane = 0; plane < p->mb * p->oc; plane++) {
        double *y = t->y + plane * pixels, *b = t->b + plane % p->oc;
        for (size_t i = 0; dir == TMK_FWD && i < pixels; i++)
            y[i] = *b;
        for (size_t i = 0; dir == TMK_BWD_W && i < pixels; i++)
            *b += y[i];
    }
}

/* The rows of all output channels are innermost: they and one row of x stay in the cache. */
static void convolve(const struct tmk_conv2d *p, enum tmk_dir dir, const struct tensors *t)
{
    const size_t icg = p->ic / p->g, ocg = p->oc / p->g;
    if (t->b)
        apply_bias(p, dir, t);
    for (size_t n = 0; n < p->mb; n++) {
        for (size_t oh = 0; oh < p->oh; oh++) {
            for (size_t ic = 0; ic < p->ic; ic++) {
                double *x = t->x + (n * p->ic + ic) * p->ih * p->iw;
                const size_t first_oc = ic / icg * ocg;
                for (size_t oc = first_oc; oc < first_oc + ocg; oc++) {
                    double *w = t->w + (oc * icg + ic % icg) * p->kh * p->kw;
                    double *y = t->y + ((n * p->oc + oc) * p->oh + oh) * p->ow;
                    multiply_row(p, dir, t->spans, oh, x, w, y);
                }
            }
        }
    }
}

static enum tmk_status compute(const struct tmk_conv2d *p, enum tmk_dir dir,
                               const struct tensors *t, const struct tmk_args *args, bool absolute,
                               const struct tmk_args *out)
{
    TMK_TRY(tensors_load(t, dir, args, absolute));
    convolve(p, dir, t);
    for (int i = 0; i < TMK_NOPERANDS; i++) {
        if (tmk_dir_writes(dir, (enum tmk_operand)i))
            TMK_TRY(tmk_view_copy(&out->operand[i], &t->view[i]));
    }
    return TMK_OK;
}

/* The magnitudes are the same sums over absolute values. */
enum tmk_status tmk_conv2d_oracle(const struct tmk_problem *problem, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_args *out,
                                  const struct tmk_args *magnitude)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    struct tensors tensors;
    TMK_TRY(tensors_make(p, &tensors));
    enum tmk_status status = compute(p, dir, &tensors, args, false, out);
    if (status == TMK_OK && magnitude)
        status = compute(p, dir, &tensors, args, true, magnitude);
    tmk_free(tensors.memory);
    return status;
}
