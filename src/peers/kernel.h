/* Making a library choose the kernels that fit. Private to this room. */
#ifndef TMK_PEERS_KERNEL_H
#define TMK_PEERS_KERNEL_H

#include <stddef.h>

/* Libraries recognise a CPU by its model, and take kernels for an old one where they do not know
 * it, as on virtual machines. This asks the library at `path`, in a process of its own, which it
 * would take. If they are for another ISA than tmk_isa(), it tries the environment variable that
 * the library has for the purpose, and sets it here if that helps; `setting` gets "VARIABLE=value",
 * or "". A variable that the user has set is left alone. To be called before the library is loaded.
 */
void tmk_kernel_choose(const char *path, char *setting, size_t size);

#endif
