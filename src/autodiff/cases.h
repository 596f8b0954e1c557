/* The cases of gradcheck.h, as they are written down. Private to src/autodiff. */
#ifndef TMK_AUTODIFF_CASES_H
#define TMK_AUTODIFF_CASES_H

#include "graph.h"

#define TMK_CASE_INPUTS 5

struct tmk_case {
    const char *name, *note;
    /* A word per input, a character per dimension: a digit is the size, a letter a random size from
     * 1 to 4, the same wherever it stands. "-" is a scalar. */
    const char *shapes;
    /* A character per input: r real numbers of either sign, away from 0; p positive ones; d numbers
     * at least 0.05 apart; l class labels, without gradient, of as many classes as the first input
     * has columns. */
    const char *fills;
    struct tmk_node *(*build)(struct tmk_node **in);
};

extern const struct tmk_case tmk_cases[]; /* ends with name NULL */

#endif
