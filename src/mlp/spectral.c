#include "mlp_parts.h"

#include "random.h"

#include <math.h>

#define MOST_STEPS 200
#define CLOSE 1e-5 /* relative change of the norm in a step at which it has settled */

/* Scale the rows to length 1; gives the length of the longest. */
static double normalise_rows(double *rows, size_t count, size_t length)
{
    double longest = 0;
    for (size_t r = 0; r < count; r++) {
        double *row = rows + r * length;
        double norm = tmk_scaled_value(tmk_scaled_norm(TMK_F64, row, length, 0));
        longest = fmax(longest, norm);
        for (size_t i = 0; i < length && norm > 0; i++)
            row[i] /= norm;
    }
    return longest;
}

/* Each sample's row is a start of its own: v -> A v (length: the norm so far) -> A^T A v. */
enum tmk_status tmk_mlp_spectral(struct tmk_mlp *mlp, size_t l, double *norm)
{
    size_t batch = mlp->spec.batch, width = mlp->spec.width, units = tmk_mlp_units(mlp, l);
    struct tmk_view weights = tmk_mlp_matrix(mlp, TMK_MLP_WEIGHTS, units, width);
    struct tmk_view v = tmk_mlp_matrix(mlp, TMK_MLP_DELTA, batch, width);
    struct tmk_view image = tmk_mlp_matrix(mlp, TMK_MLP_PRODUCT, batch, units);
    double *values = mlp->buffer[TMK_MLP_SCRATCH], before = 0;
    struct tmk_random random;
    tmk_random_seed(&random, (uint32_t)l);
    for (size_t i = 0; i < batch * width; i++)
        values[i] = tmk_random_normal(&random);
    *norm = 0;
    for (int step = 0; step < MOST_STEPS; step++) {
        normalise_rows(values, batch, width);
        tmk_mlp_store(&v, values);
        TMK_TRY(tmk_mlp_multiply(mlp, l, TMK_FWD, &v, &weights, &image));
        tmk_mlp_load(&image, values);
        before = *norm;
        *norm = normalise_rows(values, batch, units);
        if (fabs(*norm - before) <= CLOSE * *norm)
            break;
        tmk_mlp_store(&image, values);
        TMK_TRY(tmk_mlp_multiply(mlp, l, TMK_BWD_D, &v, &weights, &image));
        tmk_mlp_load(&v, values);
    }
    return TMK_OK;
}
