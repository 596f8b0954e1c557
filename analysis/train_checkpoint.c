/* What a training run keeps on disk: the checkpoint that it goes on from, and its curve.
 *
 *   tilemark checkpoint 2\n       what it is, and the version of what follows
 *   {"net": "mlp-relu", ...}\n    options, as JSON
 *   sections                      raw memory of this machine: epoch, step, random stream, checksum
 * of the data, parameters, state of the optimiser CRC-32                        of all before it
 *
 * It holds no time, so equal runs have equal checkpoints. Times are in epochs.csv. */
#include "train.h"

#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const char head_line[] = "tilemark checkpoint 2\n";
static const char csv_head[] = "epoch,loss,accuracy,seconds\n";

static void path_of(char path[PATH_MAX], const char *folder, const char *name)
{
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
}

bool tmk_checkpoint_exists(const char *folder)
{
    char path[PATH_MAX];
    path_of(path, folder, "checkpoint");
    return access(path, F_OK) == 0;
}

/* -- options -- */

static json_t *pack(const struct tmk_train_options *o)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:f, s:f, s:b, s:b, s:I, s:I, s:f, s:f, s:f, s:I, s:s, "
                     "s:s, s:i}",
                     "net", o->net, "images", o->images, "labels", o->labels, "synthetic",
                     (json_int_t)o->synthetic, "contrast", o->contrast, "fraction", o->fraction,
                     "random-labels", (int)o->random_labels, "in-order", (int)o->in_order, "batch",
                     (json_int_t)o->batch, "epochs", (json_int_t)o->epochs, "lr", o->lr, "momentum",
                     o->momentum, "weight-decay", o->weight_decay, "seed", (json_int_t)o->seed,
                     "dtype", tmk_dtype_name[o->dtype], "impl", o->impl, "threads", o->threads);
}

static bool unpack(json_t *json, struct tmk_train_options *o)
{
    const char *net, *images, *labels, *dtype, *impl;
    json_int_t synthetic, batch, epochs, seed;
    int random_labels, in_order;
    if (json_unpack(json,
                    "{s:s, s:s, s:s, s:I, s:f, s:f, s:b, s:b, s:I, s:I, s:f, s:f, s:f, s:I, s:s, "
                    "s:s, s:i}",
                    "net", &net, "images", &images, "labels", &labels, "synthetic", &synthetic,
                    "contrast", &o->contrast, "fraction", &o->fraction, "random-labels",
                    &random_labels, "in-order", &in_order, "batch", &batch, "epochs", &epochs, "lr",
                    &o->lr, "momentum", &o->momentum, "weight-decay", &o->weight_decay, "seed",
                    &seed, "dtype", &dtype, "impl", &impl, "threads", &o->threads) != 0)
        return false;
    snprintf(o->net, sizeof o->net, "%s", net);
    snprintf(o->images, sizeof o->images, "%s", images);
    snprintf(o->labels, sizeof o->labels, "%s", labels);
    snprintf(o->impl, sizeof o->impl, "%s", impl);
    o->synthetic = (size_t)synthetic;
    o->batch = (size_t)batch;
    o->epochs = (size_t)epochs;
    o->seed = (uint32_t)seed;
    o->random_labels = random_labels;
    o->in_order = in_order;
    o->dtype = strcmp(dtype, tmk_dtype_name[TMK_F64]) == 0 ? TMK_F64 : TMK_F32;
    return true;
}

/* The name of an option of `given` that is neither as usual nor as stored; NULL: there is none. */
static const char *find_conflict(json_t *given, json_t *usual, json_t *stored)
{
    const char *name;
    json_t *value;
    json_object_foreach(given, name, value)
    {
        bool may_differ = strcmp(name, "epochs") == 0 || strcmp(name, "threads") == 0;
        if (!may_differ && !json_equal(value, json_object_get(usual, name)) &&
            !json_equal(value, json_object_get(stored, name)))
            return name;
    }
    return NULL;
}

enum tmk_status tmk_checkpoint_agree(const struct tmk_train_options *given,
                                     const struct tmk_train_options *usual,
                                     const struct tmk_train_options *stored)
{
    json_t *json[] = {pack(given), pack(usual), pack(stored)};
    const char *name = find_conflict(json[0], json[1], json[2]);
    enum tmk_status status = TMK_OK;
    if (name)
        status = tmk_fail(TMK_EINVAL,
                          "--resume: %s is another than in the checkpoint: leave it out, only "
                          "--epochs and --threads may change",
                          name);
    for (int i = 0; i < 3; i++)
        json_decref(json[i]);
    return status;
}

/* -- sections -- */

struct section {
    void *memory;
    size_t bytes;
};

static struct section tensor_section(const struct tmk_variable *variable)
{
    const struct tmk_view *view = &variable->view;
    return (struct section){view->data, tmk_view_count(view) * tmk_dtype_size(view->dtype)};
}

/* All that changes in training, in the order of the file; the caller frees the list. */
static struct section *list_sections(struct tmk_trainer *t, uint32_t *data_checksum, size_t *count)
{
    struct tmk_random *random = &t->random;
    const struct section fixed[] = {{&t->epoch, sizeof t->epoch},
                                    {&t->step, sizeof t->step},
                                    {random->state, sizeof random->state},
                                    {&random->next, sizeof random->next},
                                    {&random->has_spare, sizeof random->has_spare},
                                    {&random->spare, sizeof random->spare},
                                    {data_checksum, sizeof *data_checksum}};
    size_t nfixed = sizeof fixed / sizeof *fixed;
    struct section *sections = calloc(nfixed + 2 * t->model.count, sizeof *sections);
    if (!sections)
        return NULL;
    memcpy(sections, fixed, sizeof fixed);
    *count = nfixed;
    for (size_t i = 0; i < t->model.count; i++)
        sections[(*count)++] = tensor_section(t->parameters[i]);
    for (size_t i = 0; t->sgd.state && i < t->model.count; i++)
        sections[(*count)++] = tensor_section(&t->sgd.state[i]);
    return sections;
}

static enum tmk_status fail_memory(void)
{
    return tmk_fail(TMK_ENOMEM, "no memory for the list of what a checkpoint holds");
}

/* -- writing -- */

/* Close a file that was written as FOLDER/NAME.tmp, after it has reached the disk, and let it take
 * the place of FOLDER/NAME. */
static enum tmk_status put_in_place(FILE *file, const char *folder, const char *name)
{
    char from[PATH_MAX], to[PATH_MAX];
    snprintf(from, sizeof from, "%s/%s.tmp", folder, name);
    path_of(to, folder, name);
    bool synced = fflush(file) == 0 && fsync(fileno(file)) == 0;
    enum tmk_status status = tmk_folder_close(file, from);
    if (status == TMK_OK && (!synced || rename(from, to) != 0))
        status = tmk_fail(TMK_EIO, "cannot write %s: %s: free some space and resume", to,
                          strerror(errno));
    int directory = open(folder, O_RDONLY | O_DIRECTORY);
    if (directory >= 0) { /* so that the rename lasts, where the system can promise it */
        fsync(directory);
        close(directory);
    }
    return status;
}

static void write_counted(FILE *file, const void *memory, size_t bytes, uLong *crc)
{
    fwrite(memory, 1, bytes, file);
    *crc = crc32_z(*crc, memory, bytes);
}

static enum tmk_status write_state(struct tmk_trainer *t, FILE *file)
{
    uint32_t checksum = tmk_dataset_checksum(&t->data);
    size_t count;
    struct section *sections = list_sections(t, &checksum, &count);
    json_t *json = pack(&t->options);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    uLong crc = 0;
    if (sections && text) {
        write_counted(file, head_line, strlen(head_line), &crc);
        write_counted(file, text, strlen(text), &crc);
        write_counted(file, "\n", 1, &crc);
        for (size_t i = 0; i < count; i++)
            write_counted(file, sections[i].memory, sections[i].bytes, &crc);
        const uint32_t end = (uint32_t)crc;
        fwrite(&end, sizeof end, 1, file);
    }
    enum tmk_status status = sections && text ? TMK_OK : fail_memory();
    json_decref(json);
    free(text);
    free(sections);
    return status;
}

static enum tmk_status write_log(const struct tmk_trainer *t, const char *folder)
{
    FILE *file;
    TMK_TRY(tmk_folder_create(folder, "epochs.csv", "tmp", &file));
    fputs(csv_head, file);
    for (uint64_t i = 0; i < t->epoch; i++)
        fprintf(file, "%llu,%.17g,%.17g,%.6f\n", (unsigned long long)i + 1, t->log[i].loss,
                t->log[i].accuracy, t->log[i].seconds);
    return put_in_place(file, folder, "epochs.csv");
}

enum tmk_status tmk_checkpoint_write(struct tmk_trainer *t, const char *folder)
{
    FILE *file;
    TMK_TRY(write_log(t, folder));
    TMK_TRY(tmk_folder_create(folder, "checkpoint", "tmp", &file));
    enum tmk_status status = write_state(t, file);
    if (status != TMK_OK) {
        fclose(file);
        return status;
    }
    return put_in_place(file, folder, "checkpoint");
}

/* -- reading -- */

static enum tmk_status fail_damaged(const char *folder)
{
    return tmk_fail(TMK_EINVAL, "%s/checkpoint is damaged or of another version: train anew",
                    folder);
}

static enum tmk_status open_checkpoint(const char *folder, FILE **out)
{
    char path[PATH_MAX];
    path_of(path, folder, "checkpoint");
    *out = fopen(path, "rb");
    return *out ? TMK_OK
                : tmk_fail(TMK_EIO, "cannot open %s: %s: was this run given --out?", path,
                           strerror(errno));
}

/* Both lines at the beginning; *text is freed by the caller. */
static bool read_lines(FILE *file, char **text, uLong *crc)
{
    char first[sizeof head_line];
    size_t size = 0;
    if (!fgets(first, sizeof first, file) || strcmp(first, head_line) != 0)
        return false;
    ssize_t length = getline(text, &size, file);
    if (length <= 0)
        return false;
    *crc = crc32_z(0, (const Bytef *)first, strlen(first));
    *crc = crc32_z(*crc, (const Bytef *)*text, (size_t)length);
    return true;
}

enum tmk_status tmk_checkpoint_options(const char *folder, struct tmk_train_options *out)
{
    FILE *file;
    char *text = NULL;
    uLong crc;
    TMK_TRY(open_checkpoint(folder, &file));
    json_t *json = read_lines(file, &text, &crc) ? json_loads(text, 0, NULL) : NULL;
    bool read = json && unpack(json, out);
    json_decref(json);
    free(text);
    fclose(file);
    return read ? TMK_OK : fail_damaged(folder);
}

static bool read_sections(FILE *file, const struct section *sections, size_t count)
{
    char *text = NULL;
    uLong crc;
    uint32_t end;
    bool read = read_lines(file, &text, &crc);
    free(text);
    for (size_t i = 0; i < count && read; i++) {
        read = fread(sections[i].memory, 1, sections[i].bytes, file) == sections[i].bytes;
        crc = crc32_z(crc, sections[i].memory, sections[i].bytes);
    }
    return read && fread(&end, sizeof end, 1, file) == 1 && end == (uint32_t)crc &&
           fgetc(file) == EOF;
}

static enum tmk_status read_log(struct tmk_trainer *t, const char *folder)
{
    char path[PATH_MAX], line[256];
    unsigned long long number;
    path_of(path, folder, "epochs.csv");
    FILE *file = fopen(path, "r");
    bool read = file && fgets(line, sizeof line, file) && strcmp(line, csv_head) == 0;
    for (uint64_t i = 0; i < t->epoch && read; i++)
        read = fscanf(file, "%llu,%lf,%lf,%lf\n", &number, &t->log[i].loss, &t->log[i].accuracy,
                      &t->log[i].seconds) == 4 &&
               number == i + 1;
    if (file)
        fclose(file);
    return read ? TMK_OK
                : tmk_fail(TMK_EINVAL,
                           "%s does not hold the %llu epochs of the checkpoint: train "
                           "anew",
                           path, (unsigned long long)t->epoch);
}

enum tmk_status tmk_checkpoint_load(struct tmk_trainer *t, const char *folder)
{
    FILE *file;
    uint32_t checksum;
    size_t count;
    struct section *sections = list_sections(t, &checksum, &count);
    if (!sections)
        return fail_memory();
    enum tmk_status status = open_checkpoint(folder, &file);
    if (status == TMK_OK) {
        if (!read_sections(file, sections, count))
            status = fail_damaged(folder);
        fclose(file);
    }
    free(sections);
    TMK_TRY(status);
    for (size_t i = 0; i < t->model.count; i++)
        tmk_variable_write(t->parameters[i]);
    if (checksum != tmk_dataset_checksum(&t->data))
        return tmk_fail(TMK_EINVAL, "%s: trained on other data than %s holds now: restore it",
                        folder, t->options.images);
    if (t->epoch > t->options.epochs)
        return tmk_fail(TMK_EINVAL, "--epochs %zu: %s has done %llu: give more", t->options.epochs,
                        folder, (unsigned long long)t->epoch);
    return read_log(t, folder);
}
