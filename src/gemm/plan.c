#include "plan.h"

#include "alloc.h"
#include "size.h"

/* Offsets of C along an index step by one from each position to the next at its innermost axis. */
static bool unit_in_c(const struct tmk_axes *axes)
{
    return axes->n > 0 && axes->step[TMK_STEP_SECOND][axes->n - 1] == 1;
}

/* Can origin + steps of k and n leave [0, size)? */
static bool leaves(ptrdiff_t origin, const ptrdiff_t *k_step, const struct tmk_gemm_index *k,
                   const ptrdiff_t *n_step, const struct tmk_gemm_index *n, size_t size)
{
    ptrdiff_t low = origin, high = origin;
    for (int i = 0; i < k->axes + n->axes; i++) {
        bool of_k = i < k->axes;
        ptrdiff_t step = of_k ? k_step[i] : n_step[i - k->axes];
        size_t extent = of_k ? k->extent[i] : n->extent[i - k->axes];
        ptrdiff_t reach = step * (ptrdiff_t)(extent - 1);
        *(reach < 0 ? &low : &high) += reach;
    }
    return low < 0 || high >= (ptrdiff_t)size;
}

static bool needs_window(const struct tmk_gemm *gemm)
{
    const struct tmk_gemm_window *w = &gemm->window;
    return w->on && (leaves(w->y0, w->k_y, &gemm->k, w->n_y, &gemm->n, w->h) ||
                     leaves(w->x0, w->k_x, &gemm->k, w->n_x, &gemm->n, w->w));
}

/* Rows of C become its columns: A and B change places. */
static void exchange(struct tmk_gemm_plan *plan)
{
    struct tmk_gemm_operand operand = plan->a;
    plan->a = plan->b;
    plan->b = operand;
    tmk_axes_swap(&plan->m, &plan->n);
    const char *bias = plan->col_bias;
    plan->col_bias = plan->row_bias;
    plan->row_bias = bias;
    for (int i = 0; i < plan->k.n; i++) {
        ptrdiff_t step = plan->k.step[TMK_STEP_FIRST][i];
        plan->k.step[TMK_STEP_FIRST][i] = plan->k.step[TMK_STEP_SECOND][i];
        plan->k.step[TMK_STEP_SECOND][i] = step;
    }
    for (int i = 0; i < plan->batch.axes; i++) {
        ptrdiff_t step = plan->batch.a[i];
        plan->batch.a[i] = plan->batch.b[i];
        plan->batch.b[i] = step;
    }
}

/* What it costs to pack an element of an operand, in multiply-adds of the micro-kernel, roughly:
 * one that has to be transposed or clipped twice as much as a copy. */
static double pack_cost(const struct tmk_gemm_plan *plan, enum tmk_step which)
{
    const struct tmk_gemm_operand *operand = which == TMK_STEP_FIRST ? &plan->a : &plan->b;
    const struct tmk_axes *k = &plan->k;
    if (operand->in_place)
        return 0;
    return operand->window || (k->n > 0 && k->step[which][k->n - 1] == 1) ? 64 : 32;
}

/* Where threads share short rows of C that are no whole cache lines, they write the same lines:
 * what that costs a row. */
#define SHORT_ROW 512
#define SHARED_LINE 64
static bool lines_straddle(const struct tmk_gemm_plan *plan)
{
    const struct tmk_axes *m = &plan->m;
    return m->n > 0 &&
           m->step[TMK_STEP_SECOND][m->n - 1] * (ptrdiff_t)plan->element % TMK_ALIGN != 0;
}

/* Expected time of the largest part, in multiply-adds of the micro-kernel. */
static double part_cost(const struct tmk_gemm_plan *plan, size_t pb, size_t pm, size_t pn)
{
    const size_t mr = plan->blocking.mr, nr = plan->micro->nr;
    double m = (double)(mr * tmk_ceil_div(tmk_ceil_div(plan->M, mr), pm));
    double n = (double)(nr * tmk_ceil_div(tmk_ceil_div(plan->N, nr), pn));
    double batches = (double)tmk_ceil_div(plan->nbatch * plan->pieces, pb);
    const bool shares = pn > 1 && n * (double)plan->element < SHORT_ROW && lines_straddle(plan);
    const double a_cost = pack_cost(plan, TMK_STEP_FIRST) + (shares ? SHARED_LINE : 0);
    return batches * (m * n + a_cost * m + pack_cost(plan, TMK_STEP_SECOND) * n);
}

/* What it costs to wake the other threads and to wait for them, likewise. */
#define FORK_COST 8e4

static void choose_grid(struct tmk_gemm_plan *plan, size_t threads)
{
    double best = -1;
    for (size_t pb = threads; pb > 0; pb--) { /* whole batch elements if nothing tells */
        for (size_t pm = 1; pb * pm <= threads; pm++) {
            size_t pn = threads / (pb * pm);
            double cost = part_cost(plan, pb, pm, pn);
            if (best < 0 || cost < best) {
                best = cost;
                plan->parts_batch = pb;
                plan->parts_m = pm;
                plan->parts_n = pn;
            }
        }
    }
    const double depth = (double)plan->K / (double)plan->pieces;
    if (depth * (part_cost(plan, 1, 1, 1) - best) < FORK_COST)
        plan->parts_batch = plan->parts_m = plan->parts_n = 1;
}

/* A step along the outermost axis of k must not move the image coordinates. */
static size_t period_of(const struct tmk_axes *k, size_t count)
{
    if (k->n == 0 || k->step[TMK_STEP_Y][0] || k->step[TMK_STEP_X][0])
        return count;
    return count / k->extent[0];
}

/* Few uses do not pay for packing, unless all of it is small. Many do, if what is packed then stays
 * in the L1 cache. */
#define IN_PLACE_PANELS 5
#define MANY_PANELS 32
#define IN_PLACE_BYTES ((size_t)64 << 10)

/* Would a block of an operand that has a unit step be as near if it were packed? Its positions that
 * have the other step are `rows`, `length` elements each. */
static bool lies_well(const struct tmk_gemm_plan *plan, ptrdiff_t step, size_t rows, size_t length)
{
    return tmk_l2_spreads(rows, (size_t)(step < 0 ? -step : step) * plan->element,
                          length * plan->element);
}

static bool few_uses(const struct tmk_gemm_plan *plan, size_t uses, size_t own)
{
    return uses <= IN_PLACE_PANELS || own * plan->K * plan->element <= IN_PLACE_BYTES;
}

/* Rows of A that lie a multiple of 4 KiB apart use the same few lines of an L1 cache, which has 8
 * to 12 ways: read in place, more rows than that push each other out between steps of k. */
static bool rows_collide(const struct tmk_gemm_plan *plan)
{
    return plan->a.own * (ptrdiff_t)plan->element % 4096 == 0;
}

static struct tmk_blocking usual_blocks(const struct tmk_gemm_plan *plan)
{
    return tmk_blocking(plan->micro, plan->element, plan->micro->mr, plan->M, plan->N, plan->K, 0,
                        0);
}

static bool a_in_place(struct tmk_gemm_plan *plan)
{
    struct tmk_gemm_operand *a = &plan->a;
    if (a->window || !tmk_axes_linear(&plan->m, TMK_STEP_FIRST, &a->own) ||
        !tmk_axes_linear(&plan->k, TMK_STEP_FIRST, &a->k))
        return false;
    if (few_uses(plan, tmk_ceil_div(plan->N, plan->micro->nr), plan->M))
        return a->k == 1 || a->own == 1;
    if (a->k != 1 || rows_collide(plan))
        return false;
    const struct tmk_blocking block = usual_blocks(plan);
    return lies_well(plan, a->own, block.mc, block.kc);
}

/* Panel by panel: those that lie in one run of unit step. */
static bool b_in_place(struct tmk_gemm_plan *plan)
{
    struct tmk_gemm_operand *b = &plan->b;
    const int last = plan->n.n - 1;
    if (b->window || !tmk_axes_linear(&plan->k, TMK_STEP_SECOND, &b->k) ||
        (last >= 0 && plan->n.step[TMK_STEP_FIRST][last] != 1))
        return false;
    const size_t uses = tmk_ceil_div(plan->M, plan->micro->mr), nr = plan->micro->nr;
    if (few_uses(plan, uses, plan->N))
        return true;
    const struct tmk_blocking block = usual_blocks(plan);
    const bool near = uses > MANY_PANELS && tmk_l1_holds(block.kc * nr * plan->element);
    return !near && lies_well(plan, b->k, block.kc, nr);
}

/* Does k run along memory in stretches long enough for rows of A to be packed as they are? */
#define ROW_LENGTH 32
static bool runs_along(const struct tmk_axes *k, enum tmk_step which)
{
    return k->n > 0 && k->step[which][k->n - 1] == 1 && k->extent[k->n - 1] >= ROW_LENGTH;
}

/* Few columns, one vector: A, met once, goes by where it lies, from memory if need be, and as much
 * depth of B as keeps to L2. */
#define NARROW_ROWS ((size_t)1024)
#define NARROW_DEPTH ((size_t)256)
static bool is_narrow(const struct tmk_gemm_plan *plan)
{
    return plan->N <= plan->micro->lanes && plan->a.in_place && plan->a.k == 1;
}

/* Few rows that meet a B along k: as columns they make it narrow. */
static bool few_rows(const struct tmk_gemm_plan *plan)
{
    ptrdiff_t n_step, k_step;
    return plan->M > TMK_MICRO_DOT && plan->M <= plan->micro->lanes && plan->N > plan->M &&
           plan->K >= NARROW_DEPTH && !plan->b.window &&
           tmk_axes_linear(&plan->n, TMK_STEP_FIRST, &n_step) &&
           tmk_axes_linear(&plan->k, TMK_STEP_SECOND, &k_step) && k_step == 1;
}

/* What can the micro-kernel read where it lies, and should it? */
static void choose_places(struct tmk_gemm_plan *plan)
{
    plan->a.in_place = a_in_place(plan);
    plan->b.in_place = b_in_place(plan);
    plan->a.by_rows = !plan->a.in_place && !plan->a.window && runs_along(&plan->k, TMK_STEP_FIRST);
}

static size_t most_rows(const struct tmk_gemm_plan *plan)
{
    const bool collide = plan->a.in_place && rows_collide(plan);
    return collide ? TMK_MIN(plan->micro->mr, 8) : plan->micro->mr;
}

/* C too small to be shared out evenly and K huge: K is cut into pieces, by the shape only, each of
 * which is deep enough to outweigh that its sums are stored and added. 24 are shared out evenly to
 * 2, 3, 4, 6 or 8 threads. */
#define PIECES ((size_t)24)
#define PIECE_DEPTH ((size_t)1024)
static size_t pieces_of(const struct tmk_gemm_plan *plan)
{
    const size_t m = plan->M, n = plan->N;
    if (plan->nbatch * tmk_ceil_div(m, plan->micro->mr) * tmk_ceil_div(n, plan->micro->nr) >
        2 * PIECES)
        return 1;
    const size_t depth = TMK_MAX(PIECE_DEPTH, 8 * TMK_MIN(m, n));
    return TMK_MIN(TMK_MAX(plan->K / depth, 1), PIECES);
}

/* Depth of a block within a piece: what is packed of B is met by few rows, L2 is near enough. */
static size_t piece_block(const struct tmk_gemm_plan *plan)
{
    const size_t near = tmk_l2_bytes() / 8 / (TMK_MAX(plan->M, plan->N) * plan->element);
    const size_t most = TMK_MAX(near, usual_blocks(plan).kc);
    const size_t piece = tmk_ceil_div(plan->K, plan->pieces);
    return tmk_ceil_div(piece, tmk_ceil_div(piece, TMK_MAX(most, 1)));
}

/* Positions of one dense array, `step` apart at the innermost axis. */
static void make_dense(struct tmk_axes *axes, size_t step)
{
    for (int i = axes->n; i-- > 0; step *= axes->extent[i])
        axes->step[TMK_STEP_SECOND][i] = (ptrdiff_t)step;
}

/* Let every piece sum into an array of its own; they are added in the end (split.c). */
static void split(struct tmk_gemm_plan *plan)
{
    plan->result = (struct tmk_gemm_result){.c = plan->c,
                                            .row_bias = plan->row_bias,
                                            .col_bias = plan->col_bias,
                                            .accumulate = plan->accumulate,
                                            .m = plan->m,
                                            .n = plan->n};
    make_dense(&plan->m, plan->N);
    make_dense(&plan->n, 1);
    plan->c_column = 1;
    plan->row_bias = plan->col_bias = NULL;
    plan->accumulate = false;
    plan->pieces_bytes = plan->nbatch * plan->pieces * plan->M * plan->N * plan->element;
}

/* Of little depth the time is that of writing C: row by row, in whole vectors. */
#define OUTER_DEPTH ((size_t)4)
#define PAST_DEPTH ((size_t)32)
static bool writes_only(struct tmk_gemm_plan *plan)
{
    const ptrdiff_t lanes = (ptrdiff_t)plan->micro->lanes;
    const size_t m = tmk_axes_count(&plan->m), n = tmk_axes_count(&plan->n);
    const size_t bytes = plan->nbatch * m * n * plan->element;
    bool whole = plan->c_column == 1 && (ptrdiff_t)n % lanes == 0;
    for (int i = 0; i < plan->m.n; i++)
        whole = whole && plan->m.step[TMK_STEP_SECOND][i] % lanes == 0;
    for (int i = 0; i < plan->batch.axes; i++)
        whole = whole && plan->batch.c[i] % lanes == 0;
    plan->past = bytes >= tmk_last_cache_bytes();
    return whole && !plan->accumulate && bytes > tmk_l2_bytes() &&
           plan->K <= (plan->past ? PAST_DEPTH : OUTER_DEPTH);
}

/* A vector holds all rows and another all of k: only columns are many. */
#define TINY_COLUMNS ((size_t)1024)
static bool is_tiny(const struct tmk_gemm_plan *plan, size_t m)
{
    ptrdiff_t c_row;
    return m <= plan->micro->lanes && plan->K <= plan->micro->lanes &&
           tmk_axes_count(&plan->n) >= TINY_COLUMNS && (plan->b.own == 1 || plan->b.k == 1) &&
           tmk_axes_linear(&plan->m, TMK_STEP_SECOND, &c_row) &&
           (plan->c_column == 1 || c_row == 1);
}

/* With few rows the time is that of reading B: along its rows, once. A dot product pays if adding
 * up its vectors is little of it, and less than it costs to transpose B. */
#define DOT_DEPTH ((size_t)16)
/* Vectors of B's rows for these to be added, and how many rows for C to be put together elsewhere.
 */
#define WIDE 32
#define ACROSS_DEPTH ((size_t)256)
static enum tmk_gemm_thin find_thin(struct tmk_gemm_plan *plan)
{
    struct tmk_gemm_operand *a = &plan->a, *b = &plan->b;
    const size_t m = tmk_axes_count(&plan->m);
    const size_t b_bytes = tmk_axes_count(&plan->n) * plan->K * plan->element;
    if (a->window || b->window || !tmk_axes_linear(&plan->m, TMK_STEP_FIRST, &a->own) ||
        !tmk_axes_linear(&plan->k, TMK_STEP_FIRST, &a->k) ||
        !tmk_axes_linear(&plan->n, TMK_STEP_FIRST, &b->own) ||
        !tmk_axes_linear(&plan->k, TMK_STEP_SECOND, &b->k) ||
        !tmk_axes_linear(&plan->n, TMK_STEP_SECOND, &plan->c_column))
        return TMK_GEMM_NOT_THIN;
    if (b->own == 1 && writes_only(plan))
        return TMK_GEMM_OUTER;
    if (is_tiny(plan, m))
        return TMK_GEMM_TINY;
    const bool fits = plan->c_column == 1 || plan->K >= ACROSS_DEPTH;
    const bool wide = tmk_axes_count(&plan->n) >= WIDE * plan->micro->lanes;
    if (m <= TMK_MICRO_THIN && b->own == 1 && fits && wide && b_bytes > tmk_l2_bytes() / 4)
        return TMK_GEMM_ADD_ROWS;
    if (m > TMK_MICRO_DOT)
        return TMK_GEMM_NOT_THIN;
    const size_t enough = TMK_MAX(4 * plan->micro->lanes, DOT_DEPTH * m);
    const bool cheap = a->k == 1 || tmk_axes_count(&plan->n) >= 8 * m; /* to lay A out along k */
    return b->k == 1 && plan->K >= enough && cheap ? TMK_GEMM_DOT : TMK_GEMM_NOT_THIN;
}

/* What keeps A's rows in L2 and is cut into whole panels. */
static size_t thin_depth(const struct tmk_gemm_plan *plan)
{
    const size_t most = tmk_l2_bytes() / 2 / (plan->M * plan->element), nr = plan->micro->nr;
    return tmk_round_up(tmk_ceil_div(plan->K, tmk_ceil_div(plan->K, TMK_MAX(most, 1))), nr);
}

/* Few columns will do as well: they become rows. */
static void choose_thin(struct tmk_gemm_plan *plan)
{
    plan->thin = find_thin(plan);
    if (!plan->thin && (plan->N <= TMK_MICRO_THIN || plan->K <= PAST_DEPTH)) {
        exchange(plan);
        plan->thin = find_thin(plan);
        if (!plan->thin)
            exchange(plan);
    }
    if (!plan->thin)
        return;
    plan->M = tmk_axes_count(&plan->m);
    plan->N = tmk_axes_count(&plan->n);
    const bool dot = plan->thin == TMK_GEMM_DOT;
    plan->a.in_place = !dot || plan->a.k == 1;
    if (plan->thin == TMK_GEMM_ADD_ROWS && plan->c_column != 1)
        plan->pieces = TMK_MAX(plan->pieces, 2);
}

static void choose_blocks(struct tmk_gemm_plan *plan, struct tmk_gemm_blocks want)
{
    const bool narrow = is_narrow(plan);
    if (plan->pieces > 1 && !want.kc)
        want.kc = piece_block(plan);
    else if (narrow && !want.kc)
        want.kc = tmk_l2_bytes() / 4 / (plan->micro->lanes * plan->element);
    if (narrow && !want.mc)
        want.mc = NARROW_ROWS;
    plan->blocking = tmk_blocking(plan->micro, plan->element, most_rows(plan), plan->M, plan->N,
                                  plan->K, want.kc, want.mc);
    const size_t line = TMK_ALIGN / plan->element;
    plan->row_pitch = (tmk_ceil_div(plan->blocking.kc, line) | 1) * line;
    if (!plan->thin)
        return;
    if (plan->thin != TMK_GEMM_OUTER)
        plan->blocking.mc = plan->blocking.mr = plan->M;
    if (plan->thin == TMK_GEMM_ADD_ROWS)
        plan->blocking.kc = tmk_ceil_div(plan->K, plan->pieces);
    else if (plan->pieces == 1)
        plan->blocking.kc = plan->thin == TMK_GEMM_DOT ? thin_depth(plan) : plan->K;
}

static void measure(struct tmk_gemm_plan *plan)
{
    plan->M = tmk_axes_count(&plan->m);
    plan->N = tmk_axes_count(&plan->n);
    plan->K = tmk_axes_count(&plan->k);
}

void tmk_gemm_plan_make(const struct tmk_gemm *gemm, int threads, struct tmk_gemm_plan *plan)
{
    const struct tmk_gemm_window *w = &gemm->window;
    bool window = needs_window(gemm);
    *plan = (struct tmk_gemm_plan){
        .micro = tmk_micro(gemm->dtype),
        .element = tmk_dtype_size(gemm->dtype),
        .dtype = gemm->dtype,
        .a = {.base = gemm->a},
        .b = {gemm->b, window, (int32_t)w->y0, (int32_t)w->x0, (int32_t)w->h, (int32_t)w->w},
        .c = gemm->c,
        .row_bias = gemm->bias,
        .accumulate = gemm->accumulate,
        .batch = gemm->batch,
        .nbatch = 1,
    };
    tmk_axes_make(&plan->m, &gemm->m, NULL, NULL);
    tmk_axes_make(&plan->n, &gemm->n, window ? w->n_y : NULL, window ? w->n_x : NULL);
    tmk_axes_make(&plan->k, &gemm->k, window ? w->k_y : NULL, window ? w->k_x : NULL);
    for (int i = 0; i < gemm->batch.axes; i++)
        plan->nbatch *= gemm->batch.extent[i];
    if (unit_in_c(&plan->m) && !unit_in_c(&plan->n))
        exchange(plan);
    measure(plan);
    if (few_rows(plan)) {
        exchange(plan);
        measure(plan);
    }
    plan->period = period_of(&plan->k, plan->K);
    choose_places(plan);
    plan->pieces = pieces_of(plan);
    choose_thin(plan);
    choose_blocks(plan, gemm->blocks);
    if (plan->pieces > 1)
        split(plan);
    plan->b_along_k = !plan->b.window && tmk_axes_linear(&plan->n, TMK_STEP_FIRST, &plan->b.own) &&
                      plan->b.own != 1 && runs_along(&plan->k, TMK_STEP_SECOND);
    const size_t depth = plan->b_along_k ? plan->K : plan->K / plan->period;
    plan->fetch_ahead = depth * plan->N * plan->element > tmk_l2_bytes() / 4;
    choose_grid(plan, (size_t)threads);
    struct tmk_gemm_scratch scratch;
    plan->part_bytes = tmk_gemm_scratch_layout(plan, NULL, &scratch);
}

void tmk_gemm_batch_offsets(const struct tmk_gemm_plan *plan, size_t index, ptrdiff_t offset[3])
{
    const struct tmk_gemm_batch *batch = &plan->batch;
    offset[0] = offset[1] = offset[2] = 0;
    for (int i = batch->axes - 1; i >= 0; i--) {
        ptrdiff_t at = (ptrdiff_t)(index % batch->extent[i]);
        index /= batch->extent[i];
        offset[0] += at * batch->a[i];
        offset[1] += at * batch->b[i];
        offset[2] += at * batch->c[i];
    }
}

struct tmk_gemm_blocks tmk_gemm_blocks_of(const struct tmk_gemm *gemm)
{
    struct tmk_gemm_plan plan;
    tmk_gemm_plan_make(gemm, 1, &plan);
    return (struct tmk_gemm_blocks){.kc = plan.blocking.kc, .mc = plan.blocking.mc};
}

/* Of a B that runs along k in stretches of ROW_LENGTH at least: pieces of nr. */
size_t tmk_gemm_most_ahead(const struct tmk_gemm_plan *plan)
{
    const size_t kc = plan->blocking.kc, nr = plan->micro->nr;
    return plan->fetch_ahead && plan->b_along_k ? nr * (kc / nr + kc / ROW_LENGTH + 2) : 0;
}

/* The next piece of `bytes` bytes of the workspace at *used, aligned. */
static char *carve(char *memory, size_t *used, size_t bytes)
{
    char *piece = memory ? memory + *used : NULL;
    *used += tmk_round_up(bytes, TMK_ALIGN);
    return piece;
}

size_t tmk_gemm_scratch_layout(const struct tmk_gemm_plan *plan, char *memory,
                               struct tmk_gemm_scratch *scratch)
{
    const struct tmk_blocking *b = &plan->blocking;
    size_t used = 0;
    const size_t a_depth = tmk_round_up(b->kc, plan->thin ? plan->micro->nr : 1);
    size_t a_bytes =
        b->mc * (plan->a.by_rows ? plan->row_pitch : a_depth) * plan->element + TMK_MICRO_SLACK;
    size_t b_bytes = b->nc * b->kc * plan->element + TMK_MICRO_SLACK;
    scratch->a_block = carve(memory, &used, plan->a.in_place ? 0 : a_bytes);
    scratch->m_c = (ptrdiff_t *)(void *)carve(memory, &used, b->mc * sizeof(ptrdiff_t));
    if (plan->thin)
        return used;
    scratch->b_block = carve(memory, &used, b_bytes);
    scratch->k_first = (ptrdiff_t *)(void *)carve(memory, &used, b->kc * sizeof(ptrdiff_t));
    scratch->k_second = (ptrdiff_t *)(void *)carve(memory, &used, b->kc * sizeof(ptrdiff_t));
    scratch->ahead =
        (ptrdiff_t *)(void *)carve(memory, &used, tmk_gemm_most_ahead(plan) * sizeof(ptrdiff_t));
    scratch->k_y = (int32_t *)(void *)carve(memory, &used, b->kc * sizeof(int32_t));
    scratch->k_x = (int32_t *)(void *)carve(memory, &used, b->kc * sizeof(int32_t));
    scratch->a_runs =
        (struct tmk_run *)(void *)carve(memory, &used, b->kc * sizeof(struct tmk_run));
    scratch->b_runs =
        (struct tmk_run *)(void *)carve(memory, &used, b->kc * sizeof(struct tmk_run));
    scratch->columns = (struct tmk_columns *)(void *)carve(
        memory, &used, 2 * TMK_GEMM_PANELS * sizeof(struct tmk_columns));
    return used;
}
