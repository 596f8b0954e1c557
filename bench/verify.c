/* tilemark verify: hold implementations against the oracle, or against reference vectors. */
#include "verify.h"
#include "alloc.h"
#include "commands.h"
#include "progress.h"
#include "size.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define ORACLE_PASSES 3 /* on integers, on reals, on magnitudes */

/* Implementations that are chosen for an op. */
static size_t count_impls(const struct tmk_tally *tally, const struct tmk_op *op)
{
    size_t count = 0;
    for (size_t i = 0; i < tally->nrows; i++)
        count += tally->rows[i].op == op;
    return count;
}

/* Work of one problem in one direction, in FLOPs: what the progress bar counts. */
static double work(const struct tmk_selection *selection, const struct tmk_tally *tally,
                   const struct tmk_problem *problem, enum tmk_dir dir)
{
    size_t cells = count_impls(tally, problem->op) * selection->nthreads;
    return problem->op->flops(problem, dir) * (double)(ORACLE_PASSES + 2 * cells) + 1.0;
}

static double total_work(const struct tmk_selection *selection, const struct tmk_tally *tally)
{
    double total = 0.0;
    for (size_t i = 0; i < selection->list.count; i++)
        for (enum tmk_dir dir = 0; dir < TMK_NDIRS; dir++)
            if (selection->list.items[i].dir[dir])
                total += work(selection, tally, selection->list.items[i].problem, dir);
    return total;
}

static size_t largest_workspace(const struct tmk_selection *selection,
                                const struct tmk_tally *tally, const struct tmk_problem *problem,
                                enum tmk_dir dir)
{
    size_t largest = 0;
    for (size_t i = 0; i < tally->nrows; i++) {
        const struct tmk_tally_row *row = &tally->rows[i];
        if (row->op != problem->op || tmk_impl_refusal(row->impl, problem, dir))
            continue;
        for (size_t t = 0; t < selection->nthreads; t++) {
            size_t bytes = tmk_impl_workspace(row->impl, problem, dir, selection->thread_counts[t]);
            largest = TMK_MAX(largest, bytes);
        }
    }
    return largest;
}

/* Operands of the problem's own type, those of the oracle's passes in doubles, and the largest
 * workspace must fit at once. */
static enum tmk_status check_memory(const struct tmk_selection *selection,
                                    const struct tmk_tally *tally,
                                    const struct tmk_problem *problem, enum tmk_dir dir)
{
    size_t operands = 0, available = tmk_memory_available();
    TMK_TRY(tmk_data_bytes(problem, &operands));
    double doubles = (double)operands / (double)tmk_dtype_size(problem->dtype) * sizeof(double);
    double workspace = (double)largest_workspace(selection, tally, problem, dir);
    double needed = (double)operands + ORACLE_PASSES * doubles + workspace;
    if (available == SIZE_MAX || needed <= (double)available)
        return TMK_OK;
    char need[32], have[32], descriptor[TMK_DESC_MAX];
    problem->op->format(problem, descriptor, sizeof descriptor);
    return tmk_fail(TMK_ENOMEM,
                    "%s:%s: verifying it needs %s of memory and %s are free: choose a smaller "
                    "problem",
                    problem->op->name, descriptor, tmk_format_bytes(need, sizeof need, needed),
                    tmk_format_bytes(have, sizeof have, (double)available));
}

/* One implementation at every thread count. */
static enum tmk_status check_row(const struct tmk_selection *selection, struct tmk_tally *tally,
                                 struct tmk_tally_cell *cell, const struct tmk_reference *reference)
{
    for (size_t t = 0; t < selection->nthreads && !tmk_cli_interrupted; t++) {
        struct tmk_verdict verdict = {0};
        cell->threads = selection->thread_counts[t];
        const char *refusal =
            tmk_impl_refusal_on(cell->row->impl, cell->problem, cell->dir, cell->threads);
        enum tmk_status status =
            refusal ? tmk_fail(TMK_EUNSUPPORTED, "%s", refusal)
                    : tmk_check_impl(reference, cell->row->impl, cell->threads, &verdict);
        TMK_TRY(tmk_tally_add(tally, cell, status, &verdict));
    }
    return TMK_OK;
}

/* One problem in one direction: every implementation against one reference. */
static enum tmk_status check_direction(const struct tmk_selection *selection,
                                       struct tmk_tally *tally, const struct tmk_problem *problem,
                                       enum tmk_dir dir)
{
    char source[TMK_DESC_MAX + 64], descriptor[TMK_DESC_MAX];
    struct tmk_reference reference;
    enum tmk_status status = check_memory(selection, tally, problem, dir);
    if (status == TMK_OK)
        status = tmk_reference_make(problem, dir, (uint32_t)selection->seed, &reference);
    if (status == TMK_ENOMEM) {
        tmk_tally_refuse(tally);
        return TMK_OK;
    }
    TMK_TRY(status);
    problem->op->format(problem, descriptor, sizeof descriptor);
    snprintf(source, sizeof source, "'%s:%s' --seed %d", problem->op->name, descriptor,
             selection->seed);
    for (size_t i = 0; i < tally->nrows && status == TMK_OK; i++) {
        struct tmk_tally_cell cell = {
            .row = &tally->rows[i], .problem = problem, .dir = dir, .source = source};
        if (cell.row->op == problem->op)
            status = check_row(selection, tally, &cell, &reference);
    }
    tmk_reference_free(&reference);
    return status;
}

enum tmk_status tmk_verify_problems(const struct tmk_selection *selection, struct tmk_tally *tally)
{
    struct tmk_progress progress;
    double done = 0.0;
    enum tmk_status status = TMK_OK;
    tmk_progress_begin(&progress, "verify", total_work(selection, tally));
    for (size_t i = 0; i < selection->list.count; i++) {
        const struct tmk_item *item = &selection->list.items[i];
        char label[TMK_DESC_MAX + 32], descriptor[TMK_DESC_MAX];
        item->problem->op->format(item->problem, descriptor, sizeof descriptor);
        for (enum tmk_dir dir = 0; dir < TMK_NDIRS && status == TMK_OK; dir++) {
            if (!item->dir[dir] || tmk_cli_interrupted)
                continue;
            snprintf(label, sizeof label, "%s %s:%s", tmk_dir_name[dir], item->problem->op->name,
                     descriptor);
            tmk_progress_update(&progress, done, label);
            status = check_direction(selection, tally, item->problem, dir);
            done += work(selection, tally, item->problem, dir);
        }
    }
    tmk_progress_end(&progress);
    return status;
}

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] [OP:DESCRIPTOR...]",
    .about =
        "Hold implementations against the oracle: a serial, double-precision loop nest that is\n"
        "written apart from them. First on small integers, whose sums are exact in any order,\n"
        "by equality; then on random reals, where every element must satisfy\n"
        "|result - reference| <= gamma_K |A||B|, gamma_K = K u / (1 - K u) (Higham 2002, 3.1).\n"
        "Without a problem the set `quick` is verified; --threads is 1,max by default.\n"
        "With --vectors the right answers come from files of reference vectors instead, for\n"
        "f32 and f64 and both layouts unless told otherwise. Vectors of deep sigmoid networks\n"
        "(sigmoid_mlp) run on each implementation of matmul, in f64, and must be right to 1e-9\n"
        "however far below the range of double a gradient has vanished.\n"
        "Exit code 1: a check failed; 4: a problem did not fit into memory.",
    .examples = "tilemark verify 'conv2d:mb1ic16ih28oc32oh28kh3ph1' 'matmul:61x67:67x71'\n"
                "tilemark verify --set quick --impl blocked --threads 1,2,3 --dtype f32,f64\n"
                "tilemark verify --vectors tests/golden",
};

/* Both of the vectors' types and layouts are the default: the files are small. */
static enum tmk_status choose(struct tmk_selection *selection, const char *vectors,
                              const char **descriptors)
{
    if (!selection->threads && !(selection->threads = strdup("1,max")))
        return tmk_fail(TMK_ENOMEM, "no memory for the options");
    if (!vectors)
        return tmk_select_resolve(selection, descriptors, "quick");
    if (*descriptors || selection->set || selection->batch)
        return tmk_fail(TMK_EINVAL, "--vectors brings its own problems: leave out '%s'",
                        *descriptors     ? *descriptors
                        : selection->set ? "--set"
                                         : "--batch");
    TMK_TRY(tmk_select_filters(selection));
    for (int i = 0; i < TMK_NDTYPES && !selection->dtype; i++)
        selection->dtypes[i] = true;
    for (int i = 0; i < TMK_NLAYOUTS && !selection->layout; i++)
        selection->layouts[i] = true;
    return TMK_OK;
}

static void warn(const struct tmk_selection *selection)
{
    int most = 0, cpus = tmk_select_cpus();
    for (size_t t = 0; t < selection->nthreads; t++)
        most = TMK_MAX(most, selection->thread_counts[t]);
    if (most > cpus)
        tmk_cli_warn("%d threads on %d CPUs: results stay right, but it will be slow", most, cpus);
    if (selection->list.nskips)
        tmk_cli_note("%zu entries left out: `tilemark list` with the same options says why",
                     selection->list.nskips);
}

static enum tmk_status verify(const struct tmk_selection *selection, const char *vectors)
{
    struct tmk_tally tally;
    warn(selection);
    TMK_TRY(tmk_tally_make(selection, &tally));
    tmk_cli_catch_interrupt();
    enum tmk_status status = vectors ? tmk_verify_vectors(vectors, selection, &tally)
                                     : tmk_verify_problems(selection, &tally);
    if (status == TMK_OK)
        status = tmk_tally_report(&tally);
    tmk_tally_free(&tally);
    return status;
}

int tmk_command_verify(int argc, const char **argv)
{
    static struct tmk_selection selection;
    static char *vectors;
    const struct poptOption options[] = {
        {"vectors", 0, POPT_ARG_STRING, &vectors, 0,
         "check against reference vectors: a file, or a directory of *.txt files", "PATH"},
        TMK_SELECT_OPTIONS(&selection),
        POPT_TABLEEND,
    };
    poptContext context;
    const char **descriptors;
    bool done;
    enum tmk_status status =
        tmk_cli_parse(argc, argv, options, &usage, &context, &descriptors, &done);
    if (status == TMK_OK && !done) {
        status = choose(&selection, vectors, descriptors);
        if (status == TMK_OK)
            status = verify(&selection, vectors);
    }
    tmk_select_free(&selection);
    free(vectors);
    poptFreeContext(context);
    return tmk_cli_finish(argv[0], status);
}
