/* im2col_openblas, im2col_blis, im2col_mkl and so on: our columns, multiplied by another project's
 * cblas_?gemm(). */
#include "columns.h"
#include "peers.h"
#include "room.h"

/* Groups are the batch. */
static const char *plan(const struct tmk_impl *self, const struct tmk_columns_product *p,
                        struct tmk_peer_calls *calls)
{
    const struct tmk_product product = {
        .out = p->out, .left = p->left, .right = p->columns, .accumulate = p->accumulate};
    return tmk_peer_plan(self->peer, &product, calls);
}

static const char *supports(const struct tmk_impl *self, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    struct tmk_columns_product product;
    struct tmk_peer_calls calls;
    return tmk_columns_shape(problem, dir, &product) == TMK_OK ? plan(self, &product, &calls)
                                                               : "a size overflows";
}

/* The state is the implementation. */
static enum tmk_status prepare(const struct tmk_impl *self, const struct tmk_problem *problem,
                               enum tmk_dir dir, const struct tmk_args *args,
                               const struct tmk_exec *exec, void **state)
{
    (void)problem, (void)dir, (void)args, (void)exec;
    *state = (void *)self;
    return TMK_OK;
}

static enum tmk_status multiply(const struct tmk_columns_product *product,
                                const struct tmk_exec *exec)
{
    const struct tmk_impl *self = exec->state;
    struct tmk_peer_calls calls;
    const char *refusal = plan(self, product, &calls);
    if (refusal)
        return tmk_fail(TMK_EUNSUPPORTED, "%s: %s: choose another implementation", self->name,
                        refusal);
    return tmk_peer_run(&calls, exec);
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    return tmk_columns_run(problem, dir, args, exec, multiply);
}

#define PEER(i, text)                                                                              \
    &(const struct tmk_impl)                                                                       \
    {                                                                                              \
        .name = tmk_peer_im2col_name[i], .summary = text, .peer = i, .absent = tmk_peer_absent,    \
        .supports = supports, .supports_threads = tmk_peer_supports_threads,                       \
        .workspace = tmk_columns_workspace, .extra_bytes = tmk_columns_bytes, .run = run,          \
        .prepare = prepare                                                                         \
    }
#define CBLAS(i) PEER(i, "the same columns, then cblas_sgemm or cblas_dgemm")
#define SGEMM(i) PEER(i, "the same columns, then oneDNN's dnnl_sgemm")

/* The user's come last, as one without a name ends the list. */
const struct tmk_impl *const tmk_conv2d_peers[] = {CBLAS(TMK_PEER_OPENBLAS),
                                                   CBLAS(TMK_PEER_BLIS),
                                                   CBLAS(TMK_PEER_MKL),
                                                   SGEMM(TMK_PEER_ONEDNN),
                                                   &tmk_conv2d_onednn,
                                                   &tmk_conv2d_onednn_any,
                                                   &tmk_conv2d_onednn_winograd,
                                                   CBLAS(4),
                                                   CBLAS(5),
                                                   CBLAS(6),
                                                   CBLAS(7),
                                                   CBLAS(8),
                                                   CBLAS(9),
                                                   NULL};
_Static_assert(TMK_PEERS == 10, "each number is in the list");
