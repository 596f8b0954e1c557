#include "op.h"

#include <string.h>

const char *const tmk_dir_name[TMK_NDIRS] = {"fwd", "bwd_d", "bwd_w"};
const char *const tmk_layout_name[TMK_NLAYOUTS] = {"nchw", "nhwc"};
const enum tmk_operand tmk_dir_output[TMK_NDIRS] = {TMK_DST, TMK_SRC, TMK_WEI};

bool tmk_dir_writes(enum tmk_dir dir, enum tmk_operand operand)
{
    return operand == tmk_dir_output[dir] || (dir == TMK_BWD_W && operand == TMK_BIA);
}

const struct tmk_impl *tmk_op_impl(const struct tmk_op *op, const char *name)
{
    for (const struct tmk_impl *const *impl = op->impls; *impl; impl++) {
        if (strcmp((*impl)->name, name) == 0)
            return *impl;
    }
    return NULL;
}

const char *tmk_impl_refusal(const struct tmk_impl *impl, const struct tmk_problem *problem,
                             enum tmk_dir dir)
{
    if (!impl->run[dir])
        return "does not offer this direction";
    return impl->supports ? impl->supports(problem, dir) : NULL;
}

size_t tmk_impl_workspace(const struct tmk_impl *impl, const struct tmk_problem *problem,
                          enum tmk_dir dir, int threads)
{
    return impl->workspace ? impl->workspace(problem, dir, threads) : 0;
}

double tmk_impl_extra_bytes(const struct tmk_impl *impl, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    return impl->extra_bytes ? impl->extra_bytes(problem, dir) : 0;
}
