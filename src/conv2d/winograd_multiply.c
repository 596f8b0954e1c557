/* The products of the points, by the engine's micro-kernels. */
#include "micro.h"
#include "size.h"
#include "winograd.h"

static char *element(const struct tmk_winograd_block *block, size_t point, size_t row,
                     size_t channel, size_t size)
{
    return (char *)block->data + (point * block->point + row * block->row + channel) * size;
}

/* Rows in register tiles of equal height. */
static void multiply_point(const struct tmk_winograd_product *p, const struct tmk_micro *micro,
                           size_t point, const ptrdiff_t *rows)
{
    const size_t size = tmk_dtype_size(p->dtype), heights = tmk_ceil_div(p->rows, micro->mr);
    struct tmk_tile tile = {.kc = p->depth,
                            .tiles = 1,
                            .a_row = p->a_turned ? 1 : (ptrdiff_t)p->a.row,
                            .a_k = p->a_turned ? (ptrdiff_t)p->a.row : 1,
                            .b_k = (ptrdiff_t)p->b.row,
                            .row = rows,
                            .accumulate = p->accumulate};
    for (size_t j = 0; j < p->cols; j += micro->nr) {
        tile.b = element(&p->b, point, 0, j, size);
        tile.width = TMK_MIN(p->cols - j, micro->nr);
        const size_t vectors = tmk_ceil_div(tile.width, micro->lanes);
        for (size_t h = 0; h < heights; h++) {
            const struct tmk_range range = tmk_share(p->rows, heights, h);
            const size_t i = range.begin;
            tile.a =
                p->a_turned ? element(&p->a, point, 0, i, size) : element(&p->a, point, i, 0, size);
            tile.c = element(&p->c, point, i, j, size);
            if (p->between)
                p->between(p->ctx);
            micro->multiply[!p->a_turned][vectors - 1][range.end - i - 1](&tile);
        }
    }
}

size_t tmk_winograd_multiply_steps(const struct tmk_winograd_product *p)
{
    const struct tmk_micro *micro = tmk_micro(p->dtype);
    return p->points * tmk_ceil_div(p->rows, micro->mr) * tmk_ceil_div(p->cols, micro->nr);
}

void tmk_winograd_multiply(const struct tmk_winograd_product *p)
{
    ptrdiff_t rows[TMK_MICRO_MAX_MR];
    for (size_t i = 0; i < TMK_MICRO_MAX_MR; i++)
        rows[i] = (ptrdiff_t)(i * p->c.row);
    for (size_t point = 0; point < p->points; point++)
        multiply_point(p, tmk_micro(p->dtype), point, rows);
}
