/* The innermost parts of the engine, built once per ISA from one source (micro.c): packing one
 * panel, and multiplying two packed panels into a tile of C. */
#ifndef TMK_GEMM_MICRO_H
#define TMK_GEMM_MICRO_H

#include "isa.h"
#include "view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Neighbouring positions of an index with one step between them: offsets in elements and, in a
 * window on a padded image, coordinates of which y is the same for all. */
struct tmk_run {
    size_t start, length;
    ptrdiff_t offset, step;
    int32_t y, x, x_step;
};

/* Where each position of an index lies in one operand, as tables: offsets in elements and, in a
 * window, image coordinates. */
struct tmk_positions {
    const ptrdiff_t *offset;
    const int32_t *y, *x; /* NULL if the operand is no window */
};

/* One panel to pack: `width` positions of m or n (at most mr or nr) by kc positions of k. The sum
 * of a position of either is an element of the operand. Both are given as tables and as runs. */
struct tmk_panel {
    const void *base;
    struct tmk_positions panel, k;
    const struct tmk_run *runs, *k_runs;
    size_t nruns, nk_runs;
    size_t width, kc;
    size_t period; /* k positions i and i + period differ by an offset that is the same for all i */
    bool window;   /* elements outside [0, h) x [0, w) are zero and not read */
    int32_t h, w;
};

struct tmk_micro {
    size_t mr, nr; /* tile of C that the micro-kernel keeps in registers */
    /* out[k*mr + i] = element (i, k), zero for i >= width; pack_b likewise with nr. May write up to
     * TMK_MICRO_SLACK bytes beyond the panel. */
    void (*pack_a)(const struct tmk_panel *panel, void *out);
    void (*pack_b)(const struct tmk_panel *panel, void *out);
    /* c[row[i] + j] (+)= sum over k of a[k*mr + i] * b[k*nr + j], for the whole mr x nr tile. On
     * the way, `next_lines` cache lines from `next` on are fetched into the L2 cache. */
    void (*multiply)(size_t kc, const void *a, const void *b, void *c, const ptrdiff_t *row,
                     bool accumulate, const char *next, size_t next_lines);
};

#define TMK_MICRO_MAX_MR 16
#define TMK_MICRO_MAX_NR 64
#define TMK_MICRO_SLACK 64

struct tmk_micro_set {
    struct tmk_micro dtype[TMK_NDTYPES];
};

/* The micro-kernels of the ISA in use. */
const struct tmk_micro *tmk_micro(enum tmk_dtype dtype);

extern const struct tmk_micro_set tmk_micro_generic, tmk_micro_avx2, tmk_micro_avx512,
    tmk_micro_neon;

#endif
