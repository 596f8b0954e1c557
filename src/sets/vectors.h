/* Reference vectors: text files of named integers, words and tensors with the right answers.
 *
 *   format 1 | op NAME | name CASE | exact 0/1 | ints NAME COUNT v... | str NAME VALUE
 *   tensor NAME NDIM d0 ... d(NDIM-1)   then that many numbers, row-major (NDIM 0: one number)
 *   end
 *
 * Whitespace-separated tokens; '#' starts a comment to the end of the line. */
#ifndef TMK_SETS_VECTORS_H
#define TMK_SETS_VECTORS_H

#include "check.h"

struct tmk_vector_field {
    char name[32];
    char *text;                  /* str: the value; else NULL */
    int ndim;                    /* ints: 1 */
    size_t shape[TMK_MAX_DIMS];
    double *values;
    size_t count;
};

struct tmk_vector {
    char op[32], name[64];
    bool exact;
    struct tmk_vector_field *fields;
    size_t nfields;
};

/* TMK_EIO: cannot be read. TMK_EINVAL: malformed; the message has path, line and token. */
enum tmk_status tmk_vector_read(const char *path, struct tmk_vector *out);
void tmk_vector_free(struct tmk_vector *vector);
const struct tmk_vector_field *tmk_vector_find(const struct tmk_vector *vector, const char *name);

/* The problem that a conv2d or matmul vector states, allocated (free() it). conv2d: x, w, b, y; ints
 * stride, padding, dilation, groups. matmul: a, b, y, with 1-D operands as in numpy's matmul.
 * TMK_EUNSUPPORTED: another op; TMK_EINVAL: a field is missing or shapes disagree. */
enum tmk_status tmk_vector_problem(const struct tmk_vector *vector, enum tmk_dtype dtype,
                                   enum tmk_layout layout, struct tmk_problem **out);

/* Run one direction of one implementation on the vector's inputs and hold it against the vector's
 * results (y; gx or ga; gw, gb or gb): equality if the vector is exact (and the implementation
 * TMK_COMPONENTWISE), else 1e-12 * max|reference| in f64 and gamma_K bounds in f32. */
enum tmk_status tmk_vector_check(const struct tmk_vector *vector, const struct tmk_problem *problem,
                                 const struct tmk_impl *impl, enum tmk_dir dir, int threads,
                                 struct tmk_verdict *verdict);

#endif
