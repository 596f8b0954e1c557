/* Variables: tensors that outlive the graphs that use them (parameters, inputs, labels), with a
 * version that tells every graph whether its values are still true. */
#ifndef TMK_AUTODIFF_VARIABLE_H
#define TMK_AUTODIFF_VARIABLE_H

#include "view.h"

#include <stdint.h>

/* Versions are drawn from one counter of the process, so that a later write always has the larger
 * version, whichever variable it went to. */
struct tmk_variable {
    struct tmk_view view; /* read it through here; to write, ask tmk_variable_write() */
    uint64_t version;     /* of the last write; >= 1 */
    void *memory;         /* what tmk_variable_free() frees; NULL: the caller's memory */
};

/* A dense row-major tensor of zeros. TMK_EINVAL: impossible shape; TMK_ENOMEM. */
enum tmk_status tmk_variable_make(struct tmk_variable *out, enum tmk_dtype dtype, int ndim,
                                  const size_t *shape);

/* A variable on memory of the caller, in any strides; that memory must outlive it. */
struct tmk_variable tmk_variable_on(const struct tmk_view *view);

void tmk_variable_free(struct tmk_variable *variable);

/* The view to write through. The variable counts as changed from this call on: ask again before
 * each batch of writes, after values computed from the last one were read. */
const struct tmk_view *tmk_variable_write(struct tmk_variable *variable);

/* A version newer than any other, for whoever else keeps what values are computed from; and the
 * newest there is: while it stays the same, nothing at all was written. */
uint64_t tmk_version_next(void);
uint64_t tmk_version_newest(void);

#endif
