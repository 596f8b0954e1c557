/* Lists of problems: from descriptors, batch files, and named sets. A named set is either a
 * network's convolution and linear layers (src/nets) or a text file in bench/sets. */
#ifndef TMK_SETS_SETS_H
#define TMK_SETS_SETS_H

#include "nets.h"
#include "op.h"

extern const struct tmk_op *const tmk_ops[];        /* conv2d, matmul; NULL-terminated */
const struct tmk_op *tmk_op_find(const char *name); /* NULL: unknown */

/* A problem with the directions that its source asks for (all, unless a batch file says). */
struct tmk_item {
    struct tmk_problem *problem;
    bool dir[TMK_NDIRS];
};

/* Something in the source that was left out, and why. */
struct tmk_skip {
    char *what;  /* the token */
    char *why;   /* "data type u8s8f32 is not offered" */
    char *where; /* "shapes_tails:60" */
};

struct tmk_list {
    struct tmk_item *items;
    size_t count, capacity;
    struct tmk_skip *skips;
    size_t nskips, skips_capacity;
};

void tmk_list_free(struct tmk_list *list);

/* Append a copy of a problem; `dir` NULL: all directions. */
enum tmk_status tmk_list_add(struct tmk_list *list, const struct tmk_problem *problem,
                             const bool dir[TMK_NDIRS]);

/* Note something left out. The texts are copied. */
enum tmk_status tmk_list_skip(struct tmk_list *list, const char *what, const char *why,
                              const char *where);

/* Batch files, as benchdnn reads them. Tokens stand between white space; one that begins with '#'
 * drops the rest of its line; a '\' at its end joins the next one. A token is a descriptor or an
 * option, and options hold for the descriptors after them:
 *
 *   --OPTION=V,...  each descriptor is listed once for every combination of all options' values
 *   --dir=D,...     FWD_B, FWD_D, FWD_I, BWD_D, BWD_W, BWD_WB: the directions of one problem;
 * without FWD_B or BWD_WB, FWD_D, FWD_I and BWD_W mean a convolution without bias
 *   --mb=N          batch size of convolutions; 0: the descriptor's own
 *   --dt, --cfg     f32, f64
 *   --stag, --dtag  convolution: any, abx, abcd, nchw; axb, acdb, nhwc. matmul's --stag: ab, ba
 *   --wtag          convolution: any or plain; matmul: ab, ba
 *   --strides=S:W:D matmul
 *   --reset         back to the state at the start
 *   --batch=F       the problems of F: a file beside this one, else a named set. The state holds
 *                   inside it, and options set inside it hold after it.
 *
 * Options that choose or control benchdnn's implementations have no effect. Problems under values
 * that are not offered, descriptors that are not (3-D), and files that are nowhere go to the list's
 * skips. A malformed token is TMK_EINVAL and the message has file, line and token. */

/* Append the problems of a descriptor "conv2d:DESC" or "matmul:DESC", or DESC alone if its form
 * tells. Options may stand before DESC, separated by spaces: "matmul:--wtag=ba 8x4:4x2". */
enum tmk_status tmk_list_descriptor(struct tmk_list *list, const char *text,
                                    const struct tmk_context *context);

/* Append the problems of a batch file; each descriptor's form tells its operation. `op` not NULL:
 * those of the other operations are left out. TMK_EIO: the file cannot be read. */
enum tmk_status tmk_list_batch(struct tmk_list *list, const char *path, const struct tmk_op *op,
                               const struct tmk_context *context);

/* The operation that computes a layer: conv2d, matmul, or NULL if it multiplies nothing. */
const struct tmk_op *tmk_layer_op(const struct tmk_layer *layer);

/* Such a layer as a problem of that operation, without name; `out` has its problem_size bytes. Of
 * the context, the batch size (0: 1), dtype, layout and no_bias count. TMK_EINVAL: sizes overflow.
 */
enum tmk_status tmk_layer_problem(const struct tmk_layer *layer, const struct tmk_context *context,
                                  struct tmk_problem *out);

/* Append the problems of a named set. A network's layers (the auxiliary ones left out) stand in it
 * once a shape, with their multiplicities, and with batch size 1 unless context->mb says otherwise;
 * every convolution has a bias unless context->no_bias. TMK_EINVAL: unknown name; the message lists
 * the sets. */
enum tmk_status tmk_list_set(struct tmk_list *list, const char *name,
                             const struct tmk_context *context);

/* Names and one-line summaries of all sets, networks first: visit(ctx, name, summary). */
void tmk_sets_each(void (*visit)(void *ctx, const char *name, const char *summary), void *ctx);

#endif
