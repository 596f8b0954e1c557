#include "momentum_forms.h"

#include <math.h>
#include <stdlib.h>

#define DIMENSIONS 10 /* of the quadratic, and the most there are */

const char *const tmk_form_name[TMK_NFORMS] = {"I", "II", "I rescaled"};

static double curvature(const struct tmk_landscape *landscape, size_t i)
{
    return pow(landscape->condition, (double)i / (double)(landscape->n - 1) - 1);
}

/* All arithmetic in `real`; a step of each form as its formula stands. */
#define DEFINE_ARITHMETIC(suffix, real)                                                            \
    static void quadratic_##suffix(const struct tmk_landscape *landscape, const real *theta,       \
                                   real *out)                                                      \
    {                                                                                              \
        for (size_t i = 0; i < landscape->n; i++)                                                  \
            out[i] = (real)curvature(landscape, i) * (theta[i] - 1);                               \
    }                                                                                              \
    static void rosenbrock_##suffix(const struct tmk_landscape *landscape, const real *theta,      \
                                    real *out)                                                     \
    {                                                                                              \
        (void)landscape;                                                                           \
        real x = theta[0], valley = theta[1] - x * x;                                              \
        out[0] = -2 * (1 - x) - 400 * x * valley;                                                  \
        out[1] = 200 * valley;                                                                     \
    }                                                                                              \
    static void step_##suffix(const struct tmk_momentum_plan *plan, enum tmk_momentum_form form,   \
                              real alpha, real before, real *theta, real *memory)                  \
    {                                                                                              \
        size_t n = plan->landscape.n;                                                              \
        real beta = (real)plan->beta, gradient[DIMENSIONS];                                        \
        real keep = form == TMK_FORM_I_RESCALED ? beta * (alpha / before) : beta;                  \
        plan->landscape.gradient_##suffix(&plan->landscape, theta, gradient);                      \
        for (size_t i = 0; i < n; i++) {                                                           \
            real now = theta[i];                                                                   \
            if (form == TMK_FORM_II) {                                                             \
                memory[i] = gradient[i] + beta * memory[i]; /* the velocity */                     \
                theta[i] = now - alpha * memory[i];                                                \
            } else {                                                                               \
                theta[i] = now - alpha * gradient[i] + keep * (now - memory[i]);                   \
                memory[i] = now; /* theta of the step before */                                    \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static void run_##suffix(const struct tmk_momentum_plan *plan, enum tmk_momentum_form form,    \
                             double *record)                                                       \
    {                                                                                              \
        size_t n = plan->landscape.n;                                                              \
        real theta[DIMENSIONS], memory[DIMENSIONS], before = (real)plan->alpha;                    \
        for (size_t i = 0; i < n; i++) {                                                           \
            theta[i] = (real)(i ? plan->landscape.start : plan->landscape.first);                  \
            memory[i] = form == TMK_FORM_II ? 0 : theta[i];                                        \
            record[i] = theta[i];                                                                  \
        }                                                                                          \
        for (size_t s = 0; s < plan->steps; s++) {                                                 \
            real alpha = (real)(s < plan->change ? plan->alpha : plan->alpha * plan->factor);      \
            step_##suffix(plan, form, alpha, before, theta, memory);                               \
            before = alpha;                                                                        \
            for (size_t i = 0; i < n; i++)                                                         \
                record[(s + 1) * n + i] = theta[i];                                                \
        }                                                                                          \
    }
DEFINE_ARITHMETIC(f32, float)
DEFINE_ARITHMETIC(f64, double)

struct tmk_landscape tmk_quadratic(double condition)
{
    return (struct tmk_landscape){.name = "quadratic",
                                  .formula = "sum h_i (theta_i - 1)^2 / 2",
                                  .n = DIMENSIONS,
                                  .start = -1,
                                  .first = -1,
                                  .condition = condition,
                                  .gradient_f32 = quadratic_f32,
                                  .gradient_f64 = quadratic_f64};
}

struct tmk_landscape tmk_rosenbrock(void)
{
    return (struct tmk_landscape){.name = "rosenbrock",
                                  .formula = "(1 - x)^2 + 100 (y - x^2)^2",
                                  .n = 2,
                                  .start = 1,
                                  .first = -1.2,
                                  .gradient_f32 = rosenbrock_f32,
                                  .gradient_f64 = rosenbrock_f64};
}

enum tmk_status tmk_momentum_run(const struct tmk_momentum_plan *plan, enum tmk_momentum_form form,
                                 struct tmk_trajectory *out)
{
    size_t n = plan->landscape.n;
    *out = (struct tmk_trajectory){.steps = plan->steps, .n = n, .dtype = plan->dtype};
    out->theta = reallocarray(NULL, plan->steps + 1, n * sizeof *out->theta);
    if (!out->theta)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu steps: ask for fewer", plan->steps);
    if (plan->dtype == TMK_F32)
        run_f32(plan, form, out->theta);
    else
        run_f64(plan, form, out->theta);
    return TMK_OK;
}

void tmk_trajectory_free(struct tmk_trajectory *trajectory)
{
    free(trajectory->theta);
    trajectory->theta = NULL;
}

static double ulp(double value, enum tmk_dtype dtype)
{
    value = fabs(value);
    if (dtype == TMK_F32)
        return (double)nextafterf((float)value, INFINITY) - value;
    return nextafter(value, INFINITY) - value;
}

double tmk_trajectory_ulps(const struct tmk_trajectory *a, const struct tmk_trajectory *b,
                           size_t step)
{
    double difference = 0, size = 0;
    for (size_t i = step * a->n; i < (step + 1) * a->n; i++) {
        difference = fmax(difference, fabs(a->theta[i] - b->theta[i]));
        size = fmax(size, fmax(fabs(a->theta[i]), fabs(b->theta[i])));
    }
    return difference / ulp(size, a->dtype);
}

double tmk_trajectory_stride(const struct tmk_trajectory *trajectory, size_t step)
{
    const double *from = trajectory->theta + step * trajectory->n, *to = from + trajectory->n;
    double sum = 0;
    for (size_t i = 0; i < trajectory->n; i++)
        sum += (to[i] - from[i]) * (to[i] - from[i]);
    return sqrt(sum);
}

double tmk_trajectory_distance(const struct tmk_trajectory *trajectory, size_t step)
{
    const double *at = trajectory->theta + step * trajectory->n;
    double sum = 0;
    for (size_t i = 0; i < trajectory->n; i++)
        sum += (at[i] - 1) * (at[i] - 1);
    return sqrt(sum);
}
