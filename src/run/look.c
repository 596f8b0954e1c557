#include "look.h"

#include "sets.h"

#include <string.h>

#define MAX_IMPLS 64
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Rivals have the muted colours of P. Tol and open forms, ours the palette's and filled ones. */
static const char *const muted[] = {"#CC6677", "#117733", "#882255", "#999933", "#332288",
                                    "#AA4499", "#44AA99", "#DDCC77", "#888888"};
static const int open_forms[] = {6, 4, 8, 12, 10, 14}, filled_forms[] = {7, 5, 9, 13, 11, 15};

/* Ours are counted over all ops, so that "blocked" looks the same in all of them; -1: not ours. */
static int own_number(const char *impl)
{
    const char *seen[MAX_IMPLS];
    int count = 0;
    for (const struct tmk_op *const *op = tmk_ops; *op; op++) {
        for (const struct tmk_impl *const *known = (*op)->impls; *known; known++) {
            int i = 0;
            while (i < count && strcmp(seen[i], (*known)->name) != 0)
                i++;
            if (strcmp((*known)->name, impl) == 0)
                return i;
            if (i == count && count < MAX_IMPLS)
                seen[count++] = (*known)->name;
        }
    }
    return -1;
}

/* Rivals are counted op by op, so that a library looks the same in both; unknown ones come last. */
static size_t rival_number(const char *impl)
{
    size_t i = 0;
    for (const struct tmk_op *const *op = tmk_ops; *op; op++) {
        const struct tmk_impl *const *peers = (*op)->peers;
        for (i = 0; peers && peers[i]; i++) {
            if (strcmp(peers[i]->name, impl) == 0)
                return i;
        }
    }
    return i;
}

/* The first, naive, is what the others are held against: grey. */
const char *tmk_impl_colour(const char *impl)
{
    const int number = own_number(impl);
    if (number < 0)
        return muted[rival_number(impl) % COUNT(muted)];
    return number == 0 ? "#7f7f7f" : tmk_plot_colour((number - 1) % 8);
}

int tmk_impl_form(const char *impl)
{
    const int number = own_number(impl);
    return number < 0 ? open_forms[rival_number(impl) % COUNT(open_forms)]
                      : filled_forms[(size_t)number % COUNT(filled_forms)];
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
