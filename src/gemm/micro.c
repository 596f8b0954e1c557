/* One source for every ISA. The build defines TMK_ISA (the name), TMK_VBYTES (vector width), TMK_MR
 * (rows of the register tile) and TMK_NRV (vectors per row), and the compiler's target flags. */
#include "micro.h"

#include "size.h"

#include "micro_lanes.h"
#include "micro_tile.h"

/* The part of `run` that lies in the image, seen from the other index's coordinates (y, x):
 * positions [lo, hi), both 0 if there are none. */
static void clip(const struct tmk_panel *p, const struct tmk_run *run, int32_t y, int32_t x,
                 size_t *lo, size_t *hi)
{
    int32_t n = (int32_t)run->length, step = run->x_step, from = 0, to = n;
    x += run->x;
    if (step > 0) {
        from = x < 0 ? (-x + step - 1) / step : 0;
        to = x < p->w ? (p->w - x + step - 1) / step : 0;
    } else if (step < 0) {
        from = x >= p->w ? (x - p->w - step) / -step : 0;
        to = x >= 0 ? x / -step + 1 : 0;
    } else if (x < 0 || x >= p->w) {
        to = 0;
    }
    to = to < n ? to : n;
    bool inside = (uint32_t)(y + run->y) < (uint32_t)p->h && from < to;
    *lo = inside ? (size_t)from : 0;
    *hi = inside ? (size_t)to : 0;
}

/* One position of the panel while it is packed along k: elements [lo, hi) exist, `from` is where
 * element 0 is or would be. */
struct row {
    const void *from;
    ptrdiff_t lo, hi;
};

enum {
    SHALLOW = 64,    /* steps of k so few that of A the next tile is fetched meanwhile */
    STEPS = 4,       /* of k that a turn of the loop takes */
    GROUP = 2,       /* rows of A that one pointer and one step address */
    AHEAD = 16,      /* steps of k by which a panel of A, coming from L2, is fetched into L1, or
                        rows of B that are copied on the way */
    ROW_AHEAD = 512, /* bytes by which rows of A are fetched where they lie */
    LINE = 64,       /* bytes that are fetched at a time */
    FEW = 2,         /* elements of a row that are packed one by one */
    FETCH = 64,      /* elements by which rows are fetched while they are transposed */
    ABREAST = 4,     /* tiles of rows that are copied at a time */
    THIN_DEPTH = TMK_MR > 6 ? 16 : 8, /* rows of B that are added to few rows of C at a time */
    THIN_ROWS = TMK_MR > 6 ? 8 : 4,   /* side by side */
    /* rows and vectors of C where K is small: as many as registers hold */
    OUTER_ROWS = TMK_VBYTES == 64 ? 6
                 : TMK_MR > 6     ? 8
                                  : 4,
    OUTER_VECTORS = TMK_VBYTES == 64 ? 4 : TMK_NRV,
    OUTER_WIDE = 1024, /* columns that pay for bringing A's elements of a tile together */
    DOT_ROWS = TMK_MR > 6 ? 4 : 2, /* dot products side by side: as many as registers hold */
    DOT_COLUMNS = TMK_MR > 6 ? 6 : 4,
    DOT_BYTES = 4096, /* of a column of B that stay in L1 */
};

/* The compiler is not to work out what follows from v ahead of time. */
#define OPAQUE(v) __asm__("" : "+r"(v))
#define NR (TMK_NRV * LANES)
#define BODY "micro_element.h"
#include "micro_types.h"

const struct tmk_micro_set PASTE(tmk_micro,
                                 TMK_ISA) = {{[TMK_F32] = &micro_f32, [TMK_F64] = &micro_f64}};
