/* The innermost parts of the engine, built once per ISA from one source (micro.c): packing one
 * panel, and multiplying two panels into a tile of C. */
#ifndef TMK_GEMM_MICRO_H
#define TMK_GEMM_MICRO_H

#include "isa.h"
#include "size.h"
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

/* Positions of k in one operand, as a table and as runs. */
struct tmk_depth {
    const ptrdiff_t *offset;
    const int32_t *y, *x; /* NULL if the operand is no window */
    const struct tmk_run *runs;
    size_t nruns;
    size_t count;
    size_t period; /* positions i and i + period differ by an offset that is the same for all i */
};

/* One panel to pack: `width` positions of m or n by those of k. The sum of a position of either is
 * an element of the operand. */
struct tmk_panel {
    const void *base;
    const struct tmk_run *runs;
    size_t nruns, width;
    const struct tmk_depth *k;
    bool far;    /* beyond the L2 cache: to be fetched on the way */
    bool window; /* elements outside [0, h) x [0, w) are zero and not read */
    int32_t h, w;
};

/* Tiles one below the other: c[row[i] + j] = sum over k < kc of a[i * a_row + k * a_k] *
 * b[k * b_k + j], for i < rows and j < width; then the same for the next `rows` of row[] and of
 * row_bias[], and with a + a_tile. Steps in elements; a_row or a_k is 1. */
struct tmk_tile {
    size_t kc;
    size_t tiles; /* of multiply() only, as is a_tile */
    const void *a, *b;
    /* Of multiply() only. If a_k is 1 and a_run is not 0, k lies in A in runs of this length, of
     * which kc is a multiple, and a_jump is from the end of one to the next. If copy is not NULL,
     * the first tile leaves b there, nr elements for each k, and the others read it. */
    size_t a_run;
    ptrdiff_t a_jump;
    void *copy;
    ptrdiff_t a_row, a_k, a_tile, b_k;
    void *c;
    const ptrdiff_t *row;
    size_t width;         /* of the last vector's lanes only these are stored */
    ptrdiff_t b_column;   /* of tiny() only: the step between columns of B, 1 if b_k is not */
    ptrdiff_t b_panel;    /* of outer() only: the step between panels of nr columns of B */
    ptrdiff_t c_column;   /* of dot() and tiny() only: the step between columns of C */
    bool past;            /* of outer() only: store past the caches, if C is aligned to vectors */
    bool accumulate;      /* add to C */
    bool fetch_c;         /* of multiply() only: rows of C are fetched before they are needed */
    const void *row_bias; /* added: one element per row; NULL: none */
    const void *col_bias; /* added: one element per column, whole vectors; NULL: none */
    /* On the way through all tiles, the elements next[next_at[l]] and next[next_at[l] + width - 1],
     * l < next_count, are fetched into the L2 cache. */
    const void *next;
    const ptrdiff_t *next_at;
    size_t next_count;
};

#define TMK_MICRO_MAX_MR 14
#define TMK_MICRO_MAX_NRV 3
#define TMK_MICRO_MAX_NR 48
#define TMK_MICRO_SLACK 64
#define TMK_MICRO_THIN 16
#define TMK_MICRO_DOT 8
#define TMK_MICRO_SHALLOW 64

typedef void tmk_multiply(const struct tmk_tile *tile);

struct tmk_micro {
    size_t mr, nr, lanes; /* largest tile of C in registers, mr x nr; elements of a vector */
    size_t outer_rows;    /* of C that outer() brings at a time */
    size_t wide_rows; /* of tiles that are three vectors wide where nr is two; 0: there are none */
    /* out[k * full + i] = element (i, k), zero for width <= i < full. May write up to
     * TMK_MICRO_SLACK bytes beyond the panel. */
    void (*pack)(const struct tmk_panel *panel, size_t full, void *out);
    /* out[(t * kc + k) * full + i] = from[t * rows + i + k * step] for i < rows, k < kc, t < tiles;
     * zero for rows <= i < full. */
    void (*pack_tiles)(const void *from, ptrdiff_t step, size_t kc, size_t rows, size_t full,
                       size_t tiles, void *out);
    /* What a tile's multiply() left at `aside`, rows nr apart, to tile->c: rows as in tile->row,
     * columns in runs. Reads up to TMK_MICRO_SLACK bytes beyond the last row. */
    void (*put)(const struct tmk_tile *tile, const void *aside, size_t rows,
                const struct tmk_run *runs, size_t nruns);
    /* By: a_row is 1 (0) or a_k is 1 (1); vectors of a row less one; rows less one. b must be
     * readable in whole vectors. */
    tmk_multiply *multiply[2][TMK_MICRO_MAX_NRV][TMK_MICRO_MAX_MR];
    /* At most TMK_MICRO_THIN rows and any width, biases whole: B read where it lies. */
    void (*add_rows)(const struct tmk_tile *tile, size_t rows);
    /* Any number of rows and columns, kc at most TMK_MICRO_SHALLOW. Past the caches, not to
     * accumulate: rows of C are whole vectors apart. */
    void (*outer)(const struct tmk_tile *tile, size_t rows);
    /* At most TMK_MICRO_DOT rows, both operands along k: columns of B are b_k apart, a[i, k] is at
     * i * a_row + k / nr * a_k + k % nr, columns of C are c_column apart. */
    void (*dot)(const struct tmk_tile *tile, size_t rows);
    /* At most `lanes` rows, kc at most `lanes`, either step of B 1, columns of C next to each other
     * or its rows, biases whole. */
    void (*tiny)(const struct tmk_tile *tile, size_t rows);
};

struct tmk_micro_set {
    const struct tmk_micro *dtype[TMK_NDTYPES];
};

/* Elements that a step of a packed panel of A takes for `rows` rows: whole vectors are stored, and
 * read, in half the time of such as cross cache lines, if they are nearly full. */
static inline size_t tmk_micro_a_step(const struct tmk_micro *micro, size_t rows)
{
    const size_t whole = tmk_round_up(rows, micro->lanes);
    return 4 * rows >= 3 * whole ? whole : rows;
}

/* The micro-kernels of the ISA in use. */
const struct tmk_micro *tmk_micro(enum tmk_dtype dtype);

extern const struct tmk_micro_set tmk_micro_generic, tmk_micro_avx2, tmk_micro_avx512,
    tmk_micro_neon;

#endif
