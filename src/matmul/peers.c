/* openblas, blis, mkl, onednn_sgemm and the libraries that the user names: cblas_?gemm() as
 * implementations. */
#include "matmul_parts.h"
#include "peers.h"

#include <stdlib.h>

static const char *plan(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, const struct tmk_args *args, struct tmk_peer_calls *calls)
{
    const struct tmk_product product = tmk_matmul_as_product(problem, dir, args);
    return tmk_peer_plan(self->peer, &product, calls);
}

static const char *supports(const struct tmk_impl *self, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    struct tmk_peer_calls calls;
    struct tmk_args args;
    return tmk_op_operands(problem, &args) == TMK_OK ? plan(self, problem, dir, &args, &calls)
                                                     : "a size overflows";
}

/* Which calls to make is decided beforehand, as one who calls BLAS would. */
static enum tmk_status prepare(const struct tmk_impl *self, const struct tmk_problem *problem,
                               enum tmk_dir dir, const struct tmk_args *args,
                               const struct tmk_exec *exec, void **state)
{
    (void)exec;
    struct tmk_peer_calls *calls = malloc(sizeof *calls);
    if (!calls)
        return tmk_fail(TMK_ENOMEM, "no memory to plan the calls of %s", self->name);
    const char *refusal = plan(self, problem, dir, args, calls);
    *state = calls;
    if (!refusal)
        return TMK_OK;
    free(calls);
    return tmk_fail(TMK_EUNSUPPORTED, "%s: %s: choose another implementation", self->name, refusal);
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args;
    return tmk_peer_run(exec->state, exec);
}

#define PEER(i, text)                                                                              \
    &(const struct tmk_impl)                                                                       \
    {                                                                                              \
        .name = tmk_peer_name[i], .summary = text, .peer = i, .absent = tmk_peer_absent,           \
        .supports = supports, .supports_threads = tmk_peer_supports_threads, .run = run,           \
        .prepare = prepare, .release = free                                                        \
    }
#define CBLAS(i)                                                                                   \
    PEER(i, "cblas_sgemm or cblas_dgemm, a call for each matrix that strides cannot merge")
#define SGEMM(i) PEER(i, "oneDNN's dnnl_sgemm, called in the same way")

/* The user's come last, as one without a name ends the list. */
const struct tmk_impl *const tmk_matmul_peers[] = {CBLAS(TMK_PEER_OPENBLAS),
                                                   CBLAS(TMK_PEER_BLIS),
                                                   CBLAS(TMK_PEER_MKL),
                                                   SGEMM(TMK_PEER_ONEDNN),
                                                   &tmk_matmul_onednn,
                                                   CBLAS(4),
                                                   CBLAS(5),
                                                   CBLAS(6),
                                                   CBLAS(7),
                                                   CBLAS(8),
                                                   CBLAS(9),
                                                   NULL};
_Static_assert(TMK_PEERS == 10, "each number is in the list");
