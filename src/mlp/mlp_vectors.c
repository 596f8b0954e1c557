#include "mlp_vectors.h"

#include "mlp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-9 /* relative; of a decimal logarithm absolute */
#define MOST_LAYERS 100000
#define MOST_UNITS 100000

static enum tmk_status read_int(const struct tmk_vector *vector, const char *name, double most,
                                size_t *out)
{
    const struct tmk_vector_field *field = tmk_vector_find(vector, name);
    if (!field || !field->values || field->count != 1)
        return tmk_fail(TMK_EINVAL, "vector %s: no single integer '%s'", vector->name, name);
    if (!(field->values[0] >= 0 && field->values[0] <= most))
        return tmk_fail(TMK_EINVAL, "vector %s: '%s' holds %g: out of range", vector->name, name,
                        field->values[0]);
    *out = (size_t)field->values[0];
    return TMK_OK;
}

static enum tmk_status read_init(const struct tmk_vector *vector, const struct tmk_init **out)
{
    const struct tmk_vector_field *field = tmk_vector_find(vector, "init");
    const char *name = field && field->text ? field->text : "";
    *out = tmk_init_find(strcmp(name, "xavier") ? name : "glorot");
    if (!*out)
        return tmk_fail(TMK_EINVAL, "vector %s: unknown init '%s': u01, xavier or gain4 is needed",
                        vector->name, name);
    return TMK_OK;
}

static enum tmk_status read_spec(const struct tmk_vector *vector, struct tmk_mlp_spec *spec,
                                 size_t *seed)
{
    if (strcmp(vector->op, tmk_op_sigmoid_mlp.name))
        return tmk_fail(TMK_EUNSUPPORTED, "op '%s' is no %s", vector->op, tmk_op_sigmoid_mlp.name);
    *spec = (struct tmk_mlp_spec){
        .batch = 1, .activation = tmk_activation_find("sigmoid"), .dtype = TMK_F64};
    TMK_TRY(read_int(vector, "L", MOST_LAYERS, &spec->depth));
    TMK_TRY(read_int(vector, "width", MOST_UNITS, &spec->width));
    TMK_TRY(read_int(vector, "seed", UINT32_MAX, seed));
    return read_init(vector, &spec->init);
}

enum tmk_status tmk_mlp_vector_problem(const struct tmk_vector *vector, struct tmk_problem *out)
{
    struct tmk_mlp_spec spec = {0};
    size_t seed = 0;
    TMK_TRY(read_spec(vector, &spec, &seed));
    *out = (struct tmk_problem){
        .op = &tmk_op_sigmoid_mlp, .dtype = TMK_F64, .layout = TMK_NCHW, .multiplicity = 1};
    snprintf(out->name, sizeof out->name, "L%zu_width%zu_%s_seed%zu", spec.depth, spec.width,
             spec.init->name, seed);
    return TMK_OK;
}

static void format(const struct tmk_problem *problem, char *buf, size_t size)
{
    snprintf(buf, size, "%s", problem->name);
}

const struct tmk_op tmk_op_sigmoid_mlp = {
    .name = "sigmoid_mlp",
    .summary = "gradient norms of a deep sigmoid network",
    .problem_size = sizeof(struct tmk_problem),
    .format = format,
};

/* Note an error of one value of a field, in units of the tolerance; the first too large is told. */
static void judge(struct tmk_verdict *verdict, const char *field, size_t index, double got,
                  double wanted, double error)
{
    double ratio = error / TOLERANCE;
    if (!(ratio <= verdict->err_over_bound)) /* a NaN stays */
        verdict->err_over_bound = ratio;
    if (ratio <= 1 || !verdict->passed)
        return;
    verdict->passed = false;
    snprintf(verdict->text, sizeof verdict->text,
             "%s[%zu] is %.17g and should be %.17g: %.3g times the tolerance", field, index, got,
             wanted, ratio);
}

static void judge_value(struct tmk_verdict *verdict, const char *field, size_t index, double got,
                        double wanted, double scale)
{
    judge(verdict, field, index, got, wanted, fabs(got - wanted) / scale);
}

/* A run, and what its fields are called in a vector. */
struct run {
    const struct tmk_mlp_result *result;
    size_t depth;
};

static struct tmk_scaled loss(const struct run *run, size_t i)
{
    (void)i;
    return run->result->loss;
}

static struct tmk_scaled output(const struct run *run, size_t i)
{
    (void)i;
    return run->result->output;
}

static struct tmk_scaled da(const struct run *run, size_t i)
{
    return run->result->layers[i].da;
}

static struct tmk_scaled db(const struct run *run, size_t i)
{
    return run->result->layers[i].db;
}

static const struct {
    const char *name;
    struct tmk_scaled (*get)(const struct run *run, size_t i);
    bool by_layer, log;
} fields[] = {
    {"loss", loss, false, false}, {"yL", output, false, false}, {"dA_norm", da, true, false},
    {"db_norm", db, true, false}, {"dA_log10", da, true, true}, {"db_log10", db, true, true},
};
#define NFIELDS (sizeof fields / sizeof *fields)

static enum tmk_status judge_field(const struct tmk_vector *vector, const struct run *run, size_t f,
                                   struct tmk_verdict *verdict)
{
    const struct tmk_vector_field *field = tmk_vector_find(vector, fields[f].name);
    size_t count = fields[f].by_layer ? run->depth : 1;
    if (!field || !field->values || field->count != count)
        return tmk_fail(TMK_EINVAL, "vector %s: no '%s' of %zu values", vector->name,
                        fields[f].name, count);
    for (size_t i = 0; i < count; i++) {
        struct tmk_scaled got = fields[f].get(run, i);
        double wanted = field->values[i];
        if (fields[f].log)
            judge_value(verdict, fields[f].name, i, tmk_scaled_log10(got), wanted, 1);
        else if (isnormal(wanted)) /* what underflowed is judged by its logarithm */
            judge_value(verdict, fields[f].name, i, tmk_scaled_value(got), wanted, fabs(wanted));
    }
    return TMK_OK;
}

/* dL/dA_1 element by element, relative to its largest. */
static enum tmk_status judge_first(const struct tmk_vector *vector, const struct tmk_mlp *mlp,
                                   struct tmk_verdict *verdict)
{
    const struct tmk_vector_field *field = tmk_vector_find(vector, "dA_1");
    long exponent;
    const struct tmk_view *gradient = tmk_mlp_first_gradient(mlp, &exponent);
    double largest = 0;
    if (!field)
        return TMK_OK;
    if (!field->values || field->count != tmk_view_count(gradient))
        return tmk_fail(TMK_EINVAL, "vector %s: dA_1 is no matrix of %zu numbers", vector->name,
                        tmk_view_count(gradient));
    for (size_t i = 0; i < field->count; i++)
        largest = fmax(largest, fabs(field->values[i]));
    for (size_t i = 0; i < field->count; i++) {
        const size_t at[2] = {i / gradient->shape[1], i % gradient->shape[1]};
        double got = tmk_scaled_value(tmk_scaled_make(tmk_view_get(gradient, at), exponent));
        judge_value(verdict, "dA_1", i, got, field->values[i], largest);
    }
    return TMK_OK;
}

static enum tmk_status judge_run(const struct tmk_vector *vector, struct tmk_mlp *mlp, size_t seed,
                                 const struct run *run, struct tmk_mlp_result *result,
                                 struct tmk_verdict *verdict)
{
    TMK_TRY(tmk_mlp_run(mlp, (uint32_t)seed, false, NULL, result));
    for (size_t f = 0; f < NFIELDS; f++)
        TMK_TRY(judge_field(vector, run, f, verdict));
    return judge_first(vector, mlp, verdict);
}

enum tmk_status tmk_mlp_vector_check(const struct tmk_vector *vector, const struct tmk_impl *impl,
                                     int threads, struct tmk_verdict *verdict)
{
    struct tmk_mlp_spec spec = {0};
    struct tmk_mlp *mlp;
    size_t seed = 0;
    TMK_TRY(read_spec(vector, &spec, &seed));
    spec.impl = impl;
    TMK_TRY(tmk_mlp_make(&spec, threads, &mlp));
    struct tmk_mlp_result result = {.layers = calloc(spec.depth, sizeof *result.layers)};
    const struct run run = {&result, spec.depth};
    *verdict = (struct tmk_verdict){.passed = true};
    enum tmk_status status = result.layers
                                 ? judge_run(vector, mlp, seed, &run, &result, verdict)
                                 : tmk_fail(TMK_ENOMEM, "no memory for %zu layers", spec.depth);
    free(result.layers);
    tmk_mlp_free(mlp);
    return status;
}
