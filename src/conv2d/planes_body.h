/* The body of planes.c for one element type T; NAME(x) gives x its suffix. A vector holds LANES
 * neighbouring outputs. */

typedef T NAME(vec) __attribute__((vector_size(TMK_VBYTES), aligned(sizeof(T)), may_alias));

enum { NAME(CHUNK) = 4 }; /* vectors of outputs that stay in registers over all taps */

/* LANES elements of an image row at p, `stride` (1 or 2) apart. */
static inline __attribute__((always_inline)) NAME(vec) NAME(load)(const T *p, ptrdiff_t stride)
{
    NAME(vec) low = *(const NAME(vec) *)p;
    if (stride == 1)
        return low;
    return __builtin_shufflevector(low, *(const NAME(vec) *)(p + LANES), EVEN);
}

static inline __attribute__((always_inline)) void NAME(add)(T *out, ptrdiff_t step, NAME(vec) v)
{
    if (step == 1) {
        *(NAME(vec) *)out += v;
    } else {
        for (int i = 0; i < LANES; i++)
            out[i * step] += v[i];
    }
}

/* Outputs j .. j + count*LANES - 1 of one row, inside the image at every tap. */
static inline __attribute__((always_inline)) void
NAME(correlate_vectors)(const struct tmk_plane *p, const T *image, T *out, ptrdiff_t first,
                        ptrdiff_t end, ptrdiff_t j, ptrdiff_t stride, int count)
{
    NAME(vec) sum[NAME(CHUNK)] = {{0}};
    for (ptrdiff_t kh = first; kh < end; kh++) {
        const T *row = image + kh * p->h.step * p->image_row + p->w.origin + j * stride;
        const T *weight = (const T *)p->weights + kh * p->w_row;
        for (ptrdiff_t kw = 0; kw < p->w.taps; kw++, row += p->w.step, weight += p->w_col) {
            for (int v = 0; v < count; v++)
                sum[v] += *weight * NAME(load)(row + v * LANES * stride, stride);
        }
    }
    for (int v = 0; v < count; v++)
        NAME(add)(out + (j + v * LANES) * p->out_col, p->out_col, sum[v]);
}

static inline __attribute__((always_inline)) ptrdiff_t
NAME(correlate_inside)(const struct tmk_plane *p, const T *image, T *out, ptrdiff_t first,
                       ptrdiff_t end, ptrdiff_t lo, ptrdiff_t hi, ptrdiff_t stride)
{
    for (; lo + NAME(CHUNK) * LANES <= hi; lo += NAME(CHUNK) * LANES)
        NAME(correlate_vectors)(p, image, out, first, end, lo, stride, NAME(CHUNK));
    for (; lo + LANES <= hi; lo += LANES)
        NAME(correlate_vectors)(p, image, out, first, end, lo, stride, 1);
    return lo;
}

/* Output j of one row, anywhere. */
static void NAME(correlate_one)(const struct tmk_plane *p, const T *image, T *out, ptrdiff_t first,
                                ptrdiff_t end, ptrdiff_t j)
{
    T sum = 0;
    for (ptrdiff_t kh = first; kh < end; kh++) {
        for (ptrdiff_t kw = 0; kw < p->w.taps; kw++) {
            ptrdiff_t x = p->w.origin + j * p->w.stride + kw * p->w.step;
            if (x >= 0 && x < p->w.in)
                sum += ((const T *)p->weights)[kh * p->w_row + kw * p->w_col] *
                       image[kh * p->h.step * p->image_row + x];
        }
    }
    out[j * p->out_col] += sum;
}

static void NAME(correlate)(const struct tmk_plane *p)
{
    ptrdiff_t lo, hi;
    inside(&p->w, 0, p->w.taps - 1, p->w.stride - 1, &lo, &hi);
    for (ptrdiff_t i = 0; i < p->h.out; i++) {
        ptrdiff_t first, end, j = 0;
        taps_at(&p->h, i, &first, &end);
        const T *image = (const T *)p->image + (p->h.origin + i * p->h.stride) * p->image_row;
        T *out = (T *)p->out + i * p->out_row;
        for (; j < lo; j++)
            NAME(correlate_one)(p, image, out, first, end, j);
        if (p->w.stride == 1)
            j = NAME(correlate_inside)(p, image, out, first, end, j, hi, 1);
        else if (p->w.stride == 2)
            j = NAME(correlate_inside)(p, image, out, first, end, j, hi, 2);
        for (; j < p->w.out; j++)
            NAME(correlate_one)(p, image, out, first, end, j);
    }
}

/* One tap's sum over the whole plane, in vectors where the stride allows. */
static inline __attribute__((always_inline)) T
NAME(weigh_tap)(const struct tmk_plane *p, ptrdiff_t kh, ptrdiff_t kw, ptrdiff_t stride)
{
    ptrdiff_t top, bottom, left, right, safe_left, safe_right;
    inside(&p->h, kh, kh, 0, &top, &bottom);
    inside(&p->w, kw, kw, 0, &left, &right);
    inside(&p->w, kw, kw, stride - 1, &safe_left, &safe_right);
    NAME(vec) sums[2] = {{0}};
    T sum = 0;
    for (ptrdiff_t i = top; i < bottom; i++) {
        ptrdiff_t y = p->h.origin + i * p->h.stride + kh * p->h.step;
        const T *image = (const T *)p->image + y * p->image_row + p->w.origin + kw * p->w.step;
        const T *out = (const T *)p->out + i * p->out_row;
        ptrdiff_t j = left;
        for (; j + 2 * LANES <= safe_right; j += 2 * LANES) {
            sums[0] += *(const NAME(vec) *)(out + j) * NAME(load)(image + j * stride, stride);
            sums[1] += *(const NAME(vec) *)(out + j + LANES) *
                       NAME(load)(image + (j + LANES) * stride, stride);
        }
        for (; j + LANES <= safe_right; j += LANES)
            sums[0] += *(const NAME(vec) *)(out + j) * NAME(load)(image + j * stride, stride);
        for (; j < right; j++)
            sum += out[j] * image[j * stride];
    }
    sums[0] += sums[1];
    for (int i = 0; i < LANES; i++)
        sum += sums[0][i];
    return sum;
}

/* The same, whatever the stride. */
static T NAME(weigh_elements)(const struct tmk_plane *p, ptrdiff_t kh, ptrdiff_t kw)
{
    ptrdiff_t top, bottom, left, right;
    inside(&p->h, kh, kh, 0, &top, &bottom);
    inside(&p->w, kw, kw, 0, &left, &right);
    T sum = 0;
    for (ptrdiff_t i = top; i < bottom; i++) {
        ptrdiff_t y = p->h.origin + i * p->h.stride + kh * p->h.step;
        const T *image = (const T *)p->image + y * p->image_row + p->w.origin + kw * p->w.step;
        const T *out = (const T *)p->out + i * p->out_row;
        for (ptrdiff_t j = left; j < right; j++)
            sum += out[j] * image[j * p->w.stride];
    }
    return sum;
}

static void NAME(weigh)(const struct tmk_plane *p)
{
    for (ptrdiff_t kh = 0; kh < p->h.taps; kh++) {
        for (ptrdiff_t kw = 0; kw < p->w.taps; kw++) {
            T sum = p->w.stride == 1   ? NAME(weigh_tap)(p, kh, kw, 1)
                    : p->w.stride == 2 ? NAME(weigh_tap)(p, kh, kw, 2)
                                       : NAME(weigh_elements)(p, kh, kw);
            ((T *)p->weights)[kh * p->w_row + kw * p->w_col] += sum;
        }
    }
}
