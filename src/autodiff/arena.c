#include "arena.h"

#include "alloc.h"
#include "size.h"

#include <stdint.h>

#define BLOCK_MIN ((size_t)64 << 10)

/* Stands at the head of its own memory. */
struct tmk_ad_arena_block {
    struct tmk_ad_arena_block *older;
    size_t size, used; /* bytes from the block's start on, the head included */
};

#define HEAD ((sizeof(struct tmk_ad_arena_block) + TMK_ALIGN - 1) / TMK_ALIGN * TMK_ALIGN)

static enum tmk_status add_block(struct tmk_ad_arena *arena, size_t bytes)
{
    size_t size;
    if (!tmk_size_add(bytes, HEAD, &size))
        return tmk_fail(TMK_ENOMEM, "%s: more bytes than can be counted: choose something smaller",
                        arena->what);
    void *memory;
    TMK_TRY(tmk_alloc(size, arena->what, &memory));
    struct tmk_ad_arena_block *block = memory;
    *block = (struct tmk_ad_arena_block){.older = arena->blocks, .size = size, .used = HEAD};
    arena->blocks = block;
    return TMK_OK;
}

static size_t room(const struct tmk_ad_arena *arena)
{
    return arena->blocks ? arena->blocks->size - arena->blocks->used : 0;
}

enum tmk_status tmk_ad_arena_reserve(struct tmk_ad_arena *arena, size_t bytes)
{
    return room(arena) >= bytes ? TMK_OK : add_block(arena, TMK_MAX(bytes, BLOCK_MIN));
}

enum tmk_status tmk_ad_arena_take(struct tmk_ad_arena *arena, size_t bytes, void **out)
{
    if (bytes > PTRDIFF_MAX)
        return tmk_fail(TMK_ENOMEM, "%s: more bytes than can be counted: choose something smaller",
                        arena->what);
    size_t piece = tmk_round_up(TMK_MAX(bytes, 1), TMK_ALIGN);
    if (room(arena) < piece) {
        /* each block twice as large as the last: few blocks, however many pieces */
        size_t grown = arena->blocks ? 2 * arena->blocks->size : BLOCK_MIN;
        TMK_TRY(add_block(arena, TMK_MAX(piece, grown)));
    }
    *out = (char *)arena->blocks + arena->blocks->used;
    arena->blocks->used += piece;
    arena->used += piece;
    return TMK_OK;
}

void tmk_ad_arena_reset(struct tmk_ad_arena *arena)
{
    size_t used = arena->used;
    arena->used = 0;
    if (arena->blocks && !arena->blocks->older) {
        arena->blocks->used = HEAD;
        return;
    }
    tmk_ad_arena_free(arena);
    if (used > 0)
        (void)add_block(arena, used); /* if that fails now, so will the next piece, and say so */
}

void tmk_ad_arena_free(struct tmk_ad_arena *arena)
{
    while (arena->blocks) {
        struct tmk_ad_arena_block *block = arena->blocks;
        arena->blocks = block->older;
        tmk_free(block);
    }
    arena->used = 0;
}

size_t tmk_ad_arena_capacity(const struct tmk_ad_arena *arena)
{
    size_t capacity = 0;
    for (const struct tmk_ad_arena_block *block = arena->blocks; block; block = block->older)
        capacity += block->size;
    return capacity;
}
