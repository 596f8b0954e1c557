/* An arena: memory that is taken piece by piece and given back all at once. */
#ifndef TMK_AUTODIFF_ARENA_H
#define TMK_AUTODIFF_ARENA_H

#include "status.h"

#include <stddef.h>

#define TMK_AD_ARENA_SLACK                                                                         \
    ((size_t)65 << 10) /* bytes: the most that an arena takes unasked at a time */

struct tmk_ad_arena_block;

/* Start from all zeros but `what`. Pieces never move. */
struct tmk_ad_arena {
    const char *what;                  /* names the memory in the TMK_ENOMEM message */
    struct tmk_ad_arena_block *blocks; /* newest first */
    size_t used;                       /* bytes of all pieces, each rounded up to TMK_ALIGN */
};

/* Make sure that pieces of `bytes` together (each rounded up to TMK_ALIGN) come without another
 * allocation: takes them from the system, and at most TMK_AD_ARENA_SLACK more. TMK_ENOMEM. */
enum tmk_status tmk_ad_arena_reserve(struct tmk_ad_arena *arena, size_t bytes);

/* A piece aligned to TMK_ALIGN, contents arbitrary; 0 bytes give a valid pointer. TMK_ENOMEM. */
enum tmk_status tmk_ad_arena_take(struct tmk_ad_arena *arena, size_t bytes, void **out);

/* Give every piece back. The memory is kept for the next round, in one block as large as all that
 * was in use. */
void tmk_ad_arena_reset(struct tmk_ad_arena *arena);
void tmk_ad_arena_free(struct tmk_ad_arena *arena);

/* Bytes that the arena holds from the system, used or not. */
size_t tmk_ad_arena_capacity(const struct tmk_ad_arena *arena);

#endif
