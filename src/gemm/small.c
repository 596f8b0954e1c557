#include "small.h"

#include "alloc.h"
#include "blocking.h"
#include "micro.h"
#include "pace.h"
#include "plan.h"
#include "range.h"
#include "size.h"
#include "team.h"

/* Sizes for which a plan would do nothing but read A and B in place, in one block: more than thin
 * products with such a C have, and rows that L2 holds without being asked to. */
#define LEAST ((size_t)32)
#define MOST ((size_t)256)
#define ROW ((size_t)1024)      /* bytes */
#define NEAR ((size_t)64 << 10) /* bytes of a matrix that is near wherever its rows lie */

static bool is_small(size_t count)
{
    return count > LEAST && count <= MOST;
}

/* Is a matrix of so many rows, `bytes` long and `step` bytes apart, near as it lies? */
static bool lies_well(size_t rows, ptrdiff_t step, size_t bytes)
{
    return bytes * rows <= NEAR || (bytes <= ROW && tmk_l2_spreads(rows, step, bytes));
}

bool tmk_gemm_is_small(const struct tmk_gemm *g)
{
    if (g->m.axes != 1 || g->n.axes != 1 || g->k.axes != 1 || g->window.on || g->bias ||
        g->sum_rows || g->blocks.kc || g->blocks.mc)
        return false;
    const size_t m = g->m.extent[0], n = g->n.extent[0], k = g->k.extent[0],
                 element = tmk_dtype_size(g->dtype), products = tmk_gemm_batch_count(&g->batch);
    const ptrdiff_t a_row = g->m.first[0] * (ptrdiff_t)element,
                    b_row = g->k.second[0] * (ptrdiff_t)element;
    return is_small(m) && is_small(n) && is_small(k) &&
           !tmk_beyond_caches(products * m * n * element) && n % tmk_micro(g->dtype)->lanes == 0 &&
           g->n.first[0] == 1 && g->n.second[0] == 1 && g->k.first[0] == 1 &&
           a_row % (ptrdiff_t)TMK_PAGE != 0 && /* places.c */
           lies_well(m, a_row, k * element) && lies_well(k, b_row, n * element);
}

/* A call as its threads see it: they share out products if these come out even, else rows. */
struct call {
    const struct tmk_gemm *gemm;
    const struct tmk_exec *exec;
    size_t team, products;
    bool by_rows, far; /* C does not stay in L2 */
    struct tmk_pace *pace;
};

/* All tiles of `rows` rows of a product, panel by panel: wide ones read A less often. */
static void multiply_tiles(const struct tmk_micro *micro, const struct tmk_tile *product,
                           size_t rows, size_t element)
{
    for (size_t j = 0, width; j < product->width; j += width) {
        width = tmk_gemm_panel_width(micro, product->width - j);
        const struct tmk_heights heights =
            tmk_gemm_heights(rows, width > micro->nr ? micro->wide_rows : micro->mr);
        const size_t vectors = width / micro->lanes;
        struct tmk_tile tile = *product;
        tile.width = width;
        tile.b = (const char *)product->b + j * element;
        tile.c = (char *)product->c + j * element;
        for (int s = 0; s < 2; s++) {
            if (heights.tiles[s] == 0)
                continue;
            tile.tiles = heights.tiles[s];
            tile.a_tile = (ptrdiff_t)heights.rows[s] * tile.a_row;
            micro->multiply[1][vectors - 1][heights.rows[s] - 1](&tile);
            tile.a = (const char *)tile.a + (ptrdiff_t)(tile.tiles * element) * tile.a_tile;
            tile.row += tile.tiles * heights.rows[s];
        }
    }
}

/* Rows [m.begin, m.end) of one product, all of them at row[]. */
static void multiply(const struct call *call, size_t index, struct tmk_range m,
                     const ptrdiff_t *row)
{
    const struct tmk_gemm *g = call->gemm;
    const struct tmk_micro *micro = tmk_micro(g->dtype);
    const size_t n = g->n.extent[0], k = g->k.extent[0], rows = m.end - m.begin,
                 element = tmk_dtype_size(g->dtype);
    ptrdiff_t offset[3]; /* in A, B and C */
    tmk_gemm_batch_offsets(&g->batch, index, offset);
    offset[0] += (ptrdiff_t)m.begin * g->m.first[0];
    const struct tmk_tile product = {.kc = k,
                                     .a = (const char *)g->a + offset[0] * (ptrdiff_t)element,
                                     .b = (const char *)g->b + offset[1] * (ptrdiff_t)element,
                                     .a_row = g->m.first[0],
                                     .a_k = 1,
                                     .b_k = g->k.second[0],
                                     .c = (char *)g->c + offset[2] * (ptrdiff_t)element,
                                     .row = row + m.begin,
                                     .width = n,
                                     .b_panel = (ptrdiff_t)micro->nr,
                                     .accumulate = g->accumulate,
                                     .fetch_c = g->accumulate || call->far};
    if (tmk_gemm_is_shallow(micro, n, k, element, false))
        micro->outer(&product, rows);
    else
        multiply_tiles(micro, &product, rows, element);
}

static void run_share(void *context, int thread)
{
    const struct call *call = context;
    const struct tmk_gemm *g = call->gemm;
    const double began = tmk_pace_start(call->pace);
    struct tmk_range products = {0, call->products}, m = {0, g->m.extent[0]};
    struct tmk_range *shared = call->by_rows ? &m : &products;
    *shared = tmk_pace_own(call->pace, shared->end, thread);
    if (shared->begin == shared->end) /* more threads than shares */
        return;
    ptrdiff_t row[MOST];
    const double start = tmk_phase_start(call->exec);
    for (size_t i = m.begin; i < m.end; i++)
        row[i] = (ptrdiff_t)i * g->m.second[0];
    for (size_t p = products.begin; p < products.end; p++)
        multiply(call, p, m, row);
    tmk_phase_end(call->exec, thread, TMK_PHASE_COMPUTE, start);
    tmk_pace_note(call->pace, thread, tmk_range_length(*shared), began);
}

/* Is a team woken, at work on its shares, and gone again before one thread would be done? Its
 * operands have to come over, too, which takes half as long as waking it. */
#define CLOCK 3.5e9 /* Hz, two multiply-adds of vectors each, roughly */
static bool team_pays(const struct tmk_gemm *g, size_t products, int threads)
{
    const double steps = (double)(products * g->m.extent[0] * g->n.extent[0] * g->k.extent[0]),
                 alone = steps / (2 * CLOCK * (double)tmk_micro(g->dtype)->lanes);
    return threads > 1 && alone - alone / threads > 1.5 * tmk_team_seconds(threads);
}

void tmk_gemm_run_small(const struct tmk_gemm *g, const struct tmk_exec *exec)
{
    const size_t products = tmk_gemm_batch_count(&g->batch);
    const int team = team_pays(g, products, exec->threads) ? exec->threads : 1;
    const size_t c_bytes = products * g->m.extent[0] * g->n.extent[0] * tmk_dtype_size(g->dtype);
    struct tmk_pace pace;
    struct call call = {.gemm = g,
                        .exec = exec,
                        .team = (size_t)team,
                        .products = products,
                        .by_rows = !tmk_shares_evenly(products, (size_t)team),
                        .far = !tmk_l2_holds(c_bytes),
                        .pace = &pace};
    tmk_pace_ask(&pace, (size_t)team);
    tmk_team_run(team, run_share, &call);
    tmk_pace_learn(&pace);
}
