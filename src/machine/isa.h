/* Instruction sets that kernels are built for, and which of them this CPU can run. */
#ifndef TMK_MACHINE_ISA_H
#define TMK_MACHINE_ISA_H

#include "status.h"

#include <stdbool.h>

enum tmk_isa {
    TMK_ISA_GENERIC, /* the architecture's base line: SSE2 on x86-64 */
    TMK_ISA_AVX2,    /* AVX2 + FMA */
    TMK_ISA_AVX512,  /* AVX-512 F, DQ, BW, VL */
    TMK_ISA_NEON,    /* aarch64 Advanced SIMD */
    TMK_NISAS
};

extern const char *const tmk_isa_name[TMK_NISAS]; /* "generic", "avx2", "avx512", "neon" */

/* Built into this binary and runnable on this CPU. */
bool tmk_isa_available(enum tmk_isa isa);

/* The ISA that kernels use: the best available one, or the one that the environment variable
 * TILEMARK_ISA names. Decided on the first call; that variable with an unknown or unavailable
 * name makes tmk_isa_select() fail with TMK_EINVAL or TMK_EUNSUPPORTED. */
enum tmk_status tmk_isa_select(void);
enum tmk_isa tmk_isa(void);

#endif
