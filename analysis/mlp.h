/* What the files of `tilemark mlp` share. */
#ifndef TMK_ANALYSIS_MLP_H
#define TMK_ANALYSIS_MLP_H

#include "fit.h"

#include <stdio.h>

/* The published case: f and its gradients by the formulas, by a backward pass, by central
 * differences, all in f64; and f in f32. */
struct tmk_comparison {
    struct tmk_two_layer net;
    double f_closed, f_automatic, f_f32;
    struct tmk_variable closed[TMK_TWO_LAYER_GRADIENTS];
    struct tmk_variable automatic[TMK_TWO_LAYER_GRADIENTS];
    struct tmk_variable numerical[TMK_TWO_LAYER_GRADIENTS];
};

/* Free it in any case. */
enum tmk_status tmk_comparison_make(struct tmk_comparison *out);
void tmk_comparison_free(struct tmk_comparison *comparison);

/* The largest |a - b| of part i, relative to the largest |a|. */
double tmk_comparison_error(const struct tmk_variable *a, const struct tmk_variable *b);

/* A table of the first `most` elements of every gradient, as text or CSV. */
enum tmk_status tmk_comparison_print(const struct tmk_comparison *comparison, size_t most,
                                     FILE *file, bool csv);

/* Pictures of fit and error, in characters. */
enum tmk_status tmk_fit_print(const struct tmk_fit *fit);

/* The picture, the table of gradients and the chapter, into a folder. */
enum tmk_status tmk_mlp_write(const struct tmk_comparison *comparison, const struct tmk_fit *fit,
                              const char *folder, int argc, const char **argv);

#endif
