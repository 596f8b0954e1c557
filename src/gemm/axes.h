/* An index as the engine walks it: axes merged where they can be, and tables of positions. */
#ifndef TMK_GEMM_AXES_H
#define TMK_GEMM_AXES_H

#include "gemm.h"
#include "micro.h"

/* What a step along an axis moves: the offset in either operand that shares the index, and the
 * image coordinates if one of them is a window. */
enum tmk_step { TMK_STEP_FIRST, TMK_STEP_SECOND, TMK_STEP_Y, TMK_STEP_X, TMK_NSTEPS };

struct tmk_axis {
    size_t extent;
    ptrdiff_t step[TMK_NSTEPS];
};

/* Outermost first. */
struct tmk_axes {
    int n;
    struct tmk_axis axis[TMK_GEMM_AXES];
};

/* The axes of `index`, with the window's steps if y and x are not NULL. Axes of extent 1 are
 * dropped and neighbours merged where one runs on into the next. */
void tmk_axes_make(struct tmk_axes *axes, const struct tmk_gemm_index *index, const ptrdiff_t *y,
                   const ptrdiff_t *x);

void tmk_axes_swap(struct tmk_axes *a, struct tmk_axes *b);

/* Without the outermost axis. */
void tmk_axes_drop(struct tmk_axes *axes);

size_t tmk_axes_count(const struct tmk_axes *axes);

/* Positions start .. start+count-1 in row-major order: offsets by operand, coordinates. NULL
 * tables are left out. */
void tmk_axes_positions(const struct tmk_axes *axes, size_t start, size_t count, ptrdiff_t *first,
                        ptrdiff_t *second, int32_t *y, int32_t *x);

/* The same positions as runs in one operand (TMK_STEP_FIRST or TMK_STEP_SECOND), as few as there
 * can be; room for `count` runs. Where the operand is a window, a run keeps to one image row.
 * Gives the number of runs. */
size_t tmk_axes_runs(const struct tmk_axes *axes, enum tmk_step which, bool window, size_t start,
                     size_t count, struct tmk_run *runs);

/* Do all positions lie one step apart in that operand? Gives the step. */
bool tmk_axes_linear(const struct tmk_axes *axes, enum tmk_step which, ptrdiff_t *step);

#endif
