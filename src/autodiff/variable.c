#include "variable.h"

#include "alloc.h"

#include <stdatomic.h>
#include <string.h>

static atomic_uint_least64_t newest_version;

uint64_t tmk_version_next(void)
{
    return atomic_fetch_add(&newest_version, 1) + 1;
}

uint64_t tmk_version_newest(void)
{
    return atomic_load(&newest_version);
}

enum tmk_status tmk_variable_make(struct tmk_variable *out, enum tmk_dtype dtype, int ndim,
                                  const size_t *shape)
{
    struct tmk_variable variable = {.version = tmk_version_next()};
    TMK_TRY(tmk_view_make(&variable.view, dtype, ndim, shape, NULL, 0));
    size_t bytes = tmk_view_count(&variable.view) * tmk_dtype_size(dtype);
    TMK_TRY(tmk_alloc(bytes, "a tensor", &variable.memory));
    memset(variable.memory, 0, bytes);
    TMK_TRY(tmk_view_make(&variable.view, dtype, ndim, shape, variable.memory, bytes));
    *out = variable;
    return TMK_OK;
}

struct tmk_variable tmk_variable_on(const struct tmk_view *view)
{
    return (struct tmk_variable){.view = *view, .version = tmk_version_next()};
}

void tmk_variable_free(struct tmk_variable *variable)
{
    tmk_free(variable->memory);
    *variable = (struct tmk_variable){.memory = NULL};
}

const struct tmk_view *tmk_variable_write(struct tmk_variable *variable)
{
    variable->version = tmk_version_next();
    return &variable->view;
}
