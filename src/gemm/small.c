#include "small.h"

#include "micro.h"
#include "plan.h"
#include "size.h"

/* Sizes for which a plan would do nothing but read A and B in place, in one block: more than thin
 * products have, and no more than keep either in half of a small L1 cache. */
#define LEAST ((size_t)TMK_MICRO_SHALLOW)
#define MOST ((size_t)128)
#define ALONE ((size_t)64 * 64 * 64) /* products: too few for a second thread (grid.c) */

static bool is_small(size_t count)
{
    return count > LEAST && count <= MOST;
}

bool tmk_gemm_is_small(const struct tmk_gemm *g, int threads)
{
    if (g->m.axes != 1 || g->n.axes != 1 || g->k.axes != 1 || g->batch.axes > 0 || g->window.on ||
        g->bias || g->sum_rows || g->blocks.kc || g->blocks.mc)
        return false;
    const size_t m = g->m.extent[0], n = g->n.extent[0], k = g->k.extent[0];
    const ptrdiff_t a_row = g->m.first[0] * (ptrdiff_t)tmk_dtype_size(g->dtype);
    return is_small(m) && is_small(n) && is_small(k) && (threads == 1 || m * n * k <= ALONE) &&
           n % tmk_micro(g->dtype)->lanes == 0 && g->n.first[0] == 1 && g->n.second[0] == 1 &&
           g->k.first[0] == 1 && a_row % 4096 != 0; /* places.c */
}

void tmk_gemm_run_small(const struct tmk_gemm *g, const struct tmk_exec *exec)
{
    const struct tmk_micro *micro = tmk_micro(g->dtype);
    const size_t m = g->m.extent[0], n = g->n.extent[0], element = tmk_dtype_size(g->dtype);
    ptrdiff_t row[MOST];
    const struct tmk_heights heights = tmk_gemm_heights(m, micro->mr);
    struct tmk_tile tile = {.kc = g->k.extent[0],
                            .a_row = g->m.first[0],
                            .a_k = 1,
                            .b_k = g->k.second[0],
                            .accumulate = g->accumulate};
    const double start = tmk_phase_start(exec);
    for (size_t i = 0; i < m; i++)
        row[i] = (ptrdiff_t)i * g->m.second[0];
    for (size_t j = 0; j < n; j += micro->nr) {
        tile.width = TMK_MIN(micro->nr, n - j);
        tile.b = (const char *)g->b + j * element;
        tile.c = (char *)g->c + j * element;
        const size_t vectors = tmk_ceil_div(tile.width, micro->lanes);
        size_t at = 0; /* rows above */
        for (int s = 0; s < 2; at += heights.tiles[s] * heights.rows[s], s++) {
            if (heights.tiles[s] == 0)
                continue;
            tile.a = (const char *)g->a + (ptrdiff_t)(at * element) * tile.a_row;
            tile.row = row + at;
            tile.tiles = heights.tiles[s];
            tile.a_tile = (ptrdiff_t)heights.rows[s] * tile.a_row;
            micro->multiply[1][vectors - 1][heights.rows[s] - 1](&tile);
        }
    }
    tmk_phase_end(exec, 0, TMK_PHASE_COMPUTE, start);
}
