/* A contraction made ready to run: which operand is which, how it is blocked and shared out. */
#ifndef TMK_GEMM_PLAN_H
#define TMK_GEMM_PLAN_H

#include "axes.h"
#include "blocking.h"

/* One of the two factors. */
struct tmk_gemm_operand {
    const char *base;
    bool window;
    int32_t y0, x0, h, w;
    bool in_place;    /* read where it lies, not packed */
    ptrdiff_t own, k; /* in place or copied: the steps of its own index and of k */
    bool copied;      /* of B, not in place: the first tile that meets a panel leaves it packed */
    bool across;      /* of A, not in place: m runs along memory, k is linear */
    bool by_rows;     /* of A, not in place: packed row by row, as k runs along memory already */
    bool summed;      /* sums over k of it are asked for, one for each of its own positions */
    size_t depth;     /* of A, in place, if k is linear in runs only: of blocks that fit them */
    size_t run;       /* then, if blocks are whole runs: the length of one; else 0 */
    ptrdiff_t jump;   /* and from the end of one to the next */
};

/* Does m run along A's memory and k by steps? */
static inline bool tmk_gemm_lies_across(const struct tmk_gemm_operand *a)
{
    return a->in_place ? a->own == 1 && a->k != 1 : a->across;
}

/* Products with few rows go their own way: rows of B are added to those of C, or dot products of
 * rows of A, packed along k if they lie otherwise, and columns of B. So do those of little depth
 * and many results: sums of outer products; and those of little but columns. */
enum tmk_gemm_thin {
    TMK_GEMM_NOT_THIN,
    TMK_GEMM_ADD_ROWS,
    TMK_GEMM_DOT,
    TMK_GEMM_OUTER,
    TMK_GEMM_TINY,
    TMK_GEMM_NTHIN
};

/* C and how its rows and columns lie in it (TMK_STEP_SECOND). */
struct tmk_gemm_result {
    char *c;
    const char *row_bias, *col_bias; /* nbatch x M, nbatch x N; NULL: none */
    bool accumulate;
    struct tmk_axes m, n;
};

struct tmk_gemm_plan {
    enum tmk_gemm_thin thin;
    ptrdiff_t c_column; /* if thin: the step between columns of C */
    size_t stretch;     /* and how many columns at a time */
    bool past;          /* of outer products: C, too large for any cache, is stored past them */
    const struct tmk_micro *micro;
    size_t element; /* bytes */
    enum tmk_dtype dtype;
    struct tmk_gemm_operand a,
        b;          /* m belongs to a, n to b; exchanged if that makes C's n unit-stride */
    bool exchanged; /* then the bias is of columns, and sums are */
    char *c;
    const char *row_bias, *col_bias; /* nbatch x M, nbatch x N; NULL: none */
    bool accumulate;
    char *sums; /* of the operand that is summed, nbatch x M or nbatch x N */
    struct tmk_gemm_batch batch;
    struct tmk_axes m, n, k; /* m: FIRST in a, SECOND in c; n: in b, in c; k: in a, in b */
    size_t nbatch, M, N, K;
    size_t share_bias; /* so many neighbours of the batch have one row of row_bias */
    size_t period;     /* of k: positions of all its axes but the outermost */
    size_t pieces;     /* that K is cut into, by the shape */
    bool apart;        /* each, or the only one, sums into a dense array of its own, in c */
    struct tmk_gemm_result result; /* then where their sum goes */
    struct tmk_blocking blocking;
    bool fetch_ahead;                     /* B does not stay in the L2 cache by itself */
    bool fetch_c;                         /* nor does C */
    bool b_along_k;                       /* it runs along k, in rows b.own apart */
    size_t parts_batch, parts_m, parts_n; /* the grid of threads */
    size_t parts;                         /* all of it */
    size_t unit_m, unit_n;                /* rows and columns that it does not cut */
    size_t panel; /* columns of a panel of B: nr, or if wide, three vectors */
    /* No panel crosses rows of `row` columns of B (images). Of each row those from `run` on, its
     * end, fill no vector: a part has the ends of all its rows last. Not in rows: both are N. */
    size_t row, run;
    struct tmk_axes ends;
    size_t keep;         /* columns of B that stay packed for all blocks of A */
    size_t rest;         /* last columns that are dot products (part_rest.c) */
    ptrdiff_t c_row;     /* then: the step between rows of C */
    size_t row_pitch;    /* of A packed by rows: elements from row to row */
    size_t part_bytes;   /* workspace of one part */
    size_t pieces_bytes; /* and of what sums up apart */
};

/* How many sums of either operand are asked for in a batch element? */
static inline size_t tmk_gemm_sums(const struct tmk_gemm_plan *plan)
{
    return plan->a.summed ? plan->M : plan->b.summed ? plan->N : 0;
}

/* Elements of what a piece of K sums to: M x N, then sums of an operand. */
static inline size_t tmk_gemm_piece(const struct tmk_gemm_plan *plan)
{
    return plan->M * plan->N + tmk_gemm_sums(plan);
}

/* `threads` >= 1 parts at most. */
void tmk_gemm_plan_make(const struct tmk_gemm *gemm, int threads, struct tmk_gemm_plan *plan);

/* Is a product of n columns and depth k of so little depth that it is brought along whole rows of
 * C, as a sum of outer products? `far`: C is beyond the caches. */
bool tmk_gemm_is_shallow(const struct tmk_micro *micro, size_t n, size_t k, size_t element,
                         bool far);

/* How many elements a batch has, and the offsets of one in A, B and C. */
size_t tmk_gemm_batch_count(const struct tmk_gemm_batch *batch);
void tmk_gemm_batch_offsets(const struct tmk_gemm_batch *batch, size_t index, ptrdiff_t offset[3]);

/* A panel of columns: where its positions lie in B and in C, as runs. */
struct tmk_columns {
    size_t width, nb, nc;
    struct tmk_run b[TMK_MICRO_MAX_NR], c[TMK_MICRO_MAX_NR];
};

/* Where a part's workspace holds what; only NULLs if `memory` is NULL. */
struct tmk_gemm_scratch {
    char *a_block, *b_block;         /* mc x kc, panels of nr x kc; A's of no bytes if in place */
    ptrdiff_t *kept;                 /* kc: positions of k in a panel that is kept */
    ptrdiff_t *k_first, *k_second;   /* kc */
    int32_t *k_y, *k_x;              /* kc */
    char *rest;                      /* the last columns of B, plan->rest x kc */
    char *ones;                      /* kc of them, to sum rows of A by */
    ptrdiff_t *ahead;                /* of a B along k: what is fetched ahead of a panel */
    struct tmk_run *a_runs, *b_runs; /* kc: runs of k in a and in b */
    ptrdiff_t *m_c;                  /* mc: rows of C */
    struct tmk_columns *columns;     /* of the panel of B, and of the one after it */
};
size_t tmk_gemm_rest_bytes(const struct tmk_gemm_plan *plan);
/* Elements of `ahead`. */
size_t tmk_gemm_most_ahead(const struct tmk_gemm_plan *plan);

/* Bytes used; fills `scratch`. */
size_t tmk_gemm_scratch_layout(const struct tmk_gemm_plan *plan, char *memory,
                               struct tmk_gemm_scratch *scratch);

#endif
