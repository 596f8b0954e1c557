/* Copying planes into padded ones and back, for one element type (planes_body.h). */

#define EVEN(i) 2 * (i)
#define ODD(i) 2 * (i) + 1
#define ZIP_LOW(i) (i) / 2 + (i) % 2 * LANES
#define ZIP_HIGH(i) LANES / 2 + (i) / 2 + (i) % 2 * LANES

/* Columns c .. c+LANES-1 of a row of each part. Image column 0 is, or would be, at `row`. */
INLINE void NAME(pack_vector)(T *out, ptrdiff_t part, const T *row, ptrdiff_t x, ptrdiff_t w,
                              ptrdiff_t sw)
{
    NAME(vec) a = NAME(load_lanes)(row + x, -x, w - x);
    if (sw == 1) {
        NAME(store)(out, a);
    } else {
        x += LANES;
        NAME(vec) b = NAME(load_lanes)(row + x, -x, w - x);
        NAME(store)(out, __builtin_shufflevector(a, b, EACH_LANE(EVEN)));
        NAME(store)(out + part, __builtin_shufflevector(a, b, EACH_LANE(ODD)));
    }
}

/* The same where all of it lies inside the image. */
INLINE void NAME(pack_inside)(T *out, ptrdiff_t part, const T *from, ptrdiff_t sw)
{
    NAME(vec) a = NAME(load)(from);
    if (sw == 1) {
        NAME(store)(out, a);
    } else {
        NAME(vec) b = NAME(load)(from + LANES);
        NAME(store)(out, __builtin_shufflevector(a, b, EACH_LANE(EVEN)));
        NAME(store)(out + part, __builtin_shufflevector(a, b, EACH_LANE(ODD)));
    }
}

/* One row of each of sw (1 or 2) parts. Vectors may run over its end: the next row follows. */
INLINE void NAME(pack_row)(const struct tmk_plane_grid *g, const T *row, T *out, ptrdiff_t sw)
{
    ptrdiff_t c = 0, x = g->x, step = sw * LANES;
    if (g->pitch <= LANES) { /* the same masks for every row */
        NAME(pack_vector)(out, g->part, row, x, g->w, sw);
        return;
    }
    for (; c < g->pitch && x < 0; c += LANES, x += step)
        NAME(pack_vector)(out + c, g->part, row, x, g->w, sw);
    for (; c < g->pitch && x + step <= g->w; c += LANES, x += step)
        NAME(pack_inside)(out + c, g->part, row + x, sw);
    for (; c < g->pitch; c += LANES, x += step)
        NAME(pack_vector)(out + c, g->part, row, x, g->w, sw);
}

/* The same for any stride of outputs and any step of the image. */
static void NAME(pack_elements)(const struct tmk_plane_grid *g, const T *row, T *out)
{
    for (ptrdiff_t s = 0; s < g->sw; s++) {
        for (ptrdiff_t c = 0; c < g->pitch; c++) {
            ptrdiff_t x = g->x + c * g->sw + s;
            out[s * g->part + c] = x >= 0 && x < g->w ? row[x * g->col] : 0;
        }
    }
}

static void NAME(clear)(T *out, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] = 0;
}

INLINE void NAME(pack_parts)(const struct tmk_plane_grid *g, const T *image, T *copy, ptrdiff_t sw)
{
    for (ptrdiff_t r = 0; r < g->sh; r++, copy += g->sw * g->part) {
        T *out = copy;
        for (ptrdiff_t q = 0; q < g->rows; q++, out += g->pitch) {
            ptrdiff_t y = g->y + q * g->sh + r;
            if (y < 0 || y >= g->h) {
                for (ptrdiff_t s = 0; s < g->sw; s++)
                    NAME(clear)(out + s * g->part, g->pitch);
            } else if (sw > 0) {
                NAME(pack_row)(g, image + y * g->row, out, sw);
            } else {
                NAME(pack_elements)(g, image + y * g->row, out);
            }
        }
        for (ptrdiff_t s = 0; s < g->sw; s++)
            NAME(clear)(out + s * g->part, copy + g->part - out);
    }
}

static void NAME(pack)(const struct tmk_plane_grid *g, const void *image, void *copy)
{
    const T *from = image;
    T *to = copy;
    for (ptrdiff_t i = 0; i < g->planes; i++, from += g->plane, to += g->sh * g->sw * g->part) {
        if (g->col == 1 && g->sw == 1)
            NAME(pack_parts)(g, from, to, 1);
        else if (g->col == 1 && g->sw == 2)
            NAME(pack_parts)(g, from, to, 2);
        else
            NAME(pack_parts)(g, from, to, 0);
    }
}

/* n elements from one row of each of sw (1 or 2) parts. */
INLINE void NAME(unpack_row)(const T *from, ptrdiff_t part, T *to, ptrdiff_t n, ptrdiff_t sw)
{
    if (sw == 1) {
        for (; n >= LANES; n -= LANES, from += LANES, to += LANES)
            NAME(store)(to, NAME(load)(from));
        if (n > 0)
            NAME(store_first)(to, NAME(load)(from), n);
        return;
    }
    for (; n > 0; n -= 2 * LANES, from += LANES, to += 2 * LANES) {
        NAME(vec) a = NAME(load)(from), b = NAME(load)(from + part);
        NAME(vec) low = __builtin_shufflevector(a, b, EACH_LANE(ZIP_LOW));
        NAME(vec) high = __builtin_shufflevector(a, b, EACH_LANE(ZIP_HIGH));
        if (n >= 2 * LANES) {
            NAME(store)(to, low);
            NAME(store)(to + LANES, high);
        } else {
            NAME(store_first)(to, low, n);
            if (n > LANES)
                NAME(store_first)(to + LANES, high, n - LANES);
        }
    }
}

static void NAME(unpack_elements)(const struct tmk_plane_grid *g, const T *from, T *to)
{
    for (ptrdiff_t x = g->x; x < g->w; x++)
        to[x * g->col] = from[(x - g->x) % g->sw * g->part + (x - g->x) / g->sw];
}

INLINE void NAME(unpack_plane)(const struct tmk_plane_grid *g, const T *copy, T *image,
                               ptrdiff_t sw)
{
    for (ptrdiff_t r = 0; r < g->sh; r++, copy += g->sw * g->part) {
        for (ptrdiff_t q = 0; q < g->rows; q++) {
            ptrdiff_t y = g->y + q * g->sh + r;
            if (y >= g->h)
                break;
            if (sw > 0)
                NAME(unpack_row)
                (copy + q * g->pitch, g->part, image + y * g->row + g->x, g->w - g->x, sw);
            else
                NAME(unpack_elements)(g, copy + q * g->pitch, image + y * g->row);
        }
    }
}

static void NAME(unpack)(const struct tmk_plane_grid *g, const void *copy, void *image)
{
    const T *from = copy;
    T *to = image;
    for (ptrdiff_t i = 0; i < g->planes; i++, to += g->plane, from += g->sh * g->sw * g->part) {
        if (g->col == 1 && g->sw == 1)
            NAME(unpack_plane)(g, from, to, 1);
        else if (g->col == 1 && g->sw == 2)
            NAME(unpack_plane)(g, from, to, 2);
        else
            NAME(unpack_plane)(g, from, to, 0);
    }
}

#undef EVEN
#undef ODD
#undef ZIP_LOW
#undef ZIP_HIGH
