#include "check.h"

#include "guard.h"
#include "sums.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const operand_name[TMK_NOPERANDS] = {"SRC", "WEI", "BIA", "DST"};

/* A bias takes part in the sum beside the products. */
static size_t terms(const struct tmk_problem *problem, enum tmk_dir dir)
{
    return problem->op->depth(problem, dir) + 1;
}

/* Inputs of the full problem, in double. */
static enum tmk_status make_inputs(const struct tmk_reference *r, enum tmk_fill fill,
                                   struct tmk_data *data)
{
    TMK_TRY(tmk_data_make(r->problem, TMK_F64, 1, data));
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        if (!tmk_dir_writes(r->dir, o))
            tmk_data_fill(&data->args, o, fill, terms(r->problem, r->dir), r->seed);
    }
    return TMK_OK;
}

static enum tmk_status make_thin_inputs(const struct tmk_reference *r, const struct tmk_data *full,
                                        bool magnitude, struct tmk_data *thin)
{
    TMK_TRY(tmk_data_make(r->thin, TMK_F64, 1, thin));
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        if (!tmk_dir_writes(r->dir, o) && thin->args.operand[o].data)
            tmk_sums_fold(&full->args.operand[o], &thin->args.operand[o], magnitude, r->seed);
    }
    return TMK_OK;
}

static enum tmk_status ask_oracle(const struct tmk_problem *problem, enum tmk_dir dir,
                                  const struct tmk_data *data, const struct tmk_args *magnitude)
{
    return problem->op->oracle(problem, dir, &data->args, &data->args, magnitude);
}

/* The oracle's answers to both kinds of input, which stay with the answers. */
static enum tmk_status answer(struct tmk_reference *r)
{
    TMK_TRY(tmk_data_make(r->problem, TMK_F64, 1, &r->magnitude));
    TMK_TRY(make_inputs(r, TMK_FILL_INTEGER, &r->exact));
    TMK_TRY(ask_oracle(r->problem, r->dir, &r->exact, NULL));
    TMK_TRY(make_inputs(r, TMK_FILL_REAL, &r->real));
    return ask_oracle(r->problem, r->dir, &r->real, &r->magnitude.args);
}

static enum tmk_status answer_sums(struct tmk_reference *r)
{
    struct tmk_data sizes = {.memory = NULL};
    TMK_TRY(tmk_data_make(r->thin, TMK_F64, 1, &r->magnitude));
    TMK_TRY(make_inputs(r, TMK_FILL_INTEGER, &r->exact));
    TMK_TRY(make_thin_inputs(r, &r->exact, false, &r->exact_sums));
    TMK_TRY(ask_oracle(r->thin, r->dir, &r->exact_sums, NULL));
    TMK_TRY(make_inputs(r, TMK_FILL_REAL, &r->real));
    TMK_TRY(make_thin_inputs(r, &r->real, false, &r->real_sums));
    TMK_TRY(ask_oracle(r->thin, r->dir, &r->real_sums, NULL));
    enum tmk_status status = make_thin_inputs(r, &r->real, true, &sizes);
    if (status == TMK_OK)
        status = ask_oracle(r->thin, r->dir, &sizes, &r->magnitude.args);
    tmk_data_free(&sizes);
    return status;
}

static enum tmk_status make(struct tmk_reference *r, struct tmk_reference *out)
{
    enum tmk_status status = r->thin ? answer_sums(r) : answer(r);
    if (status == TMK_OK)
        *out = *r;
    else
        tmk_reference_free(r);
    return status;
}

enum tmk_status tmk_reference_make(const struct tmk_problem *problem, enum tmk_dir dir,
                                   uint32_t seed, struct tmk_reference *out)
{
    return make(&(struct tmk_reference){.problem = problem, .dir = dir, .seed = seed}, out);
}

enum tmk_status tmk_reference_make_sums(const struct tmk_problem *problem, enum tmk_dir dir,
                                        uint32_t seed, struct tmk_reference *out)
{
    struct tmk_reference r = {.problem = problem, .dir = dir, .seed = seed};
    if (problem->dtype == TMK_F32 && problem->op->thin) {
        r.thin = malloc(problem->op->problem_size);
        if (!r.thin)
            return tmk_fail(TMK_ENOMEM, "no memory for a problem");
        problem->op->thin(problem, dir, r.thin);
    }
    return make(&r, out);
}

void tmk_reference_free(struct tmk_reference *reference)
{
    tmk_data_free(&reference->exact);
    tmk_data_free(&reference->real);
    tmk_data_free(&reference->exact_sums);
    tmk_data_free(&reference->real_sums);
    tmk_data_free(&reference->magnitude);
    free(reference->thin);
    reference->thin = NULL;
}

/* One implementation before the judge, with memory of its own. */
struct trial {
    const struct tmk_reference *reference;
    const struct tmk_impl *impl;
    struct tmk_data data;
    struct tmk_data sums; /* of the outputs, if the reference has them */
    struct tmk_guard guard;
    struct tmk_exec exec;
};

/* The very inputs that the oracle saw, in the problem's dtype and layout; poison elsewhere. */
static enum tmk_status set_inputs(struct trial *trial, const struct tmk_args *inputs)
{
    const struct tmk_reference *r = trial->reference;
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        const struct tmk_view *operand = &trial->data.args.operand[o];
        if (tmk_dir_writes(r->dir, o))
            tmk_data_fill(&trial->data.args, o, TMK_FILL_POISON, 1, r->seed);
        else if (operand->data)
            TMK_TRY(tmk_view_copy(operand, &inputs->operand[o]));
    }
    return TMK_OK;
}

/* Elements in the whole allocation, between the operands too, that are not poison. */
static size_t count_numbers(const struct trial *trial)
{
    const struct tmk_data *data = &trial->data;
    size_t numbers = 0;
    if (trial->reference->problem->dtype == TMK_F32) {
        const float *element = data->memory;
        for (size_t i = 0; i < data->bytes / sizeof *element; i++)
            numbers += !isnan(element[i]);
    } else {
        const double *element = data->memory;
        for (size_t i = 0; i < data->bytes / sizeof *element; i++)
            numbers += !isnan(element[i]);
    }
    return numbers;
}

/* What is compared of an output: itself, or its sums. */
static struct tmk_view result_of(const struct trial *trial, int o)
{
    const struct tmk_reference *r = trial->reference;
    const struct tmk_view *output = &trial->data.args.operand[o];
    if (!r->thin)
        return *output;
    tmk_sums_fold(output, &trial->sums.args.operand[o], false, r->seed);
    return trial->sums.args.operand[o];
}

/* One operand after the run: an output must be right, an input untouched. */
static struct tmk_verdict judge_operand(const struct trial *trial, int o, bool exact)
{
    const struct tmk_reference *r = trial->reference;
    if (!tmk_dir_writes(r->dir, o))
        return tmk_check_exact(&trial->data.args.operand[o],
                               &(exact ? &r->exact : &r->real)->args.operand[o]);
    const struct tmk_data *expected =
        r->thin ? (exact ? &r->exact_sums : &r->real_sums) : (exact ? &r->exact : &r->real);
    const struct tmk_view result = result_of(trial, o);
    if (exact)
        return tmk_check_exact(&result, &expected->args.operand[o]);
    return tmk_check_bound_of(r->problem->dtype, &result, &expected->args.operand[o],
                              &r->magnitude.args.operand[o],
                              r->problem->op->depth(r->problem, r->dir), trial->impl->accuracy);
}

static void judge(const struct trial *trial, bool exact, struct tmk_verdict *verdict)
{
    const struct tmk_reference *r = trial->reference;
    const char *kind = exact ? "integers" : "reals";
    size_t expected = 0; /* all else is poison, as it was made */
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        const struct tmk_view *operand = &trial->data.args.operand[o];
        if (!operand->data)
            continue;
        struct tmk_verdict one = judge_operand(trial, o, exact);
        bool output = tmk_dir_writes(r->dir, o);
        expected += tmk_view_count(operand);
        verdict->passed &= one.passed;
        verdict->err_over_bound = fmax(verdict->err_over_bound, one.err_over_bound);
        if (!one.passed) {
            snprintf(verdict->text, sizeof verdict->text, "%s, seed %u: %s%s %.200s", kind, r->seed,
                     !output   ? "the input "
                     : r->thin ? "sums of "
                               : "",
                     operand_name[o], one.text);
            return;
        }
    }
    if (count_numbers(trial) != expected || !tmk_guard_intact(&trial->guard)) {
        verdict->passed = false;
        verdict->err_over_bound = INFINITY;
        snprintf(verdict->text, sizeof verdict->text, "%s, seed %u: wrote outside its %s", kind,
                 r->seed, tmk_guard_intact(&trial->guard) ? "outputs" : "workspace");
    }
}

static enum tmk_status hold_trial(struct trial *trial, bool exact, struct tmk_verdict *verdict)
{
    const struct tmk_reference *r = trial->reference;
    TMK_TRY(set_inputs(trial, exact ? &r->exact.args : &r->real.args));
    tmk_guard_arm(&trial->guard);
    TMK_TRY(tmk_impl_call(trial->impl, r->problem, r->dir, &trial->data.args, &trial->exec));
    judge(trial, exact, verdict);
    return TMK_OK;
}

static enum tmk_status prepare(struct trial *trial, int threads)
{
    const struct tmk_problem *problem = trial->reference->problem;
    size_t bytes = tmk_impl_workspace(trial->impl, problem, trial->reference->dir, threads);
    TMK_TRY(tmk_data_make(problem, problem->dtype, threads, &trial->data));
    if (trial->reference->thin)
        TMK_TRY(tmk_data_make(trial->reference->thin, TMK_F64, 1, &trial->sums));
    TMK_TRY(tmk_guard_make(bytes, &trial->guard));
    trial->exec = (struct tmk_exec){
        .threads = threads, .workspace = trial->guard.memory, .workspace_bytes = bytes};
    return TMK_OK;
}

enum tmk_status tmk_check_impl(const struct tmk_reference *reference, const struct tmk_impl *impl,
                               int threads, struct tmk_verdict *verdict)
{
    const char *refusal = tmk_impl_refusal_on(impl, reference->problem, reference->dir, threads);
    if (impl == reference->problem->op->ceiling)
        refusal = "it has no result";
    if (refusal)
        return tmk_fail(TMK_EUNSUPPORTED, "%s %s: %s: choose another implementation", impl->name,
                        tmk_dir_name[reference->dir], refusal);
    struct trial trial = {.reference = reference, .impl = impl};
    *verdict = (struct tmk_verdict){.passed = true};
    enum tmk_status status = prepare(&trial, threads);
    if (status == TMK_OK && impl->accuracy == TMK_COMPONENTWISE)
        status = hold_trial(&trial, true, verdict);
    if (status == TMK_OK && verdict->passed)
        status = hold_trial(&trial, false, verdict);
    tmk_guard_free(&trial.guard);
    tmk_data_free(&trial.data);
    tmk_data_free(&trial.sums);
    return status;
}
