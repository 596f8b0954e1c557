#include "mlp_parts.h"

#include "alloc.h"
#include "size.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

/* a * b * c; SIZE_MAX if it overflows */
static size_t product(size_t a, size_t b, size_t c)
{
    size_t ab, abc;
    return tmk_size_mul(a, b, &ab) && tmk_size_mul(ab, c, &abc) ? abc : SIZE_MAX;
}

static enum tmk_status parse_product(const struct tmk_mlp_spec *spec, size_t units,
                                     struct tmk_matmul *out)
{
    char descriptor[TMK_DESC_MAX];
    const struct tmk_context context = {.dtype = spec->dtype, .wtag = "ba"};
    snprintf(descriptor, sizeof descriptor, "%zux%zu:%zux%zu", spec->batch, spec->width,
             spec->width, units);
    return tmk_op_matmul.parse(descriptor, &context, &out->base);
}

/* The products of a hidden layer and of the last, and the workspace that suffices for each. */
static enum tmk_status make_products(const struct tmk_mlp_spec *spec, int threads,
                                     struct tmk_matmul *hidden, struct tmk_matmul *last,
                                     size_t *workspace)
{
    TMK_TRY(parse_product(spec, spec->width, hidden));
    TMK_TRY(parse_product(spec, 1, last));
    *workspace = 0;
    for (enum tmk_dir dir = 0; dir < TMK_NDIRS; dir++) {
        const struct tmk_problem *problems[] = {&hidden->base, &last->base};
        for (int i = 0; i < 2; i++) {
            const char *refusal = tmk_impl_refusal(spec->impl, problems[i], dir);
            if (refusal)
                return tmk_fail(TMK_EUNSUPPORTED, "matmul %s %s: %s: choose another --impl",
                                spec->impl->name, tmk_dir_name[dir], refusal);
            size_t bytes = tmk_impl_workspace(spec->impl, problems[i], dir, threads);
            *workspace = TMK_MAX(*workspace, bytes);
        }
    }
    return TMK_OK;
}

static enum tmk_status check_sizes(const struct tmk_mlp_spec *spec)
{
    const struct {
        const char *name;
        size_t value;
    } sizes[] = {{"depth", spec->depth}, {"width", spec->width}, {"batch", spec->batch}};
    for (int i = 0; i < 3; i++)
        if (sizes[i].value == 0)
            return tmk_fail(TMK_EINVAL, "%s 0: a network needs a %s of 1 or more", sizes[i].name,
                            sizes[i].name);
    return TMK_OK;
}

static bool keeps_weights(const struct tmk_mlp_spec *spec)
{
    size_t matrix = product(spec->width, spec->width, tmk_dtype_size(spec->dtype));
    return product(spec->depth, matrix, 1) <= spec->keep_bytes;
}

/* Where each buffer starts; start[TMK_MLP_NBUFFERS] is the end of the last. */
static enum tmk_status lay_out(const struct tmk_mlp_spec *spec, size_t workspace, size_t *start)
{
    size_t depth = spec->depth, width = spec->width, batch = spec->batch;
    size_t real = tmk_dtype_size(spec->dtype), signal = product(batch, width, 1);
    const size_t bytes[TMK_MLP_NBUFFERS] = {
        [TMK_MLP_ACTIVATIONS] = product(depth, signal, real),
        [TMK_MLP_PREACTIVATIONS] = product(depth, signal, sizeof(double)),
        [TMK_MLP_TARGETS] = product(batch, sizeof(double), 1),
        [TMK_MLP_WEIGHTS] =
            product(keeps_weights(spec) ? depth : 1, width, product(width, real, 1)),
        [TMK_MLP_BIASES] = product(width, sizeof(double), 1),
        [TMK_MLP_GRADIENT] = product(width, width, real),
        [TMK_MLP_DELTA] = product(signal, real, 1),
        [TMK_MLP_PRODUCT] = product(signal, real, 1),
        [TMK_MLP_SIGNAL] = product(signal, sizeof(double), 1),
        [TMK_MLP_SCRATCH] = product(signal, sizeof(double), 1),
        [TMK_MLP_STREAMS] = product(depth, sizeof(struct tmk_random), 1),
        [TMK_MLP_EXPONENTS] = product(depth, sizeof(long), 1),
        [TMK_MLP_WORKSPACE] = workspace,
    };
    start[0] = 0;
    for (int i = 0; i < TMK_MLP_NBUFFERS; i++) {
        if (bytes[i] > SIZE_MAX / 64)
            return tmk_fail(TMK_EINVAL,
                            "depth %zu, width %zu, batch %zu: beyond what memory can address: "
                            "choose a smaller network",
                            depth, width, batch);
        start[i + 1] = start[i] + tmk_round_up(bytes[i], TMK_ALIGN);
    }
    return TMK_OK;
}

enum tmk_status tmk_mlp_bytes(const struct tmk_mlp_spec *spec, int threads, size_t *bytes)
{
    struct tmk_matmul hidden, last;
    size_t workspace, start[TMK_MLP_NBUFFERS + 1];
    TMK_TRY(check_sizes(spec));
    TMK_TRY(make_products(spec, threads, &hidden, &last, &workspace));
    TMK_TRY(lay_out(spec, workspace, start));
    *bytes = start[TMK_MLP_NBUFFERS];
    return TMK_OK;
}

static enum tmk_status check_memory(const struct tmk_mlp_spec *spec, size_t bytes)
{
    char need[32], have[32];
    size_t available = tmk_memory_available();
    if (bytes <= available)
        return TMK_OK;
    return tmk_fail(TMK_ENOMEM,
                    "depth %zu, width %zu, batch %zu: needs %s of memory and %s are free: choose "
                    "a smaller network",
                    spec->depth, spec->width, spec->batch,
                    tmk_format_bytes(need, sizeof need, (double)bytes),
                    tmk_format_bytes(have, sizeof have, (double)available));
}

static enum tmk_status prepare(struct tmk_mlp *mlp, int threads)
{
    size_t workspace, start[TMK_MLP_NBUFFERS + 1];
    TMK_TRY(make_products(&mlp->spec, threads, &mlp->hidden, &mlp->last, &workspace));
    TMK_TRY(lay_out(&mlp->spec, workspace, start));
    TMK_TRY(check_memory(&mlp->spec, start[TMK_MLP_NBUFFERS]));
    TMK_TRY(tmk_alloc(start[TMK_MLP_NBUFFERS], "a network", &mlp->memory));
    for (int i = 0; i < TMK_MLP_NBUFFERS; i++)
        mlp->buffer[i] = (char *)mlp->memory + start[i];
    mlp->keeps_weights = keeps_weights(&mlp->spec);
    mlp->exec = (struct tmk_exec){.threads = threads,
                                  .workspace = mlp->buffer[TMK_MLP_WORKSPACE],
                                  .workspace_bytes = workspace};
    return TMK_OK;
}

enum tmk_status tmk_mlp_make(const struct tmk_mlp_spec *spec, int threads, struct tmk_mlp **out)
{
    TMK_TRY(check_sizes(spec));
    struct tmk_mlp *mlp = calloc(1, sizeof *mlp);
    if (!mlp)
        return tmk_fail(TMK_ENOMEM, "no memory for a network");
    mlp->spec = *spec;
    enum tmk_status status = prepare(mlp, threads);
    if (status != TMK_OK) {
        tmk_mlp_free(mlp);
        return status;
    }
    *out = mlp;
    return TMK_OK;
}

void tmk_mlp_free(struct tmk_mlp *mlp)
{
    if (mlp)
        tmk_free(mlp->memory);
    free(mlp);
}

double *tmk_mlp_z(const struct tmk_mlp *mlp, size_t l)
{
    return (double *)mlp->buffer[TMK_MLP_PREACTIVATIONS] +
           (l - 1) * mlp->spec.batch * mlp->spec.width;
}

long *tmk_mlp_exponent(const struct tmk_mlp *mlp, size_t l)
{
    return (long *)mlp->buffer[TMK_MLP_EXPONENTS] + l;
}

int tmk_mlp_slope_power(const struct tmk_mlp *mlp, size_t l)
{
    return mlp->spec.activation->rate == 0 ? 0 : (int)*tmk_mlp_exponent(mlp, l - 1);
}

static struct tmk_view dense(enum tmk_dtype dtype, void *memory, size_t rows, size_t cols)
{
    return (struct tmk_view){.data = memory,
                             .dtype = dtype,
                             .ndim = 2,
                             .shape = {rows, cols},
                             .stride = {(ptrdiff_t)cols, 1},
                             .begin = memory,
                             .end = (char *)memory + rows * cols * tmk_dtype_size(dtype)};
}

struct tmk_view tmk_mlp_y(const struct tmk_mlp *mlp, size_t l)
{
    size_t bytes = mlp->spec.batch * mlp->spec.width * tmk_dtype_size(mlp->spec.dtype);
    return dense(mlp->spec.dtype, (char *)mlp->buffer[TMK_MLP_ACTIVATIONS] + l * bytes,
                 mlp->spec.batch, mlp->spec.width);
}

struct tmk_view tmk_mlp_weights(const struct tmk_mlp *mlp, size_t l)
{
    size_t width = mlp->spec.width, slot = mlp->keeps_weights ? l - 1 : 0;
    size_t bytes = width * width * tmk_dtype_size(mlp->spec.dtype);
    return dense(mlp->spec.dtype, (char *)mlp->buffer[TMK_MLP_WEIGHTS] + slot * bytes,
                 tmk_mlp_units(mlp, l), width);
}

struct tmk_view tmk_mlp_matrix(const struct tmk_mlp *mlp, enum tmk_mlp_buffer buffer, size_t rows,
                               size_t cols)
{
    return dense(mlp->spec.dtype, mlp->buffer[buffer], rows, cols);
}

enum tmk_status tmk_mlp_multiply(const struct tmk_mlp *mlp, size_t l, enum tmk_dir dir,
                                 const struct tmk_view *src, const struct tmk_view *wei,
                                 const struct tmk_view *dst)
{
    const struct tmk_matmul *p = l == mlp->spec.depth ? &mlp->last : &mlp->hidden;
    struct tmk_args args = {.operand = {[TMK_SRC] = *src, [TMK_DST] = *dst}};
    args.operand[TMK_WEI] = tmk_view_transpose(wei, 0, 1);
    struct tmk_exec exec = mlp->exec;
    return tmk_impl_call(mlp->spec.impl, &p->base, dir, &args, &exec);
}

void tmk_mlp_load(const struct tmk_view *view, double *values)
{
    struct tmk_view out = dense(TMK_F64, values, view->shape[0], view->shape[1]);
    tmk_view_copy(&out, view);
}

void tmk_mlp_store(const struct tmk_view *view, const double *values)
{
    struct tmk_view in = dense(TMK_F64, (double *)values, view->shape[0], view->shape[1]);
    tmk_view_copy(view, &in);
}

enum tmk_status tmk_mlp_tick(const struct tmk_mlp_watch *watch)
{
    if (watch && watch->tick && !watch->tick(watch->ctx))
        return tmk_fail(TMK_EINTR, "interrupted");
    return TMK_OK;
}

enum tmk_status tmk_mlp_run(struct tmk_mlp *mlp, uint32_t seed, bool spectral,
                            const struct tmk_mlp_watch *watch, struct tmk_mlp_result *result)
{
    TMK_TRY(tmk_mlp_forward(mlp, seed, spectral, watch, result));
    return tmk_mlp_backward(mlp, watch, result);
}

const struct tmk_view *tmk_mlp_first_gradient(const struct tmk_mlp *mlp, long *exponent)
{
    *exponent = mlp->gradient_exponent;
    return &mlp->gradient;
}
