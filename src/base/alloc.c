#include "alloc.h"

#include "size.h"
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define HUGE_PAGE ((size_t)2 << 20)

enum tmk_status tmk_alloc(size_t bytes, const char *what, void **out)
{
    size_t align = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : bytes >= TMK_PAGE ? TMK_PAGE : TMK_ALIGN;
    void *memory = NULL;
    char size[32];
    tmk_format_bytes(size, sizeof size, (double)bytes);
    if (bytes > tmk_memory_available() || posix_memalign(&memory, align, TMK_MAX(bytes, 1)) != 0)
        return tmk_fail(TMK_ENOMEM, "%s needs %s, more than is free: choose something smaller",
                        what, size);
#ifdef MADV_HUGEPAGE
    if (align == HUGE_PAGE)
        madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    *out = memory;
    return TMK_OK;
}

void tmk_free(void *memory)
{
    free(memory);
}

/* The number in the first line of `path` that starts with `key` ("" for the first line), or
 * SIZE_MAX if the file, the line or the number is missing ("max" counts as missing). */
static size_t read_size(const char *path, const char *key)
{
    size_t value = SIZE_MAX;
    FILE *file = fopen(path, "r");
    if (!file)
        return SIZE_MAX;
    char line[256];
    while (value == SIZE_MAX && fgets(line, sizeof line, file)) {
        unsigned long long number;
        if (strncmp(line, key, strlen(key)) == 0 &&
            sscanf(line + strlen(key), "%llu", &number) == 1)
            value = (size_t)number;
    }
    fclose(file);
    return value;
}

size_t tmk_memory_available(void)
{
    size_t available = SIZE_MAX;
    size_t kib = read_size("/proc/meminfo", "MemAvailable:");
    if (kib != SIZE_MAX)
        available = kib * 1024;
    size_t limit = read_size("/sys/fs/cgroup/memory.max", "");
    size_t used = read_size("/sys/fs/cgroup/memory.current", "");
    if (limit != SIZE_MAX && used != SIZE_MAX)
        available = TMK_MIN(available, limit > used ? limit - used : 0);
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
        available = TMK_MIN(available, (size_t)space.rlim_cur);
    return available;
}
