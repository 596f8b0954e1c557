/* Lists of problems: from descriptors, batch files, and named sets. A named set is either a
 * network's convolution and linear layers (src/nets) or a text file in bench/sets. */
#ifndef TMK_SETS_SETS_H
#define TMK_SETS_SETS_H

#include "op.h"

extern const struct tmk_op *const tmk_ops[]; /* matmul, conv2d; NULL-terminated */
const struct tmk_op *tmk_op_find(const char *name); /* NULL: unknown */

/* A problem with the directions that its source asks for (all, unless a batch file says). */
struct tmk_item {
    struct tmk_problem *problem;
    bool dir[TMK_NDIRS];
};

/* Something in the source that was left out, and why. */
struct tmk_skip {
    char *what;  /* the token */
    char *why;
    char *where; /* "shapes_tails:60" */
};

struct tmk_list {
    struct tmk_item *items;
    size_t count, capacity;
    struct tmk_skip *skips;
    size_t nskips, skips_capacity;
};

void tmk_list_free(struct tmk_list *list);
enum tmk_status tmk_list_add(struct tmk_list *list, const struct tmk_problem *problem,
                             const bool dir[TMK_NDIRS]);

/* Append the problems of a descriptor "conv2d:DESC" or "matmul:DESC" (the options of the batch
 * grammar may stand before DESC, separated by spaces). TMK_EINVAL names the fault and the place. */
enum tmk_status tmk_list_descriptor(struct tmk_list *list, const char *text,
                                    const struct tmk_context *context);

/* Append the problems of a batch file. `op` NULL: told by each descriptor's form. Unsupported
 * problems and options go to skips; a malformed descriptor is TMK_EINVAL with file and line. */
enum tmk_status tmk_list_batch(struct tmk_list *list, const char *path, const struct tmk_op *op,
                               const struct tmk_context *context);

/* Append the problems of a named set. TMK_EINVAL: unknown name; the message lists the sets. */
enum tmk_status tmk_list_set(struct tmk_list *list, const char *name,
                             const struct tmk_context *context);

/* Names and one-line summaries of all sets: visit(ctx, name, summary). */
void tmk_sets_each(void (*visit)(void *ctx, const char *name, const char *summary), void *ctx);

#endif
