#include "vectors.h"
#include "alloc.h"
#include "conv2d.h"
#include "matmul.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define F64_TOLERANCE 1e-12 /* relative to the largest reference value: the format's own rule */
#define MAX_DESCRIPTOR 512

/* How a vector of an op names its operands, and how it becomes a descriptor. */
struct vocabulary {
    const struct tmk_op *op;
    const char *value[TMK_NOPERANDS], *gradient[TMK_NOPERANDS]; /* NULL: no such operand */
    enum tmk_status (*describe)(const struct tmk_vector *vector, char *buf, size_t size);
};

static enum tmk_status find_field(const struct tmk_vector *vector, const char *name,
                                  const struct tmk_vector_field **out)
{
    *out = tmk_vector_find(vector, name);
    if (!*out || !(*out)->values)
        return tmk_fail(TMK_EINVAL, "vector %s: no tensor or ints '%s'", vector->name, name);
    return TMK_OK;
}

static enum tmk_status get_ints(const struct tmk_vector *vector, const char *name, size_t count,
                                double least, size_t *out)
{
    const struct tmk_vector_field *field;
    TMK_TRY(find_field(vector, name, &field));
    if (field->count != count)
        return tmk_fail(TMK_EINVAL, "vector %s: '%s' has %zu values: %zu are needed", vector->name,
                        name, field->count, count);
    for (size_t i = 0; i < count; i++) {
        if (!(field->values[i] >= least && field->values[i] <= INT32_MAX))
            return tmk_fail(TMK_EINVAL, "vector %s: '%s' holds %g: out of range", vector->name,
                            name, field->values[i]);
        out[i] = (size_t)field->values[i];
    }
    return TMK_OK;
}

static enum tmk_status describe_conv2d(const struct tmk_vector *vector, char *buf, size_t size)
{
    const struct tmk_vector_field *x, *w;
    size_t stride[2], padding[2], dilation[2], groups = 1;
    TMK_TRY(find_field(vector, "x", &x));
    TMK_TRY(find_field(vector, "w", &w));
    TMK_TRY(get_ints(vector, "stride", 2, 1, stride));
    TMK_TRY(get_ints(vector, "padding", 2, 0, padding));
    TMK_TRY(get_ints(vector, "dilation", 2, 1, dilation));
    TMK_TRY(get_ints(vector, "groups", 1, 1, &groups));
    if (x->ndim != 4 || w->ndim != 4 || w->shape[1] * groups != x->shape[1])
        return tmk_fail(TMK_EINVAL,
                        "vector %s: x and w do not make a convolution: x (N, C, H, W) and "
                        "w (OC, C/groups, KH, KW) are needed",
                        vector->name);
    snprintf(buf, size, "g%zumb%zuic%zuih%zuiw%zuoc%zukh%zukw%zush%zusw%zuph%zupw%zudh%zudw%zu",
             groups, x->shape[0], x->shape[1], x->shape[2], x->shape[3], w->shape[0], w->shape[2],
             w->shape[3], stride[0], stride[1], padding[0], padding[1], dilation[0] - 1,
             dilation[1] - 1);
    return TMK_OK;
}

/* "2x3x4"; a vector of K elements is 1xK on the left and Kx1 on the right, as numpy.matmul. */
static enum tmk_status describe_matrix(const struct tmk_vector *vector, const char *name,
                                       const char *format_1d, char *buf, size_t size)
{
    const struct tmk_vector_field *field;
    TMK_TRY(find_field(vector, name, &field));
    if (field->ndim == 0)
        return tmk_fail(TMK_EINVAL, "vector %s: '%s' is a scalar: a matrix is needed", vector->name,
                        name);
    if (field->ndim == 1) {
        snprintf(buf, size, format_1d, field->shape[0]);
        return TMK_OK;
    }
    for (int i = 0, used = 0; i < field->ndim; i++)
        used += snprintf(buf + used, size - (size_t)used, "%s%zu", i ? "x" : "", field->shape[i]);
    return TMK_OK;
}

static enum tmk_status describe_matmul(const struct tmk_vector *vector, char *buf, size_t size)
{
    char a[MAX_DESCRIPTOR / 2], b[MAX_DESCRIPTOR / 2];
    TMK_TRY(describe_matrix(vector, "a", "1x%zu", a, sizeof a));
    TMK_TRY(describe_matrix(vector, "b", "%zux1", b, sizeof b));
    snprintf(buf, size, "%s:%s", a, b);
    return TMK_OK;
}

static const struct vocabulary vocabularies[] = {
    {&tmk_op_conv2d, {"x", "w", "b", "y"}, {"gx", "gw", "gb", "gy"}, describe_conv2d},
    {&tmk_op_matmul, {"a", "b", NULL, "y"}, {"ga", "gb", NULL, "gy"}, describe_matmul},
};

static const struct vocabulary *vocabulary_of(const char *op)
{
    for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++)
        if (!strcmp(vocabularies[i].op->name, op))
            return &vocabularies[i];
    return NULL;
}

/* The field's numbers as a view of the operand's shape, which may differ by dimensions of 1. */
static enum tmk_status field_view(const struct tmk_vector *vector, const char *name,
                                  const struct tmk_view *operand, struct tmk_view *out)
{
    const struct tmk_vector_field *field;
    TMK_TRY(find_field(vector, name, &field));
    int i = 0, j = 0;
    for (;; i++, j++) {
        while (i < field->ndim && field->shape[i] == 1)
            i++;
        while (j < operand->ndim && operand->shape[j] == 1)
            j++;
        if (i == field->ndim || j == operand->ndim || field->shape[i] != operand->shape[j])
            break;
    }
    if (i < field->ndim || j < operand->ndim) {
        char shape[128];
        tmk_view_format(operand, shape, sizeof shape);
        return tmk_fail(TMK_EINVAL, "vector %s: the shape of '%s' is not that of %s", vector->name,
                        name, shape);
    }
    return tmk_view_make(out, TMK_F64, operand->ndim, operand->shape, field->values,
                         field->count * sizeof *field->values);
}

static enum tmk_status build_problem(const struct tmk_vector *vector,
                                     const struct vocabulary *vocabulary,
                                     const struct tmk_context *context, struct tmk_problem *problem)
{
    char descriptor[MAX_DESCRIPTOR];
    struct tmk_view dst, y;
    size_t count;
    TMK_TRY(vocabulary->describe(vector, descriptor, sizeof descriptor));
    TMK_TRY(vocabulary->op->parse(descriptor, context, problem));
    snprintf(problem->name, sizeof problem->name, "%s", vector->name);
    TMK_TRY(vocabulary->op->operand(problem, TMK_DST, &dst, &count));
    return field_view(vector, vocabulary->value[TMK_DST], &dst, &y);
}

enum tmk_status tmk_vector_problem(const struct tmk_vector *vector, enum tmk_dtype dtype,
                                   enum tmk_layout layout, struct tmk_problem **out)
{
    const struct vocabulary *vocabulary = vocabulary_of(vector->op);
    if (!vocabulary)
        return tmk_fail(TMK_EUNSUPPORTED, "op '%s' is not checked here: conv2d, matmul and sigmoid_mlp are",
                        vector->op);
    const struct tmk_context context = {
        .dtype = dtype, .layout = layout, .no_bias = !tmk_vector_find(vector, "b")};
    struct tmk_problem *problem = calloc(1, vocabulary->op->problem_size);
    if (!problem)
        return tmk_fail(TMK_ENOMEM, "vector %s: no memory for the problem", vector->name);
    enum tmk_status status = build_problem(vector, vocabulary, &context, problem);
    if (status == TMK_OK)
        *out = problem;
    else
        free(problem);
    return status;
}

/* One check in progress. */
struct trial {
    const struct tmk_vector *vector;
    const struct vocabulary *vocabulary;
    const struct tmk_problem *problem;
    enum tmk_dir dir;
};

/* The field that holds an operand's values as `dir` reads or writes them. */
static const char *field_name(const struct trial *trial, enum tmk_operand operand)
{
    bool gradient =
        trial->dir != TMK_FWD && (operand == TMK_DST || tmk_dir_writes(trial->dir, operand));
    return gradient ? trial->vocabulary->gradient[operand] : trial->vocabulary->value[operand];
}

static bool is_absent(const struct tmk_view *operand)
{
    return operand->data == NULL;
}

/* Operands in `dtype`: inputs from the vector, outputs poisoned. */
static enum tmk_status fill_operands(const struct trial *trial, const struct tmk_args *args)
{
    for (enum tmk_operand o = 0; o < TMK_NOPERANDS; o++) {
        const struct tmk_view *operand = &args->operand[o];
        struct tmk_view values;
        if (is_absent(operand))
            continue;
        if (tmk_dir_writes(trial->dir, o)) {
            tmk_view_fill(operand, NAN);
            continue;
        }
        TMK_TRY(field_view(trial->vector, field_name(trial, o), operand, &values));
        TMK_TRY(tmk_view_copy(operand, &values));
    }
    return TMK_OK;
}

static enum tmk_status run_impl(const struct trial *trial, const struct tmk_impl *impl, int threads,
                                const struct tmk_args *args)
{
    void *workspace;
    size_t bytes = tmk_impl_workspace(impl, trial->problem, trial->dir, threads);
    TMK_TRY(tmk_alloc(bytes, "workspace", &workspace));
    struct tmk_exec exec = {
        .threads = threads, .workspace = workspace, .workspace_bytes = bytes};
    enum tmk_status status = tmk_impl_call(impl, trial->problem, trial->dir, args, &exec);
    tmk_free(workspace);
    return status;
}

/* |result - reference| <= tolerance * max |reference| for every element; views of doubles. */
static struct tmk_verdict check_relative(const struct tmk_view *result,
                                         const struct tmk_view *reference)
{
    struct tmk_verdict verdict = {.passed = true};
    const double *got = result->data, *want = reference->data;
    size_t count = tmk_view_count(reference);
    double bound = 0.0;
    for (size_t i = 0; i < count; i++)
        bound = fmax(bound, F64_TOLERANCE * fabs(want[i]));
    for (size_t i = 0; i < count; i++) {
        double error = fabs(got[i] - want[i]);
        if (bound > 0.0)
            verdict.err_over_bound = fmax(verdict.err_over_bound, error / bound);
        if (verdict.passed && !(error <= bound)) {
            verdict.passed = false;
            snprintf(verdict.text, sizeof verdict.text,
                     "element %zu (row-major) is %.17g, reference %.17g, bound %.3g", i, got[i],
                     want[i], bound);
        }
    }
    return verdict;
}

/* check_relative() on a dense copy. */
static enum tmk_status judge_f64(const struct tmk_view *result, const struct tmk_view *reference,
                                 struct tmk_verdict *verdict)
{
    void *memory;
    struct tmk_view dense;
    size_t bytes = tmk_view_count(reference) * sizeof(double);
    TMK_TRY(tmk_alloc(bytes, "a copy of the result", &memory));
    enum tmk_status status =
        tmk_view_make(&dense, TMK_F64, result->ndim, result->shape, memory, bytes);
    if (status == TMK_OK)
        status = tmk_view_copy(&dense, result);
    if (status == TMK_OK)
        *verdict = check_relative(&dense, reference);
    tmk_free(memory);
    return status;
}

/* Two of the depth's extra roundings are those of the inputs, which are decimals, to f32. */
static enum tmk_status judge_f32(const struct trial *trial, enum tmk_accuracy accuracy,
                                 enum tmk_operand operand, const struct tmk_view *result,
                                 const struct tmk_view *reference, struct tmk_verdict *verdict)
{
    struct tmk_data input = {0}, sums = {0}, magnitude = {0};
    enum tmk_status status = tmk_data_make(trial->problem, TMK_F64, 1, &input);
    if (status == TMK_OK)
        status = tmk_data_make(trial->problem, TMK_F64, 1, &sums);
    if (status == TMK_OK)
        status = tmk_data_make(trial->problem, TMK_F64, 1, &magnitude);
    if (status == TMK_OK)
        status = fill_operands(trial, &input.args);
    if (status == TMK_OK)
        status = trial->problem->op->oracle(trial->problem, trial->dir, &input.args, &sums.args,
                                            &magnitude.args);
    if (status == TMK_OK)
        *verdict =
            tmk_check_bound(result, reference, &magnitude.args.operand[operand],
                            trial->problem->op->depth(trial->problem, trial->dir) + 2, accuracy);
    tmk_data_free(&input);
    tmk_data_free(&sums);
    tmk_data_free(&magnitude);
    return status;
}

static enum tmk_status judge_operand(const struct trial *trial, enum tmk_accuracy accuracy,
                                     enum tmk_operand operand, const struct tmk_view *result,
                                     struct tmk_verdict *verdict)
{
    struct tmk_view reference;
    TMK_TRY(field_view(trial->vector, field_name(trial, operand), result, &reference));
    if (trial->vector->exact && accuracy == TMK_COMPONENTWISE) {
        *verdict = tmk_check_exact(result, &reference);
        return TMK_OK;
    }
    if (result->dtype == TMK_F64)
        return judge_f64(result, &reference, verdict);
    return judge_f32(trial, accuracy, operand, result, &reference, verdict);
}

/* Every operand that the direction writes; the first that fails decides. */
static enum tmk_status judge(const struct trial *trial, enum tmk_accuracy accuracy,
                             const struct tmk_args *args, struct tmk_verdict *verdict)
{
    *verdict = (struct tmk_verdict){.passed = true};
    for (enum tmk_operand o = 0; o < TMK_NOPERANDS && verdict->passed; o++) {
        if (!tmk_dir_writes(trial->dir, o) || is_absent(&args->operand[o]))
            continue;
        double worst = verdict->err_over_bound;
        TMK_TRY(judge_operand(trial, accuracy, o, &args->operand[o], verdict));
        verdict->err_over_bound = fmax(worst, verdict->err_over_bound);
    }
    return TMK_OK;
}

enum tmk_status tmk_vector_check(const struct tmk_vector *vector, const struct tmk_problem *problem,
                                 const struct tmk_impl *impl, enum tmk_dir dir, int threads,
                                 struct tmk_verdict *verdict)
{
    const struct trial trial = {vector, vocabulary_of(problem->op->name), problem, dir};
    struct tmk_data data;
    TMK_TRY(tmk_data_make(problem, problem->dtype, threads, &data));
    enum tmk_status status = fill_operands(&trial, &data.args);
    if (status == TMK_OK)
        status = run_impl(&trial, impl, threads, &data.args);
    if (status == TMK_OK)
        status = judge(&trial, impl->accuracy, &data.args, verdict);
    tmk_data_free(&data);
    return status;
}
