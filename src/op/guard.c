#include "guard.h"

#include "alloc.h"
#include "size.h"
#include "text.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAN_BYTE 0xff
#define PATTERN 0xa5

static enum tmk_status no_memory(size_t bytes)
{
    char text[32];
    tmk_format_bytes(text, sizeof text, (double)bytes);
    return tmk_fail(TMK_ENOMEM, "workspace needs %s, more than is free: choose a smaller problem",
                    text);
}

enum tmk_status tmk_guard_make(size_t bytes, struct tmk_guard *out)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (bytes > tmk_memory_available() || bytes > SIZE_MAX / 2)
        return no_memory(bytes);
    size_t used = tmk_round_up(bytes, TMK_ALIGN);
    size_t inner = tmk_round_up(used, page);
    char *map =
        mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return no_memory(bytes);
    struct tmk_guard guard = {.bytes = bytes, .inner = map + page, .page = page};
    guard.inner_end = guard.inner + inner;
    guard.memory = guard.inner_end - used;
    if (inner && mprotect(guard.inner, inner, PROT_READ | PROT_WRITE) != 0) {
        tmk_guard_free(&guard);
        return no_memory(bytes);
    }
    *out = guard;
    return TMK_OK;
}

void tmk_guard_free(struct tmk_guard *guard)
{
    if (guard->inner)
        munmap(guard->inner - guard->page,
               (size_t)(guard->inner_end - guard->inner) + 2 * guard->page);
    *guard = (struct tmk_guard){.memory = NULL};
}

void tmk_guard_arm(struct tmk_guard *guard)
{
    char *end = guard->memory + guard->bytes;
    memset(guard->inner, PATTERN, (size_t)(guard->memory - guard->inner));
    memset(guard->memory, NAN_BYTE, guard->bytes);
    memset(end, PATTERN, (size_t)(guard->inner_end - end));
}

static bool holds_pattern(const char *from, const char *to)
{
    while (from < to && (unsigned char)*from == PATTERN)
        from++;
    return from == to;
}

bool tmk_guard_intact(const struct tmk_guard *guard)
{
    return holds_pattern(guard->inner, guard->memory) &&
           holds_pattern(guard->memory + guard->bytes, guard->inner_end);
}
