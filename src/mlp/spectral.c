#include "mlp_parts.h"

#include "random.h"

#include <math.h>
#include <string.h>

#define MOST_STEPS 64
#define CLOSE 1e-4 /* relative change of the norm in a step at which it has settled */

/* The tridiagonal matrix that Lanczos' steps build: diagonal, and the squares beside it. */
struct tridiagonal {
    int size;
    double diagonal[MOST_STEPS], beside[MOST_STEPS];
};

/* True if an eigenvalue is larger than x: a pivot of T - x I is positive (Sturm). */
static bool exceeds(const struct tridiagonal *t, double x)
{
    double pivot = t->diagonal[0] - x;
    for (int i = 1; i < t->size && pivot < 0; i++)
        pivot = t->diagonal[i] - x - t->beside[i - 1] / pivot;
    return pivot >= 0;
}

/* By bisection between the largest diagonal element and Gershgorin's bound. */
static double largest_eigenvalue(const struct tridiagonal *t)
{
    double lo = 0, hi = 0;
    for (int i = 0; i < t->size; i++) {
        double left = i ? sqrt(t->beside[i - 1]) : 0;
        double right = i + 1 < t->size ? sqrt(t->beside[i]) : 0;
        lo = fmax(lo, t->diagonal[i]);
        hi = fmax(hi, t->diagonal[i] + left + right);
    }
    while (hi - lo > 1e-13 * hi) {
        double middle = 0.5 * (lo + hi);
        if (exceeds(t, middle))
            lo = middle;
        else
            hi = middle;
    }
    return hi;
}

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* image = A^T A v by the network's own products, in the first sample's row. */
static enum tmk_status apply(struct tmk_mlp *mlp, size_t l, const double *v, double *image)
{
    size_t batch = mlp->spec.batch, width = mlp->spec.width;
    struct tmk_view weights = tmk_mlp_weights(mlp, l);
    struct tmk_view in = tmk_mlp_matrix(mlp, TMK_MLP_DELTA, batch, width);
    struct tmk_view out = tmk_mlp_matrix(mlp, TMK_MLP_PRODUCT, batch, tmk_mlp_units(mlp, l));
    struct tmk_view in_row, image_row = in;
    tmk_view_fill(&in, 0);
    TMK_TRY(tmk_view_slice(&in, 0, 0, 1, 1, &in_row));
    tmk_mlp_store(&in_row, v);
    TMK_TRY(tmk_mlp_multiply(mlp, l, TMK_FWD, &in, &weights, &out));
    TMK_TRY(tmk_mlp_multiply(mlp, l, TMK_BWD_D, &in, &weights, &out));
    TMK_TRY(tmk_view_slice(&in, 0, 0, 1, 1, &image_row));
    tmk_mlp_load(&image_row, image);
    return TMK_OK;
}

/* image -= beta before + alpha v, with alpha = image . v; gives alpha. */
static double orthogonalise(double *image, const double *v, const double *before, double beta,
                            size_t width)
{
    double alpha = dot(image, v, width);
    for (size_t i = 0; i < width; i++)
        image[i] -= alpha * v[i] + beta * before[i];
    return alpha;
}

enum tmk_status tmk_mlp_spectral(struct tmk_mlp *mlp, size_t l, double *norm)
{
    size_t width = mlp->spec.width;
    double *v = mlp->buffer[TMK_MLP_SCRATCH], *before = mlp->buffer[TMK_MLP_SIGNAL];
    double *image = tmk_mlp_z(mlp, l), last;
    struct tridiagonal t = {0};
    struct tmk_random random;
    tmk_random_seed(&random, (uint32_t)l);
    for (size_t i = 0; i < width; i++)
        image[i] = tmk_random_normal(&random);
    memset(v, 0, width * sizeof *v);
    double beta = sqrt(dot(image, image, width));
    *norm = 0;
    do {
        for (size_t i = 0; i < width; i++) {
            before[i] = v[i];
            v[i] = image[i] / beta;
        }
        TMK_TRY(apply(mlp, l, v, image));
        t.diagonal[t.size] = orthogonalise(image, v, before, t.size ? beta : 0, width);
        beta = sqrt(dot(image, image, width));
        t.beside[t.size] = beta * beta;
        t.size++;
        last = *norm;
        *norm = sqrt(largest_eigenvalue(&t));
    } while (t.size<MOST_STEPS && * norm - last> CLOSE * *norm && beta > 0);
    return TMK_OK;
}
