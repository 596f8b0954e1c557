#include "look.h"

#include "sets.h"

#include <string.h>

#define MAX_IMPLS 64

/* Counted over all ops, so that "blocked" looks the same in all of them. */
static size_t impl_number(const char *impl)
{
    const char *seen[MAX_IMPLS];
    size_t count = 0;
    for (const struct tmk_op *const *op = tmk_ops; *op; op++) {
        for (const struct tmk_impl *const *known = (*op)->impls; *known; known++) {
            size_t i = 0;
            while (i < count && strcmp(seen[i], (*known)->name) != 0)
                i++;
            if (strcmp((*known)->name, impl) == 0)
                return i;
            if (i == count && count < MAX_IMPLS)
                seen[count++] = (*known)->name;
        }
    }
    return count;
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
