#include "inception_jobs.h"

#include "check.h"
#include "cli.h"
#include "progress.h"
#include "size.h"

#include <stdio.h>
#include <stdlib.h>

size_t tmk_jobs_count(const struct tmk_jobs *jobs)
{
    return jobs->first[TMK_NVERSIONS];
}

int tmk_most_threads(const struct tmk_selection *selection)
{
    int most = 1;
    for (size_t t = 0; t < selection->nthreads; t++)
        most = TMK_MAX(most, selection->thread_counts[t]);
    return most;
}

static enum tmk_status add_job(struct tmk_jobs *jobs, const struct tmk_layer *layer, size_t mb)
{
    struct tmk_job *job = &jobs->list[tmk_jobs_count(jobs)];
    const struct tmk_problem *problem = &job->conv.base;
    const struct tmk_context context = {.mb = mb};
    TMK_TRY(tmk_layer_problem(layer, &context, &job->conv.base));
    TMK_TRY(tmk_data_make(problem, TMK_F32, tmk_most_threads(jobs->selection), &job->data));
    jobs->first[TMK_NVERSIONS]++;
    for (enum tmk_operand operand = 0; operand < TMK_NOPERANDS; operand++)
        tmk_data_fill(&job->data.args, operand, TMK_FILL_REAL, 1, (uint32_t)jobs->selection->seed);
    return TMK_OK;
}

static enum tmk_status add_net(struct tmk_jobs *jobs, const struct tmk_net *net, size_t mb)
{
    for (int i = 0; i < net->nlayers; i++)
        if (tmk_layer_op(&net->layers[i]))
            TMK_TRY(add_job(jobs, &net->layers[i], mb));
    return TMK_OK;
}

enum tmk_status tmk_jobs_make(const struct tmk_inception_study *study,
                              const struct tmk_selection *selection, struct tmk_jobs *out)
{
    size_t most = 0;
    for (size_t i = 0; i < study->count; i++)
        for (int v = 0; v < TMK_NVERSIONS; v++)
            most += (size_t)study->pairs[i].net[v].nlayers;
    *out = (struct tmk_jobs){.selection = selection, .list = calloc(most, sizeof *out->list)};
    if (!out->list)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu convolutions", most);
    for (int v = 0; v < TMK_NVERSIONS; v++) {
        out->first[v] = tmk_jobs_count(out);
        for (size_t i = 0; i < study->count; i++)
            TMK_TRY(add_net(out, &study->pairs[i].net[v], study->mb));
    }
    return TMK_OK;
}

void tmk_jobs_free(struct tmk_jobs *jobs)
{
    for (size_t i = 0; i < tmk_jobs_count(jobs); i++)
        tmk_data_free(&jobs->list[i].data);
    free(jobs->list);
    *jobs = (struct tmk_jobs){0};
}

/* Why an implementation cannot compute all of them, or NULL. */
static const char *refusal_of(const struct tmk_jobs *jobs, const struct tmk_impl *impl,
                              enum tmk_dir dir, int threads)
{
    const char *refusal = NULL;
    for (size_t i = 0; i < tmk_jobs_count(jobs) && !refusal; i++)
        refusal = tmk_impl_refusal_on(impl, &jobs->list[i].conv.base, dir, threads);
    return refusal;
}

/* Other projects' libraries take part where they are installed. */
static bool is_chosen(const struct tmk_jobs *jobs, const struct tmk_impl *impl, enum tmk_dir dir)
{
    return jobs->selection->dirs[dir] && tmk_select_has_impl(jobs->selection, impl->name) &&
           !tmk_impl_absent(impl);
}

bool tmk_jobs_take(const struct tmk_jobs *jobs, const struct tmk_impl *impl, enum tmk_dir dir,
                   int threads)
{
    return is_chosen(jobs, impl, dir) && !refusal_of(jobs, impl, dir, threads);
}

void tmk_jobs_tell_refusals(const struct tmk_jobs *jobs)
{
    const struct tmk_impl *impl;
    for (size_t i = 0; (impl = tmk_op_impl_at(&tmk_op_conv2d, i)); i++) {
        for (enum tmk_dir dir = 0; dir < TMK_NDIRS; dir++) {
            for (size_t t = 0; t < jobs->selection->nthreads && is_chosen(jobs, impl, dir); t++) {
                const int threads = jobs->selection->thread_counts[t];
                const char *refusal = refusal_of(jobs, impl, dir, threads);
                if (refusal)
                    tmk_cli_note("%s %s on %d thread%s left out: %s", impl->name, tmk_dir_name[dir],
                                 threads, threads > 1 ? "s" : "", refusal);
            }
        }
    }
}

static size_t impl_workspace(const struct tmk_jobs *jobs, const struct tmk_impl *impl,
                             enum tmk_dir dir)
{
    size_t largest = 0;
    for (size_t t = 0; t < jobs->selection->nthreads; t++) {
        const int threads = jobs->selection->thread_counts[t];
        if (!tmk_jobs_take(jobs, impl, dir, threads))
            continue;
        for (size_t i = 0; i < tmk_jobs_count(jobs); i++) {
            size_t bytes = tmk_impl_workspace(impl, &jobs->list[i].conv.base, dir, threads);
            largest = TMK_MAX(largest, bytes);
        }
    }
    return largest;
}

size_t tmk_jobs_workspace(const struct tmk_jobs *jobs)
{
    const struct tmk_impl *impl;
    size_t largest = 0;
    for (size_t i = 0; (impl = tmk_op_impl_at(&tmk_op_conv2d, i)); i++) {
        for (enum tmk_dir dir = 0; dir < TMK_NDIRS; dir++) {
            size_t bytes = impl_workspace(jobs, impl, dir);
            largest = TMK_MAX(largest, bytes);
        }
    }
    return largest;
}

static enum tmk_status verify_impl(const struct tmk_jobs *jobs,
                                   const struct tmk_reference *reference,
                                   const struct tmk_impl *impl)
{
    for (size_t t = 0; t < jobs->selection->nthreads; t++) {
        struct tmk_verdict verdict;
        char desc[TMK_DESC_MAX];
        int threads = jobs->selection->thread_counts[t];
        if (!tmk_jobs_take(jobs, impl, reference->dir, threads))
            continue;
        TMK_TRY(tmk_check_impl(reference, impl, threads, &verdict));
        if (verdict.passed)
            continue;
        tmk_op_conv2d.format(reference->problem, desc, sizeof desc);
        return tmk_fail(
            TMK_ECHECK, "%s %s is wrong: %s: see tilemark verify --impl %s --threads %d %s",
            impl->name, tmk_dir_name[reference->dir], verdict.text, impl->name, threads, desc);
    }
    return TMK_OK;
}

static enum tmk_status verify_job(const struct tmk_jobs *jobs, const struct tmk_problem *problem,
                                  enum tmk_dir dir)
{
    struct tmk_reference reference;
    enum tmk_status status = TMK_OK;
    if (tmk_cli_interrupted)
        return tmk_fail(TMK_EINTR, "interrupted while verifying");
    TMK_TRY(tmk_reference_make(problem, dir, (uint32_t)jobs->selection->seed, &reference));
    const struct tmk_impl *impl;
    for (size_t i = 0; status == TMK_OK && (impl = tmk_op_impl_at(&tmk_op_conv2d, i)); i++)
        status = verify_impl(jobs, &reference, impl);
    tmk_reference_free(&reference);
    return status;
}

enum tmk_status tmk_jobs_verify(const struct tmk_jobs *jobs)
{
    struct tmk_progress progress;
    double done = 0, total = 0;
    enum tmk_status status = TMK_OK;
    for (size_t i = 0; i < tmk_jobs_count(jobs); i++)
        total += tmk_op_conv2d.flops(&jobs->list[i].conv.base, TMK_FWD);
    tmk_progress_begin(&progress, "verify", TMK_NDIRS * total);
    for (size_t i = 0; i < tmk_jobs_count(jobs); i++) {
        const struct tmk_problem *problem = &jobs->list[i].conv.base;
        for (enum tmk_dir dir = 0; dir < TMK_NDIRS && status == TMK_OK; dir++) {
            tmk_progress_update(&progress, done, tmk_dir_name[dir]);
            if (jobs->selection->dirs[dir])
                status = verify_job(jobs, problem, dir);
            done += tmk_op_conv2d.flops(problem, dir);
        }
    }
    tmk_progress_end(&progress);
    return status;
}
