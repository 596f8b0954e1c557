/* One thread's part of a contraction: a range of products, which are pieces of K of batch elements,
 * and of rows and columns of C. */
#ifndef TMK_GEMM_PART_H
#define TMK_GEMM_PART_H

#include "plan.h"
#include "range.h"

/* Multiply; `memory` has plan->part_bytes. Notes phases under `thread`. */
void tmk_gemm_run_part(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                       void *memory, struct tmk_range products, struct tmk_range m,
                       struct tmk_range n);

#endif
