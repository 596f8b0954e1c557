#include "vanishing_sweep.h"

#include <math.h>
#include <stdlib.h>

/* Where the measured decades pass from lost to won, linear in log sigma_w between two points. */
static double find_crossing(const struct tmk_sigma_sweep *sweep)
{
    for (size_t i = 0; i + 1 < sweep->points; i++) {
        double before = sweep->decays[i].fit.decades.median;
        double after = sweep->decays[i + 1].fit.decades.median;
        if (before > 0 && after <= 0) {
            double share = before / (before - after);
            return sweep->sigma_w[i] * pow(sweep->sigma_w[i + 1] / sweep->sigma_w[i], share);
        }
    }
    return NAN;
}

static enum tmk_status run_points(struct tmk_sigma_sweep *sweep, double lo, double hi)
{
    sweep->sigma_w = calloc(sweep->points, sizeof *sweep->sigma_w);
    sweep->decays = calloc(sweep->points, sizeof *sweep->decays);
    if (!sweep->sigma_w || !sweep->decays)
        return tmk_fail(TMK_ENOMEM, "no memory for a sweep of %zu points", sweep->points);
    for (size_t i = 0; i < sweep->points; i++) {
        struct tmk_ensemble_plan plan = sweep->plan;
        plan.spec.sigma_w = lo * pow(hi / lo, (double)i / (double)(sweep->points - 1));
        sweep->sigma_w[i] = plan.spec.sigma_w;
        TMK_TRY(tmk_decay_make(&plan, false, &sweep->decays[i]));
        sweep->worst = fmax(sweep->worst, fabs(sweep->decays[i].fit.ratio - 1));
    }
    return TMK_OK;
}

enum tmk_status tmk_sigma_sweep_make(const struct tmk_ensemble_plan *plan, double lo, double hi,
                                     size_t points, struct tmk_sigma_sweep *out)
{
    *out = (struct tmk_sigma_sweep){.plan = *plan, .points = points};
    out->plan.spec.init = tmk_init_find("normal");
    out->plan.spectral = false;
    out->critical = sqrt(tmk_meanfield_critical(plan->spec.activation));
    enum tmk_status status = run_points(out, lo, hi);
    if (status == TMK_OK)
        out->crossing = find_crossing(out);
    else
        tmk_sigma_sweep_free(out);
    return status;
}

void tmk_sigma_sweep_free(struct tmk_sigma_sweep *sweep)
{
    for (size_t i = 0; sweep->decays && i < sweep->points; i++)
        tmk_decay_free(&sweep->decays[i]);
    free(sweep->decays);
    free(sweep->sigma_w);
    *sweep = (struct tmk_sigma_sweep){0};
}
