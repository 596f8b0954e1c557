/* Choosing among implementations by a short measurement: the functions of each op's `auto`. */
#ifndef TMK_OP_AUTO_H
#define TMK_OP_AUTO_H

#include "op.h"

/* The functions of struct tmk_impl by those names. The candidates are the op's own implementations
 * that say so in auto_flops; they have no prepare(). The first with INFINITY supports everything;
 * it is what runs without prepare().
 *
 * prepare() lets those that support the problem take turns, some 50 ms or two calls of each at the
 * most, on the operands themselves; whose shortest call is the shortest is chosen. The choice is
 * kept as long as the process lives, so that the next preparation of such a problem, direction and
 * thread count costs nothing. workspace() is the largest of the candidates'. */
size_t tmk_auto_workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                          enum tmk_dir dir, int threads);
enum tmk_status tmk_auto_prepare(const struct tmk_impl *self, const struct tmk_problem *problem,
                                 enum tmk_dir dir, const struct tmk_args *args,
                                 const struct tmk_exec *exec, void **state);
enum tmk_status tmk_auto_run(const struct tmk_problem *problem, enum tmk_dir dir,
                             const struct tmk_args *args, const struct tmk_exec *exec);

/* The name of what an `auto` that is prepared has chosen; "" for any other implementation. */
const char *tmk_auto_choice(const struct tmk_impl *impl, const struct tmk_exec *exec);

#endif
