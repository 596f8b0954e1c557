#include "record.h"

#include "columns.h"
#include "size.h"
#include "stats.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CELL(name, type, member) TMK_COLUMN(name, type, struct tmk_cell_summary, cell.member)
#define DERIVED(name, type, member) TMK_COLUMN(name, type, struct tmk_cell_summary, member)

static const struct tmk_column columns[] = {
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
    DERIVED("samples", SIZE, samples),
    DERIVED("median_s", MEASURED, median_s),
    DERIVED("ci_lo_s", MEASURED, ci_lo_s),
    DERIVED("ci_hi_s", MEASURED, ci_hi_s),
    DERIVED("min_s", MEASURED, min_s),
    DERIVED("gflops", MEASURED, gflops),
    DERIVED("pct_peak", MEASURED, pct_peak),
    DERIVED("intensity", MEASURED, intensity),
    DERIVED("speedup_vs_naive", MEASURED, speedup_vs_naive),
    DERIVED("efficiency", MEASURED, efficiency),
    CELL("workspace_bytes", EXACT, workspace_bytes),
    CELL("err_over_bound", MEASURED, err_over_bound),
    DERIVED("pack_s", MEASURED, phase[TMK_PHASE_PACK]),
    DERIVED("compute_s", MEASURED, phase[TMK_PHASE_COMPUTE]),
    DERIVED("reduce_s", MEASURED, phase[TMK_PHASE_REDUCE]),
    DERIVED("noisy", SIZE, noisy),
    DERIVED("outliers", SIZE, outliers),
    DERIVED("mad_s", MEASURED, mad_s),
    CELL("chosen", TEXT, chosen),
};
#define NCOLUMNS (sizeof columns / sizeof *columns)
_Static_assert(2 * sizeof(struct tmk_cell) + NCOLUMNS * 25 <= TMK_LINE_MAX,
               "a row fits into a line");

/* Rows sorted into cells: the cells, an open-addressing hash table of them, and each cell's samples
 * side by side in `samples`, from first[cell] to before first[cell + 1]. */
struct sorted {
    const struct tmk_rows *rows;
    struct tmk_cell_summary *cells;
    size_t count;
    size_t *slots, mask; /* 1 + index into cells; 0: empty */
    size_t *cell_of_row, *first;
    const struct tmk_row **samples;
    double *scratch; /* one value of each sample */
};

static void sorted_free(struct sorted *sorted)
{
    free(sorted->slots);
    free(sorted->cell_of_row);
    free(sorted->first);
    free(sorted->samples);
    free(sorted->scratch);
}

static enum tmk_status sorted_alloc(struct sorted *sorted)
{
    size_t rows = TMK_MAX(sorted->rows->count, 1), slots = 16;
    while (slots < 2 * rows)
        slots *= 2;
    sorted->mask = slots - 1;
    sorted->slots = calloc(slots, sizeof *sorted->slots);
    sorted->cell_of_row = calloc(rows, sizeof *sorted->cell_of_row);
    sorted->first = calloc(rows + 1, sizeof *sorted->first);
    sorted->samples = calloc(rows, sizeof *sorted->samples);
    sorted->scratch = calloc(rows, sizeof *sorted->scratch);
    if (sorted->slots && sorted->cell_of_row && sorted->first && sorted->samples && sorted->scratch)
        return TMK_OK;
    return tmk_fail(TMK_ENOMEM, "no memory to summarise %zu samples: summarise a shorter run",
                    rows);
}

/* The cell's slot, or the empty one where it belongs. */
static size_t *slot_of(const struct sorted *sorted, const struct tmk_cell *cell)
{
    size_t i = (size_t)tmk_cell_hash(cell) & sorted->mask;
    while (sorted->slots[i] && !tmk_cell_same(&sorted->cells[sorted->slots[i] - 1].cell, cell))
        i = (i + 1) & sorted->mask;
    return &sorted->slots[i];
}

/* Fill in the cells and, for every row, which one is its own. */
static enum tmk_status find_cells(struct sorted *sorted)
{
    size_t capacity = 0;
    for (size_t i = 0; i < sorted->rows->count; i++) {
        const struct tmk_row *row = &sorted->rows->rows[i];
        size_t *slot = slot_of(sorted, &row->cell);
        if (*slot == 0) {
            if (sorted->count == capacity) {
                capacity = TMK_MAX(2 * capacity, 64);
                void *grown = reallocarray(sorted->cells, capacity, sizeof *sorted->cells);
                if (!grown)
                    return tmk_fail(TMK_ENOMEM, "no memory for %zu cells: summarise a shorter run",
                                    capacity);
                sorted->cells = grown;
            }
            sorted->cells[sorted->count] = (struct tmk_cell_summary){.cell = row->cell};
            *slot = ++sorted->count;
        }
        struct tmk_cell_summary *cell = &sorted->cells[*slot - 1];
        if (row->calls > 0 || cell->samples == 0)
            cell->cell =
                row->cell; /* the latest knows best, but a sample more than a skipped row */
        cell->samples += row->calls > 0;
        sorted->cell_of_row[i] = *slot - 1;
    }
    return TMK_OK;
}

/* Bring the samples of each cell side by side (a counting sort). */
static void gather_samples(struct sorted *sorted)
{
    for (size_t c = 0; c < sorted->count; c++)
        sorted->first[c + 1] = sorted->first[c] + sorted->cells[c].samples;
    for (size_t i = 0; i < sorted->rows->count; i++) {
        const struct tmk_row *row = &sorted->rows->rows[i];
        if (row->calls > 0)
            sorted->samples[sorted->first[sorted->cell_of_row[i]]++] = row;
    }
    for (size_t c = sorted->count; c > 0; c--) /* each cursor has run to the next cell's start */
        sorted->first[c] = sorted->first[c - 1];
    sorted->first[0] = 0;
}

/* Statistics of one member, a double at `offset` in struct tmk_row, over a cell's samples. */
static struct tmk_summary summarise_member(const struct sorted *sorted, size_t cell, size_t offset)
{
    const struct tmk_row *const *samples = &sorted->samples[sorted->first[cell]];
    size_t n = sorted->cells[cell].samples;
    for (size_t i = 0; i < n; i++)
        memcpy(&sorted->scratch[i], (const char *)samples[i] + offset, sizeof(double));
    return tmk_summarise(sorted->scratch, n);
}

static void summarise_cell(const struct sorted *sorted, size_t index)
{
    struct tmk_cell_summary *cell = &sorted->cells[index];
    struct tmk_summary time = summarise_member(sorted, index, offsetof(struct tmk_row, seconds));
    cell->median_s = time.median;
    cell->ci_lo_s = time.ci_lo;
    cell->ci_hi_s = time.ci_hi;
    cell->min_s = time.min;
    cell->mad_s = time.mad;
    cell->outliers = time.outliers;
    for (size_t p = 0; p < TMK_NPHASES; p++) {
        size_t offset = offsetof(struct tmk_row, phase) + p * sizeof(double);
        cell->phase[p] = summarise_member(sorted, index, offset).median;
    }
    for (size_t i = sorted->first[index]; i < sorted->first[index + 1]; i++)
        cell->noisy += sorted->samples[i]->noisy;
}

/* The median of the same cell but for the implementation (NULL: its own) and number of threads. */
static double median_of(const struct sorted *sorted, const struct tmk_cell *cell, const char *impl,
                        int threads)
{
    struct tmk_cell key = *cell;
    key.threads = threads;
    if (impl)
        snprintf(key.impl, sizeof key.impl, "%s", impl);
    size_t slot = *slot_of(sorted, &key);
    return slot ? sorted->cells[slot - 1].median_s : NAN;
}

static double positive_or_nan(double value)
{
    return value > 0 ? value : NAN;
}

static void rate_cell(const struct sorted *sorted, struct tmk_cell_summary *cell, double peak)
{
    const struct tmk_cell *key = &cell->cell;
    cell->gflops = key->flops / cell->median_s * 1e-9;
    cell->pct_peak = 100 * cell->gflops / positive_or_nan(peak);
    cell->intensity = key->flops / positive_or_nan(key->bytes);
    cell->speedup_vs_naive = median_of(sorted, key, "naive", key->threads) / cell->median_s;
    cell->efficiency = median_of(sorted, key, NULL, 1) / (key->threads * cell->median_s);
}

enum tmk_status tmk_summaries_make(const struct tmk_rows *rows,
                                   double (*peak)(void *ctx, int threads, const char *dtype),
                                   void *ctx, struct tmk_summaries *out)
{
    struct sorted sorted = {.rows = rows};
    enum tmk_status status = sorted_alloc(&sorted);
    if (status == TMK_OK)
        status = find_cells(&sorted);
    if (status == TMK_OK) {
        gather_samples(&sorted);
        for (size_t i = 0; i < sorted.count; i++)
            summarise_cell(&sorted, i);
        for (size_t i = 0; i < sorted.count; i++) {
            struct tmk_cell_summary *cell = &sorted.cells[i];
            rate_cell(&sorted, cell, peak(ctx, cell->cell.threads, cell->cell.dtype));
        }
        *out = (struct tmk_summaries){sorted.cells, sorted.count};
    } else {
        free(sorted.cells);
    }
    sorted_free(&sorted);
    return status;
}

void tmk_summaries_free(struct tmk_summaries *summaries)
{
    free(summaries->cells);
    *summaries = (struct tmk_summaries){0};
}

static enum tmk_status write_table(const struct tmk_summaries *summaries, FILE *file)
{
    struct tmk_line line;
    TMK_TRY(tmk_line_header(columns, NCOLUMNS, &line));
    fwrite(line.text, 1, line.length, file);
    for (size_t i = 0; i < summaries->count; i++) {
        TMK_TRY(tmk_line_record(columns, NCOLUMNS, &summaries->cells[i], &line));
        fwrite(line.text, 1, line.length, file);
    }
    return TMK_OK;
}

static enum tmk_status write_failed(const char *path, int reason)
{
    return tmk_fail(TMK_EIO, "cannot write %s: %s: mend that and derive it again with report", path,
                    strerror(reason));
}

enum tmk_status tmk_summaries_write(const struct tmk_summaries *summaries, const char *path)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return write_failed(path, ENAMETOOLONG);
    FILE *file = fopen(temporary, "w");
    if (!file)
        return write_failed(path, errno);
    enum tmk_status status = write_table(summaries, file);
    bool wrote = !ferror(file);
    int reason = errno;
    if (fclose(file) != 0 && wrote) {
        wrote = false;
        reason = errno;
    }
    if (status == TMK_OK && (!wrote || rename(temporary, path) != 0))
        status = write_failed(path, wrote ? errno : reason);
    if (status != TMK_OK)
        unlink(temporary);
    return status;
}
