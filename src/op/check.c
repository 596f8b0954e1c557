#include "check.h"

#include "guard.h"

#include <math.h>
#include <stdio.h>

static const char *const operand_name[TMK_NOPERANDS] = {"SRC", "WEI", "BIA", "DST"};

/* A bias takes part in the sum beside the products. */
static size_t terms(const struct tmk_problem *problem, enum tmk_dir dir)
{
    return problem->op->depth(problem, dir) + 1;
}

/* The oracle's answer to one kind of input; inputs and answer stay in `data`. */
static enum tmk_status answer(const struct tmk_reference *reference, enum tmk_fill fill,
                              struct tmk_data *data, const struct tmk_args *magnitude)
{
    const struct tmk_problem *problem = reference->problem;
    TMK_TRY(tmk_data_make(problem, TMK_F64, 1, data));
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        if (!tmk_dir_writes(reference->dir, o))
            tmk_data_fill(&data->args, o, fill, terms(problem, reference->dir), reference->seed);
    }
    return problem->op->oracle(problem, reference->dir, &data->args, &data->args, magnitude);
}

enum tmk_status tmk_reference_make(const struct tmk_problem *problem, enum tmk_dir dir,
                                   uint32_t seed, struct tmk_reference *out)
{
    struct tmk_reference r = {.problem = problem, .dir = dir, .seed = seed};
    enum tmk_status status = tmk_data_make(problem, TMK_F64, 1, &r.magnitude);
    if (status == TMK_OK)
        status = answer(&r, TMK_FILL_INTEGER, &r.exact, NULL);
    if (status == TMK_OK)
        status = answer(&r, TMK_FILL_REAL, &r.real, &r.magnitude.args);
    if (status == TMK_OK)
        *out = r;
    else
        tmk_reference_free(&r);
    return status;
}

void tmk_reference_free(struct tmk_reference *reference)
{
    tmk_data_free(&reference->exact);
    tmk_data_free(&reference->real);
    tmk_data_free(&reference->magnitude);
}

/* One implementation before the judge, with memory of its own. */
struct trial {
    const struct tmk_reference *reference;
    const struct tmk_impl *impl;
    struct tmk_data data;
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

/* One operand after the run: an output must be right, an input untouched. */
static struct tmk_verdict judge_operand(const struct trial *trial, int o, bool exact)
{
    const struct tmk_reference *r = trial->reference;
    const struct tmk_args *expected = exact ? &r->exact.args : &r->real.args;
    const struct tmk_view *result = &trial->data.args.operand[o];
    if (exact || !tmk_dir_writes(r->dir, o))
        return tmk_check_exact(result, &expected->operand[o]);
    return tmk_check_bound(result, &expected->operand[o], &r->magnitude.args.operand[o],
                           r->problem->op->depth(r->problem, r->dir), trial->impl->accuracy);
}

static void judge(const struct trial *trial, bool exact, size_t numbers_before,
                  struct tmk_verdict *verdict)
{
    const struct tmk_reference *r = trial->reference;
    const char *kind = exact ? "integers" : "reals";
    size_t written = 0;
    for (int o = 0; o < TMK_NOPERANDS; o++) {
        const struct tmk_view *operand = &trial->data.args.operand[o];
        if (!operand->data)
            continue;
        struct tmk_verdict one = judge_operand(trial, o, exact);
        bool output = tmk_dir_writes(r->dir, o);
        written += output ? tmk_view_count(operand) : 0;
        verdict->passed &= one.passed;
        verdict->err_over_bound = fmax(verdict->err_over_bound, one.err_over_bound);
        if (!one.passed) {
            snprintf(verdict->text, sizeof verdict->text, "%s, seed %u: %s%s %.200s", kind, r->seed,
                     output ? "" : "the input ", operand_name[o], one.text);
            return;
        }
    }
    size_t numbers = count_numbers(trial);
    if (numbers != numbers_before + written || !tmk_guard_intact(&trial->guard)) {
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
    size_t numbers = count_numbers(trial);
    TMK_TRY(tmk_impl_call(trial->impl, r->problem, r->dir, &trial->data.args, &trial->exec));
    judge(trial, exact, numbers, verdict);
    return TMK_OK;
}

static enum tmk_status prepare(struct trial *trial, int threads)
{
    const struct tmk_problem *problem = trial->reference->problem;
    size_t bytes = tmk_impl_workspace(trial->impl, problem, trial->reference->dir, threads);
    TMK_TRY(tmk_data_make(problem, problem->dtype, threads, &trial->data));
    TMK_TRY(tmk_guard_make(bytes, &trial->guard));
    trial->exec = (struct tmk_exec){
        .threads = threads, .workspace = trial->guard.memory, .workspace_bytes = bytes};
    return TMK_OK;
}

enum tmk_status tmk_check_impl(const struct tmk_reference *reference, const struct tmk_impl *impl,
                               int threads, struct tmk_verdict *verdict)
{
    const char *refusal = tmk_impl_refusal_on(impl, reference->problem, reference->dir, threads);
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
    return status;
}
