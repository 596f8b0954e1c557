#include "plot.h"

#include "gnuplot.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* A string in gnuplot's single quotes, in which nothing but a quote is special. */
static void put_string(FILE *file, const char *text)
{
    fputc('\'', file);
    for (; *text; text++)
        fprintf(file, *text == '\'' ? "''" : "%c", *text);
    fputc('\'', file);
}

static void put_setting(FILE *file, const char *setting, const char *text)
{
    fprintf(file, "set %s ", setting);
    put_string(file, text);
    fputc('\n', file);
}

/* x and every series, a line for each point. */
static void put_points(FILE *file, const struct tmk_text_plot *plot)
{
    fputs("$data << END\n", file);
    for (size_t i = 0; i < plot->points; i++) {
        fprintf(file, "%.9g", plot->x[i]);
        for (int k = 0; k < plot->nseries; k++)
            fprintf(file, isfinite(plot->y[k][i]) ? " %.9g" : " NaN", plot->y[k][i]);
        fputc('\n', file);
    }
    fputs("END\n", file);
}

static void put_script(FILE *file, const struct tmk_text_plot *plot)
{
    fputs("set encoding utf8\nset terminal dumb noenhanced size 79, 24\nset datafile missing NaN\n"
          "set key below left Left reverse\nset tics nomirror\n",
          file);
    put_setting(file, "title", plot->title);
    put_setting(file, "xlabel", plot->x_label);
    put_setting(file, "ylabel", plot->y_label);
    if (plot->log_x)
        fputs("set logscale x\nset format x '%g'\n", file);
    if (plot->log_y)
        fputs("set logscale y\nset format y '%g'\n", file);
    put_points(file, plot);
    for (int k = 0; k < plot->nseries; k++) {
        fprintf(file, "%s $data using 1:%d with %s pointtype %d title ", k ? "," : "plot", k + 2,
                plot->scatter ? "points" : "linespoints", k + 1);
        put_string(file, plot->names[k]);
    }
    fputc('\n', file);
}

/* Gnuplot puts a form feed in front, and blanks up to the right edge and the bottom. */
static void print_drawing(FILE *file)
{
    char line[512];
    bool begun = false;
    while (fgets(line, sizeof line, file)) {
        size_t length = strlen(line);
        while (length > 0 && strchr("\f\n ", line[length - 1]))
            length--;
        begun |= length > 0;
        if (begun)
            printf("%.*s\n", (int)length, line);
    }
}

enum tmk_status tmk_plot_text(const struct tmk_text_plot *plot)
{
    FILE *script = tmpfile(), *drawing = tmpfile();
    enum tmk_status status = TMK_OK;
    if (script && drawing) {
        put_script(script, plot);
        if (tmk_gnuplot_commands(script, drawing) == TMK_OK)
            print_drawing(drawing);
        else
            fprintf(stderr, "%s\n", tmk_message());
    } else {
        status = tmk_fail(TMK_EIO, "no temporary file: %s: make room for one", strerror(errno));
    }
    if (script)
        fclose(script);
    if (drawing)
        fclose(drawing);
    return status;
}
