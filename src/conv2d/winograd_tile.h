/* The transforms of tiles, for one element type T; NAME(x) gives x its suffix. Each is a transform
 * along one axis after the other, vectors being channels; `m` and `r` are constants in each
 * instance. */

/* A block's rows lie too far apart for the processor to see where the next vector goes. */
INLINE void NAME(put)(T *to, size_t row, NAME(vec) v)
{
    *(NAME(vec) *)to = v;
    __builtin_prefetch(to + row, 1, 3);
}

/* Pixel columns first .. end-1 of a tile that begins at pixel x. */
INLINE void NAME(columns_data)(int m, int r, void *const *strips, size_t x, int first, int end,
                               NAME(vec) column[][TMK_WINOGRAD_MAX_SIDE])
{
    UNROLL for (int i = first; i < end; i++)
    {
        NAME(vec) d[TMK_WINOGRAD_MAX_SIDE];
        UNROLL for (int y = 0; y < m + r - 1; y++) d[y] =
            ((const NAME(vec) *)strips[y])[x + (size_t)i];
        NAME(point_data)(m + r - 1, d, column[i]);
    }
}

/* Pixel columns are transformed once and shared by the tiles that overlap there. */
INLINE void NAME(tiles_data)(int m, int r, void *const *strips, size_t tiles,
                             const struct tmk_winograd_block *block)
{
    const int n = m + r - 1;
    const size_t point = block->point;
    T *out = block->data;
    ALIGNED NAME(vec) column[TMK_WINOGRAD_MAX_SIDE][TMK_WINOGRAD_MAX_SIDE];
    NAME(columns_data)(m, r, strips, 0, 0, n - m, column);
    for (size_t t = 0; t < tiles; t++, out += block->row) {
        NAME(columns_data)(m, r, strips, t * (size_t)m, n - m, n, column);
        UNROLL for (int y = 0; y < n; y++)
        {
            NAME(vec) d[TMK_WINOGRAD_MAX_SIDE], v[TMK_WINOGRAD_MAX_SIDE];
            UNROLL for (int x = 0; x < n; x++) d[x] = column[x][y];
            NAME(point_data)(m + r - 1, d, v);
            UNROLL for (int x = 0; x < n; x++)
            {
                NAME(put)(out + (size_t)(y * n + x) * point, block->row, v[x]);
            }
            UNROLL for (int x = m; x < n; x++) column[x - m][y] = d[x];
        }
    }
}

INLINE void NAME(tiles_gradient)(int m, int r, void *const *strips, size_t tiles,
                                 const struct tmk_winograd_block *block)
{
    enum { N = TMK_WINOGRAD_MAX_SIDE };
    const int n = m + r - 1;
    const size_t point = block->point;
    T *out = block->data;
    for (size_t t = 0; t < tiles; t++, out += block->row) {
        ALIGNED NAME(vec) column[N][N];
        UNROLL for (int x = 0; x < m; x++)
        {
            NAME(vec) e[N];
            UNROLL for (int y = 0; y < m; y++) e[y] =
                ((const NAME(vec) *)strips[y])[t * (size_t)m + (size_t)x];
            NAME(point_gradient)(n, m, e, column[x]);
        }
        UNROLL for (int y = 0; y < n; y++)
        {
            NAME(vec) e[N], v[N];
            UNROLL for (int x = 0; x < m; x++) e[x] = column[x][y];
            NAME(point_gradient)(n, m, e, v);
            UNROLL for (int x = 0; x < n; x++)
            {
                NAME(put)(out + (size_t)(y * n + x) * point, block->row, v[x]);
            }
        }
    }
}

INLINE void NAME(tiles_output)(int m, int r, const struct tmk_winograd_block *block, size_t tiles,
                               const void *bias, void *const *strips)
{
    enum { N = TMK_WINOGRAD_MAX_SIDE };
    const int n = m + r - 1;
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
            NAME(point_output)(n, m, v, column[x]);
        }
        UNROLL for (int y = 0; y < m; y++)
        {
            NAME(vec) v[N], out[N];
            UNROLL for (int x = 0; x < n; x++) v[x] = column[x][y];
            NAME(point_output)(n, m, v, out);
            UNROLL for (int x = 0; x < m; x++)((NAME(vec) *)strips[y])[t * (size_t)m + (size_t)x] =
                out[x] + add;
        }
    }
}

/* All taps of LANES kernels. Where they are neighbours in memory, they come as rows. */
INLINE bool NAME(taps_are_rows)(int r, const struct tmk_winograd_taps *w)
{
    return (w->x == 1 && w->y == r) || (w->x == -1 && w->y == -r);
}

INLINE void NAME(load_taps)(int r, const struct tmk_winograd_taps *w, const T *from,
                            NAME(vec) * taps)
{
    const int all = r * r;
    if (NAME(taps_are_rows)(r, w)) {
        from -= w->x < 0 ? all - 1 : 0;
        UNROLL for (int tap = 0; tap < all; tap += LANES)
        {
            ALIGNED NAME(vec) block[LANES];
            NAME(load_turned)(from + tap, w->lane, w->lanes, (size_t)(all - tap), block);
            UNROLL for (int i = 0; i < LANES; i++)
            {
                if (tap + i < all)
                    taps[tap + i] = block[i];
            }
        }
        for (int i = 0; w->x < 0 && i < all / 2; i++) {
            NAME(vec) swap = taps[i];
            taps[i] = taps[all - 1 - i];
            taps[all - 1 - i] = swap;
        }
        return;
    }
    for (int tap = 0; tap < all; tap++) {
        const T *one = from + tap / r * w->y + tap % r * w->x;
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

INLINE void NAME(store_taps)(int r, const struct tmk_winograd_taps *w, T *to, NAME(vec) * taps)
{
    const int all = r * r;
    if (NAME(taps_are_rows)(r, w)) {
        UNROLL for (int tap = 0; tap < all; tap += LANES)
        {
            ALIGNED NAME(vec) block[LANES];
            UNROLL for (int i = 0; i < LANES; i++) block[i] =
                taps[tap + i < all ? tap + i : all - 1];
            NAME(store_turned)(to + tap, w->lane, w->lanes, (size_t)(all - tap), false, block);
        }
        return;
    }
    for (int tap = 0; tap < all; tap++) {
        T *one = to + tap / r * w->y + tap % r * w->x;
        for (size_t j = 0; j < w->lanes; j++)
            one[(ptrdiff_t)j * w->lane] = taps[tap][j];
    }
}

/* `near`: the lanes' kernels are neighbours, so that those of the next rows are fetched far off;
 * else each lane has kernels in a row of its own. */
INLINE void NAME(rows_weights)(int m, int r, const struct tmk_winograd_taps *w, size_t depth,
                               const struct tmk_winograd_block *block, const bool near)
{
    enum { N = TMK_WINOGRAD_MAX_SIDE };
    const int n = m + r - 1;
    const size_t point = block->point;
    T *out = block->data;
    for (size_t k = 0; k < depth; k++, out += block->row) {
        ALIGNED NAME(vec) taps[TMK_WINOGRAD_MAX_TAPS], column[N][N];
        const T *from = (const T *)w->data + (ptrdiff_t)k * w->depth;
        const T *next = (const T *)w->data + (ptrdiff_t)(k + AHEAD) * w->depth;
        if (near) {
            UNROLL for (int i = 0; i < r * r * LANES; i += 64 / (int)sizeof(T))
                __builtin_prefetch(next + i);
        } else if (k % 2 == 0) {
            UNROLL for (int l = 0; l < LANES; l++) __builtin_prefetch(from + l * w->lane + FETCH);
        }
        NAME(load_taps)(r, w, from, taps);
        UNROLL for (int x = 0; x < r; x++)
        {
            NAME(vec) in[N];
            UNROLL for (int y = 0; y < r; y++) in[y] = taps[y * r + x];
            NAME(point_weights)(n, r, in, column[x]);
        }
        UNROLL for (int y = 0; y < n; y++)
        {
            NAME(vec) in[N], u[N];
            UNROLL for (int x = 0; x < r; x++) in[x] = column[x][y];
            NAME(point_weights)(n, r, in, u);
            UNROLL for (int x = 0; x < n; x++)
            {
                NAME(put)(out + (size_t)(y * n + x) * point, block->row, u[x]);
            }
        }
    }
}

INLINE void NAME(tiles_weights)(int m, int r, const struct tmk_winograd_taps *w, size_t depth,
                                const struct tmk_winograd_block *block)
{
    if (w->lane == r * r)
        NAME(rows_weights)(m, r, w, depth, block, true);
    else
        NAME(rows_weights)(m, r, w, depth, block, false);
}

INLINE void NAME(tiles_taps)(int m, int r, const struct tmk_winograd_block *block, size_t depth,
                             const struct tmk_winograd_taps *w)
{
    enum { N = TMK_WINOGRAD_MAX_SIDE };
    const int n = m + r - 1;
    const size_t point = block->point;
    const T *in = block->data;
    for (size_t k = 0; k < depth; k++, in += block->row) {
        ALIGNED NAME(vec) taps[TMK_WINOGRAD_MAX_TAPS], column[N][N];
        UNROLL for (int x = 0; x < n; x++)
        {
            NAME(vec) u[N];
            UNROLL for (int y = 0; y < n; y++) u[y] =
                *(const NAME(vec) *)(in + (size_t)(y * n + x) * point);
            NAME(point_taps)(n, r, u, column[x]);
        }
        UNROLL for (int y = 0; y < r; y++)
        {
            NAME(vec) u[N];
            UNROLL for (int x = 0; x < n; x++) u[x] = column[x][y];
            NAME(point_taps)(n, r, u, taps + r * y);
        }
        NAME(store_taps)(r, w, (T *)w->data + (ptrdiff_t)k * w->depth, taps);
    }
}

/* The instances. */
#define DEFINE_SIZE(m, r, suffix)                                                                  \
    static void PASTE(NAME(data), suffix)(void *const *strips, size_t tiles,                       \
                                          const struct tmk_winograd_block *out)                    \
    {                                                                                              \
        NAME(tiles_data)(m, r, strips, tiles, out);                                                \
    }                                                                                              \
    static void PASTE(NAME(gradient), suffix)(void *const *strips, size_t tiles,                   \
                                              const struct tmk_winograd_block *out)                \
    {                                                                                              \
        NAME(tiles_gradient)(m, r, strips, tiles, out);                                            \
    }                                                                                              \
    static void PASTE(NAME(output), suffix)(const struct tmk_winograd_block *in, size_t tiles,     \
                                            const void *bias, void *const *strips)                 \
    {                                                                                              \
        NAME(tiles_output)(m, r, in, tiles, bias, strips);                                         \
    }                                                                                              \
    static void PASTE(NAME(weights), suffix)(const struct tmk_winograd_taps *taps, size_t depth,   \
                                             const struct tmk_winograd_block *out)                 \
    {                                                                                              \
        NAME(tiles_weights)(m, r, taps, depth, out);                                               \
    }                                                                                              \
    static void PASTE(NAME(taps), suffix)(const struct tmk_winograd_block *in, size_t depth,       \
                                          const struct tmk_winograd_taps *taps)                    \
    {                                                                                              \
        NAME(tiles_taps)(m, r, in, depth, taps);                                                   \
    }
DEFINE_SIZE(2, 3, small)
DEFINE_SIZE(4, 3, large)
DEFINE_SIZE(2, 5, wide)
#undef DEFINE_SIZE
