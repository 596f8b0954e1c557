/* benchdnn's convolution descriptors: reading, with all that they leave to be inferred, and
 * writing the canonical form. */
#include "room.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char tmk_conv2d_grammar[] =
    "conv2d descriptors are those of oneDNN's benchdnn: keys with numbers in any order, a '_' "
    "after\n"
    "a number where it helps reading, and a name at the end.\n"
    "\n"
    "  g groups (1)   mb batch (2)   ic oc channels, totals over all groups\n"
    "  ih iw image    oh ow output   kh kw kernel      sh sw stride (1)\n"
    "  ph pw padding at top and left               dh dw dilation (0: undilated)\n"
    "  n\"NAME*3\" name (cut to 63 bytes) and how often the layer stands in its network\n"
    "\n"
    "Output size missing: o = (i - extent + 2p)/s + 1, p 0 unless given; extent = (k-1)(d+1) + 1.\n"
    "Output size given, padding missing: p = ((o-1)s - i + extent)/2. Padding at bottom and right\n"
    "follows from the sizes, (o-1)s + extent - i - p, and may be negative. Without width keys, "
    "widths\n"
    "are copied from heights; without height keys, the problem is 1-D: height 1.\n"
    "\n"
    "  mb50ic64ih56oc64oh56kh3ph1n\"resnet_50:res2a_branch2b*3\"\n"
    "  mb4_ic1ih161iw700_oc32_kh5kw20_sh2sw2_ph0pw0\n"
    "  g64mb1ic64ih112iw112oc64oh56ow56kh3kw3sh2sw2ph1pw1n\"mobilenet:conv2_2/dw\"\n";

/* The keys; those of each spatial axis stand together, in the order of enum field. */
enum { G, MB, IC, OC, DEPTH, HEIGHT = DEPTH + 6, WIDTH = HEIGHT + 6, NKEYS = WIDTH + 6 };
enum field { I, O, K, S, P, D, NFIELDS };
static const char key_name[NKEYS][3] = {
    "g",  "mb", "ic", "oc",             /* */
    "id", "od", "kd", "sd", "pd", "dd", /* 3-D: recognised, not offered */
    "ih", "oh", "kh", "sh", "ph", "dh", /* */
    "iw", "ow", "kw", "sw", "pw", "dw",
};

/* Larger numbers are refused, so that extents, products of two, fit 64 bits with room to spare. */
#define NUMBER_MAX INT32_MAX

struct numbers {
    const char *desc; /* for messages */
    bool given[NKEYS];
    int64_t value[NKEYS];
};

static int find_key(const char *text)
{
    for (int key = 0; key < NKEYS; key++) {
        if (strncmp(text, key_name[key], strlen(key_name[key])) == 0)
            return key;
    }
    return -1;
}

static enum tmk_status bad_token(const char *desc, const char *at)
{
    const size_t offset = (size_t)(at - desc);
    if (*at == '_')
        return tmk_fail(TMK_EINVAL,
                        "conv2d '%s': '_' at offset %zu does not follow a number: use one '_' at "
                        "most, after a number",
                        desc, offset);
    return tmk_fail(TMK_EINVAL,
                    "conv2d '%s': '%.8s' at offset %zu is not a key: use g, mb, ic, oc, then i, o, "
                    "k, s, p, d with h or w, and n for the name",
                    desc, at, offset);
}

/* Read one KEY UINT ["_"] at *at and step over it. */
static enum tmk_status read_number(struct numbers *numbers, const char **at)
{
    const int key = find_key(*at);
    if (key < 0)
        return bad_token(numbers->desc, *at);
    const char *digit = *at + strlen(key_name[key]);
    const size_t offset = (size_t)(digit - numbers->desc);
    if (!isdigit((unsigned char)*digit))
        return tmk_fail(TMK_EINVAL,
                        "conv2d '%s': %s has no number at offset %zu: write it as in %s1",
                        numbers->desc, key_name[key], offset, key_name[key]);
    if (numbers->given[key])
        return tmk_fail(TMK_EINVAL, "conv2d '%s': %s is given again at offset %zu: give it once",
                        numbers->desc, key_name[key], offset);
    int64_t value = 0;
    for (; isdigit((unsigned char)*digit); digit++) {
        value = 10 * value + (*digit - '0');
        if (value > NUMBER_MAX)
            return tmk_fail(TMK_EINVAL,
                            "conv2d '%s': the number of %s at offset %zu is too large: use at most "
                            "%d",
                            numbers->desc, key_name[key], offset, NUMBER_MAX);
    }
    numbers->given[key] = true;
    numbers->value[key] = value;
    *at = *digit == '_' ? digit + 1 : digit;
    return TMK_OK;
}

static enum tmk_status at_least_one(const struct numbers *numbers, int key)
{
    if (numbers->value[key] > 0)
        return TMK_OK;
    return tmk_fail(TMK_EINVAL, "conv2d '%s': %s is %s: it must be at least 1", numbers->desc,
                    key_name[key], numbers->given[key] ? "0" : "missing");
}

static int64_t extent_of(const int64_t *value)
{
    return (value[K] - 1) * (value[D] + 1) + 1;
}

static bool axis_is_given(const struct numbers *numbers, int axis)
{
    const bool *given = &numbers->given[axis];
    const int64_t *value = &numbers->value[axis];
    return given[I] || given[O] || given[K] || value[S] != 1 || value[P] != 0 || value[D] != 0;
}

/* Find the output size or the padding that the descriptor leaves out. */
static enum tmk_status infer_axis(struct numbers *numbers, int axis)
{
    const bool *given = &numbers->given[axis];
    int64_t *value = &numbers->value[axis];
    TMK_TRY(at_least_one(numbers, axis + I));
    TMK_TRY(at_least_one(numbers, axis + K));
    TMK_TRY(at_least_one(numbers, axis + S));
    if (given[O]) {
        TMK_TRY(at_least_one(numbers, axis + O));
        if (!given[P])
            value[P] = ((value[O] - 1) * value[S] - value[I] + extent_of(value)) / 2;
    } else {
        const int64_t slack = value[I] + 2 * value[P] - extent_of(value);
        if (slack < 0)
            return tmk_fail(TMK_EINVAL,
                            "conv2d '%s': the kernel's extent, %" PRId64 ", is larger than the "
                            "padded input, %" PRId64 ": use a smaller %s or a larger %s",
                            numbers->desc, extent_of(value), value[I] + 2 * value[P],
                            key_name[axis + K], key_name[axis + P]);
        value[O] = slack / value[S] + 1;
    }
    if (value[P] < 0)
        return tmk_fail(TMK_EUNSUPPORTED,
                        "conv2d '%s': the sizes imply %s = %" PRId64
                        ", cutting the input's front: give %s",
                        numbers->desc, key_name[axis + P], value[P], key_name[axis + P]);
    if (value[O] > NUMBER_MAX || value[P] > NUMBER_MAX)
        return tmk_fail(TMK_EINVAL,
                        "conv2d '%s': the sizes imply %s = %" PRId64 ", %s = %" PRId64
                        ": use sizes that give at most %d",
                        numbers->desc, key_name[axis + O], value[O], key_name[axis + P], value[P],
                        NUMBER_MAX);
    return TMK_OK;
}

/* As benchdnn: widths that the descriptor does not mention are the heights; without heights the
 * problem is 1-D. */
static enum tmk_status infer_spatial(struct numbers *numbers)
{
    static const int64_t flat[NFIELDS] = {[I] = 1, [O] = 1, [K] = 1, [S] = 1};
    const bool has_height = axis_is_given(numbers, HEIGHT);
    const bool has_width = axis_is_given(numbers, WIDTH);
    if (!has_height && !has_width)
        return tmk_fail(TMK_EINVAL, "conv2d '%s': no image size: give ih and kh, or iw and kw",
                        numbers->desc);
    if (has_height)
        TMK_TRY(infer_axis(numbers, HEIGHT));
    else
        memcpy(&numbers->value[HEIGHT], flat, sizeof flat);
    if (has_width)
        return infer_axis(numbers, WIDTH);
    memcpy(&numbers->value[WIDTH], &numbers->value[HEIGHT], sizeof flat);
    return TMK_OK;
}

static enum tmk_status check_channels(const struct numbers *numbers)
{
    for (int key = G; key <= OC; key++)
        TMK_TRY(at_least_one(numbers, key));
    for (int key = IC; key <= OC; key++) {
        if (numbers->value[key] % numbers->value[G] != 0)
            return tmk_fail(TMK_EINVAL,
                            "conv2d '%s': %s%" PRId64 " is not divisible by g%" PRId64
                            ": channels are totals over all groups",
                            numbers->desc, key_name[key], numbers->value[key], numbers->value[G]);
    }
    return TMK_OK;
}

static void store(const struct numbers *numbers, struct tmk_conv2d *p)
{
    const int64_t *h = &numbers->value[HEIGHT], *w = &numbers->value[WIDTH];
    p->g = (size_t)numbers->value[G];
    p->mb = (size_t)numbers->value[MB];
    p->ic = (size_t)numbers->value[IC];
    p->oc = (size_t)numbers->value[OC];
    p->ih = (size_t)h[I], p->iw = (size_t)w[I];
    p->oh = (size_t)h[O], p->ow = (size_t)w[O];
    p->kh = (size_t)h[K], p->kw = (size_t)w[K];
    p->sh = (size_t)h[S], p->sw = (size_t)w[S];
    p->ph = (size_t)h[P], p->pw = (size_t)w[P];
    p->dh = (size_t)h[D] + 1, p->dw = (size_t)w[D] + 1;
}

/* What stands before the canonical descriptor of a convolution without bias, as a batch file says
 * it. */
static const char without_bias[] = "--dir=FWD_D,BWD_D,BWD_W ";

enum tmk_status tmk_conv2d_parse(const char *desc, const struct tmk_context *context,
                                 struct tmk_problem *out)
{
    const bool bias_denied = strncmp(desc, without_bias, sizeof without_bias - 1) == 0;
    if (bias_denied)
        desc += sizeof without_bias - 1;
    struct numbers numbers = {
        .desc = desc,
        .value = {[G] = 1, [MB] = 2, [HEIGHT + S] = 1, [WIDTH + S] = 1},
    };
    struct tmk_conv2d p = {
        .base = {.op = &tmk_op_conv2d,
                 .dtype = context->dtype,
                 .layout = context->layout,
                 .multiplicity = 1},
        .bias = !context->no_bias && !bias_denied,
    };
    const char *at = desc;
    while (*at && *at != 'n')
        TMK_TRY(read_number(&numbers, &at));
    if (*at == 'n')
        TMK_TRY(tmk_problem_set_name(desc, at + 1, &p.base));
    for (int key = DEPTH; key < HEIGHT; key++) {
        if (numbers.given[key])
            return tmk_fail(TMK_EUNSUPPORTED,
                            "3-D convolution '%s' (key %s): only 1-D and 2-D are offered", desc,
                            key_name[key]);
    }
    TMK_TRY(check_channels(&numbers));
    TMK_TRY(infer_spatial(&numbers));
    store(&numbers, &p);
    if (context->mb)
        p.mb = context->mb;
    struct tmk_args args; /* asked for only to see that sizes do not overflow */
    TMK_TRY(tmk_op_operands(&p.base, &args));
    *(struct tmk_conv2d *)out = p;
    return TMK_OK;
}

void tmk_conv2d_format(const struct tmk_problem *problem, char *buf, size_t size)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    const bool square = p->ih == p->iw && p->oh == p->ow && p->kh == p->kw && p->sh == p->sw &&
                        p->ph == p->pw && p->dh == p->dw;
    const struct {
        const char *key;
        size_t value;
        bool shown; /* false where the parser finds the value by itself */
    } fields[] = {
        {"g", p->g, p->g != 1},        {"mb", p->mb, true},
        {"ic", p->ic, true},           {"ih", p->ih, true},
        {"iw", p->iw, !square},        {"oc", p->oc, true},
        {"oh", p->oh, true},           {"ow", p->ow, !square},
        {"kh", p->kh, true},           {"kw", p->kw, !square},
        {"sh", p->sh, p->sh != 1},     {"sw", p->sw, !square && p->sw != 1},
        {"ph", p->ph, true},           {"pw", p->pw, !square},
        {"dh", p->dh - 1, p->dh != 1}, {"dw", p->dw - 1, !square && p->dw != 1},
    };
    size_t length = (size_t)snprintf(buf, size, "%s", p->bias ? "" : without_bias);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0] && length < size; i++) {
        if (fields[i].shown)
            length += (size_t)snprintf(buf + length, size - length, "%s%zu", fields[i].key,
                                       fields[i].value);
    }
}
