/* Deep networks against golden vectors, and vectors that are wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "matmul.h"
#include "mlp_vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tmk_impl *impl(const char *name)
{
    return tmk_op_impl(&tmk_op_matmul, name);
}

static void check_ok(enum tmk_status status)
{
    if (status != TMK_OK)
        fail_msg("%s", tmk_message());
}

/* Every network vector below a folder, on one implementation; the number of them. */
static size_t check_vectors(const char *folder, const char *impl_name, int threads)
{
    char directory[512], path[1024];
    size_t count = 0;
    snprintf(directory, sizeof directory, "%s/%s", getenv("TMK_TEST_DIR"), folder);
    DIR *entries = opendir(directory);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));) {
        struct tmk_vector vector;
        struct tmk_verdict verdict;
        if (!strstr(entry->d_name, "mlp"))
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        check_ok(tmk_vector_read(path, &vector));
        check_ok(tmk_mlp_vector_check(&vector, impl(impl_name), threads, &verdict));
        if (!verdict.passed)
            fail_msg("%s %s: %s", entry->d_name, impl_name, verdict.text);
        tmk_vector_free(&vector);
        count++;
    }
    closedir(entries);
    return count;
}

static void golden_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; tmk_op_matmul.impls[i]; i++) {
        assert_int_equal(check_vectors("golden", tmk_op_matmul.impls[i]->name, 1), 9);
        assert_int_equal(check_vectors("golden/docs", tmk_op_matmul.impls[i]->name, 2), 1);
    }
}

static void a_wrong_vector_fails(void **state)
{
    (void)state;
    char path[512];
    struct tmk_vector vector;
    struct tmk_verdict verdict;
    snprintf(path, sizeof path, "%s/golden/docs/doc004_mlp.txt", getenv("TMK_TEST_DIR"));
    static const char *const names[] = {"loss", "yL", "dA_norm", "db_norm", "dA_log10", "dA_1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_ok(tmk_vector_read(path, &vector));
        const struct tmk_vector_field *field = tmk_vector_find(&vector, names[i]);
        field->values[field->count - 1] *= 1 + 3e-8;
        check_ok(tmk_mlp_vector_check(&vector, impl("naive"), 1, &verdict));
        assert_false(verdict.passed);
        assert_true(verdict.err_over_bound > 1);
        assert_non_null(strstr(verdict.text, names[i]));
        tmk_vector_free(&vector);
    }
}

static void other_vectors_are_refused(void **state)
{
    (void)state;
    char path[512];
    struct tmk_vector vector;
    struct tmk_problem problem;
    snprintf(path, sizeof path, "%s/golden/matmul_07.txt", getenv("TMK_TEST_DIR"));
    check_ok(tmk_vector_read(path, &vector));
    assert_int_equal(tmk_mlp_vector_problem(&vector, &problem), TMK_EUNSUPPORTED);
    tmk_vector_free(&vector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_vectors),
        cmocka_unit_test(a_wrong_vector_fails),
        cmocka_unit_test(other_vectors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
