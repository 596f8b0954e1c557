/* The names of problems. */
#include "op.h"
#include "size.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Take a pair of quotes off a name. */
static void strip_quotes(const char **name, size_t *length)
{
    if (*length >= 2 && (*name)[0] == '"' && (*name)[*length - 1] == '"') {
        ++*name;
        *length -= 2;
    }
}

enum tmk_status tmk_problem_set_name(const char *desc, const char *name, struct tmk_problem *out)
{
    size_t length = strlen(name);
    strip_quotes(&name, &length);
    size_t stem = length;
    while (stem > 0 && isdigit((unsigned char)name[stem - 1]))
        stem--;
    if (stem < length && stem > 0 && name[stem - 1] == '*') {
        errno = 0;
        const unsigned long value = strtoul(name + stem, NULL, 10);
        if (errno || value == 0 || value > UINT_MAX)
            return tmk_fail(TMK_EINVAL, "%s '%s': multiplicity *%.*s is out of range: use 1 to %u",
                            out->op->name, desc, (int)(length - stem), name + stem, UINT_MAX);
        out->multiplicity = (unsigned)value;
        length = stem - 1;
        strip_quotes(&name, &length);
    }
    memcpy(out->name, name, TMK_MIN(length, sizeof out->name - 1)); /* zeros follow */
    return TMK_OK;
}
