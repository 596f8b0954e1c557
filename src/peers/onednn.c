#include "onednn.h"

#include "alloc.h"
#include "onednn_compat.h"
#include "size.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define OPERANDS TMK_ONEDNN_NOPERANDS

static enum tmk_status fail(dnnl_status_t status)
{
    return status == dnnl_out_of_memory
               ? tmk_fail(TMK_ENOMEM, "oneDNN has no memory: choose a smaller problem")
               : tmk_fail(TMK_EUNSUPPORTED,
                          "oneDNN cannot do this (status %d): choose another "
                          "implementation",
                          (int)status);
}

/* --- a primitive and the memory it takes --- */

/* oneDNN's names of the operands. */
static const struct {
    int argument[OPERANDS];
    bool output[OPERANDS];
} roles[TMK_ONEDNN_NKINDS] = {
    [TMK_ONEDNN_MATMUL] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST},
                           {[TMK_ONEDNN_Y] = true}},
    [TMK_ONEDNN_CONV_FWD] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST},
                             {[TMK_ONEDNN_Y] = true}},
    [TMK_ONEDNN_CONV_BWD_D] = {{DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS,
                                DNNL_ARG_DIFF_DST},
                               {[TMK_ONEDNN_X] = true}},
    [TMK_ONEDNN_CONV_BWD_W] = {{DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS,
                                DNNL_ARG_DIFF_DST},
                               {[TMK_ONEDNN_W] = true, [TMK_ONEDNN_B] = true}},
};

/* Where things lie: in the workspace, or, the operands that are reordered apart, in memory of their
 * own. Sizes and offsets in bytes. */
struct layout {
    dnnl_primitive_desc_t pd;
    tmk_dnnl_md given[OPERANDS];        /* NULL: absent */
    tmk_dnnl_const_md wanted[OPERANDS]; /* by the primitive; belongs to pd */
    bool reordered[OPERANDS];
    size_t at[OPERANDS], scratchpad_at;
    size_t workspace, apart;
};

static void layout_free(struct layout *layout)
{
    for (int i = 0; i < OPERANDS; i++)
        tmk_dnnl_md_free(layout->given[i]);
    if (layout->pd)
        dnnl_primitive_desc_destroy(layout->pd);
    *layout = (struct layout){0};
}

static bool may_reorder(const struct tmk_onednn_problem *problem, int operand)
{
    return problem->layouts != TMK_ONEDNN_GIVEN && operand != TMK_ONEDNN_B &&
           (operand == TMK_ONEDNN_W || !problem->keep_images);
}

static dnnl_status_t make_attributes(const struct tmk_onednn_problem *problem,
                                     dnnl_primitive_attr_t *attr)
{
    dnnl_post_ops_t post_ops;
    dnnl_status_t status = dnnl_primitive_attr_create(attr);
    if (status)
        return status;
    status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (status || !problem->accumulate)
        return status;
    status = dnnl_post_ops_create(&post_ops);
    if (status)
        return status;
    status = tmk_dnnl_append_sum(post_ops);
    if (!status)
        status = dnnl_primitive_attr_set_post_ops(*attr, post_ops);
    dnnl_post_ops_destroy(post_ops);
    return status;
}

static dnnl_status_t make_pd(const struct tmk_onednn_problem *problem, struct layout *layout)
{
    tmk_dnnl_md md[OPERANDS] = {NULL};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t status = make_attributes(problem, &attr);
    for (int i = 0; i < OPERANDS && !status; i++) {
        status = tmk_dnnl_md_make(&problem->operand[i], false, &layout->given[i]);
        if (!status)
            status = tmk_dnnl_md_make(&problem->operand[i], may_reorder(problem, i), &md[i]);
    }
    if (!status)
        status = tmk_dnnl_pd_make(problem, md, tmk_onednn_engine(), attr, &layout->pd);
    for (int i = 0; i < OPERANDS; i++)
        tmk_dnnl_md_free(md[i]);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return status;
}

static size_t take(size_t *end, size_t bytes)
{
    const size_t at = *end;
    *end += tmk_round_up(bytes, TMK_ALIGN);
    return at;
}

static dnnl_status_t layout_make(const struct tmk_onednn_problem *problem, int threads,
                                 struct layout *layout)
{
    *layout = (struct layout){0};
    if (!tmk_onednn_engine())
        return dnnl_runtime_error;
    omp_set_num_threads(threads); /* as many as it will find, it counts on */
    dnnl_status_t status = make_pd(problem, layout);
    if (status) {
        layout_free(layout);
        return status;
    }
    size_t *end = problem->layouts == TMK_ONEDNN_APART ? &layout->apart : &layout->workspace;
    for (int i = 0; i < OPERANDS; i++) {
        if (!layout->given[i])
            continue;
        layout->wanted[i] = dnnl_primitive_desc_query_md(layout->pd, dnnl_query_exec_arg_md,
                                                         roles[problem->kind].argument[i]);
        layout->reordered[i] =
            may_reorder(problem, i) && !dnnl_memory_desc_equal(layout->given[i], layout->wanted[i]);
        if (layout->reordered[i])
            layout->at[i] = take(end, dnnl_memory_desc_get_size(layout->wanted[i]));
    }
    tmk_dnnl_const_md scratchpad =
        dnnl_primitive_desc_query_md(layout->pd, dnnl_query_scratchpad_md, 0);
    layout->scratchpad_at = take(&layout->workspace, dnnl_memory_desc_get_size(scratchpad));
    return dnnl_success;
}

const char *tmk_onednn_refusal(const struct tmk_onednn_problem *problem)
{
    struct layout layout;
    const char *name = "";
    if (problem->operand[TMK_ONEDNN_X].dtype == TMK_F64)
        return "oneDNN has no doubles";
    if (layout_make(problem, 1, &layout) != dnnl_success)
        return "oneDNN does not offer this";
    dnnl_primitive_desc_query(layout.pd, dnnl_query_impl_info_str, 0, &name);
    const bool reference = strncmp(name, "ref", 3) == 0;
    layout_free(&layout);
    return reference ? "oneDNN has only its reference loops for this" : NULL;
}

size_t tmk_onednn_workspace(const struct tmk_onednn_problem *problem, int threads)
{
    struct layout layout;
    if (layout_make(problem, threads, &layout) != dnnl_success)
        return SIZE_MAX;
    const size_t bytes = layout.workspace;
    layout_free(&layout);
    return bytes;
}

/* --- prepared calls --- */

enum { BEFORE, CALL, AFTER, NPARTS };

struct step {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t argument[OPERANDS + 1];
    int arguments;
    enum tmk_phase phase;
};

/* The steps before, in and after the call. Reorders of inputs come first, those of outputs last. */
struct tmk_onednn {
    dnnl_stream_t stream;
    struct step steps[2 * OPERANDS + 1];
    int count, first[NPARTS + 1];
    dnnl_memory_t memories[2 * OPERANDS + 1];
    int nmemories;
    dnnl_memory_t given[OPERANDS];
    void *apart;
};

static dnnl_status_t add_memory(struct tmk_onednn *onednn, tmk_dnnl_const_md md, void *at,
                                dnnl_memory_t *out)
{
    dnnl_status_t status = dnnl_memory_create(out, md, tmk_onednn_engine(), at);
    if (!status)
        onednn->memories[onednn->nmemories++] = *out;
    return status;
}

static dnnl_status_t add_step(struct tmk_onednn *onednn, const_dnnl_primitive_desc_t pd,
                              enum tmk_phase phase, struct step **out)
{
    *out = &onednn->steps[onednn->count];
    (*out)->phase = phase;
    dnnl_status_t status = dnnl_primitive_create(&(*out)->primitive, pd);
    if (!status)
        onednn->count++;
    return status;
}

static void add_argument(struct step *step, int name, dnnl_memory_t memory)
{
    step->argument[step->arguments++] = (dnnl_exec_arg_t){name, memory};
}

static dnnl_status_t add_reorder(struct tmk_onednn *onednn, tmk_dnnl_const_md from_md,
                                 dnnl_memory_t from, tmk_dnnl_const_md to_md, dnnl_memory_t to,
                                 enum tmk_phase phase)
{
    dnnl_primitive_desc_t pd;
    struct step *step;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&pd, from_md, tmk_onednn_engine(),
                                                              to_md, tmk_onednn_engine(), NULL);
    if (status)
        return status;
    status = add_step(onednn, pd, phase, &step);
    dnnl_primitive_desc_destroy(pd);
    add_argument(step, DNNL_ARG_FROM, from);
    add_argument(step, DNNL_ARG_TO, to);
    return status;
}

/* Memories for what is given and what is wanted: the same where nothing is reordered. */
static dnnl_status_t add_operands(struct tmk_onednn *onednn,
                                  const struct tmk_onednn_problem *problem,
                                  const struct layout *layout, char *workspace,
                                  dnnl_memory_t wanted[OPERANDS])
{
    char *own = problem->layouts == TMK_ONEDNN_APART ? onednn->apart : workspace;
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < OPERANDS && !status; i++) {
        if (!layout->given[i])
            continue;
        status = add_memory(onednn, layout->given[i], problem->operand[i].data, &onednn->given[i]);
        wanted[i] = onednn->given[i];
        if (!status && layout->reordered[i])
            status = add_memory(onednn, layout->wanted[i], own + layout->at[i], &wanted[i]);
    }
    return status;
}

static dnnl_status_t add_reorders(struct tmk_onednn *onednn,
                                  const struct tmk_onednn_problem *problem,
                                  const struct layout *layout, const dnnl_memory_t wanted[OPERANDS],
                                  bool outputs)
{
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < OPERANDS && !status; i++) {
        if (!layout->reordered[i] || roles[problem->kind].output[i] != outputs)
            continue;
        status = outputs ? add_reorder(onednn, layout->wanted[i], wanted[i], layout->given[i],
                                       onednn->given[i], TMK_PHASE_REDUCE)
                         : add_reorder(onednn, layout->given[i], onednn->given[i],
                                       layout->wanted[i], wanted[i], TMK_PHASE_PACK);
    }
    return status;
}

static dnnl_status_t add_primitive(struct tmk_onednn *onednn,
                                   const struct tmk_onednn_problem *problem,
                                   const struct layout *layout, char *workspace,
                                   const dnnl_memory_t wanted[OPERANDS])
{
    struct step *step;
    dnnl_memory_t scratchpad;
    dnnl_status_t status = add_step(onednn, layout->pd, TMK_PHASE_COMPUTE, &step);
    if (!status)
        status = add_memory(onednn,
                            dnnl_primitive_desc_query_md(layout->pd, dnnl_query_scratchpad_md, 0),
                            workspace + layout->scratchpad_at, &scratchpad);
    if (status)
        return status;
    for (int i = 0; i < OPERANDS; i++) {
        if (layout->given[i])
            add_argument(step, roles[problem->kind].argument[i], wanted[i]);
    }
    add_argument(step, DNNL_ARG_SCRATCHPAD, scratchpad);
    return dnnl_success;
}

static dnnl_status_t build(struct tmk_onednn *onednn, const struct tmk_onednn_problem *problem,
                           const struct layout *layout, char *workspace)
{
    const bool apart = problem->layouts == TMK_ONEDNN_APART;
    dnnl_memory_t wanted[OPERANDS] = {NULL};
    dnnl_status_t status =
        dnnl_stream_create(&onednn->stream, tmk_onednn_engine(), dnnl_stream_default_flags);
    if (!status)
        status = add_operands(onednn, problem, layout, workspace, wanted);
    if (!status)
        status = add_reorders(onednn, problem, layout, wanted, false);
    onednn->first[CALL] = apart ? onednn->count : 0;
    if (!status)
        status = add_primitive(onednn, problem, layout, workspace, wanted);
    onednn->first[AFTER] = onednn->count;
    if (!status)
        status = add_reorders(onednn, problem, layout, wanted, true);
    onednn->first[NPARTS] = onednn->count;
    if (!apart)
        onednn->first[AFTER] = onednn->count;
    return status;
}

static enum tmk_status run_part(const struct tmk_onednn *onednn, int part,
                                const struct tmk_exec *exec)
{
    omp_set_num_threads(exec->threads);
    for (int i = onednn->first[part]; i < onednn->first[part + 1]; i++) {
        const struct step *step = &onednn->steps[i];
        const double start = tmk_phase_start(exec);
        dnnl_status_t status = dnnl_primitive_execute(step->primitive, onednn->stream,
                                                      step->arguments, step->argument);
        if (!status)
            status = dnnl_stream_wait(onednn->stream);
        if (status)
            return fail(status);
        for (int thread = 0; thread < exec->threads; thread++)
            tmk_phase_end(exec, thread, step->phase, start);
    }
    return TMK_OK;
}

/* On TMK_OK the layout has been turned into steps; either way it is the caller's to free. */
static enum tmk_status prepare(const struct tmk_onednn_problem *problem,
                               const struct layout *layout, const struct tmk_exec *exec,
                               struct tmk_onednn *onednn)
{
    if (exec->workspace_bytes < layout->workspace)
        return tmk_fail(TMK_EINVAL,
                        "oneDNN needs %zu bytes of workspace, not %zu: give it what workspace() "
                        "asks for",
                        layout->workspace, exec->workspace_bytes);
    if (layout->apart)
        TMK_TRY(tmk_alloc(layout->apart, "operands in oneDNN's layout", &onednn->apart));
    dnnl_status_t status = build(onednn, problem, layout, exec->workspace);
    return status ? fail(status) : run_part(onednn, BEFORE, exec);
}

enum tmk_status tmk_onednn_prepare(const struct tmk_onednn_problem *problem,
                                   const struct tmk_exec *exec, struct tmk_onednn **out)
{
    struct layout layout;
    struct tmk_onednn *onednn = calloc(1, sizeof *onednn);
    if (!onednn)
        return tmk_fail(TMK_ENOMEM, "no memory to plan a call of oneDNN");
    dnnl_status_t made = layout_make(problem, exec->threads, &layout);
    enum tmk_status status = made ? fail(made) : prepare(problem, &layout, exec, onednn);
    layout_free(&layout);
    if (status == TMK_OK)
        *out = onednn;
    else
        tmk_onednn_free(onednn);
    return status;
}

enum tmk_status tmk_onednn_run(const struct tmk_onednn *onednn, const struct tmk_exec *exec)
{
    return run_part(onednn, CALL, exec);
}

enum tmk_status tmk_onednn_run_at(const struct tmk_onednn *onednn, const struct tmk_exec *exec,
                                  void *x, void *w, void *y)
{
    dnnl_memory_set_data_handle(onednn->given[TMK_ONEDNN_X], x);
    dnnl_memory_set_data_handle(onednn->given[TMK_ONEDNN_W], w);
    dnnl_memory_set_data_handle(onednn->given[TMK_ONEDNN_Y], y);
    return run_part(onednn, CALL, exec);
}

enum tmk_status tmk_onednn_finish(const struct tmk_onednn *onednn, const struct tmk_exec *exec)
{
    return run_part(onednn, AFTER, exec);
}

void tmk_onednn_free(struct tmk_onednn *onednn)
{
    for (int i = 0; i < onednn->count; i++)
        dnnl_primitive_destroy(onednn->steps[i].primitive);
    for (int i = 0; i < onednn->nmemories; i++)
        dnnl_memory_destroy(onednn->memories[i]);
    if (onednn->stream)
        dnnl_stream_destroy(onednn->stream);
    tmk_free(onednn->apart);
    free(onednn);
}
