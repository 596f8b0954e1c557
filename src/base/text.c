#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* value with three significant digits and the first unit in which it prints below `step` */
static char *format_scaled(char *buf, size_t size, double value, double step,
                           const char *const *units, int count)
{
    int unit = 0;
    while (unit < count - 1 && fabs(value) >= step - 0.5) {
        value /= step;
        unit++;
    }
    int decimals = fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;
    if (unit == 0 && value == floor(value))
        decimals = 0;
    snprintf(buf, size, "%.*f%s%s", decimals, value, *units[unit] ? " " : "", units[unit]);
    return buf;
}

char *tmk_format_bytes(char *buf, size_t size, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    return format_scaled(buf, size, bytes, 1024, units, 7);
}

char *tmk_format_count(char *buf, size_t size, double count)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
    return format_scaled(buf, size, count, 1000, units, 7);
}

char *tmk_format_seconds(char *buf, size_t size, double seconds)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    if (seconds < 59.95) /* from here on it would print as 60.0 s */
        return format_scaled(buf, size, seconds * 1e9, 1000, units, 4);
    long whole = lround(seconds);
    if (whole < 3600)
        snprintf(buf, size, "%ld min %02ld s", whole / 60, whole % 60);
    else
        snprintf(buf, size, "%ld h %02ld min", whole / 3600, whole % 3600 / 60);
    return buf;
}

bool tmk_parse_size(const char *text, size_t *out)
{
    if (!isdigit((unsigned char)*text))
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || value > SIZE_MAX)
        return false;
    *out = (size_t)value;
    return true;
}

enum tmk_status tmk_read_file(const char *path, char **out)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return tmk_fail(TMK_EIO, "cannot open %s: %s", path, strerror(errno));
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    char block[65536];
    size_t got;
    while (memory && (got = fread(block, 1, sizeof block, file)) > 0)
        fwrite(block, 1, got, memory);
    bool failed = ferror(file) != 0;
    int reason = errno;
    fclose(file);
    if (!memory || fclose(memory) != 0) {
        free(text);
        return tmk_fail(TMK_ENOMEM, "no memory to read %s", path);
    }
    if (failed) {
        free(text);
        return tmk_fail(TMK_EIO, "cannot read %s: %s", path, strerror(reason));
    }
    *out = text;
    return TMK_OK;
}

enum tmk_status tmk_data_path(const char *name, char *out, size_t size)
{
    const char *env = getenv("TILEMARK_DATA");
    static const char *const roots[] = {TMK_SOURCE "/bench", TMK_SOURCE "/analysis",
                                        TMK_SOURCE "/src/plot", TMK_INSTALL_DATA};
    const char *const *first = env ? &env : roots;
    size_t count = env ? 1 : sizeof roots / sizeof *roots;
    for (size_t i = 0; i < count; i++) {
        if (snprintf(out, size, "%s/%s", first[i], name) < (int)size && access(out, R_OK) == 0)
            return TMK_OK;
    }
    return tmk_fail(
        TMK_EIO, "data file %s not found below %s: set TILEMARK_DATA to the folder that holds it",
        name, env ? env : TMK_INSTALL_DATA);
}

char *tmk_format_command(int argc, const char **argv)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=,.:/@%";
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return NULL;
    for (int i = 0; i < argc; i++) {
        fputs(i ? " " : "", memory);
        if (i == 0 || (argv[i][0] && strspn(argv[i], plain) == strlen(argv[i]))) {
            fputs(argv[i], memory);
            continue;
        }
        fputc('\'', memory);
        for (const char *c = argv[i]; *c; c++)
            fprintf(memory, *c == '\'' ? "'\\''" : "%c", *c);
        fputc('\'', memory);
    }
    fclose(memory);
    return text;
}

size_t tmk_find_word(const char *const *words, size_t count, const char *word)
{
    size_t i = 0;
    while (i < count && strcmp(words[i], word) != 0)
        i++;
    return i;
}
