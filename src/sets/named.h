/* Where named sets come from. Private to src/sets. */
#ifndef TMK_SETS_NAMED_H
#define TMK_SETS_NAMED_H

#include "options.h"

#include "nets.h"

/* Is this network, or its group, the set of that name? */
bool tmk_net_is_set(const struct tmk_net_entry *entry, const char *name);

/* Append the layers of one network that `op` computes, under `setting`. */
enum tmk_status tmk_list_net(struct tmk_list *list, const struct tmk_net_entry *entry,
                             const struct tmk_op *op, const struct tmk_setting *setting);

/* The path of the text file that is the set of that name. False: there is none. */
bool tmk_set_path(const char *name, char *path, size_t size);

/* "set NAME is unknown: choose one of ..."; TMK_EIO if the text sets cannot be found at all. */
enum tmk_status tmk_fail_unknown_set(const char *name);

#endif
