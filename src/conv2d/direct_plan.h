/* How the direct kernels go about a problem: everything that follows from shape and direction. */
#ifndef TMK_CONV2D_DIRECT_PLAN_H
#define TMK_CONV2D_DIRECT_PLAN_H

#include "conv2d.h"
#include "phase.h"
#include "planes.h"

/* Sizes in elements, for one thread. Results are y or dx; in bwd_w what is said of them holds for
 * dy, which is read. */
struct tmk_direct_plan {
    enum tmk_dir dir;
    const struct tmk_plane_kernels *kernel;
    size_t size; /* bytes of an element */
    struct tmk_conv2d_axis h, w;
    ptrdiff_t groups;
    ptrdiff_t channels, rows; /* of a group: of the image, and of the results */
    ptrdiff_t ntaps;          /* channels * kh * kw */
    bool straight; /* results go where they belong at once, or are read there, line by line */
    bool in_place; /* then rows of results that no tap reads padding for read the image, too */
    ptrdiff_t band, pitch; /* rows of a phase at a time; elements of a row */
    ptrdiff_t part, flat;  /* elements of a part of the image, of a row of results */
    ptrdiff_t vectors;     /* straight: of a line of results */
    ptrdiff_t last;        /* lanes of the last of them */
    ptrdiff_t block, tile; /* groups at a time, rows of results at a time */
    ptrdiff_t image, out, sums;
};

/* What the workspace begins with, the same for all threads. */
struct tmk_direct_table {
    struct tmk_tap *taps;     /* by phase, in it by channel, row, column */
    struct tmk_tap *in_place; /* the same of an image in place, or NULL */
    ptrdiff_t *begin;         /* where each phase's taps begin, and where the last one's end */
};

struct tmk_direct_plan tmk_direct_plan(const struct tmk_conv2d *p, enum tmk_dir dir, int threads);

/* Bytes of the table with the gathered weights behind it, of these, and of each thread's part of
 * the workspace. */
size_t tmk_direct_table_bytes(const struct tmk_direct_plan *plan);
size_t tmk_direct_gathered_bytes(const struct tmk_direct_plan *plan);
size_t tmk_direct_thread_bytes(const struct tmk_direct_plan *plan);

/* Fill the table at `memory`, for these strides of the image and of the weights. */
struct tmk_direct_table tmk_direct_table(const struct tmk_direct_plan *plan,
                                         const struct tmk_conv2d *p, const struct tmk_view *image,
                                         const struct tmk_view *w, void *memory);

static inline ptrdiff_t tmk_smaller(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

static inline ptrdiff_t tmk_ratio_up(ptrdiff_t a, ptrdiff_t b)
{
    return (a + b - 1) / b;
}

#endif
