/* CBLAS libraries for the tests of peers: plain loops, built several times over.
 *
 *   FAKE_FACTOR  every result is multiplied by it, so that libraries can be told apart
 *   FAKE_WIDE    64-bit sizes, and names as in scipy's builds: scipy_cblas_sgemm64_
 *   FAKE_POOL    an OpenBLAS with threads of its own, whose jobs a callback may run; built for up
 * to 4 threads, and it takes the kernels that OPENBLAS_CORETYPE names FAKE_NOT     has no CBLAS
 * after all FAKE_TEAM    shares rows among the OpenMP team that omp_set_num_threads() asks for */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef FAKE_FACTOR
#define FAKE_FACTOR 1
#endif
#ifdef FAKE_WIDE
#define NAME(symbol) scipy_##symbol##64_
typedef int64_t integer;
#else
#define NAME(symbol) symbol
typedef int32_t integer;
#endif

enum { COLUMN_MAJOR = 102, TRANS = 112 };

/* All of these libraries have it: whoever calls another's is found out. */
int fake_factor(void);
int fake_factor(void)
{
    return FAKE_FACTOR;
}

struct call {
    integer m, n, k, a_step[2], b_step[2], c_step[2];
    double alpha, beta;
    const void *a, *b;
    void *c;
};

#define DEFINE_ROW(name, real)                                                                     \
    static void name(const struct call *p, integer i)                                              \
    {                                                                                              \
        for (integer j = 0; j < p->n; j++) {                                                       \
            double sum = 0;                                                                        \
            for (integer l = 0; l < p->k; l++)                                                     \
                sum += (double)((const real *)p->a)[i * p->a_step[0] + l * p->a_step[1]] *         \
                       (double)((const real *)p->b)[l * p->b_step[0] + j * p->b_step[1]];          \
            real *c = (real *)p->c + i * p->c_step[0] + j * p->c_step[1];                          \
            double before = p->beta == 0 ? 0 : p->beta * (double)*c;                               \
            *c = (real)(fake_factor() * (p->alpha * sum + before));                                \
        }                                                                                          \
    }
DEFINE_ROW(row_f32, float)
DEFINE_ROW(row_f64, double)

#ifdef FAKE_POOL

typedef void job(int thread, void *data, int argument);
typedef void runner(int sync, job *run, int count, size_t size, void *data, int argument);

const char *openblas_get_config(void);
const char *openblas_get_corename(void);
int openblas_get_parallel(void), openblas_get_num_threads(void);
void openblas_set_num_threads(int threads), openblas_set_threads_callback_function(runner *with);

#define MOST_THREADS 4
static int threads = MOST_THREADS;
static runner *run_jobs;

const char *openblas_get_config(void)
{
    return "OpenBLAS 9.8.7 FAKE";
}

const char *openblas_get_corename(void)
{
    const char *core = getenv("OPENBLAS_CORETYPE");
    return !core                           ? "Prescott"
           : strcmp(core, "SKYLAKEX") == 0 ? "SkylakeX"
           : strcmp(core, "HASWELL") == 0  ? "Haswell"
                                           : "Prescott";
}

int openblas_get_parallel(void)
{
    return 1;
}

int openblas_get_num_threads(void)
{
    return threads;
}

void openblas_set_num_threads(int wanted)
{
    threads = wanted < MOST_THREADS ? wanted : MOST_THREADS;
}

void openblas_set_threads_callback_function(runner *with)
{
    run_jobs = with;
}

struct share {
    const struct call *call;
    void (*row)(const struct call *call, integer i);
    int *arrived;
};

/* Every job waits until all run: a callback that runs them one after another never returns. */
static void run_share(int thread, void *data, int argument)
{
    const struct share *share = data;
    (void)argument;
    __atomic_add_fetch(share->arrived, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(share->arrived, __ATOMIC_SEQ_CST) < threads)
        ;
    for (integer i = thread; i < share->call->m; i += threads)
        share->row(share->call, i);
}

static void each_row(const struct call *call, void (*row)(const struct call *call, integer i))
{
    struct share shares[MOST_THREADS];
    int arrived = 0;
    for (int t = 0; t < threads; t++)
        shares[t] = (struct share){call, row, &arrived};
    if (threads > 1)
        run_jobs(1, run_share, threads, sizeof *shares, shares, 0);
    else
        run_share(0, shares, 0);
}

#else

static void each_row(const struct call *call, void (*row)(const struct call *call, integer i))
{
#ifdef FAKE_TEAM
#pragma omp parallel for
#endif
    for (integer i = 0; i < call->m; i++)
        row(call, i);
}

#endif

static struct call make_call(int order, int transpose_a, int transpose_b, integer m, integer n,
                             integer k, integer lda, integer ldb, integer ldc)
{
    const int by_rows = order != COLUMN_MAJOR;
    const int a_rows = by_rows != (transpose_a == TRANS);
    const int b_rows = by_rows != (transpose_b == TRANS);
    return (struct call){
        .m = m,
        .n = n,
        .k = k,
        .a_step = {a_rows ? lda : 1, a_rows ? 1 : lda},
        .b_step = {b_rows ? ldb : 1, b_rows ? 1 : ldb},
        .c_step = {by_rows ? ldc : 1, by_rows ? 1 : ldc},
    };
}

#define DEFINE_GEMM(symbol, real, row)                                                             \
    void symbol(int order, int transpose_a, int transpose_b, integer m, integer n, integer k,      \
                real alpha, const real *a, integer lda, const real *b, integer ldb, real beta,     \
                real *c, integer ldc);                                                             \
    void symbol(int order, int transpose_a, int transpose_b, integer m, integer n, integer k,      \
                real alpha, const real *a, integer lda, const real *b, integer ldb, real beta,     \
                real *c, integer ldc)                                                              \
    {                                                                                              \
        struct call call = make_call(order, transpose_a, transpose_b, m, n, k, lda, ldb, ldc);     \
        call.alpha = alpha;                                                                        \
        call.beta = beta;                                                                          \
        call.a = a;                                                                                \
        call.b = b;                                                                                \
        call.c = c;                                                                                \
        each_row(&call, row);                                                                      \
    }
#ifdef FAKE_NOT
DEFINE_GEMM(sgemm, float, row_f32)
DEFINE_GEMM(dgemm, double, row_f64)
#else
DEFINE_GEMM(NAME(cblas_sgemm), float, row_f32)
DEFINE_GEMM(NAME(cblas_dgemm), double, row_f64)
#endif
