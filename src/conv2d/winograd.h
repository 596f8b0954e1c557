/* What the files of `winograd` share with each other; nobody else includes it. */
#ifndef TMK_CONV2D_WINOGRAD_H
#define TMK_CONV2D_WINOGRAD_H

#include "conv2d.h"
#include "exec.h"
#include "range.h"
#include "winograd_kernels.h"

/* The tiles of a batch of images: `height` x `width` of m x m outputs each. A row of tiles falls
 * into segments, short enough for the strips of one to stay in the L1 cache; one segment of one
 * row of tiles is a stretch. Stretches are counted downwards, segment by segment, image by image.
 */
struct tmk_winograd_grid {
    size_t m, height, width, segments, stretches;
};

struct tmk_winograd_stretch {
    size_t image, row, column, tiles; /* the first tile's place, in tiles */
};

struct tmk_winograd_grid tmk_winograd_grid(size_t m, size_t images, size_t height, size_t width);
struct tmk_winograd_stretch tmk_winograd_stretch(const struct tmk_winograd_grid *grid, size_t i);
/* Tiles in stretches begin .. end-1. */
size_t tmk_winograd_tiles(const struct tmk_winograd_grid *grid, size_t begin, size_t end);
/* The largest stretch. */
size_t tmk_winograd_most_tiles(const struct tmk_winograd_grid *grid);

/* Some channels of a batch of images (N, C, H, W) on their way to or from the tiles. `pad` as of a
 * window, but it may be negative. */
struct tmk_winograd_images {
    const struct tmk_winograd_kernels *kernels;
    const struct tmk_winograd_form *form;
    struct tmk_winograd_grid grid;
    struct tmk_view view;
    ptrdiff_t pad_h, pad_w;
    size_t channel, channels; /* the first, how many */
    bool stream;              /* put_output() is not to fill the caches */
    void *sums;               /* take_gradient() adds each channel's pixels to these; NULL: no */
    char *strips;             /* tmk_winograd_strip_bytes() of them */
};

size_t tmk_winograd_strip_bytes(const struct tmk_winograd_kernels *kernels,
                                const struct tmk_winograd_grid *grid, size_t element);

/* Stretches begin .. end-1 into a block of tiles, zeros in a last vector's lanes that have no
 * channel. As inputs, n x n pixels a tile that overlap; or as gradients of outputs, m x m. */
void tmk_winograd_take_data(const struct tmk_winograd_images *images, size_t begin, size_t end,
                            const struct tmk_winograd_block *block);
void tmk_winograd_take_gradient(const struct tmk_winograd_images *images, size_t begin, size_t end,
                                const struct tmk_winograd_block *block);
/* A block of tiles to the images, plus bias[channel] (NULL: none). */
void tmk_winograd_put_output(const struct tmk_winograd_images *images, size_t begin, size_t end,
                             const struct tmk_winograd_block *block, const void *bias);

/* Images on their way into the L2 cache while something else is computed: stretches `at` .. end-1,
 * `rows` of a channel at a time. */
struct tmk_winograd_fetch {
    struct tmk_winograd_images images;
    size_t overlap; /* pixels that tiles have in common */
    size_t at, end, channel, row, rows;
};

/* Fetch stretches begin .. end-1 in `steps` steps. */
struct tmk_winograd_fetch tmk_winograd_fetch_data(const struct tmk_winograd_images *images,
                                                  size_t begin, size_t end, size_t steps);
/* One step; `fetch` is a struct tmk_winograd_fetch. */
void tmk_winograd_fetch_step(void *fetch);

/* The taps of w or dw (OC, IC/G, r, r), from (oc, ic) on, lanes running over oc or ic; `turned`:
 * rotated by half a turn. */
struct tmk_winograd_taps tmk_winograd_taps_of(const struct tmk_view *w, size_t oc, size_t ic,
                                              bool lanes_are_oc, bool turned);

/* A block of so many rows and channels, its data NULL, and its size in bytes. From one point to the
 * next there is a cache line more than needed, so that the points of a tile do not fall into the
 * same cache set. */
struct tmk_winograd_block tmk_winograd_block(size_t rows, size_t channels, size_t element);
size_t tmk_winograd_block_bytes(const struct tmk_winograd_block *block, size_t points,
                                size_t element);

/* The products of all points: c[i, j] (+)= sum over k of a[i, k] * b[k, j]. c and b have rows i and
 * k and channels j; a has rows i and channels k, or, if a_turned, the other way round. Rows of b
 * are readable in whole vectors. `between` is called for every register tile, so that it can fetch
 * what comes next; NULL: never. */
struct tmk_winograd_product {
    enum tmk_dtype dtype;
    size_t points, rows, cols, depth;
    struct tmk_winograd_block a, b, c;
    bool a_turned, accumulate;
    void (*between)(void *ctx);
    void *ctx;
};
void tmk_winograd_multiply(const struct tmk_winograd_product *product);
/* How often tmk_winograd_multiply() calls `between`. */
size_t tmk_winograd_multiply_steps(const struct tmk_winograd_product *product);

/* The directions; `size` as chosen. Workspace in bytes, SIZE_MAX if that overflows. */
double tmk_winograd_correlate_cost(const struct tmk_conv2d *p, enum tmk_dir dir,
                                   enum tmk_winograd_size size);
size_t tmk_winograd_correlate_workspace(const struct tmk_conv2d *p, enum tmk_dir dir,
                                        enum tmk_winograd_size size, int threads);
void tmk_winograd_correlate(const struct tmk_conv2d *p, enum tmk_dir dir,
                            enum tmk_winograd_size size, const struct tmk_args *args,
                            const struct tmk_exec *exec);
size_t tmk_winograd_weigh_workspace(const struct tmk_conv2d *p, enum tmk_winograd_size size,
                                    int threads);
void tmk_winograd_weigh(const struct tmk_conv2d *p, enum tmk_winograd_size size,
                        const struct tmk_args *args, const struct tmk_exec *exec);

#endif
