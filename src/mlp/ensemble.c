#include "ensemble.h"

#include "alloc.h"
#include "size.h"
#include "sort.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

/* What the threads share; the first failure is kept with its message. */
struct crew {
    const struct tmk_ensemble_plan *plan;
    struct tmk_ensemble *ensemble;
    struct tmk_mlp **mlps; /* one each */
    int workers;
    enum tmk_status status;
    char message[256];
};

static enum tmk_status allocate(size_t seeds, size_t depth, struct tmk_ensemble *out)
{
    *out = (struct tmk_ensemble){.seeds = seeds, .depth = depth};
    out->layers = reallocarray(NULL, seeds, depth * sizeof *out->layers);
    out->results = calloc(seeds, sizeof *out->results);
    if (!out->layers || !out->results) {
        tmk_ensemble_free(out);
        return tmk_fail(TMK_ENOMEM, "no memory for %zu seeds of %zu layers: ask for fewer", seeds,
                        depth);
    }
    for (size_t s = 0; s < seeds; s++)
        out->results[s].layers = out->layers + s * depth;
    return TMK_OK;
}

static bool failed(const struct crew *crew)
{
    enum tmk_status status;
#pragma omp atomic read
    status = crew->status;
    return status != TMK_OK;
}

static void run_seed(struct crew *crew, struct tmk_mlp *mlp, size_t s)
{
    const struct tmk_ensemble_plan *plan = crew->plan;
    enum tmk_status status = tmk_mlp_run(mlp, plan->first + (uint32_t)s, plan->spectral && s == 0,
                                         &plan->watch, &crew->ensemble->results[s]);
    if (status == TMK_OK)
        return;
#pragma omp critical(tmk_ensemble)
    if (!failed(crew)) {
        snprintf(crew->message, sizeof crew->message, "%s", tmk_message());
#pragma omp atomic write
        crew->status = status;
    }
}

static enum tmk_status run_seeds(struct crew *crew)
{
    size_t seeds = crew->ensemble->seeds;
    if (crew->workers == 1) {
        for (size_t s = 0; s < seeds && !failed(crew); s++)
            run_seed(crew, crew->mlps[0], s);
    } else {
#pragma omp parallel for num_threads(crew->workers) schedule(dynamic, 1)
        for (size_t s = 0; s < seeds; s++)
            if (!failed(crew))
                run_seed(crew, crew->mlps[omp_get_thread_num()], s);
    }
    return crew->status == TMK_OK ? TMK_OK : tmk_fail(crew->status, "%s", crew->message);
}

/* As many networks at a time as there are threads, seeds and memory for, and one at least. */
static enum tmk_status count_workers(const struct tmk_ensemble_plan *plan, int *workers)
{
    size_t bytes, available = tmk_memory_available();
    TMK_TRY(tmk_mlp_bytes(&plan->spec, 1, &bytes));
    size_t fit = TMK_MAX(available / TMK_MAX(bytes, (size_t)1), (size_t)1);
    *workers = (int)TMK_MIN((size_t)plan->threads, TMK_MIN(plan->seeds, fit));
    return TMK_OK;
}

static enum tmk_status employ(struct crew *crew)
{
    const struct tmk_ensemble_plan *plan = crew->plan;
    enum tmk_status status = TMK_OK;
    crew->mlps = calloc((size_t)crew->workers, sizeof *crew->mlps);
    if (!crew->mlps)
        return tmk_fail(TMK_ENOMEM, "no memory for %d networks", crew->workers);
    for (int w = 0; w < crew->workers && status == TMK_OK; w++)
        status = tmk_mlp_make(&plan->spec, crew->workers == 1 ? plan->threads : 1, &crew->mlps[w]);
    if (status == TMK_OK)
        status = run_seeds(crew);
    for (int w = 0; w < crew->workers; w++)
        tmk_mlp_free(crew->mlps[w]);
    free(crew->mlps);
    return status;
}

enum tmk_status tmk_ensemble_run(const struct tmk_ensemble_plan *plan, struct tmk_ensemble *out)
{
    struct crew crew = {.plan = plan, .ensemble = out};
    if (plan->seeds == 0)
        return tmk_fail(TMK_EINVAL, "0 seeds: ask for 1 or more");
    TMK_TRY(count_workers(plan, &crew.workers));
    TMK_TRY(allocate(plan->seeds, plan->spec.depth, out));
    enum tmk_status status = employ(&crew);
    if (status != TMK_OK)
        tmk_ensemble_free(out);
    return status;
}

void tmk_ensemble_free(struct tmk_ensemble *ensemble)
{
    free(ensemble->layers);
    free(ensemble->results);
    *ensemble = (struct tmk_ensemble){0};
}

struct tmk_quantiles tmk_quantiles_of(double *values, size_t count)
{
    if (count == 0)
        return (struct tmk_quantiles){NAN, NAN, NAN};
    tmk_sort(values, count);
    double last = (double)(count - 1);
    return (struct tmk_quantiles){
        .lo = values[lround(0.1 * last)],
        .median = 0.5 * (values[(count - 1) / 2] + values[count / 2]),
        .hi = values[lround(0.9 * last)],
    };
}
