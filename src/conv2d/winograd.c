/* winograd: 3x3 kernels by Winograd's minimal filtering, F(2x2,3x3) or F(4x4,3x3), whichever
 * promises the shorter time (Lavin & Gray 2016): 2.25 or 4 times fewer multiplications, for an
 * error that is bounded relative to the largest element only. 5x5 kernels by F(2x2,5x5), 2.8 times
 * fewer. */
#include "winograd.h"

#include "isa.h"
#include "size.h"

#include <math.h>
#include <stdint.h>

TMK_DEFINE_BY_ISA(tmk_winograd_kernels)

static const char *supports(const struct tmk_impl *self, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    (void)self, (void)dir;
    if (p->kh != p->kw || (p->kh != 3 && p->kh != 5))
        return "needs a 3x3 or 5x5 kernel";
    if (p->sh != 1 || p->sw != 1)
        return "needs stride 1";
    if (p->dh != 1 || p->dw != 1)
        return "needs dilation 1";
    return NULL;
}

/* The form of less expected time; the smaller one among equals, for it is the more accurate. */
static enum tmk_winograd_size choose_size(const struct tmk_conv2d *p, enum tmk_dir dir)
{
    if (p->kh == 5)
        return TMK_WINOGRAD_2X2_5X5;
    return tmk_winograd_correlate_cost(p, dir, TMK_WINOGRAD_4X4) <
                   tmk_winograd_correlate_cost(p, dir, TMK_WINOGRAD_2X2)
               ? TMK_WINOGRAD_4X4
               : TMK_WINOGRAD_2X2;
}

static size_t workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, int threads)
{
    (void)self;
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    const enum tmk_winograd_size size = choose_size(p, dir);
    return dir == TMK_BWD_W ? tmk_winograd_weigh_workspace(p, size, threads)
                            : tmk_winograd_correlate_workspace(p, dir, size, threads);
}

static enum tmk_status run(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    const size_t needed = workspace(NULL, problem, dir, exec->threads);
    if (exec->workspace_bytes < needed)
        return tmk_fail(TMK_EINVAL, "winograd: workspace of %zu bytes is too small, needs %zu",
                        exec->workspace_bytes, needed);
    if (dir == TMK_BWD_W)
        tmk_winograd_weigh(p, choose_size(p, dir), args, exec);
    else
        tmk_winograd_correlate(p, dir, choose_size(p, dir), args, exec);
    return TMK_OK;
}

const struct tmk_impl tmk_conv2d_winograd = {
    .name = "winograd",
    .summary =
        "minimal filtering of 3x3 and 5x5 kernels: a quarter of the multiplications, or more",
    .accuracy = TMK_NORMWISE,
    .auto_flops = INFINITY,
    .supports = supports,
    .workspace = workspace,
    .run = run,
};
