/* What `tilemark receptive` shows of a network's receptive fields. */
#ifndef TMK_ANALYSIS_RECEPTIVE_H
#define TMK_ANALYSIS_RECEPTIVE_H

#include "reach.h"
#include "select.h"

#include <stdbool.h>
#include <stdio.h>

struct tmk_receptive {
    struct tmk_fields fields;
    bool stack;  /* of words, not a network of the table */
    bool alike;  /* rows and columns */
    int *listed; /* of fields.path, the layers that change the field; all of a stack */
    int nlisted;
    int argc; /* the command line */
    const char **argv;
};

/* The layers to list, and whether one axis speaks for both. */
enum tmk_status tmk_receptive_make(const struct tmk_net *net, bool stack,
                                   struct tmk_receptive *out);
void tmk_receptive_free(struct tmk_receptive *receptive);

/* "max(1,2i-3)..min(224,2i+2)": what output i reads, both counted from 1. */
#define TMK_RANGE_MAX 128
char *tmk_range_formula(const struct tmk_receptive *receptive, int layer, enum tmk_axis axis,
                        char buf[TMK_RANGE_MAX]);

/* What one output depends on, counted from 1. count 0: padding alone. */
struct tmk_range {
    size_t first, last, count; /* count below last - first + 1: the range has holes */
    bool as_formula;           /* first and last are those of the formula, and there are no holes */
};
enum tmk_status tmk_range_exact(const struct tmk_receptive *receptive, int layer,
                                enum tmk_axis axis, size_t index, struct tmk_range *out);

/* Tables for people, or one as CSV. */
enum tmk_status tmk_receptive_print(const struct tmk_receptive *receptive);
enum tmk_status tmk_receptive_write_csv(const struct tmk_receptive *receptive, FILE *file);

/* The growth of the field as a plot in characters on stdout. */
enum tmk_status tmk_receptive_print_plot(const struct tmk_receptive *receptive);

/* receptive.csv, the picture and the chapter in `folder`. `checked`: a sentence for the chapter, or
 * "". */
enum tmk_status tmk_receptive_draw(const struct tmk_receptive *receptive, const char *checked,
                                   const char *folder);

/* Multiply-adds of the check with one implementation. */
double tmk_receptive_check_macs(const struct tmk_receptive *receptive);

/* Push gradients back from border and inner positions, of every listed layer of a stack or of the
 * last layer of a network, through every chosen implementation, and hold what they reach against
 * tmk_reach_exact(). `summary` says what was done. TMK_ECHECK: they differ. */
enum tmk_status tmk_receptive_check(const struct tmk_receptive *receptive,
                                    const struct tmk_selection *selection, char *summary,
                                    size_t size);

#endif
