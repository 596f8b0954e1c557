#include "plot.h"

#include "folder.h"
#include "gnuplot.h"
#include "text.h"

#include <stdlib.h>

static const char *const palette[] = {"#E69F00", "#56B4E9", "#0072B2", "#CC79A7",
                                      "#009E73", "#D55E00", "#F0E442", "#000000"};

const char *tmk_plot_colour(int i)
{
    return palette[(unsigned)i % (sizeof palette / sizeof *palette)];
}

enum tmk_status tmk_plot_begin(struct tmk_plot *plot, const char *folder, const char *name,
                               const char *heading)
{
    char file[sizeof plot->name + 4];
    *plot = (struct tmk_plot){0};
    snprintf(plot->folder, sizeof plot->folder, "%s", folder);
    snprintf(plot->name, sizeof plot->name, "%s", name);
    TMK_TRY(tmk_folder_make(folder));
    TMK_TRY(tmk_folder_create(folder, name, "csv", &plot->table));
    enum tmk_status status = tmk_folder_create(folder, name, "gp", &plot->script);
    if (status != TMK_OK) {
        fclose(plot->table);
        return status;
    }
    fprintf(plot->script, "# Draws %s.svg; to draw it again: gnuplot %s.gp\n", name, name);
    snprintf(file, sizeof file, "%s.csv", plot->name);
    tmk_plot_set_text(plot, "data", file);
    snprintf(file, sizeof file, "%s.svg", plot->name);
    tmk_plot_set_text(plot, "output_svg", file);
    tmk_plot_set_text(plot, "heading", heading);
    return TMK_OK;
}

/* In gnuplot's single quotes nothing but a quote is special. A line's end would end the command. */
void tmk_plot_set_text(struct tmk_plot *plot, const char *variable, const char *text)
{
    fprintf(plot->script, "%s = '", variable);
    for (; *text; text++)
        fprintf(plot->script, *text == '\'' ? "''" : "%c", *text == '\n' ? ' ' : *text);
    fputs("'\n", plot->script);
}

void tmk_plot_set_number(struct tmk_plot *plot, const char *variable, double value)
{
    fprintf(plot->script, "%s = %.9g\n", variable, value);
}

/* Gnuplot reads a doubled quote inside quotes as two: single quotes stand in for them. */
void tmk_plot_put_text(FILE *table, const char *text)
{
    fputc('"', table);
    for (; *text; text++)
        fputc(*text == '"' ? '\'' : *text == '\n' ? ' ' : *text, table);
    fputc('"', table);
}

static enum tmk_status append(FILE *script, const char *template)
{
    char data[64], path[PATH_MAX], *text;
    snprintf(data, sizeof data, "plots/%s.gp", template);
    TMK_TRY(tmk_data_path(data, path, sizeof path));
    TMK_TRY(tmk_read_file(path, &text));
    fprintf(script, "\n%s", text);
    free(text);
    return TMK_OK;
}

enum tmk_status tmk_plot_include(struct tmk_plot *plot, const char *template)
{
    if (!plot->styled)
        TMK_TRY(append(plot->script, "style"));
    plot->styled = true;
    return append(plot->script, template);
}

enum tmk_status tmk_plot_finish(struct tmk_plot *plot, const char *template)
{
    enum tmk_status status = tmk_plot_include(plot, template);
    enum tmk_status table = tmk_folder_close(plot->table, plot->name);
    enum tmk_status script = tmk_folder_close(plot->script, plot->name);
    return status != TMK_OK ? status : table != TMK_OK ? table : script;
}

enum tmk_status tmk_plot_draw(const char *folder, const char *name)
{
    char script[80];
    snprintf(script, sizeof script, "%s.gp", name);
    return tmk_gnuplot_script(folder, script);
}
