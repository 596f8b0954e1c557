/* Products of strided matrices as calls of cblas_?gemm(). */
#include "registry.h"

#include <omp.h>
#include <stdlib.h>

/* CBLAS's enumerators. */
enum { ROW_MAJOR = 101, COLUMN_MAJOR = 102, NO_TRANS = 111, TRANS = 112 };

/* --- planning --- */

/* A matrix as BLAS takes it: rows or columns of neighbouring elements, the next one `ld` on. */
struct form {
    bool by_rows, by_columns;
    size_t ld_rows, ld_columns;
};

static struct form form_of(const struct tmk_view *view)
{
    const int row = view->ndim - 2, col = view->ndim - 1;
    const ptrdiff_t m = (ptrdiff_t)view->shape[row], n = (ptrdiff_t)view->shape[col];
    const ptrdiff_t row_step = view->stride[row], col_step = view->stride[col];
    return (struct form){
        .by_rows = (col_step == 1 || n == 1) && (row_step >= n || m == 1),
        .by_columns = (row_step == 1 || m == 1) && (col_step >= m || n == 1),
        .ld_rows = (size_t)(m == 1 ? n : row_step),
        .ld_columns = (size_t)(n == 1 ? m : col_step),
    };
}

/* How a factor is passed beside an output by rows or by columns; false if it cannot be. */
static bool choose_form(const struct tmk_view *view, bool column_major, bool *transpose, size_t *ld)
{
    const struct form form = form_of(view);
    const bool plain = column_major ? form.by_columns : form.by_rows;
    *transpose = !plain;
    *ld = plain == column_major ? form.ld_columns : form.ld_rows;
    return form.by_rows || form.by_columns;
}

static bool sizes_fit(const struct tmk_peer_calls *calls)
{
    const size_t sizes[] = {calls->rows,   calls->cols,    calls->depth,
                            calls->ld_out, calls->ld_left, calls->ld_right};
    const size_t most = tmk_peer_library(calls->peer)->wide ? INT64_MAX : INT32_MAX;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i] > most)
            return false;
    }
    return true;
}

const char *tmk_peer_plan(int peer, const struct tmk_product *product, struct tmk_peer_calls *calls)
{
    const char *refusal = tmk_peer_refusal(peer);
    if (refusal)
        return refusal;
    *calls = (struct tmk_peer_calls){.peer = peer, .product = tmk_product_fold(product)};
    const struct tmk_product *p = &calls->product;
    const struct form out = form_of(&p->out);
    calls->rows = p->out.shape[p->out.ndim - 2];
    calls->cols = p->out.shape[p->out.ndim - 1];
    calls->depth = p->left.shape[p->left.ndim - 1];
    calls->column_major = !out.by_rows;
    calls->ld_out = out.by_rows ? out.ld_rows : out.ld_columns;
    if (p->out.dtype == TMK_F64 && !tmk_peer_library(peer)->dgemm.narrow)
        return "has no products of doubles";
    if (!out.by_rows && !out.by_columns)
        return "BLAS writes matrices with a unit stride in rows or columns only";
    if (!choose_form(&p->left, calls->column_major, &calls->transpose_left, &calls->ld_left) ||
        !choose_form(&p->right, calls->column_major, &calls->transpose_right, &calls->ld_right))
        return "BLAS reads matrices with a unit stride in rows or columns only";
    return sizes_fit(calls) ? NULL : "the library counts in 32 bits, and a size is larger";
}

/* --- running --- */

#define DEFINE_GEMM(name, gemm, real, integer, width)                                              \
    static void name(const struct tmk_library *library, const struct tmk_peer_calls *calls,        \
                     struct tmk_product_offset at, bool accumulate)                                \
    {                                                                                              \
        const struct tmk_product *p = &calls->product;                                             \
        library->gemm.width(                                                                       \
            calls->column_major ? COLUMN_MAJOR : ROW_MAJOR,                                        \
            calls->transpose_left ? TRANS : NO_TRANS, calls->transpose_right ? TRANS : NO_TRANS,   \
            (integer)calls->rows, (integer)calls->cols, (integer)calls->depth, 1,                  \
            (const real *)p->left.data + at.left, (integer)calls->ld_left,                         \
            (const real *)p->right.data + at.right, (integer)calls->ld_right, accumulate ? 1 : 0,  \
            (real *)p->out.data + at.out, (integer)calls->ld_out);                                 \
    }
DEFINE_GEMM(sgemm_narrow, sgemm, float, int32_t, narrow)
DEFINE_GEMM(sgemm_wide, sgemm, float, int64_t, wide)
DEFINE_GEMM(dgemm_narrow, dgemm, double, int32_t, narrow)
DEFINE_GEMM(dgemm_wide, dgemm, double, int64_t, wide)

typedef void gemm(const struct tmk_library *library, const struct tmk_peer_calls *calls,
                  struct tmk_product_offset at, bool accumulate);
static gemm *const gemm_of[TMK_NDTYPES][2] = {
    [TMK_F32] = {sgemm_narrow, sgemm_wide}, [TMK_F64] = {dgemm_narrow, dgemm_wide}};

/* One matrix of the result: the sum over the reduced positions. */
static void run_position(const struct tmk_library *library, const struct tmk_peer_calls *calls,
                         size_t position)
{
    const struct tmk_product *p = &calls->product;
    const struct tmk_product_offset kept = tmk_product_offset_at(p, false, position);
    for (size_t r = 0, count = tmk_product_positions(p, true); r < count; r++) {
        struct tmk_product_offset at = tmk_product_offset_at(p, true, r);
        at.out += kept.out;
        at.left += kept.left;
        at.right += kept.right;
        gemm_of[p->out.dtype][library->wide](library, calls, at, p->accumulate || r > 0);
    }
}

/* Each thread its own matrices rather than all threads each matrix: if that leaves few idle. */
static bool shares_by_position(size_t count, int threads)
{
    size_t team = (size_t)threads;
    return team > 1 && (count % team == 0 || count >= 4 * team);
}

enum tmk_status tmk_peer_run(const struct tmk_peer_calls *calls, const struct tmk_exec *exec)
{
    struct tmk_library *library = tmk_peer_library(calls->peer);
    const size_t count = tmk_product_positions(&calls->product, false);
    const bool shared = shares_by_position(count, exec->threads);
    const double start = tmk_phase_start(exec);
    if ((exec->threads > 1 && tmk_library_serial(library)) ||
        !tmk_library_set_threads(library, shared ? 1 : exec->threads))
        return tmk_fail(TMK_EUNSUPPORTED, "%s cannot use %d threads: run it on one",
                        tmk_peer_name[calls->peer], exec->threads);
    if (shared) {
#pragma omp parallel for num_threads(exec->threads) schedule(static)
        for (size_t i = 0; i < count; i++)
            run_position(library, calls, i);
    } else {
        for (size_t i = 0; i < count; i++)
            run_position(library, calls, i);
    }
    for (int thread = 0; thread < exec->threads; thread++)
        tmk_phase_end(exec, thread, TMK_PHASE_COMPUTE, start);
    return TMK_OK;
}
