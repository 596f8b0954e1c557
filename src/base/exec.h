/* What a kernel is handed besides its operands: threads, workspace, and where to note its phases.
 */
#ifndef TMK_BASE_EXEC_H
#define TMK_BASE_EXEC_H

#include <stddef.h>

/* Where an implementation's time goes. */
enum tmk_phase {
    TMK_PHASE_PACK,    /* padding, im2col, packing, transforms: moving operands into place */
    TMK_PHASE_COMPUTE, /* the arithmetic */
    TMK_PHASE_REDUCE,  /* adding partial results, scattering them to their place */
    TMK_NPHASES
};

extern const char *const tmk_phase_name[TMK_NPHASES]; /* "pack", "compute", "reduce" */

/* One thread's seconds by phase, on a cache line of its own. */
struct tmk_phases {
    _Alignas(64) double seconds[TMK_NPHASES];
};

struct tmk_exec {
    int threads;               /* exact size of the OpenMP team, >= 1 */
    void *workspace;           /* aligned to TMK_ALIGN, contents arbitrary */
    size_t workspace_bytes;    /* at least what the implementation's workspace() asked for */
    struct tmk_phases *phases; /* `threads` entries that the kernel adds to; NULL: do not time */
    void *state;               /* what the implementation's prepare() made; NULL: it has none */
};

/* A stopwatch for phases: `t = tmk_phase_start(exec)`, then after each stretch of work
 * `t = tmk_phase_end(exec, thread, phase, t)`. Costs one clock read; nothing if phases are off. */
double tmk_phase_start(const struct tmk_exec *exec);
double tmk_phase_end(const struct tmk_exec *exec, int thread, enum tmk_phase phase, double start);

#endif
