/* The parts of `tilemark momentum`: what was run, and how it is shown. */
#ifndef TMK_ANALYSIS_MOMENTUM_H
#define TMK_ANALYSIS_MOMENTUM_H

#include "momentum_forms.h"

#include <stdio.h>

/* Both forms, and I rescaled, on one function in one dtype. */
struct tmk_race {
    struct tmk_momentum_plan plan;
    struct tmk_trajectory forms[TMK_NFORMS];
    double most_ulps;     /* between I and II, over all steps */
    size_t most_at;       /* the step after which it is reached */
    double rescaled_ulps; /* the most between I rescaled and II */
};

#define TMK_RACES 4 /* two functions in two dtypes */

struct tmk_momentum {
    struct tmk_race constant[TMK_RACES]; /* alpha stays: quadratic f32, f64, rosenbrock f32, f64 */
    struct tmk_race changed[2];          /* alpha changes on the way: each function in f64 */
    int argc;
    const char **argv;
};

enum tmk_status tmk_momentum_print(const struct tmk_momentum *momentum, bool plots);

/* Tables with a row for each race. */
enum tmk_status tmk_momentum_write_constant(const struct tmk_momentum *momentum, FILE *file,
                                            bool csv);
enum tmk_status tmk_momentum_write_changed(const struct tmk_momentum *momentum, FILE *file,
                                           bool csv);

/* Steps around the change of alpha that pictures show: [from, to). */
void tmk_momentum_window(const struct tmk_momentum_plan *plan, size_t *from, size_t *to);

/* Largest difference of I and II in ulp within `windows` equal stretches of a run, each at its
 * middle step. Both arrays have room for `windows`; 0 ulp is NaN, which a logarithmic axis
 * leaves out. */
void tmk_momentum_envelope(const struct tmk_race *race, size_t windows, double *step, double *ulps);

/* Pictures, tables and the chapter in `folder`. */
enum tmk_status tmk_momentum_draw(const struct tmk_momentum *momentum, const char *folder);

#endif
