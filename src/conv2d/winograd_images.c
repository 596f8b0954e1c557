/* Images to tiles and back, a vector of channels at a time. */
#include "size.h"
#include "winograd.h"

#include <string.h>

#define MOST_TILES 16 /* in a stretch */

struct tmk_winograd_grid tmk_winograd_grid(size_t m, size_t images, size_t height, size_t width)
{
    struct tmk_winograd_grid grid = {
        .m = m, .height = tmk_ceil_div(height, m), .width = tmk_ceil_div(width, m)};
    grid.segments = tmk_ceil_div(grid.width, MOST_TILES);
    grid.stretches = images * grid.segments * grid.height;
    return grid;
}

struct tmk_winograd_stretch tmk_winograd_stretch(const struct tmk_winograd_grid *grid, size_t i)
{
    const size_t segment = i / grid->height % grid->segments;
    return (struct tmk_winograd_stretch){
        .image = i / grid->height / grid->segments,
        .row = i % grid->height,
        .column = segment * MOST_TILES,
        .tiles = TMK_MIN(grid->width - segment * MOST_TILES, MOST_TILES)};
}

size_t tmk_winograd_tiles(const struct tmk_winograd_grid *grid, size_t begin, size_t end)
{
    size_t tiles = 0;
    for (size_t i = begin; i < end; i++)
        tiles += tmk_winograd_stretch(grid, i).tiles;
    return tiles;
}

size_t tmk_winograd_most_tiles(const struct tmk_winograd_grid *grid)
{
    return TMK_MIN(grid->width, MOST_TILES);
}

struct tmk_winograd_block tmk_winograd_block(size_t rows, size_t channels, size_t element)
{
    return (struct tmk_winograd_block){.point = rows * channels + 64 / element, .row = channels};
}

size_t tmk_winograd_block_bytes(const struct tmk_winograd_block *block, size_t points,
                                size_t element)
{
    return tmk_round_up(points * block->point * element, 64);
}

/* Gathering writes up to a vector of pixels beyond the strip. */
static size_t strip_bytes(const struct tmk_winograd_kernels *kernels,
                          const struct tmk_winograd_grid *grid, size_t element)
{
    const size_t pixels =
        tmk_winograd_most_tiles(grid) * grid->m + TMK_WINOGRAD_MAX_SIDE + kernels->lanes;
    return pixels * kernels->lanes * element;
}

size_t tmk_winograd_strip_bytes(const struct tmk_winograd_kernels *kernels,
                                const struct tmk_winograd_grid *grid, size_t element)
{
    return TMK_WINOGRAD_MAX_SIDE * strip_bytes(kernels, grid, element);
}

static void set_strips(const struct tmk_winograd_images *images, void *strips[])
{
    const size_t bytes =
        strip_bytes(images->kernels, &images->grid, tmk_dtype_size(images->view.dtype));
    for (size_t i = 0; i < TMK_WINOGRAD_MAX_SIDE; i++)
        strips[i] = images->strips + i * bytes;
}

/* Row y of the images' channels from `lane` on, a vector of them; none left: a row of zeros. */
static struct tmk_winograd_row row_of(const struct tmk_winograd_images *images, size_t image,
                                      size_t lane, ptrdiff_t y)
{
    const struct tmk_view *v = &images->view;
    const size_t left = lane < images->channels ? images->channels - lane : 0;
    const bool inside = y >= 0 && y < (ptrdiff_t)v->shape[2] && left > 0;
    ptrdiff_t offset = (ptrdiff_t)image * v->stride[0];
    if (inside)
        offset += (ptrdiff_t)(images->channel + lane) * v->stride[1] + y * v->stride[2];
    return (struct tmk_winograd_row){
        .data = (char *)v->data + offset * (ptrdiff_t)tmk_dtype_size(v->dtype),
        .channel = v->stride[1],
        .column = v->stride[3],
        .channels = TMK_MIN(left, images->kernels->lanes),
        .width = inside ? v->shape[3] : 0,
        .stream = images->stream,
    };
}

/* The strips of a stretch; those that the stretch above has in common with it are moved up. */
static void gather(const struct tmk_winograd_images *images, size_t lane,
                   const struct tmk_winograd_stretch *at, size_t overlap, bool below,
                   void *strips[])
{
    const size_t m = images->grid.m, rows = m + overlap;
    const size_t have = below ? overlap : 0;
    for (size_t i = 0; i < have; i++) {
        void *swap = strips[i];
        strips[i] = strips[i + m];
        strips[i + m] = swap;
    }
    for (size_t i = have; i < rows; i++) {
        const struct tmk_winograd_row row =
            row_of(images, at->image, lane, (ptrdiff_t)(at->row * m + i) - images->pad_h);
        images->kernels->gather(&row, (ptrdiff_t)(at->column * m) - images->pad_w,
                                at->tiles * m + overlap, strips[i]);
    }
}

/* The block from one tile and channel on. */
static struct tmk_winograd_block from(const struct tmk_winograd_block *block, size_t tile,
                                      size_t lane, size_t element)
{
    struct tmk_winograd_block part = *block;
    part.data = (char *)block->data + (tile * block->row + lane) * element;
    return part;
}

static void take(const struct tmk_winograd_images *images, size_t begin, size_t end, size_t overlap,
                 const struct tmk_winograd_block *block)
{
    const struct tmk_winograd_form *form = images->form;
    const size_t element = tmk_dtype_size(images->view.dtype);
    void *strips[TMK_WINOGRAD_MAX_SIDE];
    set_strips(images, strips);
    for (size_t lane = 0; lane < images->channels; lane += images->kernels->lanes) {
        struct tmk_winograd_block out = from(block, 0, lane, element);
        for (size_t i = begin; i < end; i++) {
            const struct tmk_winograd_stretch at = tmk_winograd_stretch(&images->grid, i);
            gather(images, lane, &at, overlap, i > begin && at.row > 0, strips);
            for (size_t y = 0; images->sums && y < images->grid.m; y++)
                images->kernels->sum(strips[y], at.tiles * images->grid.m,
                                     (char *)images->sums + lane * element);
            (overlap ? form->data : form->gradient)(strips, at.tiles, &out);
            out = from(&out, at.tiles, 0, element);
        }
    }
}

void tmk_winograd_take_data(const struct tmk_winograd_images *images, size_t begin, size_t end,
                            const struct tmk_winograd_block *block)
{
    take(images, begin, end, tmk_winograd_overlap(images->form), block);
}

void tmk_winograd_take_gradient(const struct tmk_winograd_images *images, size_t begin, size_t end,
                                const struct tmk_winograd_block *block)
{
    take(images, begin, end, 0, block);
}

static void scatter(const struct tmk_winograd_images *images, size_t lane,
                    const struct tmk_winograd_stretch *at, void *strips[])
{
    const size_t m = images->grid.m;
    for (size_t y = 0; y < m && at->row * m + y < images->view.shape[2]; y++) {
        const struct tmk_winograd_row row =
            row_of(images, at->image, lane, (ptrdiff_t)(at->row * m + y));
        images->kernels->scatter(&row, (ptrdiff_t)(at->column * m), at->tiles * m, strips[y]);
    }
}

void tmk_winograd_put_output(const struct tmk_winograd_images *images, size_t begin, size_t end,
                             const struct tmk_winograd_block *block, const void *bias)
{
    const size_t element = tmk_dtype_size(images->view.dtype);
    void *strips[TMK_WINOGRAD_MAX_SIDE];
    set_strips(images, strips);
    for (size_t lane = 0; lane < images->channels; lane += images->kernels->lanes) {
        _Alignas(64) double add[TMK_WINOGRAD_MAX_LANES] = {0};
        const size_t lanes = TMK_MIN(images->channels - lane, images->kernels->lanes);
        if (bias)
            memcpy(add, (const char *)bias + (images->channel + lane) * element, lanes * element);
        struct tmk_winograd_block in = from(block, 0, lane, element);
        for (size_t i = begin; i < end; i++) {
            const struct tmk_winograd_stretch at = tmk_winograd_stretch(&images->grid, i);
            images->form->output(&in, at.tiles, add, strips);
            scatter(images, lane, &at, strips);
            in = from(&in, at.tiles, 0, element);
        }
    }
}

struct tmk_winograd_fetch tmk_winograd_fetch_data(const struct tmk_winograd_images *images,
                                                  size_t begin, size_t end, size_t steps)
{
    const size_t overlap = tmk_winograd_overlap(images->form);
    const size_t rows = (end - begin) * images->channels * (images->grid.m + overlap);
    return (struct tmk_winograd_fetch){.images = *images,
                                       .overlap = overlap,
                                       .at = begin,
                                       .end = images->view.stride[3] == 1 ? end : begin,
                                       .rows = tmk_ceil_div(rows, steps)};
}

/* The pixels of one row and channel. */
static void fetch_row(const struct tmk_winograd_fetch *f, const struct tmk_winograd_stretch *at)
{
    const struct tmk_winograd_images *images = &f->images;
    const size_t m = images->grid.m, element = tmk_dtype_size(images->view.dtype);
    const struct tmk_winograd_row row =
        row_of(images, at->image, f->channel, (ptrdiff_t)(at->row * m + f->row) - images->pad_h);
    const ptrdiff_t first = (ptrdiff_t)(at->column * m) - images->pad_w;
    const ptrdiff_t last = first + (ptrdiff_t)(at->tiles * m + f->overlap);
    const char *x = (const char *)row.data + TMK_MAX(first, 0) * (ptrdiff_t)element;
    const char *end =
        (const char *)row.data + TMK_MIN(last, (ptrdiff_t)row.width) * (ptrdiff_t)element;
    for (; x < end; x += 64)
        __builtin_prefetch(x, 0, 2);
}

void tmk_winograd_fetch_step(void *fetch)
{
    struct tmk_winograd_fetch *f = fetch;
    for (size_t i = 0; i < f->rows && f->at < f->end; i++) {
        const struct tmk_winograd_stretch at = tmk_winograd_stretch(&f->images.grid, f->at);
        fetch_row(f, &at);
        if (++f->row < f->images.grid.m + f->overlap)
            continue;
        f->row = at.row + 1 < f->images.grid.height ? f->overlap : 0;
        if (++f->channel < f->images.channels)
            continue;
        f->channel = 0;
        f->at++;
    }
}

struct tmk_winograd_taps tmk_winograd_taps_of(const struct tmk_view *w, size_t oc, size_t ic,
                                              bool lanes_are_oc, bool turned)
{
    ptrdiff_t offset = (ptrdiff_t)oc * w->stride[0] + (ptrdiff_t)ic * w->stride[1];
    if (turned)
        offset += (ptrdiff_t)(w->shape[2] - 1) * (w->stride[2] + w->stride[3]);
    return (struct tmk_winograd_taps){
        .data = (char *)w->data + offset * (ptrdiff_t)tmk_dtype_size(w->dtype),
        .lane = w->stride[lanes_are_oc ? 0 : 1],
        .depth = w->stride[lanes_are_oc ? 1 : 0],
        .y = turned ? -w->stride[2] : w->stride[2],
        .x = turned ? -w->stride[3] : w->stride[3],
    };
}
