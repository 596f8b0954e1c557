/* Where libraries are. Private to this room. */
#ifndef TMK_PEERS_SEARCH_H
#define TMK_PEERS_SEARCH_H

#include <limits.h>
#include <stddef.h>

#define TMK_SEARCH_MAX 16

struct tmk_search {
    char path[TMK_SEARCH_MAX][PATH_MAX];
    size_t count;
};

/* Readable files that match one of `patterns` (NULL-terminated, glob(7), relative to a folder of
 * libraries), the folders in this order: those of $TILEMARK_PEERS, of $LD_LIBRARY_PATH, of an
 * active Python or Conda environment, of the system, of Python environments in the home folder. In
 * each, patterns in the order given and, of what one matches, the last first, which is the newest.
 * No file twice; at most TMK_SEARCH_MAX. TILEMARK_PEERS=none: nothing. */
void tmk_search(const char *const *patterns, struct tmk_search *out);

#endif
