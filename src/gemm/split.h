/* Where K is cut into pieces: adding their sums. */
#ifndef TMK_GEMM_SPLIT_H
#define TMK_GEMM_SPLIT_H

#include "part.h"

/* One thread's share of the rows: C, or what is added to it, is the sum over plan->pieces arrays of
 * M x N, always in the same order; likewise the sums of an operand. */
void tmk_gemm_add_pieces(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                         int threads);

#endif
