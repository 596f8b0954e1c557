#include "sort.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void tmk_sort(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
}
