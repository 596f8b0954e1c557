/* What the files of this room share: the parts that tmk_op_matmul is put together from. */
#ifndef TMK_MATMUL_MATMUL_PARTS_H
#define TMK_MATMUL_MATMUL_PARTS_H

#include "matmul.h"

/* struct tmk_op's functions of the same name. */
enum tmk_status tmk_matmul_parse(const char *desc, const struct tmk_context *context,
                                 struct tmk_problem *out);
void tmk_matmul_format(const struct tmk_problem *problem, char *buf, size_t size);
enum tmk_status tmk_matmul_operand(const struct tmk_problem *problem, enum tmk_operand operand,
                                   struct tmk_view *view, size_t *count);
enum tmk_status tmk_matmul_oracle(const struct tmk_problem *problem, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_args *out,
                                  const struct tmk_args *magnitude);

/* NULL-terminated; those without a name are free for the user's libraries. */
extern const struct tmk_impl *const tmk_matmul_peers[];
extern const struct tmk_impl tmk_matmul_onednn;
extern const struct tmk_impl tmk_matmul_fma; /* the ceiling */

/* Up to here there is so little to do that plain loops stand a chance. */
#define TMK_MATMUL_SMALL_FLOPS 1e6

/* Shape of SRC, WEI or DST: nbatch + 2 sizes, its own batch dimensions (not the broadcast ones)
 * before rows and columns. */
void tmk_matmul_shape(const struct tmk_matmul *p, enum tmk_operand operand, size_t *shape);

/* The last two dimensions of a view of a product, `offset` elements on from the first matrix. */
struct tmk_view tmk_matmul_matrix(const struct tmk_view *view, ptrdiff_t offset);

#endif
