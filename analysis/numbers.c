#include "numbers.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

char *tmk_format_grouped(char buf[TMK_GROUPED_MAX], double count)
{
    char digits[TMK_GROUPED_MAX], *end = buf;
    int length = snprintf(digits, sizeof digits / 2, "%.0f", count);
    for (int i = 0; i < length && i < (int)sizeof digits / 2 - 1; i++) {
        *end++ = digits[i];
        if (digits[i] != '-' && i < length - 1 && (length - 1 - i) % 3 == 0)
            *end++ = ',';
    }
    *end = '\0';
    return buf;
}

enum tmk_status tmk_parse_positive(const char *option, const char *text, size_t *out)
{
    if (tmk_parse_size(text, out) && *out > 0)
        return TMK_OK;
    return tmk_fail(TMK_EINVAL, "%s: '%s' is no size: write a whole number of 1 or more", option,
                    text);
}

/* The numbers of a text that `separator` stands between, at most `most`; 0: it is malformed. */
static size_t split(const char *text, char separator, size_t most, size_t *out)
{
    char word[32];
    for (size_t count = 1; count <= most; count++) {
        const char *end = strchr(text, separator);
        size_t length = end ? (size_t)(end - text) : strlen(text);
        if (length >= sizeof word)
            return 0;
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (!tmk_parse_size(word, &out[count - 1]) || !out[count - 1])
            return 0;
        if (!end)
            return count;
        text = end + 1;
    }
    return 0;
}

enum tmk_status tmk_parse_image(const char *option, const char *text, size_t *height, size_t *width)
{
    size_t size[2], count = split(text, 'x', 2, size);
    if (!count)
        return tmk_fail(TMK_EINVAL,
                        "%s: '%s' is no image: write rows x columns of 1 or more, as in 224x224",
                        option, text);
    *height = size[0];
    *width = size[count - 1];
    return TMK_OK;
}

enum tmk_status tmk_parse_list(const char *option, const char *text, size_t count, size_t *out)
{
    if (split(text, ',', count, out) == count)
        return TMK_OK;
    return tmk_fail(TMK_EINVAL,
                    "%s: '%s' is no list: write %zu whole numbers of 1 or more with commas between",
                    option, text, count);
}
