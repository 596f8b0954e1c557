/* oneDNN by its C API, of 2.x or 3.x, linked if it was there when tilemark was built. Otherwise
 * tmk_onednn_facts() is false, and the rest refuses everything. */
#ifndef TMK_PEERS_ONEDNN_H
#define TMK_PEERS_ONEDNN_H

#include "peers.h"

#include <stdint.h>

/* All but the threading. False in a build without oneDNN. */
bool tmk_onednn_facts(struct tmk_peer_facts *facts);

/* True if its threads are OpenMP's, not its own, which cannot be bound. */
bool tmk_onednn_openmp(void);

/* dnnl_sgemm() with the arguments of cblas_sgemm(). */
void tmk_onednn_sgemm(int order, int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k,
                      float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                      float beta, float *c, int64_t ldc);

/* --- primitives --- */

/* What is computed. The operands of a matmul are left, right and out in place of x, w and y. */
enum tmk_onednn_kind {
    TMK_ONEDNN_MATMUL,
    TMK_ONEDNN_CONV_FWD,
    TMK_ONEDNN_CONV_BWD_D,
    TMK_ONEDNN_CONV_BWD_W,
    TMK_ONEDNN_NKINDS
};
enum tmk_onednn_operand {
    TMK_ONEDNN_X,
    TMK_ONEDNN_W,
    TMK_ONEDNN_B,
    TMK_ONEDNN_Y,
    TMK_ONEDNN_NOPERANDS
};

/* Whose layouts the operands have while oneDNN computes. */
enum tmk_onednn_layouts {
    TMK_ONEDNN_GIVEN,   /* the views' own: nothing is reordered */
    TMK_ONEDNN_REORDER, /* those that oneDNN likes best; reorders are part of the call */
    TMK_ONEDNN_APART    /* the same, but reorders are made before and after the call */
};

#define TMK_ONEDNN_DIMS 12

struct tmk_onednn_problem {
    enum tmk_onednn_kind kind;
    enum tmk_onednn_layouts layouts;
    bool keep_images; /* x and y stay as given even so: only w is reordered */
    bool winograd;    /* convolutions: Winograd's algorithm, not the direct one */
    bool accumulate;  /* matmul: add to out */
    /* x (N, C, H, W), w (OC, IC, KH, KW) or with groups (G, OC/G, IC/G, KH, KW), b (OC), y;
     * matrices with equally many batch axes, where stride 0 means one matrix for all. ndim 0:
     * absent. */
    struct tmk_view operand[TMK_ONEDNN_NOPERANDS];
    /* Rows, columns; the rest is there because oneDNN's prototypes ask for so many. A dilation of 0
     * means dense taps, as in oneDNN. */
    int64_t stride[TMK_ONEDNN_DIMS], dilation[TMK_ONEDNN_DIMS];
    int64_t pad_lo[TMK_ONEDNN_DIMS], pad_hi[TMK_ONEDNN_DIMS];
};

/* NULL, or why oneDNN cannot do this with kernels of its own (it has plain reference loops for
 * everything else, which nobody would call). Memory is not needed. */
const char *tmk_onednn_refusal(const struct tmk_onednn_problem *problem);

/* Bytes of workspace: scratchpad, and operands that are reordered within the call. SIZE_MAX if
 * oneDNN cannot do it. Depends on the number of threads. */
size_t tmk_onednn_workspace(const struct tmk_onednn_problem *problem, int threads);

/* Make primitives and memories for these very operands and exec's workspace and threads, and
 * reorder inputs that are reordered apart. TMK_ENOMEM, TMK_EUNSUPPORTED, TMK_EINVAL: workspace too
 * small. */
struct tmk_onednn;
enum tmk_status tmk_onednn_prepare(const struct tmk_onednn_problem *problem,
                                   const struct tmk_exec *exec, struct tmk_onednn **out);
/* Compute. Notes reorders of inputs as the phase pack, of outputs as reduce, the rest as compute.
 */
enum tmk_status tmk_onednn_run(const struct tmk_onednn *onednn, const struct tmk_exec *exec);
/* Compute with x, w and y elsewhere, in the same layout; only if nothing is reordered. */
enum tmk_status tmk_onednn_run_at(const struct tmk_onednn *onednn, const struct tmk_exec *exec,
                                  void *x, void *w, void *y);
/* Reorder outputs that are reordered apart. */
enum tmk_status tmk_onednn_finish(const struct tmk_onednn *onednn, const struct tmk_exec *exec);
void tmk_onednn_free(struct tmk_onednn *onednn);

#endif
