/* Copying planes into padded ones and back, for one element type (planes_body.h). Everything comes
 * for sw of 1 and 2, and copies of 4, where vectors of parts make vectors of the image and the
 * other way round, and element by element (sw 0) for any stride and any step of the image. */

/* What of the image's elements from column x on lies inside a row of w. */
INLINE struct spans NAME(inside)(ptrdiff_t x, ptrdiff_t w)
{
    struct spans spans;
    UNROLL for (int i = 0; i < 4; i++) spans.of[i] = NAME(span)(-x - i * LANES, w - x - i * LANES);
    return spans;
}

/* Even elements of two neighbouring vectors into the first, odd ones into the second. */
INLINE void NAME(part_pair)(NAME(vec) * a, NAME(vec) * b)
{
    const NAME(vec) low = *a, high = *b;
    *a = __builtin_shufflevector(low, high, EACH_LANE(EVEN, 0));
    *b = __builtin_shufflevector(low, high, EACH_LANE(ODD, 0));
}

/* A vector of each of sw parts. */
INLINE void NAME(pack_vector)(T *out, ptrdiff_t part, const T *from, struct spans spans,
                              ptrdiff_t sw)
{
    NAME(vec) v[4];
    UNROLL for (int i = 0; i < sw; i++) v[i] = NAME(load_span)(from + i * LANES, spans.of[i]);
    if (sw >= 2)
        NAME(part_pair)(&v[0], &v[1]);
    if (sw == 4) {
        NAME(part_pair)(&v[2], &v[3]);
        NAME(part_pair)(&v[0], &v[2]);
        NAME(part_pair)(&v[1], &v[3]);
    }
    UNROLL for (int i = 0; i < sw; i++) NAME(store)(out + i * part, v[i]);
}

/* n >= LANES zeros. */
INLINE void NAME(clear)(T *out, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n - LANES; i += LANES)
        NAME(store)(out + i, (NAME(vec)){0});
    NAME(store)(out + n - LANES, (NAME(vec)){0});
}

/* One row of each part, but for its first vector. All but the first part of a row that begins left
 * of the image, and the last of one that ends right of it, is inside. */
INLINE void NAME(pack_rest)(const struct tmk_plane_grid *g, const T *row, T *out, struct spans last,
                            ptrdiff_t sw)
{
    const struct spans all = NAME(inside)(0, 4 * LANES);
    ptrdiff_t c = LANES, x = g->x + sw * LANES;
    for (; c + LANES < g->pitch; c += LANES, x += sw * LANES) {
        bool inside = x >= 0 && x + sw * LANES <= g->w;
        NAME(pack_vector)(out + c, g->part, row + x, inside ? all : NAME(inside)(x, g->w), sw);
    }
    NAME(pack_vector)(out + c, g->part, row + x, last, sw);
}

static void NAME(pack_elements)(const struct tmk_plane_grid *g, const T *row, T *out)
{
    for (ptrdiff_t s = 0; s < g->sw; s++) {
        for (ptrdiff_t c = 0; c < g->pitch; c++) {
            ptrdiff_t x = g->x + c * g->sw + s;
            out[s * g->part + c] = x >= 0 && x < g->w ? row[x * g->col] : 0;
        }
    }
}

/* Vectors may run over a row's end: the next row follows. */
INLINE void NAME(pack_part)(const struct tmk_plane_grid *g, const T *row, ptrdiff_t y, T *out,
                            struct spans first, struct spans last, ptrdiff_t sw)
{
    const ptrdiff_t vectors = g->pitch > LANES ? g->pitch : LANES;
    T *const end = out + g->part;
    for (ptrdiff_t q = 0; q < g->rows; q++, y += g->sh, row += g->sh * g->row, out += g->pitch) {
        if (y < 0 || y >= g->h) {
            for (ptrdiff_t s = 0; s < g->sw; s++)
                NAME(clear)(out + s * g->part, vectors);
        } else if (sw > 0) {
            NAME(pack_vector)(out, g->part, row + g->x, first, sw);
            if (g->pitch > LANES)
                NAME(pack_rest)(g, row, out, last, sw);
        } else {
            NAME(pack_elements)(g, row, out);
        }
    }
    for (ptrdiff_t s = 0; s < g->sw; s++)
        NAME(clear)(out + s * g->part, end - out);
}

INLINE void NAME(pack_planes)(const struct tmk_plane_grid *grid, const T *image, T *copy,
                              ptrdiff_t sw)
{
    const struct tmk_plane_grid g = *grid; /* which no store through a vector changes */
    const ptrdiff_t end = (g.pitch - 1) / LANES * LANES * sw + g.x;
    const struct spans first = NAME(inside)(g.x, g.w), last = NAME(inside)(end, g.w);
    for (ptrdiff_t i = 0; i < g.planes; i++, image += g.plane) {
        for (ptrdiff_t r = 0; r < g.sh; r++, copy += g.sw * g.part)
            NAME(pack_part)(&g, image + (g.y + r) * g.row, g.y + r, copy, first, last, sw);
    }
}

static void NAME(pack)(const struct tmk_plane_grid *grid, const void *image, void *copy)
{
    if (grid->col == 1 && grid->sw == 1)
        NAME(pack_planes)(grid, image, copy, 1);
    else if (grid->col == 1 && grid->sw == 2)
        NAME(pack_planes)(grid, image, copy, 2);
    else if (grid->col == 1 && grid->sw == 4)
        NAME(pack_planes)(grid, image, copy, 4);
    else
        NAME(pack_planes)(grid, image, copy, 0);
}

/* n elements from one row of each of sw parts; `last`: what is left of them for the last vectors.
 */
INLINE void NAME(unpack_row)(const T *from, ptrdiff_t part, T *to, ptrdiff_t n, struct spans last,
                             ptrdiff_t sw)
{
    for (; n > 0; n -= sw * LANES, from += LANES, to += sw * LANES) {
        NAME(vec) low = NAME(load)(from), high = low;
        if (sw == 2) {
            NAME(vec) b = NAME(load)(from + part);
            high = __builtin_shufflevector(low, b, EACH_LANE(ZIP_HIGH, 0));
            low = __builtin_shufflevector(low, b, EACH_LANE(ZIP_LOW, 0));
        }
        if (n >= sw * LANES) {
            NAME(store)(to, low);
            if (sw == 2)
                NAME(store)(to + LANES, high);
        } else {
            NAME(store_span)(to, low, last.of[0]);
            if (sw == 2)
                NAME(store_span)(to + LANES, high, last.of[1]);
        }
    }
}

static void NAME(unpack_elements)(const struct tmk_plane_grid *g, const T *from, T *to)
{
    for (ptrdiff_t s = 0; s < g->sw; s++) {
        for (ptrdiff_t c = 0, x = g->x + s; x < g->w; c++, x += g->sw)
            to[x * g->col] = from[s * g->part + c];
    }
}

INLINE void NAME(unpack_planes)(const struct tmk_plane_grid *grid, const T *copy, T *image,
                                ptrdiff_t sw)
{
    const struct tmk_plane_grid g = *grid;
    const ptrdiff_t n = g.w - g.x;
    const struct spans last = NAME(inside)(0, n % (sw == 2 ? 2 * LANES : LANES));
    for (ptrdiff_t i = 0; i < g.planes * g.sh; i++, copy += g.sw * g.part) {
        const ptrdiff_t y = g.y + i % g.sh, rows = (g.h - y + g.sh - 1) / g.sh;
        const T *from = copy;
        T *to = image + i / g.sh * g.plane + y * g.row;
        for (ptrdiff_t q = 0; q < rows && q < g.rows; q++, from += g.pitch, to += g.sh * g.row) {
            if (sw > 0)
                NAME(unpack_row)(from, g.part, to + g.x, n, last, sw);
            else
                NAME(unpack_elements)(&g, from, to);
        }
    }
}

static void NAME(unpack)(const struct tmk_plane_grid *grid, const void *copy, void *image)
{
    if (grid->col == 1 && grid->sw == 1)
        NAME(unpack_planes)(grid, copy, image, 1);
    else if (grid->col == 1 && grid->sw == 2)
        NAME(unpack_planes)(grid, copy, image, 2);
    else
        NAME(unpack_planes)(grid, copy, image, 0);
}
