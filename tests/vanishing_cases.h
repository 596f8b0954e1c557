/* Networks for the tests of `tilemark vanishing`, quick and slow. */
#ifndef TMK_TESTS_VANISHING_CASES_H
#define TMK_TESTS_VANISHING_CASES_H

#include "matmul.h"
#include "vanishing_sweep.h"

#include <math.h>

static inline struct tmk_ensemble_plan make_plan(const char *activation, const char *init,
                                                 double sigma_w, size_t depth, size_t width,
                                                 size_t seeds)
{
    return (struct tmk_ensemble_plan){
        .spec = {.depth = depth,
                 .width = width,
                 .batch = 1,
                 .activation = tmk_activation_find(activation),
                 .init = tmk_init_find(init),
                 .sigma_w = sigma_w,
                 .keep_bytes = (size_t)256 << 20,
                 .dtype = TMK_F64,
                 .impl = tmk_op_impl(&tmk_op_matmul, width <= 64 ? "naive" : "blocked")},
        .seeds = seeds,
        .threads = 2,
    };
}

static inline struct tmk_decay make_decay(const struct tmk_ensemble_plan *plan, bool textbook)
{
    struct tmk_decay decay;
    if (tmk_decay_make(plan, textbook, &decay) != TMK_OK)
        fail_msg("%s", tmk_message());
    return decay;
}

/* Mean field's factor per layer is measured to within 3 % for sigma_w^2 = 1, 2, 16. */
static inline void check_mean_field(size_t depth, size_t width, size_t seeds)
{
    static const double squares[] = {1, 2, 16};
    for (int i = 0; i < 3; i++) {
        struct tmk_ensemble_plan plan =
            make_plan("sigmoid", "normal", sqrt(squares[i]), depth, width, seeds);
        struct tmk_decay decay = make_decay(&plan, false);
        if (!(fabs(decay.fit.ratio - 1) < 0.03))
            fail_msg("sigma_w^2 %g: measured factor %.4g, predicted %.4g", squares[i],
                     pow(10, -decay.fit.decades.median), pow(10, -decay.fit.theory_decades));
        assert_true(decay.fit.r2 > 0.99);
        tmk_decay_free(&decay);
    }
}

#endif
