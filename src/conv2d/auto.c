/* auto: whichever of our fast ones a short measurement finds fastest. Not im2col_blocked, whose
 * columns would make the workspace grow with the problem. */
#include "auto.h"

extern const struct tmk_impl tmk_conv2d_blocked, tmk_conv2d_winograd;

static const struct tmk_candidate candidates[] = {
    {&tmk_conv2d_blocked, 0}, {&tmk_conv2d_winograd, 0}, {NULL, 0}};

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

const struct tmk_impl tmk_conv2d_auto = {
    .name = "auto",
    .summary = "blocked or winograd, as a short measurement tells",
    .accuracy = TMK_NORMWISE,
    .bits_vary = true,
    .workspace = workspace,
    .run = run,
    .prepare = prepare,
};
