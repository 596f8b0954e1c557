/* `tilemark list problems`: a selection's problems, and what was left out of it. */
#include "list.h"
#include "matmul.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static void add_problem(struct tmk_table *table, const struct tmk_item *item)
{
    const struct tmk_problem *p = item->problem;
    double flops = p->op->flops(p, TMK_FWD), bytes = p->op->bytes(p, TMK_FWD);
    char desc[TMK_DESC_MAX], dirs[64] = "";
    p->op->format(p, desc, sizeof desc);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        size_t used = strlen(dirs);
        if (item->dir[dir])
            snprintf(dirs + used, sizeof dirs - used, "%s%s", used ? "," : "", tmk_dir_name[dir]);
    }
    tmk_table_cell(table, "%s", p->op->name);
    tmk_table_cell(table, "%s", desc);
    tmk_table_cell(table, "%s", p->name);
    tmk_table_cell(table, "%u", p->multiplicity);
    tmk_table_cell(table, "%s", dirs);
    tmk_table_cell(table, "%s", tmk_dtype_name[p->dtype]);
    tmk_table_cell(table, "%s", p->op == &tmk_op_matmul ? "row" : tmk_layout_name[p->layout]);
    tmk_table_cell(table, "%.4g", flops / 1e6);
    tmk_table_cell(table, "%.3g", bytes / (1024 * 1024));
    tmk_table_cell(table, "%.3g", flops / bytes);
}

/* A reason, and how many of the skips have it. */
struct reason {
    const char *why;
    size_t count;
};

static int by_count(const void *a, const void *b)
{
    const struct reason *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->why, y->why);
}

static void print_reasons(const struct tmk_list *list, FILE *file)
{
    struct reason *reasons = calloc(list->nskips + 1, sizeof *reasons);
    size_t count = 0;
    for (size_t i = 0; reasons && i < list->nskips; i++) {
        size_t r = 0;
        while (r < count && strcmp(reasons[r].why, list->skips[i].why) != 0)
            r++;
        count += r == count;
        reasons[r].why = list->skips[i].why;
        reasons[r].count++;
    }
    if (count > 0)
        qsort(reasons, count, sizeof *reasons, by_count);
    for (size_t r = 0; r < count; r++)
        fprintf(file, "%zu skipped: %s\n", reasons[r].count, reasons[r].why);
    free(reasons);
}

static void print_totals(const struct tmk_list *list, FILE *file)
{
    double flops = 0, layers = 0;
    char text[32];
    for (size_t i = 0; i < list->count; i++) {
        const struct tmk_problem *p = list->items[i].problem;
        layers += p->multiplicity;
        flops += p->multiplicity * p->op->flops(p, TMK_FWD);
    }
    fprintf(file, "%zu problem%s, %zu skipped", list->count, list->count == 1 ? "" : "s",
            list->nskips);
    if (list->count > 0)
        fprintf(file, "; %.0f layer%s, %sFLOP forward", layers, layers == 1 ? "" : "s",
                tmk_format_count(text, sizeof text, flops));
    fputc('\n', file);
    print_reasons(list, file);
}

static enum tmk_status list_skips(const struct tmk_listing *listing)
{
    static const struct tmk_column columns[] = {{"where", false}, {"what", false}, {"why", false}};
    struct tmk_table table = TMK_TABLE(columns);
    const struct tmk_list *list = &listing->selection->list;
    for (size_t i = 0; i < list->nskips; i++) {
        tmk_table_cell(&table, "%s", list->skips[i].where);
        tmk_table_cell(&table, "%s", list->skips[i].what);
        tmk_table_cell(&table, "%s", list->skips[i].why);
    }
    return tmk_table_print(&table, stdout, listing->csv);
}

enum tmk_status tmk_listing_problems(const struct tmk_listing *listing)
{
    static const struct tmk_column columns[] = {
        {"op", false},  {"problem", false},  {"name", false},   {"layers", true},
        {"dir", false}, {"dtype", false},    {"layout", false}, {"MFLOP", true},
        {"MiB", true},  {"FLOP/byte", true},
    };
    const struct tmk_list *list = &listing->selection->list;
    if (listing->skips)
        return list_skips(listing);
    struct tmk_table table = TMK_TABLE(columns);
    for (size_t i = 0; i < list->count; i++)
        add_problem(&table, &list->items[i]);
    if (list->count > 0 || listing->csv)
        TMK_TRY(tmk_table_print(&table, stdout, listing->csv));
    print_totals(list, listing->csv ? stderr : stdout);
    return TMK_OK;
}
