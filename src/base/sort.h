/* Sorting numbers. */
#ifndef TMK_BASE_SORT_H
#define TMK_BASE_SORT_H

#include <stddef.h>

/* The smallest first. */
void tmk_sort(double *values, size_t n);

#endif
