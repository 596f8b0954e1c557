/* What the files of this room that make a plan share with each other; nobody else includes it. In
 * the order in which they are called. */
#ifndef TMK_GEMM_ROOM_H
#define TMK_GEMM_ROOM_H

#include "plan.h"

/* plan.c: rows of C become its columns, A and B change places. */
void tmk_gemm_exchange(struct tmk_gemm_plan *plan);

/* places.c */

/* The blocks that an operand would be packed in. */
struct tmk_blocking tmk_gemm_usual_blocks(const struct tmk_gemm_plan *plan);
/* Is C to be computed as its transpose? A few rows meet a B along k, or a few columns an A across.
 */
bool tmk_gemm_few_rows(const struct tmk_gemm_plan *plan);
bool tmk_gemm_few_columns(const struct tmk_gemm_plan *plan);
/* Sets in_place of either, a.by_rows, a.across and b.copied. */
void tmk_gemm_choose_places(struct tmk_gemm_plan *plan);
/* Few columns, one vector, and A where it lies: so many rows of A at a time. */
#define TMK_GEMM_NARROW_ROWS ((size_t)1024)
bool tmk_gemm_is_narrow(const struct tmk_gemm_plan *plan);
size_t tmk_gemm_narrow_depth(const struct tmk_gemm_plan *plan);
/* Of A at a time. */
size_t tmk_gemm_most_rows(const struct tmk_gemm_plan *plan);
/* Does k run along memory in stretches of at least this length? */
#define TMK_GEMM_ROW_LENGTH 32
bool tmk_gemm_runs_along(const struct tmk_axes *k, enum tmk_step which);

/* thin.c: sets `thin`, and what follows from it. */
void tmk_gemm_choose_thin(struct tmk_gemm_plan *plan);
/* Depth of a block of dot products. */
size_t tmk_gemm_thin_depth(const struct tmk_gemm_plan *plan);

/* grid.c: sets parts_batch, parts_m and parts_n. */
void tmk_gemm_choose_grid(struct tmk_gemm_plan *plan, size_t threads);
/* The most rows and columns that a part of it has. */
size_t tmk_gemm_part_rows(const struct tmk_gemm_plan *plan);
size_t tmk_gemm_part_columns(const struct tmk_gemm_plan *plan);

#endif
