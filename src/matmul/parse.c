#include "matmul_parts.h"
#include "size.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* the operands of a descriptor, and of --strides=S:W:D, in their order */
enum { NPARTS = 3 };
static const enum tmk_operand part_operand[NPARTS] = {TMK_SRC, TMK_WEI, TMK_DST};
static const char *const part_name[NPARTS] = {"A", "B", "C"};

struct list {
    int count;
    size_t value[TMK_MAX_DIMS];
};

/* Read "int(xint)*" and move *cursor behind it, or to the fault. False: not a number, one that
 * ptrdiff_t cannot hold, or more than TMK_MAX_DIMS. */
static bool read_list(const char **cursor, struct list *list)
{
    for (list->count = 0; list->count < TMK_MAX_DIMS; ++*cursor) {
        if (!isdigit((unsigned char)**cursor))
            return false;
        char *end;
        errno = 0;
        unsigned long long value = strtoull(*cursor, &end, 10);
        if (errno || value > PTRDIFF_MAX)
            return false;
        list->value[list->count++] = (size_t)value;
        *cursor = end;
        if (*end != 'x')
            return true;
    }
    return false;
}

/* Split a descriptor into its sizes (count 0 where C's are not given) and name (left alone if there
 * is none). */
static enum tmk_status split(const char *desc, struct list dims[NPARTS], const char **name)
{
    const char *at = desc;
    for (int part = 0; part < NPARTS; part++) {
        dims[part].count = 0;
        if (part == 2 && *at != ':')
            break;
        if ((part > 0 && *at++ != ':') || !read_list(&at, &dims[part]))
            return tmk_fail(TMK_EINVAL,
                            "matmul %s: the sizes of %s are malformed, too large or more than %d: "
                            "write MxK:KxN, batch dimensions in front",
                            desc, part_name[part], TMK_MAX_DIMS);
    }
    if (*at == '_')
        at++;
    if (*at == 'n')
        *name = at + 1;
    else if (*at != '\0')
        return tmk_fail(TMK_EINVAL, "matmul %s: cannot read \"%s\": a name begins with n", desc,
                        at);
    return TMK_OK;
}

static void pad_with_ones(struct list *list, int ndim)
{
    int missing = ndim - list->count;
    memmove(list->value + missing, list->value, (size_t)list->count * sizeof *list->value);
    for (int i = 0; i < missing; i++)
        list->value[i] = 1;
    list->count = ndim;
}

static enum tmk_status check_sizes(const char *desc, const struct list dims[NPARTS])
{
    for (int part = 0; part < NPARTS; part++) {
        if (part < 2 && dims[part].count < 2)
            return tmk_fail(TMK_EINVAL, "matmul %s: %s has %d dimension: give rows and columns",
                            desc, part_name[part], dims[part].count);
        for (int i = 0; i < dims[part].count; i++) {
            if (dims[part].value[i] == 0)
                return tmk_fail(TMK_EINVAL, "matmul %s: %s has a size of 0: sizes begin at 1", desc,
                                part_name[part]);
        }
    }
    return TMK_OK;
}

static enum tmk_status set_sizes(const char *desc, struct list dims[NPARTS], struct tmk_matmul *p)
{
    TMK_TRY(check_sizes(desc, dims));
    int ndim = TMK_MAX(dims[0].count, dims[1].count);
    pad_with_ones(&dims[0], ndim);
    pad_with_ones(&dims[1], ndim);
    const size_t *a = dims[0].value, *b = dims[1].value;
    p->nbatch = ndim - 2;
    p->m = a[ndim - 2];
    p->k = a[ndim - 1];
    p->n = b[ndim - 1];
    if (b[ndim - 2] != p->k)
        return tmk_fail(TMK_EINVAL, "matmul %s: A has %zu columns, B has %zu rows: make them equal",
                        desc, p->k, b[ndim - 2]);
    for (int i = 0; i < p->nbatch; i++) {
        if (a[i] != b[i] && a[i] != 1 && b[i] != 1)
            return tmk_fail(
                TMK_EINVAL,
                "matmul %s: batch sizes %zu and %zu do not broadcast: make them equal, or one 1",
                desc, a[i], b[i]);
        p->a_batch[i] = a[i];
        p->b_batch[i] = b[i];
    }
    if (dims[2].count == 0)
        return TMK_OK;
    size_t result[TMK_MAX_DIMS];
    tmk_matmul_shape(p, TMK_DST, result);
    if (dims[2].count <= ndim)
        pad_with_ones(&dims[2], ndim);
    if (dims[2].count != ndim || memcmp(dims[2].value, result, (size_t)ndim * sizeof *result) != 0)
        return tmk_fail(TMK_EINVAL,
                        "matmul %s: C is not the shape of A B: leave it out or correct it", desc);
    return TMK_OK;
}

/* Row-major strides; `transposed`: with the last two dimensions stored in the other order. False if
 * they overflow. */
static bool dense_strides(int ndim, const size_t *shape, bool transposed, ptrdiff_t *stride)
{
    size_t step = 1;
    for (int i = ndim - 1; i >= 0; i--) {
        int axis = transposed && i >= ndim - 2 ? 2 * ndim - 3 - i : i;
        stride[axis] = (ptrdiff_t)step;
        if (!tmk_size_mul(step, shape[axis], &step) || step > PTRDIFF_MAX)
            return false;
    }
    return true;
}

/* No element shares its place with another. Sufficient, and necessary but for interleaved patterns:
 * each stride reaches beyond all that the smaller ones cover. */
static bool elements_apart(const struct tmk_view *view)
{
    for (int i = 0; i < view->ndim; i++) {
        ptrdiff_t reach = 0;
        for (int j = 0; j < view->ndim; j++) {
            if (j != i && view->stride[j] <= view->stride[i])
                reach += (ptrdiff_t)(view->shape[j] - 1) * view->stride[j];
        }
        if (view->shape[i] > 1 && view->stride[i] <= reach)
            return false;
    }
    return true;
}

/* "ab", "ba" or absent; *transposed tells which. */
static enum tmk_status read_tag(const char *desc, const char *option, const char *tag,
                                bool *transposed)
{
    *transposed = tag && strcmp(tag, "ba") == 0;
    if (!tag || *transposed || strcmp(tag, "ab") == 0)
        return TMK_OK;
    return tmk_fail(TMK_EUNSUPPORTED, "matmul %s: --%s=%s is not offered: use ab or ba", desc,
                    option, tag);
}

static enum tmk_status set_dense(const char *desc, int part, bool transposed, struct tmk_matmul *p)
{
    size_t shape[TMK_MAX_DIMS];
    tmk_matmul_shape(p, part_operand[part], shape);
    if (!dense_strides(p->nbatch + 2, shape, transposed, p->stride[part_operand[part]]))
        return tmk_fail(TMK_EINVAL,
                        "matmul %s: %s is beyond what memory can address: make it smaller", desc,
                        part_name[part]);
    return TMK_OK;
}

static enum tmk_status set_strides(const char *desc, const struct tmk_context *context,
                                   struct tmk_matmul *p)
{
    bool transposed[NPARTS] = {false};
    TMK_TRY(read_tag(desc, "stag", context->stag, &transposed[0]));
    TMK_TRY(read_tag(desc, "wtag", context->wtag, &transposed[1]));
    const char *at = context->strides ? context->strides : "";
    for (int part = 0; part < NPARTS; part++) {
        if (*at == '\0' || *at == ':') {
            TMK_TRY(set_dense(desc, part, transposed[part], p));
        } else {
            struct list list;
            if (!read_list(&at, &list) || list.count != p->nbatch + 2)
                return tmk_fail(
                    TMK_EINVAL,
                    "matmul %s: --strides=%s: %s needs %d numbers, 1x2x...: give one for each "
                    "dimension, counting the 1s it is padded with",
                    desc, context->strides, part_name[part], p->nbatch + 2);
            if (transposed[part])
                return tmk_fail(TMK_EINVAL,
                                "matmul %s: %s has both a tag ba and strides: give one of them",
                                desc, part_name[part]);
            for (int i = 0; i < list.count; i++)
                p->stride[part_operand[part]][i] = (ptrdiff_t)list.value[i];
        }
        if (*at == ':' && part < NPARTS - 1)
            at++;
        else if (*at != '\0')
            return tmk_fail(TMK_EINVAL, "matmul %s: --strides=%s: cannot read \"%s\": write S:W:D",
                            desc, context->strides, at);
    }
    return TMK_OK;
}

static enum tmk_status check_operands(const char *desc, const struct tmk_matmul *p)
{
    for (int part = 0; part < NPARTS; part++) {
        struct tmk_view view;
        size_t count;
        TMK_TRY(tmk_matmul_operand(&p->base, part_operand[part], &view, &count));
        if (!elements_apart(&view))
            return tmk_fail(
                TMK_EINVAL,
                "matmul %s: strides make elements of %s overlap, and one direction writes "
                "them: make them larger",
                desc, part_name[part]);
    }
    char canonical[1024]; /* holds two shapes and three lists of strides whatever their digits */
    tmk_matmul_format(&p->base, canonical, sizeof canonical);
    if (strlen(canonical) >= TMK_DESC_MAX)
        return tmk_fail(TMK_EINVAL,
                        "matmul %s: longer than %d characters with its strides: shorten them", desc,
                        TMK_DESC_MAX - 1);
    return TMK_OK;
}

enum tmk_status tmk_matmul_parse(const char *desc, const struct tmk_context *context,
                                 struct tmk_problem *out)
{
    struct tmk_matmul p;
    memset(&p, 0, sizeof p); /* padding too: equal problems are equal bytes */
    p.base.op = &tmk_op_matmul;
    p.base.dtype = context->dtype;
    p.base.layout = TMK_NCHW;
    p.base.multiplicity = 1;
    struct list dims[NPARTS];
    const char *name = NULL;
    TMK_TRY(split(desc, dims, &name));
    TMK_TRY(set_sizes(desc, dims, &p));
    TMK_TRY(set_strides(desc, context, &p));
    TMK_TRY(check_operands(desc, &p));
    if (name)
        TMK_TRY(tmk_problem_set_name(desc, name, &p.base));
    memcpy(out, &p, sizeof p);
    return TMK_OK;
}

/* Append as printf would, as far as it fits. */
static void append(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void append(char *buf, size_t size, const char *format, ...)
{
    size_t used = strlen(buf);
    va_list args;
    va_start(args, format);
    vsnprintf(buf + used, size - used, format, args);
    va_end(args);
}

/* How an operand lies in memory, as the options say it. */
enum order { ORDER_AB, ORDER_BA, ORDER_STRIDES };

static enum order operand_order(const struct tmk_matmul *p, enum tmk_operand operand)
{
    int ndim = p->nbatch + 2;
    size_t shape[TMK_MAX_DIMS];
    ptrdiff_t dense[TMK_MAX_DIMS];
    tmk_matmul_shape(p, operand, shape);
    for (int transposed = 0; transposed <= (operand != TMK_DST); transposed++) {
        if (dense_strides(ndim, shape, transposed, dense) &&
            memcmp(dense, p->stride[operand], (size_t)ndim * sizeof *dense) == 0)
            return transposed ? ORDER_BA : ORDER_AB;
    }
    return ORDER_STRIDES;
}

void tmk_matmul_format(const struct tmk_problem *problem, char *buf, size_t size)
{
    const struct tmk_matmul *p = tmk_matmul_of(problem);
    int ndim = p->nbatch + 2;
    enum order order[NPARTS];
    bool strided = false;
    for (int part = 0; part < NPARTS; part++) {
        order[part] = operand_order(p, part_operand[part]);
        strided |= order[part] == ORDER_STRIDES;
    }
    *buf = '\0';
    append(buf, size, "%s%s%s", order[0] == ORDER_BA ? "--stag=ba " : "",
           order[1] == ORDER_BA ? "--wtag=ba " : "", strided ? "--strides=" : "");
    for (int part = 0; strided && part < NPARTS; part++) {
        const ptrdiff_t *stride = p->stride[part_operand[part]];
        for (int i = 0; order[part] == ORDER_STRIDES && i < ndim; i++)
            append(buf, size, "%s%td", i ? "x" : "", stride[i]);
        append(buf, size, "%s", part < NPARTS - 1 ? ":" : " ");
    }
    for (int part = 0; part < 2; part++) {
        size_t shape[TMK_MAX_DIMS];
        tmk_matmul_shape(p, part_operand[part], shape);
        for (int i = 0; i < ndim; i++)
            append(buf, size, "%s%zu", i ? "x" : part ? ":" : "", shape[i]);
    }
}
