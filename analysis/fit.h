/* The regression that the two-layer network comes from: 100 points of y = x^2 + noise, x evenly in
 * [-1, 1], noise uniform in [0, 0.2), fitted by gradient descent on the mean squared error f / N
 * until the error stands still. */
#ifndef TMK_ANALYSIS_FIT_H
#define TMK_ANALYSIS_FIT_H

#include "two_layer.h"

enum { TMK_FIT_POINTS = 100, TMK_FIT_FRAMES = 4 };
#define TMK_FIT_NOISE 0.2

/* The error stands still when TMK_FIT_PATIENCE steps lower it by less than this share. */
#define TMK_FIT_PATIENCE 1000
#define TMK_FIT_STILL 1e-3

struct tmk_fit_options {
    size_t hidden, max_steps;
    uint32_t seed; /* noise, then PyTorch's initial parameters */
    double lr, momentum;
};

/* What the network says of every x after so many steps. */
struct tmk_fit_frame {
    size_t step;
    double error, prediction[TMK_FIT_POINTS];
};

struct tmk_fit {
    struct tmk_fit_options options;
    double x[TMK_FIT_POINTS], y[TMK_FIT_POINTS];
    double spread; /* mean squared error of a constant: the variance of y */
    double floor;  /* of x^2 plus the mean of the noise: what the noise leaves */
    size_t steps;  /* taken */
    bool still;    /* it came to stand; else max_steps were not enough, or it was interrupted */
    struct tmk_fit_frame frame[TMK_FIT_FRAMES]; /* at first, after 100 and 1000 steps, at the end */
    size_t nframes;
    size_t points; /* of the curve: every step to 100, then ever fewer */
    double *step, *error;
};

/* Called after every step; false ends the fit. */
typedef bool tmk_fit_progress(void *context, size_t step, double error);

/* TMK_EINVAL: no hidden units, no steps, a bad rate, or the error has become infinite; TMK_ENOMEM.
 */
enum tmk_status tmk_fit_run(const struct tmk_fit_options *options, tmk_fit_progress *progress,
                            void *context, struct tmk_fit *out);
void tmk_fit_free(struct tmk_fit *fit);

#endif
