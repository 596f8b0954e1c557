#include "onednn_compat.h"

#include <stdlib.h>

#define X TMK_ONEDNN_X
#define W TMK_ONEDNN_W
#define B TMK_ONEDNN_B
#define Y TMK_ONEDNN_Y

/* Strides of axes of size 1 do not matter, but oneDNN wants none that are 0. */
static void describe(const struct tmk_view *view, dnnl_dims_t dims, dnnl_dims_t strides)
{
    for (int i = 0; i < view->ndim; i++) {
        dims[i] = view->stride[i] == 0 ? 1 : (int64_t)view->shape[i];
        strides[i] = view->stride[i] == 0 ? 1 : view->stride[i];
    }
}

static dnnl_alg_kind_t algorithm(const struct tmk_onednn_problem *problem)
{
    return problem->winograd ? dnnl_convolution_winograd : dnnl_convolution_direct;
}

#if DNNL_VERSION_MAJOR >= 3

dnnl_status_t tmk_dnnl_md_make(const struct tmk_view *view, bool any, tmk_dnnl_md *out)
{
    dnnl_dims_t dims, strides;
    *out = NULL;
    if (view->ndim == 0)
        return dnnl_success;
    describe(view, dims, strides);
    return any ? dnnl_memory_desc_create_with_tag(out, view->ndim, dims, dnnl_f32,
                                                  dnnl_format_tag_any)
               : dnnl_memory_desc_create_with_strides(out, view->ndim, dims, dnnl_f32, strides);
}

void tmk_dnnl_md_free(tmk_dnnl_md md)
{
    if (md)
        dnnl_memory_desc_destroy(md);
}

dnnl_status_t tmk_dnnl_append_sum(dnnl_post_ops_t post_ops)
{
    return dnnl_post_ops_append_sum(post_ops, 1, 0, dnnl_data_type_undef);
}

static dnnl_status_t make_forward(const struct tmk_onednn_problem *p, const tmk_dnnl_md *md,
                                  dnnl_engine_t engine, const_dnnl_primitive_attr_t attr,
                                  dnnl_primitive_desc_t *out)
{
    return dnnl_convolution_forward_primitive_desc_create(
        out, engine, dnnl_forward_training, algorithm(p), md[X], md[W], md[B], md[Y], p->stride,
        p->dilation, p->pad_lo, p->pad_hi, attr);
}

static dnnl_status_t make_backward(const struct tmk_onednn_problem *p, const tmk_dnnl_md *md,
                                   dnnl_engine_t engine, const_dnnl_primitive_attr_t attr,
                                   const_dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *out)
{
    if (p->kind == TMK_ONEDNN_CONV_BWD_D)
        return dnnl_convolution_backward_data_primitive_desc_create(
            out, engine, algorithm(p), md[X], md[W], md[Y], p->stride, p->dilation, p->pad_lo,
            p->pad_hi, hint, attr);
    return dnnl_convolution_backward_weights_primitive_desc_create(
        out, engine, algorithm(p), md[X], md[W], md[B], md[Y], p->stride, p->dilation, p->pad_lo,
        p->pad_hi, hint, attr);
}

static dnnl_status_t make_matmul(const tmk_dnnl_md *md, dnnl_engine_t engine,
                                 const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *out)
{
    return dnnl_matmul_primitive_desc_create(out, engine, md[X], md[W], NULL, md[Y], attr);
}

#else

dnnl_status_t tmk_dnnl_md_make(const struct tmk_view *view, bool any, tmk_dnnl_md *out)
{
    dnnl_dims_t dims, strides;
    *out = NULL;
    if (view->ndim == 0)
        return dnnl_success;
    *out = malloc(sizeof **out);
    if (!*out)
        return dnnl_out_of_memory;
    describe(view, dims, strides);
    return any ? dnnl_memory_desc_init_by_tag(*out, view->ndim, dims, dnnl_f32, dnnl_format_tag_any)
               : dnnl_memory_desc_init_by_strides(*out, view->ndim, dims, dnnl_f32, strides);
}

void tmk_dnnl_md_free(tmk_dnnl_md md)
{
    free(md);
}

dnnl_status_t tmk_dnnl_append_sum(dnnl_post_ops_t post_ops)
{
    return dnnl_post_ops_append_sum(post_ops, 1);
}

static dnnl_status_t make_forward(const struct tmk_onednn_problem *p, const tmk_dnnl_md *md,
                                  dnnl_engine_t engine, const_dnnl_primitive_attr_t attr,
                                  dnnl_primitive_desc_t *out)
{
    dnnl_convolution_desc_t desc;
    dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
        &desc, dnnl_forward_training, algorithm(p), md[X], md[W], md[B], md[Y], p->stride,
        p->dilation, p->pad_lo, p->pad_hi);
    return status ? status : dnnl_primitive_desc_create(out, &desc, attr, engine, NULL);
}

static dnnl_status_t make_backward(const struct tmk_onednn_problem *p, const tmk_dnnl_md *md,
                                   dnnl_engine_t engine, const_dnnl_primitive_attr_t attr,
                                   const_dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *out)
{
    dnnl_convolution_desc_t desc;
    dnnl_status_t status = p->kind == TMK_ONEDNN_CONV_BWD_D
                               ? dnnl_dilated_convolution_backward_data_desc_init(
                                     &desc, algorithm(p), md[X], md[W], md[Y], p->stride,
                                     p->dilation, p->pad_lo, p->pad_hi)
                               : dnnl_dilated_convolution_backward_weights_desc_init(
                                     &desc, algorithm(p), md[X], md[W], md[B], md[Y], p->stride,
                                     p->dilation, p->pad_lo, p->pad_hi);
    return status ? status : dnnl_primitive_desc_create(out, &desc, attr, engine, hint);
}

static dnnl_status_t make_matmul(const tmk_dnnl_md *md, dnnl_engine_t engine,
                                 const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *out)
{
    dnnl_matmul_desc_t desc;
    dnnl_status_t status = dnnl_matmul_desc_init(&desc, md[X], md[W], NULL, md[Y]);
    return status ? status : dnnl_primitive_desc_create(out, &desc, attr, engine, NULL);
}

#endif

dnnl_status_t tmk_dnnl_pd_make(const struct tmk_onednn_problem *problem,
                               const tmk_dnnl_md md[TMK_ONEDNN_NOPERANDS], dnnl_engine_t engine,
                               const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *out)
{
    dnnl_primitive_desc_t hint;
    if (problem->kind == TMK_ONEDNN_MATMUL)
        return make_matmul(md, engine, attr, out);
    if (problem->kind == TMK_ONEDNN_CONV_FWD)
        return make_forward(problem, md, engine, attr, out);
    dnnl_status_t status = make_forward(problem, md, engine, attr, &hint);
    if (status)
        return status;
    status = make_backward(problem, md, engine, attr, hint, out);
    dnnl_primitive_desc_destroy(hint);
    return status;
}
