/* What oneDNN says of itself, its engine, and its sgemm. */
#include "isa.h"
#include "onednn_compat.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static dnnl_engine_t engine;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

/* The same instructions as our own kernels, unless the user has chosen otherwise. */
static void limit_isa(void)
{
    static const dnnl_cpu_isa_t limits[TMK_NISAS] = {
        [TMK_ISA_GENERIC] = dnnl_cpu_isa_sse41, [TMK_ISA_AVX2] = dnnl_cpu_isa_avx2};
    if (limits[tmk_isa()] && !getenv("ONEDNN_MAX_CPU_ISA") && !getenv("DNNL_MAX_CPU_ISA"))
        dnnl_set_max_cpu_isa(limits[tmk_isa()]);
}

static void make_engine(void)
{
    limit_isa();
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success)
        engine = NULL;
}

dnnl_engine_t tmk_onednn_engine(void)
{
    pthread_once(&engine_once, make_engine);
    return engine;
}

static const char *isa_name(void)
{
    static const struct {
        dnnl_cpu_isa_t isa;
        const char *name;
    } names[] = {{dnnl_cpu_isa_sse41, "SSE4.1"},
                 {dnnl_cpu_isa_avx, "AVX"},
                 {dnnl_cpu_isa_avx2, "AVX2"},
                 {dnnl_cpu_isa_avx512_core, "AVX-512"},
                 {dnnl_cpu_isa_avx512_core_vnni, "AVX-512 with VNNI"},
                 {dnnl_cpu_isa_avx512_core_bf16, "AVX-512 with bf16"},
                 {dnnl_cpu_isa_avx512_core_amx, "AVX-512 with AMX"}};
    const dnnl_cpu_isa_t effective = dnnl_get_effective_cpu_isa();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].isa == effective)
            return names[i].name;
    }
    return "";
}

bool tmk_onednn_facts(struct tmk_peer_facts *facts)
{
    const dnnl_version_t *version = dnnl_version();
    Dl_info library;
    tmk_onednn_engine();
    if (!dladdr((const void *)version, &library) || !realpath(library.dli_fname, facts->path))
        facts->path[0] = '\0';
    snprintf(facts->version, sizeof facts->version, "oneDNN %d.%d.%d", version->major,
             version->minor, version->patch);
    snprintf(facts->kernel, sizeof facts->kernel, "%s", isa_name());
    facts->setting[0] = '\0';
    return true;
}

bool tmk_onednn_openmp(void)
{
    return dnnl_version()->cpu_runtime == DNNL_RUNTIME_OMP;
}

void tmk_onednn_sgemm(int order, int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k,
                      float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                      float beta, float *c, int64_t ldc)
{
    const int column_major = 102, trans = 112;
    const char op_a = transpose_a == trans ? 'T' : 'N', op_b = transpose_b == trans ? 'T' : 'N';
    if (order == column_major) /* C^T = B^T A^T, by rows */
        dnnl_sgemm(op_b, op_a, n, m, k, alpha, b, ldb, a, lda, beta, c, ldc);
    else
        dnnl_sgemm(op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
