/* openblas, blis, mkl, onednn_sgemm and the libraries that the user names: cblas_?gemm() as
 * implementations. */
#include "matmul_parts.h"
#include "peers.h"

#include <stdlib.h>
#include <string.h>

static const char *plan(int peer, const struct tmk_problem *problem, enum tmk_dir dir,
                        const struct tmk_args *args, struct tmk_peer_calls *calls)
{
    const struct tmk_matmul_product p = tmk_matmul_as_product(problem, dir, args);
    struct tmk_product product = {.out = p.out, .left = p.left, .right = p.right};
    memcpy(product.reduced, p.reduced, sizeof product.reduced);
    return tmk_peer_plan(peer, &product, calls);
}

static const char *supports(int peer, const struct tmk_problem *problem, enum tmk_dir dir)
{
    struct tmk_peer_calls calls;
    struct tmk_args args;
    const char *refusal = tmk_peer_refusal(peer);
    if (refusal)
        return refusal;
    if (tmk_op_operands(problem, &args) != TMK_OK)
        return "a size overflows";
    return plan(peer, problem, dir, &args, &calls);
}

/* Which calls to make is decided beforehand, as one who calls BLAS would. */
static enum tmk_status prepare(int peer, const struct tmk_problem *problem, enum tmk_dir dir,
                               const struct tmk_args *args, void **state)
{
    struct tmk_peer_calls *calls = malloc(sizeof *calls);
    if (!calls)
        return tmk_fail(TMK_ENOMEM, "no memory to plan the calls of %s", tmk_peer_name[peer]);
    const char *refusal = tmk_peer_refusal(peer);
    if (!refusal)
        refusal = plan(peer, problem, dir, args, calls);
    *state = calls;
    if (!refusal)
        return TMK_OK;
    free(calls);
    return tmk_fail(TMK_EUNSUPPORTED, "%s: %s: choose another implementation", tmk_peer_name[peer],
                    refusal);
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)problem, (void)dir, (void)args;
    return tmk_peer_run(exec->state, exec);
}

#define CBLAS "cblas_sgemm or cblas_dgemm, a call for each matrix that strides cannot merge"
#define SGEMM "oneDNN's dnnl_sgemm, called in the same way"

/* A function cannot carry the library that it is for: each number has functions of its own. */
#define FUNCTIONS(i, text)                                                                         \
    static bool absent_##i(void)                                                                   \
    {                                                                                              \
        return !tmk_peer_found(i);                                                                 \
    }                                                                                              \
    static const char *supports_##i(const struct tmk_problem *problem, enum tmk_dir dir)           \
    {                                                                                              \
        return supports(i, problem, dir);                                                          \
    }                                                                                              \
    static const char *supports_threads_##i(int threads)                                           \
    {                                                                                              \
        return tmk_peer_threads_refusal(i, threads);                                               \
    }                                                                                              \
    static enum tmk_status prepare_##i(const struct tmk_problem *problem, enum tmk_dir dir,        \
                                       const struct tmk_args *args, const struct tmk_exec *exec,   \
                                       void **state)                                               \
    {                                                                                              \
        (void)exec;                                                                                \
        return prepare(i, problem, dir, args, state);                                              \
    }                                                                                              \
    static const struct tmk_impl impl_##i = {.name = tmk_peer_name[i],                             \
                                             .summary = text,                                      \
                                             .absent = absent_##i,                                 \
                                             .supports = supports_##i,                             \
                                             .supports_threads = supports_threads_##i,             \
                                             .run = run,                                           \
                                             .prepare = prepare_##i,                               \
                                             .release = free};
FUNCTIONS(0, CBLAS)
FUNCTIONS(1, CBLAS)
FUNCTIONS(2, CBLAS)
FUNCTIONS(3, SGEMM)
FUNCTIONS(4, CBLAS)
FUNCTIONS(5, CBLAS)
FUNCTIONS(6, CBLAS)
FUNCTIONS(7, CBLAS)
FUNCTIONS(8, CBLAS)
FUNCTIONS(9, CBLAS)
_Static_assert(TMK_PEERS == 10, "each number needs its functions");

/* The user's come last, as one without a name ends the list. */
const struct tmk_impl *const tmk_matmul_peers[] = {
    &impl_0, &impl_1, &impl_2, &impl_3, &tmk_matmul_onednn, &impl_4, &impl_5, &impl_6,
    &impl_7, &impl_8, &impl_9, NULL};
