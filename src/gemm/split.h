/* Where C is summed up apart: bringing it to its place. */
#ifndef TMK_GEMM_SPLIT_H
#define TMK_GEMM_SPLIT_H

#include "part.h"

/* What a part has of C, or what is added to it, where K is whole but sums are apart. */
void tmk_gemm_add_part(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                       struct tmk_range products, struct tmk_range m, struct tmk_range n);

/* One thread's share of the tiles: C, or what is added to it, is the sum over plan->pieces arrays
 * of M x N, always in the same order; likewise the sums of an operand. */
void tmk_gemm_add_pieces(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                         int threads);

#endif
