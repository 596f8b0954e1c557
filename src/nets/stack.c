#include "stack.h"
#include "builder.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 1000000 /* of any number in a word: products of two stay far from overflow */

/* A whole number in 0 .. LARGEST. */
static bool read_number(const char **text, size_t *out)
{
    size_t value = 0;
    if (!isdigit((unsigned char)**text))
        return false;
    for (; isdigit((unsigned char)**text); ++*text) {
        value = 10 * value + (size_t)(**text - '0');
        if (value > LARGEST)
            return false;
    }
    *out = value;
    return true;
}

/* N or NxN */
static bool read_pair(const char **text, size_t *rows, size_t *columns)
{
    if (!read_number(text, rows))
        return false;
    *columns = *rows;
    if (**text != 'x')
        return true;
    ++*text;
    return read_number(text, columns);
}

static bool read_kind(const char **text, enum tmk_layer_kind *kind)
{
    static const struct {
        const char *name;
        enum tmk_layer_kind kind;
    } kinds[] = {{"conv", TMK_LAYER_CONV},
                 {"pool", TMK_LAYER_MAXPOOL},
                 {"maxpool", TMK_LAYER_MAXPOOL},
                 {"avgpool", TMK_LAYER_AVGPOOL}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].name);
        if (strncmp(*text, kinds[i].name, length) == 0) {
            *text += length;
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* One "s2", "p0x3" or "d2"; each letter once. */
static bool read_setting(const char **text, struct tmk_layer *layer, char *seen)
{
    struct {
        char letter;
        size_t *rows, *columns;
    } settings[] = {{'s', &layer->sh, &layer->sw},
                    {'p', &layer->ph, &layer->pw},
                    {'d', &layer->dh, &layer->dw}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (**text != settings[i].letter || strchr(seen, **text))
            continue;
        strncat(seen, (*text)++, 1);
        return read_pair(text, settings[i].rows, settings[i].columns);
    }
    return false;
}

/* All but the input and the channels. */
static bool read_word(const char *text, struct tmk_layer *layer, size_t *times)
{
    char seen[4] = "";
    *layer = (struct tmk_layer){.dh = 1, .dw = 1};
    *times = 1;
    if (!read_kind(&text, &layer->kind) || !read_pair(&text, &layer->kh, &layer->kw))
        return false;
    layer->sh = layer->kind == TMK_LAYER_CONV ? 1 : layer->kh;
    layer->sw = layer->kind == TMK_LAYER_CONV ? 1 : layer->kw;
    while (*text && *text != '*') {
        if (!read_setting(&text, layer, seen))
            return false;
    }
    if (*text == '*') {
        text++;
        if (!read_number(&text, times) || *text)
            return false;
    }
    return layer->kh && layer->kw && layer->sh && layer->sw && layer->dh && layer->dw && *times;
}

static enum tmk_status add_word(struct tmk_builder *b, const char *word, size_t channels, int *x)
{
    struct tmk_layer layer;
    size_t times;
    if (!read_word(word, &layer, &times))
        return tmk_fail(TMK_EINVAL,
                        "'%s' is no layer: write conv or pool, a kernel, then s, p, d with stride, "
                        "padding, dilation, as in conv3p1, pool2s2, conv1x7p0x3, conv3d2p2*4",
                        word);
    layer.oc = channels;
    layer.ninputs = 1;
    for (size_t i = 0; i < times; i++) {
        char name[TMK_LAYER_NAME_MAX];
        if (b->net->nlayers > TMK_STACK_MAX)
            return tmk_fail(TMK_EINVAL, "'%s' makes more than %d layers: write a shorter stack",
                            word, TMK_STACK_MAX);
        snprintf(name, sizeof name, "%d %.*s", b->net->nlayers, (int)strcspn(word, "*"), word);
        layer.input[0] = *x;
        *x = tmk_build(b, name, layer);
        TMK_TRY(b->status);
    }
    return TMK_OK;
}

enum tmk_status tmk_net_stack(const char *const *words, size_t channels, size_t height,
                              size_t width, struct tmk_net *out)
{
    if (!channels || !height || !width)
        return tmk_fail(TMK_EINVAL,
                        "an image of %zux%zux%zu has nothing to read: give channels, rows and "
                        "columns of 1 or more",
                        channels, height, width);
    if (!*words)
        return tmk_fail(TMK_EINVAL, "a stack without layers: name some, as in conv3p1 pool2s2");
    *out = (struct tmk_net){.name = "stack", .source = "the command line"};
    struct tmk_builder builder = {.net = out, .module = -1};
    int x = input(&builder, channels, height, width);
    enum tmk_status status = builder.status;
    for (; *words && status == TMK_OK; words++)
        status = add_word(&builder, *words, channels, &x);
    if (status != TMK_OK)
        tmk_net_free(out);
    return status;
}
