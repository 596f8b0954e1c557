/* Table 1 of GoogLeNet's paper recomputed from its own channels. */
#ifndef TMK_ANALYSIS_INCEPTION_AUDIT_H
#define TMK_ANALYSIS_INCEPTION_AUDIT_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A printed figure beside what the row's channels give. The paper counts weights without biases in
 * units of 1,024 and multiply-adds in millions. */
struct tmk_audit_figure {
    double computed, unit; /* weights or multiply-adds; what one of the printed units is */
    double printed;        /* in that unit, to `decimals` places */
    int decimals;
    bool agrees; /* computed / unit rounds to printed */
};

struct tmk_audit_row {
    const char *name;                      /* "inception (4c)", as the paper has it; "total" */
    struct tmk_audit_figure weights, macs; /* of the total's weights none is printed: 0 */
    char explanation[256];                 /* of a figure that does not agree, or "" */
};

#define TMK_AUDIT_ROWS 13

/* TMK_ENOMEM. */
enum tmk_status tmk_audit_make(struct tmk_audit_row rows[TMK_AUDIT_ROWS]);

/* The table for people, or as CSV with exact counts. */
enum tmk_status tmk_audit_write(const struct tmk_audit_row *rows, FILE *file, bool csv);

/* Table and notes, or CSV, on stdout, and, with a folder, CSV, picture and chapter there. */
enum tmk_status tmk_audit_show(bool csv, const char *folder, int argc, const char **argv);

#endif
