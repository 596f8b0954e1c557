#include "op.h"

#include <string.h>

const char *const tmk_dir_name[TMK_NDIRS] = {"fwd", "bwd_d", "bwd_w"};
const char *const tmk_layout_name[TMK_NLAYOUTS] = {"nchw", "nhwc"};
const enum tmk_operand tmk_dir_output[TMK_NDIRS] = {TMK_DST, TMK_SRC, TMK_WEI};

bool tmk_dir_writes(enum tmk_dir dir, enum tmk_operand operand)
{
    return operand == tmk_dir_output[dir] || (dir == TMK_BWD_W && operand == TMK_BIA);
}

enum tmk_status tmk_op_operands(const struct tmk_problem *problem, struct tmk_args *args)
{
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        size_t count;
        TMK_TRY(problem->op->operand(problem, o, &args->operand[o], &count));
    }
    return TMK_OK;
}

const struct tmk_impl *tmk_op_impl_at(const struct tmk_op *op, size_t i)
{
    const struct tmk_impl *const *const lists[] = {op->impls, op->peers};
    for (size_t l = 0; l < 2; l++) {
        for (size_t k = 0; lists[l] && lists[l][k] && lists[l][k]->name[0]; k++) {
            if (i-- == 0)
                return lists[l][k];
        }
    }
    return i == 0 ? op->ceiling : NULL;
}

const char *tmk_op_ceiling(const struct tmk_op *op)
{
    return op->ceiling ? op->ceiling->name : "";
}

bool tmk_op_owns(const struct tmk_op *op, const char *name)
{
    size_t i = 0;
    while (op->impls[i] && strcmp(op->impls[i]->name, name) != 0)
        i++;
    return op->impls[i] != NULL;
}

const struct tmk_impl *tmk_op_impl(const struct tmk_op *op, const char *name)
{
    const struct tmk_impl *impl;
    for (size_t i = 0; (impl = tmk_op_impl_at(op, i)); i++) {
        if (strcmp(impl->name, name) == 0)
            return impl;
    }
    return NULL;
}

bool tmk_impl_absent(const struct tmk_impl *impl)
{
    return impl->absent && impl->absent(impl);
}

const char *tmk_impl_refusal(const struct tmk_impl *impl, const struct tmk_problem *problem,
                             enum tmk_dir dir)
{
    return impl->supports ? impl->supports(impl, problem, dir) : NULL;
}

const char *tmk_impl_refusal_on(const struct tmk_impl *impl, const struct tmk_problem *problem,
                                enum tmk_dir dir, int threads)
{
    const char *refusal = tmk_impl_refusal(impl, problem, dir);
    return !refusal && impl->supports_threads ? impl->supports_threads(impl, threads) : refusal;
}

size_t tmk_impl_workspace(const struct tmk_impl *impl, const struct tmk_problem *problem,
                          enum tmk_dir dir, int threads)
{
    return impl->workspace ? impl->workspace(impl, problem, dir, threads) : 0;
}

double tmk_impl_extra_bytes(const struct tmk_impl *impl, const struct tmk_problem *problem,
                            enum tmk_dir dir)
{
    return impl->extra_bytes ? impl->extra_bytes(problem, dir) : 0;
}

enum tmk_status tmk_impl_prepare(const struct tmk_impl *impl, const struct tmk_problem *problem,
                                 enum tmk_dir dir, const struct tmk_args *args,
                                 struct tmk_exec *exec)
{
    exec->state = NULL;
    return impl->prepare ? impl->prepare(impl, problem, dir, args, exec, &exec->state) : TMK_OK;
}

void tmk_impl_release(const struct tmk_impl *impl, struct tmk_exec *exec)
{
    if (impl->release && exec->state)
        impl->release(exec->state);
    exec->state = NULL;
}

enum tmk_status tmk_impl_call(const struct tmk_impl *impl, const struct tmk_problem *problem,
                              enum tmk_dir dir, const struct tmk_args *args, struct tmk_exec *exec)
{
    TMK_TRY(tmk_impl_prepare(impl, problem, dir, args, exec));
    enum tmk_status status = impl->run(problem, dir, args, exec);
    if (status == TMK_OK && impl->finish)
        status = impl->finish(problem, dir, args, exec);
    tmk_impl_release(impl, exec);
    return status;
}
