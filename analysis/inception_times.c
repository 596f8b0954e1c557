/* The times of `tilemark inception --measure`. */
#include "bars.h"
#include "inception.h"

#include "table.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH 50

static void add_row(struct tmk_table *table, const struct tmk_time_row *row, bool csv)
{
    char seconds[32];
    tmk_table_cell(table, "%s", tmk_dir_name[row->dir]);
    tmk_table_cell(table, "%s", row->impl);
    tmk_table_cell(table, "%d", row->threads);
    for (int v = 0; v < TMK_NVERSIONS; v++) {
        if (csv)
            tmk_table_cell(table, "%.9g", row->median_s[v]);
        else
            tmk_table_cell(table, "%s",
                           tmk_format_seconds(seconds, sizeof seconds, row->median_s[v]));
    }
    if (csv) {
        const double ratios[] = {row->ratio, row->ci_lo, row->ci_hi};
        for (int i = 0; i < 3; i++)
            tmk_table_cell(table, isnan(ratios[i]) ? "NaN" : "%.6g", ratios[i]);
    } else {
        tmk_table_cell(table, "%.2fx", row->ratio);
        if (isnan(row->ci_lo))
            tmk_table_cell(table, "-");
        else
            tmk_table_cell(table, "%.2f..%.2f", row->ci_lo, row->ci_hi);
    }
    tmk_table_cell(table, "%zu", row->rounds);
}

enum tmk_status tmk_times_write(const struct tmk_time_table *times, FILE *file, bool csv)
{
    static const struct tmk_column readable[] = {
        {"dir", false},       {"impl", false},     {"threads", true},       {"naive", true},
        {"bottleneck", true}, {"less time", true}, {"95 % interval", true}, {"rounds", true}};
    static const struct tmk_column exact[] = {
        {"dir", false},    {"impl", false},        {"threads", true},
        {"naive_s", true}, {"bottleneck_s", true}, {"time_ratio", true},
        {"ci_lo", true},   {"ci_hi", true},        {"rounds", true}};
    struct tmk_table plain = TMK_TABLE(readable), comma = TMK_TABLE(exact);
    struct tmk_table *table = csv ? &comma : &plain;
    for (size_t i = 0; i < times->count; i++)
        add_row(table, &times->rows[i], csv);
    return tmk_table_print(table, file, csv);
}

/* Bars of one direction, the operations' first. */
static void print_direction(const struct tmk_inception_study *study,
                            const struct tmk_time_table *times, enum tmk_dir dir,
                            struct tmk_bar *bars, char (*names)[48], char (*texts)[48])
{
    char title[96];
    size_t count = 1;
    bars[0] = (struct tmk_bar){"operations", texts[0], {tmk_study_saving(study)}};
    snprintf(texts[0], sizeof *texts, "%.2fx fewer", tmk_study_saving(study));
    for (size_t i = 0; i < times->count; i++) {
        const struct tmk_time_row *row = &times->rows[i];
        if (row->dir != dir)
            continue;
        snprintf(names[count], sizeof *names, "%s, %d thread%s", row->impl, row->threads,
                 row->threads == 1 ? "" : "s");
        snprintf(texts[count], sizeof *texts, "%.2fx less time", row->ratio);
        bars[count] = (struct tmk_bar){names[count], texts[count], {0, row->ratio}};
        count++;
    }
    snprintf(title, sizeof title, "\nWhat the bottleneck saves, %s", tmk_dir_name[dir]);
    if (count > 1)
        tmk_bars_print(title, bars, count, BAR_WIDTH);
}

void tmk_times_print_bars(const struct tmk_inception_study *study,
                          const struct tmk_time_table *times)
{
    struct tmk_bar *bars = calloc(times->count + 1, sizeof *bars);
    char(*names)[48] = calloc(times->count + 1, sizeof *names);
    char(*texts)[48] = calloc(times->count + 1, sizeof *texts);
    for (enum tmk_dir dir = 0; bars && names && texts && dir < TMK_NDIRS; dir++)
        print_direction(study, times, dir, bars, names, texts);
    free(bars);
    free(names);
    free(texts);
}
