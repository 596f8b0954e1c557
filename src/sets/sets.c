/* The operations there are, and lists of their problems. */
#include "sets.h"
#include "conv2d.h"
#include "matmul.h"

#include <stdlib.h>
#include <string.h>

const struct tmk_op *const tmk_ops[] = {&tmk_op_conv2d, &tmk_op_matmul, NULL};

const struct tmk_op *tmk_op_find(const char *name)
{
    for (const struct tmk_op *const *op = tmk_ops; *op; op++) {
        if (strcmp((*op)->name, name) == 0)
            return *op;
    }
    return NULL;
}

static enum tmk_status fail_memory(void)
{
    return tmk_fail(TMK_ENOMEM, "no memory for the list of problems: choose fewer");
}

/* Room for one more element of `size` bytes in an array of which `count` are used. */
static enum tmk_status reserve(void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return TMK_OK;
    size_t more = *capacity ? 2 * *capacity : 32;
    void *grown = reallocarray(*array, more, size);
    if (!grown)
        return fail_memory();
    *array = grown;
    *capacity = more;
    return TMK_OK;
}

enum tmk_status tmk_list_add(struct tmk_list *list, const struct tmk_problem *problem,
                             const bool dir[TMK_NDIRS])
{
    void *items = list->items;
    TMK_TRY(reserve(&items, list->count, &list->capacity, sizeof *list->items));
    list->items = items;
    struct tmk_item item = {.problem = malloc(problem->op->problem_size)};
    if (!item.problem)
        return fail_memory();
    memcpy(item.problem, problem, problem->op->problem_size);
    for (int d = 0; d < TMK_NDIRS; d++)
        item.dir[d] = !dir || dir[d];
    list->items[list->count++] = item;
    return TMK_OK;
}

static void free_skip(struct tmk_skip *skip)
{
    free(skip->what);
    free(skip->why);
    free(skip->where);
}

enum tmk_status tmk_list_skip(struct tmk_list *list, const char *what, const char *why,
                              const char *where)
{
    void *skips = list->skips;
    TMK_TRY(reserve(&skips, list->nskips, &list->skips_capacity, sizeof *list->skips));
    list->skips = skips;
    struct tmk_skip skip = {strdup(what), strdup(why), strdup(where)};
    if (!skip.what || !skip.why || !skip.where) {
        free_skip(&skip);
        return fail_memory();
    }
    list->skips[list->nskips++] = skip;
    return TMK_OK;
}

void tmk_list_free(struct tmk_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].problem);
    for (size_t i = 0; i < list->nskips; i++)
        free_skip(&list->skips[i]);
    free(list->items);
    free(list->skips);
    *list = (struct tmk_list){0};
}
