/* Mean field against measurement in wide and deep networks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vanishing_cases.h"

static void mean_field_holds_within_3_percent(void **state)
{
    (void)state;
    check_mean_field(30, 512, 20);
    check_mean_field(12, 1024, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mean_field_holds_within_3_percent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
