/* Problems for the tests of matmul: from the text of the canonical form, and random ones. */
#ifndef TMK_TESTS_MATMUL_CASES_H
#define TMK_TESTS_MATMUL_CASES_H

#include "matmul.h"
#include "random.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct tmk_op *const op = &tmk_op_matmul;

/* "[--stag=..] [--wtag=..] [--strides=..] DESC" as the canonical form has it. */
static enum tmk_status read_text(const char *text, enum tmk_dtype dtype, struct tmk_matmul *out)
{
    char copy[1024];
    assert_true(strlen(text) < sizeof copy);
    strcpy(copy, text);
    struct tmk_context context = {.dtype = dtype};
    const struct {
        const char *option;
        const char **value;
    } options[] = {
        {"--stag=", &context.stag}, {"--wtag=", &context.wtag}, {"--strides=", &context.strides}};
    char *at = copy;
    for (char *space; (space = strchr(at, ' ')) && *at == '-'; at = space + 1) {
        *space = '\0';
        for (size_t i = 0; i < COUNT(options); i++) {
            size_t length = strlen(options[i].option);
            if (strncmp(at, options[i].option, length) == 0)
                *options[i].value = at + length;
        }
    }
    memset(out, 0xa5, sizeof *out);
    return op->parse(at, &context, &out->base);
}

static struct tmk_matmul problem_of(const char *text, enum tmk_dtype dtype)
{
    struct tmk_matmul p;
    if (read_text(text, dtype, &p) != TMK_OK)
        fail_msg("%s: %s", text, tmk_message());
    return p;
}

static size_t pick(struct tmk_random *random, uint32_t bound)
{
    return 1 + tmk_random_below(random, bound);
}

/* 1 to 40, small ones more often, primes and powers of two among them */
static size_t pick_size(struct tmk_random *random)
{
    return pick(random, (uint32_t)pick(random, 40));
}

/* Strides in a random order of the axes, with gaps. */
static void print_strides(FILE *text, struct tmk_random *random, int ndim, const size_t *shape)
{
    int order[TMK_MAX_DIMS];
    size_t stride[TMK_MAX_DIMS], step = pick(random, 2);
    for (int i = 0; i < ndim; i++) {
        int j = (int)tmk_random_below(random, (uint32_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (int i = 0; i < ndim; i++) {
        stride[order[i]] = step;
        step = step * shape[order[i]] + tmk_random_below(random, 3);
    }
    for (int i = 0; i < ndim; i++)
        fprintf(text, "%s%zu", i ? "x" : "", stride[i]);
}

static void random_text(struct tmk_random *random, char *buf, size_t size)
{
    int nbatch = (int)tmk_random_below(random, 2) * (int)pick(random, 3), ndim = nbatch + 2;
    size_t shape[3][TMK_MAX_DIMS];
    for (int i = 0; i < nbatch; i++) {
        size_t b = pick(random, 4), stretched = tmk_random_below(random, 3);
        shape[0][i] = stretched == 1 ? 1 : b;
        shape[1][i] = stretched == 2 ? 1 : b;
        shape[2][i] = b;
    }
    size_t m = pick_size(random), n = pick_size(random), k = pick_size(random);
    const size_t matrices[3][2] = {{m, k}, {k, n}, {m, n}};
    for (int operand = 0; operand < 3; operand++)
        memcpy(shape[operand] + nbatch, matrices[operand], sizeof *matrices);

    FILE *text = fmemopen(buf, size, "w");
    assert_non_null(text);
    uint32_t form[3]; /* 0, 1: dense; 2: ba; 3: strides */
    for (int operand = 0; operand < 3; operand++)
        form[operand] = tmk_random_below(random, 4);
    fprintf(text, "%s%s--strides=", form[0] == 2 ? "--stag=ba " : "",
            form[1] == 2 ? "--wtag=ba " : "");
    for (int operand = 0; operand < 3; operand++) {
        if (form[operand] == 3)
            print_strides(text, random, ndim, shape[operand]);
        fputc(operand < 2 ? ':' : ' ', text);
    }
    for (int operand = 0; operand < 2; operand++) {
        for (int i = 0; i < ndim; i++)
            fprintf(text, "%s%zu", i ? "x" : operand ? ":" : "", shape[operand][i]);
    }
    fclose(text);
}

static struct tmk_matmul random_problem(struct tmk_random *random, enum tmk_dtype dtype)
{
    char text[1024];
    random_text(random, text, sizeof text);
    return problem_of(text, dtype);
}

#endif
