#include "tally.h"
#include "conv2d.h"
#include "matmul.h"
#include "mlp_vectors.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool chosen(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name))
        names++;
    return *names != NULL;
}

/* A row of `op` for every chosen implementation of `of`. */
static void add_rows(struct tmk_tally *tally, const struct tmk_selection *selection,
                     const struct tmk_op *op, const struct tmk_op *of)
{
    const struct tmk_impl *impl;
    for (size_t i = 0; (impl = tmk_op_impl_at(of, i)); i++)
        if (tmk_select_has_impl(selection, impl->name))
            tally->rows[tally->nrows++] = (struct tmk_tally_row){.op = op, .impl = impl};
}

static size_t count_all(const struct tmk_op *op)
{
    size_t count = 0;
    while (tmk_op_impl_at(op, count))
        count++;
    return count;
}

enum tmk_status tmk_tally_make(const struct tmk_selection *selection, struct tmk_tally *out)
{
    size_t capacity = count_all(&tmk_op_matmul);
    *out = (struct tmk_tally){0};
    for (size_t i = 0; tmk_ops[i]; i++)
        capacity += count_all(tmk_ops[i]);
    out->rows = calloc(capacity, sizeof *out->rows);
    if (!out->rows)
        return tmk_fail(TMK_ENOMEM, "no memory for a table of %zu implementations", capacity);
    for (size_t i = 0; tmk_ops[i]; i++)
        if (chosen(selection->ops, tmk_ops[i]->name))
            add_rows(out, selection, tmk_ops[i], tmk_ops[i]);
    if (chosen(selection->ops, tmk_op_matmul.name)) /* whose products the networks are made of */
        add_rows(out, selection, &tmk_op_sigmoid_mlp, &tmk_op_matmul);
    return TMK_OK;
}

void tmk_tally_free(struct tmk_tally *tally)
{
    for (size_t i = 0; i < tally->nreasons; i++) {
        free(tally->reasons[i].what);
        free(tally->reasons[i].why);
    }
    free(tally->reasons);
    free(tally->rows);
    *tally = (struct tmk_tally){0};
}

enum tmk_status tmk_tally_skip(struct tmk_tally *tally, const char *what, const char *why)
{
    for (size_t i = 0; i < tally->nreasons; i++) {
        struct tmk_tally_reason *reason = &tally->reasons[i];
        if (!strcmp(reason->what, what) && !strcmp(reason->why, why)) {
            reason->count++;
            return TMK_OK;
        }
    }
    struct tmk_tally_reason *reasons =
        realloc(tally->reasons, (tally->nreasons + 1) * sizeof *reasons);
    if (reasons)
        tally->reasons = reasons;
    struct tmk_tally_reason reason = {strdup(what), strdup(why), 1};
    if (!reasons || !reason.what || !reason.why) {
        free(reason.what);
        free(reason.why);
        return tmk_fail(TMK_ENOMEM, "no memory to note what was skipped");
    }
    tally->reasons[tally->nreasons++] = reason;
    return TMK_OK;
}

static enum tmk_status skip_cell(struct tmk_tally *tally, const struct tmk_tally_cell *cell,
                                 const char *why)
{
    char what[2 * TMK_NAME_MAX];
    cell->row->skipped++;
    snprintf(what, sizeof what, "%s %s %s", cell->row->op->name, cell->row->impl->name,
             tmk_dir_name[cell->dir]);
    return tmk_tally_skip(tally, what, why);
}

void tmk_tally_refuse(struct tmk_tally *tally)
{
    if (tally->refused++ == 0)
        snprintf(tally->refusal, sizeof tally->refusal, "%s", tmk_message());
}

static void print_failure(const struct tmk_tally_cell *cell, const char *text)
{
    const struct tmk_problem *problem = cell->problem;
    const char *impl = cell->row->impl->name, *dir = tmk_dir_name[cell->dir];
    const char *dtype = tmk_dtype_name[problem->dtype];
    bool colour = tmk_cli_colour(stdout);
    char descriptor[TMK_DESC_MAX], layout[32] = "";
    problem->op->format(problem, descriptor, sizeof descriptor);
    if (problem->op == &tmk_op_conv2d)
        snprintf(layout, sizeof layout, " --layout %s", tmk_layout_name[problem->layout]);
    tmk_progress_wipe();
    printf("%sFAIL%s %s:%s: %s\n", colour ? "\033[31m" : "", colour ? "\033[0m" : "",
           problem->op->name, descriptor, text);
    printf("  repeat: tilemark verify %s --dir %s --impl %s --threads %d --dtype %s%s\n",
           cell->source, dir, impl, cell->threads, dtype, layout);
    fflush(stdout);
}

enum tmk_status tmk_tally_add(struct tmk_tally *tally, const struct tmk_tally_cell *cell,
                              enum tmk_status status, const struct tmk_verdict *verdict)
{
    struct tmk_tally_row *row = cell->row;
    if (status == TMK_EUNSUPPORTED)
        return skip_cell(tally, cell, tmk_message());
    if (status == TMK_ENOMEM) {
        tmk_tally_refuse(tally);
        return skip_cell(tally, cell, "not enough memory");
    }
    tally->checked++;
    row->checked++;
    if (status == TMK_OK)
        row->worst = fmax(row->worst, verdict->err_over_bound);
    if (status == TMK_OK && verdict->passed)
        return TMK_OK;
    tally->failed++;
    row->failed++;
    print_failure(cell, status == TMK_OK ? verdict->text : tmk_message());
    return TMK_OK;
}

static void print_table(const struct tmk_tally *tally)
{
    printf("%-11s %-16s %9s %9s %9s  %s\n", "op", "impl", "checked", "failed", "skipped",
           "worst error/bound");
    for (size_t i = 0; i < tally->nrows; i++) {
        const struct tmk_tally_row *row = &tally->rows[i];
        if (row->checked + row->skipped)
            printf("%-11s %-16s %9zu %9zu %9zu  %.3g\n", row->op->name, row->impl->name,
                   row->checked, row->failed, row->skipped, row->worst);
    }
    for (size_t i = 0; i < tally->nreasons; i++)
        printf("%sskipped: %s, %zu times: %s\n", i ? "" : "\n", tally->reasons[i].what,
               tally->reasons[i].count, tally->reasons[i].why);
    printf("\n%zu checks, %zu failed\n", tally->checked, tally->failed);
}

enum tmk_status tmk_tally_report(const struct tmk_tally *tally)
{
    print_table(tally);
    if (tmk_cli_interrupted)
        return tmk_fail(TMK_EINTR, "interrupted after %zu checks", tally->checked);
    if (tally->failed)
        return tmk_fail(TMK_ECHECK, "%zu of %zu checks failed: run a 'repeat' line above for one",
                        tally->failed, tally->checked);
    if (tally->refused > 1)
        return tmk_fail(TMK_ENOMEM, "%s (and %zu more)", tally->refusal, tally->refused - 1);
    if (tally->refused)
        return tmk_fail(TMK_ENOMEM, "%s", tally->refusal);
    return TMK_OK;
}
