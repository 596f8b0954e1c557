#include "record.h"

#include "columns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CELL(name, type, member) TMK_COLUMN(name, type, struct tmk_row, cell.member)
#define ROW(name, type, member) TMK_COLUMN(name, type, struct tmk_row, member)

const struct tmk_column tmk_sample_columns[] = {
    CELL("op", TEXT, op),
    CELL("problem", TEXT, problem),
    CELL("name", TEXT, name),
    CELL("dir", TEXT, dir),
    CELL("impl", TEXT, impl),
    CELL("dtype", TEXT, dtype),
    CELL("layout", TEXT, layout),
    CELL("threads", INT, threads),
    CELL("cache", TEXT, cache),
    CELL("status", TEXT, status),
    ROW("round", UNSIGNED, round),
    ROW("calls", UNSIGNED, calls),
    ROW("seconds", MEASURED, seconds),
    ROW("pack_s", MEASURED, phase[TMK_PHASE_PACK]),
    ROW("compute_s", MEASURED, phase[TMK_PHASE_COMPUTE]),
    ROW("reduce_s", MEASURED, phase[TMK_PHASE_REDUCE]),
    ROW("steal_s", MEASURED, steal_s),
    ROW("canary_s", MEASURED, canary_s),
    ROW("noisy", FLAG, noisy),
    CELL("workspace_bytes", EXACT, workspace_bytes),
    CELL("err_over_bound", MEASURED, err_over_bound),
    CELL("flops", EXACT, flops),
    CELL("bytes", EXACT, bytes),
    ROW("cpus", TEXT, cpus),
    CELL("chosen", TEXT, chosen),
};
const size_t tmk_sample_column_count = sizeof tmk_sample_columns / sizeof *tmk_sample_columns;

/* Text may double in quoting, and no number takes more than 25 characters with its comma. */
_Static_assert(2 * sizeof(struct tmk_row) + 32 * 25 <= TMK_LINE_MAX, "a row fits into a line");

struct tmk_samples {
    int fd;
    off_t size;  /* of the whole rows */
    char path[]; /* for messages */
};

static enum tmk_status file_error(const char *path, const char *what, int reason)
{
    bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
    return tmk_fail(TMK_EIO, "%s: cannot %s: %s: %s and go on with --resume", path, what,
                    strerror(reason), full ? "free some space" : "make it readable and writable");
}

/* All of the line, or nothing: what a failed write has left behind is cut off again. */
static enum tmk_status write_line(struct tmk_samples *samples, const struct tmk_line *line)
{
    size_t written = 0;
    while (written < line->length) {
        ssize_t got = write(samples->fd, line->text + written, line->length - written);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int reason = got < 0 ? errno : ENOSPC;
            if (written > 0 && ftruncate(samples->fd, samples->size) != 0)
                return file_error(samples->path, "cut off the row in flight", errno);
            return file_error(samples->path, "write", reason);
        }
        written += (size_t)got;
    }
    samples->size += (off_t)written;
    return TMK_OK;
}

/* The offset just after the last newline of the file's first `size` bytes; -1 if reading fails. */
static off_t end_of_rows(int fd, off_t size)
{
    char block[TMK_LINE_MAX];
    while (size > 0) {
        off_t start = size > (off_t)sizeof block ? size - (off_t)sizeof block : 0;
        ssize_t got = pread(fd, block, (size_t)(size - start), start);
        if (got != size - start)
            return -1;
        const char *newline = memrchr(block, '\n', (size_t)got);
        if (newline)
            return start + (newline - block) + 1;
        size = start;
    }
    return 0;
}

/* Cut a torn last line off, and see to it that the file begins with the header. */
static enum tmk_status repair(struct tmk_samples *samples)
{
    struct tmk_line header;
    char found[TMK_LINE_MAX];
    TMK_TRY(tmk_line_header(tmk_sample_columns, tmk_sample_column_count, &header));
    struct stat stat;
    if (fstat(samples->fd, &stat) != 0)
        return file_error(samples->path, "read", errno);
    if (stat.st_size == 0)
        return write_line(samples, &header);

    ssize_t got = pread(samples->fd, found, header.length, 0);
    samples->size = end_of_rows(samples->fd, stat.st_size);
    if (got < 0 || samples->size < 0)
        return file_error(samples->path, "read", errno);
    if (memcmp(found, header.text, (size_t)got) != 0)
        return tmk_fail(TMK_EINVAL,
                        "%s: line 1 is not the header of samples.csv: choose another directory",
                        samples->path);
    if (samples->size < stat.st_size && ftruncate(samples->fd, samples->size) != 0)
        return file_error(samples->path, "cut off a torn line", errno);
    return samples->size > 0 ? TMK_OK : write_line(samples, &header);
}

enum tmk_status tmk_samples_open(const char *path, struct tmk_samples **out)
{
    struct tmk_samples *samples = calloc(1, sizeof *samples + strlen(path) + 1);
    if (!samples)
        return tmk_fail(TMK_ENOMEM, "%s: no memory to open it: free some", path);
    strcpy(samples->path, path);
    samples->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    enum tmk_status status = samples->fd < 0 ? file_error(path, "open", errno) : repair(samples);
    if (status != TMK_OK) {
        if (samples->fd >= 0)
            close(samples->fd);
        free(samples);
        return status;
    }
    *out = samples;
    return TMK_OK;
}

enum tmk_status tmk_samples_append(struct tmk_samples *samples, const struct tmk_row *row)
{
    struct tmk_line line;
    TMK_TRY(tmk_line_record(tmk_sample_columns, tmk_sample_column_count, row, &line));
    return write_line(samples, &line);
}

enum tmk_status tmk_samples_close(struct tmk_samples *samples)
{
    if (!samples)
        return TMK_OK;
    enum tmk_status status = TMK_OK;
    if (close(samples->fd) != 0)
        status = file_error(samples->path, "close", errno);
    free(samples);
    return status;
}
