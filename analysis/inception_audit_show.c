/* The audit as a table, a picture and a chapter. */
#include "inception_audit.h"
#include "numbers.h"

#include "chapter.h"
#include "folder.h"
#include "plot.h"
#include "table.h"

#include <string.h>

#define CHAPTER_PLACE 30

static const char picture[] = "audit", table_name[] = "audit-table";

static const char heading[] =
    "GoogLeNet's table 1: which printed figures its own channels do not give";

static double difference(const struct tmk_audit_figure *figure)
{
    return 100 * (figure->printed * figure->unit / figure->computed - 1);
}

/* "agrees", or how far the printed figure is off. */
static void add_verdict(struct tmk_table *table, const struct tmk_audit_figure *figure)
{
    if (figure->agrees)
        tmk_table_cell(table, "%s", figure->printed > 0 ? "agrees" : "");
    else
        tmk_table_cell(table, "%+.1f %%", difference(figure));
}

static void add_readable(struct tmk_table *table, const struct tmk_audit_row *row)
{
    char grouped[TMK_GROUPED_MAX];
    tmk_table_cell(table, "%s", row->name);
    tmk_table_cell(table, "%s", tmk_format_grouped(grouped, row->weights.computed));
    tmk_table_cell(table, "%.1f", row->weights.computed / row->weights.unit);
    if (row->weights.printed > 0)
        tmk_table_cell(table, "%.*f K", row->weights.decimals, row->weights.printed);
    else
        tmk_table_cell(table, "-");
    add_verdict(table, &row->weights);
    tmk_table_cell(table, "%.1f", row->macs.computed / row->macs.unit);
    tmk_table_cell(table, "%.0f M", row->macs.printed);
    add_verdict(table, &row->macs);
}

static void add_exact(struct tmk_table *table, const struct tmk_audit_row *row)
{
    const struct tmk_audit_figure *const figures[] = {&row->weights, &row->macs};
    tmk_table_cell(table, "%s", row->name);
    for (int i = 0; i < 2; i++) {
        tmk_table_cell(table, "%.0f", figures[i]->computed);
        tmk_table_cell(table, "%.10g", figures[i]->printed * figures[i]->unit);
        tmk_table_cell(table, "%d", figures[i]->agrees);
    }
    tmk_table_cell(table, "%s", row->explanation);
}

enum tmk_status tmk_audit_write(const struct tmk_audit_row *rows, FILE *file, bool csv)
{
    static const struct tmk_column readable[] = {
        {"row", false},    {"weights", true}, {"/1024", true},   {"printed", true},
        {"verdict", true}, {"MMAC", true},    {"printed", true}, {"verdict", true}};
    static const struct tmk_column exact[] = {
        {"row", false}, {"weights", true},      {"weights_printed", true}, {"weights_agree", true},
        {"macs", true}, {"macs_printed", true}, {"macs_agree", true},      {"explanation", false}};
    struct tmk_table plain = TMK_TABLE(readable), comma = TMK_TABLE(exact);
    for (int i = 0; i < TMK_AUDIT_ROWS; i++) {
        if (csv)
            add_exact(&comma, &rows[i]);
        else
            add_readable(&plain, &rows[i]);
    }
    return tmk_table_print(csv ? &comma : &plain, file, csv);
}

static void print_notes(const struct tmk_audit_row *rows)
{
    printf("\nPrinted: Szegedy et al., \"Going deeper with convolutions\", CVPR 2015, table 1. Its "
           "K is "
           "1,024 (conv 3x3/1: 114,688\nweights are 112 K), its counts leave biases out. What does "
           "not agree:\n");
    for (int i = 0; i < TMK_AUDIT_ROWS; i++)
        if (!rows[i].weights.agrees || !rows[i].macs.agrees)
            printf("  %-15s %s\n", rows[i].name, rows[i].explanation);
}

static enum tmk_status write_picture(const struct tmk_audit_row *rows, const char *folder)
{
    struct tmk_plot plot;
    TMK_TRY(tmk_plot_begin(&plot, folder, picture, heading));
    tmk_plot_set_text(
        &plot, "subtitle",
        "Printed over recomputed, less one; bars are cut at 12 %. Grey: agrees. Numbers: printed "
        "(recomputed).");
    tmk_plot_set_number(&plot, "rows", TMK_AUDIT_ROWS);
    fputs("row,name,weights_percent,weights_agree,weights_text,macs_percent,macs_agree,macs_text\n",
          plot.table);
    for (int i = 0; i < TMK_AUDIT_ROWS; i++) {
        const struct tmk_audit_row *r = &rows[i];
        char weights[64], macs[64];
        snprintf(weights, sizeof weights, "%.*f K (%.1f)", r->weights.decimals, r->weights.printed,
                 r->weights.computed / r->weights.unit);
        snprintf(macs, sizeof macs, "%.0f M (%.1f)", r->macs.printed,
                 r->macs.computed / r->macs.unit);
        fprintf(plot.table, "%d,\"%s\",%.4f,%d,\"%s\",%.4f,%d,\"%s\"\n", i, r->name,
                r->weights.printed > 0 ? difference(&r->weights) : 0, r->weights.agrees,
                r->weights.agrees ? " " : weights, difference(&r->macs), r->macs.agrees,
                r->macs.agrees ? " " : macs);
    }
    return tmk_plot_finish(&plot, "audit");
}

static enum tmk_status write_chapter(const char *folder, int argc, const char **argv)
{
    static const char *const paragraphs[] = {
        "Szegedy et al. (\"Going deeper with convolutions\", CVPR 2015) print weights and "
        "operations "
        "beside the channels of each module. Recomputed from those channels, weights without "
        "biases "
        "in units of 1,024 and multiply-adds in millions, several do not come out.",
        "The first row's figures are those of a separable convolution, which also explains the "
        "total "
        "of 1.5 G: 1,498.7 M with it, 1,582.7 M without.",
        NULL};
    static const struct tmk_chapter_item pictures[] = {
        {picture, "How far each printed figure is off, weights left, multiply-adds right."},
        {NULL, NULL}};
    static const struct tmk_chapter_item tables[] = {
        {table_name, "Every figure, and what explains it."}, {NULL, NULL}};
    const struct tmk_chapter chapter = {.place = CHAPTER_PLACE,
                                        .title = "GoogLeNet's table 1, recomputed",
                                        .paragraphs = paragraphs,
                                        .pictures = pictures,
                                        .tables = tables,
                                        .argc = argc,
                                        .argv = argv};
    return tmk_chapter_write(folder, &chapter);
}

enum tmk_status tmk_audit_show(bool csv, const char *folder, int argc, const char **argv)
{
    struct tmk_audit_row rows[TMK_AUDIT_ROWS];
    FILE *file;
    TMK_TRY(tmk_audit_make(rows));
    if (csv && !folder)
        return tmk_audit_write(rows, stdout, true);
    TMK_TRY(tmk_audit_write(rows, stdout, false));
    print_notes(rows);
    if (!folder)
        return TMK_OK;
    TMK_TRY(write_picture(rows, folder));
    TMK_TRY(tmk_folder_create(folder, table_name, "csv", &file));
    enum tmk_status written = tmk_audit_write(rows, file, true);
    enum tmk_status closed = tmk_folder_close(file, "audit-table.csv");
    TMK_TRY(written);
    TMK_TRY(closed);
    TMK_TRY(write_chapter(folder, argc, argv));
    return tmk_plot_draw(folder, picture);
}
