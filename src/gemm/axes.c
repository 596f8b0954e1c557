#include "axes.h"

#include "size.h"

/* Does `outer` run on into `inner` in every respect? */
static bool mergeable(const struct tmk_axis *outer, const struct tmk_axis *inner)
{
    for (int s = 0; s < TMK_NSTEPS; s++) {
        if (outer->step[s] != inner->step[s] * (ptrdiff_t)inner->extent)
            return false;
    }
    return true;
}

/* All of this is done for each product, small ones too: nothing beyond axes->n is touched. */
static void remove_axis(struct tmk_axes *axes, int i)
{
    axes->n--;
    for (; i < axes->n; i++)
        axes->axis[i] = axes->axis[i + 1];
}

void tmk_axes_drop(struct tmk_axes *axes)
{
    remove_axis(axes, 0);
}

void tmk_axes_make(struct tmk_axes *axes, const struct tmk_gemm_index *index, const ptrdiff_t *y,
                   const ptrdiff_t *x)
{
    axes->n = 0;
    for (int i = 0; i < index->axes; i++) {
        if (index->extent[i] == 1)
            continue;
        axes->axis[axes->n++] = (struct tmk_axis){
            index->extent[i], {index->first[i], index->second[i], y ? y[i] : 0, x ? x[i] : 0}};
    }
    for (int i = axes->n - 2; i >= 0; i--) {
        struct tmk_axis *outer = &axes->axis[i], *inner = outer + 1;
        if (mergeable(outer, inner)) {
            inner->extent *= outer->extent;
            remove_axis(axes, i);
        }
    }
}

void tmk_axes_swap(struct tmk_axes *a, struct tmk_axes *b)
{
    const int n = a->n, most = TMK_MAX(a->n, b->n);
    a->n = b->n;
    b->n = n;
    for (int i = 0; i < most; i++) {
        const struct tmk_axis axis = a->axis[i];
        a->axis[i] = b->axis[i];
        b->axis[i] = axis;
    }
}

size_t tmk_axes_count(const struct tmk_axes *axes)
{
    size_t count = 1;
    for (int i = 0; i < axes->n; i++)
        count *= axes->axis[i].extent;
    return count;
}

static void line(ptrdiff_t start, ptrdiff_t step, size_t count, ptrdiff_t *out)
{
    for (size_t p = 0; out && p < count; p++)
        out[p] = (start + (ptrdiff_t)p) * step;
}

void tmk_axes_positions(const struct tmk_axes *axes, size_t start, size_t count, ptrdiff_t *first,
                        ptrdiff_t *second, int32_t *y, int32_t *x)
{
    if (axes->n == 1 && !y) {
        line((ptrdiff_t)start, axes->axis[0].step[TMK_STEP_FIRST], count, first);
        line((ptrdiff_t)start, axes->axis[0].step[TMK_STEP_SECOND], count, second);
        return;
    }
    size_t index[TMK_GEMM_AXES] = {0};
    ptrdiff_t at[TMK_NSTEPS] = {0};
    for (int i = axes->n - 1; i >= 0; i--) {
        const struct tmk_axis *axis = &axes->axis[i];
        index[i] = start % axis->extent;
        start /= axis->extent;
        for (int s = 0; s < TMK_NSTEPS; s++)
            at[s] += axis->step[s] * (ptrdiff_t)index[i];
    }
    for (size_t p = 0; p < count; p++) {
        if (first)
            first[p] = at[TMK_STEP_FIRST];
        if (second)
            second[p] = at[TMK_STEP_SECOND];
        if (y) {
            y[p] = (int32_t)at[TMK_STEP_Y];
            x[p] = (int32_t)at[TMK_STEP_X];
        }
        for (int i = axes->n - 1; i >= 0; i--) { /* the odometer turns */
            const struct tmk_axis *axis = &axes->axis[i];
            ptrdiff_t turns = ++index[i] == axis->extent ? 1 - (ptrdiff_t)axis->extent : 1;
            for (int s = 0; s < TMK_NSTEPS; s++)
                at[s] += turns * axis->step[s];
            if (turns == 1)
                break;
            index[i] = 0;
        }
    }
}

/* Does `next` go on where `run` ends? */
static bool continues(const struct tmk_run *run, const struct tmk_run *next)
{
    ptrdiff_t length = (ptrdiff_t)run->length;
    return next->step == run->step && next->x_step == run->x_step && next->y == run->y &&
           next->offset == run->offset + length * run->step &&
           next->x == run->x + (int32_t)length * run->x_step;
}

size_t tmk_axes_runs(const struct tmk_axes *axes, enum tmk_step which, bool window, size_t start,
                     size_t count, struct tmk_run *runs)
{
    size_t n = 0;
    if (axes->n == 1 && !window && count > 0) {
        const ptrdiff_t step = axes->axis[0].step[which];
        *runs = (struct tmk_run){.length = count, .offset = (ptrdiff_t)start * step, .step = step};
        return 1;
    }
    for (size_t done = 0; done < count;) {
        struct tmk_run *run = &runs[n];
        *run = (struct tmk_run){.start = done, .length = 1, .step = 1};
        size_t rest = start + done;
        for (int i = axes->n - 1; i >= 0; i--) {
            const struct tmk_axis *axis = &axes->axis[i];
            const size_t at = rest % axis->extent;
            rest /= axis->extent;
            run->offset += axis->step[which] * (ptrdiff_t)at;
            if (window) {
                run->y += (int32_t)(axis->step[TMK_STEP_Y] * (ptrdiff_t)at);
                run->x += (int32_t)(axis->step[TMK_STEP_X] * (ptrdiff_t)at);
            }
            /* a step that leaves the image row ends a run at once */
            if (i == axes->n - 1 && (!window || axis->step[TMK_STEP_Y] == 0)) {
                run->length = TMK_MIN(axis->extent - at, count - done);
                run->step = axis->step[which];
                run->x_step = window ? (int32_t)axis->step[TMK_STEP_X] : 0;
            }
        }
        done += run->length;
        if (n > 0 && continues(run - 1, run))
            run[-1].length += run->length;
        else
            n++;
    }
    return n;
}

bool tmk_axes_linear(const struct tmk_axes *axes, enum tmk_step which, ptrdiff_t *step)
{
    *step = axes->n > 0 ? axes->axis[axes->n - 1].step[which] : 1;
    for (int i = 0; i + 1 < axes->n; i++) {
        const struct tmk_axis *outer = &axes->axis[i], *inner = outer + 1;
        if (outer->step[which] != inner->step[which] * (ptrdiff_t)inner->extent)
            return false;
    }
    return true;
}
