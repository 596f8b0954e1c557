/* Goto's loops, turned so that the vectors run along n: a block of A (mc x kc) stays in the L2
 * cache, a panel of B (kc x nr) near L1, and every tile of C is visited once per block of k. Both
 * are packed the moment before their first use. */
#include "part_room.h"

#include "alloc.h"
#include "size.h"

#include <assert.h>
#include <string.h>

/* Can a run of so many columns of B be read in place, in whole vectors, which may run on into its
 * next rows? */
static bool readable(const struct tmk_gemm_part *part, size_t k0, size_t width)
{
    const struct tmk_gemm_operand *b = &part->plan->b;
    const size_t lanes = part->plan->micro->lanes, rows_after = part->plan->K - k0 - part->kc;
    return b->in_place && (width % lanes == 0 || (ptrdiff_t)rows_after * b->k >= (ptrdiff_t)lanes);
}

/* Where the columns end that are not dot products: threads cut C at whole vectors. */
static size_t vectors_end(const struct tmk_gemm_part *part)
{
    const struct tmk_gemm_plan *plan = part->plan;
    return TMK_MIN(part->n.end, plan->N - plan->rest);
}

/* What is to be fetched of a panel of B, from its first column's offset on: its rows, or if it runs
 * along k, pieces of its columns that are as long. */
static void find_ahead(struct tmk_gemm_part *part)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const ptrdiff_t nr = (ptrdiff_t)plan->micro->nr;
    if (!plan->b_along_k) {
        part->ahead = (struct ahead){part->s.k_second, part->kc};
        return;
    }
    part->ahead = (struct ahead){part->s.ahead, 0};
    for (ptrdiff_t j = 0; j < nr; j++) {
        for (size_t r = 0; r < part->b_depth.nruns; r++) {
            const struct tmk_run *run = &part->b_depth.runs[r];
            for (ptrdiff_t k = 0; k < (ptrdiff_t)run->length; k += nr)
                part->s.ahead[part->ahead.count++] = j * plan->b.own + run->offset + k;
        }
    }
    assert(part->ahead.count <= tmk_gemm_most_ahead(plan));
}

/* Positions of a block of k in both operands, if needed: to pack by, to fetch B by. */
static void set_depth(struct tmk_gemm_part *part, size_t k0)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_scratch *s = &part->s;
    const size_t kc = part->kc;
    const bool window = plan->a.window || plan->b.window;
    const size_t end = vectors_end(part);
    if (plan->a.in_place && !plan->a.depth && plan->n.n <= 1 && readable(part, k0, end) &&
        (!plan->fetch_ahead || end - part->n.begin <= plan->panel))
        return;
    tmk_axes_positions(&plan->k, k0, kc, s->k_first, s->k_second, window ? s->k_y : NULL,
                       window ? s->k_x : NULL);
    part->a_depth = part->b_depth = (struct tmk_depth){.count = kc, .period = plan->period};
    part->a_depth.offset = s->k_first;
    part->a_depth.runs = s->a_runs;
    part->a_depth.nruns =
        tmk_axes_runs(&plan->k, TMK_STEP_FIRST, plan->a.window, k0, kc, s->a_runs);
    part->b_depth.offset = s->k_second;
    part->b_depth.runs = s->b_runs;
    part->b_depth.nruns =
        tmk_axes_runs(&plan->k, TMK_STEP_SECOND, plan->b.window, k0, kc, s->b_runs);
    if (window) {
        struct tmk_depth *windowed = plan->a.window ? &part->a_depth : &part->b_depth;
        windowed->y = s->k_y;
        windowed->x = s->k_x;
    }
    if (plan->fetch_ahead)
        find_ahead(part);
    part->next_depth = 0;
    if (k0 + kc < part->k.end) {
        tmk_axes_positions(&plan->k, k0 + kc, 1, NULL, &part->next_depth, NULL, NULL);
        part->next_depth -= s->k_second[0];
    }
}

static void pack(const struct tmk_gemm_part *part, const struct tmk_gemm_operand *operand,
                 const char *base, const struct tmk_depth *depth, struct tmk_run *runs,
                 size_t nruns, size_t width, size_t full, char *out)
{
    for (size_t r = 0; operand->window && r < nruns; r++) {
        runs[r].y += operand->y0;
        runs[r].x += operand->x0;
    }
    const struct tmk_panel panel = {.base = base,
                                    .runs = runs,
                                    .nruns = nruns,
                                    .width = width,
                                    .k = depth,
                                    .far = part->plan->fetch_ahead,
                                    .window = operand->window,
                                    .h = operand->h,
                                    .w = operand->w};
    part->plan->micro->pack(&panel, full, out);
}

/* Long rows that are copied are fetched so many rows ahead. */
#define ROWS_AHEAD 2
#define LONG_ROW ((size_t)1024)

/* Rows of A where k runs along memory: as they are, side by side. */
static void copy_rows(const struct tmk_gemm_part *part, const struct tmk_run *runs, size_t nruns,
                      char *out)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_depth *depth = &part->a_depth;
    for (size_t r = 0; r < nruns; r++) {
        ptrdiff_t at = runs[r].offset;
        for (size_t i = 0; i < runs[r].length; i++, at += runs[r].step) {
            for (size_t k = 0; k < depth->nruns; k++) {
                const size_t bytes = depth->runs[k].length * plan->element;
                const char *from = tmk_gemm_forward(plan, part->a, at + depth->runs[k].offset);
                const char *later = from + ROWS_AHEAD * runs[r].step * (ptrdiff_t)plan->element;
                for (size_t b = 0; bytes >= LONG_ROW && b < bytes; b += TMK_ALIGN)
                    __builtin_prefetch(later + b);
                memcpy(out + depth->runs[k].start * plan->element, from, bytes);
            }
            out += plan->row_pitch * plan->element;
        }
    }
}

/* Tiles of one height, one below the other. */
struct stack {
    size_t m, rows;
    struct tmk_tile tile; /* the first, and how many there are */
};

/* Give the tiles their place in A, packed to `out` if they cannot be read where they lie; gives the
 * end of what is packed. */
static char *place_a(const struct tmk_gemm_part *part, struct stack *stack, size_t k0, char *out)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *a = &plan->a;
    struct tmk_tile *tile = &stack->tile;
    const size_t rows = stack->rows;
    const ptrdiff_t depth = a->depth ? part->s.k_first[0] : (ptrdiff_t)k0 * a->k;
    if (a->in_place) {
        tile->a = tmk_gemm_forward(plan, part->a, (ptrdiff_t)stack->m * a->own + depth);
        tile->a_row = a->own;
        tile->a_k = a->k;
        tile->a_tile = (ptrdiff_t)rows * a->own;
        tile->a_run = a->run;
        tile->a_jump = a->jump;
        return out;
    }
    const size_t step = tmk_micro_a_step(plan->micro, rows);
    const size_t panel = a->by_rows ? rows * plan->row_pitch : step * part->kc;
    tile->a = out;
    tile->a_row = a->by_rows ? (ptrdiff_t)plan->row_pitch : 1;
    tile->a_k = a->by_rows ? 1 : (ptrdiff_t)step;
    tile->a_tile = (ptrdiff_t)panel;
    if (a->across) {
        const ptrdiff_t at = (ptrdiff_t)stack->m + depth;
        plan->micro->pack_tiles(tmk_gemm_forward(plan, part->a, at), a->k, part->kc, rows, step,
                                tile->tiles, out);
        return out + tile->tiles * panel * plan->element;
    }
    for (size_t t = 0; t < tile->tiles; t++, out += panel * plan->element) {
        struct tmk_run runs[TMK_MICRO_MAX_MR];
        const size_t m = stack->m + t * rows;
        const size_t nruns = tmk_axes_runs(&plan->m, TMK_STEP_FIRST, plan->a.window, m, rows, runs);
        if (a->by_rows)
            copy_rows(part, runs, nruns, out);
        else
            pack(part, a, part->a, &part->a_depth, runs, nruns, rows, step, out);
    }
    return out;
}

/* Rows [m, end) of C in tiles of nearly equal height: first those of a row more. */
static void stack_up(const struct tmk_gemm_part *part, size_t m, size_t end, size_t k0,
                     struct stack stacks[2])
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_heights heights = tmk_gemm_heights(end - m, plan->blocking.mr);
    size_t at = m;
    char *out = part->s.a_block;
    for (int i = 0; i < 2; at += heights.rows[i] * heights.tiles[i], i++) {
        struct stack *stack = &stacks[i];
        *stack = (struct stack){.m = at, .rows = heights.rows[i]};
        stack->tile = (struct tmk_tile){.kc = part->kc,
                                        .tiles = heights.tiles[i],
                                        .row = part->s.m_c + (at - m),
                                        .accumulate = plan->accumulate || !part->first_k};
        stack->tile.fetch_c = plan->fetch_c || stack->tile.accumulate;
        if (part->first_k && part->row_bias)
            stack->tile.row_bias = tmk_gemm_forward(plan, part->row_bias, (ptrdiff_t)stack->m);
        out = place_a(part, stack, k0, out);
    }
}

/* Where the panel of columns from n on is packed. */
static char *panel_at(const struct tmk_gemm_part *part, size_t n)
{
    const size_t before = part->keeps ? n - part->n.begin : 0;
    return part->s.b_block + before * part->kc * part->plan->element;
}

/* Give a panel of columns of B its place, likewise, or let the first tile do it. */
static void place_b(const struct tmk_gemm_part *part, size_t n, size_t k0,
                    struct tmk_columns *columns, struct tmk_tile *tile)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *b = &plan->b;
    char *panel = panel_at(part, n);
    const bool copied = b->copied && !part->kept && columns->width == plan->micro->nr;
    if (columns->nb == 1 && (copied || readable(part, k0, columns->width))) {
        tile->b = tmk_gemm_forward(plan, part->b, columns->b[0].offset + (ptrdiff_t)k0 * b->k);
        tile->b_k = b->k;
        tile->copy = copied ? panel : NULL;
        return;
    }
    if (!part->kept)
        pack(part, b, part->b, &part->b_depth, columns->b, columns->nb, columns->width,
             plan->micro->nr, panel);
    tile->b = panel;
    tile->b_k = (ptrdiff_t)plan->micro->nr;
}

/* What the first tile left packed is read by the others. */
static void read_copy(const struct tmk_gemm_plan *plan, struct tmk_tile *tile)
{
    tile->b = tile->copy;
    tile->b_k = (ptrdiff_t)plan->micro->nr;
    tile->copy = NULL;
}

/* Fetch where a tile that is computed aside will be put, if there is a stride between its columns.
 */
static void fetch_results(const struct tmk_gemm_part *part, const ptrdiff_t *row, size_t rows,
                          const struct tmk_columns *columns)
{
    const ptrdiff_t line = (ptrdiff_t)(TMK_ALIGN / part->plan->element);
    for (size_t r = 0; r < columns->nc; r++) {
        const struct tmk_run *run = &columns->c[r];
        const ptrdiff_t last = (ptrdiff_t)(run->length - 1) * run->step;
        if (run->step <= 1 || run->step >= line)
            continue;
        for (size_t i = 0; i < rows; i++) {
            const ptrdiff_t at = row[i] + run->offset;
            for (ptrdiff_t j = 0; j < last; j += line)
                __builtin_prefetch(tmk_gemm_forward(part->plan, part->c, at + j), 1);
            __builtin_prefetch(tmk_gemm_forward(part->plan, part->c, at + last), 1);
        }
    }
}

/* Tiles whose columns lie apart in C: one by one, aside first. What is aside is put in its place
 * when the next tile is there too: vectors read across two that were just stored would have to
 * wait. */
static void multiply_aside(const struct tmk_gemm_part *part, const struct stack *stack,
                           tmk_multiply *multiply, const struct tmk_columns *columns)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const size_t rows = stack->rows, tiles = stack->tile.tiles, fetched = stack->tile.next_count;
    enum { ROOM = TMK_MICRO_MAX_MR * TMK_MICRO_MAX_NR + TMK_MICRO_SLACK / sizeof(double) };
    _Alignas(64) double aside[2][ROOM];
    ptrdiff_t row[TMK_MICRO_MAX_MR];
    for (size_t i = 0; i < rows; i++)
        row[i] = (ptrdiff_t)(i * plan->micro->nr);
    struct tmk_tile whole = stack->tile, put = stack->tile;
    whole.tiles = 1;
    whole.row = row;
    whole.width = tmk_round_up(put.width, plan->micro->lanes);
    whole.accumulate = whole.fetch_c = false;
    for (size_t t = 0; t < tiles; t++) {
        whole.next_count = fetched * (t + 1) / tiles - fetched * t / tiles;
        whole.c = aside[t % 2];
        fetch_results(part, stack->tile.row + t * rows, rows, columns);
        multiply(&whole);
        if (whole.copy)
            read_copy(plan, &whole);
        if (t > 0) {
            plan->micro->put(&put, aside[(t - 1) % 2], rows, columns->c, columns->nc);
            put.row += rows;
        }
        whole.next_at += whole.next_count;
        whole.a = tmk_gemm_forward(plan, whole.a, whole.a_tile);
        if (whole.row_bias)
            whole.row_bias = tmk_gemm_forward(plan, whole.row_bias, (ptrdiff_t)rows);
    }
    plan->micro->put(&put, aside[(tiles - 1) % 2], rows, columns->c, columns->nc);
}

/* A stack of tiles by a panel of columns. */
static void multiply_stack(const struct tmk_gemm_part *part, struct stack *stack,
                           const struct tmk_columns *columns)
{
    const struct tmk_gemm_plan *plan = part->plan;
    struct tmk_tile *tile = &stack->tile;
    const size_t vectors = tmk_ceil_div(columns->width, plan->micro->lanes);
    tmk_multiply *multiply = plan->micro->multiply[tile->a_row != 1][vectors - 1][stack->rows - 1];
    tile->width = columns->width;
    if (columns->nc != 1 || columns->c[0].step != 1) {
        tile->c = part->c;
        multiply_aside(part, stack, multiply, columns);
    } else {
        tile->c = part->c + columns->c[0].offset * (ptrdiff_t)plan->element;
        multiply(tile);
    }
}

/* Where the panel of columns from n on lies: those of a part are whole vectors of all its rows,
 * then their ends. */
static void find_columns(const struct tmk_gemm_part *part, size_t n, size_t end,
                         struct tmk_columns *columns)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const size_t first = part->n.begin / plan->row, within = n - first * plan->row;
    const size_t whole = (tmk_ceil_div(part->n.end, plan->row) - first) * plan->run;
    const bool ends = within >= whole;
    const struct tmk_axes *axes = ends ? &plan->ends : &plan->n;
    const size_t at =
        ends ? first * (plan->row - plan->run) + within - whole : first * plan->run + within;
    const size_t left = ends ? end - n : TMK_MIN(end - n, plan->run - at % plan->run);
    columns->width = plan->panel > plan->micro->nr && !ends
                         ? tmk_gemm_panel_width(plan->micro, left)
                         : TMK_MIN(plan->micro->nr, left);
    columns->nb =
        tmk_axes_runs(axes, TMK_STEP_FIRST, plan->b.window, at, columns->width, columns->b);
    columns->nc = tmk_axes_runs(axes, TMK_STEP_SECOND, false, at, columns->width, columns->c);
    for (size_t r = 0; ends && r < columns->nb; r++)
        columns->b[r].offset += (ptrdiff_t)plan->run;
    for (size_t r = 0; ends && r < columns->nc; r++)
        columns->c[r].offset += (ptrdiff_t)plan->run;
}

/* What comes after a panel and is to be fetched: another one of the same block, the first one of
 * the next block, or, kept, of the same one again. */
struct coming {
    const char *from;
    struct ahead ahead;
};

/* Of the panel from n on; `later` gets its columns. */
static struct coming find_coming(const struct tmk_gemm_part *part, size_t n, size_t end,
                                 struct tmk_columns *later)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const bool last = n >= end;
    const size_t next = last ? part->n.begin : n;
    const ptrdiff_t further = last ? part->next_depth : 0;
    if (!last || plan->fetch_ahead)
        find_columns(part, next, end, later);
    if (plan->fetch_ahead && (part->kept || (last && part->keeps)))
        return (struct coming){panel_at(part, next), {part->s.kept, part->kc}};
    if (!plan->fetch_ahead || (last && further == 0))
        return (struct coming){0};
    return (struct coming){tmk_gemm_forward(plan, part->b, later->b[0].offset + further),
                           part->ahead};
}

/* Let the tiles fetch it, evenly. */
static void fetch(const struct coming *coming, struct stack stacks[2])
{
    struct tmk_tile *high = &stacks[0].tile, *low = &stacks[1].tile;
    const size_t count = coming->ahead.count;
    if (count == 0) {
        high->next_count = low->next_count = 0;
        return;
    }
    high->next_count = count * high->tiles / (high->tiles + low->tiles);
    low->next_count = count - high->next_count;
    high->next = low->next = coming->from;
    high->next_at = coming->ahead.at;
    low->next_at = high->next_at + high->next_count;
}

void tmk_gemm_multiply_block(struct tmk_gemm_part *part, struct tmk_range m, size_t k0)
{
    const struct tmk_gemm_plan *plan = part->plan;
    struct tmk_columns *columns = part->s.columns, *later = columns + 1;
    _Alignas(64) double col_bias[TMK_MICRO_MAX_NR];
    struct stack stacks[2];
    set_depth(part, k0);
    stack_up(part, m.begin, m.end, k0, stacks);
    const size_t end = vectors_end(part);
    find_columns(part, part->n.begin, end, columns);
    for (size_t n = part->n.begin, next; n < end; n = next) {
        next = n + columns->width;
        struct tmk_tile panel = {0};
        place_b(part, n, k0, columns, &panel);
        if (part->first_k && part->col_bias) {
            memcpy(col_bias, tmk_gemm_forward(plan, part->col_bias, (ptrdiff_t)n),
                   columns->width * plan->element);
            panel.col_bias = col_bias;
        }
        tmk_gemm_note(part, TMK_PHASE_PACK);
        if (plan->b.summed && m.begin == 0)
            tmk_gemm_sum_columns(part, n, columns->width, &panel);
        const struct coming coming = find_coming(part, next, end, later);
        fetch(&coming, stacks);
        for (int i = 0; i < 2; i++) {
            struct tmk_tile *tile = &stacks[i].tile;
            if (tile->tiles == 0)
                continue;
            tile->b = panel.b;
            tile->b_k = panel.b_k;
            tile->copy = panel.copy;
            tile->col_bias = panel.col_bias;
            multiply_stack(part, &stacks[i], columns);
            if (panel.copy)
                read_copy(plan, &panel);
        }
        tmk_gemm_note(part, TMK_PHASE_COMPUTE);
        struct tmk_columns *done = columns;
        columns = later;
        later = done;
    }
    const struct tmk_tile *top = &stacks[0].tile;
    if (end < part->n.end)
        tmk_gemm_multiply_rest(part, m, k0, top->a, top->a_row);
    if (plan->a.summed)
        tmk_gemm_sum_rows(part, m, top->a, top->a_row);
    tmk_gemm_note(part, TMK_PHASE_COMPUTE);
}
