/* The transforms along one axis, for one element type T; NAME(x) gives x its suffix. `m` is a
 * constant in each instance: 2 or 4 outputs, from n = m + 2 points.
 *
 * Signals are polynomials, multiplied by their values at n - 1 points and infinity: at 0 and +-1,
 * or at 0, +-P and +-Q. Points of opposite sign share their even and odd parts. */

/* B' d: n values from n pixels. Row of point p: the product of (x - q) over the other points q. */
INLINE void NAME(point_data)(int m, const NAME(vec) * d, NAME(vec) * v)
{
    if (m == 2) {
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

/* G w: n values from 3 taps: w at each point, divided by the row of B' there. */
INLINE void NAME(point_weights)(int m, const NAME(vec) * w, NAME(vec) * u)
{
    if (m == 2) {
        const NAME(vec) even = (T)0.5 * (w[0] + w[2]), odd = (T)0.5 * w[1];
        u[0] = -w[0];
        u[1] = even + odd;
        u[2] = even - odd;
        u[3] = w[2];
    } else {
        const T g_p = 1 / (2 * P * P * (P * P - Q * Q)), g_q = 1 / (2 * Q * Q * (Q * Q - P * P));
        const T gp_p = (T)(P * g_p), gq_q = (T)(Q * g_q);
        const NAME(vec) even_p = g_p * w[0] + (T)(P * P) * g_p * w[2];
        const NAME(vec) even_q = g_q * w[0] + (T)(Q * Q) * g_q * w[2];
        u[0] = (T)(1 / (P * P * Q * Q)) * w[0];
        u[1] = even_p + gp_p * w[1];
        u[2] = even_p - gp_p * w[1];
        u[3] = even_q + gq_q * w[1];
        u[4] = even_q - gq_q * w[1];
        u[5] = w[2];
    }
}

/* A' v: m pixels from n values, each a power of the points summed. */
INLINE void NAME(point_output)(int m, const NAME(vec) * v, NAME(vec) * y)
{
    const NAME(vec) even_p = v[1] + v[2], odd_p = v[1] - v[2];
    if (m == 2) {
        y[0] = v[0] + even_p;
        y[1] = odd_p + v[3];
    } else {
        const NAME(vec) even_q = v[3] + v[4], odd_q = v[3] - v[4];
        y[0] = v[0] + even_p + even_q;
        y[1] = (T)P * odd_p + (T)Q * odd_q;
        y[2] = (T)(P * P) * even_p + (T)(Q * Q) * even_q;
        y[3] = (T)(P * P * P) * odd_p + ((T)(Q * Q * Q) * odd_q + v[5]);
    }
}

/* A e: n values from m pixels, the adjoint of the above. */
INLINE void NAME(point_gradient)(int m, const NAME(vec) * e, NAME(vec) * v)
{
    if (m == 2) {
        v[0] = e[0];
        v[1] = e[0] + e[1];
        v[2] = e[0] - e[1];
        v[3] = e[1];
    } else {
        const NAME(vec) even_p = e[0] + (T)(P * P) * e[2], odd_p = e[1] + (T)(P * P) * e[3];
        const NAME(vec) even_q = e[0] + (T)(Q * Q) * e[2], odd_q = e[1] + (T)(Q * Q) * e[3];
        v[0] = e[0];
        v[1] = even_p + (T)P * odd_p;
        v[2] = even_p - (T)P * odd_p;
        v[3] = even_q + (T)Q * odd_q;
        v[4] = even_q - (T)Q * odd_q;
        v[5] = e[3];
    }
}

/* G' u: 3 taps from n values, the adjoint of point_weights. */
INLINE void NAME(point_taps)(int m, const NAME(vec) * u, NAME(vec) * w)
{
    const NAME(vec) even_p = u[1] + u[2], odd_p = u[1] - u[2];
    if (m == 2) {
        w[0] = (T)0.5 * even_p - u[0];
        w[1] = (T)0.5 * odd_p;
        w[2] = (T)0.5 * even_p + u[3];
    } else {
        const T g_p = 1 / (2 * P * P * (P * P - Q * Q)), g_q = 1 / (2 * Q * Q * (Q * Q - P * P));
        const NAME(vec) even_q = u[3] + u[4], odd_q = u[3] - u[4];
        w[0] = (T)(1 / (P * P * Q * Q)) * u[0] + (g_p * even_p + g_q * even_q);
        w[1] = (T)P * g_p * odd_p + (T)Q * g_q * odd_q;
        w[2] = (T)(P * P) * g_p * even_p + ((T)(Q * Q) * g_q * even_q + u[5]);
    }
}
