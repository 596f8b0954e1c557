/* The transforms of tiles, for one element type T; NAME(x) gives x its suffix. Each is a transform
 * along one axis after the other, vectors being channels; `m` is a constant in each instance. */

/* A block's rows lie too far apart for the processor to see where the next vector goes. */
INLINE void NAME(put)(T *to, size_t row, NAME(vec) v)
{
    *(NAME(vec) *)to = v;
    __builtin_prefetch(to + row, 1, 3);
}

/* Pixel columns first .. end-1 of a tile that begins at pixel x. */
INLINE void NAME(columns_data)(int m, void *const *strips, size_t x, int first, int end,
                               NAME(vec) column[][TMK_WINOGRAD_MAX_SIDE])
{
    UNROLL for (int i = first; i < end; i++)
    {
        NAME(vec) d[TMK_WINOGRAD_MAX_SIDE];
        UNROLL for (int y = 0; y < m + 2; y++) d[y] = ((const NAME(vec) *)strips[y])[x + (size_t)i];
        NAME(point_data)(m, d, column[i]);
    }
}

/* Pixel columns are transformed once and shared by the tiles that overlap there. */
INLINE void NAME(tiles_data)(int m, void *const *strips, size_t tiles,
                             const struct tmk_winograd_block *block)
{
    const int n = m + 2;
    const size_t point = block->point;
    T *out = block->data;
    ALIGNED NAME(vec) column[TMK_WINOGRAD_MAX_SIDE][TMK_WINOGRAD_MAX_SIDE];
    NAME(columns_data)(m, strips, 0, 0, 2, column);
    for (size_t t = 0; t < tiles; t++, out += block->row) {
        NAME(columns_data)(m, strips, t * (size_t)m, 2, n, column);
        UNROLL for (int y = 0; y < n; y++)
        {
            NAME(vec) d[TMK_WINOGRAD_MAX_SIDE], v[TMK_WINOGRAD_MAX_SIDE];
            UNROLL for (int x = 0; x < n; x++) d[x] = column[x][y];
            NAME(point_data)(m, d, v);
            UNROLL for (int x = 0; x < n; x++)
            {
                NAME(put)(out + (size_t)(y * n + x) * point, block->row, v[x]);
            }
            column[0][y] = d[m];
            column[1][y] = d[m + 1];
        }
    }
}

INLINE void NAME(tiles_gradient)(int m, void *const *strips, size_t tiles,
                                 const struct tmk_winograd_block *block)
{
    enum { N = TMK_WINOGRAD_MAX_SIDE };
    const int n = m + 2;
    const size_t point = block->point;
    T *out = block->data;
    for (size_t t = 0; t < tiles; t++, out += block->row) {
        ALIGNED NAME(vec) column[N][N];
        UNROLL for (int x = 0; x < m; x++)
        {
            NAME(vec) e[N];
            UNROLL for (int y = 0; y < m; y++) e[y] =
                ((const NAME(vec) *)strips[y])[t * (size_t)m + (size_t)x];
            NAME(point_gradient)(m, e, column[x]);
        }
        UNROLL for (int y = 0; y < n; y++)
        {
            NAME(vec) e[N], v[N];
            UNROLL for (int x = 0; x < m; x++) e[x] = column[x][y];
            NAME(point_gradient)(m, e, v);
            UNROLL for (int x = 0; x < n; x++)
            {
                NAME(put)(out + (size_t)(y * n + x) * point, block->row, v[x]);
            }
        }
    }
}

INLINE void NAME(tiles_output)(int m, const struct tmk_winograd_block *block, size_t tiles,
                               const void *bias, void *const *strips)
{
    enum { N = TMK_WINOGRAD_MAX_SIDE };
    const int n = m + 2;
    const size_t point = block->point;
    const T *in = block->data;
    const NAME(vec) add = *(const NAME(vec) *)bias;
    for (size_t t = 0; t < tiles; t++, in += block->row) {
        ALIGNED NAME(vec) column[N][N];
        UNROLL for (int x = 0; x < n; x++)
        {
            NAME(vec) v[N];
            UNROLL for (int y = 0; y < n; y++) v[y] =
                *(const NAME(vec) *)(in + (size_t)(y * n + x) * point);
            NAME(point_output)(m, v, column[x]);
        }
        UNROLL for (int y = 0; y < m; y++)
        {
            NAME(vec) v[N], out[N];
            UNROLL for (int x = 0; x < n; x++) v[x] = column[x][y];
            NAME(point_output)(m, v, out);
            UNROLL for (int x = 0; x < m; x++)((NAME(vec) *)strips[y])[t * (size_t)m + (size_t)x] =
                out[x] + add;
        }
    }
}

/* Nine taps of LANES kernels. Where they are neighbours in memory, they come as rows. */
INLINE bool NAME(taps_are_rows)(const struct tmk_winograd_taps *w)
{
    return (w->x == 1 && w->y == 3) || (w->x == -1 && w->y == -3);
}

INLINE void NAME(load_taps)(const struct tmk_winograd_taps *w, const T *from, NAME(vec) taps[9])
{
    if (NAME(taps_are_rows)(w)) {
        from -= w->x < 0 ? 8 : 0;
        UNROLL for (int tap = 0; tap < 9; tap += LANES)
        {
            ALIGNED NAME(vec) block[LANES];
            NAME(load_turned)(from + tap, w->lane, w->lanes, (size_t)(9 - tap), block);
            UNROLL for (int i = 0; i < LANES; i++)
            {
                if (tap + i < 9)
                    taps[tap + i] = block[i];
            }
        }
        for (int i = 0; w->x < 0 && i < 4; i++) {
            NAME(vec) swap = taps[i];
            taps[i] = taps[8 - i];
            taps[8 - i] = swap;
        }
        return;
    }
    for (int tap = 0; tap < 9; tap++) {
        const T *one = from + tap / 3 * w->y + tap % 3 * w->x;
        taps[tap] = (NAME(vec)){0};
        if (w->lane == 1) {
            taps[tap] =
                w->lanes < LANES ? NAME(load_first)(one, w->lanes) : *(const NAME(vec) *)one;
        } else {
            for (size_t j = 0; j < w->lanes; j++)
                ((T *)&taps[tap])[j] = one[(ptrdiff_t)j * w->lane];
        }
    }
}

INLINE void NAME(store_taps)(const struct tmk_winograd_taps *w, T *to, NAME(vec) taps[9])
{
    if (NAME(taps_are_rows)(w)) {
        UNROLL for (int tap = 0; tap < 9; tap += LANES)
        {
            ALIGNED NAME(vec) block[LANES];
            UNROLL for (int i = 0; i < LANES; i++) block[i] = taps[tap + i < 9 ? tap + i : 8];
            NAME(store_turned)(to + tap, w->lane, w->lanes, (size_t)(9 - tap), false, block);
        }
        return;
    }
    for (int tap = 0; tap < 9; tap++) {
        T *one = to + tap / 3 * w->y + tap % 3 * w->x;
        for (size_t j = 0; j < w->lanes; j++)
            one[(ptrdiff_t)j * w->lane] = taps[tap][j];
    }
}

/* `near`: the lanes' kernels are neighbours, so that those of the next rows are fetched far off. */
INLINE void NAME(rows_weights)(int m, const struct tmk_winograd_taps *w, size_t depth,
                               const struct tmk_winograd_block *block, const bool near)
{
    enum { N = TMK_WINOGRAD_MAX_SIDE };
    const int n = m + 2;
    const size_t point = block->point;
    T *out = block->data;
    for (size_t k = 0; k < depth; k++, out += block->row) {
        ALIGNED NAME(vec) taps[9], column[3][N];
        const T *next = (const T *)w->data + (ptrdiff_t)(k + AHEAD) * w->depth;
        UNROLL for (int i = 0; near && i < 9 * LANES; i += 64 / (int)sizeof(T))
            __builtin_prefetch(next + i);
        NAME(load_taps)(w, (const T *)w->data + (ptrdiff_t)k * w->depth, taps);
        UNROLL for (int x = 0; x < 3; x++)
        {
            const NAME(vec) in[3] = {taps[x], taps[3 + x], taps[6 + x]};
            NAME(point_weights)(m, in, column[x]);
        }
        UNROLL for (int y = 0; y < n; y++)
        {
            const NAME(vec) in[3] = {column[0][y], column[1][y], column[2][y]};
            NAME(vec) u[N];
            NAME(point_weights)(m, in, u);
            UNROLL for (int x = 0; x < n; x++)
            {
                NAME(put)(out + (size_t)(y * n + x) * point, block->row, u[x]);
            }
        }
    }
}

INLINE void NAME(tiles_weights)(int m, const struct tmk_winograd_taps *w, size_t depth,
                                const struct tmk_winograd_block *block)
{
    if (w->lane == 9)
        NAME(rows_weights)(m, w, depth, block, true);
    else
        NAME(rows_weights)(m, w, depth, block, false);
}

INLINE void NAME(tiles_taps)(int m, const struct tmk_winograd_block *block, size_t depth,
                             const struct tmk_winograd_taps *w)
{
    enum { N = TMK_WINOGRAD_MAX_SIDE };
    const int n = m + 2;
    const size_t point = block->point;
    const T *in = block->data;
    for (size_t k = 0; k < depth; k++, in += block->row) {
        ALIGNED NAME(vec) taps[9], column[N][3];
        UNROLL for (int x = 0; x < n; x++)
        {
            NAME(vec) u[N];
            UNROLL for (int y = 0; y < n; y++) u[y] =
                *(const NAME(vec) *)(in + (size_t)(y * n + x) * point);
            NAME(point_taps)(m, u, column[x]);
        }
        UNROLL for (int y = 0; y < 3; y++)
        {
            NAME(vec) u[N];
            UNROLL for (int x = 0; x < n; x++) u[x] = column[x][y];
            NAME(point_taps)(m, u, taps + 3 * y);
        }
        NAME(store_taps)(w, (T *)w->data + (ptrdiff_t)k * w->depth, taps);
    }
}

/* The instances. */
#define DEFINE_SIZE(m, suffix)                                                                     \
    static void PASTE(NAME(data), suffix)(void *const *strips, size_t tiles,                       \
                                          const struct tmk_winograd_block *out)                    \
    {                                                                                              \
        NAME(tiles_data)(m, strips, tiles, out);                                                   \
    }                                                                                              \
    static void PASTE(NAME(gradient), suffix)(void *const *strips, size_t tiles,                   \
                                              const struct tmk_winograd_block *out)                \
    {                                                                                              \
        NAME(tiles_gradient)(m, strips, tiles, out);                                               \
    }                                                                                              \
    static void PASTE(NAME(output), suffix)(const struct tmk_winograd_block *in, size_t tiles,     \
                                            const void *bias, void *const *strips)                 \
    {                                                                                              \
        NAME(tiles_output)(m, in, tiles, bias, strips);                                            \
    }                                                                                              \
    static void PASTE(NAME(weights), suffix)(const struct tmk_winograd_taps *taps, size_t depth,   \
                                             const struct tmk_winograd_block *out)                 \
    {                                                                                              \
        NAME(tiles_weights)(m, taps, depth, out);                                                  \
    }                                                                                              \
    static void PASTE(NAME(taps), suffix)(const struct tmk_winograd_block *in, size_t depth,       \
                                          const struct tmk_winograd_taps *taps)                    \
    {                                                                                              \
        NAME(tiles_taps)(m, in, depth, taps);                                                      \
    }
DEFINE_SIZE(2, small)
DEFINE_SIZE(4, large)
#undef DEFINE_SIZE
