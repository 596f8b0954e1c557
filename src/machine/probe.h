/* For the files of this room: the measuring loops, one instance of probe.c per ISA. */
#ifndef TMK_MACHINE_PROBE_H
#define TMK_MACHINE_PROBE_H

#include <stddef.h>

struct tmk_probe {
    /* `steps` times: one multiply-add on each of `chains` independent vectors held in registers. */
    void (*fma_f32)(size_t steps);
    void (*fma_f64)(size_t steps);
    int chains, vector_bytes;

    /* `repeats` times: a[i] = b[i] + s*c[i]. Aligned to TMK_ALIGN, n a multiple of
     * TMK_TRIAD_MULTIPLE. */
    void (*triad)(double *a, const double *b, const double *c, size_t n, size_t repeats);
};

#define TMK_TRIAD_MULTIPLE 32 /* doubles: 4 of the widest vectors */

extern const struct tmk_probe tmk_probe_generic, tmk_probe_avx2, tmk_probe_avx512, tmk_probe_neon;

#endif
