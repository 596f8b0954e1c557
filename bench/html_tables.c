#include "html.h"

#include "findings.h"
#include "look.h"
#include "text.h"

#include <math.h>
#include <string.h>

void tmk_html_text(FILE *file, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        case '\'':
            fputs("&#39;", file);
            break;
        default:
            fputc(*text, file);
        }
    }
}

/* A number, its text, and its raw value for sorting. */
static void put_number(FILE *file, double value, const char *text)
{
    if (isfinite(value))
        fprintf(file, "<td class=\"n\" data-v=\"%.9g\">%s</td>", value, text);
    else
        fputs("<td class=\"n\" data-v=\"-1\">&ndash;</td>", file);
}

static void put_formatted(FILE *file, double value, const char *format)
{
    char text[32];
    snprintf(text, sizeof text, format, value);
    put_number(file, value, text);
}

static void put_seconds(FILE *file, double seconds)
{
    char text[32];
    put_number(file, seconds, tmk_format_seconds(text, sizeof text, seconds));
}

static void put_bytes(FILE *file, double bytes)
{
    char text[32];
    put_number(file, bytes, tmk_format_bytes(text, sizeof text, bytes));
}

static void put_word(FILE *file, const char *text)
{
    fputs("<td>", file);
    tmk_html_text(file, text);
    fputs("</td>", file);
}

static void put_heads(FILE *file, const char *const *heads, size_t count)
{
    fputs("<thead><tr>", file);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "<th>%s</th>", heads[i]);
    fputs("</tr></thead>\n<tbody>\n", file);
}

/* Two numbers of one implementation and direction: median % of peak, geometric mean over naive. */
static void put_overview_cell(FILE *file, const struct tmk_scene *scene, size_t impl, int dir)
{
    size_t most = tmk_scene_most_threads(scene);
    struct tmk_spread peak = tmk_scene_spread(scene, impl, dir, most, tmk_value_pct_peak);
    struct tmk_spread speedup = tmk_scene_spread(scene, impl, dir, most, tmk_value_speedup);
    put_formatted(file, speedup.geometric_mean,
                  speedup.geometric_mean < 9.95 ? "%.1f&times;" : "%.0f&times;");
    if (peak.count > 0)
        fprintf(file,
                "<td class=\"n\"><span class=\"bar\" style=\"width:%.0fpx;background:%s\"></span>"
                " %.*f %%</td>",
                fmin(peak.median, 110) * 0.7, tmk_impl_colour(scene->impls[impl]),
                peak.median < 9.95 ? 1 : 0, peak.median);
    else
        fputs("<td class=\"n\">&ndash;</td>", file);
}

void tmk_html_overview(FILE *file, const struct tmk_scene *scene)
{
    int threads = scene->threads[tmk_scene_most_threads(scene)];
    fprintf(file,
            "<table class=\"overview\"><caption>%s, %d thread%s, %zu layer%s</caption>"
            "<thead><tr><th rowspan=\"2\">implementation</th>",
            scene->op, threads, threads == 1 ? "" : "s", scene->nlayers,
            scene->nlayers == 1 ? "" : "s");
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        if (scene->dirs[dir])
            fprintf(file, "<th colspan=\"2\">%s</th>", tmk_dir_name[dir]);
    }
    fputs("</tr><tr>", file);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        if (scene->dirs[dir])
            fputs("<th>vs naive</th><th>% of peak</th>", file);
    }
    fputs("</tr></thead><tbody>\n", file);
    for (size_t impl = 0; impl < scene->nimpls; impl++) {
        fprintf(file, "<tr><td><span class=\"dot\" style=\"background:%s\"></span>",
                tmk_impl_colour(scene->impls[impl]));
        tmk_html_text(file, scene->impls[impl]);
        fputs("</td>", file);
        for (int dir = 0; dir < TMK_NDIRS; dir++) {
            if (scene->dirs[dir])
                put_overview_cell(file, scene, impl, dir);
        }
        fputs("</tr>\n", file);
    }
    fputs("</tbody></table>\n", file);
}

static void put_cell(FILE *file, const struct tmk_cell_summary *summary)
{
    const struct tmk_cell *cell = &summary->cell;
    char impl[TMK_CELL_IMPL_MAX], kind[48];
    fprintf(file, "<tr><td>%s</td><td title=\"", cell->op);
    tmk_html_text(file, cell->problem);
    fputs("\">", file);
    tmk_html_text(file, cell->name[0] ? cell->name : cell->problem);
    fputs("</td>", file);
    put_word(file, cell->dir);
    put_word(file, tmk_cell_impl(impl, cell));
    snprintf(kind, sizeof kind, "%s %s %s", cell->dtype, cell->layout, cell->cache);
    put_word(file, kind);
    put_formatted(file, cell->threads, "%.0f");
    put_seconds(file, summary->median_s);
    put_formatted(file, tmk_half_width_percent(summary), "&plusmn;%.1f %%");
    put_seconds(file, summary->min_s);
    put_formatted(file, summary->gflops, "%.2f");
    put_formatted(file, summary->pct_peak, "%.1f");
    put_formatted(file, summary->speedup_vs_naive, "%.2f");
    put_formatted(file, summary->efficiency, "%.2f");
    put_formatted(file, summary->intensity, "%.1f");
    put_bytes(file, cell->workspace_bytes);
    put_formatted(file, cell->err_over_bound, "%.2g");
    put_formatted(file, (double)summary->samples, "%.0f");
    put_formatted(file, (double)summary->noisy, "%.0f");
    put_word(file, cell->status);
    fputs("</tr>\n", file);
}

void tmk_html_cells(FILE *file, const struct tmk_summaries *summaries)
{
    static const char *const heads[] = {"op",        "layer",    "dir",   "impl",   "type",
                                        "threads",   "median",   "CI",    "min",    "GFLOP/s",
                                        "% peak",    "vs naive", "eff.",  "FLOP/B", "workspace",
                                        "err/bound", "samples",  "noisy", "status"};
    fputs(
        "<p><input id=\"filter\" type=\"search\" placeholder=\"filter, for example: blocked fwd\" "
        "aria-label=\"filter the table\"> <span id=\"shown\"></span></p>\n"
        "<div class=\"scroll\"><table id=\"cells\" class=\"sortable\">",
        file);
    put_heads(file, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < summaries->count; i++)
        put_cell(file, &summaries->cells[i]);
    fputs("</tbody></table></div>\n", file);
}

void tmk_html_missing(FILE *file, const struct tmk_summaries *summaries)
{
    static const char *const heads[] = {"op", "layer", "dir", "impl", "threads", "status"};
    size_t count = 0;
    for (size_t i = 0; i < summaries->count; i++)
        count += strcmp(summaries->cells[i].cell.status, "ok") != 0;
    if (count == 0) {
        fprintf(file, "<p>Nothing: all %zu cells were verified and timed.</p>\n", summaries->count);
        return;
    }
    fprintf(file, "<p>%zu of %zu cells.</p><div class=\"scroll\"><table class=\"sortable\">", count,
            summaries->count);
    put_heads(file, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < summaries->count; i++) {
        const struct tmk_cell *cell = &summaries->cells[i].cell;
        if (strcmp(cell->status, "ok") == 0)
            continue;
        fputs("<tr>", file);
        put_word(file, cell->op);
        put_word(file, cell->name[0] ? cell->name : cell->problem);
        put_word(file, cell->dir);
        put_word(file, cell->impl);
        put_formatted(file, cell->threads, "%.0f");
        put_word(file, cell->status);
        fputs("</tr>\n", file);
    }
    fputs("</tbody></table></div>\n", file);
}
