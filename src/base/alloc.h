/* Aligned memory. Kernels never allocate; the caller does, here. */
#ifndef TMK_BASE_ALLOC_H
#define TMK_BASE_ALLOC_H

#include "status.h"

#include <stddef.h>

#define TMK_ALIGN 64            /* bytes: a cache line, and the widest vector */
#define TMK_PAGE ((size_t)4096) /* bytes: what processors fetch ahead within */

/* `bytes` bytes aligned to TMK_ALIGN (from a page on, to TMK_PAGE; from 4 MiB on, to 2 MiB, and
 * advised to use huge pages), not initialised and not touched, so that the threads that use a page
 * can be the first to touch it. `what` names the buffer in the TMK_ENOMEM message. 0 bytes give a
 * valid pointer. Free with tmk_free(). */
enum tmk_status tmk_alloc(size_t bytes, const char *what, void **out);
void tmk_free(void *memory);

/* Bytes that this process may still allocate: the least of the system's available memory, the
 * cgroup's limit less its use, and the resource limit. SIZE_MAX if nothing is known. */
size_t tmk_memory_available(void);

#endif
