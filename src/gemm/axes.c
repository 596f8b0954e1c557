#include "axes.h"

#include "size.h"

#include <string.h>

/* Does axis `i` run on into axis `i + 1` in every respect? */
static bool mergeable(const struct tmk_axes *axes, int i)
{
    for (int s = 0; s < TMK_NSTEPS; s++) {
        if (axes->step[s][i] != axes->step[s][i + 1] * (ptrdiff_t)axes->extent[i + 1])
            return false;
    }
    return true;
}

static void remove_axis(struct tmk_axes *axes, int i)
{
    size_t rest = (size_t)(axes->n - i - 1);
    memmove(&axes->extent[i], &axes->extent[i + 1], rest * sizeof axes->extent[0]);
    for (int s = 0; s < TMK_NSTEPS; s++)
        memmove(&axes->step[s][i], &axes->step[s][i + 1], rest * sizeof axes->step[s][0]);
    axes->n--;
}

void tmk_axes_drop(struct tmk_axes *axes)
{
    remove_axis(axes, 0);
}

/* All of this is done for each product, small ones too: nothing beyond axes->n is touched. */
void tmk_axes_make(struct tmk_axes *axes, const struct tmk_gemm_index *index, const ptrdiff_t *y,
                   const ptrdiff_t *x)
{
    axes->n = index->axes;
    for (int i = 0; i < axes->n; i++) {
        axes->extent[i] = index->extent[i];
        axes->step[TMK_STEP_FIRST][i] = index->first[i];
        axes->step[TMK_STEP_SECOND][i] = index->second[i];
        axes->step[TMK_STEP_Y][i] = y ? y[i] : 0;
        axes->step[TMK_STEP_X][i] = x ? x[i] : 0;
    }
    for (int i = axes->n - 1; i >= 0; i--) {
        if (axes->extent[i] == 1)
            remove_axis(axes, i);
    }
    for (int i = axes->n - 2; i >= 0; i--) {
        if (mergeable(axes, i)) {
            axes->extent[i + 1] *= axes->extent[i];
            remove_axis(axes, i);
        }
    }
}

#define SWAP(T, a, b)                                                                              \
    do {                                                                                           \
        T swap = a;                                                                                \
        a = b;                                                                                     \
        b = swap;                                                                                  \
    } while (0)

void tmk_axes_swap(struct tmk_axes *a, struct tmk_axes *b)
{
    const int n = TMK_MAX(a->n, b->n);
    SWAP(int, a->n, b->n);
    for (int i = 0; i < n; i++) {
        SWAP(size_t, a->extent[i], b->extent[i]);
        for (int s = 0; s < TMK_NSTEPS; s++)
            SWAP(ptrdiff_t, a->step[s][i], b->step[s][i]);
    }
}

size_t tmk_axes_count(const struct tmk_axes *axes)
{
    size_t count = 1;
    for (int i = 0; i < axes->n; i++)
        count *= axes->extent[i];
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
        line((ptrdiff_t)start, axes->step[TMK_STEP_FIRST][0], count, first);
        line((ptrdiff_t)start, axes->step[TMK_STEP_SECOND][0], count, second);
        return;
    }
    size_t index[TMK_GEMM_AXES] = {0};
    ptrdiff_t at[TMK_NSTEPS] = {0};
    for (int i = axes->n - 1; i >= 0; i--) {
        index[i] = start % axes->extent[i];
        start /= axes->extent[i];
        for (int s = 0; s < TMK_NSTEPS; s++)
            at[s] += axes->step[s][i] * (ptrdiff_t)index[i];
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
            ptrdiff_t turns = ++index[i] == axes->extent[i] ? 1 - (ptrdiff_t)axes->extent[i] : 1;
            for (int s = 0; s < TMK_NSTEPS; s++)
                at[s] += turns * axes->step[s][i];
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
    size_t n = 0, last = (size_t)TMK_MAX(axes->n - 1, 0);
    if (axes->n == 1 && !window && count > 0) {
        const ptrdiff_t step = axes->step[which][0];
        *runs = (struct tmk_run){.length = count, .offset = (ptrdiff_t)start * step, .step = step};
        return 1;
    }
    for (size_t done = 0; done < count;) {
        struct tmk_run *run = &runs[n];
        *run = (struct tmk_run){.start = done, .length = 1, .step = 1};
        size_t rest = start + done;
        for (size_t i = last + 1; axes->n > 0 && i-- > 0; rest /= axes->extent[i]) {
            size_t at = rest % axes->extent[i];
            run->offset += axes->step[which][i] * (ptrdiff_t)at;
            if (window) {
                run->y += (int32_t)(axes->step[TMK_STEP_Y][i] * (ptrdiff_t)at);
                run->x += (int32_t)(axes->step[TMK_STEP_X][i] * (ptrdiff_t)at);
            }
            /* a step that leaves the image row ends a run at once */
            if (i == last && (!window || axes->step[TMK_STEP_Y][i] == 0)) {
                run->length = TMK_MIN(axes->extent[i] - at, count - done);
                run->step = axes->step[which][i];
                run->x_step = window ? (int32_t)axes->step[TMK_STEP_X][i] : 0;
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
    *step = axes->n > 0 ? axes->step[which][axes->n - 1] : 1;
    for (int i = 0; i + 1 < axes->n; i++) {
        if (axes->step[which][i] != axes->step[which][i + 1] * (ptrdiff_t)axes->extent[i + 1])
            return false;
    }
    return true;
}
