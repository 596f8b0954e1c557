/* Reference vectors: the reader's complaints, the problems that vectors state, and the judgement.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv2d.h"
#include "matmul.h"
#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static void write_file(const char *text)
{
    snprintf(path, sizeof path, "/tmp/tilemark-vector-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static enum tmk_status read_text(const char *text, struct tmk_vector *vector)
{
    write_file(text);
    enum tmk_status status = tmk_vector_read(path, vector);
    unlink(path);
    return status;
}

static void reads_every_kind_of_field(void **state)
{
    (void)state;
    struct tmk_vector v;
    assert_int_equal(read_text("# head\nformat 1 op any name case exact 1\n"
                               "ints pair 2 -3 4 # comment\nstr word hello#comment\n"
                               "tensor scalar 0 2.5\ntensor empty 2 0 3\n"
                               "tensor m 2 2 2\n1 2e-3\n\n-0 1.5\nend\n# tail",
                               &v),
                     TMK_OK);
    assert_string_equal(v.op, "any");
    assert_string_equal(v.name, "case");
    assert_true(v.exact);
    assert_int_equal(v.nfields, 5);
    const struct tmk_vector_field *pair = tmk_vector_find(&v, "pair");
    assert_int_equal(pair->ndim, 1);
    assert_true(pair->values[0] == -3 && pair->values[1] == 4);
    assert_string_equal(tmk_vector_find(&v, "word")->text, "hello");
    assert_int_equal(tmk_vector_find(&v, "scalar")->count, 1);
    assert_true(tmk_vector_find(&v, "scalar")->values[0] == 2.5);
    assert_int_equal(tmk_vector_find(&v, "empty")->count, 0);
    const struct tmk_vector_field *m = tmk_vector_find(&v, "m");
    assert_true(m->shape[0] == 2 && m->shape[1] == 2 && m->values[1] == 2e-3);
    assert_null(tmk_vector_find(&v, "absent"));
    tmk_vector_free(&v);
}

/* What is wrong, and what the message must say besides the path. */
static const struct {
    const char *text, *says;
} malformed[] = {
    {"", ":1: the file ends where format, op,"},
    {"format 1 op a", "ends where"},
    {"format 2 op a end", ":1: '2' where format version 1"},
    {"format 1\nop a\n\ntensr x 1 1 0 end", ":4: 'tensr' where format, op,"},
    {"op", "ends where an operation's name"},
    {"op a exact 2 end", "'2' where 0 or 1"},
    {"op a\nints s 2 1 x end", ":2: 'x' where a number"},
    {"op a ints s 2 1 1.5 end", "1.5, which is no integer"},
    {"op a ints s 1 1.5e end", "'1.5e' where a number"},
    {"op a ints s -1 end", "'-1' where a count"},
    {"op a tensor x 9 1 1 1 1 1 1 1 1 1 0 end", "'9' where a number of dimensions"},
    {"op a tensor x 2 3 end", "'end' where a dimension"},
    {"op a tensor x 1 2 1 end", "'end' where a number"},
    {"op a tensor x 1 3 1 2    ", "ends where a number"},
    {"op a tensor x 1 3 1 2", "more than the file holds"},
    {"op a tensor x 2 4294967296 4294967296 1 end", "overflows"},
    {"op a tensor x 1 99999999999 1 2 end", "more than the file holds"},
    {"op a tensor x 1 1 7 tensor x 1 1 7 end", "'x' stands there twice"},
    {"op a tensor a_name_that_is_longer_than_31_letters 0 1 end", "31 letters"},
    {"op a tensor x 0 1 2 end", "'2' where format, op,"},
    {"op a end extra", "'extra' where nothing, after 'end'"},
    {"format 1 end", "no 'op NAME'"},
};

static void complains_with_line_and_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct tmk_vector v;
        enum tmk_status status = read_text(malformed[i].text, &v);
        if (status != TMK_EINVAL || !strstr(tmk_message(), malformed[i].says) ||
            !strstr(tmk_message(), path))
            fail_msg("'%s': status %d, message '%s', wanted '%s'", malformed[i].text, status,
                     tmk_message(), malformed[i].says);
    }
}

static void complains_of_a_missing_file(void **state)
{
    (void)state;
    struct tmk_vector v;
    assert_int_equal(tmk_vector_read("/nowhere/vector.txt", &v), TMK_EIO);
    assert_non_null(strstr(tmk_message(), "/nowhere/vector.txt"));
}

static void golden_path(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s/golden/%s", getenv("TMK_TEST_DIR"), name);
}

static void read_golden(const char *name, struct tmk_vector *vector)
{
    char file[4096];
    golden_path(file, sizeof file, name);
    if (tmk_vector_read(file, vector) != TMK_OK)
        fail_msg("%s", tmk_message());
}

static size_t read_folder(const char *folder)
{
    char directory[2048], file[4096];
    size_t count = 0;
    golden_path(directory, sizeof directory, folder);
    DIR *stream = opendir(directory);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream));) {
        struct tmk_vector v;
        if (!strstr(entry->d_name, ".txt"))
            continue;
        snprintf(file, sizeof file, "%s/%s", directory, entry->d_name);
        if (tmk_vector_read(file, &v) != TMK_OK)
            fail_msg("%s", tmk_message());
        tmk_vector_free(&v);
        count++;
    }
    closedir(stream);
    return count;
}

static void reads_every_golden_file(void **state)
{
    (void)state;
    assert_true(read_folder(".") > 40);
    assert_true(read_folder("docs") > 5);
}

static void states_a_convolution(void **state)
{
    (void)state;
    struct tmk_vector v;
    struct tmk_problem *problem;
    read_golden("conv_08.txt", &v); /* stride (3,2), not aligned: x 9x8, kernel 2x3 */
    assert_int_equal(tmk_vector_problem(&v, TMK_F64, TMK_NHWC, &problem), TMK_OK);
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    assert_int_equal(problem->dtype, TMK_F64);
    assert_int_equal(problem->layout, TMK_NHWC);
    assert_int_equal(p->ic, 3);
    assert_int_equal(p->ih, 9);
    assert_int_equal(p->iw, 8);
    assert_int_equal(p->oh, 3);
    assert_int_equal(p->ow, 3);
    assert_int_equal(p->sh, 3);
    assert_int_equal(p->sw, 2);
    assert_int_equal(p->bias, tmk_vector_find(&v, "b") != NULL);
    free(problem);
    tmk_vector_free(&v);
}

/* numpy.matmul: (4) @ (2,4,2) is a row times a batch of two. */
static void states_a_product_with_a_vector(void **state)
{
    (void)state;
    struct tmk_vector v;
    struct tmk_problem *problem;
    assert_int_equal(read_text("op matmul tensor a 1 3 1 2 3 tensor b 3 2 3 1 1 1 1 2 2 2 "
                               "tensor y 2 2 1 6 12 end",
                               &v),
                     TMK_OK);
    assert_int_equal(tmk_vector_problem(&v, TMK_F32, TMK_NCHW, &problem), TMK_OK);
    const struct tmk_matmul *p = tmk_matmul_of(problem);
    assert_int_equal(p->m, 1);
    assert_int_equal(p->k, 3);
    assert_int_equal(p->n, 1);
    assert_int_equal(p->nbatch, 1);
    assert_int_equal(p->b_batch[0], 2);
    free(problem);
    tmk_vector_free(&v);
}

#define CONV "op conv2d ints groups 1 1 ints dilation 2 1 1 ints padding 2 0 0 "
#define X_W "tensor x 4 1 1 2 2 1 2 3 4 tensor w 4 1 1 1 1 1 "

/* Vectors that are well-formed but state no problem. */
static const struct {
    const char *text;
    enum tmk_status status;
    const char *says;
} impossible[] = {
    {"op sigmoid_mlp end", TMK_EUNSUPPORTED, "'sigmoid_mlp'"},
    {CONV X_W "ints stride 2 1 1 end", TMK_EINVAL, "no tensor or ints 'y'"},
    {CONV X_W "end", TMK_EINVAL, "'stride'"},
    {CONV X_W "str stride 1 end", TMK_EINVAL, "'stride'"},
    {CONV X_W "ints stride 1 1 tensor y 0 1 end", TMK_EINVAL, "'stride' has 1 values"},
    {CONV X_W "ints stride 2 0 1 tensor y 0 1 end", TMK_EINVAL, "'stride' holds 0"},
    {CONV X_W "ints stride 2 1 1 tensor y 4 1 1 2 1 1 1 end", TMK_EINVAL, "shape of 'y'"},
    {CONV "tensor x 1 1 1 tensor w 0 1 ints stride 2 1 1 end", TMK_EINVAL, "x (N, C, H, W)"},
    {"op matmul tensor a 0 1 tensor b 2 1 1 1 tensor y 0 1 end", TMK_EINVAL, "'a' is a scalar"},
    {"op matmul tensor a 1 2 1 2 tensor b 1 3 1 2 3 tensor y 0 1 end", TMK_EINVAL, ""},
};

static void refuses_what_states_no_problem(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        struct tmk_vector v;
        struct tmk_problem *problem;
        assert_int_equal(read_text(impossible[i].text, &v), TMK_OK);
        enum tmk_status status = tmk_vector_problem(&v, TMK_F32, TMK_NCHW, &problem);
        if (status != impossible[i].status || !strstr(tmk_message(), impossible[i].says))
            fail_msg("'%s': status %d, message '%s'", impossible[i].text, status, tmk_message());
        tmk_vector_free(&v);
    }
}

static struct tmk_verdict check(const struct tmk_vector *vector, enum tmk_dtype dtype,
                                enum tmk_layout layout, enum tmk_dir dir)
{
    struct tmk_problem *problem;
    struct tmk_verdict verdict = {0};
    assert_int_equal(tmk_vector_problem(vector, dtype, layout, &problem), TMK_OK);
    const struct tmk_impl *naive = tmk_op_impl(problem->op, "naive");
    if (tmk_vector_check(vector, problem, naive, dir, 2, &verdict) != TMK_OK)
        fail_msg("%s", tmk_message());
    free(problem);
    return verdict;
}

static const char *const right_answers[] = {
    "conv_07.txt", "conv_17.txt",   "conv_22.txt",   "conv_27.txt",   "conv_42.txt",
    "conv_43.txt", "matmul_07.txt", "matmul_11.txt", "matmul_15.txt", "docs/doc003_in29.txt",
};

static void passes_right_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof right_answers / sizeof *right_answers; i++) {
        struct tmk_vector v;
        read_golden(right_answers[i], &v);
        for (enum tmk_dtype dtype = 0; dtype < TMK_NDTYPES; dtype++) {
            for (enum tmk_dir dir = 0; dir < TMK_NDIRS; dir++) {
                enum tmk_layout layout = !strcmp(v.op, "conv2d") ? TMK_NHWC : TMK_NCHW;
                struct tmk_verdict verdict = check(&v, dtype, layout, dir);
                if (!verdict.passed)
                    fail_msg("%s %s %s: %s", right_answers[i], tmk_dtype_name[dtype],
                             tmk_dir_name[dir], verdict.text);
            }
        }
        tmk_vector_free(&v);
    }
}

/* The judge must notice one wrong element in each result, exact or not. */
static void rejects_one_wrong_element(void **state)
{
    (void)state;
    static const char *const files[] = {"conv_22.txt", "conv_42.txt", "matmul_07.txt"};
    static const char *const conv[] = {"y", "gx", "gw", "gb"}, *const product[] = {"y", "ga", "gb"};
    static const enum tmk_dir writer[] = {TMK_FWD, TMK_BWD_D, TMK_BWD_W, TMK_BWD_W};
    for (size_t i = 0; i < 3; i++) {
        struct tmk_vector v;
        read_golden(files[i], &v);
        bool is_conv = !strcmp(v.op, "conv2d");
        for (size_t field = 0; field < (is_conv ? 4 : 3); field++) {
            const struct tmk_vector_field *wrong =
                tmk_vector_find(&v, is_conv ? conv[field] : product[field]);
            if (!wrong)
                continue;
            double *element = &wrong->values[wrong->count - 1], right = *element;
            *element = right + 1e-3;
            assert_false(check(&v, TMK_F64, TMK_NCHW, writer[field]).passed);
            assert_false(check(&v, TMK_F32, TMK_NCHW, writer[field]).passed);
            *element = right;
        }
        tmk_vector_free(&v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_field),
        cmocka_unit_test(complains_with_line_and_token),
        cmocka_unit_test(complains_of_a_missing_file),
        cmocka_unit_test(reads_every_golden_file),
        cmocka_unit_test(states_a_convolution),
        cmocka_unit_test(states_a_product_with_a_vector),
        cmocka_unit_test(refuses_what_states_no_problem),
        cmocka_unit_test(passes_right_answers),
        cmocka_unit_test(rejects_one_wrong_element),
    };
    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
