/* im2col_openblas, im2col_blis, im2col_mkl and so on: our columns, multiplied by another project's
 * cblas_?gemm(). */
#include "columns.h"
#include "peers.h"
#include "room.h"

#include <stdint.h>

/* Groups are the batch. */
static const char *plan(int peer, const struct tmk_columns_product *p, struct tmk_peer_calls *calls)
{
    const struct tmk_product product = {
        .out = p->out, .left = p->left, .right = p->columns, .accumulate = p->accumulate};
    return tmk_peer_plan(peer, &product, calls);
}

static const char *supports(int peer, const struct tmk_problem *problem, enum tmk_dir dir)
{
    struct tmk_columns_product product;
    struct tmk_peer_calls calls;
    const char *refusal = tmk_peer_refusal(peer);
    if (refusal)
        return refusal;
    if (tmk_columns_shape(problem, dir, &product) != TMK_OK)
        return "a size overflows";
    return plan(peer, &product, &calls);
}

static size_t workspace(const struct tmk_problem *problem, enum tmk_dir dir, int threads)
{
    (void)threads;
    return tmk_columns_workspace(problem, dir);
}

/* exec->state points at the peer's number. */
static enum tmk_status multiply(const struct tmk_columns_product *product,
                                const struct tmk_exec *exec)
{
    const int peer = *(const int *)exec->state;
    struct tmk_peer_calls calls;
    const char *refusal = plan(peer, product, &calls);
    if (refusal)
        return tmk_fail(TMK_EUNSUPPORTED, "%s: %s: choose another implementation",
                        tmk_peer_im2col_name[peer], refusal);
    return tmk_peer_run(&calls, exec);
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    return tmk_columns_run(problem, dir, args, exec, multiply);
}

#define CBLAS "the same columns, then cblas_sgemm or cblas_dgemm"
#define SGEMM "the same columns, then oneDNN's dnnl_sgemm"

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
        static int number = i;                                                                     \
        (void)problem, (void)dir, (void)args, (void)exec;                                          \
        *state = &number;                                                                          \
        return TMK_OK;                                                                             \
    }                                                                                              \
    static const struct tmk_impl impl_##i = {.name = tmk_peer_im2col_name[i],                      \
                                             .summary = text,                                      \
                                             .absent = absent_##i,                                 \
                                             .supports = supports_##i,                             \
                                             .supports_threads = supports_threads_##i,             \
                                             .workspace = workspace,                               \
                                             .extra_bytes = tmk_columns_bytes,                     \
                                             .run = run,                                           \
                                             .prepare = prepare_##i};
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
const struct tmk_impl *const tmk_conv2d_peers[] = {&impl_0,
                                                   &impl_1,
                                                   &impl_2,
                                                   &impl_3,
                                                   &tmk_conv2d_onednn,
                                                   &tmk_conv2d_onednn_any,
                                                   &tmk_conv2d_onednn_winograd,
                                                   &impl_4,
                                                   &impl_5,
                                                   &impl_6,
                                                   &impl_7,
                                                   &impl_8,
                                                   &impl_9,
                                                   NULL};
