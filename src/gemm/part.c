/* Goto's loops, turned so that the vectors run along n: a block of A (mc x kc) stays in the L2
 * cache, a panel of B (kc x nr) near L1, and every tile of C is visited once per block of k. Both
 * are packed the moment before their first use. */
#include "part.h"

#include "alloc.h"

#include "size.h"

#include <assert.h>
#include <string.h>

struct part {
    const struct tmk_gemm_plan *plan;
    const struct tmk_exec *exec;
    int thread;
    struct tmk_gemm_scratch s;
    double clock;      /* where the last phase ended */
    const char *a, *b; /* of this batch element */
    char *c;
    const char *row_bias, *col_bias;
    struct tmk_range n, k; /* k: of this piece */
    size_t kc;
    bool first_k;
    struct tmk_depth a_depth, b_depth;
    struct ahead {
        const ptrdiff_t *at;
        size_t count;
    } ahead;              /* of a panel of B: what is fetched */
    ptrdiff_t next_depth; /* from here to the next block of k in B; 0: there is none */
};

static const char *forward(const struct tmk_gemm_plan *plan, const char *from, ptrdiff_t elements)
{
    return from + elements * (ptrdiff_t)plan->element;
}

/* Step to piece `piece` of batch element `index` in all operands. */
static void set_batch(struct part *part, size_t index, size_t piece)
{
    const struct tmk_gemm_plan *plan = part->plan;
    ptrdiff_t offset[3];
    tmk_gemm_batch_offsets(plan, index, offset);
    if (plan->pieces > 1)
        offset[2] = (ptrdiff_t)((index * plan->pieces + piece) * plan->M * plan->N);
    part->a = forward(plan, plan->a.base, offset[0]);
    part->b = forward(plan, plan->b.base, offset[1]);
    part->c = (char *)forward(plan, plan->c, offset[2]);
    if (plan->row_bias)
        part->row_bias = plan->row_bias + index * plan->M * plan->element;
    if (plan->col_bias)
        part->col_bias = plan->col_bias + index * plan->N * plan->element;
    const size_t blocks = tmk_ceil_div(plan->K, plan->blocking.kc);
    part->k.begin = blocks * piece / plan->pieces * plan->blocking.kc;
    part->k.end = TMK_MIN(blocks * (piece + 1) / plan->pieces * plan->blocking.kc, plan->K);
}

/* Can a run of so many columns of B be read in place, in whole vectors, which may run on into its
 * next rows? */
static bool readable(const struct part *part, size_t k0, size_t width)
{
    const struct tmk_gemm_operand *b = &part->plan->b;
    const size_t lanes = part->plan->micro->lanes, rows_after = part->plan->K - k0 - part->kc;
    return b->in_place && (width % lanes == 0 || (ptrdiff_t)rows_after * b->k >= (ptrdiff_t)lanes);
}

/* What is to be fetched of a panel of B, from its first column's offset on: its rows, or if it runs
 * along k, pieces of its columns that are as long. */
static void find_ahead(struct part *part)
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
static void set_depth(struct part *part, size_t k0)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_scratch *s = &part->s;
    const size_t kc = part->kc;
    const bool window = plan->a.window || plan->b.window;
    if (plan->a.in_place && plan->n.n <= 1 && readable(part, k0, part->n.end) &&
        (!plan->fetch_ahead || part->n.end - part->n.begin <= plan->micro->nr))
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

static void pack(const struct part *part, const struct tmk_gemm_operand *operand, const char *base,
                 const struct tmk_depth *depth, struct tmk_run *runs, size_t nruns, size_t width,
                 size_t full, char *out)
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
                                    .window = operand->window,
                                    .h = operand->h,
                                    .w = operand->w};
    part->plan->micro->pack(&panel, full, out);
}

/* Long rows that are copied are fetched so many rows ahead. */
#define ROWS_AHEAD 2
#define LONG_ROW ((size_t)1024)

/* Rows of A where k runs along memory: as they are, side by side. */
static void copy_rows(const struct part *part, const struct tmk_run *runs, size_t nruns, char *out)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_depth *depth = &part->a_depth;
    for (size_t r = 0; r < nruns; r++) {
        ptrdiff_t at = runs[r].offset;
        for (size_t i = 0; i < runs[r].length; i++, at += runs[r].step) {
            for (size_t k = 0; k < depth->nruns; k++) {
                const size_t bytes = depth->runs[k].length * plan->element;
                const char *from = forward(plan, part->a, at + depth->runs[k].offset);
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
    size_t m, tiles, rows;
    struct tmk_tile tile;
};

/* Give the tiles their place in A, packed if they cannot be read where they lie. A packed block has
 * `begin` rows above them. */
static void place_a(const struct part *part, struct stack *stack, size_t begin, size_t k0)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *a = &plan->a;
    struct tmk_tile *tile = &stack->tile;
    const size_t rows = stack->rows;
    if (a->in_place) {
        tile->a = forward(plan, part->a, (ptrdiff_t)stack->m * a->own + (ptrdiff_t)k0 * a->k);
        tile->a_row = a->own;
        tile->a_k = a->k;
        tile->a_tile = (ptrdiff_t)rows * a->own;
        return;
    }
    const size_t pitch = a->by_rows ? plan->row_pitch : part->kc;
    char *out = part->s.a_block + begin * pitch * plan->element;
    tile->a = out;
    tile->a_row = a->by_rows ? (ptrdiff_t)pitch : 1;
    tile->a_k = a->by_rows ? 1 : (ptrdiff_t)rows;
    tile->a_tile = (ptrdiff_t)(rows * pitch);
    if (a->across) {
        const ptrdiff_t at = (ptrdiff_t)stack->m + (ptrdiff_t)k0 * a->k;
        plan->micro->pack_tiles(forward(plan, part->a, at), a->k, part->kc, rows, stack->tiles,
                                rows * pitch, out);
        return;
    }
    for (size_t t = 0; t < stack->tiles; t++, out += rows * pitch * plan->element) {
        struct tmk_run runs[TMK_MICRO_MAX_MR];
        const size_t m = stack->m + t * rows;
        const size_t nruns = tmk_axes_runs(&plan->m, TMK_STEP_FIRST, plan->a.window, m, rows, runs);
        if (a->by_rows)
            copy_rows(part, runs, nruns, out);
        else
            pack(part, a, part->a, &part->a_depth, runs, nruns, rows, rows, out);
    }
}

/* Rows [m, end) of C in tiles of nearly equal height: first those of a row more. */
static void stack_up(const struct part *part, size_t m, size_t end, size_t k0,
                     struct stack stacks[2])
{
    const struct tmk_gemm_plan *plan = part->plan;
    const size_t rows = end - m, tiles = tmk_ceil_div(rows, plan->blocking.mr);
    const size_t low = rows / tiles, taller = rows % tiles, first = taller * (low + 1);
    stacks[0] = (struct stack){.m = m, .tiles = taller, .rows = low + 1};
    stacks[1] = (struct stack){.m = m + first, .tiles = tiles - taller, .rows = low};
    for (int i = 0; i < 2; i++) {
        struct stack *stack = &stacks[i];
        stack->tile = (struct tmk_tile){.kc = part->kc,
                                        .tiles = stack->tiles,
                                        .row = part->s.m_c + (stack->m - m),
                                        .accumulate = plan->accumulate || !part->first_k};
        if (part->first_k && part->row_bias)
            stack->tile.row_bias = forward(plan, part->row_bias, (ptrdiff_t)stack->m);
        place_a(part, stack, stack->m - m, k0);
    }
}

/* The same for a panel of columns of B. */
static void place_b(const struct part *part, size_t k0, struct tmk_columns *columns,
                    struct tmk_tile *tile)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *b = &plan->b;
    if (columns->nb == 1 && readable(part, k0, columns->width)) {
        tile->b = forward(plan, part->b, columns->b[0].offset + (ptrdiff_t)k0 * b->k);
        tile->b_k = b->k;
        return;
    }
    pack(part, b, part->b, &part->b_depth, columns->b, columns->nb, columns->width, plan->micro->nr,
         part->s.b_block);
    tile->b = part->s.b_block;
    tile->b_k = (ptrdiff_t)plan->micro->nr;
}

/* Tiles whose columns lie apart in C: one by one, aside first. */
static void multiply_aside(const struct part *part, const struct stack *stack,
                           tmk_multiply *multiply, const struct tmk_columns *columns)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const size_t rows = stack->rows, fetched = stack->tile.next_count;
    _Alignas(
        64) double aside[TMK_MICRO_MAX_MR * TMK_MICRO_MAX_NR + TMK_MICRO_SLACK / sizeof(double)];
    ptrdiff_t row[TMK_MICRO_MAX_MR];
    for (size_t i = 0; i < rows; i++)
        row[i] = (ptrdiff_t)(i * plan->micro->nr);
    struct tmk_tile whole = stack->tile, put = stack->tile;
    whole.tiles = 1;
    whole.c = aside;
    whole.row = row;
    whole.width = tmk_round_up(put.width, plan->micro->lanes);
    whole.accumulate = false;
    for (size_t t = 0; t < stack->tiles; t++) {
        whole.next_count = fetched * (t + 1) / stack->tiles - fetched * t / stack->tiles;
        multiply(&whole);
        plan->micro->put(&put, aside, rows, columns->c, columns->nc);
        whole.next_at += whole.next_count;
        whole.a = forward(plan, whole.a, whole.a_tile);
        if (whole.row_bias)
            whole.row_bias = forward(plan, whole.row_bias, (ptrdiff_t)rows);
        put.row += rows;
    }
}

/* A stack of tiles by a panel of columns. */
static void multiply_stack(const struct part *part, struct stack *stack,
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

/* Where the panel of columns from n on lies. */
static void find_columns(const struct part *part, size_t n, struct tmk_columns *columns)
{
    const struct tmk_gemm_plan *plan = part->plan;
    columns->width = TMK_MIN(plan->micro->nr, part->n.end - n);
    columns->nb =
        tmk_axes_runs(&plan->n, TMK_STEP_FIRST, plan->b.window, n, columns->width, columns->b);
    columns->nc = tmk_axes_runs(&plan->n, TMK_STEP_SECOND, false, n, columns->width, columns->c);
}

/* Let the tiles fetch `count` positions of a panel of B that comes later, evenly. */
static void fetch_ahead(const struct part *part, const char *later, size_t count,
                        struct stack stacks[2])
{
    const size_t first = count * stacks[0].tiles / (stacks[0].tiles + stacks[1].tiles);
    for (int i = 0; i < 2; i++) {
        stacks[i].tile.next = later;
        stacks[i].tile.next_at = part->ahead.at + (i == 0 ? 0 : first);
        stacks[i].tile.next_count = i == 0 ? first : count - first;
    }
}

/* Rows [m, end) of C, a block of A, by all columns of the part, at the present block of k. */
static void multiply_rows(struct part *part, size_t m, size_t end, size_t k0)
{
    const struct tmk_gemm_plan *plan = part->plan;
    struct tmk_columns *columns = part->s.columns, *later = columns + 1;
    _Alignas(64) double col_bias[TMK_MICRO_MAX_NR];
    struct stack stacks[2];
    stack_up(part, m, end, k0, stacks);
    find_columns(part, part->n.begin, columns);
    for (size_t n = part->n.begin; n < part->n.end; n += plan->micro->nr) {
        struct tmk_tile panel = {0};
        place_b(part, k0, columns, &panel);
        if (part->first_k && part->col_bias) {
            memcpy(col_bias, forward(plan, part->col_bias, (ptrdiff_t)n),
                   columns->width * plan->element);
            panel.col_bias = col_bias;
        }
        part->clock = tmk_phase_end(part->exec, part->thread, TMK_PHASE_PACK, part->clock);
        const bool last = n + plan->micro->nr >= part->n.end;
        const ptrdiff_t further = last ? part->next_depth : 0; /* then the next block of k */
        find_columns(part, last ? part->n.begin : n + plan->micro->nr, later);
        fetch_ahead(part, forward(plan, part->b, later->b[0].offset + further),
                    plan->fetch_ahead && !(last && further == 0) ? part->ahead.count : 0, stacks);
        for (int i = 0; i < 2; i++) {
            stacks[i].tile.b = panel.b;
            stacks[i].tile.b_k = panel.b_k;
            stacks[i].tile.col_bias = panel.col_bias;
            if (stacks[i].tiles > 0)
                multiply_stack(part, &stacks[i], columns);
        }
        part->clock = tmk_phase_end(part->exec, part->thread, TMK_PHASE_COMPUTE, part->clock);
        struct tmk_columns *done = columns;
        columns = later;
        later = done;
    }
}

/* What thin products pack: `width` positions `step` apart, at `count` positions of the other index.
 */
static void pack_thin(const struct tmk_gemm_plan *plan, const char *base, size_t width,
                      ptrdiff_t step, size_t count, ptrdiff_t depth_step, char *out)
{
    ptrdiff_t offset[TMK_MICRO_SHALLOW];
    assert(count <= TMK_MICRO_SHALLOW);
    for (size_t i = 0; i < count; i++)
        offset[i] = (ptrdiff_t)i * depth_step;
    const struct tmk_run own = {.length = width, .step = step};
    const struct tmk_run run = {.length = count, .step = depth_step};
    const struct tmk_depth depth = {
        .offset = offset, .runs = &run, .nruns = 1, .count = count, .period = count};
    const struct tmk_panel panel = {
        .base = base, .runs = &own, .nruns = 1, .width = width, .k = &depth};
    plan->micro->pack(&panel, plan->micro->nr, out);
}

/* Rows of A from m on at the present block of k, laid out along k for dot products. */
static void pack_rows(const struct part *part, size_t m, size_t rows, size_t k0)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *a = &plan->a;
    const size_t nr = plan->micro->nr;
    for (size_t k = 0; k < part->kc; k += nr) {
        const char *from =
            forward(plan, part->a, (ptrdiff_t)m * a->own + (ptrdiff_t)(k0 + k) * a->k);
        pack_thin(plan, from, TMK_MIN(nr, part->kc - k), a->k, rows, a->own,
                  part->s.a_block + k * rows * plan->element);
    }
}

/* Columns of B from n on, panel by panel. */
static void pack_columns(const struct part *part, size_t n, size_t width)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *b = &plan->b;
    const size_t nr = plan->micro->nr;
    for (size_t j = 0; j < width; j += nr)
        pack_thin(plan, forward(plan, part->b, (ptrdiff_t)(n + j) * b->own), TMK_MIN(nr, width - j),
                  b->own, part->kc, b->k, part->s.b_block + j * part->kc * plan->element);
}

/* The present block of k, columns [n.begin, n.end) of C. */
static void multiply_thin(struct part *part, struct tmk_range m, size_t k0)
{
    const struct tmk_gemm_plan *plan = part->plan;
    const struct tmk_gemm_operand *a = &plan->a, *b = &plan->b;
    const bool dot = plan->thin == TMK_GEMM_DOT;
    const size_t rows = m.end - m.begin, stretch = plan->stretch;
    void (*const multiply[TMK_GEMM_NTHIN])(const struct tmk_tile *, size_t) = {
        [TMK_GEMM_ADD_ROWS] = plan->micro->add_rows,
        [TMK_GEMM_DOT] = plan->micro->dot,
        [TMK_GEMM_OUTER] = plan->micro->outer,
        [TMK_GEMM_TINY] = plan->micro->tiny,
    };
    const ptrdiff_t nr = (ptrdiff_t)plan->micro->nr, k = (ptrdiff_t)k0;
    struct tmk_tile tile = {.kc = part->kc, .row = part->s.m_c};
    tile.b_column = b->own;
    tile.c_column = plan->c_column;
    tile.past = plan->past;
    if (a->in_place) {
        tile.a = forward(plan, part->a, (ptrdiff_t)m.begin * a->own + k * a->k);
        tile.a_row = a->own;
        tile.a_k = dot ? nr : a->k;
    } else {
        pack_rows(part, m.begin, rows, k0);
        tile.a = part->s.a_block;
        tile.a_row = nr;
        tile.a_k = (ptrdiff_t)rows * nr;
        part->clock = tmk_phase_end(part->exec, part->thread, TMK_PHASE_PACK, part->clock);
    }
    tile.b_k = dot ? b->own : b->in_place ? b->k : nr;
    tile.b_panel = b->in_place ? nr : (ptrdiff_t)part->kc * nr;
    tile.accumulate = plan->accumulate || !part->first_k;
    if (part->first_k && part->row_bias)
        tile.row_bias = forward(plan, part->row_bias, (ptrdiff_t)m.begin);
    for (size_t n = part->n.begin; n < part->n.end; n += stretch) {
        tile.width = TMK_MIN(stretch, part->n.end - n);
        tile.b = forward(plan, part->b, (ptrdiff_t)n * b->own + k * b->k);
        if (!b->in_place) {
            pack_columns(part, n, tile.width);
            tile.b = part->s.b_block;
            part->clock = tmk_phase_end(part->exec, part->thread, TMK_PHASE_PACK, part->clock);
        }
        tile.c = (char *)forward(plan, part->c, (ptrdiff_t)n * plan->c_column);
        if (part->first_k && part->col_bias)
            tile.col_bias = forward(plan, part->col_bias, (ptrdiff_t)n);
        multiply[plan->thin](&tile, rows);
        part->clock = tmk_phase_end(part->exec, part->thread, TMK_PHASE_COMPUTE, part->clock);
    }
}

void tmk_gemm_run_part(const struct tmk_gemm_plan *plan, const struct tmk_exec *exec, int thread,
                       void *memory, struct tmk_range products, struct tmk_range m,
                       struct tmk_range n)
{
    struct part part = {.plan = plan, .exec = exec, .thread = thread, .n = n};
    tmk_gemm_scratch_layout(plan, memory, &part.s);
    part.clock = tmk_phase_start(exec);
    for (size_t p = products.begin; p < products.end; p++) {
        set_batch(&part, p / plan->pieces, p % plan->pieces);
        for (size_t i = m.begin; i < m.end; i += plan->blocking.mc) {
            const size_t end = TMK_MIN(i + plan->blocking.mc, m.end);
            tmk_axes_positions(&plan->m, i, end - i, NULL, part.s.m_c, NULL, NULL);
            for (size_t k = part.k.begin; k < part.k.end; k += plan->blocking.kc) {
                part.kc = TMK_MIN(plan->blocking.kc, part.k.end - k);
                part.first_k = k == part.k.begin;
                if (plan->thin) {
                    multiply_thin(&part, (struct tmk_range){i, end}, k);
                } else {
                    set_depth(&part, k);
                    multiply_rows(&part, i, end, k);
                }
            }
        }
    }
}
