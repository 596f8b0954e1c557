/* Data for training: IDX files and random images. */
#include "train.h"

#include "size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAGIC 0x0800 /* bytes; the number of dimensions is the last digit */

/* An IDX file as it stands. */
struct idx {
    int ndim;
    size_t shape[4];
    size_t count; /* the product of shape */
    unsigned char *bytes;
};

static enum tmk_status read_bytes(gzFile file, const char *path, size_t size, unsigned char *out)
{
    size_t done = 0;
    while (done < size) {
        int got = gzread(file, out + done, (unsigned)TMK_MIN(size - done, (size_t)1 << 20));
        if (got <= 0)
            return tmk_fail(TMK_EINVAL, "%s: ends %zu bytes too early: fetch the file again", path,
                            size - done);
        done += (size_t)got;
    }
    return TMK_OK;
}

static enum tmk_status read_number(gzFile file, const char *path, size_t *out)
{
    unsigned char b[4];
    TMK_TRY(read_bytes(file, path, sizeof b, b));
    *out = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
    return TMK_OK;
}

static enum tmk_status read_head(gzFile file, const char *path, bool labels, struct idx *out)
{
    size_t magic;
    TMK_TRY(read_number(file, path, &magic));
    out->ndim = (int)(magic - MAGIC);
    if (labels ? magic != MAGIC + 1 : magic != MAGIC + 3 && magic != MAGIC + 4)
        return tmk_fail(TMK_EINVAL,
                        "%s: begins with 0x%08zx: IDX %s begin with %s; is it the other file?",
                        path, magic, labels ? "labels" : "images",
                        labels ? "0x00000801" : "0x00000803 or 0x00000804");
    out->count = 1;
    for (int d = 0; d < out->ndim; d++) {
        TMK_TRY(read_number(file, path, &out->shape[d]));
        if (out->shape[d] == 0 || !tmk_size_mul(out->count, out->shape[d], &out->count) ||
            out->count > SIZE_MAX / sizeof(float))
            return tmk_fail(TMK_EINVAL, "%s: a size of %zu is impossible: fetch the file again",
                            path, out->shape[d]);
    }
    return TMK_OK;
}

static enum tmk_status read_body(gzFile file, const char *path, struct idx *out)
{
    out->bytes = malloc(out->count);
    if (!out->bytes)
        return tmk_fail(TMK_ENOMEM, "%s: no memory for its %zu bytes", path, out->count);
    TMK_TRY(read_bytes(file, path, out->count, out->bytes));
    if (gzgetc(file) != -1)
        return tmk_fail(TMK_EINVAL, "%s: goes on after the last of %zu: fetch the file again", path,
                        out->shape[0]);
    return TMK_OK;
}

/* On failure out->bytes is still to be freed. */
static enum tmk_status read_idx(const char *path, bool labels, struct idx *out)
{
    gzFile file = gzopen(path, "rb");
    if (!file)
        return tmk_fail(TMK_EIO, "cannot open %s: %s", path, strerror(errno));
    enum tmk_status status = read_head(file, path, labels, out);
    if (status == TMK_OK)
        status = read_body(file, path, out);
    gzclose_r(file);
    return status;
}

static enum tmk_status take_images(const struct idx *idx, struct tmk_dataset *out)
{
    const size_t *size = idx->shape + idx->ndim - 2;
    *out = (struct tmk_dataset){.count = idx->shape[0],
                                .channels = idx->ndim == 4 ? idx->shape[1] : 1,
                                .height = size[0],
                                .width = size[1]};
    out->images = malloc(idx->count * sizeof *out->images);
    if (!out->images)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu images: train on fewer", out->count);
    for (size_t i = 0; i < idx->count; i++)
        out->images[i] = (float)idx->bytes[i] / 255.0f;
    return TMK_OK;
}

enum tmk_status tmk_dataset_read(const char *images, const char *labels, struct tmk_dataset *out)
{
    struct idx pixels = {0}, classes = {0};
    *out = (struct tmk_dataset){0};
    enum tmk_status status = read_idx(images, false, &pixels);
    if (status == TMK_OK)
        status = read_idx(labels, true, &classes);
    if (status == TMK_OK && pixels.shape[0] != classes.count)
        status = tmk_fail(TMK_EINVAL, "%s has %zu images, %s has %zu labels: give a pair", images,
                          pixels.shape[0], labels, classes.count);
    if (status == TMK_OK)
        status = take_images(&pixels, out);
    if (status == TMK_OK) {
        out->labels = classes.bytes;
        classes.bytes = NULL;
    }
    free(pixels.bytes);
    free(classes.bytes);
    return status;
}

static size_t pixels_of(const struct tmk_dataset *data)
{
    return data->count * data->channels * data->height * data->width;
}

enum tmk_status tmk_dataset_draw_images(struct tmk_dataset *data, double contrast,
                                        struct tmk_random *random)
{
    size_t pixels = pixels_of(data);
    data->images = reallocarray(data->images, pixels, sizeof *data->images);
    if (!data->images)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu images: train on fewer", data->count);
    for (size_t i = 0; i < pixels; i++)
        data->images[i] = (float)(contrast * tmk_random_normal(random));
    return TMK_OK;
}

enum tmk_status tmk_dataset_draw_labels(struct tmk_dataset *data, size_t classes,
                                        struct tmk_random *random)
{
    free(data->labels);
    data->labels = malloc(data->count);
    if (!data->labels)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu labels: train on fewer images", data->count);
    for (size_t i = 0; i < data->count; i++)
        data->labels[i] = (unsigned char)tmk_random_below(random, (uint32_t)TMK_MIN(classes, 256));
    return TMK_OK;
}

enum tmk_status tmk_dataset_check(const struct tmk_dataset *data, size_t classes)
{
    for (size_t i = 0; i < data->count; i++) {
        if (data->labels[i] >= classes)
            return tmk_fail(TMK_EINVAL,
                            "label %d of image %zu is no class: the network has classes 0 to %zu",
                            data->labels[i], i, classes - 1);
    }
    return TMK_OK;
}

uint32_t tmk_dataset_checksum(const struct tmk_dataset *data)
{
    uLong crc = crc32_z(0, (const Bytef *)data->images, pixels_of(data) * sizeof *data->images);
    return (uint32_t)crc32_z(crc, data->labels, data->count);
}

void tmk_dataset_free(struct tmk_dataset *data)
{
    free(data->images);
    free(data->labels);
    *data = (struct tmk_dataset){0};
}
