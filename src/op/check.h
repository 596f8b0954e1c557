/* Is a result right? The judge that every implementation stands before. */
#ifndef TMK_OP_CHECK_H
#define TMK_OP_CHECK_H

#include "data.h"

/* The oracle's answers for one problem and direction; made once, used for every implementation,
 * thread count and, with integer data, data type. */
struct tmk_reference {
    const struct tmk_problem *problem;
    enum tmk_dir dir;
    uint32_t seed;
    struct tmk_data exact;      /* f64: the integer data; and results, if thin is NULL */
    struct tmk_data real;       /* f64: the real data; and results */
    struct tmk_problem *thin;   /* what is compared are sums of elements: this problem's results */
    struct tmk_data exact_sums; /* f64: inputs and results of `thin`, if there is one */
    struct tmk_data real_sums;
    struct tmk_data magnitude;  /* f64: sums of |a||b| for the real data, of `thin` if not NULL */
};

enum tmk_status tmk_reference_make(const struct tmk_problem *problem, enum tmk_dir dir,
                                   uint32_t seed, struct tmk_reference *out);
void tmk_reference_free(struct tmk_reference *reference);

/* A reference for random sums of a result's elements instead of each: a wrong element shows in its
 * sum, at a fraction of the oracle's work (sums.h). Every element must still be written. f64, whose
 * sums would need more than double, and ops without thin(): as tmk_reference_make(). */
enum tmk_status tmk_reference_make_sums(const struct tmk_problem *problem, enum tmk_dir dir,
                                        uint32_t seed, struct tmk_reference *out);

struct tmk_verdict {
    bool passed;
    double err_over_bound; /* the largest |result - reference| / bound; <= 1 passes */
    char text[256];        /* if it failed: what, where, by how much */
};

/* Element by element: equal. A NaN or an infinity on either side is a failure. */
struct tmk_verdict tmk_check_exact(const struct tmk_view *result, const struct tmk_view *reference);

/* |result - reference| <= gamma_{depth+1} * magnitude with the unit roundoff of result's dtype
 * (gamma_n = n u / (1 - n u), Higham 2002, section 3.1); TMK_NORMWISE: the bound is that of the
 * largest magnitude, times 8 (Winograd's transforms amplify). Where n u >= 1 there is no bound. Not
 * finite: a failure. */
struct tmk_verdict tmk_check_bound(const struct tmk_view *result, const struct tmk_view *reference,
                                   const struct tmk_view *magnitude, size_t depth,
                                   enum tmk_accuracy accuracy);

/* The same of a result that was computed in `dtype`, whatever it is held in now. */
struct tmk_verdict tmk_check_bound_of(enum tmk_dtype dtype, const struct tmk_view *result,
                                      const struct tmk_view *reference,
                                      const struct tmk_view *magnitude, size_t depth,
                                      enum tmk_accuracy accuracy);

/* Run `impl` on `threads` threads in memory of its own: first on integers (equality; skipped for a
 * TMK_NORMWISE implementation), then on reals (bound). Outputs and workspace are poisoned before
 * each run and the ends of the workspace guarded: writing just outside fails, far outside faults.
 * Writing to an input, into gaps or beside the outputs fails too. Failures of memory or of the
 * kernel itself are the returned status; TMK_EUNSUPPORTED if the implementation does not offer
 * this. */
enum tmk_status tmk_check_impl(const struct tmk_reference *reference, const struct tmk_impl *impl,
                               int threads, struct tmk_verdict *verdict);

#endif
