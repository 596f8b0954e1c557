/* What the loops of one thread's part share; nobody else includes it. */
#ifndef TMK_GEMM_PART_ROOM_H
#define TMK_GEMM_PART_ROOM_H

#include "part.h"

/* Where a thread stands. */
struct tmk_gemm_part {
    const struct tmk_gemm_plan *plan;
    const struct tmk_exec *exec;
    int thread;
    struct tmk_gemm_scratch s;
    double clock;      /* where the last phase ended */
    const char *a, *b; /* of this batch element */
    char *c;
    const char *row_bias, *col_bias;
    char *sums;
    struct tmk_range n, k; /* k: of this piece */
    size_t kc;
    bool first_k;
    bool keeps; /* B stays packed: there are several blocks of rows */
    bool kept;  /* it is, by the one before */
    struct tmk_depth a_depth, b_depth;
    struct ahead {
        const ptrdiff_t *at;
        size_t count;
    } ahead;              /* of a panel of B: what is fetched */
    ptrdiff_t next_depth; /* from here to the next block of k in B; 0: there is none */
};

static inline const char *tmk_gemm_forward(const struct tmk_gemm_plan *plan, const char *from,
                                           ptrdiff_t elements)
{
    return from + elements * (ptrdiff_t)plan->element;
}

static inline void tmk_gemm_note(struct tmk_gemm_part *part, enum tmk_phase phase)
{
    part->clock = tmk_phase_end(part->exec, part->thread, phase, part->clock);
}

/* Rows m of C, a block of A, by all columns of the part, at the block of k from k0 on. */
void tmk_gemm_multiply_block(struct tmk_gemm_part *part, struct tmk_range m, size_t k0);

/* Its last plan->rest columns. Rows of A that run along k start at `rows`, `step` apart. */
void tmk_gemm_multiply_rest(struct tmk_gemm_part *part, struct tmk_range m, size_t k0,
                            const void *rows, ptrdiff_t step);

/* Sums of rows m of A, which start at `rows`, `step` apart. */
void tmk_gemm_sum_rows(const struct tmk_gemm_part *part, struct tmk_range m, const void *rows,
                       ptrdiff_t step);

/* Sums of `width` columns of B from n on, which are at panel->b, panel->b_k apart. */
void tmk_gemm_sum_columns(const struct tmk_gemm_part *part, size_t n, size_t width,
                          const struct tmk_tile *panel);

/* `rows` rows `step` apart at the present block of k, of which `from` has the first element: as the
 * first operand of dot(), with rows nr apart and panels of nr elements of k behind each other. */
void tmk_gemm_pack_along_k(const struct tmk_gemm_part *part, const char *from, ptrdiff_t k_step,
                           size_t rows, ptrdiff_t step, char *out);

/* The same for thin products. */
void tmk_gemm_multiply_thin(struct tmk_gemm_part *part, struct tmk_range m, size_t k0);

#endif
