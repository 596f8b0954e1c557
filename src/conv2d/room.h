/* What the files of this room share with each other; nobody else includes it. */
#ifndef TMK_CONV2D_ROOM_H
#define TMK_CONV2D_ROOM_H

#include "conv2d.h"

/* The entries of tmk_op_conv2d that have files of their own; contracts in op.h. */
extern const char tmk_conv2d_grammar[];
enum tmk_status tmk_conv2d_parse(const char *desc, const struct tmk_context *context,
                                 struct tmk_problem *out);
void tmk_conv2d_format(const struct tmk_problem *problem, char *buf, size_t size);
enum tmk_status tmk_conv2d_oracle(const struct tmk_problem *problem, enum tmk_dir dir,
                                  const struct tmk_args *args, const struct tmk_args *out,
                                  const struct tmk_args *magnitude);

/* NULL-terminated; those without a name are free for the user's libraries. */
extern const struct tmk_impl *const tmk_conv2d_peers[];
extern const struct tmk_impl tmk_conv2d_onednn, tmk_conv2d_onednn_any, tmk_conv2d_onednn_winograd;

#endif
