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

/* Defines name(dtype), the struct name of the ISA in use, from the arrays by dtype that each ISA's
 * build calls name_ISA. */
#if defined(__x86_64__)
#define TMK_DEFINE_BY_ISA(name)                                                                    \
    TMK_DECLARE_BY_ISA(name, name##_generic[], name##_avx2[], name##_avx512[])                     \
    TMK_CHOOSE_BY_ISA(name, [TMK_ISA_GENERIC] = name##_generic, [TMK_ISA_AVX2] = name##_avx2,      \
                      [TMK_ISA_AVX512] = name##_avx512)
#elif defined(__aarch64__)
#define TMK_DEFINE_BY_ISA(name)                                                                    \
    TMK_DECLARE_BY_ISA(name, name##_generic[], name##_neon[])                                      \
    TMK_CHOOSE_BY_ISA(name, [TMK_ISA_GENERIC] = name##_generic, [TMK_ISA_NEON] = name##_neon)
#else
#define TMK_DEFINE_BY_ISA(name)                                                                    \
    TMK_DECLARE_BY_ISA(name, name##_generic[])                                                     \
    TMK_CHOOSE_BY_ISA(name, [TMK_ISA_GENERIC] = name##_generic)
#endif
#define TMK_DECLARE_BY_ISA(name, ...) extern const struct name __VA_ARGS__;
#define TMK_CHOOSE_BY_ISA(name, ...)                                                               \
    const struct name *name(enum tmk_dtype dtype)                                                  \
    {                                                                                              \
        static const struct name *const sets[TMK_NISAS] = {__VA_ARGS__};                           \
        return &sets[tmk_isa()][dtype];                                                            \
    }

#endif
