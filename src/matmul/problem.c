#include "matmul_parts.h"
#include "size.h"

#include <stdint.h>
#include <string.h>

void tmk_matmul_shape(const struct tmk_matmul *p, enum tmk_operand operand, size_t *shape)
{
    for (int i = 0; i < p->nbatch; i++) {
        size_t a = p->a_batch[i], b = p->b_batch[i];
        shape[i] = operand == TMK_SRC ? a : operand == TMK_WEI ? b : a == 1 ? b : a;
    }
    shape[p->nbatch] = operand == TMK_WEI ? p->k : p->m;
    shape[p->nbatch + 1] = operand == TMK_SRC ? p->k : p->n;
}

enum tmk_status tmk_matmul_operand(const struct tmk_problem *problem, enum tmk_operand operand,
                                   struct tmk_view *view, size_t *count)
{
    const struct tmk_matmul *p = tmk_matmul_of(problem);
    *view = (struct tmk_view){.dtype = problem->dtype, .ndim = 1};
    *count = 0;
    if (operand == TMK_BIA)
        return TMK_OK;
    view->ndim = p->nbatch + 2;
    tmk_matmul_shape(p, operand, view->shape);
    memcpy(view->stride, p->stride[operand], sizeof view->stride);

    size_t last = 0, step = 0;
    bool fits = true;
    for (int i = 0; fits && i < view->ndim; i++)
        fits = tmk_size_mul(view->shape[i] - 1, (size_t)view->stride[i], &step) &&
               tmk_size_add(last, step, &last);
    if (!fits || last >= PTRDIFF_MAX / sizeof(double)) {
        char text[512];
        tmk_view_format(view, text, sizeof text);
        return tmk_fail(TMK_EINVAL,
                        "matmul operand %s is beyond what memory can address: make it smaller",
                        text);
    }
    *count = last + 1;
    return TMK_OK;
}

static double elements(const struct tmk_matmul *p, enum tmk_operand operand)
{
    size_t shape[TMK_MAX_DIMS];
    tmk_matmul_shape(p, operand, shape);
    double count = 1;
    for (int i = 0; i < p->nbatch + 2; i++)
        count *= (double)shape[i];
    return count;
}

/* every element of C takes K products, and each direction computes the same products */
static double flops(const struct tmk_problem *problem, enum tmk_dir dir)
{
    (void)dir;
    const struct tmk_matmul *p = tmk_matmul_of(problem);
    return 2 * elements(p, TMK_DST) * (double)p->k;
}

static double bytes(const struct tmk_problem *problem, enum tmk_dir dir)
{
    (void)dir;
    const struct tmk_matmul *p = tmk_matmul_of(problem);
    double count = elements(p, TMK_SRC) + elements(p, TMK_WEI) + elements(p, TMK_DST);
    return count * (double)tmk_dtype_size(problem->dtype);
}

/* True if `dir` sums over batch axis i: the operand it writes was broadcast along it. */
static bool is_reduced(const struct tmk_matmul *p, enum tmk_dir dir, int i)
{
    return dir == TMK_BWD_D   ? p->a_batch[i] < p->b_batch[i]
           : dir == TMK_BWD_W ? p->b_batch[i] < p->a_batch[i]
                              : false;
}

static size_t depth(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct tmk_matmul *p = tmk_matmul_of(problem);
    size_t product = dir == TMK_FWD ? p->k : dir == TMK_BWD_D ? p->n : p->m;
    for (int i = 0; i < p->nbatch; i++) {
        if (is_reduced(p, dir, i))
            product *= TMK_MAX(p->a_batch[i], p->b_batch[i]); /* at most the elements of C */
    }
    return product;
}

struct tmk_product tmk_matmul_as_product(const struct tmk_problem *problem, enum tmk_dir dir,
                                         const struct tmk_args *args)
{
    const struct tmk_matmul *p = tmk_matmul_of(problem);
    const struct tmk_view *a = &args->operand[TMK_SRC], *b = &args->operand[TMK_WEI];
    const struct tmk_view *c = &args->operand[TMK_DST];
    struct tmk_product product = {.out = *c, .left = *a, .right = *b};
    if (dir == TMK_BWD_D)
        product =
            (struct tmk_product){.out = *a, .left = *c, .right = tmk_view_transpose(b, -2, -1)};
    else if (dir == TMK_BWD_W)
        product =
            (struct tmk_product){.out = *b, .left = tmk_view_transpose(a, -2, -1), .right = *c};

    struct tmk_view *views[] = {&product.out, &product.left, &product.right};
    for (int i = 0; i < p->nbatch; i++) {
        product.reduced[i] = is_reduced(p, dir, i);
        for (int v = 0; v < 3; v++) {
            if (views[v]->shape[i] == 1)
                views[v]->stride[i] = 0;
            views[v]->shape[i] = c->shape[i];
        }
    }
    return product;
}

struct tmk_view tmk_matmul_matrix(const struct tmk_view *view, ptrdiff_t offset)
{
    struct tmk_view matrix = *view;
    int nbatch = view->ndim - 2;
    matrix.ndim = 2;
    matrix.data = (char *)view->data + offset * (ptrdiff_t)tmk_dtype_size(view->dtype);
    for (int i = 0; i < 2; i++) {
        matrix.shape[i] = view->shape[nbatch + i];
        matrix.stride[i] = view->stride[nbatch + i];
    }
    return matrix;
}

/* Strides stay: what was summed up leaves gaps, which do no harm. */
static void thin(const struct tmk_problem *problem, enum tmk_dir dir, struct tmk_problem *out)
{
    struct tmk_matmul *p = (struct tmk_matmul *)out;
    *p = *tmk_matmul_of(problem);
    *(dir == TMK_BWD_D ? &p->k : &p->n) = 1;
}

#define TMK_IMPL(name) extern const struct tmk_impl tmk_matmul_##name;
#include "matmul_impls.inc"
#undef TMK_IMPL

#define TMK_IMPL(name) &tmk_matmul_##name,
static const struct tmk_impl *const impls[] = {
#include "matmul_impls.inc"
    NULL};
#undef TMK_IMPL

const struct tmk_op tmk_op_matmul = {
    .name = "matmul",
    .summary = "matrix multiplication with batch dimensions that broadcast",
    .grammar =
        "DIMS:DIMS[:DIMS][_][nNAME], DIMS = SIZE(xSIZE)*: A (..., M, K), B (..., K, N), C (..., M, "
        "N).\n"
        "Leading dimensions broadcast, a shorter tensor is padded with 1s. *N at the end of NAME "
        "is the\n"
        "layer's multiplicity. Options before it: --stag=ab|ba and --wtag=ab|ba (ba: A or B "
        "stored\n"
        "transposed), --strides=S:W:D (strides of A, B and C in elements, each 1x2x... or empty).\n"
        "  10x30:30x20   7x32x16:1x16x8   12x128x64:12x64x128n\"encoder:QK\"\n"
        "  --wtag=ba 10x30:30x20   --strides=120x1::100x1 10x30:30x20",
    .problem_size = sizeof(struct tmk_matmul),
    .impls = impls,
    .peers = tmk_matmul_peers,
    .ceiling = &tmk_matmul_fma,
    .parse = tmk_matmul_parse,
    .format = tmk_matmul_format,
    .flops = flops,
    .flops_unpadded = flops,
    .bytes = bytes,
    .depth = depth,
    .thin = thin,
    .operand = tmk_matmul_operand,
    .oracle = tmk_matmul_oracle,
};
