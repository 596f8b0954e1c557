/* What the micro-kernel reads where it lies, and what is packed. */
#include "room.h"

#include "alloc.h"
#include "size.h"

/* Few uses do not pay for packing, nor do more if all of it is small. Many do, if what is packed
 * then stays in the L1 cache, or lies better. */
#define IN_PLACE_PANELS 5
#define MANY_PANELS 32
#define IN_PLACE_BYTES ((size_t)64 << 10)
#define PAGE ((ptrdiff_t)TMK_PAGE)

/* Would a block of an operand that has a unit step be as near if it were packed? Its positions that
 * have the other step are `rows`, `length` elements each. After many uses packing has paid unless
 * they leave as much room in their sets again. */
static bool lies_well(const struct tmk_gemm_plan *plan, ptrdiff_t step, size_t rows, size_t length,
                      size_t uses)
{
    return tmk_l2_spreads(uses > 2 * MANY_PANELS ? 2 * rows : rows, step * (ptrdiff_t)plan->element,
                          length * plan->element);
}

/* Panels of A are read with fewer micro-operations than its rows, and from fewer lines and pages,
 * which counts where another hardware thread shares the core: so many uses pay for transposing it,
 * unless its rows are to be summed up. */
#define PAYING_PANELS 16
static bool pays_to_transpose(const struct tmk_gemm_plan *plan)
{
    return tmk_ceil_div(plan->N, plan->micro->nr) >= PAYING_PANELS && !plan->a.summed;
}

static bool few_uses(const struct tmk_gemm_plan *plan, size_t uses, size_t own)
{
    return uses <= IN_PLACE_PANELS || own * plan->K * plan->element <= IN_PLACE_BYTES;
}

/* Rows of A that lie a multiple of 4 KiB apart use the same few lines of an L1 cache, which has 8
 * to 12 ways: read in place, more rows than that push each other out between steps of k. Half as
 * far apart they leave little to B, which counts if there are many panels of it. */
static bool rows_collide(const struct tmk_gemm_plan *plan, size_t panels)
{
    const ptrdiff_t apart = panels > MANY_PANELS ? PAGE / 2 : PAGE;
    return plan->a.own * (ptrdiff_t)plan->element % apart == 0;
}

/* Columns of A a multiple of 4 KiB apart do so, too: the lines of a tile are gone before the next
 * tile needs the rest of them. Met twice, they are packed. */
#define WAYS ((size_t)16)
static bool columns_collide(const struct tmk_gemm_plan *plan, size_t panels)
{
    return panels > 1 && plan->K > WAYS && plan->a.k * (ptrdiff_t)plan->element % PAGE == 0;
}

struct tmk_blocking tmk_gemm_usual_blocks(const struct tmk_gemm_plan *plan)
{
    return tmk_blocking(plan->micro, plan->element, plan->micro->mr, plan->M, plan->K, 0, 0);
}

/* Few columns, one vector: A, met once, goes by where it lies, from memory if need be, and as much
 * depth of B as keeps to L2. */
size_t tmk_gemm_narrow_depth(const struct tmk_gemm_plan *plan)
{
    return tmk_l2_bytes() / 4 / (plan->micro->lanes * plan->element);
}

/* Where k runs along A's memory only image by image, rows can be read in place if blocks are whole
 * runs, or parts of one that are not too shallow. */
#define LEAST_RUN 32
static void fit_runs(const struct tmk_gemm_plan *plan, struct tmk_gemm_operand *a)
{
    const struct tmk_axes *k = &plan->k;
    if (k->n != 2 || k->axis[1].step[TMK_STEP_FIRST] != 1 || k->axis[1].extent < LEAST_RUN)
        return;
    const size_t run = k->axis[1].extent;
    const bool narrow = plan->N <= plan->micro->lanes;
    size_t most = narrow ? tmk_gemm_narrow_depth(plan) : tmk_gemm_usual_blocks(plan).kc;
    most = TMK_MIN(most, tmk_ceil_div(plan->K, plan->pieces));
    if (3 * run < most) {
        const size_t blocks = tmk_ceil_div(k->axis[0].extent, most / run);
        a->depth = tmk_ceil_div(k->axis[0].extent, blocks) * run;
        a->run = run;
        a->jump = k->axis[0].step[TMK_STEP_FIRST] - (ptrdiff_t)run;
        return;
    }
    for (size_t parts = tmk_ceil_div(run, most); run / parts >= most / 3; parts++) {
        if (run % parts == 0) {
            a->depth = run / parts;
            return;
        }
    }
}

static bool a_in_place(struct tmk_gemm_plan *plan)
{
    struct tmk_gemm_operand *a = &plan->a;
    if (a->window || !tmk_axes_linear(&plan->m, TMK_STEP_FIRST, &a->own))
        return false;
    const size_t panels = tmk_ceil_div(plan->N, plan->micro->nr);
    if (!tmk_axes_linear(&plan->k, TMK_STEP_FIRST, &a->k)) {
        a->k = 1;
        if (few_uses(plan, panels, plan->M) || !rows_collide(plan, panels))
            fit_runs(plan, a);
        return a->depth > 0;
    }
    if (a->k == 1 && pays_to_transpose(plan))
        return false;
    if (few_uses(plan, panels, plan->M) && (a->k == 1 || panels <= MANY_PANELS))
        return a->k == 1 || (a->own == 1 && !columns_collide(plan, panels));
    if (a->k != 1 || rows_collide(plan, panels))
        return false;
    const struct tmk_blocking block = tmk_gemm_usual_blocks(plan);
    return lies_well(plan, a->own, block.mc, block.kc, panels);
}

static bool b_in_rows(struct tmk_gemm_plan *plan)
{
    const int last = plan->n.n - 1;
    return !plan->b.window && tmk_axes_linear(&plan->k, TMK_STEP_SECOND, &plan->b.k) &&
           (last < 0 || plan->n.axis[last].step[TMK_STEP_FIRST] == 1);
}

/* Rows of B on pages of their own, more than the first level of a TLB knows: each of them waits for
 * the second one again with every tile. */
#define PAGES ((size_t)96)
static bool leaves_pages(const struct tmk_gemm_plan *plan, size_t uses)
{
    return plan->b.k * (ptrdiff_t)plan->element >= PAGE && plan->K > PAGES && uses > 1;
}

/* Rows of B (or of an image of it), several panels long, that are no whole cache lines apart: of
 * their vectors most lie in two lines and take two loads. Or so far apart that the processor does
 * not see where the next one is, which takes fewer uses to pay if L2 does not keep them. A packed
 * panel has neither trouble. */
#define STRAY_USES 10
#define SEEN ((ptrdiff_t)2048)
static bool rows_stray(const struct tmk_gemm_plan *plan, size_t uses)
{
    if (plan->n.n == 0)
        return false;
    const ptrdiff_t step = plan->b.k * (ptrdiff_t)plan->element;
    const size_t row = plan->n.axis[plan->n.n - 1].extent;
    const bool unseen = step >= SEEN, far = !tmk_l2_holds(plan->K * row * plan->element);
    return (uses > STRAY_USES || (unseen && far)) && row > 2 * plan->micro->nr &&
           (step % TMK_ALIGN != 0 || unseen);
}

/* Panel by panel: those that lie in one run of unit step. What runs on row by row (image by image)
 * gains little by being nearer: read in place, no panel crosses rows (find_ends()). */
static bool b_in_place(const struct tmk_gemm_plan *plan)
{
    const size_t uses = tmk_ceil_div(plan->M, plan->micro->mr), nr = plan->micro->nr;
    const bool spare = tmk_loads_are_spare();
    if (!spare && leaves_pages(plan, uses))
        return false;
    if (few_uses(plan, uses, plan->N))
        return true;
    if (!spare && rows_stray(plan, uses))
        return false;
    const struct tmk_blocking block = tmk_gemm_usual_blocks(plan);
    const bool near =
        plan->n.n <= 1 && uses > MANY_PANELS && tmk_l1_holds(block.kc * nr * plan->element);
    return !near && lies_well(plan, plan->b.k, block.kc, nr, uses);
}

/* Does k run along memory in stretches long enough for rows of A to be packed as they are? */
bool tmk_gemm_runs_along(const struct tmk_axes *k, enum tmk_step which)
{
    return k->n > 0 && k->axis[k->n - 1].step[which] == 1 &&
           k->axis[k->n - 1].extent >= TMK_GEMM_ROW_LENGTH;
}

bool tmk_gemm_is_narrow(const struct tmk_gemm_plan *plan)
{
    return plan->N <= plan->micro->lanes && plan->a.in_place && plan->a.k == 1;
}

/* Few rows that meet a B along k: as columns they need not have it transposed. */
#define FEW_VECTORS 6
#define MORE_VECTORS 8 /* of a depth that outweighs that C is turned */
#define LONG_DEPTH ((size_t)128)
#define MORE_DEPTH ((size_t)1024)
bool tmk_gemm_few_rows(const struct tmk_gemm_plan *plan)
{
    const size_t lanes = plan->micro->lanes, m = plan->M,
                 few = plan->K >= MORE_DEPTH ? MORE_VECTORS : FEW_VECTORS;
    const bool fills = m <= lanes || 5 * m >= 4 * tmk_round_up(m, lanes);
    return m > TMK_MICRO_DOT && m <= few * lanes && fills && plan->N >= 2 * m &&
           plan->K >= LONG_DEPTH && !plan->b.window &&
           tmk_gemm_runs_along(&plan->k, TMK_STEP_SECOND);
}

/* Few columns, not in whole vectors, that meet an A across: as rows they leave it, now B, where it
 * lies. Then tiles are transposed on their way to C, which a deep product outweighs. */
#define FEW_COLUMNS ((size_t)512)
#define DEEP ((size_t)256)
bool tmk_gemm_few_columns(const struct tmk_gemm_plan *plan)
{
    ptrdiff_t own, k;
    return plan->N <= FEW_COLUMNS && plan->N % plan->micro->lanes != 0 && plan->M >= plan->N &&
           plan->K >= DEEP && !plan->b.window && plan->n.n > 0 &&
           tmk_axes_linear(&plan->m, TMK_STEP_FIRST, &own) && own == 1 &&
           tmk_axes_linear(&plan->k, TMK_STEP_FIRST, &k) && k != 1;
}

/* What can the micro-kernel read where it lies, and should it? */
void tmk_gemm_choose_places(struct tmk_gemm_plan *plan)
{
    struct tmk_gemm_operand *a = &plan->a;
    a->in_place = a_in_place(plan);
    const bool in_rows = b_in_rows(plan);
    plan->b.in_place = in_rows && b_in_place(plan);
    plan->b.copied = in_rows && !plan->b.in_place;
    const bool packed = !a->in_place && !a->window;
    a->by_rows =
        packed && !pays_to_transpose(plan) && tmk_gemm_runs_along(&plan->k, TMK_STEP_FIRST);
    a->across = packed && !a->by_rows && tmk_axes_linear(&plan->m, TMK_STEP_FIRST, &a->own) &&
                a->own == 1 && tmk_axes_linear(&plan->k, TMK_STEP_FIRST, &a->k);
}

size_t tmk_gemm_most_rows(const struct tmk_gemm_plan *plan)
{
    const bool collide = plan->a.in_place && rows_collide(plan, 1);
    return collide ? TMK_MIN(plan->micro->mr, 8) : plan->micro->mr;
}
