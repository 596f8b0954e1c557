/* IDX files that tests write, in a folder of their own. */
#ifndef TMK_TESTS_IDX_H
#define TMK_TESTS_IDX_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static char base[] = "/tmp/tilemark-test-XXXXXX"; /* all files of the tests */

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof *paths, "%s/%s", base, name);
    return path;
}

/* An IDX file of `ndim` sizes and `bytes` bytes 0, 1, 2, ... modulo `modulus`. */
static const char *write_idx(const char *name, uint32_t magic, int ndim, const uint32_t *shape,
                             size_t bytes, unsigned modulus, bool gzipped)
{
    const char *path = path_of(name);
    gzFile file = gzopen(path, gzipped ? "wb" : "wbT");
    assert_non_null(file);
    for (int d = -1; d < ndim; d++) {
        uint32_t v = d < 0 ? magic : shape[d];
        const unsigned char b[] = {v >> 24 & 255, v >> 16 & 255, v >> 8 & 255, v & 255};
        assert_int_equal(gzwrite(file, b, 4), 4);
    }
    for (size_t i = 0; i < bytes; i++)
        gzputc(file, (int)(i % modulus));
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(base) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", base);
    return system(command);
}

#endif
