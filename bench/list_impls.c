/* `tilemark list impls`: what each implementation offers, in general or for given problems. */
#include "list.h"
#include "rivals.h"

#include <stdio.h>

/* Call visit for each chosen implementation of an operation. */
static void each_impl(const struct tmk_listing *listing, const struct tmk_op *op, const void *ctx,
                      struct tmk_table *table,
                      void (*visit)(struct tmk_table *table, const struct tmk_op *op,
                                    const struct tmk_impl *impl, const void *ctx))
{
    const struct tmk_impl *impl;
    for (size_t i = 0; (impl = tmk_op_impl_at(op, i)); i++) {
        if (tmk_select_has_impl(listing->selection, impl->name))
            visit(table, op, impl, ctx);
    }
}

static void add_impl(struct tmk_table *table, const struct tmk_op *op, const struct tmk_impl *impl,
                     const void *ctx)
{
    (void)ctx;
    tmk_table_cell(table, "%s", op->name);
    tmk_table_cell(table, "%s", impl->name);
    tmk_table_cell(table, "%s", impl->summary);
}

static void add_answers(struct tmk_table *table, const struct tmk_op *op,
                        const struct tmk_impl *impl, const void *ctx)
{
    const struct tmk_item *item = ctx;
    char desc[TMK_DESC_MAX];
    op->format(item->problem, desc, sizeof desc);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        if (!item->dir[dir])
            continue;
        const char *refusal = tmk_impl_refusal(impl, item->problem, (enum tmk_dir)dir);
        tmk_table_cell(table, "%s", op->name);
        tmk_table_cell(table, "%s", desc);
        tmk_table_cell(table, "%s", impl->name);
        tmk_table_cell(table, "%s", tmk_dir_name[dir]);
        tmk_table_cell(table, "%s%s", refusal ? "no: " : "yes", refusal ? refusal : "");
    }
}

static enum tmk_status list_for_problems(const struct tmk_listing *listing)
{
    static const struct tmk_column columns[] = {
        {"op", false}, {"problem", false}, {"impl", false}, {"dir", false}, {"offered", false}};
    struct tmk_table table = TMK_TABLE(columns);
    const struct tmk_list *list = &listing->selection->list;
    for (size_t i = 0; i < list->count; i++)
        each_impl(listing, list->items[i].problem->op, &list->items[i], &table, add_answers);
    return tmk_table_print(&table, stdout, listing->csv);
}

/* The libraries behind the implementations of others; without --impl those that are not there too.
 */
static enum tmk_status list_rivals(const struct tmk_listing *listing)
{
    struct tmk_rivals rivals;
    tmk_rivals_look(listing->selection->impl ? listing->selection : NULL, false, &rivals);
    if (rivals.count == 0)
        return TMK_OK;
    printf("\n");
    return tmk_rivals_print(&rivals);
}

enum tmk_status tmk_listing_impls(const struct tmk_listing *listing)
{
    static const struct tmk_column columns[] = {{"op", false}, {"impl", false}, {"summary", false}};
    if (listing->selecting)
        return list_for_problems(listing);
    struct tmk_table table = TMK_TABLE(columns);
    for (const char **name = listing->selection->ops; *name; name++)
        each_impl(listing, tmk_op_find(*name), NULL, &table, add_impl);
    TMK_TRY(tmk_table_print(&table, stdout, listing->csv));
    return listing->csv ? TMK_OK : list_rivals(listing);
}
