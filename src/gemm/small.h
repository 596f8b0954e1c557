/* Products so small that planning them would take longer than it gains. */
#ifndef TMK_GEMM_SMALL_H
#define TMK_GEMM_SMALL_H

#include "gemm.h"

/* Plain matrices of whole vectors, one or a batch, that the micro-kernel can read where they lie,
 * in one block. Every sum is the same as by a plan. */
bool tmk_gemm_is_small(const struct tmk_gemm *gemm);

/* Multiply; needs no workspace. */
void tmk_gemm_run_small(const struct tmk_gemm *gemm, const struct tmk_exec *exec);

#endif
