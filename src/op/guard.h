/* Workspace whose ends are watched. Private to this room. */
#ifndef TMK_OP_GUARD_H
#define TMK_OP_GUARD_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* `memory` ends, rounded up to TMK_ALIGN, at a page that faults; what lies between it and the
 * faulting pages on both sides holds a pattern. So a kernel that reads or writes far outside ends
 * the process, and one that writes a little outside is told by tmk_guard_intact(). */
struct tmk_guard {
    char *memory; /* aligned to TMK_ALIGN, and by intent to no more */
    size_t bytes;
    char *inner, *inner_end; /* the pages between the two that fault */
    size_t page;
};

/* TMK_ENOMEM: not that much memory. Free with tmk_guard_free(). */
enum tmk_status tmk_guard_make(size_t bytes, struct tmk_guard *out);
void tmk_guard_free(struct tmk_guard *guard);

/* Fill the memory with NaNs, so that reading what was never written spoils the result, and its
 * surroundings with the pattern. */
void tmk_guard_arm(struct tmk_guard *guard);
bool tmk_guard_intact(const struct tmk_guard *guard);

#endif
