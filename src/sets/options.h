/* The options of batch files: a table of them, and the state they leave. Private to src/sets. */
#ifndef TMK_SETS_OPTIONS_H
#define TMK_SETS_OPTIONS_H

#include "sets.h"

/* One combination of the options' values, as a descriptor after them sees it. */
struct tmk_setting {
    struct tmk_context context;
    bool dir[TMK_NDIRS];
    bool has_layout;   /* some tag has said which */
    char refusal[160]; /* why problems under these values are left out, or "" */
};

#define TMK_OPTIONS_MAX 64

/* The values as they stand, by row of the table; NULL: not set. */
struct tmk_options {
    struct tmk_context start; /* what holds without any option */
    char *value[TMK_OPTIONS_MAX];
};

/* Take in "--NAME=VALUES" (or --NAME), '-' and '_' being the same in NAME. TMK_EINVAL: unknown
 * option or malformed value; the state is as before. */
enum tmk_status tmk_options_set(struct tmk_options *options, const char *token);

/* Forget all values. */
void tmk_options_reset(struct tmk_options *options);

/* Call visit(ctx, setting) for every combination of values that concern `op`, the last option
 * varying fastest, until one fails. */
enum tmk_status
tmk_options_each(const struct tmk_options *options, const struct tmk_op *op,
                 enum tmk_status (*visit)(void *ctx, const struct tmk_setting *setting), void *ctx);

#endif
