/* Reference vectors of deep sigmoid networks (sets/vectors.h has the format): op sigmoid_mlp, ints
 * L, width and seed, str init (u01, xavier, gain4), tensors yL, loss, and by layer dA_norm, db_norm
 * and their log10 from 60-digit arithmetic; where there is one, dA_1. */
#ifndef TMK_MLP_MLP_VECTORS_H
#define TMK_MLP_MLP_VECTORS_H

#include "op.h"
#include "vectors.h"

/* The name and the formatting of such networks, for tables and messages; no implementations of its
 * own: the products are those of tmk_op_matmul. A problem of it is a bare struct tmk_problem whose
 * `name` tells the network. */
extern const struct tmk_op tmk_op_sigmoid_mlp;

/* TMK_EUNSUPPORTED: another op. TMK_EINVAL: a field is missing or makes no network. */
enum tmk_status tmk_mlp_vector_problem(const struct tmk_vector *vector, struct tmk_problem *out);

/* Run the network in f64 on one implementation of matmul and hold loss, output, dL/dA_1 and every
 * norm against the vector's: relative error up to 1e-9; log10 of a norm within 1e-9, which is the
 * only check of a norm that a double cannot hold. */
enum tmk_status tmk_mlp_vector_check(const struct tmk_vector *vector, const struct tmk_impl *impl,
                                     int threads, struct tmk_verdict *verdict);

#endif
