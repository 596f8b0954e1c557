/* What the files on oneDNN share, above all where the C APIs of 2.x and 3.x differ. Private to this
 * room. */
#ifndef TMK_PEERS_ONEDNN_COMPAT_H
#define TMK_PEERS_ONEDNN_COMPAT_H

#include "onednn.h"

#include <oneapi/dnnl/dnnl.h>

/* A description of memory is a structure in 2.x and opaque in 3.x. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t tmk_dnnl_md;
typedef const_dnnl_memory_desc_t tmk_dnnl_const_md;
#else
typedef dnnl_memory_desc_t *tmk_dnnl_md;
typedef const dnnl_memory_desc_t *tmk_dnnl_const_md;
#endif

/* The CPU, with the instructions that our own kernels use; NULL if that fails. */
dnnl_engine_t tmk_onednn_engine(void);

/* Of a view, or of its shape alone (`any`: oneDNN may choose the layout). NULL for ndim 0. Axes of
 * stride 0 become axes of size 1. */
dnnl_status_t tmk_dnnl_md_make(const struct tmk_view *view, bool any, tmk_dnnl_md *out);
void tmk_dnnl_md_free(tmk_dnnl_md md);

/* Add the result to what is there. */
dnnl_status_t tmk_dnnl_append_sum(dnnl_post_ops_t post_ops);

/* The primitive for a problem, with operands described by `md`. */
dnnl_status_t tmk_dnnl_pd_make(const struct tmk_onednn_problem *problem,
                               const tmk_dnnl_md md[TMK_ONEDNN_NOPERANDS], dnnl_engine_t engine,
                               const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *out);

#endif
