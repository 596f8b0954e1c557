#include "auto.h"

#include "clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES 8
#define ROUNDS 10
#define BUDGET_S 0.05 /* no further round after it */

/* A choice that was made. Names are left out of a problem's key: they change nothing. */
struct choice {
    const struct tmk_op *op;
    enum tmk_dtype dtype;
    enum tmk_layout layout;
    enum tmk_dir dir;
    int threads;
    char problem[TMK_DESC_MAX];
    const struct tmk_impl *impl;
};

/* Of this process; they are few, one for each kind of layer. */
static struct {
    struct choice *list;
    size_t count, capacity;
} made;

static struct choice key_of(const struct tmk_problem *problem, enum tmk_dir dir, int threads)
{
    struct choice key = {.op = problem->op,
                         .dtype = problem->dtype,
                         .layout = problem->layout,
                         .dir = dir,
                         .threads = threads};
    problem->op->format(problem, key.problem, sizeof key.problem);
    return key;
}

static const struct tmk_impl *recall(const struct choice *key)
{
    const struct tmk_impl *impl = NULL;
#pragma omp critical(tmk_auto)
    for (size_t i = 0; i < made.count && !impl; i++) {
        const struct choice *c = &made.list[i];
        if (c->op == key->op && c->dtype == key->dtype && c->layout == key->layout &&
            c->dir == key->dir && c->threads == key->threads &&
            strcmp(c->problem, key->problem) == 0)
            impl = c->impl;
    }
    return impl;
}

/* Without memory the choice is made anew next time. */
static void remember(const struct choice *choice)
{
#pragma omp critical(tmk_auto)
    {
        if (made.count == made.capacity) {
            size_t more = made.capacity ? 2 * made.capacity : 64;
            struct choice *grown = reallocarray(made.list, more, sizeof *grown);
            made.capacity = grown ? more : made.capacity;
            made.list = grown ? grown : made.list;
        }
        if (made.count < made.capacity)
            made.list[made.count++] = *choice;
    }
}

/* Those that can be chosen for a problem; how many. */
static size_t eligible(const struct tmk_problem *problem, enum tmk_dir dir,
                       const struct tmk_impl *out[CANDIDATES])
{
    const double flops = problem->op->flops(problem, dir);
    size_t count = 0;
    for (size_t i = 0; problem->op->impls[i] && count < CANDIDATES; i++) {
        const struct tmk_impl *impl = problem->op->impls[i];
        if (impl->auto_flops > 0 && flops <= impl->auto_flops &&
            !tmk_impl_refusal(impl, problem, dir))
            out[count++] = impl;
    }
    return count;
}

size_t tmk_auto_workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                          enum tmk_dir dir, int threads)
{
    (void)self;
    const struct tmk_impl *impls[CANDIDATES];
    size_t count = eligible(problem, dir, impls), most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bytes = tmk_impl_workspace(impls[i], problem, dir, threads);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* Interleaved, so that a slow phase of the machine meets all alike; of each the shortest call, as
 * disturbances only lengthen one. The first round warms up, but counts if it is the only one. */
static enum tmk_status race(const struct tmk_impl *const *impls, size_t count,
                            const struct tmk_problem *problem, enum tmk_dir dir,
                            const struct tmk_args *args, const struct tmk_exec *exec,
                            const struct tmk_impl **winner)
{
    double best[CANDIDATES], begin = tmk_now();
    struct tmk_exec own = *exec;
    own.phases = NULL; /* this is nobody's call */
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            double start = tmk_now();
            TMK_TRY(impls[i]->run(problem, dir, args, &own));
            double seconds = tmk_now() - start;
            best[i] = round <= 1 ? seconds : fmin(best[i], seconds);
        }
        if (round > 0 && tmk_now() - begin > BUDGET_S)
            break;
    }
    size_t first = 0;
    for (size_t i = 1; i < count; i++)
        first = best[i] < best[first] ? i : first;
    *winner = impls[first];
    return TMK_OK;
}

enum tmk_status tmk_auto_prepare(const struct tmk_impl *self, const struct tmk_problem *problem,
                                 enum tmk_dir dir, const struct tmk_args *args,
                                 const struct tmk_exec *exec, void **state)
{
    (void)self;
    const struct tmk_impl *impls[CANDIDATES];
    struct choice choice = key_of(problem, dir, exec->threads);
    choice.impl = recall(&choice);
    if (!choice.impl) {
        size_t count = eligible(problem, dir, impls);
        choice.impl = impls[0];
        if (count > 1)
            TMK_TRY(race(impls, count, problem, dir, args, exec, &choice.impl));
        remember(&choice);
    }
    *state = (void *)choice.impl; /* all that there is to know; nothing to free */
    return TMK_OK;
}

enum tmk_status tmk_auto_run(const struct tmk_problem *problem, enum tmk_dir dir,
                             const struct tmk_args *args, const struct tmk_exec *exec)
{
    const struct tmk_impl *const *first = problem->op->impls;
    while (!isinf((*first)->auto_flops))
        first++;
    const struct tmk_impl *impl = exec->state ? exec->state : *first;
    return impl->run(problem, dir, args, exec);
}

const char *tmk_auto_choice(const struct tmk_impl *impl, const struct tmk_exec *exec)
{
    return impl->run == tmk_auto_run ? ((const struct tmk_impl *)exec->state)->name : "";
}
