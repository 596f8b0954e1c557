/* What stands in for oneDNN where tilemark is built without it: everything is refused. */
#include "onednn.h"

static const char missing[] =
    "not part of this program: apt-get install libdnnl-dev and build it anew";

bool tmk_onednn_facts(struct tmk_peer_facts *facts)
{
    (void)facts;
    return false;
}

bool tmk_onednn_openmp(void)
{
    return false;
}

void tmk_onednn_sgemm(int order, int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k,
                      float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                      float beta, float *c, int64_t ldc)
{
    (void)order, (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k;
    (void)alpha, (void)a, (void)lda, (void)b, (void)ldb, (void)beta, (void)c, (void)ldc;
}

const char *tmk_onednn_refusal(const struct tmk_onednn_problem *problem)
{
    (void)problem;
    return missing;
}

size_t tmk_onednn_workspace(const struct tmk_onednn_problem *problem, int threads)
{
    (void)problem, (void)threads;
    return 0;
}

static enum tmk_status refuse(void)
{
    return tmk_fail(TMK_EUNSUPPORTED, "oneDNN is %s", missing);
}

enum tmk_status tmk_onednn_prepare(const struct tmk_onednn_problem *problem,
                                   const struct tmk_exec *exec, struct tmk_onednn **out)
{
    (void)problem, (void)exec, (void)out;
    return refuse();
}

enum tmk_status tmk_onednn_run(const struct tmk_onednn *onednn, const struct tmk_exec *exec)
{
    (void)onednn, (void)exec;
    return refuse();
}

enum tmk_status tmk_onednn_run_at(const struct tmk_onednn *onednn, const struct tmk_exec *exec,
                                  void *x, void *w, void *y)
{
    (void)onednn, (void)exec, (void)x, (void)w, (void)y;
    return refuse();
}

enum tmk_status tmk_onednn_finish(const struct tmk_onednn *onednn, const struct tmk_exec *exec)
{
    (void)onednn, (void)exec;
    return refuse();
}

void tmk_onednn_free(struct tmk_onednn *onednn)
{
    (void)onednn;
}
