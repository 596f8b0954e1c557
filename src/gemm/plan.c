#include "room.h"

#include "alloc.h"
#include "size.h"

/* Offsets of C along an index step by one from each position to the next at its innermost axis. */
static bool unit_in_c(const struct tmk_axes *axes)
{
    return axes->n > 0 && axes->axis[axes->n - 1].step[TMK_STEP_SECOND] == 1;
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
void tmk_gemm_exchange(struct tmk_gemm_plan *plan)
{
    struct tmk_gemm_operand operand = plan->a;
    plan->exchanged = !plan->exchanged;
    plan->a = plan->b;
    plan->b = operand;
    tmk_axes_swap(&plan->m, &plan->n);
    const char *bias = plan->col_bias;
    plan->col_bias = plan->row_bias;
    plan->row_bias = bias;
    for (int i = 0; i < plan->k.n; i++) {
        ptrdiff_t step = plan->k.axis[i].step[TMK_STEP_FIRST];
        plan->k.axis[i].step[TMK_STEP_FIRST] = plan->k.axis[i].step[TMK_STEP_SECOND];
        plan->k.axis[i].step[TMK_STEP_SECOND] = step;
    }
    for (int i = 0; i < plan->batch.axes; i++) {
        ptrdiff_t step = plan->batch.a[i];
        plan->batch.a[i] = plan->batch.b[i];
        plan->batch.b[i] = step;
    }
}

/* A step along the outermost axis of k must not move the image coordinates. */
static size_t period_of(const struct tmk_axes *k, size_t count)
{
    if (k->n == 0 || k->axis[0].step[TMK_STEP_Y] || k->axis[0].step[TMK_STEP_X])
        return count;
    return count / k->axis[0].extent;
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
    const size_t most = TMK_MAX(near, tmk_gemm_usual_blocks(plan).kc);
    const size_t piece = tmk_ceil_div(plan->K, plan->pieces);
    return tmk_ceil_div(piece, tmk_ceil_div(piece, TMK_MAX(most, 1)));
}

/* Positions of one dense array, `step` apart at the innermost axis. */
static void make_dense(struct tmk_axes *axes, size_t step)
{
    for (int i = axes->n; i-- > 0; step *= axes->axis[i].extent)
        axes->axis[i].step[TMK_STEP_SECOND] = (ptrdiff_t)step;
}

/* Columns apart in C: tiles are computed aside and turned on their way there, which for many blocks
 * of k pays in the end only. */
static bool is_put_often(const struct tmk_gemm_plan *plan)
{
    return !plan->thin && plan->K > plan->blocking.kc && !unit_in_c(&plan->n) &&
           plan->nbatch * plan->M * plan->N * plan->element <= tmk_l2_bytes() / 2;
}

/* Let every piece of K sum into an array of its own; they are added in the end (split.c). */
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
    plan->pieces_bytes = plan->nbatch * plan->pieces * tmk_gemm_piece(plan) * plan->element;
}

static void choose_blocks(struct tmk_gemm_plan *plan, struct tmk_gemm_blocks want)
{
    const bool narrow = tmk_gemm_is_narrow(plan);
    if (plan->a.depth > 0)
        want.kc = plan->a.depth;
    else if (plan->pieces > 1 && !want.kc)
        want.kc = piece_block(plan);
    else if (narrow && !want.kc)
        want.kc = tmk_gemm_narrow_depth(plan);
    if (narrow && !want.mc)
        want.mc = TMK_GEMM_NARROW_ROWS;
    plan->blocking = tmk_blocking(plan->micro, plan->element, tmk_gemm_most_rows(plan), plan->M,
                                  plan->K, want.kc, want.mc);
    if (plan->a.run > 0) /* runs are not cut to make blocks equal */
        plan->blocking.kc = plan->a.depth;
    const size_t line = TMK_ALIGN / plan->element;
    plan->row_pitch = (tmk_ceil_div(plan->blocking.kc, line) | 1) * line;
    if (!plan->thin)
        return;
    if (plan->thin != TMK_GEMM_OUTER)
        plan->blocking.mc = plan->blocking.mr = plan->M;
    if (plan->thin == TMK_GEMM_ADD_ROWS)
        plan->blocking.kc = tmk_ceil_div(plan->K, plan->pieces);
    else if (plan->pieces == 1)
        plan->blocking.kc = plan->thin == TMK_GEMM_DOT ? tmk_gemm_thin_depth(plan) : plan->K;
}

/* Rows of A are summed up if they are read along k, columns of B in any case. */
static void choose_sums(struct tmk_gemm_plan *plan)
{
    const struct tmk_gemm_operand *a = &plan->a;
    plan->a.summed = a->summed && !plan->thin && (a->in_place ? a->k == 1 : a->by_rows);
    plan->b.summed = plan->b.summed && !plan->thin;
}

/* A few columns beyond the last whole vector cost as much as a vector of them, but where A runs
 * along k or along m they have ways of their own, which leave no lane empty. */
#define MOST_REST 4
static size_t find_rest(struct tmk_gemm_plan *plan)
{
    const struct tmk_gemm_operand *a = &plan->a;
    const size_t lanes = plan->micro->lanes, rest = plan->N % lanes;
    const bool along_k = a->in_place ? a->k == 1 && !a->run : a->by_rows,
               across = tmk_gemm_lies_across(a);
    ptrdiff_t b_k;
    const int last = plan->n.n - 1; /* the axis that holds them all */
    if (plan->thin || plan->b.window || plan->b.summed || rest > MOST_REST || 4 * rest > lanes ||
        plan->N < lanes || plan->blocking.kc < (across ? 2 : 4) * lanes ||
        plan->n.axis[last].extent < rest || !tmk_axes_linear(&plan->k, TMK_STEP_SECOND, &b_k))
        return 0;
    if (across)
        return plan->n.axis[last].step[TMK_STEP_FIRST] == 1 ? rest : 0;
    return along_k && tmk_axes_linear(&plan->m, TMK_STEP_SECOND, &plan->c_row) ? rest : 0;
}

/* Are wide tiles, of so many rows in all, no lower than others? */
static bool widens_freely(const struct tmk_gemm_plan *plan, size_t rows)
{
    const size_t most = plan->micro->wide_rows;
    return most > 0 && tmk_ceil_div(rows, most) == tmk_ceil_div(rows, plan->blocking.mr);
}

/* A panel that crosses from row to row has to be packed and its tiles be put in place piece by
 * piece: rather, the ends of rows that are no whole vectors come last, together. */
static void find_ends(struct tmk_gemm_plan *plan)
{
    const int last = plan->n.n - 1;
    plan->run = plan->row = plan->N;
    if (plan->thin || plan->rest > 0 || plan->apart || last < 1 || !plan->b.in_place ||
        plan->exchanged || !unit_in_c(&plan->n))
        return;
    const size_t row = plan->n.axis[last].extent, end = row % plan->micro->lanes,
                 wide = 3 * plan->micro->lanes;
    const bool in_wide_panels = row == wide || (row > wide && widens_freely(plan, plan->M));
    if (end == row || (end == 0 && !in_wide_panels))
        return;
    plan->row = row;
    plan->run = row - end;
    plan->ends = plan->n;
    plan->ends.axis[last].extent = end;
    plan->n.axis[last].extent = plan->run;
}

static void measure(struct tmk_gemm_plan *plan)
{
    plan->M = tmk_axes_count(&plan->m);
    plan->N = tmk_axes_count(&plan->n);
    plan->K = tmk_axes_count(&plan->k);
}

/* B stays packed, in the last cache at best, if it is met by more than one block of A. */
#define KEEP_BYTES ((size_t)8 << 20)
static size_t columns_to_keep(const struct tmk_gemm_plan *plan)
{
    const size_t nr = plan->micro->nr, column = plan->blocking.kc * plan->element;
    if (plan->thin || plan->b.in_place || tmk_gemm_part_rows(plan) <= plan->blocking.mc)
        return 0;
    const size_t most = TMK_MAX(KEEP_BYTES / column / nr, 1) * nr;
    return TMK_MIN(tmk_round_up(tmk_gemm_part_columns(plan), nr), most);
}

/* Three vectors of columns, and no more, in all or in each row, are a panel of two and one of one,
 * of which each scalar of A is brought for a single product; or a wide one, if B need not be
 * packed. So is any multiple of three, if A is read where it lies: wide panels do so less often.
 * And all that can, if tiles have no fewer rows for it: each of A's scalars meets three vectors. */
static bool pays_to_widen(const struct tmk_gemm_plan *plan)
{
    const bool in_rows = plan->row < plan->N;
    const size_t columns = in_rows ? plan->run : plan->N - plan->rest;
    const size_t wide = 3 * plan->micro->lanes;
    if (!in_rows && plan->n.n != 1) /* panels cross from row to row */
        return false;
    if (widens_freely(plan, tmk_gemm_part_rows(plan)))
        return true;
    return columns % wide == 0 && (in_rows || plan->parts_n == 1) &&
           (columns == wide || (plan->a.in_place && plan->a.k == 1));
}

static void choose_panel(struct tmk_gemm_plan *plan)
{
    const struct tmk_micro *micro = plan->micro;
    plan->panel = micro->nr;
    if (plan->thin || micro->wide_rows == 0 || !plan->b.in_place || !unit_in_c(&plan->n) ||
        !pays_to_widen(plan))
        return;
    plan->panel = 3 * micro->lanes;
    plan->blocking.mr = TMK_MIN(plan->blocking.mr, micro->wide_rows);
}

/* What has to come from beyond L2 is fetched ahead: nothing, if L2 holds all there is. */
static void choose_fetching(struct tmk_gemm_plan *plan)
{
    const size_t depth = plan->b_along_k ? plan->K : plan->K / plan->period,
                 b = depth * plan->N * plan->element, c = plan->M * plan->N * plan->element,
                 all = plan->nbatch * (plan->M * plan->K * plan->element + b + c);
    plan->fetch_ahead = b > tmk_l2_bytes() / 4 && all > tmk_l2_bytes();
    plan->fetch_c = !tmk_l2_holds(all);
}

void tmk_gemm_plan_make(const struct tmk_gemm *gemm, int threads, struct tmk_gemm_plan *plan)
{
    const struct tmk_gemm_window *w = &gemm->window;
    bool window = needs_window(gemm);
    *plan = (struct tmk_gemm_plan){
        .micro = tmk_micro(gemm->dtype),
        .element = tmk_dtype_size(gemm->dtype),
        .dtype = gemm->dtype,
        .a = {.base = gemm->a, .summed = gemm->sum_rows},
        .b = {gemm->b, window, (int32_t)w->y0, (int32_t)w->x0, (int32_t)w->h, (int32_t)w->w},
        .c = gemm->c,
        .row_bias = gemm->bias,
        .accumulate = gemm->accumulate,
        .sums = gemm->sums,
        .batch = gemm->batch,
        .nbatch = tmk_gemm_batch_count(&gemm->batch),
        .share_bias = 1,
    };
    tmk_axes_make(&plan->m, &gemm->m, NULL, NULL);
    tmk_axes_make(&plan->n, &gemm->n, window ? w->n_y : NULL, window ? w->n_x : NULL);
    tmk_axes_make(&plan->k, &gemm->k, window ? w->k_y : NULL, window ? w->k_x : NULL);
    if (unit_in_c(&plan->m) && !unit_in_c(&plan->n))
        tmk_gemm_exchange(plan);
    measure(plan);
    if (tmk_gemm_few_rows(plan) || tmk_gemm_few_columns(plan)) {
        tmk_gemm_exchange(plan);
        measure(plan);
    }
    plan->period = period_of(&plan->k, plan->K);
    plan->pieces = pieces_of(plan);
    tmk_gemm_choose_places(plan);
    tmk_gemm_choose_thin(plan);
    choose_blocks(plan, gemm->blocks);
    choose_sums(plan);
    plan->apart = plan->apart || plan->pieces > 1 || is_put_often(plan);
    if (plan->apart)
        split(plan);
    plan->rest = find_rest(plan);
    find_ends(plan);
    plan->b_along_k = !plan->b.window && tmk_axes_linear(&plan->n, TMK_STEP_FIRST, &plan->b.own) &&
                      plan->b.own != 1 && tmk_gemm_runs_along(&plan->k, TMK_STEP_SECOND);
    choose_fetching(plan);
    tmk_gemm_choose_grid(plan, (size_t)threads);
    plan->parts = plan->parts_batch * plan->parts_m * plan->parts_n;
    choose_panel(plan);
    plan->keep = columns_to_keep(plan);
    struct tmk_gemm_scratch scratch;
    plan->part_bytes = tmk_gemm_scratch_layout(plan, NULL, &scratch);
}

size_t tmk_gemm_batch_count(const struct tmk_gemm_batch *batch)
{
    size_t count = 1;
    for (int i = 0; i < batch->axes; i++)
        count *= batch->extent[i];
    return count;
}

void tmk_gemm_batch_offsets(const struct tmk_gemm_batch *batch, size_t index, ptrdiff_t offset[3])
{
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

bool tmk_gemm_can_sum_rows(const struct tmk_gemm *gemm)
{
    struct tmk_gemm_plan plan;
    tmk_gemm_plan_make(gemm, 1, &plan);
    return tmk_gemm_sums(&plan) > 0;
}

/* Of a B that runs along k in stretches of TMK_GEMM_ROW_LENGTH at least: pieces of nr. */
size_t tmk_gemm_most_ahead(const struct tmk_gemm_plan *plan)
{
    const size_t kc = plan->blocking.kc, nr = plan->micro->nr;
    return plan->fetch_ahead && plan->b_along_k ? nr * (kc / nr + kc / TMK_GEMM_ROW_LENGTH + 2) : 0;
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
    const size_t a_step = tmk_round_up(b->mr, plan->micro->lanes);
    const size_t a_elements =
        plan->a.by_rows ? b->mc * plan->row_pitch : tmk_ceil_div(b->mc, b->mr) * a_step * a_depth;
    size_t a_bytes = a_elements * plan->element + TMK_MICRO_SLACK;
    size_t b_columns = TMK_MAX(plan->keep, plan->micro->nr);
    size_t b_bytes = b_columns * b->kc * plan->element + TMK_MICRO_SLACK;
    scratch->a_block = carve(memory, &used, plan->a.in_place ? 0 : a_bytes);
    scratch->m_c = (ptrdiff_t *)(void *)carve(memory, &used, b->mc * sizeof(ptrdiff_t));
    if (plan->thin)
        b_bytes = plan->b.in_place ? 0 : plan->stretch * plan->K * plan->element + TMK_MICRO_SLACK;
    scratch->b_block = carve(memory, &used, b_bytes);
    if (plan->thin)
        return used;
    scratch->k_first = (ptrdiff_t *)(void *)carve(memory, &used, b->kc * sizeof(ptrdiff_t));
    scratch->k_second = (ptrdiff_t *)(void *)carve(memory, &used, b->kc * sizeof(ptrdiff_t));
    scratch->kept =
        (ptrdiff_t *)(void *)carve(memory, &used, plan->keep ? b->kc * sizeof(ptrdiff_t) : 0);
    scratch->rest = carve(memory, &used, tmk_gemm_rest_bytes(plan));
    scratch->ones = carve(memory, &used, tmk_gemm_sums(plan) > 0 ? b->kc * plan->element : 0);
    scratch->ahead =
        (ptrdiff_t *)(void *)carve(memory, &used, tmk_gemm_most_ahead(plan) * sizeof(ptrdiff_t));
    scratch->k_y = (int32_t *)(void *)carve(memory, &used, b->kc * sizeof(int32_t));
    scratch->k_x = (int32_t *)(void *)carve(memory, &used, b->kc * sizeof(int32_t));
    scratch->a_runs =
        (struct tmk_run *)(void *)carve(memory, &used, b->kc * sizeof(struct tmk_run));
    scratch->b_runs =
        (struct tmk_run *)(void *)carve(memory, &used, b->kc * sizeof(struct tmk_run));
    scratch->columns =
        (struct tmk_columns *)(void *)carve(memory, &used, 2 * sizeof(struct tmk_columns));
    return used;
}
