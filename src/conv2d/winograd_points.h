/* The transforms along one axis, for one element type T; NAME(x) gives x its suffix. `m` outputs
 * and `r` taps are constants in each instance, 2 and 3, 4 and 3 or 2 and 5: n = m + r - 1 points, 4
 * or 6.
 *
 * Signals are polynomials, multiplied by their values at n - 1 points and infinity: at 0 and +-1,
 * or at 0, +-P and +-Q. Points of opposite sign share their even and odd parts. */

/* B' d: n values from n pixels. Row of point p: the product of (x - q) over the other points q. */
INLINE void NAME(point_data)(int n, const NAME(vec) * d, NAME(vec) * v)
{
    if (n == 4) {
        v[0] = d[2] - d[0];
        v[1] = d[2] + d[1];
        v[2] = d[2] - d[1];
        v[3] = d[3] - d[1];
    } else {
        const T pp = P * P, qq = Q * Q, both = pp * qq, sum = pp + qq;
        const NAME(vec) even_p = d[4] - qq * d[2], odd_p = d[3] - qq * d[1];
        const NAME(vec) even_q = d[4] - pp * d[2], odd_q = d[3] - pp * d[1];
        v[0] = both * d[0] + (d[4] - sum * d[2]);
        v[1] = even_p + (T)P * odd_p;
        v[2] = even_p - (T)P * odd_p;
        v[3] = even_q + (T)Q * odd_q;
        v[4] = even_q - (T)Q * odd_q;
        v[5] = both * d[1] + (d[5] - sum * d[3]);
    }
}

/* What the row of B' of a point is divided by, there and at its opposite. */
#define G_P (1 / (2 * P * P * (P * P - Q * Q)))
#define G_Q (1 / (2 * Q * Q * (Q * Q - P * P)))

/* G w: n values from r taps: w at each point, divided by the row of B' there. */
INLINE void NAME(point_weights)(int n, int r, const NAME(vec) * w, NAME(vec) * u)
{
    if (n == 4) {
        const NAME(vec) even = (T)0.5 * (w[0] + w[2]), odd = (T)0.5 * w[1];
        u[0] = -w[0];
        u[1] = even + odd;
        u[2] = even - odd;
        u[3] = w[2];
    } else {
        NAME(vec) even_p = (T)G_P * w[0] + (T)(P * P * G_P) * w[2];
        NAME(vec) even_q = (T)G_Q * w[0] + (T)(Q * Q * G_Q) * w[2];
        NAME(vec) odd_p = (T)(P * G_P) * w[1], odd_q = (T)(Q * G_Q) * w[1];
        if (r == 5) {
            even_p += (T)(P * P * P * P * G_P) * w[4];
            even_q += (T)(Q * Q * Q * Q * G_Q) * w[4];
            odd_p += (T)(P * P * P * G_P) * w[3];
            odd_q += (T)(Q * Q * Q * G_Q) * w[3];
        }
        u[0] = (T)(1 / (P * P * Q * Q)) * w[0];
        u[1] = even_p + odd_p;
        u[2] = even_p - odd_p;
        u[3] = even_q + odd_q;
        u[4] = even_q - odd_q;
        u[5] = w[r - 1];
    }
}

/* A' v: m pixels from n values, each a power of the points summed. */
INLINE void NAME(point_output)(int n, int m, const NAME(vec) * v, NAME(vec) * y)
{
    const NAME(vec) even_p = v[1] + v[2], odd_p = v[1] - v[2];
    if (n == 4) {
        y[0] = v[0] + even_p;
        y[1] = odd_p + v[3];
        return;
    }
    const NAME(vec) even_q = v[3] + v[4], odd_q = v[3] - v[4];
    y[0] = v[0] + even_p + even_q;
    y[1] = (T)P * odd_p + (T)Q * odd_q;
    if (m == 2) {
        y[1] += v[5];
    } else {
        y[2] = (T)(P * P) * even_p + (T)(Q * Q) * even_q;
        y[3] = (T)(P * P * P) * odd_p + ((T)(Q * Q * Q) * odd_q + v[5]);
    }
}

/* A e: n values from m pixels, the adjoint of the above. */
INLINE void NAME(point_gradient)(int n, int m, const NAME(vec) * e, NAME(vec) * v)
{
    if (n == 4) {
        v[0] = e[0];
        v[1] = e[0] + e[1];
        v[2] = e[0] - e[1];
        v[3] = e[1];
    } else {
        NAME(vec) even_p = e[0], odd_p = e[1], even_q = e[0], odd_q = e[1];
        if (m == 4) {
            even_p += (T)(P * P) * e[2];
            odd_p += (T)(P * P) * e[3];
            even_q += (T)(Q * Q) * e[2];
            odd_q += (T)(Q * Q) * e[3];
        }
        v[0] = e[0];
        v[1] = even_p + (T)P * odd_p;
        v[2] = even_p - (T)P * odd_p;
        v[3] = even_q + (T)Q * odd_q;
        v[4] = even_q - (T)Q * odd_q;
        v[5] = e[m - 1];
    }
}

/* G' u: r taps from n values, the adjoint of point_weights. */
INLINE void NAME(point_taps)(int n, int r, const NAME(vec) * u, NAME(vec) * w)
{
    const NAME(vec) even_p = u[1] + u[2], odd_p = u[1] - u[2];
    if (n == 4) {
        w[0] = (T)0.5 * even_p - u[0];
        w[1] = (T)0.5 * odd_p;
        w[2] = (T)0.5 * even_p + u[3];
    } else {
        const NAME(vec) even_q = u[3] + u[4], odd_q = u[3] - u[4];
        w[0] = (T)(1 / (P * P * Q * Q)) * u[0] + ((T)G_P * even_p + (T)G_Q * even_q);
        w[1] = (T)(P * G_P) * odd_p + (T)(Q * G_Q) * odd_q;
        w[2] = (T)(P * P * G_P) * even_p + (T)(Q * Q * G_Q) * even_q;
        if (r == 5) {
            w[3] = (T)(P * P * P * G_P) * odd_p + (T)(Q * Q * Q * G_Q) * odd_q;
            w[4] = (T)(P * P * P * P * G_P) * even_p + (T)(Q * Q * Q * Q * G_Q) * even_q;
        }
        w[r - 1] += u[5];
    }
}
