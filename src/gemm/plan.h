/* A contraction made ready to run: which operand is which, how it is blocked and shared out. */
#ifndef TMK_GEMM_PLAN_H
#define TMK_GEMM_PLAN_H

#include "axes.h"
#include "blocking.h"

/* One of the two packed operands. */
struct tmk_gemm_operand {
    const char *base;
    bool window;
    int32_t y0, x0, h, w;
};

struct tmk_gemm_plan {
    const struct tmk_micro *micro;
    size_t element; /* bytes */
    enum tmk_dtype dtype;
    struct tmk_gemm_operand a,
        b; /* m belongs to a, n to b; exchanged if that makes C's n unit-stride */
    char *c;
    bool accumulate;
    struct tmk_gemm_batch batch;
    struct tmk_axes m, n, k; /* m: FIRST in a, SECOND in c; n: in b, in c; k: in a, in b */
    size_t nbatch, M, N, K;
    size_t period; /* of k: positions of all its axes but the outermost */
    struct tmk_blocking blocking;
    size_t parts_batch, parts_m, parts_n; /* the grid of threads */
    size_t part_bytes;                    /* workspace of one part */
};

/* `threads` >= 1 parts at most. */
void tmk_gemm_plan_make(const struct tmk_gemm *gemm, int threads, struct tmk_gemm_plan *plan);

/* Where a part's workspace holds what; only NULLs if `memory` is NULL. */
struct tmk_gemm_scratch {
    char *a_block, *b_block;
    ptrdiff_t *k_first, *k_second;   /* kc */
    int32_t *k_y, *k_x;              /* kc */
    struct tmk_run *a_runs, *b_runs; /* kc: runs of k in a and in b */
    ptrdiff_t *m_c;                  /* mc: rows of C */
    ptrdiff_t *n_c;                  /* nc: columns of C */
};
/* Bytes used; fills `scratch`. */
size_t tmk_gemm_scratch_layout(const struct tmk_gemm_plan *plan, char *memory,
                               struct tmk_gemm_scratch *scratch);

#endif
