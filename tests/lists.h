/* What tests ask of lists of problems. Include after cmocka.h. */
#ifndef TMK_TESTS_LISTS_H
#define TMK_TESTS_LISTS_H

#include "conv2d.h"
#include "matmul.h"
#include "sets.h"

#include <string.h>

/* The problem of that name. */
static inline const struct tmk_item *find(const struct tmk_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].problem->name, name) == 0)
            return &list->items[i];
    }
    fail_msg("no problem is named %s", name);
    return NULL;
}

/* Its canonical descriptor is this. */
static inline void assert_formats(const struct tmk_item *item, const char *desc)
{
    char text[TMK_DESC_MAX];
    item->problem->op->format(item->problem, text, sizeof text);
    assert_string_equal(text, desc);
}

/* The i-th problem, a convolution. */
static inline const struct tmk_conv2d *conv(const struct tmk_list *list, size_t i)
{
    assert_true(i < list->count);
    assert_ptr_equal(list->items[i].problem->op, &tmk_op_conv2d);
    return tmk_conv2d_of(list->items[i].problem);
}

#endif
