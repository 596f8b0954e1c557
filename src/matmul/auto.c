/* auto: whichever of ours a short measurement finds fastest. The plain loops stand a chance where
 * there is next to nothing to do. */
#include "auto.h"

extern const struct tmk_impl tmk_matmul_blocked, tmk_matmul_naive, tmk_matmul_strided;

#define SMALL_FLOPS 1e6

static const struct tmk_candidate candidates[] = {{&tmk_matmul_blocked, 0},
                                                  {&tmk_matmul_naive, SMALL_FLOPS},
                                                  {&tmk_matmul_strided, SMALL_FLOPS},
                                                  {NULL, 0}};
static size_t workspace(const struct tmk_problem *problem, enum tmk_dir dir, int threads)
{
    return tmk_auto_workspace(candidates, problem, dir, threads);
}

static enum tmk_status prepare(const struct tmk_problem *problem, enum tmk_dir dir,
                               const struct tmk_args *args, const struct tmk_exec *exec,
                               void **state)
{
    return tmk_auto_prepare(candidates, problem, dir, args, exec, state);
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    return tmk_auto_run(candidates, problem, dir, args, exec);
}

const struct tmk_impl tmk_matmul_auto = {
    .name = "auto",
    .summary = "blocked, or plain loops if small, as a short measurement tells",
    .bits_vary = true,
    .workspace = workspace,
    .run = run,
    .prepare = prepare,
};
