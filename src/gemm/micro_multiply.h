/* The micro-kernel, for one element type T; NAME(x) gives x its suffix. */

static void NAME(multiply)(size_t kc, const void *a_panel, const void *b_panel, void *c_tile,
                           const ptrdiff_t *row, bool accumulate, const char *next,
                           size_t next_lines)
{
    const T *a = a_panel, *b = b_panel;
    T *c = c_tile;
    NAME(vec) sum[TMK_MR][TMK_NRV];
    UNROLL for (int i = 0; i < TMK_MR; i++)
    {
        UNROLL for (int j = 0; j < TMK_NRV; j++) sum[i][j] = (NAME(vec)){0};
    }
    /* Fetch a row of C every so often: all rows at once would fill the miss buffers and stall the
     * panels' own loads. */
    const size_t stretch = kc / (TMK_MR + 1);
    for (size_t r = 0; r <= TMK_MR; r++) {
        size_t steps = r < TMK_MR ? stretch : kc - TMK_MR * stretch;
        if (r < TMK_MR) {
            __builtin_prefetch(c + row[r], 1);
            __builtin_prefetch(c + row[r] + NR - 1, 1);
        }
        for (size_t l = r; l < next_lines; l += TMK_MR + 1)
            __builtin_prefetch(next + l * 64, 0, 2);
        for (; steps > 0; steps--, a += TMK_MR, b += NR) {
            NAME(vec) bk[TMK_NRV];
            UNROLL for (int j = 0; j < TMK_NRV; j++) bk[j] = *(const NAME(vec) *)(b + j * LANES);
            UNROLL for (int i = 0; i < TMK_MR; i++)
            {
                UNROLL for (int j = 0; j < TMK_NRV; j++) sum[i][j] += a[i] * bk[j];
            }
        }
    }
    UNROLL for (int i = 0; i < TMK_MR; i++)
    {
        UNROLL for (int j = 0; j < TMK_NRV; j++)
        {
            NAME(vec) *out = (NAME(vec) *)(c + row[i] + j * LANES);
            if (accumulate)
                sum[i][j] += *out;
            *out = sum[i][j];
        }
    }
}
