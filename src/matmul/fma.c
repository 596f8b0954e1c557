/* fma: how long the product's multiply-adds take in registers alone. What is timed in turns with it
 * is held against the peak of the same minute. */
#include "ceilings.h"
#include "matmul_parts.h"

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    (void)args;
    const double start = tmk_phase_start(exec);
    tmk_multiply_add(problem->dtype == TMK_F64, exec->threads, problem->op->flops(problem, dir));
    tmk_phase_end(exec, 0, TMK_PHASE_COMPUTE, start);
    return TMK_OK;
}

const struct tmk_impl tmk_matmul_fma = {
    .name = "fma",
    .summary = "no product: as many multiply-adds in registers, the time that none can beat",
    .run = run,
};
