/* The check of `tilemark receptive`: a gradient reaches what the table says. */
#include "receptive.h"

#include "conv2d.h"
#include "progress.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

#define POSITIONS 4

/* Along both axes the first output, its inner neighbour, the middle, the last; of small outputs
 * some of them twice. */
static void choose_positions(const struct tmk_layer *l, struct tmk_position positions[POSITIONS])
{
    const size_t bottom = l->oh - 1, right = l->ow - 1;
    const struct tmk_position chosen[POSITIONS] = {{0, right},
                                                   {TMK_MIN(bottom, 1), right - TMK_MIN(right, 1)},
                                                   {bottom / 2, right / 2},
                                                   {bottom, 0}};
    memcpy(positions, chosen, sizeof chosen);
}

/* Rows or columns of one channel (rows, columns) that hold a mark. */
static void project(const struct tmk_layer *image, const unsigned char *marks, enum tmk_axis axis,
                    unsigned char *reached)
{
    memset(reached, 0, tmk_layer_extent(image, axis));
    for (size_t row = 0; row < image->oh; row++)
        for (size_t column = 0; column < image->ow; column++)
            if (marks[row * image->ow + column])
                reached[axis == TMK_ROWS ? row : column] = 1;
}

/* What the exact sets say of one position, rows and then columns. If its windows hold nothing but
 * padding along one axis, it depends on nothing at all. */
static enum tmk_status expect_reach(const struct tmk_receptive *receptive, int layer,
                                    const struct tmk_position *position, unsigned char *expected)
{
    const struct tmk_layer *image = &receptive->fields.net->layers[0];
    unsigned char *rows = expected, *columns = expected + image->oh;
    TMK_TRY(tmk_reach_exact(&receptive->fields, layer, TMK_ROWS, position->row, rows));
    TMK_TRY(tmk_reach_exact(&receptive->fields, layer, TMK_COLUMNS, position->column, columns));
    if (!memchr(rows, 1, image->oh) || !memchr(columns, 1, image->ow))
        memset(expected, 0, image->oh + image->ow);
    return TMK_OK;
}

/* One channel from one position against that; `buffer` for both. */
static enum tmk_status compare(const struct tmk_receptive *receptive, int layer,
                               const struct tmk_impl *impl, const struct tmk_position *position,
                               const unsigned char *marks, unsigned char *buffer)
{
    const struct tmk_layer *layers = receptive->fields.net->layers;
    size_t extent = layers[0].oh + layers[0].ow;
    unsigned char *expected = buffer, *found = buffer + extent;
    TMK_TRY(expect_reach(receptive, layer, position, expected));
    project(&layers[0], marks, TMK_ROWS, found);
    project(&layers[0], marks, TMK_COLUMNS, found + layers[0].oh);
    if (memcmp(expected, found, extent) == 0)
        return TMK_OK;
    return tmk_fail(TMK_ECHECK,
                    "%s: the gradient of %s at row %zu, column %zu does not reach the inputs that "
                    "its taps read: see tilemark verify --impl %s",
                    impl->name, layers[layer].name, position->row + 1, position->column + 1,
                    impl->name);
}

/* Channels of the image that must be reached: a pool, unlike a convolution, has but its own. */
static size_t count_reached(const struct tmk_receptive *receptive, int layer, size_t channels)
{
    for (int i = 1; i <= layer; i++)
        if (receptive->fields.net->layers[i].kind == TMK_LAYER_CONV)
            return channels;
    return 1;
}

static enum tmk_status check_layer(const struct tmk_receptive *receptive, int layer,
                                   size_t channels, const struct tmk_impl *impl)
{
    const struct tmk_layer *image = &receptive->fields.net->layers[0];
    size_t plane = image->oh * image->ow;
    size_t reached = count_reached(receptive, layer, channels);
    struct tmk_position positions[POSITIONS];
    unsigned char *marks = calloc(POSITIONS * channels, plane),
                  *buffer = calloc(2, image->oh + image->ow);
    enum tmk_status status =
        marks && buffer ? TMK_OK : tmk_fail(TMK_ENOMEM, "no memory for the check");
    choose_positions(&receptive->fields.net->layers[layer], positions);
    if (status == TMK_OK)
        status = tmk_reach_by_gradient(&receptive->fields, layer, impl, positions, POSITIONS,
                                       channels, marks);
    for (size_t i = 0; i < POSITIONS && status == TMK_OK; i++)
        for (size_t c = 0; c < reached && status == TMK_OK; c++)
            status = compare(receptive, layer, impl, &positions[i],
                             marks + (i * channels + c) * plane, buffer);
    free(marks);
    free(buffer);
    return status;
}

/* What is checked: every layer of a stack; of a network what it comes to. */
static int count_checked(const struct tmk_receptive *receptive)
{
    return receptive->stack ? receptive->nlisted : 1;
}

static int checked_layer(const struct tmk_receptive *receptive, int i)
{
    return receptive->stack ? receptive->listed[i] : receptive->fields.last;
}

/* One channel shows the rows and columns; the last layer shows the channels too. */
static size_t checked_channels(const struct tmk_receptive *receptive, int i)
{
    return i == count_checked(receptive) - 1 ? receptive->fields.net->layers[0].oc : 1;
}

double tmk_receptive_check_macs(const struct tmk_receptive *receptive)
{
    double macs = 0;
    for (int i = 0; i < count_checked(receptive); i++)
        macs += POSITIONS * tmk_reach_macs(&receptive->fields, checked_layer(receptive, i),
                                           checked_channels(receptive, i));
    return macs;
}

/* `done` counts multiply-adds, for the progress bar. */
static enum tmk_status check_impl(const struct tmk_receptive *receptive,
                                  const struct tmk_impl *impl, struct tmk_progress *progress,
                                  double *done)
{
    for (int i = 0; i < count_checked(receptive); i++) {
        int layer = checked_layer(receptive, i);
        size_t channels = checked_channels(receptive, i);
        if (tmk_cli_interrupted)
            return tmk_fail(TMK_EINTR, "interrupted in the check");
        tmk_progress_update(progress, *done, impl->name);
        TMK_TRY(check_layer(receptive, layer, channels, impl));
        *done += POSITIONS * tmk_reach_macs(&receptive->fields, layer, channels);
    }
    return TMK_OK;
}

/* Zeros stay zeros only where every element is bounded by itself. */
static bool can_check(const struct tmk_selection *selection, const struct tmk_impl *impl)
{
    return tmk_select_has_impl(selection, impl->name) && impl->accuracy == TMK_COMPONENTWISE;
}

/* All chosen implementations; the names of those that offer every layer. */
static enum tmk_status check_impls(const struct tmk_receptive *receptive,
                                   const struct tmk_selection *selection,
                                   struct tmk_progress *progress, char *names, size_t size)
{
    double done = 0;
    for (const struct tmk_impl *const *impl = tmk_op_conv2d.impls; *impl; impl++) {
        if (!can_check(selection, *impl))
            continue;
        enum tmk_status status = check_impl(receptive, *impl, progress, &done);
        if (status == TMK_EUNSUPPORTED)
            continue;
        TMK_TRY(status);
        size_t used = strlen(names);
        snprintf(names + used, size - used, "%s%s", used ? ", " : "", (*impl)->name);
    }
    return TMK_OK;
}

enum tmk_status tmk_receptive_check(const struct tmk_receptive *receptive,
                                    const struct tmk_selection *selection, char *summary,
                                    size_t size)
{
    char names[256] = "";
    struct tmk_progress progress;
    double impls = 0;
    for (const struct tmk_impl *const *impl = tmk_op_conv2d.impls; *impl; impl++)
        impls += can_check(selection, *impl);
    tmk_cli_catch_interrupt();
    tmk_progress_begin(&progress, "check", impls * tmk_receptive_check_macs(receptive));
    enum tmk_status status = check_impls(receptive, selection, &progress, names, sizeof names);
    tmk_progress_end(&progress);
    TMK_TRY(status);
    if (!*names)
        return tmk_fail(TMK_EUNSUPPORTED, "no chosen implementation can check this: add --impl "
                                          "naive, or --no-check");
    snprintf(summary, size,
             "Confirmed: gradients pushed back from %d positions of %s through bwd_d of %s reach "
             "exactly these inputs.",
             POSITIONS, receptive->stack ? "every layer" : "the last of these layers", names);
    return TMK_OK;
}
