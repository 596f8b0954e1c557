/* What `tilemark count` shows of a network's costs. */
#ifndef TMK_ANALYSIS_COUNT_H
#define TMK_ANALYSIS_COUNT_H

#include "cost.h"

#include <stdbool.h>
#include <stdio.h>

struct tmk_count {
    const struct tmk_net *net;
    enum tmk_grouping grouping;
    size_t mb;
    size_t height, width; /* 0: the network's own */
    int argc;             /* the command line */
    const char **argv;
};

/* The rows and their totals, for people or as CSV with exact counts. */
enum tmk_status tmk_count_write(const struct tmk_count *count, const struct tmk_cost_table *table,
                                FILE *file, bool csv);

/* The totals in words, beside the published ones, on stdout. */
void tmk_count_print_totals(const struct tmk_count *count, const struct tmk_cost_table *table);

/* Shares of parameters and of work as bars in characters on stdout. */
enum tmk_status tmk_count_print_bars(const struct tmk_count *count,
                                     const struct tmk_cost_table *table);

/* count.csv of `table`, the picture "count" of `shown`, and the chapter, in `folder`. */
enum tmk_status tmk_count_draw(const struct tmk_count *count, const struct tmk_cost_table *table,
                               const struct tmk_cost_table *shown, const char *folder);

#endif
