#include "look.h"

#include "sets.h"

#include <string.h>

#define MAX_IMPLS 64

/* Names in the order in which they were first seen. */
struct names {
    const char *name[MAX_IMPLS];
    size_t count;
};

/* True if the name is in the list, which ends at NULL or at a peer without a name; what stands
 * before it is added. */
static bool find_among(const struct tmk_impl *const *impls, const char *name, struct names *seen)
{
    for (; impls && *impls && (*impls)->name[0]; impls++) {
        size_t i = 0;
        while (i < seen->count && strcmp(seen->name[i], (*impls)->name) != 0)
            i++;
        if (i == seen->count && i < MAX_IMPLS)
            seen->name[seen->count++] = (*impls)->name;
        if (strcmp((*impls)->name, name) == 0)
            return true;
    }
    return false;
}

/* Counted over all ops, so that "blocked" looks the same in all of them, and our own first, so that
 * they look the same whatever stands beside them. */
static size_t impl_number(const char *impl)
{
    struct names seen = {.count = 0};
    bool found = false;
    for (size_t i = 0; tmk_ops[i] && !found; i++)
        found = find_among(tmk_ops[i]->impls, impl, &seen);
    for (size_t i = 0; tmk_ops[i] && !found; i++)
        found = find_among(tmk_ops[i]->peers, impl, &seen);
    size_t number = 0;
    while (number < seen.count && strcmp(seen.name[number], impl) != 0)
        number++;
    return number;
}

/* The first, naive, is what the others are held against: grey. */
const char *tmk_impl_colour(const char *impl)
{
    size_t number = impl_number(impl);
    return number == 0 ? "#7f7f7f" : tmk_plot_colour((int)(number - 1) % 8);
}

/* Gnuplot's filled circle, square, triangle, diamond, ..., then the open ones. */
int tmk_impl_form(const char *impl)
{
    static const int forms[] = {7, 5, 9, 13, 11, 15, 6, 4, 8, 12};
    return forms[impl_number(impl) % (sizeof forms / sizeof *forms)];
}

void tmk_plot_set_impls(struct tmk_plot *plot, const char *const *impls, size_t count)
{
    fputs("impls = '", plot->script);
    for (size_t i = 0; i < count; i++)
        fprintf(plot->script, "%s%s", i ? " " : "", impls[i]);
    fputs("'\ncolours = '", plot->script);
    for (size_t i = 0; i < count; i++)
        fprintf(plot->script, "%s%s", i ? " " : "", tmk_impl_colour(impls[i]));
    fputs("'\nforms = '", plot->script);
    for (size_t i = 0; i < count; i++)
        fprintf(plot->script, "%s%d", i ? " " : "", tmk_impl_form(impls[i]));
    fputs("'\n", plot->script);
}
