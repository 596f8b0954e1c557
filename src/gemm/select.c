#include "micro.h"

const struct tmk_micro *tmk_micro(enum tmk_dtype dtype)
{
    static const struct tmk_micro_set *const sets[TMK_NISAS] = {
        [TMK_ISA_GENERIC] = &tmk_micro_generic,
#if defined(__x86_64__)
        [TMK_ISA_AVX2] = &tmk_micro_avx2,
        [TMK_ISA_AVX512] = &tmk_micro_avx512,
#elif defined(__aarch64__)
        [TMK_ISA_NEON] = &tmk_micro_neon,
#endif
    };
    return sets[tmk_isa()]->dtype[dtype];
}
